"""The schema of a law pack: which settings a record may have and of what form, and how each is read; every fault has its line."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date
from typing import Any, Final, cast, get_args

from upheld.errors import Invalid, No
from upheld.law.counting import Period
from upheld.law.duties import MARKS, RIGHTS, Mark, Need, NeedKind, Span, Verify

Read = Callable[[Any], Any]

_ID: Final = re.compile(r"[a-z][a-z0-9-]*(\.[a-z0-9-]+)+")
_REGION: Final = re.compile(r"anywhere|elsewhere|[a-z]{2}(-[a-z]{2})?")
_NEEDS: Final[Mapping[str, NeedKind]] = {kind.replace(" ", "_"): kind for kind in get_args(NeedKind)}
_OF_NEED: Final = {"to", "by", "ways", "given", "single", "covering", "clock", "mark"}


class Wrong(Exception):
    """A value of the wrong form: what it must be."""


def text(value: Any) -> str:  # noqa: ANN401 - whatever the file holds
    """Words: not empty, one line."""
    if not isinstance(value, str) or not value.strip() or "\n" in value:
        raise Wrong("must be words in quotes, on one line")
    return value


def texts(value: Any) -> tuple[str, ...]:  # noqa: ANN401 - as above
    """A list of words."""
    if not isinstance(value, list):
        raise Wrong('must be a list of words, as in `["…"]`')
    return tuple(text(one) for one in value)


def day(value: Any) -> date:  # noqa: ANN401 - as above
    """A day, not a time."""
    if type(value) is not date:
        raise Wrong("must be a day, as in `2026-11-22`")
    return value


def number(value: Any) -> int:  # noqa: ANN401 - as above
    """A whole number from 1."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise Wrong("must be a number from 1")
    return value


def mark(value: Any) -> Mark:  # noqa: ANN401 - as above
    """How well something was read."""
    if value not in MARKS:
        raise Wrong("must be `V`, `S` or `M`")
    return cast("Mark", value)


def marks(value: Any) -> dict[str, Mark]:  # noqa: ANN401 - as above
    """The marks of single fields."""
    return {name: mark(one) for name, one in table(value).items()}


def table(value: Any) -> dict[str, Any]:  # noqa: ANN401 - as above
    """Settings in braces."""
    if not isinstance(value, dict):
        raise Wrong("must be settings in braces")
    return value


def span(value: Any) -> Span:  # noqa: ANN401 - as above
    """A clock: `{ n = 45, unit = "calendar_day" }`, with `from` if not the receipt, and `receipt_counts`."""
    given = _only(table(value), {"n", "unit", "from", "receipt_counts"})
    n, unit, counts = given.get("n"), given.get("unit"), given.get("receipt_counts", False)
    if not isinstance(n, int) or isinstance(n, bool) or not isinstance(unit, str) or not isinstance(counts, bool):
        raise Wrong('must say how many of which unit, as in `{ n = 45, unit = "calendar_day" }`')
    try:
        return Span(Period(n, cast("Any", unit), counts), text(given.get("from", "receipt")))
    except No as no:
        raise Wrong(f"cannot be counted: {no.message}") from None


def verify(value: Any) -> Verify:  # noqa: ANN401 - as above
    """How sure one must be of who asks."""
    given = _only(table(value), {"level", "ask", "forbid"})
    return Verify(text(given.get("level")), text(given["ask"]) if "ask" in given else None, texts(given.get("forbid", [])))


def needs(value: Any) -> tuple[Need, ...]:  # noqa: ANN401 - as above
    """What a document must say."""
    if not isinstance(value, list):
        raise Wrong("must be a list of needs in braces")
    return tuple(_need(table(one)) for one in value)


def _need(given: dict[str, Any]) -> Need:
    _only(given, {*_NEEDS, *_OF_NEED})
    kinds = [kind for kind in _NEEDS if kind in given]
    if len(kinds) != 1:
        raise Wrong("must say one thing that the document needs: " + ", ".join(f"`{kind}`" for kind in _NEEDS))
    value = given[kinds[0]]
    said = ", ".join(texts(value)) if isinstance(value, list) else "" if value is True else text(value)
    for name in _OF_NEED & given.keys():
        if not isinstance(given[name], {"ways": int, "single": bool, "clock": bool}.get(name, str)):
            raise Wrong(f"has a need whose `{name}` has the wrong form")
    return Need(_NEEDS[kinds[0]], said, **{name: given[name] for name in _OF_NEED & given.keys()})


def identity(value: Any) -> str:  # noqa: ANN401 - as above
    """A stable, dotted name."""
    if not _ID.fullmatch(text(value)):
        raise Wrong("must be a dotted name in small letters, as in `us-ca.ccpa.delete`")
    return text(value)


def region(value: Any) -> str:  # noqa: ANN401 - as above
    """The code of a region."""
    if not _REGION.fullmatch(text(value)):
        raise Wrong("must be the code of a region, as in `us-ca` or `eu`")
    return text(value)


def regions(value: Any) -> tuple[str, ...]:  # noqa: ANN401 - as above
    """The codes of regions, at least one."""
    if not isinstance(value, list) or not value:
        raise Wrong('must be a list of regions, as in `["us-ca"]`')
    return tuple(region(one) for one in value)


def right(value: Any) -> str:  # noqa: ANN401 - as above
    """What a duty is about."""
    if value not in RIGHTS:
        raise Wrong("must be a right that is known, as in `delete` or `none`")
    return text(value)


def rights(value: Any) -> tuple[str, ...]:  # noqa: ANN401 - as above
    """Several rights."""
    return tuple(right(one) for one in texts(value))


DUTY: Final[Mapping[str, Read]] = {
    "id": identity, "law": text, "right": right, "says": text, "regions": regions, "off": text, "in_force": day, "who": texts,
    "contexts": texts, "channels": texts, "applies_if": text, "verify": verify, "acknowledge": span, "due": span, "clock_of": identity,
    "extend": span, "outcome": texts, "may_deny": texts, "denial_says": texts, "record_months": number, "also": texts, "evidence": mark,
    "contract_terms": texts, "weak": marks, "dpv": texts, "sources": texts, "needs": needs,
}  # fmt: skip
DUTY_MUST: Final = ("id", "law", "right", "says", "regions", "evidence", "sources")
COMMON: Final[Mapping[str, Read]] = {
    "contexts": texts, "verify": verify, "due": span, "extend": span, "denial_says": texts, "also": texts, "rights": rights,
    "evidence": mark, "dpv": texts, "sources": texts,
}  # fmt: skip
STATE: Final[Mapping[str, Read]] = {
    "region": region, "law": text, "rights": rights, "without": rights, "due": span, "extend": span, "appeal": span, "appeal_extend": span,
    "signal": text, "off": text, "record_months": number, "also": texts, "evidence": mark, "weak": marks, "sources": texts,
}  # fmt: skip
FUTURE: Final[Mapping[str, Read]] = {"region": region, "in_force": day, "says": text}
HEAD: Final[Mapping[str, Read]] = {
    "pack": text, "title": text, "as_of": day, "applies": texts, "applies_evidence": mark, "applies_sources": texts, "also": texts,
    "penalties": text,
}  # fmt: skip
INSTRUMENT: Final[Mapping[str, Read]] = {"kind": text, "compels": text, "default": text, "check": texts, "note": text}
DEMANDS: Final[Mapping[str, Read]] = {"evidence": mark, "weak": marks, "sources": texts, "steps": texts, "never": texts}
SOURCE: Final[Mapping[str, Read]] = {"what": text, "where": text}


def read_record(given: Mapping[str, Any], schema: Mapping[str, Read], must: tuple[str, ...], place: Callable[[str], str]) -> dict[str, Any]:
    """The settings of one record, each read by its form. `Invalid` with the place of the first that is wrong or missing."""
    for name in given:
        if name not in schema:
            raise Invalid(f"no setting `{name[:40]}` is known here: there are {', '.join(f'`{one}`' for one in schema)}", place=place(name))
    for name in must:
        if name not in given:
            raise Invalid(f"`{name}` is missing", place=place(""))
    made = {}
    for name, value in given.items():
        try:
            made[name] = schema[name](value)
        except Wrong as wrong:
            raise Invalid(f"`{name}` {wrong}", place=place(name)) from None
    return made


def _only(given: dict[str, Any], known: set[str]) -> dict[str, Any]:
    for name in given:
        if name not in known:
            raise Wrong(f"has a setting `{name[:40]}` that is not known")
    return given
