"""Blocks of a log into lines taken apart, by the quickest way that the format has; what that way leaves over goes the slow way."""

from __future__ import annotations

from collections.abc import Iterator

from upheld.traffic.parsing import formats, shapes, slowly
from upheld.traffic.parsing.formats import Format
from upheld.traffic.parsing.hashing import Keys
from upheld.traffic.parsing.kernel import Kernel
from upheld.traffic.parsing.slowly import Bad
from upheld.traffic.parsing.sources import LONGEST_LINE
from upheld.traffic.parsing.split import Split

AT_ONCE = 100_000
"""Lines that are read one by one before they are counted."""


class Lines:
    """The lines of one log. `kernel`: compiled, if there is one; `quick`: may take many lines apart at a time."""

    def __init__(self, form: Format, keys: Keys, kernel: Kernel | None = None, *, quick: bool = True) -> None:
        self.form, self.keys, self.kernel, self.quick = form, keys, kernel, quick

    def split(self, block: bytes | memoryview, bad: Bad) -> Iterator[Split]:
        """The lines of a block; those that cannot be read are told to `bad`."""
        shape = self.form.shape if self.quick else None
        if shape is None:
            yield from self._slowly(bytes(block).split(b"\n")[:-1], bad)
            return
        if not block:
            return
        made = self.kernel.split(block, shape, self.keys) if self.kernel else shapes.split(block, shape, self.keys)
        for reason, count in made.rejected.items():
            bad.lines[reason] += count
        yield made
        if made.odd:
            yield from self._slowly([bytes(block[begin:end]) for begin, end in made.odd], bad)

    def _slowly(self, lines: list[bytes], bad: Bad) -> Iterator[Split]:
        some: list[bytes] = []
        for line in lines:
            if len(line) > LONGEST_LINE:
                bad.lines["too long"] += 1
                continue
            if self.form.headed and line.startswith(b"#"):
                bad.lines["heading"] += 1
                if line.startswith(b"#Fields:"):
                    yield slowly.split(some, self.form, self.keys, bad)
                    some, self.form = [], formats.w3c(line.decode("utf-8", "replace"))
                continue
            some.append(line.removesuffix(b"\r"))
            if len(some) == AT_ONCE:
                yield slowly.split(some, self.form, self.keys, bad)
                some = []
        yield slowly.split(some, self.form, self.keys, bad)
