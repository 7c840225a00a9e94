"""What the commands about choices share: the time of an option, the email option, and what the policy in force declares."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from upheld.cli.person import identifiers_of
from upheld.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from upheld.people.identifiers import Identifier
    from upheld.policy.compiled import Policy
    from upheld.postings.queries import Posted


def moment(option: str, text: str | None) -> datetime | None:
    """The time that an option gives; a day alone is its first moment, a time without zone is UTC."""
    if text is None:
        return None
    try:
        at = datetime.fromisoformat(text)
    except ValueError as error:
        raise Invalid(f"`{option}` is no time: write it as `2026-11-22` or `2026-11-22T10:00+00:00`") from error
    if at.year >= 2200:
        raise Invalid(f"`{option}` is no time before the year 2200")
    return at if at.utcoffset() is not None else at.replace(tzinfo=UTC)


def pairs(option: str, texts: tuple[str, ...]) -> dict[str, str]:
    """The words of a repeated option that takes `word=word`. `Invalid` if one is not so."""
    parted = [text.partition("=") for text in texts]
    if not all(before and sign and after for before, sign, after in parted):
        raise Invalid(f"`{option}` takes a word, `=` and a word: write it as `email=Contact`")
    return {before.strip().lower(): after for before, _, after in parted}


def declared(option: str, texts: Sequence[str], known: Sequence[str], what: str) -> dict[str, Any]:
    """The values of a repeated option that takes `NAME=VALUE`, by names that the policy declares. `Invalid` says which name is none."""
    from upheld.policy.faults import suggestion

    found = {}
    for text in texts:
        name, equals, value = text.partition("=")
        if not equals or not value:
            raise Invalid(f"`{option} {text}` is not understood: write `{option} {what.upper()}=…`")
        if name not in known:
            near = suggestion(name, known)
            rest = f"; {near}" if near else ": the policy declares " + ", ".join(f"`{one}`" for one in known)
            raise Invalid(f"no {what} `{name}` is declared{rest}")
        found[name] = value
    return found


def since(texts: Sequence[str], history: Sequence[Policy]) -> dict[str, str]:
    """What `--since` says: under which of these versions the items of a source stand."""
    found = declared("--since", texts, history[-1].vocabulary.sources, "source")
    versions = [policy.version for policy in history]
    for version in found.values():
        if version not in versions:
            raise Invalid(f"no version `{version}` is among those decided under: {', '.join(f'`{one}`' for one in versions)}")
    return found


def named(asked: dict[str, Any]) -> tuple[Identifier, ...]:
    """Whom a command means, by PERSON or `--email` and the other options."""
    email = asked.pop("email")
    if email and asked["person"]:
        raise Invalid("give the e-mail address once: as PERSON or with `--email`")
    asked["person"] = email or asked["person"]
    return identifiers_of(asked)


def in_force(conn: Connection, now: datetime) -> Posted:
    """The policy in force. `NotFound` says how to post one."""
    from upheld.postings import queries

    return queries.in_force(conn, now)
