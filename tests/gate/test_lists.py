"""Whatever a list is, it is read row by row in bounded memory, or refused in one line; what cannot be read is rejected with its line."""

from __future__ import annotations

import csv
import io
import os
import subprocess
import sys
import tracemalloc
from pathlib import Path

import duckdb
import pysqlite3
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from upheld.errors import Invalid, No, NotFound
from upheld.gate import lists
from upheld.gate.delimited import records
from upheld.gate.lists import ROW, Reading, open_list, sample
from upheld.gate.tables import source_of
from upheld.gate.workbench import Workbench


@pytest.fixture
def bench(tmp_path):
    made = Workbench(tmp_path)
    yield made
    made.close()


@pytest.fixture
def reading(bench, tmp_path):
    """Open a list; the answer's rows, and its rejects as (line, reason)."""

    def read(name, content=None, **how):
        path = tmp_path / name
        if content is not None:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        opened = open_list(str(path), bench, tmp_path, Reading(**how))
        rows = [row[:-1] for row in sorted(bench.rows(opened.relation), key=lambda row: row[-1])]
        rejects = []
        if opened.rejects.count:
            rejects = [(int(line), reason) for line, reason in list(csv.reader(opened.rejects.path.read_text("utf-8").splitlines()))[1:]]
        return opened, rows, rejects

    return read


HEAD = "email,first,last\n"


def test_rows_are_read_as_they_are(reading):
    opened, rows, rejects = reading("a.csv", HEAD + "a@x.example,Ann,Lee\nb@x.example,,Moss\n")
    assert opened.columns == ("email", "first", "last")
    assert rows == [("a@x.example", "Ann", "Lee"), ("b@x.example", None, "Moss")]
    assert (opened.rows, rejects) == (2, [])


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_found(reading, delimiter):
    opened, rows, _ = reading("a.csv", f"email{delimiter}first\na@x.example{delimiter}Ann\n")
    assert (opened.columns, rows) == (("email", "first"), [("a@x.example", "Ann")])


def test_a_single_column_needs_no_delimiter(reading):
    opened, rows, _ = reading("a.csv", "email\na@x.example\n\nb@x.example\n")
    assert (opened.columns, rows) == (("email",), [("a@x.example",), ("b@x.example",)])


@pytest.mark.parametrize(
    ("encoding", "mark"), [("utf-8", b""), ("utf-8", b"\xef\xbb\xbf"), ("utf-16", b""), ("utf-32", b""), ("utf-16-le", b"\xff\xfe")]
)
def test_byte_order_marks_and_unicode_encodings_are_understood(reading, encoding, mark):
    opened, rows, _ = reading("a.csv", mark + (HEAD + "a@x.example,José,Çelik\n").encode(encoding))
    assert opened.columns == ("email", "first", "last")
    assert rows == [("a@x.example", "José", "Çelik")]


def test_another_encoding_is_refused_with_what_to_say_and_read_when_said(reading):
    content = (HEAD + "a@x.example,José,Lee\n").encode("cp1252")
    with pytest.raises(Invalid, match="say its encoding with `--encoding`"):
        reading("a.csv", content)
    assert reading("a.csv", content, encoding="cp1252")[1] == [("a@x.example", "José", "Lee")]
    with pytest.raises(Invalid, match="unknown encoding `klingon`"):
        reading("a.csv", content, encoding="klingon")


def test_a_line_in_another_encoding_far_down_is_rejected_alone(reading):
    many = b"".join(b"p%d@x.example,P,Q\n" % number for number in range(20_000))
    _, rows, rejects = reading("a.csv", HEAD.encode() + many + b"z@x.example,Jos\xe9,Lee\n" + b"y@x.example,Y,Z\n")
    assert rejects == [(20_002, "not utf-8")]
    assert len(rows) == 20_001


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_every_line_end_is_understood(reading, end):
    assert reading("a.csv", end.join(["email,first", "a@x.example,Ann", "b@x.example,Bob", ""]))[1] == [
        ("a@x.example", "Ann"),
        ("b@x.example", "Bob"),
    ]


def test_a_newline_in_quotes_belongs_to_the_value_and_lines_still_count(reading):
    _, rows, rejects = reading("a.csv", HEAD + '"a@x.example","An\nn",Lee\nragged\n')
    assert rows == [("a@x.example", "An\nn", "Lee")]
    assert rejects == [(4, "has 1 column instead of 3")]


def test_ragged_rows_are_rejected_and_the_others_kept(reading):
    _, rows, rejects = reading("a.csv", HEAD + "a@x.example,Ann,Lee\nb@x.example,Bob\nc@x.example,C,D,E\nd@x.example,D,E\n")
    assert [row[0] for row in rows] == ["a@x.example", "d@x.example"]
    assert rejects == [(3, "has 2 columns instead of 3"), (4, "has 4 columns instead of 3")]


def test_a_quote_that_never_closes_rejects_its_line_and_no_other(reading):
    lines = "".join(f"p{number}@x.example,P,Q\n" for number in range(250))
    _, rows, rejects = reading("a.csv", HEAD + '"a@x.example,Ann,Lee\n' + lines)
    assert len(rows) == 250
    assert rejects == [(2, "a quote opens and does not close within 100 lines")]


def test_a_nul_rejects_its_line(reading):
    _, rows, rejects = reading("a.csv", HEAD.encode() + b"a@x.example,A\0nn,Lee\nb@x.example,Bob,Moss\n")
    assert (len(rows), rejects) == (1, [(2, "holds a NUL byte")])


def test_a_line_longer_than_any_row_is_rejected_without_being_held(reading, tmp_path):
    path = tmp_path / "long.csv"
    with path.open("wb") as file:
        file.write(HEAD.encode() + b"a@x.example,Ann,Lee\n")
        for _ in range(64):
            file.write(b"x" * (1 << 20))
        file.write(b"\nb@x.example,Bob,Moss\n")
    tracemalloc.start()
    _, rows, rejects = reading("long.csv")
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert (len(rows), rejects) == (2, [(3, "longer than 1 MiB")])
    assert peak < 16 << 20


def test_a_file_that_is_one_long_line_is_no_list(reading, tmp_path):
    with (tmp_path / "one.csv").open("wb") as file:
        file.truncate(1 << 30)  # a gigabyte of NULs, held by no disk
    with pytest.raises(Invalid, match="first line is longer than 1 MiB"):
        reading("one.csv")


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32"])
def test_wide_encodings_are_read_as_carefully_line_by_line(reading, encoding):
    text = HEAD + "a@x.example,A\0nn,Lee\n" + "x" * (3 << 20) + "\nb@x.example,Bob,Moss\nc@x.example,Cy,Day\nd@x.example,D,E\n"
    _, rows, rejects = reading("a.csv", text.encode(encoding))
    assert [row[1] for row in rows] == ["Bob", "Cy", "D"]
    assert rejects == [(2, "holds a NUL byte"), (3, "longer than 1 MiB")]


def test_a_wide_encoding_that_breaks_off_is_said_with_its_line(reading):
    text = (HEAD + "a@x.example,Ann,Lee\nb@x.example,Bob,Moss\n").encode("utf-16")
    with pytest.raises(Invalid, match=r"`a\.csv` is not utf-16: say its encoding with `--encoding`.*a\.csv:\d"):
        reading("a.csv", text[:-1])


def test_columns_that_nothing_separates_evenly_are_asked_for(reading):
    content = "a,b;c\nd\ne;f;g;h\ni,j,k,l\nm\nn\n"
    with pytest.raises(Invalid, match=r"cannot tell how `a\.csv` separates its columns: say it with `--delimiter`"):
        reading("a.csv", content)


def test_a_list_that_comes_out_of_the_bulk_reader_with_other_rows_is_never_released(reading, monkeypatch):
    written = lists._write_clean
    monkeypatch.setattr(lists, "_write_clean", lambda clean, rows: written(clean, rows) + 1)
    with pytest.raises(Invalid, match="2 rows went in and 1 came out"):
        reading("a.csv", HEAD + "a@x.example,Ann,Lee\n")


def test_a_list_of_which_most_cannot_be_read_is_refused_with_the_first_reason(reading):
    with pytest.raises(Invalid, match=r"3 of 4 rows cannot be read; the first: has 2 columns instead of 3.*a\.csv:3"):
        reading("a.csv", HEAD + "a@x.example,Ann,Lee\nb;c,d\ne;f,g\nh;i,j\n", delimiter=",")


def test_no_header_is_found_out_or_said(reading):
    opened, rows, _ = reading("a.csv", "a@x.example,Ann\nb@x.example,Bob\n")
    assert (opened.columns, len(rows)) == (("column1", "column2"), 2)
    assert reading("a.csv", "Ann,Lee\nBob,Moss\n", header=False)[0].rows == 2


def test_nameless_columns_get_numbers_and_a_name_may_stand_only_once(reading):
    assert reading("a.csv", "email,,first\na@x.example,x,Ann\n")[0].columns == ("email", "column2", "first")
    with pytest.raises(Invalid, match="`Email` stands twice"):
        reading("a.csv", "email,Email\na@x.example,b@x.example\n")


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("empty.csv", b"", "is empty"),
        ("bad.parquet", b"PAR1 and no more", r"no Parquet file, or a damaged one.*bad\.parquet"),
        ("bad.csv", b"PAR1", "damaged"),
    ],
)
def test_what_is_no_list_is_refused_in_one_line(reading, name, content, words):
    with pytest.raises(Invalid, match=words) as refused:
        reading(name, content)
    assert "\n" not in str(refused.value)


def test_a_header_alone_is_an_empty_list(reading):
    opened, rows, _ = reading("a.csv", HEAD)
    assert (opened.rows, rows) == (0, [])


def test_a_list_that_is_not_there_or_may_not_be_read_is_refused(reading, tmp_path):
    with pytest.raises(NotFound, match="no list"):
        reading("nothing.csv")
    with pytest.raises(Invalid, match="is a directory"):
        open_list(str(tmp_path), None, tmp_path)


@pytest.mark.skipif(os.getuid() != 0, reason="gives up root's rights, which only root can")
def test_a_list_of_somebody_else_is_refused_in_one_line(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text(HEAD)
    path.chmod(0o600)
    tmp_path.chmod(0o755)
    code = (
        "import os, sys; from pathlib import Path; from upheld.gate.lists import open_list\n"
        "os.setuid(65534)\n"
        "try: open_list(sys.argv[1], None, Path('.'))\n"
        "except Exception as no: print(type(no).__name__, no)"
    )
    there = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src")}
    said = subprocess.run([sys.executable, "-c", code, str(path)], capture_output=True, text=True, check=True, env=there, cwd="/").stdout
    assert said.startswith(("Invalid", "NotFound"))


def test_parquet_keeps_its_types_and_a_name_with_wildcards_is_one_file(bench, tmp_path):
    path = tmp_path / "we[i]rd *.parquet"
    duckdb.sql("SELECT 'a@x.example' AS email, 2139 AS zip, DATE '2001-02-03' AS born").write_parquet(str(path))
    opened = open_list(str(path), bench, tmp_path)
    assert opened.types == ("VARCHAR", "INTEGER", "DATE")
    assert sample(opened, bench) == (["a@x.example"], ["2139"], ["2001-02-03"])


def test_a_sqlite_table_is_read_and_never_written(reading, bench, tmp_path):
    path = tmp_path / "shop.db"
    with pysqlite3.connect(str(path)) as made:
        made.execute("CREATE TABLE customers (id INTEGER, email TEXT, born DATE, paid REAL, photo BLOB)")
        made.execute("INSERT INTO customers VALUES (1, 'a@x.example', '2001-02-03', 1.5, x'ff'), (2, ?, NULL, NULL, NULL)", ("b\0@x",))
    made.close()
    before = path.read_bytes()
    opened = open_list(f"sqlite:///{path}#customers", bench, tmp_path)
    assert bench.rows(opened.relation) == [("1", "a@x.example", "2001-02-03", "1.5", "ff", 0)]
    assert (opened.rejects.count, opened.columns[1]) == (1, "email")
    assert path.read_bytes() == before


def test_a_postgresql_table_is_read(bench, tmp_path, postgres_url):
    engine = create_engine(postgres_url)
    with engine.begin() as conn:
        conn.execute(text("CREATE TABLE customers (email text, ok boolean, at timestamptz)"))
        conn.execute(text("INSERT INTO customers SELECT 'p' || n || '@x.example', n % 2 = 0, NULL FROM generate_series(1, 50000) n"))
    engine.dispose()
    opened = open_list(f"{postgres_url.render_as_string(hide_password=False)}#customers", bench, tmp_path)
    assert (opened.rows, opened.columns) == (50_000, ("email", "ok", "at"))
    assert bench.rows(opened.relation)[1] == ("p2@x.example", "true", None, 1)


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("sqlite:///nothing.db#customers", NotFound, "no database"),
        ("sqlite:///nothing.db", Invalid, "name the table"),
        ("mysql://x/y#z", Invalid, "not from `mysql:`"),
        ("postgresql://me@db.example:port/shop#customers", Invalid, "address cannot be understood: write `sqlite:///FILE#TABLE`"),
        ("postgresql://nobody@127.0.0.1:1/nothing#customers", Invalid, "does not answer"),
    ],
)
def test_a_database_that_cannot_be_read_is_refused_in_one_line(bench, tmp_path, name, kind, words):
    with pytest.raises(kind, match=words):
        open_list(name, bench, tmp_path)


def test_an_unknown_table_is_refused_with_those_that_are_there(bench, tmp_path):
    with pysqlite3.connect(str(tmp_path / "shop.db")) as made:
        made.execute("CREATE TABLE customers (email TEXT)")
    made.close()
    with pytest.raises(NotFound, match="there are `customers`"):
        open_list(f"sqlite:///{tmp_path}/shop.db#custmers", bench, tmp_path)


def test_a_password_is_never_said():
    source = source_of("postgresql://me:secret@db.example/shop#customers")
    assert "secret" not in source.name


@settings(deadline=None, max_examples=60)
@given(st.lists(st.lists(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8), min_size=3, max_size=3)))
def test_whatever_csv_writes_comes_back(rows):
    written = io.StringIO(newline="")
    csv.writer(written).writerows(rows)
    lines = enumerate(io.StringIO(written.getvalue(), newline="").readlines(), 1)
    rejected = []
    assert [fields for _, fields in records(lines, ",", lambda *reject: rejected.append(reject))] == rows
    assert rejected == []


@settings(deadline=None, max_examples=200)
@given(st.text(st.sampled_from('a,;"\n\r\tb'), max_size=200))
def test_every_line_is_a_row_or_a_reject_or_blank_whatever_stands_there(content):
    lines = content.splitlines(keepends=True)
    seen = set()
    for number, _ in records(iter(list(enumerate(lines, 1))), ",", lambda line, reason: seen.add(line)):
        assert number not in seen
        seen.add(number)
    assert seen <= set(range(1, len(lines) + 1))


@settings(deadline=None, max_examples=40)
@given(st.binary(max_size=300))
def test_no_file_makes_reading_fail_in_other_words_than_ours(content):
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "any.csv"
        path.write_bytes(content)
        bench = Workbench(Path(folder))
        try:
            opened = open_list(str(path), bench, Path(folder))
            assert len(bench.rows(opened.relation)) == opened.rows
            assert opened.relation.named_selects[-1] == ROW
        except No:
            pass
        finally:
            bench.close()
