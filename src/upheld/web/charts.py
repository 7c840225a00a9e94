"""Charts as SVG that the server draws, each with its table: readable without script, by a screen reader, on paper, in a mail.

A chart is a table first: rows with a label and one number a series. The drawing is decoration beside it and says so to screen readers;
its colours and letters come from the stylesheet (classes `s1`, `s2` …), and series differ by hatching too, not by colour alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

WIDTH: Final = 270  # units of the drawing; it is as wide as a phone, so that letters keep their size there
TALL: Final = 120
BAR: Final = 16
STEP: Final = 42
GAP: Final = 4
LETTER: Final = 7.0  # units, about
MOST_SERIES: Final = 4


@dataclass(frozen=True, slots=True)
class Series:
    """One kind of number: its name, and a number for each row."""

    name: str
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """A table that can be drawn. `across`: the rows follow each other in time and stand side by side; else they lie below each other.

    `note` says what is counted; `links` lead from each row to more about it, where there is more (empty: nowhere).
    """

    name: str
    title: str
    head: str
    rows: tuple[str, ...]
    series: tuple[Series, ...]
    note: str = ""
    across: bool = False
    links: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        assert 0 < len(self.series) <= MOST_SERIES
        assert all(len(each.values) == len(self.rows) for each in self.series)

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to draw."""
        return not any(any(each.values) for each in self.series)

    @property
    def totals(self) -> tuple[int, ...]:
        """The sum of each row."""
        return tuple(sum(values) for values in zip(*(each.values for each in self.series), strict=True))

    @property
    def lines(self) -> list[tuple[str, str, tuple[int, ...]]]:
        """The table: label, where it leads, numbers."""
        links = self.links or ("",) * len(self.rows)
        return [(row, links[at], tuple(each.values[at] for each in self.series)) for at, row in enumerate(self.rows)]

    @property
    def keys(self) -> list[tuple[int, str]]:
        """The series by number, if there are several to tell apart."""
        return list(enumerate((each.name for each in self.series), 1)) if len(self.series) > 1 else []

    @property
    def svg(self) -> SafeString:
        """The drawing; nothing if there is nothing to draw."""
        if self.is_empty:
            return SafeString("")
        drawn, height = _across(self) if self.across else _below(self)
        return format_html(
            '<svg class="drawing" viewBox="0 0 {} {}" role="img" aria-labelledby="{}-title" focusable="false">{}{}</svg>',
            WIDTH, height, self.name, _hatching(self), drawn,
        )  # fmt: skip


def _below(chart: Chart) -> tuple[SafeString, int]:
    """Bars that lie below each other, each under its words, with its number at its end."""
    largest = max(chart.totals)
    room = WIDTH - LETTER * (len(f"{largest:,}") + 1)
    pieces = []
    for at, (row, total) in enumerate(zip(chart.rows, chart.totals, strict=True)):
        top, left = at * STEP, 0.0
        pieces.append(_text(0, top + 13, _short(row)))
        for number, each in enumerate(chart.series, 1):
            wide = each.values[at] / largest * room
            if wide > 0:
                pieces.append(_box(chart, number, left, top + 18, max(wide, 1.5), BAR))
                left += max(wide, 1.5)
        pieces.append(_text(left + GAP, top + 31, f"{total:,}", "count"))
    return _joined(pieces), len(chart.rows) * STEP


def _across(chart: Chart) -> tuple[SafeString, int]:
    """Columns that stand side by side, their numbers on top where there is room, the first and last label below."""
    largest, count = max(chart.totals), len(chart.rows)
    slot = WIDTH / count
    wide, top = slot - min(GAP, slot / 4), 18.0
    pieces = [format_html('<line class="ground" x1="0" x2="{}" y1="{}" y2="{}"/>', WIDTH, top + TALL, top + TALL)]
    for at, total in enumerate(chart.totals):
        foot = top + TALL
        for number, each in enumerate(chart.series, 1):
            tall = each.values[at] / largest * TALL
            if tall > 0:
                pieces.append(_box(chart, number, at * slot, foot - max(tall, 1.5), wide, max(tall, 1.5)))
                foot -= max(tall, 1.5)
        said = _compact(total)
        if total and len(said) * LETTER <= slot + GAP:
            pieces.append(_text(at * slot + wide / 2, foot - 4, said, "count middle"))
    below = top + TALL + 17
    pieces.append(_text(0, below, chart.rows[0]))
    if count > 1:
        pieces.append(_text(WIDTH, below, chart.rows[-1], "end"))
    return _joined(pieces), int(below + 6)


def _box(chart: Chart, number: int, left: float, top: float, wide: float, tall: float) -> SafeString:
    place = [f"{each:.1f}" for each in (left, top, wide, tall)]
    plain = format_html('<rect class="s{}" x="{}" y="{}" width="{}" height="{}"/>', number, *place)
    if number == 1:
        return plain
    return plain + format_html('<rect fill="url(#{}-h{})" x="{}" y="{}" width="{}" height="{}"/>', chart.name, number, *place)


def _text(left: float, top: float, words: str, kind: str = "") -> SafeString:
    return format_html('<text class="{}" x="{}" y="{}">{}</text>', kind, f"{left:.1f}", f"{top:.1f}", words)


def _hatching(chart: Chart) -> SafeString:
    """Lines over every series but the first, each in its own direction and distance."""
    turned = {2: (45, 6), 3: (-45, 6), 4: (90, 4)}
    return format_html_join(
        "",
        '<pattern id="{}-h{}" patternUnits="userSpaceOnUse" width="{}" height="{}" patternTransform="rotate({})">'
        '<line class="hatch" x1="0" y1="0" x2="0" y2="{}"/></pattern>',
        [(chart.name, number, turned[number][1], turned[number][1], turned[number][0], turned[number][1]) for number, _ in chart.keys[1:]],
    )


def _short(words: str) -> str:
    most = int(WIDTH / LETTER)
    return words if len(words) <= most else f"{words[: most - 1]}…"


def _compact(number: int) -> str:
    for size, letter in ((1_000_000, "M"), (10_000, "k")):
        if number >= size:
            return f"{number // (1000 if letter == 'k' else size)}{letter}"
    return str(number)


def _joined(pieces: Sequence[SafeString]) -> SafeString:
    return format_html_join("", "{}", ((piece,) for piece in pieces))
