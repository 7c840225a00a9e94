"""However many names, lines or people there are: memory is bounded, the heaviest names are kept, and what is left over is said."""

from __future__ import annotations

import numpy as np
import pytest

from tests.traffic.logs import line
from upheld.errors import Invalid
from upheld.traffic import counter, importing
from upheld.traffic.books import Book, Register
from upheld.traffic.configured import countries
from upheld.traffic.names import OTHER
from upheld.traffic.parsing import kernel, sources
from upheld.traffic.parsing.addresses import prefix
from upheld.traffic.reader import Site


def test_of_too_many_pages_the_heaviest_are_told_apart_and_all_hits_are_in_the_sum(visits):
    run = visits.run()
    run.counter.most = {**run.counter.most, "page": 20}
    lines = [line(request=f"GET /heavy/{at % 10} HTTP/1.1", address=f"10.0.{at}.1") for at in range(200)]
    lines += [line(request=f"GET /light/{at}x HTTP/1.1", address=f"10.1.{at % 250}.1") for at in range(500)]
    done = run.read([visits.write(*lines)])
    pages = {key[2]: value for key, value in visits.totals().items() if key[1] == "page" and key[3] == 10}
    assert done.account.fates == {"counted": 700}
    assert len(pages) <= 21
    assert {f"/heavy/{at}" for at in range(10)} < set(pages)
    assert sum(value[0] for value in pages.values()) == 700
    assert pages[OTHER][0] >= 480
    assert pages[OTHER][5] == 250, "the visitors of what is left over count once"
    assert run.counter.others == {"page": pages[OTHER][0]} == done.others, "as the report of the import says"


def test_names_that_were_given_out_stay_when_others_come(visits):
    run = visits.run()
    run.counter.most = {**run.counter.most, "page": 5}
    run.read([visits.write(*(line(request=f"GET /first/{at} HTTP/1.1") for at in range(4)), name="a.log")])
    more = [line(request=f"GET /later/{at} HTTP/1.1") for at in range(50)] * 3
    run.read([visits.write(*more, line(request="GET /first/0 HTTP/1.1"), name="b.log")])
    hits = {key[2]: value[0] for key, value in visits.totals().items() if key[1] == "page" and key[3] == 10}
    assert hits["/first/0"] == 2
    assert sum(hits.values()) == 155
    assert len(hits) == 5


def test_a_long_log_is_counted_whole_while_its_oldest_days_are_forgotten(visits, monkeypatch):
    monkeypatch.setattr(counter, "MOST_HELD", 400)
    monkeypatch.setattr(importing, "MOST_HELD", 400)
    monkeypatch.setattr(counter, "BATCH", 20)
    monkeypatch.setattr(sources, "BLOCK", 4096)
    run, held = visits.run(), []
    forget = run.counter.forget_oldest
    monkeypatch.setattr(type(run.counter), "forget_oldest", lambda _, *most: (forget(*most), held.append(set(run.counter.days))))
    days = range(10, 16)
    run.read(
        [visits.write(*(line(when=f"{day}/May/2015:10:00:0{at % 6} +0000", address=f"10.0.{at}.1") for day in days for at in range(60)))]
    )
    found = {key[0]: value for key, value in visits.totals().items() if key[1:] == ("status", -1, -1)}
    assert [(value[0], value[4]) for value in found.values()] == [(60, 60)] * len(days)
    assert len(held) > 3, "committed now and then"
    assert min(held[-1]) > min(held[0])
    assert max(map(len, held)) < len(days)


@pytest.mark.parametrize("compiled", [True, False])
def test_a_book_that_is_full_begins_anew_and_says_the_same(compiled):

    book = Book(lambda text: (int(text),), 1, most=100, kernel=kernel.load() if compiled else None)
    random = np.random.default_rng(1)
    for _ in range(50):
        values = random.integers(0, 200_000, 3000)
        hashes = (values.astype(np.uint64) + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
        (found,) = book.read(hashes, lambda at: str(values[at]))  # noqa: B023 - asked at once
        assert (found == values).all()
    assert len(book) < 200_000


def test_a_register_gives_those_kept_new_numbers_and_the_others_none():

    register = Register()
    codes = [register.code(name) for name in "abcd"]
    moved = register.keep(np.array([codes[3], codes[1]]))
    assert (register.names, moved.tolist()) == ([OTHER, "d", "b"], [0, 0, 2, 0, 1])


def test_countries_come_from_a_table_by_the_truncated_address(visits, tmp_path):
    table = tmp_path / "countries.csv"
    table.write_text("first,last,country\n192.0.2.0,192.0.2.255,DE\n198.51.100.0,198.51.100.255,us\n2001:db8::,2001:db8:ffff:ffff::,FR\n")
    site = Site(country=countries(table))
    visits.read(line("192.0.2.9"), line("198.51.100.1"), line("2001:db8:1::1"), line("203.0.113.1"), site=site)
    assert {key[2] for key in visits.totals() if key[1] == "country" and key[2] != -1} == {"DE", "US", "FR", "(unknown)"}
    assert prefix("192.0.2.9") == prefix("192.0.2.200")


def test_a_table_of_countries_that_cannot_be_read_is_refused(tmp_path):

    with pytest.raises(Invalid, match="cannot be read: no such file"):
        countries(tmp_path / "none")
    bad = tmp_path / "bad.csv"
    bad.write_text("1.0.0.0,1.0.0.255,AU\nwhat,is,this\n")
    with pytest.raises(Invalid, match="holds `first address,last address,country`"):
        countries(bad)


def test_days_of_few_visitors_and_many_pages_are_forgotten_in_time_too(visits, monkeypatch):
    monkeypatch.setattr(counter, "MOST_HELD", 20_000)
    monkeypatch.setattr(importing, "MOST_HELD", 20_000)
    monkeypatch.setattr(counter, "BATCH_HOURS", 24)
    monkeypatch.setattr(sources, "BLOCK", 4096)
    run, held = visits.run(), []
    too_much = run.counter.holds_too_much
    monkeypatch.setattr(type(run.counter), "holds_too_much", lambda _: held.append(len(run.counter.days)) or too_much())
    pages = [f"GET /page{at} HTTP/1.1" for at in range(100)]
    done = run.read(
        [visits.write(*(line(request=page, when=f"{day:02}/May/2015:10:00:00 +0000") for day in range(1, 20) for page in pages))]
    )
    assert done.account.fates == {"counted": 1900}
    assert 1 < max(held) < 10
