"""What each level of a comparison weighs, in bits: log2 of how much oftener it occurs among the records of one person than of two.

Weights are data. `weights.json` is shipped and says where it comes from; `upheld match train` makes a merchant's own (`people.training`).
Whatever is loaded is checked: a more alike level never weighs less than the most different one, nothing weighs beyond bounds, and a
differing first name must be rare among the records of one person; else it is refused, and the weights in use go on.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib import resources
from typing import Any, Final

from upheld.errors import Conflict, Invalid
from upheld.people.comparing import CMP, FIELDS, NAMES, Compared
from upheld.people.held import Evidence
from upheld.people.normal import NORM

FORM: Final = "upheld/weights/v1"
ODDS: Final = -19.0
"""Bits before anything was compared: that a record, of a million, is this person's."""
FLOOR: Final = 1e-7
"""The smallest share: what was never seen may still occur."""
MOST: Final = 18.0
LEAST: Final = -7.0
"""Bits that one field may weigh at most, for and against: everybody may have another telephone, or write a digit wrong."""
MOST_DIFFERING: Final = 0.06
"""The share of one person's records that may differ in first name; more, and the model has learnt couples for one person."""

RISING: Final = {
    "first": (1, 3, 7), "last": (1, 2, 5), "suffix": (1, 3), "house": (1, 2, 3), "street": (1, 2, 3), "unit": (1, 3), "zip": (1, 2, 3, 4),
    "email": (1, 2, 3), "phone": (1, 2, 3), "account": (1, 2, 3),
}  # fmt: skip
"""Levels of which each weighs at least what the one before it does. (Names that changed places are rarer by chance than equal ones.)"""

Levels = Mapping[str, tuple[tuple[float, float], ...]]
"""By field, for each level from 1: its share among pairs of one person (m) and among pairs of two (u)."""


@dataclass(frozen=True, slots=True)
class Likeness:
    """How like a record is to what was given: the level of each field, and their weight in bits, odds included."""

    compared: Compared
    weight: float
    weights: Weights = field(repr=False)

    @property
    def evidence(self) -> tuple[Evidence, ...]:
        """The comparisons in words, the weightiest first; nothing that was not said by both."""
        return self.weights.evidence(self.compared)


@dataclass(frozen=True, slots=True)
class Weights:
    """One set of weights. `version` is its name in the record: equal names, equal weights."""

    version: str
    origin: str
    levels: Levels = field(repr=False)
    bits: tuple[tuple[float, ...], ...] = field(repr=False)

    def weigh(self, compared: Compared) -> Likeness:
        """The likeness of two portraits."""
        return Likeness(compared, ODDS + sum(bits[level] for bits, level in zip(self.bits, compared, strict=True)), self)

    def evidence(self, compared: Compared) -> tuple[Evidence, ...]:
        """See `Likeness.evidence`."""
        said = (
            Evidence(NAMES[name], FIELDS[name][level], round(bits[level], 1))
            for (name, level), bits in zip(compared._asdict().items(), self.bits, strict=True)
            if level
        )
        return tuple(sorted(said, key=lambda one: -abs(one.bits)))

    def as_bytes(self) -> bytes:
        """The weights as they are kept; `loaded` reads them."""
        levels = {name: {FIELDS[name][at]: list(pair) for at, pair in enumerate(pairs, 1)} for name, pairs in self.levels.items()}
        said = {"form": FORM, "version": self.version, "cmp": CMP, "norm": NORM, "origin": self.origin, "levels": levels}
        return json.dumps(said, indent=1, ensure_ascii=False).encode()


@cache
def shipped() -> Weights:
    """The weights that come with this release."""
    return loaded(resources.files(__package__).joinpath("weights.json").read_bytes())


def loaded(kept: bytes) -> Weights:
    """Weights that `as_bytes` made. `Conflict` if they are of another version of the comparison, `Invalid` if they are not sound."""
    try:
        said: dict[str, Any] = json.loads(kept)
        made = {
            name: tuple((float(m), float(u)) for m, u in (said["levels"][name][words] for words in levels[1:]))
            for name, levels in FIELDS.items()
        }
        form, of, origin = said["form"], (said["cmp"], said["norm"]), str(said["origin"])
    except (ValueError, KeyError, TypeError) as error:
        raise Invalid("the match weights cannot be read: restore them, or run `upheld match train`") from error
    if form != FORM or of != (CMP, NORM):
        raise Conflict(f"the match weights are of another version than `{CMP}` and `{NORM}`: run `upheld match train`")
    weights = checked(made, origin=origin)
    if weights.version != said.get("version"):
        raise Invalid("the match weights were changed by hand: restore them, or run `upheld match train`")
    return weights


def checked(levels: Levels, *, origin: str) -> Weights:
    """Weights of these shares. `Invalid` if they are no shares, learnt couples for one person, or weigh a likeness against a difference."""
    bits = [(0.0, *_bits(name, levels.get(name, ()))) for name in FIELDS]
    if levels["first"][0][0] > MOST_DIFFERING:
        raise Invalid("the match weights take people with different first names for one person: train on more records, or on cleaner ones")
    told = json.dumps([CMP, NORM, {name: levels[name] for name in FIELDS}]).encode()
    return Weights(hashlib.sha256(told).hexdigest()[:12], origin, {name: tuple(levels[name]) for name in FIELDS}, tuple(bits))


def sound(name: str, pairs: tuple[tuple[float, float], ...]) -> bool:
    """Whether the shares of one field do not contradict themselves: `checked` would not refuse them."""
    try:
        return bool(_bits(name, pairs))
    except Invalid:
        return False


def _bits(name: str, pairs: tuple[tuple[float, float], ...]) -> list[float]:
    """What the levels of one field weigh. `Invalid` if its shares are none, or weigh a likeness against a difference."""
    if len(pairs) != len(FIELDS[name]) - 1 or not all(0 < share <= 1 for pair in pairs for share in pair):
        raise Invalid(f"the match weights of the {NAMES[name]} are no shares between 0 and 1")
    each = [max(LEAST, min(MOST, math.log2(m / u))) for m, u in pairs]
    rising = [each[level - 1] for level in RISING[name]]
    if each[-1] <= 0 or each[0] > min(each) or rising != sorted(rising):
        raise Invalid(f"the match weights of the {NAMES[name]} say that what is more alike is less likely one person's")
    return each
