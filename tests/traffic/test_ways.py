"""By whichever way lines are taken apart, one by one, by NumPy or by the compiled kernel, the totals are the same."""

from __future__ import annotations

import ctypes
import subprocess
from datetime import datetime

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.traffic.logs import FIREFOX, NORTHGATE, REAL_LOG, Visits, keeping, line
from upheld.errors import Invalid
from upheld.traffic import counting, importing, visitors
from upheld.traffic.parsing import formats, hashing, kernel, lines, slowly
from upheld.traffic.parsing.times import clf_hours, hour_of

KEYS = hashing.Keys.fresh()
ADDRESSES = st.sampled_from(
    "192.0.2.1 10.0.0.255 1.2.3 256.1.1.1 01.2.3.4 2001:db8::1 ::ffff:192.0.2.1 [::1]:80 - host.example 1.2.3.4.5 1..2.3".split()
)
ODD_TIMES = [
    "29/Feb/2015:10:00:00 +0000",
    "29/Feb/2016:10:00:00 +0530",
    "01/Jan/2000:00:10:00 -0130",
    "1/Jan/2000:00:00:00 +0000",
    "31/Dec/1999:23:59:61 +0000",
    "01/Jxn/2000:00:00:00 +0000",
    "01/Jan/2000:24:00:00 +0000",
    "01/Jan/2000 00:00:00 +0000",
]
TIMES = st.datetimes(datetime(1969, 1, 1), datetime(2100, 1, 1))  # noqa: DTZ001 - as hypothesis wants them
WHEN = st.one_of(TIMES.map(lambda at: at.strftime("%d/%b/%Y:%H:%M:%S +0000")), st.sampled_from(ODD_TIMES))
PARTS = st.text(st.sampled_from('/ab?=&%"\\ .é\x16-@#'), max_size=30)
METHODS, VERSIONS = st.sampled_from(["GET", "POST", "PROPFIND", "get", "X"]), st.sampled_from(["HTTP/1.1", "HTTP/2.0", "", "x"])
REQUESTS = st.one_of(st.builds("{} {} {}".format, METHODS, PARTS, VERSIONS), PARTS)
LINES = st.one_of(
    st.builds(
        lambda address, when, request, status, size, referrer, agent: (
            f'{address} - - [{when}] "{request}" {status} {size} "{referrer}" "{agent}"'
        ),
        ADDRESSES,
        WHEN,
        REQUESTS,
        st.sampled_from([200, 404, "000", "99", "abc", 2000]),
        st.sampled_from([0, 5, "-", 10**14, 10**16, "x", ""]),
        PARTS,
        st.one_of(PARTS, st.just(FIREFOX)),
    ),
    st.builds(lambda text, cut: line()[:cut] + text, PARTS, st.integers(0, 180)),
    st.just(""),
)


def rows(text, form, way):
    """Every line that was read, in full, and how many were not, by reason."""
    bad = slowly.Bad()
    compiled = kernel.load() if way == "kernel" else None
    reading = lines.Lines(formats.named(form), KEYS, compiled, quick=way != "slowly")
    found = []
    for split in reading.split(text, bad):
        texts = (split.path, split.query, split.referrer, split.agent)
        for at in range(len(split)):
            numbers = (int(split.prefix[at]), int(split.hour[at]), int(split.status[at]), int(split.size[at]), int(split.micros[at]))
            found.append((*numbers, *(split.text(each, at) for each in texts), *(int(each.hash[at]) for each in texts)))
    return sorted(found), dict(+bad.lines)


@settings(max_examples=300)
@given(st.lists(LINES, max_size=12), st.sampled_from(["combined", "common", "vhost"]), st.sampled_from(["\n", "\r\n"]))
def test_every_way_reads_the_same_of_any_lines(given_lines, form, end):
    if form == "vhost":
        given_lines = [f"shop.example:443 {each}" for each in given_lines]
    text = "".join(f"{each}{end}" for each in given_lines).encode("utf-8", "surrogateescape")
    slow = rows(text, form, "slowly")
    assert rows(text, form, "arrays") == slow
    assert rows(text, form, "kernel") == slow


def test_the_ways_read_the_real_log_alike(real_log):
    slow = rows(real_log, "combined", "slowly")
    assert len(slow[0]) == 9999
    assert rows(real_log, "combined", "arrays") == slow
    assert rows(real_log, "combined", "kernel") == slow


def test_the_totals_are_the_same_by_every_way(house, tmp_path, monkeypatch):
    monkeypatch.setattr(importing.Keys, "fresh", classmethod(lambda _: KEYS))
    monkeypatch.setattr(importing, "DayKeys", lambda: visitors.DayKeys(lambda count: b"k" * count))
    visits = Visits(house, tmp_path, keeping("30 days", NORTHGATE))
    made = []
    for way in ("slowly", "arrays", "kernel"):
        with house.record.transaction() as tx:
            for table in ("traffic_part", "traffic_sum", "traffic_total", "traffic_unit", "traffic_log", "traffic_name"):
                tx.exec_driver_sql(f"DELETE FROM {table}")
        visits.run(way=way).read([REAL_LOG])
        made.append(visits.totals())
    assert made[0] == made[1] == made[2]
    assert len(made[0]) > 1000


def test_the_kernel_is_there_where_a_compiler_is():
    assert isinstance(kernel.load(), kernel.Kernel)


def test_without_a_compiler_numpy_does_it_and_asking_for_the_kernel_is_refused(visits, monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))
    kernel.load.cache_clear()
    try:
        assert kernel.load() is None
        assert visits.read(line()).account.fates == {"counted": 1}
        with pytest.raises(Invalid, match="no compiled kernel"):
            visits.run(way="kernel")
    finally:
        monkeypatch.undo()
        kernel.load.cache_clear()


def test_a_cache_that_others_may_write_is_not_trusted(monkeypatch, tmp_path):
    (tmp_path / "upheld").mkdir()
    (tmp_path / "upheld").chmod(0o777)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    kernel.load.cache_clear()
    try:
        assert kernel.load() is None
    finally:
        kernel.load.cache_clear()


def test_the_kernel_compiles_without_a_warning(tmp_path):
    source = kernel.__file__.replace(".py", ".c")
    command = ["cc", "-Wall", "-Wextra", "-Werror", "-O2", "-shared", "-fPIC", "-o", str(tmp_path / "k.so"), source]
    assert subprocess.run(command, capture_output=True, check=False).stderr == b""
    assert ctypes.CDLL(str(tmp_path / "k.so")).upheld_split


def test_visitors_are_siphash_as_its_authors_give_it():
    key = tuple(int.from_bytes(bytes(range(at, at + 8)), "little") for at in (0, 8))
    first, second = (np.array([part], dtype=np.uint64) for part in key)
    assert int(visitors.visitors(key, first, second)[0]) == 0x3F2ACC7F57C29BDB
    assert int(kernel.load().visitors(key, first, second)[0]) == 0x3F2ACC7F57C29BDB


@given(st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 9), max_size=50), st.integers(1, 200))
def test_numbers_are_put_in_order_and_each_kept_once_alike(numbers, times):
    many = np.array(numbers * times, dtype=np.uint64)
    made = kernel.load().distinct(many)
    assert made.dtype == np.uint64
    assert made.tolist() == visitors.distinct(many).tolist() == sorted(set(numbers))


@pytest.mark.parametrize("text", [b"", b"\n", b"a\nb\n" * 50_000, b"x" * 200_000 + b"\n"])
def test_every_line_has_room(text):
    found = kernel.load().split(text, formats.named("common").shape, KEYS)
    assert len(found) + len(found.odd) == text.count(b"\n")


@given(WHEN)
def test_times_are_read_alike_one_by_one_and_many_at_once(when):
    letters = np.frombuffer(when.ljust(26).encode(), dtype=np.uint8)
    assert len(when) != 26 or clf_hours(letters, np.zeros(1, dtype=np.int64))[0] == hour_of(when)


@pytest.mark.parametrize("count", [500, 20_000, 1_000_000])
def test_a_sketch_is_off_by_no_more_than_two_per_cent(count):
    numbers = np.arange(count, dtype=np.uint64)
    found = visitors.registers(visitors.coupons(kernel.load().visitors((1, 2), numbers, numbers)))
    assert abs(visitors.estimate(found) / count - 1) < 0.02


def test_a_second_that_no_minute_has_spoils_its_own_line_alone():
    text = "".join(f"{line(when=f'17/May/2015:10:05:{second} +0000')}\n" for second in ("03", "62", "04", "x1", "05")).encode()
    assert rows(text, "combined", "kernel") == rows(text, "combined", "arrays") == rows(text, "combined", "slowly")
    assert len(rows(text, "combined", "kernel")[0]) == 3


def test_of_lines_too_short_to_be_read_however_many_the_others_are_read():
    text = b"x\n" * 5000 + line().encode() + b"\n" + b"\n" * 300 + line().encode() + b"\n"
    for way in ("kernel", "arrays", "slowly"):
        found, bad = rows(text, "combined", way)
        assert (len(found), sum(bad.values())) == (2, 5300), way


@given(
    st.lists(st.tuples(*(st.integers(0, top) for top in (5, 2, 10**6)), st.integers(-1, 9), st.integers(0, 3)), max_size=40), st.booleans()
)
def test_lines_are_counted_into_cells_alike(given_lines, some):
    wanted = np.arange(len(given_lines)) % 3 > 0 if some else None
    row, column, size, micros, coupon = (
        (np.array(each, dtype=np.int64) for each in zip(*given_lines, strict=True)) if given_lines else [np.zeros(0, dtype=np.int64)] * 5
    )
    made = []
    for by in (kernel.load().count, counting.count):
        sums = tuple(np.full(18, 7, dtype=np.int64) for _ in range(4))
        pairs = by(wanted, (row, column, size, micros, coupon.astype(np.uint64)), 3, sums)
        made.append((set(pairs.tolist()), [each.tolist() for each in sums]))
    assert made[0] == made[1]
    assert sum(made[0][1][0]) == (len(given_lines) if wanted is None else int(wanted.sum())) + 7 * 18


@given(st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 63).map(lambda bit: 1 << bit), max_size=40))
def test_a_sketch_keeps_the_same_of_hashes(hashes):
    numbers = np.array(hashes, dtype=np.uint64)
    assert kernel.load().coupons(numbers).tolist() == visitors.coupons(numbers).tolist()
