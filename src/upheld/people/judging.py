"""All candidates of one request judged together, because who else is on file at an address decides what an initial there may mean.

What comes out says of each record, apart from each other, whether it is stopped (`Stopping`) and whether it may be shown (`Showing`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from upheld.people import comparing as level
from upheld.people.comparing import Compared, compare
from upheld.people.portrait import Portrait
from upheld.people.verdicts import Showing, Stopping, contested, doubled, for_showing, for_stopping
from upheld.people.weights import Likeness, Weights

_RANK = {"same": 2, "to review": 1, "different": 0}
HALF = frozenset({level.NOT_SAID, level.FIRST_INITIAL, level.FIRST_NEAR})
"""Levels of a first name that may be somebody else's at the address (`verdicts.contested`)."""

Pair = tuple[Portrait, Compared]


@dataclass(frozen=True, slots=True)
class Judged:
    """How like one record is to what was given, and what follows for stopping, and for showing or deleting."""

    likeness: Likeness
    stopping: Stopping
    showing: Showing


def judged(given: Sequence[Portrait], records: Sequence[Sequence[Portrait]], weights: Weights) -> list[Judged]:
    """Each record (a row may bear several names and addresses) judged against each portrait of what was given; the likest counts."""
    best: list[Judged | None] = [None] * len(records)
    for asked in given:
        pairs = [(at, said, compare(asked, said)) for at, several in enumerate(records) for said in several]
        others: list[Pair] = [(said, compared) for _, said, compared in pairs]
        for at, said, compared in pairs:
            made = _judge(weights.weigh(compared), asked, said, others)
            known = best[at]
            if known is None or _order(made) > _order(known):
                best[at] = made
    return [one if one is not None else _nobody(weights) for one in best]


def _judge(like: Likeness, asked: Portrait, said: Portrait, others: Sequence[Pair]) -> Judged:
    compared, alone = like.compared, asked.says_phone_only
    stopping, showing = for_stopping(like, phone_only=alone), for_showing(like)
    if "same" not in (stopping.verdict, showing.verdict):
        return Judged(like, stopping, showing)
    if compared.first in HALF and contested(asked, said, compared, others):
        stopping, showing = for_stopping(like, contested=True, phone_only=alone), for_showing(like, contested=True)
    if showing.verdict == "same" and doubled(said, (other for other, _ in others)):
        showing = for_showing(like, doubled=True)
    return Judged(like, stopping, showing)


def _order(one: Judged) -> tuple[int, int, float]:
    return _RANK[one.stopping.verdict], _RANK[one.showing.verdict], one.likeness.weight


def _nobody(weights: Weights) -> Judged:
    like = weights.weigh(compare(Portrait(), Portrait()))
    return Judged(like, for_stopping(like), for_showing(like))
