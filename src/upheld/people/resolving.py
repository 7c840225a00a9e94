"""Who is the same person, worked out ahead of time: links between records, some safe enough to be applied to marketing, others proposed.

Two records are linked for one of three reasons, each only with a compatible first name and no other generation suffix:

- *the same e-mail address*, or *the same telephone number and last name*: right in 99 of 100 links of a trial.
  They are applied when somebody is stopped: records that are joined for marketing are joined for stopping.
- *the same name at the same address*: a father and a son may be so. It is proposed, for a person to look at, and never applied.

Records joined by applied links are a cluster. One of more than 12 records, or in which two first names or suffixes cannot be one person's
although a third record lies between them, is refused whole: something is shared there that is nobody's own.

What an agent decided about a pair goes before: one that they joined is applied, two that they kept apart are in no cluster together.

Of a record some numbers are kept and no text: hashes that hold for this process alone, and which first name it bears of all that occur.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import combinations, pairwise
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from upheld.people.coding import Numbered
from upheld.people.held import Held
from upheld.people.links import Links
from upheld.people.portrait import Portrait, of_held

LARGEST_CLUSTER: Final = 12
SAFE: Final = ("email", "phone")
LIKELY: Final = "address"

Shared = tuple[NDArray[np.int64], NDArray[np.uint32]]
"""Hashes, and beside each the number of a record that has it."""
Pairing = Callable[[Shared], Iterable[tuple[int, int]]]
"""All pairs of records that share a hash, each pair once a hash, of hashes that at most 12 records have."""


class _Bearer(NamedTuple):
    """Who may bear a record's name: enough to say whether two records can be one person's."""

    names: frozenset[str]
    initial: str
    is_full: bool
    suffix: int


class Resolver:
    """Takes records one by one; `links` says who is one person. A number may come several times, each with a part of its record."""

    def __init__(self) -> None:
        self._hashes = {of: (array("q"), array("I")) for of in (*SAFE, LIKELY)}
        self._numbers, self._bears = array("I"), array("I")
        self._bearers: dict[_Bearer, int] = {}
        self._same: set[tuple[int, int]] = set()
        self._apart: set[tuple[int, int]] = set()

    def add(self, number: int, held: Held) -> None:
        """One more record, or more of one."""
        said = of_held(held)
        bearer = _Bearer(frozenset(said.first.names), said.first.initial, said.first.is_full, said.suffix)
        self._numbers.append(number)
        self._bears.append(self._bearers.setdefault(bearer, len(self._bearers)))
        for of, shared in _shared(said):
            hashes, numbers = self._hashes[of]
            hashes.append(hash((of, *shared)))
            numbers.append(number)

    def decide(self, one: int, other: int, *, same: bool) -> None:
        """An agent said that two records are one person's, or two people's."""
        pair = min(one, other), max(one, other)
        (self._same if same else self._apart).add(pair)

    def links(self, pairing: Pairing | None = None) -> Links:
        """The links between all records. `pairing`: who finds the pairs that share a hash, if not this process."""
        pairs = pairing or sharing
        names = self._names()
        safe = [pair for of in SAFE for pair in pairs(self._of(of)) if self._may_be_one(names, *pair)]
        clusters, refused = [], 0
        for cluster in _joined([*safe, *sorted(self._same)]):
            if len(cluster) > LARGEST_CLUSTER or not all(self._may_be_joined(names, *pair) for pair in combinations(cluster, 2)):
                refused += 1
            else:
                clusters.append(cluster)
        within = {number: place for place, cluster in enumerate(clusters) for number in cluster}
        likely = {
            (one, other)
            for one, other in pairs(self._of(LIKELY))
            if within.get(one, -1) != within.get(other, -2) and (one, other) not in self._apart and self._may_be_one(names, one, other)
        }
        return Links.of(clusters, likely, refused)

    def _of(self, kind: str) -> Shared:
        hashes, numbers = self._hashes[kind]
        return np.frombuffer(hashes, dtype=np.int64), np.frombuffer(numbers, dtype=np.uint32)

    def _names(self) -> Callable[[int], Sequence[_Bearer]]:
        """Who may bear the name of a record: mostly one, of a row with several names several."""
        bearers = tuple(self._bearers)
        numbers, bears = np.frombuffer(self._numbers, dtype=np.uint32), np.frombuffer(self._bears, dtype=np.uint32)
        one_of = np.zeros(int(numbers.max(initial=0)) + 1, dtype=np.uint32)
        one_of[numbers] = bears
        others: dict[int, list[_Bearer]] = {}
        for at in np.flatnonzero(one_of[numbers] != bears).tolist():
            others.setdefault(int(numbers[at]), []).append(bearers[bears[at]])
        return lambda number: (bearers[one_of[number]], *others.get(number, ()))

    def _may_be_joined(self, names: Callable[[int], Sequence[_Bearer]], one: int, other: int) -> bool:
        if (one, other) in self._apart:
            return False
        return (one, other) in self._same or self._may_be_one(names, one, other)

    @staticmethod
    def _may_be_one(names: Callable[[int], Sequence[_Bearer]], one: int, other: int) -> bool:
        """Whether what two records say of first name and suffix can be one person's; what is not said conflicts with nothing."""
        return any(_compatible(said, also) for said in names(one) for also in names(other))


def resolve(records: Iterable[Numbered]) -> Links:
    """The links between these records."""
    resolver = Resolver()
    for number, held in records:
        resolver.add(number, held)
    return resolver.links()


def sharing(shared: Shared) -> Iterator[tuple[int, int]]:
    """`Pairing` in this process: a hash of many records is nobody's own and pairs none."""
    hashes, numbers = shared
    order = np.lexsort((numbers, hashes))
    hashes, numbers = hashes[order], numbers[order]
    fresh = np.ones(len(hashes), dtype=np.bool_)  # a record may have one hash twice
    fresh[1:] = (hashes[1:] != hashes[:-1]) | (numbers[1:] != numbers[:-1])
    hashes, numbers = hashes[fresh], numbers[fresh]
    ends = [0, *(np.flatnonzero(hashes[1:] != hashes[:-1]) + 1).tolist(), len(hashes)]
    for begin, end in pairwise(ends):
        if 1 < end - begin <= LARGEST_CLUSTER:
            yield from combinations(numbers[begin:end].tolist(), 2)


def _shared(said: Portrait) -> Iterator[tuple[str, tuple[str, ...]]]:
    """What a record may share with others of the same person."""
    yield from (("email", (email,)) for email in said.emails)
    if said.first.names:
        yield from (("phone", (phone, said.last.whole)) for phone in said.phones if said.last.whole)
        if said.last.whole and said.zip and said.where.house:
            yield LIKELY, (said.last.whole, said.zip, said.where.house, said.where.street, said.where.unit)


def _compatible(said: _Bearer, also: _Bearer) -> bool:
    if said.suffix and also.suffix and said.suffix != also.suffix:
        return False
    if not said.names or not also.names:
        return True
    if not said.is_full or not also.is_full:
        return said.initial == also.initial
    return not said.names.isdisjoint(also.names)


def _joined(pairs: Iterable[tuple[int, int]]) -> list[tuple[int, ...]]:
    """The connected components, each in order."""
    over: dict[int, int] = {}

    def root(number: int) -> int:
        while (above := over.setdefault(number, number)) != number:
            over[number] = number = over[above]
        return number

    for one, other in pairs:
        low, high = sorted((root(one), root(other)))
        over[high] = low
    clusters: dict[int, list[int]] = {}
    for number in sorted(over):
        clusters.setdefault(root(number), []).append(number)
    return [tuple(cluster) for cluster in clusters.values()]
