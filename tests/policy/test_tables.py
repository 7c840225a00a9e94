"""The grammar is worked out once and kept beside the compiled modules; what is kept is used only while it fits."""

from __future__ import annotations

import sys

import pytest

from upheld.policy import tables

STATEMENT = "allow ordering to third party using order.billing address"


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """Where the tables are kept in this test; nothing is there yet."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    monkeypatch.setattr(tables, "cache_from_source", lambda _: str(tmp_path / "tables.pyc"))
    return tmp_path / "tables.lalr"


def test_tables_that_were_kept_parse_alike(kept, monkeypatch):
    worked_out = tables.load().parse(STATEMENT)
    assert [file.name for file in kept.parent.iterdir()] == ["tables.lalr"]
    monkeypatch.setattr(tables, "_work_out", None)
    assert tables.load().parse(STATEMENT) == worked_out


def test_tables_of_another_grammar_or_cut_short_are_worked_out_again(kept):
    worked_out = tables.load().parse(STATEMENT)
    sound = kept.read_bytes()
    for broken in (b"", b"x" * 99, b"\0" + sound[1:], sound[:40], sound[: len(sound) // 2]):
        kept.write_bytes(broken)
        assert tables.load().parse(STATEMENT) == worked_out
        assert len(kept.read_bytes()) == len(sound)


def test_nothing_is_kept_where_python_keeps_nothing(kept, monkeypatch):
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert tables.load().parse(STATEMENT)
    assert not kept.exists()


def test_a_folder_that_takes_no_file_is_no_hindrance(kept, monkeypatch):
    monkeypatch.setattr(tables, "cache_from_source", lambda _: str(kept.parent / "missing" / "tables.pyc"))
    assert tables.load().parse(STATEMENT)
