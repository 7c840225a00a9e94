"""Nobody who visited can be found again: not in a file of the home, not in the database, not in a field of any type."""

from __future__ import annotations

import dataclasses
import importlib
import pkgutil
import re
import time
from urllib.parse import unquote

import pytest
from sqlalchemy import Table

import upheld.traffic
from tests.traffic.logs import NORTHGATE, Visits, line
from upheld.traffic import names
from upheld.traffic.hits import Hits
from upheld.traffic.models import PART
from upheld.traffic.visitors import DayKeys

PLANTED = [
    "203.0.113.77", "2001:db8:aaaa:bbbb::77", "session=c00k1e-planted-4711", "planted.person@shop.example", "planted.person%40shop.example",
    "PlantedBrowser/77.1 (unusual)", "hunter2planted", "CLICKplanted99", "planted-user", "203.0.113", "2001:db8:aaaa", "/only/planted/once",
    "198.18.44.77", "198-18-44-77", "2001:db8:cccc:dddd::77", "planted.person%2540shop.example", "plantedsession", "0171 4711 0815",
    "0171-4711-0815", "plantedresetcode", "plantedtokencode", "eyjplanted", "planted-7711-4711", "3324072269",
]  # fmt: skip
IDENTIFYING = [
    "/from/198.18.44.77/x", "/from/198.18.44.77.html", "/from/198-18-44-77", "/from/[2001:db8:cccc:dddd::77]", "/x2001:db8:cccc:dddd::77",
    "/planted.person%2540shop.example", "/planted.person%252540shop.example", "/cart;jsessionid=PLANTEDSESSION/x;PLANTEDSESSION",
    "/cart%3Bjsessionid=PLANTEDSESSION", "/cart%253Fid=PLANTEDSESSION", "/call/0171%204711%200815.html", "/call/t0171-4711-0815",
    "/reset/PLANTEDRESETCODE", "/reset/password/PLANTEDRESETCODE/x", "/password-reset/PLANTEDRESETCODE", "/api/token/PLANTEDTOKENCODE",
    "/in/eyJPLANTEDhead.eyJPLANTEDbody.sign", "/in/aaaaaaaaaaaaaaaaaaa.planted-7711-4711-bbbbbbbb.cccccccccccccccccccc",
    "/host/3324072269x", "/%25252525252540PLANTEDSESSION",
]  # fmt: skip
FORBIDDEN = re.compile(r"address|cookie|agent|prefix|network|\bip\b|user")


def planted_lines():
    yield from (line(address=f"192.0.{net}.7", request="GET /many HTTP/1.1") for net in range(40))
    yield from (line(address=f"198.51.{net}.7", request="GET /more HTTP/1.1") for net in range(60))
    yield line(address="203.0.113.77", agent="PlantedBrowser/77.1 (unusual)", request="GET /x?password=hunter2planted HTTP/1.1")
    yield line(address="2001:db8:aaaa:bbbb::77", request="GET /many?gclid=CLICKplanted99 HTTP/1.1")
    yield line(request="GET /planted.person@shop.example HTTP/1.1", referrer="http://a.example/?m=planted.person%40shop.example")
    yield line(request="GET /only/planted/once HTTP/1.1")
    for path in IDENTIFYING:
        yield line(request=f"GET {path} HTTP/1.1")
    for host in ("198.18.44.77", "198.18.44.77:8080", "[2001:db8:cccc:dddd::77]", "198-18-44-77.line.example", "3324072269"):
        yield line(referrer=f"http://{host}/x")
    for text in ("198.18.44.77", "0171-4711-0815", "2001:db8:cccc:dddd::77", "planted.person%2540shop.example", "eyJplantedhead.x.y"):
        yield line(request=f"GET /?utm_source={text} HTTP/1.1")
    yield line().replace("- - [", "- planted-user [", 1)
    yield line()[:-1] + '\\" session=c00k1e-planted-4711"'
    yield "203.0.113.77 no line at all, session=c00k1e-planted-4711"


def test_nothing_of_planted_visitors_lies_anywhere_after_import(house, tmp_path):
    visits = Visits(house, tmp_path, NORTHGATE)
    visits.at = visits.at.replace(month=6)
    done = visits.read(*planted_lines())
    assert (done.account.read, len(done.settled)) == (107 + len(IDENTIFYING) + 10, 1)
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


def test_names_without_anybody_in_them_stay_as_they_are():
    for path in (
        "/",
        "/shoes/red-42",
        "/v1.2.3/docs",
        "/std::string",
        "/Net::DNS",
        "/2015/05/20/a",
        "/presets/dark",
        "/a%20b",
        "/reset",
        "/x:y",
    ):
        assert names.page(path).name == unquote(path)
    assert names.page("/shoes;v=1/red").name == "/shoes/red"
    assert names.page("/style.css;jsessionid=1").is_asset
    assert names.campaign("utm_source=news&utm_medium=e-mail&utm_campaign=may+2026") == "news / e-mail / may 2026"
    assert names.campaign("utm_source=198.18.44.77") == "* / - / -"
    assert names.referrer("http://127.0.0.1/x", ("127.0.0.1",)) == names.OWN
    assert names.referrer("http://blog.example/x", ()) == "blog.example"


@pytest.mark.parametrize("part", ["eyj", "token_", "1 ", "1-", "a:", ":", "/-", "1.", ";", "a.", "f"])
def test_no_path_takes_long(part):
    began = time.perf_counter()
    names.page("/" + part * (65_000 // len(part)))
    names.campaign("utm_source=" + part.replace(";", "") * (65_000 // len(part)))
    assert time.perf_counter() - began < 2


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
