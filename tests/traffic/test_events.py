"""Page events: what is acknowledged is counted, exactly once, whenever the process is killed; and nobody can be told from what is kept."""

from __future__ import annotations

import http.client
import json
import signal
import subprocess
import sys
import threading
import time
from contextlib import closing, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import func, select

from tests.browser.served import free_port
from tests.traffic.running import upheld
from tests.web import sites
from upheld.errors import Conflict, Invalid
from upheld.traffic import parts
from upheld.traffic.events import journal
from upheld.traffic.events.edge import says_no
from upheld.traffic.events.taking import Taker
from upheld.traffic.events.told import event, of_image, row
from upheld.traffic.models import ACCOUNT, UNIT
from upheld.traffic.reader import STEPS
from upheld.traffic.tables import CAMPAIGN, PAGE, REFERRER

SCRIPT = Path(journal.__file__).with_name("page.js")
AGENT = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/156.0.0.0 Safari/537.36"
HOUR = int(time.time()) // 3600
WHO = {"address": "203.0.113.77", "agent": AGENT, "hour": HOUR}


@pytest.fixture
def house(store):
    return store


def now():
    return datetime.now(UTC)


def told(page, kind="page", referrer="", **who):
    return event(json.dumps({"e": kind, "p": page, "r": referrer}).encode(), **WHO | who)


def totals(record, table, *, column=-1):
    """Hits by name of a table's rows, over all days."""
    made: dict[str, int] = {}
    with record.reading() as conn:
        for unit in conn.execute(select(UNIT.c.id)).scalars():
            part = parts.held(conn, unit, table)
            for row, at, hits in zip(*(part.columns[each].tolist() for each in ("row", "column", "hits")), strict=True) if part else ():
                if row >= 0 and at == column:
                    made[part.names[row]] = made.get(part.names[row], 0) + hits
    return made


def fates(record):
    with record.reading() as conn:
        return {
            fate: int(lines) for fate, lines in conn.execute(select(ACCOUNT.c.fate, func.sum(ACCOUNT.c.lines)).group_by(ACCOUNT.c.fate))
        }


def killed(taker):
    """As if the process had been killed: only the lock of its folder goes."""
    import os

    os.close(taker._lock)


def test_the_script_of_pages_weighs_at_most_two_kilobytes():
    assert len(SCRIPT.read_bytes()) <= 2_000


def test_events_become_totals_by_page_referrer_campaign_and_step(house):
    taker = Taker(house.home, house.record, now)
    taker.take(
        [told("/basket?utm_source=mail&utm_campaign=spring", referrer="https://www.google.com"), told("/basket"), told("/")], signals=2
    )
    taker.take([told("/thanks", "order", address="198.51.100.78"), told("/", agent="Googlebot/2.1 (+http://www.google.com/bot.html)")])
    taker.close()
    assert totals(house.record, PAGE) == {"/basket": 2, "/": 1}
    assert totals(house.record, REFERRER, column=0) == {"search: Google": 1, "(direct)": 3}
    assert totals(house.record, REFERRER, column=STEPS.index("order")) == {"(direct)": 1}
    assert totals(house.record, CAMPAIGN, column=0)["mail / - / spring"] == 1
    assert fates(house.record) == {"counted": 4, "robot": 1, "signal": 2}
    assert list((house.home.path / "events").iterdir()) == [house.home.path / "events" / "lock"]


def test_assistants_and_search_are_named_and_spammers_are_dropped_with_a_count(house):
    taker = Taker(house.home, house.record, now)
    sent_by = ("https://chatgpt.com", "https://duckduckgo.com", "https://bsky.app", "https://semalt.com", "https://partner.example", "")
    taker.take([told("/", referrer=each) for each in sent_by])
    taker.close()
    found = totals(house.record, REFERRER, column=0)
    assert {name: found[name] for name in ("partner.example", "(direct)")} == {"partner.example": 1, "(direct)": 1}
    assert sorted(name.partition(":")[0] for name in found if ":" in name) == ["AI assistant", "search", "social"]
    assert fates(house.record) == {"counted": 5, "spam": 1}


def test_a_conversion_counts_for_the_way_by_which_its_visitor_came(house):
    taker = Taker(house.home, house.record, now)
    taker.take([told("/?utm_source=mail", referrer="https://www.bing.com")])
    taker.take([told("/thanks", "order")])
    taker.close()
    assert totals(house.record, REFERRER, column=STEPS.index("order")) == {"search: Bing": 1}
    assert totals(house.record, CAMPAIGN, column=STEPS.index("order")) == {"mail / - / -": 1}


@pytest.mark.parametrize("dies", ["before the record", "between record and journal", "in the middle of a group"])
def test_whoever_is_killed_has_counted_what_was_acknowledged_exactly_once(house, dies):
    taker = Taker(house.home, house.record, now)
    for _ in range(3):
        taker.take([told("/basket"), told("/basket"), told("/?utm_source=mail")], signals=1)
    if dies == "between record and journal":
        waiting = taker.turn()
        kept = waiting.journal.read_bytes()
        taker.put(waiting)
        waiting.journal.write_bytes(kept)
    elif dies == "in the middle of a group":
        with taker._journal.path.open("ab") as file:
            file.write(b"000000ff 00000000\n[{")
    killed(taker)
    for _ in range(2):
        Taker(house.home, house.record, now).close()
    assert totals(house.record, PAGE) == {"/basket": 6, "/": 3}
    assert totals(house.record, CAMPAIGN, column=0) == {"(none)": 6, "mail / - / -": 3}
    assert fates(house.record) == {"counted": 9, "signal": 3}


def test_hits_that_outlived_their_process_are_of_one_visitor_at_most(house):
    taker = Taker(house.home, house.record, now)
    taker.take([told("/", address=f"203.0.{number}.1") for number in range(50)])
    killed(taker)
    Taker(house.home, house.record, now).close()
    with house.record.reading() as conn:
        columns = parts.held(conn, conn.execute(select(UNIT.c.id)).scalar_one(), PAGE).columns
    (whole,) = [at for at, (row, column) in enumerate(zip(columns["row"], columns["column"], strict=True)) if row == column == -1]
    hits, people = columns["hits"][whole], columns["people"][whole]
    assert (hits, people) == (50, 1)


def test_nobody_can_be_told_from_what_lies_in_the_home(house):
    taker = Taker(house.home, house.record, now)
    agent = AGENT.replace("Linux", "Plantedsystem")
    taker.take([told("/reset/ida@planted.example?utm_source=mail&token=planted17", address="198.51.100.23", agent=agent)])
    taker.take(
        [told("/order/9f8e7d6c5b4a39281706", "order", "https://planted-mail.example/folder-of-ida", address="198.51.100.23", agent=agent)]
    )
    before = house.bytes()
    taker.close()
    for kept in (before, house.bytes()):
        for planted in (b"198.51.100", b"Plantedsystem", b"ida@", b"planted17", b"9f8e7d6c", b"folder-of-ida"):
            assert planted not in kept
    assert b"planted-mail.example" in before  # a host that sends visitors is a total


def test_one_process_alone_takes_events_in(house):
    taker = Taker(house.home, house.record, now)
    with pytest.raises(Conflict, match="another process takes events in for this home"):
        Taker(house.home, house.record, now)
    taker.close()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"no",
        b"[]",
        b'{"e": "page"}',
        b'{"e": "page", "p": "basket"}',
        b'{"e": "page", "p": 17}',
        b'{"e": "died", "p": "/"}',
        b'{"e": "page", "p": "/", "r": null}',
        b'{"e": "page", "p": "/", "name": "Ida"}',
        b'{"e": "page", "p": "/' + b"x" * 1200 + b'"}',
        b'{"e": "page", "p": "/", "r": "' + b"x" * 3000 + b'"}',
        b"[" * 2000,
    ],
)
def test_what_no_page_tells_is_refused(body):
    with pytest.raises(Invalid):
        event(body, **WHO)


def test_an_image_tells_the_page_that_holds_it():
    assert row(of_image({}, "https://shop.example/basket?utm_source=mail"), **WHO).target == "/basket?utm_source=mail"
    assert row(of_image({"p": "/thanks", "e": "order"}, "https://shop.example/"), **WHO).target == "/(order)"


@pytest.mark.parametrize(
    ("headers", "no"),
    [
        ({}, False),
        ({"sec-gpc": "1"}, True),
        ({"sec-gpc": "0"}, False),
        ({"dnt": "1"}, True),
        ({"cookie": "a=b; upheld_choice=20000.abcdefabcdef."}, True),
        ({"cookie": "upheld_choice=20000.abcdefabcdef.visits"}, False),
        ({"cookie": "upheld_choice=no"}, False),
    ],
)
def test_a_no_is_heard_from_the_browser_and_from_the_panel(headers, no):
    assert says_no(headers) is no


@contextmanager
def running(house, port):
    command = [sys.executable, "-m", "upheld.cli.main", "--home", str(house.home.path), "serve", "events", "--port", str(port)]
    log = house.home.path / "events.log"
    with log.open("ab") as said:
        child = subprocess.Popen(command, stdout=said, stderr=said, start_new_session=True)
    try:
        until = time.monotonic() + 60
        while True:
            assert child.poll() is None, log.read_text()
            try:
                if ask(port, "GET", "/alive")[0] == 204:
                    break
            except OSError:
                assert time.monotonic() < until, log.read_text()
                time.sleep(0.1)
        yield child
    finally:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
            child.wait(60)


def ask(port, method, path, body=None, **headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.request(method, path, body, {"User-Agent": AGENT, **{name.replace("_", "-"): value for name, value in headers.items()}})
        answer = connection.getresponse()
        return answer.status, answer.read(), dict(answer.headers)
    finally:
        connection.close()


def kill_all(child):
    """SIGKILL for the command and for the process that it started, at once."""
    import os

    os.killpg(child.pid, signal.SIGKILL)
    child.wait(30)


def test_the_served_process_takes_events_hears_a_no_and_answers_in_few_words(house):
    port = free_port()
    page = json.dumps({"e": "page", "p": "/basket", "r": ""})
    with (house.home.path / "upheld.toml").open("a") as settings:
        settings.write('\n[traffic]\nhosts = "shop.example"\n')
    with running(house, port):
        assert "the events are at http" in (house.home.path / "events.log").read_text()
        status, body, headers = ask(port, "GET", "/e.js")
        assert (status, body) == (200, SCRIPT.read_bytes())
        assert ask(port, "POST", "/e", page)[:2] == (204, b"")
        assert ask(port, "POST", "/e", page, Sec_GPC="1")[0] == 204
        status, body, headers = ask(port, "GET", "/e.gif?p=/quiet")
        assert (status, body[:6], headers["content-type"]) == (200, b"GIF89a", "image/gif")
        assert "set-cookie" not in {name.lower() for name in headers}
        assert ask(port, "POST", "/e", "{")[:2] == (400, b"an event is JSON: `e`, `p` and `r`\n")
        assert ask(port, "POST", "/e", "x" * 3000)[0] == 400
        assert ask(port, "GET", "/else")[0] == 404
        assert ask(port, "GET", "/e.gif?p=/", Referer="https://elsewhere.example/")[0] == 403
        assert ask(port, "POST", "/e", page, Origin="https://elsewhere.example")[0] == 403
        assert ask(port, "POST", "/e", page, Origin="https://www.shop.example")[0] == 204
        second = upheld(house, "serve", "events", "--port", str(free_port()))
        assert (second.code, second.err) == (
            2,
            "upheld: another process takes events in for this home: one alone can tell visitors apart\n",
        )
    assert totals(house.record, PAGE) == {"/basket": 2, "/quiet": 1}
    assert fates(house.record) == {"counted": 3, "signal": 1}


def test_a_policy_that_lets_nobody_count_visits_takes_no_events_in(house):
    text = sites.POLICY.read_text("utf-8").replace("2026.1", "2026.2")
    text = text.replace("allow measurement using web, tracking as totals of at least 10 people", "allow measurement using quote")
    sites.post_policy(house, text, at=datetime.now(UTC))
    refused = upheld(house, "serve", "events", "--port", str(free_port()))
    assert refused.code == 2
    assert refused.err.startswith("upheld: visits may not be measured: ")


def test_what_was_acknowledged_is_there_after_a_kill(house):
    port, acknowledged, stop = free_port(), [0] * 8, threading.Event()
    page = json.dumps({"e": "page", "p": "/basket", "r": ""})

    def sender(number):
        with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
            while not stop.is_set():
                try:
                    connection.request("POST", "/e", page, {"User-Agent": AGENT})
                    with connection.getresponse() as answer:
                        answer.read()
                except (OSError, http.client.HTTPException):
                    return
                if answer.status == 204:
                    acknowledged[number] += 1

    sent = 0
    for _ in range(3):
        with running(house, port) as child:
            senders = [threading.Thread(target=sender, args=(number,)) for number in range(8)]
            for each in senders:
                each.start()
            time.sleep(1.5)
            kill_all(child)
            for each in senders:
                each.join(30)
        sent += 8  # at most one event of each sender was on its way
    with running(house, port):
        pass
    counted = totals(house.record, PAGE)["/basket"]
    assert sum(acknowledged) > 100
    assert sum(acknowledged) <= counted <= sum(acknowledged) + sent
