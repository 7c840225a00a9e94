"""What the process sends back: a status and JSON. Every refusal is a problem (RFC 9457) in the words of the house."""

from __future__ import annotations

from typing import Final, NamedTuple

import msgspec

from upheld.errors import Conflict, Invalid, No, NotFound, Refused
from upheld.web.api.messages import Problem

JSON: Final = "application/json"
PROBLEM: Final = "application/problem+json"

STATUS: Final[tuple[tuple[type[No], int, str], ...]] = (
    (Invalid, 400, "cannot be understood"),
    (NotFound, 404, "does not exist here"),
    (Conflict, 409, "stands against what is recorded"),
    (Refused, 403, "refused"),
)

_encoder: Final = msgspec.json.Encoder()


class Reply(NamedTuple):
    """A status, what kind of JSON, and the JSON; headers that this one needs besides."""

    status: int
    kind: str
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()


class Unknown(Refused):
    """No key was shown, or none that opens anything."""


def problem_of(no: No) -> Problem:
    """A refusal as a problem."""
    if isinstance(no, Unknown):
        return Problem("no key", 401, no.message)
    for kind, status, title in STATUS:
        if isinstance(no, kind):
            return Problem(title, status, no.message)
    return Problem("refused", 403, no.message)


def refusal(no: No) -> Reply:
    """A refusal as a reply."""
    problem = problem_of(no)
    how: tuple[tuple[str, str], ...] = (("www-authenticate", 'Bearer realm="upheld"'),) if problem.status == 401 else ()
    return Reply(problem.status, PROBLEM, _encoder.encode(problem), how)


def problem(status: int, title: str, detail: str, *headers: tuple[str, str]) -> Reply:
    """A refusal that HTTP knows, and the house does not."""
    return Reply(status, PROBLEM, _encoder.encode(Problem(title, status, detail)), headers)


def answer(value: object, status: int = 200) -> Reply:
    """An answer."""
    return Reply(status, JSON, _encoder.encode(value))


def misread(error: msgspec.DecodeError) -> Invalid:
    """What is wrong with a body, without the value that was sent."""
    words, _, place = str(error).partition(" - at ")
    if words.startswith("Invalid enum value"):
        words = "not one of the words that can stand there"
    return Invalid(f"the body cannot be read: {words[:1].lower()}{words[1:]}" + (f", at {place}" if place else ""))
