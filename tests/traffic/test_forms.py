# ruff: noqa: ISC004
"""Every form of log that servers write is read, packed or not, and followed while it grows."""

from __future__ import annotations

import bz2
import gzip
import json
import os
import subprocess
import sys
import threading
import time

import pytest
from backports import zstd

from tests.traffic.logs import FIREFOX, line
from upheld.errors import Invalid
from upheld.traffic.reader import Site

AGENT = FIREFOX.replace(" ", "+")
NGINX_JSON = {
    "time_iso8601": "2015-05-20T12:05:03+02:00", "remote_addr": "192.0.2.7", "request": "GET /a?x=1 HTTP/1.1", "status": "200",
    "body_bytes_sent": "100", "request_time": "0.250", "http_referer": "", "http_user_agent": FIREFOX, "http_sec_gpc": "1",
}  # fmt: skip
CADDY_JSON = {
    "level": "info", "ts": 1432116303.5, "logger": "http.log.access", "duration": 0.25, "size": 100, "status": 200,
    "request": {"remote_ip": "192.0.2.7", "method": "GET", "uri": "/a?x=1", "headers": {"User-Agent": [FIREFOX], "Sec-Gpc": ["1"]}},
}  # fmt: skip
FORMS = {
    "common": ('192.0.2.7 - - [20/May/2015:10:05:03 +0000] "GET /a?x=1 HTTP/1.1" 200 100', None, 0),
    "combined": (line(request="GET /a?x=1 HTTP/1.1"), None, 0),
    "vhost": ("shop.example:443 " + line(request="GET /a?x=1 HTTP/1.1"), None, 0),
    "apache with time": (line(request="GET /a?x=1 HTTP/1.1") + " 250000", '%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i" %D', 250_000),  # noqa: E501
    "nginx words": (
        f'192.0.2.7 [20/May/2015:10:05:03 +0000] "GET /a?x=1 HTTP/1.1" 200 100 0.250 "{FIREFOX}"',
        '$remote_addr [$time_local] "$request" $status $body_bytes_sent $request_time "$http_user_agent"',
        250_000,
    ),
    "nginx json": (json.dumps(NGINX_JSON), None, 250_000),
    "caddy json": (json.dumps(CADDY_JSON), None, 250_000),
    "w3c": (
        "#Software: Microsoft Internet Information Services 10.0\n#Version: 1.0\n"
        "#Fields: date time s-ip cs-method cs-uri-stem cs-uri-query s-port c-ip cs(User-Agent) cs(Referer) sc-status sc-bytes time-taken\n"
        f"2015-05-20 10:05:03 10.0.0.1 GET /a x=1 443 192.0.2.7 {AGENT} - 200 100 250",
        None,
        250_000,
    ),
    "cloudfront": (
        "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) "  # noqa: E501
        "cs-uri-query cs(Cookie) time-taken\n"
        f"2015-05-20\t10:05:03\tFRA2-C1\t100\t192.0.2.7\tGET\td1.cloudfront.net\t/a\t200\t-\t{FIREFOX.replace(' ', '%20')}\tx=1\tsid=SECRET\t0.250",  # noqa: E501
        None,
        250_000,
    ),
    "alb": (
        'https 2015-05-20T10:05:03.186641Z app/lb/50dc 192.0.2.7:2817 10.0.0.1:80 0.000 0.250 0.000 200 200 0 100 '
        f'"GET https://shop.example:443/a?x=1 HTTP/1.1" "{FIREFOX}" ECDHE TLSv1.2 arn:x "Root=1" "shop.example" "arn:y" 0 2015-05-20T10:05:03Z '  # noqa: E501
        '"forward" "-" "-" "10.0.0.1:80" "200" "-" "-"',
        None,
        250_000,
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", FORMS)
def test_a_form_is_read(visits, name):
    text, form, micros = FORMS[name]
    done = visits.read(text, form=form)
    assert done.account.fates == {"counted": 1}, (done.account, done.outlines)
    (found,) = [value for key, value in visits.totals().items() if key[1:] == ("page", "/a", 10)]
    assert found == (1, 100, micros, int(micros > 0), 1, 1)


def test_a_signal_in_json_is_heard(visits):
    assert visits.read(json.dumps(CADDY_JSON), json.dumps(NGINX_JSON), site=Site(signal_stops=True)).account.fates == {"signal": 2}


def test_a_w3c_log_whose_fields_change_is_read_on_also_the_next_time(visits, tmp_path):
    path = tmp_path / "iis.log"
    path.write_text(
        "#Fields: date time c-ip cs-uri-stem sc-status\n2015-05-20 10:00:00 192.0.2.1 /a 200\n"
        "#Fields: date time cs-uri-stem c-ip sc-status\n2015-05-20 10:00:00 /b 192.0.2.1 200\n"
    )
    done = visits.read(path)
    assert (done.account.fates, done.account.rejected) == ({"counted": 2}, {"heading": 2})
    with path.open("a") as file:
        file.write("2015-05-20 10:00:01 /c 192.0.2.1 200\n")
    assert visits.read(path).account.fates == {"counted": 1}
    assert {key[2] for key in visits.totals() if key[1] == "page"} == {-1, "/a", "/b", "/c"}


@pytest.mark.parametrize("pack", [gzip.compress, bz2.compress, zstd.compress])
def test_packed_logs_are_read_whatever_their_name(visits, tmp_path, pack):
    path = tmp_path / "log"
    path.write_bytes(pack((line() + "\n").encode() * 3 + line().encode()))
    assert visits.read(path).account.read == 4
    path.write_bytes(pack((line(request="GET /other HTTP/1.1") + "\n").encode() * 20_000)[:-9])
    with pytest.raises(Invalid, match="is damaged: unpack it as far as it goes"):
        visits.read(path)


def test_a_form_that_is_none_is_refused_with_those_there_are(visits):
    with pytest.raises(Invalid, match=r"no known log format fits `.*access.log`: say it with `--format`"):
        visits.read("what is this")
    with pytest.raises(Invalid, match="`nonsense` is no log format: there are common, combined, vhost, json, alb, w3c"):
        visits.read(line(), form="nonsense")
    with pytest.raises(Invalid, match="names no time, status or request"):
        visits.read(line(), form="%h %l %u")


@pytest.mark.parametrize("form", ["json", "w3c", "cloudfront", "vhost", "alb", "caddy", '$msec "$request" $status'])
def test_a_form_that_no_line_has_takes_nothing_in_and_the_right_one_then_does(visits, form):
    path = visits.write(line(), line(request="GET /b HTTP/1.1"))
    with pytest.raises(
        Invalid, match=r"none of the first lines of `.*access.log` has the format `.*`: say the right one, or leave"
    ) as refused:
        visits.read(path, form=form)
    assert "\n" not in str(refused.value)
    done = visits.read(path)
    assert (done.account.fates, done.known) == ({"counted": 2}, [])


@pytest.mark.parametrize("form", [None, "combined"])
def test_one_log_of_another_form_among_several_and_none_is_taken_in(visits, form):
    good, bad = visits.write(line(), name="good.log"), visits.write("what is this", name="bad.log")
    with pytest.raises(Invalid, match=r"`.*bad.log`"):
        visits.run().read([good, bad], form)
    assert visits.totals() == {}
    assert visits.read(good).account.fates == {"counted": 1}


def test_a_log_whose_first_lines_are_junk_or_headings_alone_may_have_a_form(visits):
    assert visits.read("junk", line(), form="combined", name="a.log").account.fates == {"counted": 1}
    assert visits.read("#Version: 1.0", "#Fields: time cs-uri-stem sc-status", form="w3c", name="b.log").account.rejected == {"heading": 2}
    assert visits.read("", "", form="combined", name="c.log").account.rejected == {"empty": 2}


@pytest.mark.parametrize(("name", "known"), [("nginx", "combined"), ("vhost_combined", "vhost"), ("caddy", "caddy json"), ("iis", "w3c")])
def test_a_form_may_be_said_as_servers_call_it(visits, name, known):
    assert visits.read(FORMS[known][0], form=name).account.fates == {"counted": 1}


def test_standard_input_is_read(house, tmp_path):
    from tests.traffic.logs import Visits, keeping

    visits = Visits(house, tmp_path, keeping("30 days"))
    there = {**os.environ, "UPHELD_HOME": str(house.home.path)}
    house.record.close()
    ran = subprocess.run(
        [sys.executable, "-m", "upheld.cli.main", "traffic", "import", "-", "--json"],
        input=f"{line()}\n{line()}".encode(),
        env=there,
        capture_output=True,
        check=True,
    )
    assert json.loads(ran.stdout)["read"] == 2
    assert visits.totals() == {}, "of one visitor of a day long over, nothing is told"


def test_a_live_log_is_followed_through_rotation_and_nothing_is_lost_or_counts_twice(visits, tmp_path):
    path = tmp_path / "live.log"
    path.write_text(line() + "\n")
    stop = threading.Event()
    run = visits.run()
    ended = threading.Thread(target=lambda: run.watch(path, None, every=0.05, stop=stop.is_set))
    ended.start()
    try:
        written = 1
        for turn in range(3):
            for _ in range(10):
                with path.open("a") as file:
                    file.write(line(request=f"GET /{turn} HTTP/1.1")[:50])
                    file.flush()
                    time.sleep(0.01)
                    file.write(line(request=f"GET /{turn} HTTP/1.1")[50:] + "\n")
                written += 1
            path.rename(tmp_path / f"live.log.{turn + 1}")
            path.write_text(line(address=f"192.0.2.{turn + 10}", request="GET /first HTTP/1.1") + "\n")
            written += 1
        deadline = time.monotonic() + 60
        while visits.hits() < written and time.monotonic() < deadline:
            time.sleep(0.1)
    finally:
        stop.set()
        ended.join(60)
    assert visits.hits() == written
    assert not ended.is_alive()


def test_what_was_written_before_a_rotation_that_nobody_saw_is_read_when_following_begins_again(visits, tmp_path):
    path = tmp_path / "live.log"
    path.write_text(line() + "\n")
    visits.run().watch(path, None, every=0, stop=lambda: True)
    with path.open("a") as file:
        file.write(line(request="GET /late HTTP/1.1") + "\n")
    path.rename(tmp_path / "live.log.1")
    path.write_text(line(address="192.0.2.99", request="GET /new HTTP/1.1") + "\n")
    (tmp_path / "live.log.other").write_text(line(request="GET /another HTTP/1.1") + "\n")
    for _ in range(2):
        visits.run().watch(path, None, every=0, stop=lambda: True)
    pages = {key[2]: value[0] for key, value in visits.totals().items() if key[1] == "page" and key[3] == 10}
    assert pages == {"/a": 1, "/late": 1, "/new": 1}


def test_following_what_is_not_there_says_that_it_waits_and_reads_it_when_it_comes(house, tmp_path):
    from tests.traffic.logs import Visits, keeping

    Visits(house, tmp_path, keeping("30 days"))
    house.record.close()
    path = tmp_path / "later.log"
    command = [sys.executable, "-m", "upheld.cli.main", "--home", str(house.home.path), "traffic", "import", str(path), "--follow"]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert child.stderr.readline() == f"`{path}` is not there: waiting for it\n"
        path.write_text(line() + "\n")
        time.sleep(1)
        child.terminate()
        said, _ = child.communicate(timeout=60)
    finally:
        child.kill()
    assert "1 lines read = 1 counted" in said
