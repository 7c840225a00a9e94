"""The blind index: which records may be a person's, by keyed codes alone. It holds numbers of records and nothing that was written in them.

::

    index = BlindIndex.build(((number, held), …), keys)       # a million records in a few minutes, on all cores
    index.save(folder, keys)                                  # arrays that are mapped into memory, not read
    index = BlindIndex.load(folder, keys)
    index.candidates([Email(…), Postal(…)], keys)             # numbers, the likeliest first, for `comparing` to weigh

Codes come in three breadths, each of which holds those before: *tight* (`codes.tight_codes`), *loose* and *wide* (`people.wide`). A wide
code that more than 1,000 records share says nothing and is left out. An index belongs to one version of the normal form and one set of
keys; any other is refused, so that two versions can live side by side while a new one is made.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np

from upheld.errors import Conflict, Invalid, NotFound
from upheld.people.codes import tight_codes
from upheld.people.coding import Codes, IndexKeys, Numbered, Numbers, coded, coded_all
from upheld.people.held import Held
from upheld.people.identifiers import Identifier
from upheld.people.normal import NORM
from upheld.people.portrait import of_given
from upheld.people.segments import NO_CODES, NO_NUMBERS, Segment, among, capped, ordered, without
from upheld.people.storing import private, sync
from upheld.people.wide import loose_codes, wide_codes

Breadth = Literal["tight", "loose", "wide"]

FORM: Final = "upheld/blind-index/v1"
MOST_OF_A_CODE: Final = 1_000
"""Records that a wide code may lead to; one that leads to more leads to none."""
MOST_CANDIDATES: Final = 200
"""Records that are worth weighing for one request, unless tight codes lead to more."""
LARGEST: Final = (1 << 32) - 1
"""The largest number of a record."""

_WORTH: Final = {"tight": 1 << 20, "loose": 2, "wide": 1}
_FILES: Final = ("near.codes", "near.numbers", "far.codes", "far.numbers", "capped")
_HEADER: Final = "index.json"


class BlindIndex:
    """Numbers of records by keyed codes. Looking up is safe from several threads; `add` and `remove` are not."""

    def __init__(self, near: Segment, far: Segment, left_out: Codes) -> None:
        """`near`: tight and loose codes; `far`: wide ones but for those `left_out`."""
        self._near, self._far, self._left_out = near, far, left_out
        self._removed: set[int] = set()
        self._added: dict[int, dict[int, None]] = {}  # by code: numbers
        self._fresh: list[Numbered] = []

    @classmethod
    def build(cls, records: Iterable[Numbered], keys: IndexKeys, *, processes: int | None = None) -> BlindIndex:
        """The index of all these records. A number may come several times, each with another part of what its record holds."""
        made = list(coded_all(records, keys, processes))
        near = ordered([one.near for one in made], [one.near_numbers for one in made])
        far = ordered([one.far for one in made], [one.far_numbers for one in made])
        return cls(near, *capped(far, MOST_OF_A_CODE, NO_CODES))

    @property
    def codes(self) -> int:
        """How many codes it holds, added ones not counted."""
        return len(self._near.codes) + len(self._far.codes)

    def add(self, number: int, held: Held, keys: IndexKeys) -> None:
        """Index one more record, or more of one. It is found at once; `save` merges it. `Conflict` for a number that was removed."""
        if not 0 <= number <= LARGEST:
            raise Invalid(f"a record's number is between 0 and {LARGEST}")
        if number in self._removed:
            raise Conflict(f"record {number} was removed: give the new one a number of its own")
        self._fresh.append((number, held))
        made = coded([(number, held)], keys)
        for code in (*made.near.tolist(), *made.far[~among(made.far, self._left_out)].tolist()):
            self._added.setdefault(code, {})[number] = None

    def remove(self, number: int) -> None:
        """Forget a record: it is found no more, and what `save` writes is without its codes."""
        self._removed.add(number)

    def candidates(
        self, given: Sequence[Identifier], keys: IndexKeys, breadth: Breadth = "wide", *, most: int = MOST_CANDIDATES
    ) -> Numbers:
        """The records that any code of what was given leads to, those first that tight codes lead to, then those that many do.

        At most `most`, but never fewer than all that a tight code leads to.
        """
        met: list[Numbers] = []
        worth: list[int] = []
        for of, segment, wanted in self._asked(given, keys, breadth):
            for found in (*segment.met(wanted), *self._met_added(wanted)):
                met.append(found)
                worth.append(_WORTH[of])
        if not met:
            return NO_NUMBERS
        weights = np.repeat(np.array(worth), [len(found) for found in met])
        numbers, place = np.unique(np.concatenate(met), return_inverse=True)
        score = np.bincount(place, weights=weights, minlength=len(numbers))
        first = np.lexsort((numbers, -score))[: max(most, int((score >= _WORTH["tight"]).sum()))]
        found = numbers[first]
        return found[~np.isin(found, list(self._removed))] if self._removed else found

    def _asked(self, given: Sequence[Identifier], keys: IndexKeys, breadth: Breadth) -> list[tuple[Breadth, Segment, Sequence[int]]]:
        asked: list[tuple[Breadth, Segment, Sequence[int]]] = []
        asked.append(("tight", self._near, [code.code for one in given for code in tight_codes(one, keys.tight)]))
        portraits = of_given(given) if breadth != "tight" else ()
        asked.append(("loose", self._near, [code for one in portraits for code in loose_codes(one, keys.wide)]))
        if breadth == "wide":
            asked.append(("wide", self._far, [code for one in portraits for code in wide_codes(one, keys.wide)]))
        return asked

    def _met_added(self, wanted: Sequence[int]) -> list[Numbers]:
        return [np.array(list(self._added[code]), dtype=np.uint32) for code in wanted if code in self._added]

    # --- in files ---------------------------------------------------------------------------------------------------------------------

    def save(self, folder: Path, keys: IndexKeys) -> None:
        """Write the index, with what was added and without what was removed, as a new folder: whole or not at all, for its owner alone."""
        if folder.exists():
            raise Conflict(f"`{folder.name}` is there already: an index is written once")
        gone = np.fromiter(self._removed, dtype=np.uint32, count=len(self._removed))
        fresh = coded([one for one in self._fresh if one[0] not in self._removed], keys)
        near = ordered([(kept := without(self._near, gone)).codes, fresh.near], [kept.numbers, fresh.near_numbers])
        far = ordered([(kept := without(self._far, gone)).codes, fresh.far], [kept.numbers, fresh.far_numbers])
        far, left_out = capped(far, MOST_OF_A_CODE, self._left_out)
        unfinished = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}")
        unfinished.mkdir(mode=0o700, parents=True)
        arrays: tuple[Codes | Numbers, ...] = (near.codes, near.numbers, far.codes, far.numbers, left_out)
        for name, array in zip(_FILES, arrays, strict=True):
            with open(unfinished / f"{name}.npy", "wb", opener=private) as file:
                np.save(file, array)
                os.fsync(file.fileno())
        header = {"form": FORM, "norm": NORM, "keys": keys.fingerprint(), "codes": len(near.codes) + len(far.codes)}
        with open(unfinished / _HEADER, "w", encoding="utf-8", opener=private) as file:
            json.dump(header, file)
            os.fsync(file.fileno())
        unfinished.rename(folder)
        sync(folder.parent)

    @classmethod
    def load(cls, folder: Path, keys: IndexKeys) -> BlindIndex:
        """The index that was saved in a folder, mapped into memory.

        `NotFound` if there is none, `Conflict` if it is of another version or under other keys, `Invalid` if it is damaged.
        """
        header = _header(folder)
        if header.get("form") != FORM or header.get("norm") != NORM:
            raise Conflict(f"the index is of version `{header.get('norm')}`, this release reads `{NORM}`: run `upheld systems index`")
        if header.get("keys") != keys.fingerprint():
            raise Conflict("the index was made under other keys than those of this home: run `upheld systems index`")
        try:
            arrays = [np.asarray(np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)) for name in _FILES]
        except (OSError, ValueError, EOFError) as error:
            raise Invalid("the index is damaged: run `upheld systems index`", place=str(folder)) from error
        near, far = Segment(arrays[0], arrays[1]), Segment(arrays[2], arrays[3])
        whole = all(len(one.codes) == len(one.numbers) for one in (near, far))
        if not whole or header.get("codes") != len(near.codes) + len(far.codes):
            raise Invalid("the index is damaged: run `upheld systems index`", place=str(folder))
        return cls(near, far, arrays[4])


def _header(folder: Path) -> dict[str, Any]:
    try:
        found = json.loads((folder / _HEADER).read_text("utf-8"))
    except FileNotFoundError as error:
        raise NotFound("there is no index yet: run `upheld systems index`") from error
    except (OSError, ValueError) as error:
        raise Invalid("the index is damaged: run `upheld systems index`", place=str(folder)) from error
    return found if isinstance(found, dict) else {}
