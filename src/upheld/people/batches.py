"""The codes of a batch of identifiers: those that `codes.tight_codes` makes of each alone, names and addresses as sets.

One name with address costs some two dozen AES calls and as many hashes; of a few thousand, each distinct first name, last name and street
is read once and each rule is a few calls for all. What is single (an e-mail address, a number) is as quick one by one.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from upheld.people import addresses
from upheld.people.cmac import Codes
from upheld.people.codes import Code, Keys, tight_codes
from upheld.people.identifiers import Identifier, Postal
from upheld.people.matching import CODE
from upheld.people.postals import NOTHING, Guards, PostalForms

FEW: Final = 50  # names and addresses that are read one by one: sets have a price of their own
MOST: Final = 100_000  # values of a field that are remembered


@dataclass(frozen=True, slots=True)
class Batch:
    """The codes of identifiers, one after the other: those of identifier i are from `start[i]` up to `start[i + 1]`, none twice."""

    codes: Codes
    guards: Guards
    start: NDArray[np.int64]

    def of(self, number: int) -> list[Code]:
        """The codes of one identifier."""
        span = slice(self.start[number], self.start[number + 1])
        return [Code(code, guard) for code, guard in zip(self.codes[span].tolist(), self.guards[span].tolist(), strict=True)]

    def packed(self) -> NDArray[np.void]:
        """All codes in the form in which identifiers keep them (`matching.CODE`)."""
        kept = np.empty(len(self.codes), dtype=CODE)
        kept["code"], kept["guard"] = self.codes, self.guards
        return kept


class Coder:
    """Makes the codes of one batch after the other. It remembers what it has read, so it lives no longer than an import."""

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._forget()

    def _forget(self) -> None:
        self._forms = PostalForms(self._keys.postal)
        self._numbers = {name: {nothing: 0} for name, nothing in NOTHING.items()}
        for name, nothing in NOTHING.items():
            self._forms.learn(name, [nothing])

    def batch(self, identifiers: Sequence[Identifier]) -> Batch:
        """The codes of these identifiers, in their order."""
        postals = [(at, one) for at, one in enumerate(identifiers) if isinstance(one, Postal)]
        together = len(postals) >= FEW
        codes: list[int] = []
        guards: list[int] = []
        owners: list[int] = []
        for at, one in enumerate(identifiers):
            if not (together and isinstance(one, Postal)):
                for code, guard in tight_codes(one, self._keys):
                    codes.append(code)
                    guards.append(guard)
                    owners.append(at)
        made = np.array(codes, np.uint64), np.array(guards, np.uint32), np.array(owners, np.int64)
        if together:
            sets = self._together(postals)
            made = np.concatenate([made[0], sets[0]]), np.concatenate([made[1], sets[1]]), np.concatenate([made[2], sets[2]])
        return _in_order(*made, len(identifiers))

    def _together(self, postals: Sequence[tuple[int, Postal]]) -> tuple[Codes, Guards, NDArray[np.int64]]:
        if max(map(len, self._numbers.values())) > MOST:
            self._forget()
        texts: dict[str, list[str]] = {name: [] for name in NOTHING}
        for _, one in postals:
            number, middle, unit = addresses.split_address(one.address)
            street = ("#" if number else " ") + middle
            for name, text in zip(NOTHING, (one.first, one.last, number, street, unit, one.zip), strict=True):
                texts[name].append(text)
        got = {name: self._numbered(name, texts[name]) for name in NOTHING}
        rows = np.array([at for at, _ in postals], dtype=np.int64)
        coded = self._forms.coded(got | {"row": rows}, 1)
        return coded.codes, coded.guards, coded.rows

    def _numbered(self, name: str, texts: Sequence[str]) -> NDArray[np.int64]:
        known = self._numbers[name]
        new = [text for text in dict.fromkeys(texts) if text not in known]
        known.update(zip(new, range(len(known), len(known) + len(new)), strict=True))
        self._forms.learn(name, new)
        return np.fromiter(map(known.__getitem__, texts), dtype=np.int64, count=len(texts))


def _in_order(codes: Codes, guards: Guards, owners: NDArray[np.int64], count: int) -> Batch:
    order = np.lexsort((codes, owners))
    codes, guards, owners = codes[order], guards[order], owners[order]
    last = np.ones(len(codes), dtype=np.bool_)
    last[:-1] = (codes[1:] != codes[:-1]) | (owners[1:] != owners[:-1])
    codes, guards, owners = codes[last], guards[last], owners[last]
    return Batch(codes, guards, np.searchsorted(owners, np.arange(count + 1)))
