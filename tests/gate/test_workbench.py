"""What DuckDB says of disk, memory and files becomes one line; what is our own fault stays one."""

from __future__ import annotations

import random
import resource

import duckdb
import pytest
from sqlglot import exp

from upheld.errors import Conflict, Invalid, No
from upheld.gate.workbench import Workbench, call, copy_to, said


@pytest.fixture
def bench(tmp_path):
    made = Workbench(tmp_path, memory_mb=16)
    yield made
    made.close()


def numbers(count):
    return call("range", exp.Literal.number(count))


def test_too_little_memory_is_said(bench):
    with pytest.raises(Conflict, match="needs more memory than it may take: free some disk space"):
        bench.rows(exp.select(exp.func("list", exp.column("range"))).from_(numbers(20_000_000)))


def test_a_full_disk_is_said(bench, tmp_path):
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, hard))
    try:
        with pytest.raises(Conflict, match="the disk is full: make room and run it again"):
            bench.run(copy_to(exp.select("*").from_(numbers(100_000)), tmp_path / "full.csv", "csv"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_file_that_went_away_is_said(bench, tmp_path):
    with pytest.raises(Invalid, match="the list cannot be read: look at its owner and mode; if they are right it is damaged"):
        bench.rows(exp.select("*").from_(call("read_parquet", exp.Literal.string(str(tmp_path / "gone.parquet")))))


def test_a_fault_of_ours_is_not_called_one_of_the_list(bench):
    with pytest.raises(duckdb.BinderException):
        bench.rows(exp.select("nothing"))


def test_what_a_damaged_list_does_to_the_reader_itself_is_called_damage():
    for kind in (duckdb.InternalException, duckdb.FatalException, duckdb.InvalidInputException, duckdb.Error):
        with pytest.raises(Invalid, match="no Parquet file, or a damaged one: write it again"), said():
            raise kind("Attempted to access index 7 within vector of size 7")


MANY = """SELECT 'p' || i || '@x.example' AS email, 'P' AS first, 'Q' || i % 9 AS last, i AS n, i / 7 AS part,
    DATE '2020-01-01' + i::INT AS day FROM range(3000) t(i)"""


def flipped(bytes_, chance, _):
    for _ in range(chance.randint(1, 20)):
        bytes_[chance.randrange(4, len(bytes_))] ^= 1 << chance.randrange(8)


def flipped_in_the_footer(bytes_, chance, footer):
    bytes_[chance.randrange(footer, len(bytes_) - 8)] = chance.randrange(256)


def flipped_in_the_pages(bytes_, chance, footer):
    bytes_[chance.randrange(4, footer)] = chance.randrange(256)


def truncated(bytes_, chance, _):
    del bytes_[chance.randrange(5, len(bytes_) - 1) :]


def without_a_part(bytes_, chance, footer):
    start = chance.randrange(4, footer)
    del bytes_[start : start + chance.randint(1, 64)]


def with_more_in_it(bytes_, chance, footer):
    start = chance.randrange(4, footer)
    bytes_[start:start] = chance.randbytes(chance.randint(1, 64))


def with_zeros(bytes_, chance, footer):
    start = chance.randrange(4, footer)
    bytes_[start : start + 512] = bytes(min(512, len(bytes_) - start))


def with_another_length_of_footer(bytes_, chance, footer):
    bytes_[-8:-4] = chance.randrange(1 << chance.randrange(1, 32)).to_bytes(4, "little")


@pytest.mark.parametrize("codec", ["snappy", "zstd", "uncompressed"])
@pytest.mark.parametrize(
    "damage",
    [
        flipped,
        flipped_in_the_footer,
        flipped_in_the_pages,
        truncated,
        without_a_part,
        with_more_in_it,
        with_zeros,
        with_another_length_of_footer,
    ],
)
def test_however_a_parquet_list_is_damaged_it_is_released_whole_or_refused_in_one_line(shop, damage, codec):
    path, out, chance = shop.folder / "damaged.parquet", shop.folder / "out.parquet", random.Random(f"{damage.__name__} {codec}")
    duckdb.sql(MANY).write_parquet(str(path), compression=codec, row_group_size=1024)
    whole, there = path.read_bytes(), {each.name for each in shop.folder.iterdir()}
    footer = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    refused = []
    for _ in range(8):
        bytes_ = bytearray(whole)
        damage(bytes_, chance, footer)
        path.write_bytes(bytes_)
        try:
            done = shop.release(path, out=out, purpose="ordering.fulfil", to="ourselves", mapping=())
        except No as no:
            refused.append(str(no))
        else:
            assert done.released + done.refused == done.read == 3000
            out.unlink()
        assert {each.name for each in shop.folder.iterdir()} == there
    # A value that was changed in place is another value: without a checksum nobody can tell.
    assert refused or damage in {flipped, flipped_in_the_pages}
    assert all("write it again" in said or "no recognisable" in said for said in refused), refused
    assert not any("\n" in said or "@" in said for said in refused)
