"""Sorted codes beside the numbers of records, in arrays that may lie in files: the leaves of the blind index."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from upheld.people.coding import Codes, Numbers

NO_CODES: Codes = np.zeros(0, dtype=np.uint64)
NO_NUMBERS: Numbers = np.zeros(0, dtype=np.uint32)


class Segment(NamedTuple):
    """Codes in order, and beside each the number of a record that has it."""

    codes: Codes
    numbers: Numbers

    def met(self, wanted: Sequence[int]) -> list[Numbers]:
        """For each wanted code the numbers of the records that have it."""
        asked = np.array(wanted, dtype=np.uint64)
        starts = np.searchsorted(self.codes, asked, "left").tolist()
        ends = np.searchsorted(self.codes, asked, "right").tolist()
        return [self.numbers[start:end] for start, end in zip(starts, ends, strict=True)]


def ordered(codes: Sequence[Codes], numbers: Sequence[Numbers]) -> Segment:
    """One segment of several arrays of codes and their numbers."""
    all_codes = np.concatenate((NO_CODES, *codes))
    order = np.argsort(all_codes)
    return Segment(all_codes[order], np.concatenate((NO_NUMBERS, *numbers))[order])


def without(segment: Segment, numbers: Numbers) -> Segment:
    """The segment without these records."""
    if not len(numbers):
        return segment
    kept = ~np.isin(segment.numbers, numbers)
    return Segment(segment.codes[kept], segment.numbers[kept])


def capped(segment: Segment, most: int, before: Codes) -> tuple[Segment, Codes]:
    """The segment without the codes that more than `most` records have, or that were left out before; and those, in order."""
    begins = np.flatnonzero(np.concatenate(([True], segment.codes[1:] != segment.codes[:-1]))) if len(segment.codes) else NO_NUMBERS
    counts = np.diff(np.append(begins, len(segment.codes)))
    out = np.unique(np.concatenate((before, segment.codes[begins[counts > most]])))
    if not len(out):
        return segment, out
    kept = ~among(segment.codes, out)
    return Segment(segment.codes[kept], segment.numbers[kept]), out


def among(codes: Codes, sorted_codes: Codes) -> NDArray[np.bool_]:
    """Which codes are among others that are in order."""
    if not len(sorted_codes):
        return np.zeros(len(codes), dtype=np.bool_)
    place = np.minimum(np.searchsorted(sorted_codes, codes), len(sorted_codes) - 1)
    found: NDArray[np.bool_] = sorted_codes[place] == codes
    return found
