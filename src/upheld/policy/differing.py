"""The questions that two policies answer differently, as uses that can be put to people; `diff` says the same in words."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from upheld.policy.compiled import Policy
from upheld.policy.gains import Gains, Question, Side, Words
from upheld.policy.space import Space
from upheld.policy.uses import Use

Direction = Literal["wider", "narrower"]


@dataclass(frozen=True, slots=True)
class Differing:
    """One question to which, for somebody, only one of two policies says yes: `wider`, only the new one.

    `purposes` and `to` are all that are answered alike; `uses` ask for one of them, once for each item that is answered alike.
    """

    direction: Direction
    purposes: tuple[str, ...]
    to: tuple[str, ...]
    uses: tuple[Use, ...]


def differing(old: Policy, new: Policy) -> tuple[Differing, ...]:
    """Every question that differs for somebody, none of which is already said by another."""
    space = Space.of(old, new)
    before, after = Side(old, space), Side(new, space)
    words = Words(before, after)
    return (*_of(Gains(before, after, words), "wider"), *_of(Gains(after, before, words), "narrower"))


def _of(gains: Gains, direction: Direction) -> Iterator[Differing]:
    for gain in gains.all():
        asked, words = gain.question, gains.words
        yield Differing(direction, words.purposes[asked.purpose], words.recipients[asked.to], tuple(_uses(asked, words)))


def _uses(asked: Question, words: Words) -> Iterator[Use]:
    company, chosen = tuple(sorted(asked.company)), tuple(sorted(asked.chosen))
    for item in words.items[asked.item] if asked.item is not None else (None,):
        shown = () if item is None else (item,)
        if asked.form.totals:
            yield Use(asked.purpose, company, asked.to, totals=shown, people=asked.form.people, chosen_by=chosen)
        else:
            yield Use(asked.purpose, (*shown, *company), asked.to, chosen_by=chosen)
