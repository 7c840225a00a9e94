"""Reports tell what may be told, say what is withheld, and no name in them is more than a name."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date

import pytest

from tests.houses import CLERK
from tests.traffic.logs import NORTHGATE, Visits, line
from upheld.cli import main
from upheld.errors import Invalid, NotFound
from upheld.gate.measuring import permit
from upheld.ledger.queries import entries
from upheld.traffic import noise, reports, telling
from upheld.traffic.queries import Period
from upheld.traffic.reader import Site
from upheld.traffic.tables import ITEMS

EVIL = ["=cmd|' /C calc'!A0", "<script>alert(1)</script>", "\x1b[31mred", '"><img src=x onerror=alert(1)>', "+SUM(1)", "@x"]
SITE = Site(hosts=("shop.example",), steps=(("/thanks", "order"),))


@pytest.fixture
def busy(house, tmp_path):
    """Two weeks of visits: the second week's campaign leads to more orders."""
    visits = Visits(house, tmp_path, NORTHGATE)
    visits.at = visits.at.replace(month=7)
    lines = []
    for day in range(1, 15):
        when = f"{day:02d}/Jun/2015:10:05:03 +0000"
        for host in range(60):
            address = f"10.{day}.{host}.1"
            lines.append(
                line(address, when, "GET /?utm_source=news&utm_medium=email&utm_campaign=june HTTP/1.1", referrer="https://www.google.com/")
            )
            lines.append(line(address, when, "GET /shoes HTTP/1.1", referrer="https://shop.example/"))
            if host < (20 if day > 7 else 12):
                lines.append(line(address, when, "GET /thanks HTTP/1.1", referrer="https://shop.example/"))
        lines += [line(f"10.{day}.{100 + host}.1", when, "GET /rare HTTP/1.1") for host in range(3)]
        lines += [line(f"10.{day}.{150 + host}.1", when, "GET /hides-the-rare HTTP/1.1") for host in range(12)]
        lines += [
            line(f"10.{day}.{200 + host}.1", when, f"GET /{EVIL[day % len(EVIL)].replace(' ', '%20')} HTTP/1.1") for host in range(20)
        ]
    visits.read(*lines, site=SITE)
    return visits


def report(visits, first=date(2015, 6, 8), last=date(2015, 6, 14), **more):
    with visits.house.record.reading() as conn:
        return reports.report(conn, permit(conn, ITEMS, visits.clock()), Period(first, last), **more)


def section(made, name):
    (found,) = [each for each in made.sections if each.name == name]
    return {row.line.name: row for row in found.rows}


def test_a_campaign_is_told_with_its_conversions_their_rate_and_the_period_before(busy):
    made = report(busy)
    campaign = section(made, "campaigns")["news / email / june"]
    assert (campaign.line.hits, campaign.line.visitors, campaign.before.visitors) == (420, 420, 420)
    (orders, rate, days), (_, before, _) = campaign.steps["order"], campaign.steps_before["order"]
    assert (orders, days, round(rate.rate, 3), round(before.rate, 3)) == (140, 7, 0.333, 0.2)
    assert 0.28 < rate.low < rate.rate < rate.high < 0.39
    assert before.high < rate.low, "the campaign got better, beyond chance"
    assert section(made, "referrers")["search: Google"].steps["order"][0] == 140


def test_what_is_of_too_few_people_is_told_nowhere(busy):
    made = report(busy)
    assert "/rare" not in section(made, "pages")
    for said in (telling.in_words(made), telling.as_csv(made), telling.as_html(made)):
        assert "rare" not in said
        assert "withheld" in said


@pytest.fixture
def partly(house, tmp_path):
    """Eight days on each of which a referrer sent 40 visitors: on three of the last four it hides one that sent 5."""
    visits = Visits(house, tmp_path, NORTHGATE)
    visits.at = visits.at.replace(month=7)
    lines = []
    for day in range(1, 9):
        when = f"{day:02d}/Jun/2015:10:05:03 +0000"
        lines += [line(f"10.{day}.{host}.1", when, referrer="https://forty.example/") for host in range(40)]
        lines += [line(f"10.{day}.{host}.1", when, referrer="https://large.example/") for host in range(40, 100)]
        lines += [line(f"10.{day}.{host}.1", when, "GET /thanks HTTP/1.1", referrer="https://shop.example/") for host in range(20, 60)]
        if day > 5:
            lines += [line(f"10.{day}.{host}.1", when, referrer="https://few.example/") for host in range(100, 105)]
    visits.read(*lines, site=SITE)
    return report(visits, date(2015, 6, 5), date(2015, 6, 8))


def test_what_is_told_on_some_days_says_so_and_is_not_compared(partly):
    forty, large = section(partly, "referrers")["forty.example"], section(partly, "referrers")["large.example"]
    assert (forty.line.visitors, forty.line.days, forty.before.visitors, forty.before.days) == (40, 1, 160, 4)
    assert partly.changed(forty.line, forty.before) is None
    assert partly.changed(large.line, large.before)[0] == 1
    assert forty.steps["order"][0] > 0
    assert forty.steps["order"].rate is None, "orders of four days among visitors of one"
    assert forty.steps_before["order"].rate.rate == 0.5
    (said,) = [each for each in telling.in_words(partly).splitlines() if "forty.example" in each]
    assert "40 on 1 of 4 days" in said
    assert re.search(r" 160 +- ", said)
    assert "<td>40 on 1 of 4 days</td>" in telling.as_html(partly)
    (row,) = [each for each in csv.DictReader(io.StringIO(telling.as_csv(partly))) if each["name"] == "forty.example"]
    assert (row["visitors"], row["days"], row["visitors_before"], row["days_before"]) == ("40", "1", "160", "4")


def test_what_is_withheld_is_not_said_to_be_of_few_where_it_hides_others(partly):
    for said in (telling.in_words(partly), telling.as_csv(partly), telling.as_html(partly)):
        assert "others are withheld: of fewer than 10 people, or hidden to protect those" in said


def test_no_name_is_markup_a_control_or_a_formula(busy):
    made = report(busy, date(2015, 6, 1), date(2015, 6, 14), most=100)
    names = set(section(made, "pages"))
    assert any("script" in name for name in names), names
    page = telling.as_html(made)
    assert "<script>" not in page
    assert "<img" not in page
    assert "&lt;script&gt;" in page
    assert "\x1b" not in telling.in_words(made) + telling.as_csv(made) + page
    for row in csv.reader(io.StringIO(telling.as_csv(made))):
        assert not any(cell[:1] in set("=+@") or re.match(r"-\D", cell) for cell in row)
    assert [telling.safe(name)[0] for name in EVIL] == ["'", "<", "\ufffd", '"', "'", "'"]


def test_a_filter_only_leaves_out_and_never_adds(busy):
    made, filtered = report(busy), report(busy, match="sho")
    assert set(section(filtered, "pages")) == {"/shoes"}
    assert section(filtered, "pages")["/shoes"].line == section(made, "pages")["/shoes"].line


def test_the_page_needs_nothing_else_and_every_bar_is_in_a_table(busy):
    page = telling.as_html(report(busy))
    assert not re.search(r"(?:src|href)=|https?://|<script", page)
    assert page.count("<rect") == 7
    assert all(f'<th scope="row">2015-06-{day:02d}</th>' in page for day in range(8, 15))


def test_days_that_are_open_are_not_told(visits):
    visits.read(*(line(f"10.0.{host}.1") for host in range(30)))
    with pytest.raises(NotFound, match="no day is settled yet"):
        report_of_all(visits)
    made = report(visits, date(2015, 5, 20), date(2015, 5, 20))
    assert (made.total.hits, len(made.days.open), made.by_day) == (0, 1, {})


def report_of_all(visits):
    with visits.house.record.reading() as conn:
        return reports.report(conn, permit(conn, ITEMS, visits.clock()))


@pytest.mark.parametrize("form", ["text", "json", "csv", "html"])
def test_the_command_tells_it_in_every_form(busy, capsys, monkeypatch, tmp_path, form):
    monkeypatch.setenv("UPHELD_HOME", str(busy.house.home.path))
    busy.house.record.close()
    asked = ["traffic", "report", "--from", "2015-06-08", "--to", "2015-06-14", "--as", form]
    assert main.run(asked) == 0
    said = capsys.readouterr().out
    assert "/shoes" in said
    if form == "json":
        assert json.loads(said)["people"] == 10
    out = tmp_path / "report"
    assert main.run([*asked, "--out", str(out)]) == 0
    assert out.read_text() == said
    assert main.run([*asked, "--out", str(out)]) == 2
    assert main.run([*asked[:2], "--from", "2015-06-14", "--to", "2015-06-08"]) == 2
    assert "the last day is before the first" in capsys.readouterr().err


def test_bounds_of_rates_hold_what_they_should():
    assert reports.rate(0, 0) is None
    assert reports.rate(3, 2) is None
    assert reports.rate(0, 20).low == 0
    assert (round(reports.rate(5, 20).low, 3), round(reports.rate(5, 20).high, 3)) == (0.112, 0.469)
    assert reports.change(0, 3) is None
    assert [round(each, 2) for each in reports.change(200, 100)] == [2.0, 1.57, 2.54]


def test_with_noise_every_count_is_moved_and_the_ledger_says_what_it_cost(busy):
    made = report(busy)
    with busy.house.record.transaction() as tx:
        noisy = noise.spend(tx, made, 2.0, policy="0" * 64, at=busy.clock(), actor=CLERK)
        (entry,) = [each.body for each in entries(tx, kind=noise.SPENT)]
    reach = 2 * (2 + len(made.sections)) + 4
    assert noisy.noise == reports.Noise(2.0, reach / 2.0)
    assert entry | {"policy": ""} == {"first": 16594, "last": 16600, "thousandths": 2000, "counts": entry["counts"], "policy": ""}
    pairs = [(section(made, part.name)[row.line.name].line, row.line) for part in noisy.sections for row in part.rows]
    off = [count - was for before, after in pairs for was, count in ((before.hits, after.hits), (before.visitors, after.visitors))]
    assert entry["counts"] > len(off) > 30
    assert sum(each != 0 for each in off) > len(off) / 2
    assert abs(sum(off) / len(off)) < 6 * reach / 2.0, "noise is around nothing"
    assert all(after.size == 0 for _, after in pairs)
    said = telling.in_words(noisy)
    assert "with noise: each count is off by 12.0 on average (epsilon 2 for one request" in said
    assert "every number was of at least 10 people before noise moved it, also below that (" in said
    assert "number is of at least" not in said
    assert "Lines of the logs" not in said
    with pytest.raises(Invalid, match="a budget lies between"), busy.house.record.transaction() as tx:
        noise.spend(tx, made, 0.0, policy="0" * 64, at=busy.clock(), actor=CLERK)


def test_noise_is_as_wide_as_it_says():
    off = [each - 1000 for each in noise._moved([1000] * 20_000, 20, 1.0)]
    assert abs(sum(off) / len(off)) < 2
    assert 18 < sum(map(abs, off)) / len(off) < 22
