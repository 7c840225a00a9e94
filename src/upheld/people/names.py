"""The normal form `norm/v1` of people's names: titles off, suffix apart, hyphens joined and split, nicknames read up to formal names."""

from __future__ import annotations

import csv
import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

import jellyfish

from upheld.people.normal import fold

TITLES = frozenset(
    "mr mrs ms miss mx dr prof professor rev reverend sir madam hon capt captain col sgt lt herr frau mme mlle monsieur madame signor "
    "signora sra srta dott".split()
)
POST_NOMINALS = frozenset("md phd dds dvm esq cpa rn jd mba do pe ret".split())
SUFFIXES = {"sr": 1, "senior": 1, "snr": 1, "jr": 2, "junior": 2, "jnr": 2, "ii": 2, "2nd": 2, "iii": 3, "3rd": 3, "iv": 4, "4th": 4}
"""Generation suffixes by number. `Jr` and `II` are one: families use both for the same man."""

PARTICLES = frozenset("de del della da di do dos das la le les van von der den zu zur af av bin ibn al el ter ten y e du st san".split())
FEWEST_LETTERS = 2  # shorter pieces of a hyphenated last name would match too much
MOST_PARTS = 3

SIMPLE_NAME = r"[A-Za-z]+ [A-Za-z]+"
"""Whole names that are split at their one blank; the vectorised form does these in SQL."""

_SIMPLE = re.compile(SIMPLE_NAME)

_ALIKE = str.maketrans("cvyz", "kfis")
_DIMINUTIVE = re.compile(r"(?<=\w\w)(?:ie|ey|y|i)$")
WRITTEN = {
    "wm": "william", "chas": "charles", "thos": "thomas", "jos": "joseph", "robt": "robert", "geo": "george", "jas": "james",
    "edw": "edward", "benj": "benjamin", "saml": "samuel", "danl": "daniel", "richd": "richard", "eliz": "elizabeth", "margt": "margaret",
}  # fmt: skip
"""Old ways to write a name short, which only a comparison knows: match codes do not."""
HEARD = {"shawn": "sean", "shaun": "sean", "geoff": "jeff", "geoffrey": "jeffrey", "graeme": "graham"}
"""Names that listeners write in ways which no rule of spelling joins; only a comparison knows them."""
CHRISTENED = frozenset("marie anna ann anne jane jean joan ellen carol lynn lori rose".split())
"""Names that many are christened although the table calls them short for others."""


@dataclass(frozen=True, slots=True)
class First:
    """A first name: every formal name it may stand for, how it sounds, its initial. Empty `names`: unreadable or not given."""

    names: tuple[str, ...]
    main: str
    sound: str
    initial: str
    suffix: int = 0

    @property
    def is_full(self) -> bool:
        """Whether more than an initial was given."""
        return len(self.main) > 1

    @property
    def known(self) -> bool:
        """Whether it is a name that many have: what differs from it by a letter is then another name, if that is known too."""
        return self.main in _known()

    @property
    def own(self) -> bool:
        """Whether it is a name of its own, which others shorten: Hannah is, though some call an Anna so."""
        return self.main in _shortened()

    @property
    def short(self) -> str:
        """What a longer name begins with that this is short for, as far as no table says it (`Kath`, `Katie`: `kat`); else empty."""
        if not 2 < len(self.main) < 7:
            return ""
        stem = _DIMINUTIVE.sub("", self.main)
        if self.known:
            return stem if stem != self.main and len(stem) > (3 if self.own else 2) else ""
        return stem[:-1] if len(stem) > 2 and stem != self.main and stem[-1] == stem[-2] else stem  # Maddie is a Madison

    @property
    def spelt(self) -> str:
        """Without what listeners spell in two ways: Jon and John, Marc and Mark, Stephen and Steven are one; Dan and Don are not."""
        text = HEARD.get(self.main, self.main).replace("ph", "f").replace("ck", "k")
        text = (text[:1] + text[1:].replace("h", "")).translate(_ALIKE)
        return "".join(sign for sign, after in zip(text, text[1:] + " ", strict=False) if sign != after)


@dataclass(frozen=True, slots=True)
class Last:
    """A last name: joined whole, its pieces (the whole first), how it sounds, the generation suffix (0: none given)."""

    whole: str
    parts: tuple[str, ...]
    sound: str
    suffix: int = 0


def first_name(text: str) -> First:
    """The normal form of a first-name field, which may hold a title, a middle name and a suffix too."""
    words, suffix = _words(text)
    while len(words) > 1 and words[0] in TITLES:
        words = words[1:]
    if not words or words[0] in TITLES:
        return First((), "", "", "", suffix)
    pieces = [piece for piece in words[0].split("-") if piece]
    main = "".join(pieces)
    said = {main, pieces[0]}
    if len(pieces) == 1 and len(words) > 1 and min(len(main), len(words[1])) >= 3:  # `Mary Ann` is written `Maryann` too
        said.add(main + words[1].replace("-", ""))
    names = sorted(said | {formal for name in said for formal in _formal().get(name, ())})
    return First(tuple(names), main, _sound(main), main[0], suffix)


def written(formal: Sequence[str]) -> frozenset[str]:
    """Every first name that may stand for one of these: they themselves, and what they are shortened to."""
    return frozenset(formal) | {short for name in formal for short in _short_of().get(name, ())}


def last_name(text: str) -> Last:
    """The normal form of a last-name field, which may hold particles, hyphens and a suffix."""
    words, suffix = _words(text)
    pieces = [piece for word in words for piece in word.split("-") if piece]
    whole = "".join(pieces)
    if not whole:
        return Last("", (), "", suffix)
    parts = [piece for piece in pieces if piece not in PARTICLES and len(piece) > FEWEST_LETTERS]
    if len(parts) != len(pieces) and len(parts) > 1:
        parts = parts[-2:]  # `de la Cruz Garcia`: the names themselves
    kept = dict.fromkeys([whole, *(parts if len(pieces) > 1 else ())][: MOST_PARTS + 1])
    return Last(whole, tuple(kept), _sound(whole), suffix)


def split_name(text: str) -> tuple[str, str]:
    """A whole name as (first, last): `Cruz, Ana Maria` at the comma, else the last word with its particles is the last name."""
    if _SIMPLE.fullmatch(text):
        given, _, family = text.partition(" ")
        return given, family
    before, comma, after = text.strip().partition(",")
    tail = fold(after).replace(".", "").strip()
    if comma and tail not in SUFFIXES and tail not in POST_NOMINALS:
        return after.strip(), before.strip()
    words = (before if comma else text).split()
    end = len(words)
    while end > 1 and (fold(words[end - 1]).strip(". ") in SUFFIXES or fold(words[end - 1]).replace(".", "") in POST_NOMINALS):
        end -= 1
    start = end - 1
    while start > 1 and fold(words[start - 1]) in PARTICLES:
        start -= 1
    last = [*words[start:], *([after.strip()] if comma else [])]
    return " ".join(words[:start]), " ".join(last)


def _words(text: str) -> tuple[list[str], int]:
    """The words of a name field without suffix and post-nominals, and the suffix number."""
    words, suffix = [word for part in _letters(fold(text)).split() if (word := part.strip("-"))], 0
    while len(words) > 1 and (words[-1] in SUFFIXES or words[-1] in POST_NOMINALS):
        suffix = SUFFIXES.get(words.pop(), 0) or suffix
    return words, suffix


def _letters(text: str) -> str:
    text = text.replace("'", "").replace("ph.d", "phd").replace("m.d", "md").replace(".", " ")
    if text.isascii():
        return re.sub(r"[^a-z0-9-]", " ", text)
    return "".join(sign if sign == "-" or unicodedata.category(sign)[0] in "LNM" else " " for sign in text)


def _sound(name: str) -> str:
    """How a name sounds. A name that is not in Latin letters sounds as it is written."""
    if name.isascii() and name.isalpha():
        return jellyfish.metaphone(name).lower().replace(" ", "") or name
    return name


@cache
def _formal() -> dict[str, tuple[str, ...]]:
    """Nickname -> formal names. Read one step up and never closed: closed, Robert is William (see NICKNAMES.md)."""
    table: dict[str, tuple[str, ...]] = {}
    with resources.files(__package__).joinpath("nicknames.csv").open(encoding="ascii") as lines:
        for row in csv.DictReader(lines):
            table[row["nickname"]] = (*table.get(row["nickname"], ()), row["formal"])
    return table


@cache
def _short_of() -> dict[str, tuple[str, ...]]:
    """Formal name -> nicknames: `_formal` read the other way."""
    table: dict[str, tuple[str, ...]] = {}
    for short, formals in _formal().items():
        for formal in formals:
            table[formal] = (*table.get(formal, ()), short)
    return table


@cache
def _known() -> frozenset[str]:
    table = _formal()
    common = resources.files(__package__).joinpath("first_names.txt").read_text("ascii").split()  # those without short forms
    return frozenset(common) | frozenset(table) | {formal for several in table.values() for formal in several}


@cache
def _shortened() -> frozenset[str]:
    counts = Counter(formal for several in _formal().values() for formal in several)
    return CHRISTENED | {name for name, times in counts.items() if times > 1}
