"""The page of visits: what may be told of a real log, beside what may not, for roles that may measure."""

from __future__ import annotations

import csv
import io
import re
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from tests.houses import CLERK
from tests.traffic.logs import REAL_LOG
from tests.web.reading import words
from upheld.traffic.importing import Import
from upheld.traffic.reader import Site


@pytest.fixture
def read(shop, clock):
    """The real log, taken in a while ago, so that all its days are settled."""
    clock.now = datetime(2026, 5, 4, 12, tzinfo=UTC)
    Import(shop.home, shop.record, Site(), clock, CLERK).read([REAL_LOG], None, whole=True)


def test_before_anything_was_taken_in_the_page_says_what_to_do(desk):
    assert "upheld traffic import" in words(desk("marketing").get("/visits"))


def test_the_real_log_is_told_as_totals_of_enough_people(desk, read):
    answer = desk("marketing").get("/visits?begin=2015-05-17&end=2015-05-20")
    said = words(answer)
    assert "Every number is of at least 10 people" in said
    assert "/projects/xdotool/" in said
    assert "2,461" in said
    assert "of fewer than 10 people, or hidden to protect those" in said
    assert 'id="chart-pages"' in answer.content.decode()
    assert "/projects/xdotool/xdotool.xhtml on 3 of 4 days" in answer.content.decode(), "the chart says which bars are of fewer days"


def test_a_line_that_is_told_on_some_days_says_on_how_many(desk, read):
    said = desk("marketing").get("/visits?begin=2015-05-17&end=2015-05-20").content.decode()
    assert re.search(r'<td class="number">\d+ on [123] of 4 days</td>', said)


def test_names_narrow_the_tables_and_days_the_period(desk, read):
    client = desk("marketing")
    narrowed = words(client.get("/visits?begin=2015-05-17&end=2015-05-20&match=xdotool"))
    assert "/projects/xdotool/" in narrowed
    assert "/blog" not in narrowed.partition("Where visitors came from")[0]
    wrong = client.get("/visits?begin=2015-05-20&end=2015-05-17")
    assert wrong.status_code == 400
    assert b"The last day is before the first" in wrong.content


def test_a_copy_can_be_taken_away(desk, read):
    client = desk("marketing")
    answer = client.get("/visits?begin=2015-05-17&end=2015-05-20&as=csv")
    rows = list(csv.reader(io.StringIO(answer.content.decode())))
    assert rows[0][:3] == ["section", "name", "hits"]
    assert 'filename="visits-2015-05-17-2015-05-20.csv"' in answer["Content-Disposition"]
    assert b"<svg" in client.get("/visits?begin=2015-05-17&end=2015-05-20&as=html").content


def test_only_roles_that_may_measure_see_it(desk, read):
    support, marketing = desk("support"), desk("marketing", "other@staff.example")
    assert support.get("/visits").status_code == 403
    assert 'href="/visits"' not in support.get("/").content.decode()
    assert 'href="/visits"' in marketing.get("/").content.decode()


def test_totals_of_another_tool_are_reported_apart(desk, shop, read, tmp_path):
    client = desk("marketing")
    assert "Counted by" not in words(client.get("/visits"))
    file = tmp_path / "matomo.csv"
    file.write_text("label,nb_visits,nb_hits,nb_uniq_visitors\n/cart,40,90,35\n")
    words_ = ["traffic", "take", str(file), "--from", "matomo", "--of", "page", "--day", "2015-05-19"]
    taken = subprocess.run(
        [sys.executable, "-m", "upheld.cli.main", "--home", str(shop.home.path), *words_], capture_output=True, text=True, check=False
    )
    assert taken.returncode == 0, taken.stderr
    page = client.get("/visits").content.decode()
    source = re.search(r'<option value="(matomo[^"]*)"', page)
    assert source, page[:2000]
    told = words(client.get(f"/visits?source={source[1]}&begin=2015-05-17&end=2015-05-20"))
    assert "/cart" in told
    assert "/projects/xdotool/" not in told
