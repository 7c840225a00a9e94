"""Nobody who visited can be found again: not in a file of the home, not in the database, not in a field of any type."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import re

from sqlalchemy import Table

import upheld.traffic
from tests.traffic.logs import NORTHGATE, Visits, line
from upheld.traffic.hits import Hits
from upheld.traffic.models import PART
from upheld.traffic.visitors import DayKeys

PLANTED = [
    "203.0.113.77", "2001:db8:aaaa:bbbb::77", "session=c00k1e-planted-4711", "planted.person@shop.example", "planted.person%40shop.example",
    "PlantedBrowser/77.1 (unusual)", "hunter2planted", "CLICKplanted99", "planted-user", "203.0.113", "2001:db8:aaaa", "/only/planted/once",
]  # fmt: skip
FORBIDDEN = re.compile(r"address|cookie|agent|prefix|network|\bip\b|user")


def planted_lines():
    yield from (line(address=f"192.0.{net}.7", request="GET /many HTTP/1.1") for net in range(40))
    yield from (line(address=f"198.51.{net}.7", request="GET /more HTTP/1.1") for net in range(60))
    yield line(address="203.0.113.77", agent="PlantedBrowser/77.1 (unusual)", request="GET /x?password=hunter2planted HTTP/1.1")
    yield line(address="2001:db8:aaaa:bbbb::77", request="GET /many?gclid=CLICKplanted99 HTTP/1.1")
    yield line(request="GET /planted.person@shop.example HTTP/1.1", referrer="http://a.example/?m=planted.person%40shop.example")
    yield line(request="GET /only/planted/once HTTP/1.1")
    yield line().replace("- - [", "- planted-user [", 1)
    yield line()[:-1] + '\\" session=c00k1e-planted-4711"'
    yield "203.0.113.77 no line at all, session=c00k1e-planted-4711"


def test_nothing_of_planted_visitors_lies_anywhere_after_import(house, tmp_path):
    visits = Visits(house, tmp_path, NORTHGATE)
    visits.at = visits.at.replace(month=6)
    done = visits.read(*planted_lines())
    assert (done.account.read, len(done.settled)) == (107, 1)
    assert [key[2] for key in visits.totals() if key[1] == "page" and key[3] == 10] == ["/more"]
    house.record.close()  # as at the end of every command: SQLite then clears its write-ahead log away
    found = house.bytes().lower()
    assert b"/more" in found, "the search would find it"
    assert [text for text in PLANTED if text.lower().encode() in found] == []


def test_while_a_day_is_open_no_address_cookie_or_program_lies_anywhere(visits):
    visits.read(*planted_lines())
    found = visits.house.bytes().lower()
    assert b"/only/planted/once" in found, "names of pages wait for others to join"
    assert [text for text in PLANTED if text != "/only/planted/once" and text.lower().encode() in found] == []


def test_a_sketch_of_fewer_people_than_the_policy_says_is_never_stored(visits):
    visits.read(*(line(address=f"192.0.{net}.7") for net in range(9)), name="few.log")
    with visits.house.record.reading() as conn:
        assert {row.sketch for row in conn.execute(PART.select())} == {None}
    visits.read(*(line(address=f"192.0.{net}.7", request="GET /b HTTP/1.1") for net in range(10)), name="more.log")
    with visits.house.record.reading() as conn:
        assert {len(row.sketch) for row in conn.execute(PART.select()) if row.sketch} == {4096 + 40}


def test_no_type_after_the_parser_has_a_field_for_an_address_a_cookie_or_a_program():
    seen = 0
    for module in pkgutil.walk_packages(upheld.traffic.__path__, "upheld.traffic."):
        if re.match(r"upheld\.traffic\.(parsing|scanning|panel|links)", module.name):
            continue
        for kind in vars(importlib.import_module(module.name)).values():
            if dataclasses.is_dataclass(kind) and kind.__module__ == module.name:
                seen += 1
                named = [each.name for each in dataclasses.fields(kind) if FORBIDDEN.search(each.name)]
                assert named in ([], ["monitor_agents"]), kind  # the merchant's own word for its own monitors
    assert seen > 10
    assert Hits in {kind for kind in vars(importlib.import_module("upheld.traffic.hits")).values() if isinstance(kind, type)}


def test_the_tables_have_no_column_for_one():
    from upheld.traffic import models

    tables = [table for table in vars(models).values() if isinstance(table, Table)]
    assert len(tables) == 7
    assert [column.name for table in tables for column in table.columns if FORBIDDEN.search(column.name)] == []


def test_a_days_key_is_gone_when_it_is_forgotten_and_the_next_one_is_another():
    keys = DayKeys()
    first = keys.of(1)
    assert keys.of(1) == first
    keys.forget(1)
    assert keys.of(1) != first
    assert str(first[0]) not in repr(keys)
