"""However a log comes in, in whatever pieces, its blocks are its lines: none lost, none twice, none that is too long."""

from __future__ import annotations

import io
from pathlib import Path
from unittest import mock

from hypothesis import example, given
from hypothesis import strategies as st

from upheld.traffic.parsing import sources

LONGEST, TAIL = 30, 10
PIECES = st.lists(
    st.one_of(st.sampled_from([b"\n", b"a\n", b"bc", b"\r\n"]), st.integers(0, 90).map(lambda count: b"x" * count)), max_size=30
)


class Trickle(io.BytesIO):
    """A file that gives as many bytes as it likes at a time."""

    def __init__(self, content, steps):
        super().__init__(content)
        self.steps = steps

    def readinto(self, room):
        step = self.steps.pop(0) if self.steps else len(room)
        return super().readinto(memoryview(room)[: max(1, step)])


@given(PIECES.map(b"".join), st.booleans(), st.sampled_from([8, 33, 200]), st.lists(st.integers(1, 50), max_size=20))
@example(b"x" * 31, True, 8, [])
@example(b"x" * 90 + b"\na\nb", False, 33, [1, 1])
def test_blocks_are_the_lines_of_a_log(content, whole, size, steps):
    lines, taken, too_long, tail = b"", 0, 0, b""
    with mock.patch.multiple(sources, LONGEST_LINE=LONGEST, BLOCK=size, TAIL=TAIL):
        for block in sources.blocks(Trickle(content, steps), Path("log"), whole=whole):
            lines, taken, too_long = lines + bytes(block.lines), taken + block.taken, too_long + block.too_long
            tail = (tail + block.tail)[-TAIL:]
    end = len(content) if whole else content.rfind(b"\n") + 1
    ended = content[:end].removesuffix(b"\n").split(b"\n") if end else []
    assert (taken, tail) == (end, content[:end][-TAIL:])
    assert lines.count(b"\n") + too_long == len(ended)
    short = [line for line in ended if len(line) <= LONGEST]
    assert [line for line in lines.split(b"\n")[:-1] if len(line) <= LONGEST] == short
