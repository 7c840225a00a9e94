"""Logs become totals: every line has one fate, each hit counts once, and nothing of who came is left."""

from __future__ import annotations

import gzip
import os
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.traffic.logs import FIREFOX, NORTHGATE, Visits, line
from upheld.errors import Conflict, Refused
from upheld.ledger import queries as ledger
from upheld.policy.compiled import Policy
from upheld.traffic.actions import IMPORTED
from upheld.traffic.configured import signal_stops
from upheld.traffic.parsing.addresses import network
from upheld.traffic.reader import Site


def test_every_line_has_one_fate(visits):
    done = visits.read(
        line(),
        line(agent="Googlebot/2.1 (+http://www.google.com/bot.html)"),
        line(agent="UptimeRobot/2.0 (own)"),
        line(address="198.51.100.9"),
        line(referrer="http://www.semalt.com/x"),
        line(request="GET /style.css HTTP/1.1"),
        line(request="GET /robots.txt HTTP/1.1"),
        line(when="31/Dec/2019:23:59:59 +0000"),
        line(when="31/Feb/2015:00:00:00 +0000"),
        line(address="no-address"),
        '192.0.2.7 - - [20/May/2015:10:05:03 +0000] "\\x16\\x03\\x01" 400 0 "-" "-"',
        b"\xff\xfe\x00 binary \x00 junk",
        "",
        line(status="abc"),
        site=Site(monitors=(network("198.51.100.0/24"),), monitor_agents=("UptimeRobot",)),
    )
    account = done.account
    assert account.fates == {"counted": 1, "robot": 2, "monitor": 2, "spam": 1, "asset": 1}
    assert account.rejected == {"time in the future": 1, "time": 1, "address": 1, "request": 1, "form": 1, "empty": 1, "status": 1}
    assert account.read == 14
    assert visits.hits() == 1


def test_the_outlines_of_what_cannot_be_read_show_its_form_and_nothing_it_says(visits):
    done = visits.read(line(), 'ann@shop.example 203.0.113.77 "SECRET"')
    assert done.outlines == {"form": ["aaa" + '@aaaa.aaaaaaa 999.9.999.99 "aaaaaa"']}


def test_junk_in_front_does_not_hide_the_form_of_a_log(visits):
    done = visits.read("{junk", b"\x16\x03\x01{\x00", "{" + "\u0007" * 40, line(), line(), whole=True)
    assert (done.account.fates["counted"], done.account.rejected["form"]) == (2, 3)


def test_a_log_is_taken_in_once_also_when_it_grew_or_was_rotated_and_packed(visits, tmp_path):
    path = visits.write(line(), line(request="GET /b HTTP/1.1"))
    assert visits.read(path).account.read == 2
    assert visits.read(path).account.read == 0
    with path.open("a") as file:
        file.write(line(request="GET /c HTTP/1.1") + "\n")
    rotated = tmp_path / "access.log.1.gz"
    rotated.write_bytes(gzip.compress(path.read_bytes()))
    fresh = visits.write(line(address="192.0.2.200", when="20/May/2015:11:00:00 +0000"), name="access.log")
    done = visits.read(fresh, rotated)
    assert (done.account.read, [each.name for each in done.known]) == (2, ["access.log.1.gz"])
    assert visits.hits() == 4


def test_another_log_that_begins_with_the_same_line_is_another_log(visits):
    first = visits.write(line(), line(request="GET /b HTTP/1.1"), name="one.log")
    second = visits.write(line(), line(request="GET /other HTTP/1.1"), name="two.log")
    assert visits.read(first).account.read + visits.read(second).account.read == 4


def test_a_last_line_without_an_end_waits_for_it(visits, tmp_path):
    path = tmp_path / "live.log"
    path.write_text(line() + "\n" + line()[:40])
    done = visits.read(path)
    assert (done.account.read, done.unended) == (1, [path])
    path.write_text(line() + "\n" + line() + "\n")
    assert visits.read(path).account.fates == {"counted": 1}
    path.write_text(line() + "\n" + line() + "\n" + line())
    assert visits.read(path, whole=True).account.fates == {"counted": 1}
    assert visits.hits() == 3


def test_a_line_without_end_takes_no_memory_and_is_one_reject(visits, tmp_path):
    path = tmp_path / "long.log"
    with path.open("wb") as file:
        file.write(line().encode() + b"\n")
        for _ in range(100):
            file.write(b"x" * (1 << 20))
        file.write(b"\n" + line().encode() + b"\n")
    done = visits.read(path)
    assert (done.account.read, done.account.rejected) == (3, {"too long": 1})
    assert visits.read(path).account.read == 0


def test_visitors_are_networks_with_programs_and_count_once_a_day(visits):
    visits.read(
        line(address="192.0.2.1"), line(address="192.0.2.250"), line(address="192.0.2.1", agent=FIREFOX + "x"), line(address="198.51.100.1"),  # noqa: E501
        line(address="2001:db8:1:2::3"), line(address="2001:db8:1:ffff::3"), line(address="2001:db8:2::1"),
    )  # fmt: skip
    (found,) = [value for key, value in visits.totals().items() if key[1:] == ("page", "/a", 10)]
    assert (found[0], found[4], found[5]) == (7, 5, 5)


def test_what_several_imports_told_apart_is_added_up_but_only_the_most_of_one_is_sure(visits):
    visits.read(line(address="192.0.2.1"), line(address="198.51.100.1"), name="one.log")
    visits.read(line(address="192.0.2.1", request="GET /a?2 HTTP/1.1"), name="two.log")
    (found,) = [value for key, value in visits.totals().items() if key[1:] == ("page", "/a", 10)]
    assert found == (3, 300, 0, 0, 3, 2)


def test_campaigns_and_referrers_lead_to_steps(visits):
    site = Site(hosts=("shop.example",), steps=(("/thanks", "order"),))
    visits.read(
        line(request="GET /?utm_source=news&utm_medium=email&utm_campaign=May&gclid=abc HTTP/1.1", referrer="https://www.google.de/"),
        line(request="GET /thanks HTTP/1.1", referrer="https://www.shop.example/cart"),
        line(address="198.51.100.1", request="GET /thanks HTTP/1.1"),
        line(address="203.0.113.1", request="GET /?gclid=SECRETCLICK HTTP/1.1", referrer="https://chatgpt.com/"),
        site=site,
    )
    cells = {key[1:]: value[0] for key, value in visits.totals().items() if key[1] in {"campaign", "referrer"} and key[2] != -1}
    assert cells == {
        ("campaign", "news / email / may", 0): 1,
        ("campaign", "(none)", 0): 2,
        ("campaign", "paid click (gclid)", 0): 1,
        ("campaign", "news / email / may", 1): 1,
        ("campaign", "(none)", 1): 1,
        ("referrer", "search: Google", 0): 1,
        ("referrer", "(own site)", 0): 1,
        ("referrer", "(direct)", 0): 1,
        ("referrer", "AI assistant: ChatGPT", 0): 1,
        ("referrer", "search: Google", 1): 1,
        ("referrer", "(direct)", 1): 1,
    }


def test_what_looks_personal_is_taken_out_of_page_names_and_counted(visits):
    done = visits.read(
        line(request="GET /reset?email=ann%40shop.example&password=hunter2 HTTP/1.1"),
        line(request="GET /user/ann@shop.example/orders HTTP/1.1"),
        line(request="GET /order/4711000111/x HTTP/1.1"),
    )
    assert done.account.personal == 2
    pages = {key[2] for key in visits.totals() if key[1] == "page" and key[2] != -1}
    assert pages == {"/reset", "(left out: personal)", "/order/*/x"}


def test_a_signal_stops_counting_where_the_policy_says_so(house, tmp_path):
    stops = NORTHGATE.replace(
        "topic sharing stops marketing.partner", "topic sharing stops marketing.partner\ntopic visits stops measurement"
    )
    stops = stops.replace(
        "stop newsletter, post, calls, sharing, suggestions\n", "stop newsletter, post, calls, sharing, suggestions, visits\n", 1
    )
    form = '%h %l %u %t "%r" %>s %b "%{Sec-GPC}i" "%{User-Agent}i"'
    lines = [line(address=f"192.0.2.{host}", referrer=gpc) for host, gpc in ((1, "1"), (2, "-"), (3, "0"))]
    assert (signal_stops(Policy.parse(stops)), signal_stops(Policy.parse(NORTHGATE))) == (True, False)
    visits = Visits(house, tmp_path)
    assert visits.read(*lines, form=form, site=Site(signal_stops=True), name="b.log").account.fates == {"counted": 2, "signal": 1}
    assert visits.read(*reversed(lines), form=form, name="c.log").account.fates == {"counted": 3}


def test_a_form_that_tells_no_program_is_counted_all_the_same(visits):
    lines = [
        '192.0.2.1 - - [20/May/2015:10:05:03 +0000] "GET /a HTTP/1.1" 200 5',
        '192.0.2.1 - a\\b [20/May/2015:10:05:03 +0000] "GET /a HTTP/1.0" 200 5',
    ]
    assert visits.read(*lines).account.fates == {"counted": 2}


def test_without_a_clause_that_allows_it_nothing_is_counted(house, tmp_path):
    visits = Visits(house, tmp_path, NORTHGATE.replace("allow measurement using web, tracking as", "allow measurement using tracking as"))
    with pytest.raises(Refused, match="visits may not be measured"):
        visits.read(line())
    assert visits.totals() == {}


def test_each_import_is_one_entry_of_the_ledger_that_holds_counts_alone(visits):
    visits.read(line(), line(agent="Googlebot"), "junk")
    with visits.house.record.reading() as conn:
        (entry,) = ledger.entries(conn, kind=IMPORTED)
    assert (entry.body["read"], entry.body["fates"], entry.body["rejected"]) == (3, {"counted": 1, "robot": 1}, {"form": 1})


def test_two_imports_of_one_log_at_the_same_moment_count_it_once(visits):
    path = visits.write(line(), line())
    assert visits.read(path).account.read == 2
    with path.open("a") as file:
        file.write(line() + "\n")
    late = visits.run()
    blocks = late.follow(path, None, whole=False)
    next(blocks)
    assert visits.read(path).account.read == 1
    with pytest.raises(Conflict, match="another import is reading the same log"):
        list(blocks)
    assert visits.hits() == 3


CHILD = """
import os, signal, sys
from pathlib import Path
from datetime import datetime, UTC
from upheld.home import Home
from upheld.record import Actor, Record
from upheld.traffic import importing
from upheld.traffic.parsing import sources
from upheld.traffic.reader import Site
sources.BLOCK, importing.COMMIT_LINES = 20_000, 700
home = Home.find(Path(sys.argv[1])); record = Record(home.record_url)
at = datetime(2015, 5, 20, 21, 30, tzinfo=UTC)
ran = importing.Import(home, record, Site(), lambda: at, Actor("a child"))
dies = int(sys.argv[3])
for number, _ in enumerate(ran.follow(Path(sys.argv[2]), None, whole=True)):
    if number == dies:
        os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("dies", [0, 3, 20, 60])
def test_after_kill_9_at_any_block_every_hit_counts_once(visits, real_log, dies):
    path = visits.write(real_log.rstrip(b"\n"), name="real.log")
    there = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    home = str(visits.house.home.path)
    for _ in range(2):
        ran = subprocess.run([sys.executable, "-c", CHILD, home, str(path), str(dies)], env=there, check=False, capture_output=True)
        assert ran.returncode in {-signal.SIGKILL, 0}, ran.stderr
    visits.read(path)
    fates = Counter()
    with visits.house.record.reading() as conn:
        for entry in ledger.entries(conn, kind=IMPORTED):
            fates.update(entry.body["fates"] | {"rejected": sum(entry.body["rejected"].values())})
    assert sum(fates.values()) == 10_000
    assert visits.hits() == fates["counted"] == 2461
