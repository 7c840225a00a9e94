"""Days are settled whoever is at work, forgotten where nothing may be measured, and settled anew when the policy asks for more people."""

from __future__ import annotations

import pytest

from tests.houses import CLERK
from tests.traffic.logs import NORTHGATE, Visits, line
from upheld.gate.measuring import Permit, permit
from upheld.jobs.shift import Shift
from upheld.policy import document
from upheld.postings import actions as postings
from upheld.traffic import parts, reports, settling, telling
from upheld.traffic.models import NAME, PART
from upheld.traffic.queries import Period
from upheld.traffic.tables import ITEMS

DAY = "20/May/2015:10:05:03 +0000"
MANY = [line(f"10.1.{host}.1", DAY, "GET /many HTTP/1.1") for host in range(40)]
SOME = [line(f"10.2.{host}.1", DAY, "GET /some HTTP/1.1") for host in range(25)]
FEW = [line(f"10.3.{host}.1", DAY, "GET /few HTTP/1.1") for host in range(12)]


def of_people(count):
    assert "as totals of at least 10 people" in NORTHGATE
    return NORTHGATE.replace("as totals of at least 10 people", f"as totals of at least {count} people").replace(
        "version: 2026.1", "version: 2027.1"
    )


def post(visits, policy):
    with visits.house.record.transaction() as tx:
        postings.post(tx, document.parse(policy, "policy"), at=visits.clock(), actor=CLERK)


def pages(visits):
    return {key[2] for key in visits.totals() if key[1] == "page" and key[3] == -1 and key[2] != -1}


def test_a_worker_settles_what_is_over_without_an_import(house, tmp_path):
    visits = Visits(house, tmp_path)
    visits.read(*MANY, *SOME, line(request="GET /of-one HTTP/1.1"))
    with house.record.reading() as conn:
        assert conn.execute(PART.select()).first() is not None
    visits.at = visits.at.replace(day=23)
    Shift(house.home, house.record, visits.clock).look_after()
    assert {"/many", "/some"} >= pages(visits) > set()
    with house.record.reading() as conn:
        assert conn.execute(PART.select()).first() is None
        assert "/of-one" not in {row.name for row in conn.execute(NAME.select())}
    house.record.close()
    assert b"/of-one" not in house.bytes()


def test_where_nothing_may_be_measured_any_more_days_that_are_over_are_forgotten_whole(house, tmp_path):
    visits = Visits(house, tmp_path)
    visits.read(*MANY)
    less = NORTHGATE.replace("allow measurement using web, tracking as totals", "allow measurement using tracking as totals")
    post(visits, less.replace("version: 2026.1", "version: 2027.1"))
    visits.at = visits.at.replace(day=23)
    (done,) = settling.look_after(house.record, visits.at, CLERK)
    assert (done.told, done.withheld > 0, visits.totals()) == (0, True, {})
    assert settling.look_after(house.record, visits.at, CLERK) == []


def test_a_larger_number_of_people_settles_earlier_days_anew_of_what_they_tell(house, tmp_path):
    visits = Visits(house, tmp_path)
    visits.at = visits.at.replace(month=6)
    visits.read(*MANY, *SOME, *FEW)
    before = visits.totals()
    assert {"/many", "/some", "/few"} == pages(visits)
    post(visits, of_people(20))
    (done,) = settling.look_after(house.record, visits.clock(), CLERK)
    after = visits.totals()
    assert set(after) < set(before)
    assert {key: before[key] for key in after} == after
    assert min(value[5] for value in after.values()) >= 20
    assert "/few" not in pages(visits)
    assert "/some" not in pages(visits), "else the few would be what remains"
    assert done.told == len(after)
    with house.record.reading() as conn:
        assert {row.name for row in conn.execute(NAME.select()) if row.kind == 1} == {"/many"}
        made = reports.report(conn, permit(conn, ITEMS, visits.clock()), Period(done.day, done.day))
    assert made.total.hits == 77
    assert settling.look_after(house.record, visits.clock(), CLERK) == []


def test_the_report_says_where_visitors_may_count_more_than_once(visits):
    visits.read(*MANY, name="first.log")
    visits.read(*SOME, name="second.log")
    visits.at = visits.at.replace(month=7)
    settling.look_after(visits.house.record, visits.clock(), CLERK)
    with visits.house.record.reading() as conn:
        made = reports.report(conn, permit(conn, ITEMS, visits.clock()))
    assert [str(day) for day in made.days.twice] == ["2015-05-20"]
    assert "on 1 days visitors were told apart more than once" in telling.in_words(made)


def test_the_key_of_a_day_goes_when_the_day_is_over(visits):
    run = visits.run()
    visits.write(*MANY)
    turns = []

    def stop():
        turns.append(dict(run.counter.reader.keys.kept))
        visits.at = visits.at.replace(day=21, hour=2) if len(turns) == 2 else visits.at
        return len(turns) == 3

    run.watch(visits.folder / "access.log", None, every=0.01, stop=stop)
    assert [len(each) for each in turns] == [0, 1, 0], "two hours after midnight nobody can tell any more who was who"
    assert visits.hits() == 40


def test_only_the_door_gives_permits():
    with pytest.raises(TypeError, match="comes from"):
        Permit(frozenset(ITEMS), 1, (), "2026.1", "0" * 64)


def test_parts_of_many_commits_are_put_together_and_nothing_is_lost(visits, monkeypatch):
    monkeypatch.setattr(parts, "MOST_PARTS", 12)
    for number in range(9):
        visits.read(*MANY, line(request=f"GET /page{number} HTTP/1.1"), name=f"log{number}")
    with visits.house.record.reading() as conn:
        assert len(conn.execute(PART.select()).all()) <= 18
    totals = visits.totals()
    assert visits.hits() == 9 * 41
    (status,) = [value for key, value in totals.items() if key[1:] == ("status", -1, -1)]
    assert status[4:] == (9 * 41, 41), "added up; of one key surely so many"
    assert {f"/page{number}" for number in range(9)} < pages(visits)
