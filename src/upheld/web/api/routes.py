"""Which address does what: the one table that the process serves and the description is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from upheld.access.queries import May
from upheld.web.api import carrying_out, listing, messages
from upheld.web.api.carrying_out import Doing

ROOT: Final = "/api/v1"
MOST_BYTES: Final = 1 << 20
"""The longest body. A thousand questions are a quarter of it."""


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one address. `do` is None where the process itself answers (decisions, the description).

    `takes`: the type of the body; `numbered`: the address ends with a number in place of it.
    """

    method: str
    path: str
    says: str
    gives: type
    may: May | None = None
    takes: type | None = None
    do: Doing | None = None
    status: int = 200
    numbered: bool = False


DECIDE: Final = Route(
    "POST", "/decide", "May this be done? One question, decided and explained.", messages.Answer, "decide", messages.Question
)
BATCH: Final = Route(
    "POST", "/decide/batch", "Up to a thousand questions, answered of one state of the record.", messages.Answers, "decide",
    messages.Questions,
)  # fmt: skip
ALIVE: Final = Route("GET", "/alive", "Whether the process and the record answer. Needs no key.", messages.Alive)
DESCRIPTION: Final = Route("GET", "/openapi.json", "This description. Needs no key.", dict)

ROUTES: Final = (
    DECIDE,
    BATCH,
    Route(
        "POST", "/choices", "Record what people chose. It holds for the very next decision.", messages.AllRecorded, "choices",
        messages.Choices, carrying_out.record, 201,
    ),
    Route("POST", "/choices/look-up", "What somebody chose, by topic.", messages.Choosing, "choices", messages.Whom, carrying_out.choosing),
    Route(
        "POST", "/requests", "Somebody wants to be taken off every list. It holds at once; systems follow.", messages.Received, "requests",
        messages.Removal, carrying_out.remove, 201,
    ),
    Route(
        "GET", "/requests/{number}", "How a removal request stands.", messages.RequestState, "requests", None, carrying_out.request_state,
        numbered=True,
    ),
    Route(
        "POST", "/unsubscribe-links", "The link with which one address leaves one topic by one click (RFC 8058), for a message's headers.",
        messages.UnsubscribeLink, "links", messages.Leaving, carrying_out.unsubscribe_link, 201,
    ),
    Route(
        "POST", "/releases", "Have a list of the inbox looked at: what may leave of it, and why the rest may not.", messages.Given,
        "releases", messages.Wanted, listing.give, 202,
    ),
    Route(
        "GET", "/releases/{number}", "How far a list is, and what was found of it.", messages.ListState, "releases", None, listing.state,
        numbered=True,
    ),
    Route(
        "POST", "/releases/begin", "Release a list that was looked at; the worker does.", messages.Given, "releases", messages.Numbered,
        listing.begin, 202,
    ),
    Route(
        "POST", "/releases/file", "The released file, once: from then on it is gone here.", bytes, "releases", messages.Numbered,
        listing.fetch,
    ),
    Route(
        "POST", "/releases/discard", "Give a list up, and delete what is kept of it.", messages.Given, "releases", messages.Numbered,
        listing.discard,
    ),
    ALIVE,
    DESCRIPTION,
)  # fmt: skip
"""All of them, in the order in which they are described."""


def table() -> Mapping[str, Mapping[str, Route]]:
    """The routes by address (that of a numbered one up to the number) and method."""
    found: dict[str, dict[str, Route]] = {}
    for route in ROUTES:
        found.setdefault(ROOT + route.path.partition("{")[0], {})[route.method] = route
    return found
