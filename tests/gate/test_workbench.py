"""What DuckDB says of disk, memory and files becomes one line; what is our own fault stays one."""

from __future__ import annotations

import random
import resource

import duckdb
import pytest
from sqlglot import exp

from upheld.errors import Conflict, Invalid, No
from upheld.gate.workbench import Workbench, call, copy_to


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
    with pytest.raises(Invalid, match="the list cannot be read: look at the file, its owner and mode"):
        bench.rows(exp.select("*").from_(call("read_parquet", exp.Literal.string(str(tmp_path / "gone.parquet")))))


def test_a_fault_of_ours_is_not_called_one_of_the_list(bench):
    with pytest.raises(duckdb.BinderException):
        bench.rows(exp.select("nothing"))


def test_however_a_parquet_list_is_damaged_it_is_released_or_refused_in_one_line(shop, tmp_path):
    path, chance = tmp_path / "damaged.parquet", random.Random(3)
    duckdb.sql("SELECT 'p' || i || '@x.example' AS email, 'P' AS first, 'Q' AS last, i AS n FROM range(300) t(i)").write_parquet(str(path))
    whole = path.read_bytes()
    refused = []
    for _ in range(150):
        bytes_ = bytearray(whole)
        for _ in range(chance.randint(1, 3)):
            bytes_[chance.randrange(4, len(whole))] = chance.randrange(256)
        path.write_bytes(bytes_)
        try:
            shop.release(path, out=None, purpose="ordering.fulfil", to="ourselves", mapping=())
        except No as no:
            refused.append(str(no))
    assert 30 < len(refused) < 150
    assert not any("\n" in said or "@" in said for said in refused)
