"""Folders of CSV and Parquet files as systems: searched whatever their size, marked at one stroke, and never changed in anything else."""

from __future__ import annotations

import fcntl
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Thread

import duckdb
import pytest

from upheld.people.identifiers import Account, Email, Phone, Postal
from upheld.systems import replacing
from upheld.systems.connector import Failed
from upheld.systems.datamap import Column, Flag, System, Table
from upheld.systems.opening import open_system

PEOPLE = Table(
    "people", ("id",),
    (
        Column("id", None, "account"), Column("E-Mail", "order.email", "email"), Column("first", "order.name", "first"),
        Column("last", "order.name", "last"), Column("street", "order.shipping address", "address"),
        Column("zip", "order.shipping address", "zip"), Column("phone", "order.phone", "phone"), Column("note", None),
    ),
    (Flag("newsletter", "letters", "no", null_is_out=True), Flag("post", "no_mail", 1)),
)  # fmt: skip
HEAD = "id,E-Mail,first,last,street,zip,phone,note,letters,no_mail"
ROWS = (
    "1,jane@mail.example,Jane,Doe,5 Oak Street,60601,(312) 555-0142,,yes,0",
    '2,"bo@mail.example","Bo ""B."" ",O\'Hara,"1, Elm Row",00123,,"two\nlines",yes,0',
    '3,ann@mail.example,Ånn,Frost,1 Larkspur Row,00123,+1 312 555 0143,"",yes,0',
)
CLONE = Path(__file__).parents[2]
JANE = (Email("JANE@mail.example"), Postal("Jane", "Doe", "5 Oak St", "60601"), Phone("312 555 0142"), Account("1"))


TEXT = "\n".join((HEAD, *ROWS)) + "\n"


def put(folder, text=TEXT, name="people.csv", encoding="utf-8"):
    (folder / name).write_bytes(text.encode(encoding))
    return folder / name


def parquet(folder, name="people.parquet", **types):
    """The same rows, typed."""
    put(folder, name="source.csv")
    kinds = ", ".join(
        f"CAST({column} AS {kind}) AS {column}" for column, kind in ({"id": "INTEGER", "no_mail": "SMALLINT"} | types).items()
    )
    with duckdb.connect() as connection:
        connection.execute(
            f"COPY (SELECT * REPLACE ({kinds}) FROM read_csv('{folder}/source.csv', header=true, all_varchar=true)) "
            f"TO '{folder}/{name}' (FORMAT parquet, COMPRESSION zstd)"
        )
    (folder / "source.csv").unlink()
    return folder / name


def open_(folder, *tables, **options):
    return open_system(System("export", "files", str(folder), tables or (PEOPLE,), options), None)


@pytest.fixture(params=["csv", "parquet"])
def folder(request, tmp_path):
    (tmp_path / "ex[p]*rt").mkdir()
    put(tmp_path / "ex[p]*rt") if request.param == "csv" else parquet(tmp_path / "ex[p]*rt")
    return tmp_path / "ex[p]*rt"


def marks(folder):
    """Who is marked, as the connector reads it."""
    return {found.key[0]: set(found.out) for piece in open_(folder).read(PEOPLE) for found in piece}


@pytest.mark.parametrize("given", JANE, ids=lambda one: one.kind)
def test_whoever_is_meant_is_found(folder, given):
    assert {found.key for found in open_(folder).search(PEOPLE, [given])} >= {("1",)}
    assert ("2",) not in {found.key for found in open_(folder).search(PEOPLE, [given])}


def test_all_rows_are_read_with_what_they_hold(folder):
    found = {one.key[0]: one for piece in open_(folder).read(PEOPLE, 2) for one in piece}
    assert found["2"].values["first"] == ('Bo "B." ',)
    assert found["3"].values["zip"] == ("00123",)
    assert {key: set(one.out) for key, one in found.items()} == {"1": set(), "2": set(), "3": set()}


def test_marking_is_idempotent_and_changes_nothing_but_the_marks(folder):
    for _ in range(2):
        open_(folder).stop(PEOPLE, [("2",), ("99",)], ["newsletter", "post", "calls"], "token")
        assert marks(folder) == {"1": set(), "2": {"newsletter", "post"}, "3": set()}
    assert [one.name for one in folder.iterdir()] == [one.name for one in folder.iterdir() if one.stem == "people"]


def test_a_marked_csv_is_the_same_to_the_byte_but_for_the_marks(tmp_path):
    text = "\ufeff" + "\r\n".join((HEAD, *ROWS, "", '4,"x@y.example",,,,,,,"yes","0"'))  # a blank line, no end of the last
    path = put(tmp_path, text)
    path.chmod(0o640)
    open_(tmp_path).stop(PEOPLE, [("2",), ("4",)], ["newsletter"], "token")
    expected = text.replace('"two\nlines",yes', '"two\nlines",no').replace('"yes","0"', '"no","0"')
    assert path.read_bytes() == expected.encode()
    assert path.stat().st_mode & 0o777 == 0o640
    before = path.stat().st_ino
    open_(tmp_path).stop(PEOPLE, [("2",)], ["newsletter"], "token")
    assert path.stat().st_ino == before, "what is marked is not written anew"


def test_a_marked_parquet_keeps_order_types_and_compression(tmp_path):
    path = parquet(tmp_path, no_mail="BOOLEAN", zip="VARCHAR")

    def described():
        with duckdb.connect() as connection:
            kinds = connection.execute("SELECT name, type, duckdb_type FROM parquet_schema(?)", [str(path)]).fetchall()
            codecs = connection.execute("SELECT DISTINCT compression FROM parquet_metadata(?)", [str(path)]).fetchall()
            return kinds, codecs, connection.execute("SELECT id, zip, no_mail FROM read_parquet(?)", [str(path)]).fetchall()

    kinds, codecs, rows = described()
    open_(tmp_path).stop(PEOPLE, [("3",)], ["post"], "token")
    assert described() == (kinds, codecs, [*rows[:2], (3, "00123", True)])


def test_what_a_program_put_beside_the_columns_of_a_parquet_is_kept(tmp_path):
    path, beside = parquet(tmp_path), {"pandas": b'{"index_columns": ["id"]}', "made by": b"\xff\x00"}
    with duckdb.connect() as connection:
        copying = f"COPY (FROM '{path}') TO '{tmp_path}/people.new' (FORMAT parquet, KV_METADATA ?)"
        connection.execute(copying, [{**beside, "ARROW:schema": b"of the old file"}])
        (tmp_path / "people.new").replace(path)
        open_(tmp_path).stop(PEOPLE, [("3",)], ["post"], "token")
        kept = connection.execute("SELECT key, value FROM parquet_kv_metadata(?)", [str(path)]).fetchall()
    assert {key.decode(): value for key, value in kept} == beside
    assert "post" in marks(tmp_path)["3"]


@pytest.mark.parametrize(
    ("kind", "out", "before"), [("INTEGER", 1, "0"), ("BOOLEAN", True, "false"), ("VARCHAR", True, "no"), ("DECIMAL(3,1)", False, "1")]
)
def test_a_flag_of_any_type_is_written_in_a_parquet_file(tmp_path, kind, out, before):
    with duckdb.connect() as connection:
        query = f"SELECT range::BIGINT AS id, CAST('{before}' AS {kind}) AS flag FROM range(3)"
        connection.execute(f"COPY ({query}) TO '{tmp_path}/t.parquet' (FORMAT parquet)")
    table = Table("t", ("id",), (), (Flag("post", "flag", out),))
    open_(tmp_path, table).stop(table, [("2",)], ["post"], "token")
    assert [set(one.out) for piece in open_(tmp_path, table).read(table) for one in piece] == [set(), set(), {"post"}]


def test_a_text_is_corrected_in_these_rows_alone_and_the_rest_stays_to_the_byte(tmp_path):
    file = put(tmp_path)
    open_(tmp_path).correct(PEOPLE, [("1",), ("99",)], "phone", '1,2 "Sí"')
    assert file.read_text() == TEXT.replace("(312) 555-0142", '"1,2 ""Sí"""')
    open_(tmp_path).correct(PEOPLE, [("99",)], "phone", "nobody's")
    assert [one.values["phone"] for one in open_(tmp_path).fetch(PEOPLE, [("1",), ("3",)])] == [('1,2 "Sí"',), ("+1 312 555 0143",)]


def test_a_text_is_corrected_in_parquet_where_the_column_keeps_text(tmp_path):
    file = parquet(tmp_path)
    open_(tmp_path).correct(PEOPLE, [("1",)], "phone", "1")
    assert [one.values["phone"] for one in open_(tmp_path).fetch(PEOPLE, [("1",), ("3",)])] == [("1",), ("+1 312 555 0143",)]
    before = file.read_bytes()
    with pytest.raises(Failed, match="correct it by hand"):
        open_(tmp_path).correct(PEOPLE, [("1",)], "no_mail", "1")
    assert file.read_bytes() == before


def test_a_text_that_the_encoding_has_not_is_refused_and_the_file_stays(tmp_path):
    file = put(tmp_path, encoding="latin-1")
    before = file.read_bytes()
    with pytest.raises(Failed, match="correct it by hand"):
        open_(tmp_path, encoding="latin-1").correct(PEOPLE, [("1",)], "first", "Łucja")
    assert file.read_bytes() == before
    open_(tmp_path, encoding="latin-1").correct(PEOPLE, [("1",)], "first", "Zoë")
    assert [one.values["first"] for one in open_(tmp_path, encoding="latin-1").fetch(PEOPLE, [("1",)])] == [("Zoë",)]


def test_a_mark_that_the_column_cannot_hold_is_refused_and_the_file_stays(tmp_path):
    path = parquet(tmp_path)
    before = path.read_bytes()
    table = Table("people", ("id",), PEOPLE.columns, (Flag("post", "no_mail", "never"),))
    with pytest.raises(Failed, match="does not take the mark") as refused:
        open_(tmp_path, table).stop(table, [("1",)], ["post"], "token")
    assert not refused.value.again
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("key", ["TIMESTAMP", "DOUBLE", "UUID"])
def test_keys_of_any_type_tell_rows_of_a_parquet_file_apart(tmp_path, key):
    value = {"TIMESTAMP": "TIMESTAMP '2026-01-02 03:04:05.6' + INTERVAL (range) DAY", "DOUBLE": "range / 3"}.get(key, "gen_random_uuid()")
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT {value} AS id, 0 AS flag FROM range(5)) TO '{tmp_path}/t.parquet' (FORMAT parquet)")
    table = Table("t", ("id",), (), (Flag("post", "flag", 1),))
    keys = [one.key for piece in open_(tmp_path, table).read(table) for one in piece]
    open_(tmp_path, table).stop(table, keys[1:2], ["post"], "token")
    assert [one.key for piece in open_(tmp_path, table).read(table) for one in piece if one.out] == keys[1:2]


# --- layouts and bad input --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_the_delimiter_is_the_one_that_yields_the_columns_of_the_map(tmp_path, delimiter):
    path = put(tmp_path, "id;E-Mail;a,b;letters\n1;jane@mail.example;x,y,z;yes\n".replace(";", delimiter), "t.csv")
    table = Table("t", ("id",), (Column("E-Mail", "order.email", "email"),), (Flag("newsletter", "letters", "no"),))
    (found,) = open_(tmp_path, table).search(table, [JANE[0]])
    open_(tmp_path, table).stop(table, [found.key], ["newsletter"], "token")
    assert path.read_text() == "id;E-Mail;a,b;letters\n1;jane@mail.example;x,y,z;no\n".replace(";", delimiter)


def test_another_encoding_is_said_in_the_map_and_never_guessed(tmp_path):
    path = put(tmp_path, encoding="latin-1")
    with pytest.raises(Failed, match="cannot be read"):
        open_(tmp_path).search(PEOPLE, [JANE[0]])
    assert len(open_(tmp_path, encoding="latin-1").search(PEOPLE, [Email("ann@mail.example")])) == 1
    open_(tmp_path, encoding="latin-1").stop(PEOPLE, [("3",)], ["post"], "token")
    assert path.read_bytes().endswith("yes,1\n".encode("latin-1"))
    assert "Ånn".encode("latin-1") in path.read_bytes()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is empty"),
        (HEAD + "\n1,2\n", "cannot be read"),
        (HEAD + "\n" + ROWS[0] + ",more\n", "cannot be read"),
        (HEAD + '\n1,"jane@mail.example' + "\n" * 9, "cannot be read"),
        (HEAD.replace("first", "last") + "\n", "two columns of one name"),
        (HEAD.replace("letters", "letter") + "\n", "has not all columns"),
    ],
)
def test_a_file_that_is_broken_is_refused_without_a_value_of_it(tmp_path, text, words):
    put(tmp_path, text)
    with pytest.raises(Failed, match=words) as refused:
        open_(tmp_path).search(PEOPLE, [JANE[0]])
    assert "jane" not in str(refused.value)


def test_files_and_folders_that_are_not_there_are_named(tmp_path):
    with pytest.raises(Failed, match="has no file for a table"):
        open_(tmp_path).search(PEOPLE, [JANE[0]])
    with pytest.raises(Failed, match="is not where the map says"):
        open_(tmp_path / "gone").live()
    put(tmp_path.parent, "id\n", "outside.csv")
    outside = Table("../outside", ("id",), (Column("id", None),))
    with pytest.raises(Failed, match="has no file"):
        list(open_(tmp_path, outside).read(outside))
    (tmp_path / "people.parquet").write_bytes(b"PAR1 but no more")
    with pytest.raises(Failed, match="cannot be read"):
        open_(tmp_path).search(PEOPLE, [JANE[0]])


def test_the_live_tables_are_the_files_and_two_of_one_name_are_told_apart(tmp_path):
    put(tmp_path), put(tmp_path, "a;b\n1;2\n", "stock.csv"), put(tmp_path, "x\n", ".hidden.csv"), put(tmp_path, "x", "notes.txt")
    parquet(tmp_path)
    live = {one.name: [column.name for column in one.columns] for one in open_(tmp_path).live()}
    assert list(live) == ["people.csv", "people.parquet", "stock"]
    assert live["stock"] == ["a", "b"]
    assert open_(tmp_path).sample("stock") == [{"a": "1", "b": "2"}]
    with pytest.raises(Failed, match="has no file"):
        open_(tmp_path).search(PEOPLE, [JANE[0]])


def test_two_people_under_one_key_are_not_marked_for_each_other(tmp_path):
    put(tmp_path, "\n".join((HEAD, *ROWS, ROWS[0].replace("jane@", "jim@").replace("Jane", "Jim"))))
    with pytest.raises(Failed, match="different people under one key in `people`"):
        open_(tmp_path).stop(PEOPLE, [("1",)], ["post"], "token")
    put(tmp_path, "\n".join((HEAD, *ROWS, ROWS[0])))
    open_(tmp_path).stop(PEOPLE, [("1",)], ["post"], "token")
    assert [set(one.out) for one in open_(tmp_path).fetch(PEOPLE, [("1",)])] == [{"post"}, {"post"}]


# --- other programs, and kills ----------------------------------------------------------------------------------------------------------


def test_a_change_by_another_program_is_never_written_over(tmp_path, monkeypatch):
    path = put(tmp_path)
    connector = open_(tmp_path)
    finish = replacing.Held._finish

    def meanwhile(self, part, before):
        finish(self, part, before)
        put(tmp_path, "\n".join((HEAD, *ROWS, ROWS[0].replace("1,", "9,"))))

    monkeypatch.setattr(replacing.Held, "_finish", meanwhile)
    with pytest.raises(Failed, match="was changed by another program") as refused:
        connector.stop(PEOPLE, [("1",)], ["post"], "token")
    assert refused.value.again
    monkeypatch.undo()
    assert "\n9,jane" in path.read_text()
    assert list(tmp_path.iterdir()) == [path]
    open_(tmp_path).stop(PEOPLE, [("1",)], ["post"], "token")
    assert marks(tmp_path) == {"1": {"post"}, "2": set(), "3": set(), "9": set()}


def test_a_file_that_another_of_us_holds_is_waited_for_and_then_given_up(tmp_path):
    path = put(tmp_path)
    with path.open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        with pytest.raises(Failed, match="locked by another program"):
            open_(tmp_path, timeout=1).stop(PEOPLE, [("1",)], ["post"], "token")
    open_(tmp_path).stop(PEOPLE, [("1",)], ["post"], "token")


def test_many_who_mark_at_once_lose_no_mark(tmp_path):
    rows = [ROWS[0].replace("1,", f"{number},", 1) for number in range(24)]
    put(tmp_path, "\n".join((HEAD, *rows)))
    threads = [Thread(target=open_(tmp_path).stop, args=(PEOPLE, [(str(number),)], ["post"], "token")) for number in range(24)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert set(map(frozenset, marks(tmp_path).values())) == {frozenset({"post"})}


@pytest.mark.parametrize("after", [0.0, 0.02, 0.05, 0.1, 0.2])
def test_a_kill_at_any_moment_leaves_a_whole_file_and_the_next_try_clears_up(tmp_path, after):
    head, row = HEAD + "\n", ROWS[0] + "\n"
    text = head + "".join(row.replace("1,", f"{number},", 1) for number in range(60_000))
    path = put(tmp_path, text)
    script = (
        "import sys; from tests.systems.test_files import *; from pathlib import Path; c = open_(Path(sys.argv[1])); print(1, flush=True);"
        "c.stop(PEOPLE, [('59999',)], ['post'], 't')"
    )
    worker = subprocess.Popen([sys.executable, "-c", script, str(tmp_path)], stdout=subprocess.PIPE, cwd=CLONE)
    assert worker.stdout.readline()
    time.sleep(after)
    worker.send_signal(signal.SIGKILL)
    worker.communicate()
    assert path.read_text() in {text, text[:-2] + "1\n"}
    open_(tmp_path).stop(PEOPLE, [("59999",)], ["post"], "token")
    assert path.read_text() == text[:-2] + "1\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_second_name_and_a_link(tmp_path):
    path = put(tmp_path)
    (tmp_path / "twin").hardlink_to(path)
    with pytest.raises(Failed, match="second name"):
        open_(tmp_path).stop(PEOPLE, [("1",)], ["post"], "token")
    (tmp_path / "twin").unlink()
    (tmp_path / "export").mkdir()
    (tmp_path / "export" / "people.csv").symlink_to(path)
    open_(tmp_path / "export").stop(PEOPLE, [("1",)], ["post"], "token")
    assert (tmp_path / "export" / "people.csv").is_symlink()
    assert marks(tmp_path)["1"] == {"post"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can be another user")
def test_a_folder_that_may_only_be_read_and_a_disk_that_is_full_are_named(tmp_path):
    path = put(tmp_path)
    path.chmod(0o644)
    for folder in (tmp_path, *tmp_path.parents):
        if not folder.stat().st_mode & 0o007:  # closed to others, as pytest makes them; /tmp is not
            folder.chmod(0o755)
    script = "import sys; from tests.systems.test_files import *; from pathlib import Path; import resource\n"
    for limit, words in (("os.setuid(65534)", "may not be read or written"), ("resource.setrlimit(resource.RLIMIT_FSIZE, (9, 9))", "full")):
        run = f"{script}signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\nc = open_(Path(sys.argv[1]))\n{limit}\n"
        run += "try: c.stop(PEOPLE, [('1',)], ['post'], 't')\nexcept Failed as failed: print(failed)"
        said = subprocess.run([sys.executable, "-c", run, str(tmp_path)], capture_output=True, text=True, check=False, cwd=CLONE)
        assert words in said.stdout, said.stderr
        assert list(tmp_path.iterdir()) == [path]
    assert marks(tmp_path)["1"] == set()
