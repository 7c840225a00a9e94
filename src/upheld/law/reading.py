"""Reading law packs: TOML files to duties, the schema held at every load; a fault is one line with its file and line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any, Final

from upheld.errors import Invalid, NotFound
from upheld.law.duties import Duty, Instrument, LegalDemands, Need, Pack, Source
from upheld.law.fields import COMMON, DEMANDS, DUTY, DUTY_MUST, FUTURE, HEAD, INSTRUMENT, SOURCE, STATE, read_record

FOLDER: Final = Path(__file__).parent / "packs"
NAMES: Final = ("us-federal", "us-ca", "us-states", "eu-gdpr", "uk-gdpr", "canada")
"""The packs there are, by the names that a document's `law:` uses."""

_LARGEST: Final = 1024 * 1024
_OFTEN: Final[Mapping[str, tuple[str, str, str]]] = {
    "access.specific": ("access", "People may have a copy of what is held about them.", "access"),
    "correct": ("correct", "People may have what is held about them corrected.", "correct"),
    "delete": ("delete", "People may have what is held about them deleted.", "delete"),
    "access.portability": ("port", "People may take what is held about them elsewhere.", "port"),
    "optout.sale_share": ("optout-sale", "People may stop the sale of their information.", ""),
    "optout.targeted_ads": ("optout-ads", "People may stop advertising that follows them about.", ""),
    "optout.profiling": ("optout-profiling", "People may stop profiling that decides about them.", ""),
}
"""Of the rights that most states give: the end of the duty's id, its sentence, and the policy's word for the right."""
_SALE: Final = Need("stop", "marketing", to="third party")


@cache
def pack(name: str) -> Pack:
    """The pack of a name. `NotFound` if there is none."""
    if name not in NAMES:
        raise NotFound(f"no law `{name[:40]}` is known: there are {', '.join(NAMES)}")
    return read_pack(FOLDER / f"{name}.toml")


def packs() -> tuple[Pack, ...]:
    """All packs."""
    return tuple(pack(name) for name in NAMES)


def duty(identity: str) -> Duty:
    """The duty of an id. `NotFound`, with the nearest, if there is none."""
    from difflib import get_close_matches

    found = {each.id: each for one in packs() for each in one.duties}
    if identity not in found:
        near = get_close_matches(identity, found, n=1)
        raise NotFound(
            f"no duty `{identity[:60]}` is known" + (f"; did you mean `{near[0]}`?" if near else ": `upheld law list` shows them")
        )
    return found[identity]


@cache
def sources() -> Mapping[str, Source]:
    """Where the facts were read, by id."""
    path = FOLDER / "sources.toml"
    given, place = _toml(path)
    return {name: Source(name, **read_record(one, SOURCE, ("what", "where"), place.at(name))) for name, one in given.items()}


@cache
def legal_demands() -> LegalDemands:
    """What is done when an authority asks."""
    given, place = _toml(FOLDER / "legal-demands.toml")
    kinds = [
        read_record(one, INSTRUMENT, ("kind", "compels"), place.at("instrument", at)) for at, one in enumerate(given.pop("instrument"))
    ]
    made = read_record(given, DEMANDS, ("evidence", "sources", "steps", "never"), place.at())
    made.pop("weak", None)
    return LegalDemands(tuple(Instrument(**kind) for kind in kinds), **made)


def read_pack(path: Path) -> Pack:
    """The pack in a file. `Invalid`, with file and line, for whatever does not fit the schema."""
    given, place = _toml(path)
    listed = {name: given.pop(name, []) for name in ("duty", "state", "future")}
    common = given.pop("common", None)
    head = read_record(given, HEAD, ("pack", "title", "as_of"), place.at())
    for name, records in listed.items():
        if not isinstance(records, list) or not all(isinstance(one, dict) for one in records):
            raise Invalid(f"`{name}` must be records: write `[[{name}]]` above each", place=str(path))
    name = head.pop("pack")
    made = [read_record(one, DUTY, DUTY_MUST, place.at("duty", at)) for at, one in enumerate(listed["duty"])]
    duties = [Duty(pack=name, family=one["id"], **one) for one in made]
    if listed["state"]:
        must = ("contexts", "verify", "due", "extend", "rights", "evidence", "sources")
        usual = read_record(common or {}, COMMON, must, place.at("common"))
        for at, one in enumerate(listed["state"]):
            duties += _state(name, usual, read_record(one, STATE, ("region", "law", "evidence", "sources"), place.at("state", at)))
    coming = [read_record(one, FUTURE, ("region", "in_force"), place.at("future", at)) for at, one in enumerate(listed["future"])]
    duties += [_future(name, one) for one in coming]
    head.pop("applies_sources", None)
    return Pack(name, duties=tuple(_joined(duties, place)), **head)


def _joined(duties: list[Duty], place: _Place) -> Iterator[Duty]:
    """The duties, each id once, with the clocks that they take from another."""
    by_id: dict[str, Duty] = {}
    for at, each in enumerate(duties):
        if each.id in by_id:
            raise Invalid(f"the duty `{each.id}` is there twice", place=place.at("duty", at)("id"))
        by_id[each.id] = each
    for at, each in enumerate(duties):
        if each.clock_of is None:
            yield each
            continue
        if each.clock_of not in by_id:
            raise Invalid(f"no duty `{each.clock_of}` is there to take the clock from", place=place.at("duty", at)("clock_of"))
        other = by_id[each.clock_of]
        weak = {**each.weak, "due": other.mark_of("due"), "extend": other.mark_of("extend")}
        yield replace(each, due=other.due, extend=other.extend, weak=weak)


def _state(pack_name: str, usual: dict[str, Any], made: dict[str, Any]) -> Iterator[Duty]:
    """The duties of one state: the usual ones, less those it does not know, with its own clocks."""
    code = made["region"].partition("-")[2]
    given = [one for one in made.get("rights", usual["rights"]) if one not in made.get("without", ())]
    weak = dict(made.get("weak", {}))
    of_clock = {"due": weak["due_days"]} if "due_days" in weak else {}
    of_clock |= {"extend": weak["extend_days"]} if "extend_days" in weak else {}
    shared = Duty(
        id="", pack=pack_name, law=made["law"], right="none", says="", regions=(made["region"],), evidence=made["evidence"],
        sources=made["sources"], off=made.get("off"), contexts=usual["contexts"], verify=usual["verify"],
        due=made.get("due", usual["due"]), extend=made.get("extend", usual["extend"]), denial_says=usual.get("denial_says", ()),
        record_months=made.get("record_months"), also=(*usual.get("also", ()), *made.get("also", ())), weak=weak | of_clock,
        dpv=usual.get("dpv", ()),
    )  # fmt: skip
    for right in given:
        end, says, word = _OFTEN[right]
        needs = (Need("right", word),) if word else (_SALE,) if right == "optout.sale_share" else ()
        yield replace(shared, id=f"{pack_name}.{code}.{end}", family=f"{pack_name}.{end}", right=right, says=says, needs=needs)
    if str(made.get("signal", "")).startswith("yes"):
        says = "A signal of the browser is an opt-out."
        signal = replace(shared, right="optout.signal", says=says, due=None, extend=None, also=(f"signal: {made['signal']}",))
        needs = (replace(_SALE, by="signal", clock=False),)
        yield replace(signal, id=f"{pack_name}.{code}.signal", family=f"{pack_name}.signal", needs=needs)
    if "appeal" in made:
        marks = weak | {"due": weak.get("appeal_due_days", made["evidence"]), "extend": weak.get("appeal_extend_days", made["evidence"])}
        says = "A refusal can be looked at again, and a second refusal names the attorney general's complaint page."
        appeal = replace(shared, right="appeal", says=says, due=made["appeal"], extend=made.get("appeal_extend"), weak=marks, also=())
        yield replace(appeal, id=f"{pack_name}.{code}.appeal", family=f"{pack_name}.appeal", needs=(Need("right", "appeal"),))


def _future(pack_name: str, made: dict[str, Any]) -> Duty:
    """A law that is not in force yet: shown, and switched off."""
    says = made.get("says", "A privacy law of this state comes into force.")
    name = f"{pack_name}.{made['region'].partition('-')[2]}.future"
    return Duty(
        id=name, pack=pack_name, law="not in force yet", right="none", says=says, regions=(made["region"],), evidence="S", family=name,
        sources=("C15T",), off=f"comes into force on {made['in_force']}", in_force=made["in_force"],
    )  # fmt: skip


class _Place:
    """Where in a pack's file a setting of a record stands."""

    def __init__(self, path: Path, text: str) -> None:
        self._path, self._lines = path, text.split("\n")

    def at(self, section: str | None = None, number: int = 0) -> Callable[[str], str]:
        """The place of a setting of the record of that number among `[[section]]`, or of `[section]`, or of the head."""
        start, met = 0, -1
        for line, words in enumerate(self._lines, 1):
            met += section is not None and words.strip() in {f"[[{section}]]", f"[{section}]"}
            if met == number and section is not None:
                start = line
                break

        def place(name: str) -> str:
            for line, words in enumerate(self._lines[start:], start + 1):
                if words.startswith("["):
                    break
                if name and re.match(rf"\s*{re.escape(name)}\s*=", words):
                    return f"{self._path.name}:{line}"
            return f"{self._path.name}:{max(start, 1)}"

        return place


def _toml(path: Path) -> tuple[dict[str, Any], _Place]:
    try:
        raw = path.read_bytes()
        text = raw.decode("utf-8")
    except OSError as problem:
        raise NotFound(f"the law pack `{path.name}` cannot be read: {(problem.strerror or 'it cannot be opened').lower()}") from None
    except UnicodeDecodeError as problem:
        raise Invalid("the law pack is not UTF-8: save it as UTF-8", place=f"{path.name}:{raw[: problem.start].count(10) + 1}") from None
    if len(raw) > _LARGEST:
        raise Invalid(f"the law pack is larger than {_LARGEST // 1024} KiB", place=path.name)
    try:
        return tomllib.loads(text), _Place(path, text)
    except (tomllib.TOMLDecodeError, RecursionError, ValueError) as problem:
        found = re.search(r"line (\d+)", str(problem))
        words = re.sub(r" ?\(at .*\)", "", str(problem)) if isinstance(problem, tomllib.TOMLDecodeError) else "it is no TOML"
        raise Invalid(
            f"the law pack cannot be read: {words[:1].lower()}{words[1:]}", place=f"{path.name}:{found[1] if found else 1}"
        ) from None
