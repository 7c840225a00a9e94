"""Who is the same person, worked out ahead of time: links between records, some safe enough to be applied to marketing, others proposed.

Two records are linked for one of three reasons, each only with a compatible first name and no other generation suffix:

- *the same e-mail address*, or *the same telephone number and last name*: right in 99 of 100 links of a trial.
  They are applied when somebody is stopped: records that are joined for marketing are joined for stopping.
- *the same name at the same address*: a father and a son may be so. It is proposed, for a person to look at, and never applied.

Records joined by applied links are a cluster. One of more than 12 records, or in which two first names or suffixes cannot be one person's
although a third record lies between them, is refused whole: something is shared there that is nobody's own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Final
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from upheld.errors import Invalid
from upheld.people.coding import Numbered
from upheld.people.portrait import Portrait, of_held
from upheld.people.storing import private

LARGEST_CLUSTER: Final = 12

Pairs = NDArray[np.uint32]


@dataclass(frozen=True, slots=True)
class Links:
    """The clusters that are applied, each its records in order; pairs that are proposed; how many clusters were refused."""

    clusters: tuple[tuple[int, ...], ...]
    proposed: tuple[tuple[int, int], ...]
    refused: int
    _of: Mapping[int, tuple[int, ...]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_of", {number: cluster for cluster in self.clusters for number in cluster})

    def with_linked(self, numbers: Iterable[int]) -> tuple[int, ...]:
        """These records and all that applied links join them with, in order."""
        return tuple(sorted({one for number in numbers for one in self._of.get(number, (number,))}))

    def save(self, path: Path) -> None:
        """Write the links as numbers of records, for their owner alone."""
        joined = [(number, cluster[0]) for cluster in self.clusters for number in cluster]
        with open(path, "wb", opener=private) as file:
            np.savez(file, joined=_pairs(joined), proposed=_pairs(self.proposed), refused=np.array([self.refused]))
            file.flush()
            os.fsync(file.fileno())

    @classmethod
    def load(cls, path: Path) -> Links:
        """The links that were saved. `Invalid` if the file is damaged."""
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as kept:
                joined, proposed, refused = kept["joined"].tolist(), kept["proposed"].tolist(), int(kept["refused"][0])
        except (OSError, ValueError, KeyError, EOFError, BadZipFile) as error:
            raise Invalid("the links are damaged: run `upheld systems index`", place=str(path)) from error
        clusters: dict[int, list[int]] = {}
        for number, first in joined:
            clusters.setdefault(first, []).append(number)
        return cls(tuple(map(tuple, clusters.values())), tuple((one, other) for one, other in proposed), refused)


def resolve(records: Iterable[Numbered]) -> Links:
    """The links between these records. A number may come several times, each with another part of what its record holds."""
    portraits: dict[int, list[Portrait]] = {}
    for number, held in records:
        portraits.setdefault(number, []).append(of_held(held))
    safe = [*_linked(portraits, _by_email, may_lack_name=True), *_linked(portraits, _by_phone)]
    clusters, refused = [], 0
    for cluster in _joined(safe):
        if len(cluster) > LARGEST_CLUSTER or not all(
            _compatible(portraits[one], portraits[other]) for one, other in combinations(cluster, 2)
        ):
            refused += 1
        else:
            clusters.append(cluster)
    within = {number: place for place, cluster in enumerate(clusters) for number in cluster}
    likely = sorted(set(_linked(portraits, _by_address)))
    proposed = [pair for pair in likely if within.get(pair[0], -1) != within.get(pair[1], -2)]
    return Links(tuple(clusters), tuple(proposed), refused)


def _by_email(said: Portrait) -> Iterator[tuple[str, ...]]:
    yield from ((email,) for email in said.emails)


def _by_phone(said: Portrait) -> Iterator[tuple[str, ...]]:
    yield from ((phone, said.last.whole) for phone in said.phones if said.last.whole)


def _by_address(said: Portrait) -> Iterator[tuple[str, ...]]:
    if said.last.whole and said.zip and said.where.house:
        yield said.last.whole, said.zip, said.where.house, said.where.street, said.where.unit


def _linked(
    portraits: Mapping[int, Sequence[Portrait]],
    keys: Callable[[Portrait], Iterator[tuple[str, ...]]],
    *,
    may_lack_name: bool = False,
) -> list[tuple[int, int]]:
    """The pairs of compatible records that share a key; a key of many records is nobody's own and links none."""
    having: dict[tuple[str, ...], dict[int, None]] = {}
    for number, several in portraits.items():
        for said in several:
            if said.first.names or may_lack_name:
                for key in keys(said):
                    having.setdefault(key, {})[number] = None
    return [
        (one, other)
        for numbers in having.values()
        if 1 < len(numbers) <= LARGEST_CLUSTER
        for one, other in combinations(sorted(numbers), 2)
        if _compatible(portraits[one], portraits[other])
    ]


def _compatible(one: Sequence[Portrait], other: Sequence[Portrait]) -> bool:
    """Whether what two records say of first name and suffix can be one person's; what is not said conflicts with nothing."""
    return any(_may_be_one(said, also) for said in one for also in other)


def _may_be_one(said: Portrait, also: Portrait) -> bool:
    if said.suffix and also.suffix and said.suffix != also.suffix:
        return False
    first, second = said.first, also.first
    if not first.names or not second.names:
        return True
    if not first.is_full or not second.is_full:
        return first.initial == second.initial
    return not set(first.names).isdisjoint(second.names)


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


def _pairs(pairs: Sequence[tuple[int, int]]) -> Pairs:
    return np.array(pairs, dtype=np.uint32).reshape(-1, 2)
