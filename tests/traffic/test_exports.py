"""Totals of other tools are taken in as totals; what could tell of single people is refused whole."""

from __future__ import annotations

from datetime import date

import pytest

from tests.houses import CLERK
from tests.traffic.logs import NORTHGATE, Visits
from upheld.cli import main
from upheld.errors import Conflict, Invalid, Refused
from upheld.gate.measuring import permit
from upheld.traffic import exports
from upheld.traffic.tables import TRACKING

MATOMO = "Label,Unique visitors,Pageviews\n/shoes,120,300\n/hats,40,55\n/rare,3,9\n"
PLAUSIBLE = "name,visitors,pageviews,bounce_rate,visit_duration\nGoogle,120,300,40,10\nBing,30,50,30,20\nt.example,2,2,1,1\n"
GA4 = "# ----\n# Pages\n# ----\nDate,Page path and screen class,Views,Active users\n20150519,/shoes,300,120\n20150519,/hats,55,40\n20150520,/shoes,20,15\n"  # noqa: E501


@pytest.fixture
def take(house, tmp_path):
    visits = Visits(house, tmp_path, NORTHGATE)

    def taken(text, source="matomo", day=date(2015, 5, 19), of=None):
        path = tmp_path / "export.csv"
        path.write_text(text)
        with house.record.transaction() as tx:
            allowed = permit(tx, TRACKING, visits.clock())
            done = exports.take(tx, path, source, allowed, file="0" * 64, day=day, of=of, at=visits.clock(), actor=CLERK)
        return done, {(key[1], key[2]): value[:1] + value[4:5] for key, value in visits.totals().items() if key[2] != -1}

    taken.visits = visits
    return taken


def test_matomos_pages_are_totals_and_small_rows_are_forgotten(take):
    done, told = take(MATOMO)
    assert (done.rows, told) == (3, {("page", "/shoes"): (300, 120)}), "/rare is of three people, and hides the next smallest"


def test_plausibles_sources_are_read(take):
    assert take(PLAUSIBLE, "plausible", of="referrer")[1] == {("referrer", "Google"): (300, 120)}


def test_ga4s_days_are_read(take):
    done, told = take(GA4, "ga4", day=None)
    assert len(done.days) == 2
    assert told[("page", "/hats")] == (55, 40)


@pytest.mark.parametrize(
    "heading",
    [
        "User ID",
        "visitorId",
        "Client ID",
        "Session ID",
        "E-Mail",
        "IP address",
        "user_agent",
        "idVisit",
        "Transaction ID",
        "Phone",
        "gclid",
    ],
)
def test_a_column_that_could_tell_people_apart_refuses_the_whole_file(take, heading):
    text = f"Label,Unique visitors,Pageviews,{heading}\n/shoes,120,300,x\n"
    if heading == "visitorId":
        text = text.replace("visitorId", "visitor id")
    if heading == "idVisit":
        text = text.replace("idVisit", "idvisit")
    with pytest.raises(Refused, match="could tell people apart"):
        take(text)
    assert take.visits.totals() == {}


@pytest.mark.parametrize("heading", ["shopperRef", "Ref", "custom dimension 1", "", "Segment", "crm"])
def test_a_column_that_nothing_is_known_of_refuses_the_whole_file_and_is_not_repeated(take, heading):
    with pytest.raises(Refused, match="nothing is known of the column 4: export totals without it; nothing was taken in"):
        take(f"Label,Unique visitors,Pageviews,{heading}\n/shoes,120,300,x\n")
    assert take.visits.totals() == {}
    assert take("Label,Unique visitors,Pageviews,Bounce rate\n/shoes,120,300,x\n")[0].rows == 1


def test_a_day_that_has_not_come_is_refused(take):
    with pytest.raises(Invalid, match="a row of 2015-05-21, which has not come yet"):
        take(MATOMO, day=date(2015, 5, 21))
    with pytest.raises(Invalid, match="a row of 2115-05-20, which has not come yet"):
        take(GA4.replace("20150520", "21150520"), "ga4", day=None)
    assert take(MATOMO, day=date(2015, 5, 20))[0].rows == 3


@pytest.mark.parametrize("value", ["/u/ann@shop.example", "/u/ann%40shop.example", "/from/192.0.2.7", "1234567890.1234567890"])
def test_a_row_that_names_a_person_refuses_the_whole_file_and_is_not_repeated(take, value):
    with pytest.raises(Refused, match="row 5 holds what could be") as refused:
        take(MATOMO + f"{value},90,90\n")
    assert "ann" not in str(refused.value)
    assert take.visits.totals() == {}


def test_a_file_that_is_no_export_of_totals_is_refused_with_what_to_do(take):
    for text, words in (
        ("", "holds no totals"),
        ("Label,Pageviews\n/a,5\n", "of how many visitors"),
        ("Pageviews,Unique visitors\n5,5\n", "must be of one thing"),
        ("Label,Unique visitors\n/a,many\n", "row 2 has no whole number"),
        ("Date,Page,Visitors\nyesterday,/a,20\n", "row 2 has no day"),
    ):
        with pytest.raises((Invalid, Refused), match=words):
            take(text)
    with pytest.raises(Invalid, match="give `--day`"):
        take(MATOMO, day=None)


def test_a_day_of_one_tool_is_taken_in_once(take):
    take(MATOMO)
    with pytest.raises(Conflict, match="there are totals of matomo by page for 2015-05-19 already"):
        take(MATOMO)


def test_a_report_of_a_source_that_is_none_names_those_there_are(take, capsys, monkeypatch):
    take(MATOMO)
    monkeypatch.setenv("UPHELD_HOME", str(take.visits.house.home.path))
    take.visits.house.record.close()
    assert main.run(["traffic", "report", "--source", "nix"]) == 2
    assert "there are no totals of `nix`: there are those of `matomo page`" in capsys.readouterr().err


def test_reports_say_where_totals_come_from(take, capsys, monkeypatch):
    take(MATOMO)
    monkeypatch.setenv("UPHELD_HOME", str(take.visits.house.home.path))
    take.visits.house.record.close()
    assert main.run(["traffic", "report", "--from", "2015-05-19", "--to", "2015-05-19", "--source", "matomo page"]) == 0
    said = capsys.readouterr().out
    assert "totals from matomo page, not from our own logs" in said
    assert "/shoes" in said
