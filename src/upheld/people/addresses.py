"""The normal form `norm/v1` of postal addresses: house, street core, unit.

An address is taken apart in three steps, and the first two are plain patterns that SQL can run too: the house number in front, the unit
at the end, and what stands between. So the vectorised form reads each distinct *street* once with `street`, and is equal by construction.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from upheld.people.normal import LONGEST, fold

FRONT = r"([0-9]{1,6}) +([A-Za-z][ -~]*)"
"""A house number in front of a street. It reads alike in Python's `re` and in RE2; match it whole, on stripped text."""

BACK = (
    r"([ -~]*[A-Za-z0-9.]),? +(?:(?:[Aa][Pp][Tt]|APARTMENT|[Aa]partment|[Uu][Nn][Ii][Tt]|[Ss][Tt][Ee]|SUITE|[Ss]uite)\.? +(?:# ?)?|# ?)"
    r"([A-Za-z0-9-]{1,6})"
)
"""A unit behind a street; as FRONT."""

DIRECTIONS = frozenset("n s e w ne nw se sw north south east west northeast northwest southeast southwest".split())
TYPES = frozenset(
    "street st str avenue ave av road rd drive dr lane ln court ct circle cir place pl boulevard blvd terrace ter terr trail trl way "
    "parkway pkwy highway hwy square sq loop path pike turnpike tpke crossing xing cove cv point pt ridge rdg run row walk alley aly "
    "plaza plz heights hts hill hls hills landing lndg expressway expy freeway fwy crescent cres close gardens gdns grove grv mews parade "
    "strasse gate glen green manor park view vw vista bend branch creek crk estates field fields meadow meadows mall pass "
    "spring springs".split()
)
LEADING_TYPES = frozenset(
    "rue avenue av boulevard bd bld blvd chemin allee place quai impasse cours route via viale piazza corso calle avenida avda carrer "
    "paseo plaza rua travessa largo praca ulica ul".split()
)
LINKS = frozenset("de la le les du des d l del di da do dos das della dei degli of the".split())
WORDS = {
    "first": "1", "second": "2", "third": "3", "fourth": "4", "fifth": "5", "sixth": "6", "seventh": "7", "eighth": "8", "ninth": "9",
    "tenth": "10",
    "saint": "st", "sainte": "st", "ste": "st", "mount": "mt", "mountain": "mtn", "fort": "ft", "centre": "center", "ctr": "center",
    "county": "co", "mc": "mac", "doctor": "dr",
}  # fmt: skip

_FRONT, _BACK = re.compile(FRONT), re.compile(BACK)
_BOX = re.compile(
    r"(?<!\w)(?:p ?o ?box|pob|post office box|postal box|postbox|postfach|apartado(?: postal| de correos)?|apdo|boite postale|"
    r"casella postale|caixa postal|skrytka pocztowa|abonohki|box|bp|cp)(?: ?(?:no|nr)(?!\w))? ?#? ?(\d[\w-]*)"
)
_BOX_ALONE = re.compile(r"(?:p ?o ?|post office |postal |((?:rr|hc|psc|cmr|rural route|star route|unit) ?[1-9]\d*) )?box")
_RURAL = re.compile(r"(?<!\w)(rr|hc|psc|cmr|rural route|star route|unit) ?#? ?(\d+),? box ?#? ?(\w+)")
UNIT_WORDS = (
    "apartment apt unit suite ste room rm floor fl building bldg lot trailer trlr space spc flat penthouse ph appartement appt app wohnung "
    "whg piso depto pmb"
).split()
_UNIT = re.compile(
    rf"(?<!\w)(?:(?:{'|'.join(UNIT_WORDS)}) ?(?:# )?(\d[\w-]*)|(?:{'|'.join(UNIT_WORDS)}) (?:# )?([a-z](?:-?\d+)?)|# (\w+))(?!\w)"
)
_DANGLING = frozenset("apartment apt unit suite ste room rm".split())
_FLOOR = re.compile(r"(?<!\w)(\d+)(?:st|nd|rd|th) (?:floor|fl)(?!\w)")
_LEADING_HOUSE = re.compile(r"(\d+(?:-\d+)?(?:-?[a-z])?|[nsew]\d+[nsew]?\d*)(?: ?(bis|ter|quater|1-2|1-4|3-4))?(?= )")
_TRAILING_HOUSE = re.compile(r" (\d+(?:-\d+)?)(?: ?([a-z]|bis|ter|quater))?$")
_PLAIN = re.compile(r"[A-Za-z]+(?: +[A-Za-z]+)*\.?")
_NOT_PLAIN = frozenset([*UNIT_WORDS, "box", "pobox", "postbox", "bis", "ter", "quater"])
_ORDINAL = re.compile(r"(\d+)(?:st|nd|rd|th|e|er|eme)$")
_GERMAN = re.compile(r"(?<=\w\w\w)(?:strasse|str)$")


@dataclass(frozen=True, slots=True)
class Street:
    """What stands between the house number in front and the unit at the end.

    `house`: a number found inside (behind the street, or a PO box), which then is the house. `more`: an addition to the number in front.
    """

    core: str
    house: str = ""
    more: str = ""
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Address:
    """House (`12`, `12bis`, `box77`), street core (no type, no direction, no blanks; empty for a PO box), unit. Empty: not given."""

    house: str
    street: str
    unit: str


def address(text: str) -> Address:
    """The normal form of a street address, on one line or several; nothing of it is looked up."""
    number, middle, unit = split_address(text)
    return join_address(number, street(middle, numbered=bool(number)), unit)


def split_address(text: str) -> tuple[str, str, str]:
    """The number in front, the middle, the unit at the end, as written: what SQL does by FRONT and BACK."""
    if len(text) > LONGEST:
        return "", "", ""
    text = text.strip(" ")
    front = _FRONT.fullmatch(text)
    number, rest = (front[1], front[2]) if front else ("", text)
    back = _BACK.fullmatch(rest)
    return (number, back[1], back[2]) if back else (number, rest, "")


def join_address(number: str, between: Street, unit: str) -> Address:
    """The three parts as one address."""
    if between.house.endswith("box"):  # `PO Box #77`: what looked like a unit is the box
        return Address(between.house + unit_name(unit), "", "") if unit_name(unit) else Address("", "", "")
    house = between.house or (plain_number(number) + between.more if number else "")
    return Address(house, between.core, unit_name(unit) or between.unit)


def plain_number(number: str) -> str:
    """A number without leading zeros."""
    return number.lstrip("0") or "0"


def unit_name(unit: str) -> str:
    """A unit's name: letters and digits only, no leading zeros. `4-B` is `4b`."""
    return "".join(sign for sign in fold(unit) if sign.isalnum()).lstrip("0")


def street(text: str, *, numbered: bool) -> Street:
    """Read what stands between number and unit. `numbered`: a house number stood in front of it."""
    if numbered and _PLAIN.fullmatch(text):  # most streets; `_read` would say the same (tests/people/test_normal.py)
        words = text.lower().removesuffix(".").split()
        if _NOT_PLAIN.isdisjoint(words) and (len(words[0]) > 1 or words[0] in DIRECTIONS):
            return Street(_core(words))
    return _read(_signs(fold(text)), numbered=numbered)


def _read(text: str, *, numbered: bool) -> Street:
    if found := _RURAL.search(text):
        return Street("", house=f"{found[1].replace(' ', '')}{plain_number(found[2])}box{found[3].lstrip('0')}")
    if (found := _BOX_ALONE.fullmatch(text)) and not numbered:
        return Street("", house=(found[1] or "").replace(" ", "") + "box")
    box = _BOX.search(text)
    if box and not numbered:
        return Street("", house="box" + unit_name(box[1]))
    if box:
        text = (text[: box.start()] + text[box.end() :]).strip()
    units: list[str] = []
    for pattern in (_FLOOR, _UNIT):
        units += [unit_name("".join(found.groups(""))) for found in pattern.finditer(text)]
        text = " ".join(pattern.sub(" ", text).split())
    house = more = ""
    if numbered:
        first, _, rest = text.partition(" ")
        if rest and (first in {"bis", "ter", "quater"} or _is_house_letter(first, rest)):
            more, text = first, rest
    elif found := _LEADING_HOUSE.match(text):
        addition = "+" + found[2] if found[2] and found[2][0].isdigit() else found[2] or ""
        house, text = _house(found[1]) + addition, text[found.end() :].strip()
    elif found := _TRAILING_HOUSE.search(text):
        house, text = _house(found[1]) + (found[2] or ""), text[: found.start()]
    words = text.split()
    if len(words) > 1 and words[-1] in _DANGLING:  # of `Oak St Apt #4`, where the `#4` was read as the unit
        words = words[:-1]
    return Street(_core(words), house, more, "".join(units))


def _is_house_letter(first: str, rest: str) -> bool:
    """Whether `12 B Main St` means 12b: a letter that is no direction, before more than a street type (`12 A St` is A Street)."""
    return len(first) == 1 and first not in DIRECTIONS and rest not in TYPES


def _house(number: str) -> str:
    return re.sub(r"-(?=[a-z])", "", plain_number(number))


def _signs(text: str) -> str:
    text = re.sub(r"(?<=\d)/(?=\d)", "-", text.replace("'", "").replace("’", ""))
    text = re.sub(r"(?<=\w)\.(?=\w\.)|\.(?=\s|,|$)|(?<=\bp)\.(?=o\b)", "", text)
    kept = "".join(sign if sign.isalnum() or sign in "#- " or (not sign.isascii() and sign.isprintable()) else " " for sign in text)
    return " ".join(kept.replace("#", " # ").split())


def _core(words: list[str]) -> str:
    """The words of a street without direction, type and links, as one word."""
    if len(words) > 1 and words[-1] in DIRECTIONS:
        words = words[:-1]
    if len(words) > 1 and words[-1] in TYPES:
        words = words[:-1]
    elif len(words) > 1 and words[0] in LEADING_TYPES:
        words = words[1:]
        while len(words) > 1 and words[0] in LINKS:
            words = words[1:]
    elif words:
        words = [*words[:-1], _GERMAN.sub("", words[-1])]
    if len(words) > 1 and words[0] in DIRECTIONS:
        words = words[1:]
    return "".join(_ORDINAL.sub(r"\1", WORDS.get(word, word)).replace("-", "") for word in words)
