"""What a person is told when a removal is done: what was stopped, where, and when; what is kept, and under which clause; whom to ask."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Literal


@dataclass(frozen=True, slots=True)
class Place:
    """One place that was looked through, in a reader's words (`shop: customers`); `words`: the clause of what is kept."""

    name: str
    state: Literal["stopped", "kept", "nothing held"]
    words: str = ""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A finished removal. `topics` in the words of the policy; `told`: recipients who had received the record, and were told."""

    number: int
    company: str
    topics: Sequence[str]
    received_at: datetime
    done_at: datetime
    places: Sequence[Place]
    told: Sequence[str] = ()
    desk: str = ""
    policy_version: str = ""
    zone: tzinfo = UTC


def subject(confirmed: Confirmed) -> str:
    """The subject of the message."""
    return f"{confirmed.company}: you are off our lists (request {confirmed.number})"


def text(confirmed: Confirmed) -> str:
    """The message as plain text, lines of at most 78 characters where words allow; the same for mail, letter and telephone."""
    said = [
        "Hello,",
        f"You asked us on {_day(confirmed.received_at, confirmed.zone)} to take you off our lists. This is done.",
        _listed("Stopped:", confirmed.topics),
    ]
    stopped = [place.name for place in confirmed.places if place.state == "stopped"]
    if stopped:
        said.append(_listed("We marked what we hold about you in:", stopped))
    else:
        said.append("We found no record of you in our systems. Should one turn up later, it stays off our lists too.")
    if kept := [f"{place.name}: {place.words}" for place in confirmed.places if place.state == "kept"]:
        said.append(_listed("We keep this, and do not use it to write to you:", kept))
    if confirmed.told:
        said.append(_listed("We had given your name and address to these, and have told them to stop:", confirmed.told))
    said.append(
        f"In force since {_moment(confirmed.received_at, confirmed.zone)}; looked through once more, and found kept, on "
        f"{_moment(confirmed.done_at, confirmed.zone)}. Something that was already at the printer may still reach you."
    )
    said.append("We will not ask you to come back for at least twelve months.")
    if confirmed.desk:
        said.append(f"Questions? {confirmed.desk}")
    version = f", under version {confirmed.policy_version} of our privacy policy" if confirmed.policy_version else ""
    said.append(f"{confirmed.company}\nRequest {confirmed.number}{version}")
    return "\n\n".join(_wrapped(part) for part in said) + "\n"


def _listed(head: str, names: Sequence[str]) -> str:
    return "\n".join([head, *(f"  - {name}" for name in names)])


def _day(at: datetime, zone: tzinfo) -> str:
    local = at.astimezone(zone)
    return f"{local.day} {local:%B %Y}"


def _moment(at: datetime, zone: tzinfo) -> str:
    return f"{_day(at, zone)} at {at.astimezone(zone):%H:%M %Z}"


def _wrapped(part: str) -> str:
    return "\n".join(
        textwrap.fill(line, 78, subsequent_indent="    " if line.startswith("  - ") else "", break_long_words=False, break_on_hyphens=False)
        for line in part.split("\n")
    )
