"""What a message seems to ask, and for whom: a proposal to an agent. Where that cannot be told, it says so and proposes nobody."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

import phonenumbers

from upheld.choices.files import ROLES
from upheld.people import normal
from upheld.people.held import Held
from upheld.people.names import first_name, last_name, split_name
from upheld.requests.reading import Letter

MOST_PEOPLE: Final = 4
SEVERAL: Final = "names {} people or addresses that cannot be told apart: take each in by hand"
ELSEWHERE: Final = "asks for another e-mail address than it came from: it may be somebody else's"
OTHER_NAME: Final = "was sent by somebody of another name: the sender's own address is left out"

_EMAIL: Final = re.compile(r"[^\s@<>()\[\]\"',;:]{1,64}@[^\s@<>()\[\]\"',;:/]{1,255}")
_LABEL: Final = re.compile(r"(?i)^[\W_]*([a-z][a-z. -]{1,20}?)\s*[:=]\s*(\S.{0,200})$")
_TOWN: Final = re.compile(r"(?:^|[,\s])([A-Z]{2})\.?,?\s+(\d{5}(?:-\d{4})?)(?![\d-])")
_ZIP_ALONE: Final = re.compile(r"^(?:zip:?\s*)?(\d{5}(?:-\d{4})?)$", re.IGNORECASE)
_STREET: Final = re.compile(r"(?<![\w-])(\d{1,6}[A-Za-z]?(?:-\d+)?\s+[^\W\d_][^,\n]{2,80}|[Pp]\.?\s?[Oo]\.?\s?[Bb]ox\s+\d+)")
_UNIT: Final = re.compile(r"^\s*(?:apt|apartment|unit|suite|ste|floor|fl|rm|room)?\.?\s*#?\s*\w+\s*$", re.IGNORECASE)
_BEFORE_NAME: Final = re.compile(
    r"(?i)^.*?\b(?:my name is|name is|i am|i'm|this is|for|from|remove|take|stop|about|at|to|of|is)\b[:,]?\s+(?=\S)"
)
_GREETING: Final = re.compile(
    r"(?i)^(?:thanks?|thank you|regards|best|kind regards|best regards|yours|sincerely|cheers|hello|hi|dear)\b.*[,!.]?$"
)
_SENTENCE: Final = re.compile(r"(?<=[a-z]{3}[.!?])\s+")
_AND: Final = re.compile(r"\s+(?:and|&|und|et|y)\s+", re.IGNORECASE)
_NAME: Final = re.compile(r"[^\W\d_][^\d@:;!?/\\<>=*%$]{1,60}")

STOPPING: Final = re.compile(
    r"(?i)\b(unsubscri\w*|opt(?:ing|ed)?[ -]?out|remove|take (?:me|us|my|him|her|them)\b|stop|no (?:more|longer)|do not|don.?t|cease|"
    r"leave (?:me|us) alone|off (?:your|the|all|any)\b|delete|erase|cancel|quit|end)\b"
)
ALSO: Final = {
    "deletion": re.compile(r"(?i)\b(delet\w+|eras\w+|forget me)\b"),
    "a copy of what is held": re.compile(r"(?i)\b(copy of|what (?:data|information)|access request|subject access|disclos\w+)\b"),
    "a correction": re.compile(r"(?i)\b(correct (?:my|the|your)|wrong (?:name|address)|update my)\b"),
}
"""Other rights that a message may call upon; an agent answers these by hand."""


@dataclass(frozen=True, slots=True)
class Wish:
    """One person for whom something seems to be asked. `marks` say what an agent must look at, in words without values."""

    given: Held = field(repr=False)
    marks: tuple[str, ...]


def wishes(letter: Letter, ours: Collection[str] = ()) -> tuple[Wish, ...]:
    """One proposal for each person the message is about; at least one. `ours`: addresses of our own, which nobody asks for."""
    own = {normal.email(address) for address in (*ours, *letter.to)}
    marks = [*letter.marks, *_asks(letter)]
    named = [address for address in _emails(letter.text) if normal.email(address) not in own | {normal.email(letter.sender)}]
    people = list(_people(letter.text))
    phones = _phones(letter.text)
    if len(people) > MOST_PEOPLE or len(named) > MOST_PEOPLE or (len(people) > 1 and named) or (people and len(named) > 1):
        count = max(len(people), len(named)) if min(len(people), len(named)) == 0 else len(people) + len(named)
        return (Wish(Held(), (SEVERAL.format(count), *marks)),)
    if len(people) > 1:
        several = (f"one of {len(people)} people in one message", *marks)
        return tuple(Wish(_with_sender(one, letter), several) for one in people)
    if len(named) > 1:
        several = (f"one of {len(named)} addresses in one message", ELSEWHERE, *marks)
        return tuple(Wish(Held(email=address), several) for address in named)
    given = people[0] if people else Held()
    elsewhere = (Wish(Held(email=named[0]), (ELSEWHERE, *marks)),) if named else ()
    if elsewhere and not people:
        return elsewhere
    if letter.sender:
        if people and not _may_be(given, letter):
            marks.insert(0, OTHER_NAME)
        else:
            given = replace(given, email=letter.sender)
    if len(phones) == 1:
        given = replace(given, phone=phones[0])
    elif phones:
        marks.append("names several telephone numbers: none was taken")
    return (Wish(given, tuple(marks)), *elsewhere)  # whose address it is, nobody can tell: it is not put to the name


def _asks(letter: Letter) -> Iterator[str]:
    text = f"{letter.subject}\n{letter.text}"
    if not STOPPING.search(text):
        yield "does not plainly ask to stop anything: read it"
    for right, words in ALSO.items():
        if words.search(text):
            yield f"seems to ask for {right} too: that is answered by hand"


def _emails(text: str) -> list[str]:
    found: dict[str, str] = {}
    for match in _EMAIL.finditer(text):
        address = match[0].strip(".!?*_")
        if form := normal.email(address):
            found.setdefault(form, address)
    return list(found.values())


def _phones(text: str) -> list[str]:
    found: dict[str, str] = {}
    for match in phonenumbers.PhoneNumberMatcher(text, "US", leniency=phonenumbers.Leniency.POSSIBLE):
        raw = match.raw_string
        if sum(sign.isdigit() for sign in raw) >= 10 and (form := normal.phone(raw, "US")):
            found.setdefault(form, raw)
    return list(found.values())


def _people(text: str) -> Iterator[Held]:
    """The names with postal addresses that stand in a text, each once: as labelled lines, or as written on an envelope."""
    seen: set[tuple[str, ...]] = set()
    for one in (*_labelled(text), *_envelopes(text)):
        key = tuple(normal.fold(getattr(one, part) or "") for part in ("first", "last", "zip"))
        if key not in seen:
            seen.add(key)
            yield one


def _labelled(text: str) -> Iterator[Held]:
    held: dict[str, str] = {}
    for role, said in filter(None, map(_label, text.split("\n"))):
        if role in held:
            yield from _of(held)
            held = {}
        held[role] = said
    yield from _of(held)


def _label(line: str) -> tuple[str, str] | None:
    """What a line like `Zip code: 60601` says, by its role; None if it is none of those."""
    match = _LABEL.match(line)
    role = next((role for role, words in ROLES.items() if match and " ".join(match[1].lower().split()) in words), None)
    return (role, match[2].strip()) if match and role in {"first", "last", "name", "address", "zip"} else None


def _of(held: dict[str, str]) -> Iterator[Held]:
    address, zip_ = held.get("address", ""), held.get("zip", "")
    if address and not zip_ and (town := _TOWN.search(address)):
        address, zip_ = address[: town.start()], town[2]
    if not (address or zip_):
        return
    street = _STREET.search(address)
    where = street[0].strip(" ,.") if street else address
    for first, last in _names(held["name"]) if "name" in held else [(held.get("first", ""), held.get("last", ""))]:
        yield Held(first=first or None, last=last or None, address=where or None, zip=zip_ or None)


def _envelopes(text: str) -> Iterator[Held]:
    lines = ["" if _label(line) else line.strip() for line in text.split("\n")]
    for at, line in enumerate(lines):
        town = _TOWN.search(line)
        alone = None if town else _ZIP_ALONE.match(line)
        if town is None and alone is None:
            continue
        zip_ = town[2] if town else alone[1] if alone else ""
        above = [one for one in lines[max(0, at - 5) : at] if one]
        before = line[: town.start()].strip(" ,") if town else ""
        street = _STREET.search(before)
        if street is None:
            above, before, street = _street_above(above)
        if street is None:
            continue
        name = _SENTENCE.split(before[: street.start()].strip(" ,.-"))[-1] or (above[-1] if above else "")
        for first, last in _names(name):
            yield Held(first=first, last=last, address=street[0].strip(" ,."), zip=zip_)


def _street_above(above: list[str]) -> tuple[list[str], str, re.Match[str] | None]:
    """The line above a town that holds the street, whose unit may stand on a line of its own."""
    for back in (1, 2, 3):
        if len(above) < back:
            break
        line = above[-back]
        street = _STREET.search(line)
        if street is not None:
            unit = next((one for one in above[len(above) - back + 1 :] if _UNIT.match(one)), "")
            whole = f"{line.rstrip(' ,')} {unit}".strip()
            return above[:-back], whole, _STREET.search(whole)
    return above, "", None


def _names(text: str) -> list[tuple[str, str]]:
    """The people whom a line names: `Jane Doe`, `Jane and John Doe`, `please remove Jane Doe,`; none if it is no name."""
    text = text.strip(" ,.;:-*\"'()")
    if _GREETING.match(text):
        return []
    while (shorter := _BEFORE_NAME.sub("", text, count=1)) != text:
        text = shorter
    if not _NAME.fullmatch(text) or len(text.split()) > 7:
        return []
    pieces = [piece.strip(" ,") for piece in _AND.split(text) if piece.strip(" ,")]
    whole = [split_name(piece) for piece in pieces]
    family = whole[-1][1] if whole else ""
    found = [(first, last) if first else (last, family) for first, last in whole]
    return [(first, last) for first, last in found if first_name(first).names and last_name(last).whole]


def _with_sender(one: Held, letter: Letter) -> Held:
    return replace(one, email=letter.sender) if letter.sender and letter.name and _may_be(one, letter) else one


def _may_be(one: Held, letter: Letter) -> bool:
    """Whether a named person may be the sender: no name is shown for the sender, or the same one."""
    if not letter.name or "@" in letter.name:
        local = normal.fold(letter.sender.partition("@")[0])
        return not any(part.isalpha() and len(part) > 2 for part in re.split(r"[^\w]+", local)) or any(
            name and name in local for name in (*first_name(one.first or "").names, last_name(one.last or "").whole)
        )
    shown, _ = split_name(letter.name)
    ours, theirs = first_name(one.first or ""), first_name(shown or letter.name)
    return bool(set(ours.names) & set(theirs.names)) or (not (ours.is_full and theirs.is_full) and ours.initial == theirs.initial)
