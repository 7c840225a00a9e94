"""The distinct values of a list's columns, each read once: what `columns` gathers from.

A list of ten million rows holds some hundred thousand different first names, last names and streets. Each is normalised once, by the same
Python functions that `codes` uses, so whole columns and single identifiers are equal by construction.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from upheld.people import addresses, names
from upheld.people.cmac import BLOCK, Blocks, Cmac
from upheld.people.codes import SHORT_SOUND, prefix, unit_tag

Ids = NDArray[np.int64]
Flags = NDArray[np.bool_]


class Grown:
    """An array that grows by appending; `.all` is what it holds."""

    __slots__ = ("_array", "_used")

    def __init__(self, dtype: np.dtype[np.generic] | type) -> None:
        self._array: NDArray[np.generic] = np.zeros(1024, dtype=dtype)
        self._used = 0

    @property
    def all(self) -> NDArray[np.generic]:
        """Everything appended so far (a view)."""
        return self._array[: self._used]

    def extend(self, values: NDArray[np.generic]) -> None:
        """Append."""
        need = self._used + len(values)
        if need > len(self._array):
            bigger = np.zeros(max(need, 2 * len(self._array)), dtype=self._array.dtype)
            bigger[: self._used] = self.all
            self._array = bigger
        self._array[self._used : need] = values
        self._used = need


class Part:
    """The blocks of one part, one for each value; a value not given has the zero block and `given` False."""

    def __init__(self, part: str) -> None:
        self._prefix = prefix(part).encode()
        self._blocks, self._given = Grown(BLOCK), Grown(np.bool_)

    def extend(self, values: Sequence[str]) -> None:
        """Append values (normal forms)."""
        start, digest = self._prefix, hashlib.sha256
        made = b"".join(digest(start + value.encode("utf-8", "surrogatepass")).digest()[:16] if value else bytes(16) for value in values)
        self._blocks.extend(np.frombuffer(made, dtype=BLOCK))
        self._given.extend(np.fromiter(map(bool, values), dtype=np.bool_, count=len(values)))

    @property
    def blocks(self) -> Blocks:
        """The block of each value."""
        return self._blocks.all.view(BLOCK)

    @property
    def given(self) -> Flags:
        """Whether each value was given."""
        return self._given.all.view(np.bool_)


class Variants:
    """Several values each: value i of the owner has those at `start[i]` to `start[i] + count[i]`."""

    def __init__(self) -> None:
        self._start, self._count, self._next = Grown(np.int64), Grown(np.int64), 0

    def extend(self, counts: Sequence[int]) -> None:
        """Append owners with so many variants each."""
        count = np.asarray(counts, dtype=np.int64)
        self._start.extend(self._next + np.concatenate(([0], np.cumsum(count)[:-1])).astype(np.int64) if len(count) else count)
        self._count.extend(count)
        self._next += int(count.sum())

    def expand(self, owners: Ids) -> tuple[Ids, Ids]:
        """For each variant of each owner: the position in `owners`, and the variant's number."""
        count = self._count.all.view(np.int64)[owners]
        position = np.repeat(np.arange(len(owners)), count)
        first = np.cumsum(count) - count
        return position, self._start.all.view(np.int64)[owners][position] + (np.arange(len(position)) - first[position])


class Firsts:
    """First names: `variants` over `formal` (by the number of the rule that uses them), sound, initial, main name, suffix."""

    def __init__(self) -> None:
        self.variants = Variants()
        self.formal = {rule: Part(f"{rule}|first") for rule in (1, 2, 3, 4)}
        self.sound, self.initial, self.name = Part("5|first sound"), Part("7|initial"), Part("name")
        self._suffix, self._full = Grown(np.uint32), Grown(np.bool_)

    def extend(self, texts: Iterable[str]) -> None:
        """Read more first-name fields."""
        read = [names.first_name(text) for text in texts]
        self.variants.extend([len(first.names) for first in read])
        formal = [name for first in read for name in first.names]
        for part in self.formal.values():
            part.extend(formal)
        self.sound.extend([first.sound if len(first.sound) >= SHORT_SOUND else "" for first in read])
        self.initial.extend([first.initial for first in read])
        self.name.extend([first.main for first in read])
        self._suffix.extend(np.array([first.suffix for first in read], dtype=np.uint32))
        self._full.extend(np.array([first.is_full for first in read], dtype=np.bool_))

    @property
    def suffix(self) -> NDArray[np.uint32]:
        """Suffix numbers."""
        return self._suffix.all.view(np.uint32)

    @property
    def full(self) -> Flags:
        """Whether more than an initial was given."""
        return self._full.all.view(np.bool_)


class Lasts:
    """Last names: `variants` over `parts` (the whole among them), the whole, its sound, suffix."""

    def __init__(self) -> None:
        self.variants = Variants()
        self.parts, self.whole, self.sound, self.name = Part("last"), Part("last"), Part("sound"), Part("name")
        self._suffix = Grown(np.uint32)

    def extend(self, texts: Iterable[str]) -> None:
        """Read more last-name fields."""
        read = [names.last_name(text) for text in texts]
        self.variants.extend([len(last.parts) for last in read])
        self.parts.extend([part for last in read for part in last.parts])
        self.whole.extend([last.whole for last in read])
        self.sound.extend([last.sound for last in read])
        self.name.extend([last.whole for last in read])
        self._suffix.extend(np.array([last.suffix for last in read], dtype=np.uint32))

    @property
    def suffix(self) -> NDArray[np.uint32]:
        """Suffix numbers."""
        return self._suffix.all.view(np.uint32)


class Streets:
    """Streets: core, its first three letters, a house found inside, a unit found inside; `depends` marks those read row by row."""

    def __init__(self, mac: Cmac) -> None:
        self._mac = mac
        self.core, self.core3, self.house = Part("street"), Part("street3"), Part("house")
        self._depends, self._box, self._unit = Grown(np.bool_), Grown(np.bool_), Grown(np.uint32)
        self.kept: dict[int, addresses.Street] = {}
        self._count = 0

    def extend(self, texts: Iterable[str]) -> None:
        """Read more streets: each text begins with `#` if a house number stood in front of it, else with a blank."""
        read = [addresses.street(text[1:], numbered=text[:1] == "#") for text in texts]
        depends = [bool(street.more) or street.house.endswith("box") for street in read]
        self.kept.update({self._count + at: street for at, street in enumerate(read) if depends[at]})
        self._count += len(read)
        self.core.extend([street.core for street in read])
        self.core3.extend([street.core[:3] for street in read])
        self.house.extend([street.house for street in read])
        self._depends.extend(np.array(depends, dtype=np.bool_))
        self._box.extend(np.array([street.house.startswith("box") for street in read], dtype=np.bool_))
        self._unit.extend(np.array([unit_tag(street.unit, self._mac) for street in read], dtype=np.uint32))

    @property
    def depends(self) -> Flags:
        """Streets whose house is made with the number in front or the unit behind."""
        return self._depends.all.view(np.bool_)

    @property
    def box(self) -> Flags:
        """PO boxes."""
        return self._box.all.view(np.bool_)

    @property
    def unit(self) -> NDArray[np.uint32]:
        """Unit tags."""
        return self._unit.all.view(np.uint32)


class Tags:
    """Units behind a street: their keyed tags."""

    def __init__(self, mac: Cmac) -> None:
        self._mac = mac
        self._tag = Grown(np.uint32)

    def extend(self, texts: Iterable[str]) -> None:
        """Read more units."""
        self._tag.extend(np.array([unit_tag(addresses.unit_name(text), self._mac) for text in texts], dtype=np.uint32))

    @property
    def tag(self) -> NDArray[np.uint32]:
        """Unit tags."""
        return self._tag.all.view(np.uint32)


class Plain:
    """One part whose normal form is a function of the field alone (postal codes, house numbers)."""

    def __init__(self, part: str, form: Callable[[str], str]) -> None:
        self._form = form
        self.part = Part(part)

    def extend(self, texts: Iterable[str]) -> None:
        """Read more fields."""
        self.part.extend([self._form(text) for text in texts])
