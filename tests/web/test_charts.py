"""Charts are tables first: each number stands in a table, the drawing has a name, and no colour, script or style is needed to read them."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET

import pytest

from tests.web import sites
from upheld.web.charts import Chart, Series

ROWS = ("first", "second <b>", "third")


def chart(*values, **more):
    return Chart(
        "chart", "What <is> counted", "Row", ROWS, tuple(Series(f"series {at}", each) for at, each in enumerate(values, 1)), **more
    )


@pytest.mark.parametrize("across", [False, True])
def test_each_row_has_a_box_in_proportion(across):
    sites.set_up()
    drawing = ET.fromstring(chart((10, 5, 0), across=across).svg)
    sizes = [float(box.get("height" if across else "width")) for box in drawing.iter("rect")]
    assert len(sizes) == 2
    assert sizes[0] == pytest.approx(2 * sizes[1], rel=0.01)
    assert drawing.get("role") == "img"
    assert drawing.get("aria-labelledby") == "chart-title"


@pytest.mark.parametrize("across", [False, True])
def test_series_are_stacked_and_told_apart_by_more_than_colour(across):
    sites.set_up()
    drawing = ET.fromstring(chart((10, 5, 1), (10, 0, 1), across=across).svg)
    boxes = [box.get("class") or box.get("fill") for box in drawing.iter("rect")]
    assert boxes.count("s1") == 3
    assert boxes.count("s2") == boxes.count("url(#chart-h2)") == 2
    assert [each.get("id") for each in drawing.iter("pattern")] == ["chart-h2"]
    assert not re.search(r"style=|<script|on\w+=", ET.tostring(drawing, "unicode"))


def test_of_nothing_there_is_neither_drawing_nor_table_but_a_word():
    sites.set_up()
    from django.template.loader import render_to_string

    empty = chart((0, 0, 0))
    assert empty.is_empty
    assert empty.svg == ""
    page = render_to_string("chart.html", {"chart": empty})
    assert "Nothing yet." in page
    assert "<table" not in page


def test_the_table_beside_has_every_number_and_escapes_every_word():
    sites.set_up()
    from django.template.loader import render_to_string

    page = render_to_string("chart.html", {"chart": chart((1234, 5, 1), (2, 3, 4), links=("/a", "", ""))})
    assert [int(each.replace(",", "")) for each in re.findall(r'<td class="number">([\d,]+)</td>', page)] == [1234, 2, 5, 3, 1, 4]
    assert "second <b>" not in page
    assert "second &lt;b&gt;" in page
    assert '<a href="/a">first</a>' in page


def test_a_chart_whose_series_are_of_different_lengths_is_a_fault_of_the_page():
    with pytest.raises(AssertionError):
        chart((1, 2))
