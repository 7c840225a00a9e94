"""All engines do the same few things alike."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import duckdb
import pytest
from sqlglot import exp

from upheld import engines
from upheld.engines import Engine
from upheld.errors import Invalid

COLUMNS = {"code": "integer", "region": "text", "served": "flag"}
ROWS = [(0, "us-ca", True), (2**62, "o'br\\ien", False), (None, None, None)]


def test_rows_come_back_as_they_were_put_with_what_is_unknown_still_unknown(engine: Engine) -> None:
    engine.put("standings", COLUMNS, ROWS)
    found = engine.rows(exp.select("code", "region", "served").from_("standings"))
    assert sorted(found, key=repr) == sorted(ROWS, key=repr)


def test_a_second_table_of_the_same_name_takes_the_place_of_the_first(engine: Engine) -> None:
    engine.put("standings", COLUMNS, ROWS)
    engine.put("standings", COLUMNS, [])
    assert engine.rows(exp.select(exp.Count(this=exp.Star())).from_("standings")) == [(0,)]


def test_an_answer_can_be_had_in_small_lists(engine: Engine) -> None:
    engine.put("standings", COLUMNS, [(n, None, None) for n in range(5)])
    lists = list(engine.batches(exp.select("code").from_("standings"), 2))
    assert [len(each) for each in lists] == [2, 2, 1]
    assert {code for each in lists for (code,) in each} == set(range(5))


def test_a_csv_file_is_read_as_text_and_an_empty_field_is_unknown(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "list.csv"
    path.write_text('email,note\nann@shop.example,"two\nlines, and ""quotes"""\nbob@shop.example,\n', encoding="utf-8")
    engine.file("list", path)
    query = exp.select("email", "note").from_("list")
    assert sorted(engine.rows(query)) == [("ann@shop.example", 'two\nlines, and "quotes"'), ("bob@shop.example", None)]


def test_a_parquet_file_is_read_or_refused_in_one_line(engine: Engine, tmp_path: Path) -> None:
    path = tmp_path / "list.parquet"
    duckdb.sql("SELECT * FROM (VALUES (1, 'a'), (NULL, 'b')) list(code, note)").write_parquet(str(path))
    if engine.dialect in {"sqlite", "postgres"}:
        with pytest.raises(Invalid, match="reads no Parquet: use the engine `duckdb`"):
            engine.file("list", path)
    else:
        engine.file("list", path)
        assert sorted(engine.rows(exp.select("code", "note").from_("list")), key=repr) == [(1, "a"), (None, "b")]


def test_a_file_of_another_kind_is_refused(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(Invalid, match=r"read as `\.csv` or `\.parquet`, not as `\.xls`"):
        engine.file("list", tmp_path / "list.xls")


def test_an_unknown_engine_is_refused_with_a_suggestion() -> None:
    with pytest.raises(Invalid, match="no SQL dialect `duckbd`; did you mean `duckdb`"):
        engines.opened("duckbd")


@pytest.mark.parametrize(("name", "module"), [("spark", "pyspark"), ("clickhouse", "chdb"), ("spark", "pyarrow")])
def test_an_engine_whose_extra_is_missing_says_which_to_install(name: str, module: str) -> None:
    program = f"import sys; sys.modules[{module!r}] = None\nfrom upheld import engines\nengines.opened({name!r})"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, env={"PYTHONPATH": "src"})
    assert done.returncode == 1
    assert f"the engine `{name}` is not installed: `pip install 'upheld[{name}]'`" in done.stderr


def test_postgresql_must_be_named_and_must_answer() -> None:
    with pytest.raises(Invalid, match="say which PostgreSQL"):
        engines.opened("postgres")
    with pytest.raises(Invalid, match="the database does not answer"):
        engines.opened("postgres", "postgresql://nobody@/nothing?host=/nowhere")
