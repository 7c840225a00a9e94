"""SQLite, PostgreSQL and MariaDB as systems: read, fetched, searched, marked, and every refusal in words."""

from __future__ import annotations

import time
from threading import Thread

import pytest

from tests.systems.stores import Store
from upheld.errors import Invalid, Refused
from upheld.home import Home
from upheld.people.identifiers import Email
from upheld.systems.connector import Failed
from upheld.systems.datamap import Column, Flag, System, Table
from upheld.systems.opening import open_system

COLUMNS = (Column("id", None), Column("email", "order.email", "email"), Column("Last Name", "order.name", "last"))
TABLE = Table("Customers", ("id",), COLUMNS, (Flag("post", "no_mail", 1), Flag("newsletter", "letters", "no", null_is_out=True)))
SCHEMA = (
    'CREATE TABLE "Customers" (id INTEGER PRIMARY KEY, email VARCHAR(200), "Last Name" VARCHAR(80), no_mail INTEGER, letters VARCHAR(9))'
)
ROWS = [(1, "ann@mail.example", "Frost", 0, "yes"), (2, "bo@mail.example", "O'Hara", 1, None), (3, None, None, None, "no")]
MARKS = 'SELECT id, no_mail, letters FROM "Customers" ORDER BY id'


def said(store, statement):
    return statement.replace('"', "`") if store.kind == "mariadb" else statement


@pytest.fixture
def shop(store):
    store.run(said(store, SCHEMA))
    store.put(said(store, '"Customers"'), ROWS)
    return store


def test_all_rows_are_read_in_pieces_as_the_map_says(shop):
    pieces = list(shop.open(TABLE).read(TABLE, 2))
    assert [len(piece) for piece in pieces] == [2, 1]
    found = [one for piece in pieces for one in piece]
    assert sorted((one.key, one.values["email"], one.values["last"]) for one in found) == [
        (("1",), ("ann@mail.example",), ("Frost",)), (("2",), ("bo@mail.example",), ("O'Hara",)), (("3",), ("",), ("",)),
    ]  # fmt: skip
    assert {one.key[0]: set(one.out) for one in found} == {"1": set(), "2": {"post", "newsletter"}, "3": {"newsletter"}}


def test_what_is_read_is_one_state_whatever_others_write_meanwhile(shop):
    shop.put(said(shop, '"Customers"'), [(number, "x@mail.example", "X", 0, "yes") for number in range(10, 3010)])
    reading = shop.open(TABLE).read(TABLE, 100)
    first = next(reading)
    if shop.kind != "sqlite":  # a reader of an SQLite file without WAL keeps writers away, which is one state too
        shop.run(said(shop, """UPDATE "Customers" SET "Last Name" = 'Changed'"""))
    assert {one.values["last"] for piece in (first, *reading) for one in piece} == {("Frost",), ("O'Hara",), ("",), ("X",)}


def test_marking_is_idempotent_and_touches_the_rows_named_and_no_other(shop):
    for _ in range(2):
        shop.open(TABLE).stop(TABLE, [("1",), ("3",), ("99",)], ["post", "newsletter", "calls"], "token")
        assert shop.run(said(shop, MARKS)) == [(1, 1, "no"), (2, 1, None), (3, 1, "no")]
    (one,) = shop.open(TABLE).fetch(TABLE, [("1",), ("77",)])
    assert (one.key, one.out) == (("1",), {"post", "newsletter"})


def test_many_rows_are_marked_all_or_none(shop):
    shop.put(said(shop, '"Customers"'), [(number, "x@mail.example", "X", 0, "yes") for number in range(10, 1010)])
    bad = Table(TABLE.name, TABLE.key, TABLE.columns, (*TABLE.flags, Flag("calls", "gone", 1)))
    keys = [(str(number),) for number in range(10, 1010)]
    with pytest.raises(Failed, match="has not all columns"):
        shop.open(bad).stop(bad, keys, ["post", "calls"], "token")
    assert sum(row[1] or 0 for row in shop.run(said(shop, MARKS))) == 1
    shop.open(TABLE).stop(TABLE, keys, ["post"], "token")
    assert sum(row[1] or 0 for row in shop.run(said(shop, MARKS))) == 1001


def test_a_text_is_corrected_in_the_rows_named_and_no_other_whatever_it_holds(shop):
    said_ = """O'Neil "x"; DROP TABLE Customers; -- ñ %s"""
    for _ in range(2):
        shop.open(TABLE).correct(TABLE, [("2",), ("99",)], "Last Name", said_)
    found = {one.key: one.values["last"] for one in shop.open(TABLE).fetch(TABLE, [("1",), ("2",), ("3",)])}
    assert found == {("1",): ("Frost",), ("2",): (said_,), ("3",): ("",)}
    with pytest.raises(Failed, match="cannot keep that text in that column"):
        shop.open(TABLE).correct(TABLE, [("2",)], "gone", "x")


def test_a_search_finds_whoever_is_meant(shop):
    assert ("1",) in {one.key for one in shop.open(TABLE).search(TABLE, [Email("Ann@Mail.example")])}
    assert shop.open(TABLE).search(TABLE, []) == []


def test_the_live_tables_are_told_with_keys_and_foreign_keys(shop):
    statement = "CREATE TABLE orders (no INTEGER NOT NULL, line INTEGER NOT NULL, customer INTEGER, PRIMARY KEY (no, line), "
    shop.run(said(shop, statement + 'FOREIGN KEY (customer) REFERENCES "Customers" (id))'))
    tables = {one.name: one for one in shop.open(TABLE).live()}
    assert set(tables) == {"Customers", "orders"}
    assert tables["orders"].key == ("no", "line")
    assert tables["orders"].foreign == ((("customer",), "Customers", ("id",)),)
    assert [column.name for column in tables["Customers"].columns] == ["id", "email", "Last Name", "no_mail", "letters"]
    assert {column.name: column.nullable for column in tables["orders"].columns} == {"no": False, "line": False, "customer": True}


def test_a_sample_is_some_rows_of_any_table(shop):
    rows = shop.open(TABLE).sample("Customers", 2)
    assert len(rows) == 2
    assert set(rows[0]) == {"id", "email", "Last Name", "no_mail", "letters"}
    with pytest.raises(Failed, match="has not all tables"):
        shop.open(TABLE).sample("nowhere")


def test_a_table_or_column_that_is_not_there_is_a_fault_of_the_map(shop):
    gone = Table("Gone", ("id",), COLUMNS)
    bare = Table("Customers", ("number",), COLUMNS)
    for table, words in ((gone, "has not all tables"), (bare, "has not all columns")):
        for call in (lambda each: each.search(table, [Email("a@b.example")]), lambda each: list(each.read(table))):  # noqa: B023
            with pytest.raises(Failed, match=words) as refused:
                call(shop.open(table))
            assert not refused.value.again


def test_a_row_without_a_key_or_with_one_that_is_no_text_is_named(store):
    text = {"mariadb": "VARBINARY(9)", "postgres": "BYTEA", "sqlite": "BLOB"}[store.kind]
    store.run(f"CREATE TABLE people (code {text}, email VARCHAR(99))")
    table = Table("people", ("code",), (Column("code", None), Column("email", "order.email", "email")))
    store.put("people", [(b"\xff\xfe", "a@b.example")])
    with pytest.raises(Failed, match="keys in `people` that are no text"):
        list(store.open(table).read(table))
    store.run("DELETE FROM people")
    store.put("people", [(None, "a@b.example")])
    with pytest.raises(Failed, match="row without a key in `people`"):
        list(store.open(table).read(table))


@pytest.mark.parametrize("key", ["SOME-Key", "üñí", "it's \\ % _", "0012", "2026-01-01"])
def test_keys_of_text_are_met_to_the_letter(store, key):
    store.run("CREATE TABLE people (code VARCHAR(20), no_mail INTEGER)")
    table = Table("people", ("code",), (Column("code", None),), (Flag("post", "no_mail", 1),))
    store.put("people", [(key, 0), (key.swapcase() + "x", 0), ("12", 0), *([(key.lower(), 0)] if key.lower() != key else [])])
    store.open(table).stop(table, [(key,)], ["post"], "token")
    assert store.run("SELECT code FROM people WHERE no_mail = 1") == [(key,)]


def test_keys_of_other_types_and_of_several_columns_are_met(store):
    kind = {"postgres": ("UUID", "TIMESTAMP", "NUMERIC(9,2)"), "mariadb": ("CHAR(36)", "DATETIME(6)", "DECIMAL(9,2)")}
    one, two, three = kind.get(store.kind, ("TEXT", "TEXT", "REAL"))
    store.run(f"CREATE TABLE people (a {one}, b {two}, c {three}, no_mail INTEGER)")
    table = Table("people", ("a", "b", "c"), (), (Flag("post", "no_mail", 1),))
    rows = [(f"6b1d1c2e-0000-4000-8000-00000000000{n}", "2026-01-02 03:04:05.600000", "12.50", 0) for n in range(3)]
    store.put("people", rows)
    keys = sorted(found.key for piece in store.open(table).read(table) for found in piece)
    store.open(table).stop(table, keys[:2], ["post"], "token")
    assert sorted(row[0] for row in store.run("SELECT no_mail FROM people")) == [0, 1, 1]


FLAGS = [
    ("postgres", "BOOLEAN", True, False, True), ("postgres", "BOOLEAN", 1, False, True), ("postgres", "TEXT", True, "false", "true"),
    ("postgres", "NUMERIC(1,0)", 1, 0, 1), ("postgres", "CHAR(3)", "no", "yes", "no "), ("postgres", "SMALLINT", False, 1, 0),
    ("mariadb", "BOOLEAN", True, 0, 1), ("mariadb", "BIT(1)", True, b"\x00", b"\x01"), ("mariadb", "BIT(1)", 1, b"\x00", b"\x01"),
    ("mariadb", "ENUM('0','1')", 1, "0", "1"), ("mariadb", "ENUM('yes','no')", "no", "yes", "no"),
    ("mariadb", "TEXT", True, "false", "true"),
    ("sqlite", "BOOLEAN", True, 0, 1), ("sqlite", "", "no", "yes", "no"), ("sqlite", "TEXT", 1, "0", "1"),
]  # fmt: skip


@pytest.mark.parametrize("flag", FLAGS, ids=lambda flag: f"{flag[0]}-{flag[1]}-{flag[2]}")
def test_a_flag_of_any_type_is_read_and_written(request, tmp_path, flag):
    kind, type_, out, before, after = flag
    store = Store(kind, request, tmp_path)
    store.run(f"CREATE TABLE people (id INTEGER, flag {type_})")
    store.put("people", [(1, before), (2, before)])
    table = Table("people", ("id",), (), (Flag("post", "flag", out),))
    store.open(table).stop(table, [("2",)], ["post"], "token")
    assert store.run("SELECT flag FROM people ORDER BY id") == [(before,), (after,)]
    assert [one.out for one in store.open(table).fetch(table, [("1",), ("2",)])] == [set(), {"post"}]


def test_zero_dates_and_enums_that_do_not_know_the_mark(request, tmp_path):
    store = Store("mariadb", request, tmp_path)
    store.run("CREATE TABLE people (id INTEGER, born DATE, email VARCHAR(99), flag ENUM('yes','no'))")
    connection = store.connect()
    with connection, connection.cursor() as cursor:
        cursor.execute("SET sql_mode = ''")
        cursor.execute("INSERT INTO people VALUES (1, '0000-00-00', 'a@b.example', 'yes')")
    columns = (Column("born", "order.born", "suffix"), Column("email", "order.email", "email"))
    table = Table("people", ("id",), columns, (Flag("post", "flag", "no"), Flag("newsletter", "flag", "never")))
    assert len(store.open(table).search(table, [Email("a@b.example")])) == 1
    with pytest.raises(Failed, match="does not take the mark"):
        store.open(table).stop(table, [("1",)], ["newsletter"], "token")
    store.open(table).stop(table, [("1",)], ["post"], "token")
    assert store.run("SELECT flag FROM people") == [("no",)]


def test_a_table_of_another_schema_is_named_with_it(request, tmp_path):
    store = Store("postgres", request, tmp_path)
    store.run(
        "CREATE SCHEMA sales", "CREATE TABLE sales.people (id INTEGER PRIMARY KEY, flag INTEGER)", "INSERT INTO sales.people VALUES (1, 0)"
    )
    table = Table("sales.people", ("id",), (), (Flag("post", "flag", 1),))
    store.open(table).stop(table, [("1",)], ["post"], "token")
    assert store.run("SELECT flag FROM sales.people") == [(1,)]
    assert [one.name for one in store.open(table).live()] == ["sales.people"]


# --- refusals -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_a_server_that_is_stopped_is_given_up_in_time_and_found_again(request, tmp_path, kind):
    store = Store(kind, request, tmp_path)
    store.run("CREATE TABLE people (id INTEGER, email VARCHAR(99))")
    store.put("people", [(number, "a@b.example") for number in range(3000)])
    table = Table("people", ("id",), (Column("email", "order.email", "email"),))
    with store.stopped():
        started = time.monotonic()
        with pytest.raises(Failed) as refused:
            store.open(table, timeout=1).search(table, [Email("a@b.example")])
        assert refused.value.again
        assert time.monotonic() - started < 15
    assert len(store.open(table, timeout=1).search(table, [Email("a@b.example")])) == 3000


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_who_reads_may_take_longer_than_the_server_may(request, tmp_path, kind):
    store = Store(kind, request, tmp_path)
    store.run("CREATE TABLE people (id INTEGER, email VARCHAR(400))")
    store.put("people", [(number, f"{'x' * 300}{number}@b.example") for number in range(60_000)])  # more than waits in a socket
    table = Table("people", ("id",), (Column("email", "order.email", "email"),))
    read = 0
    for piece in store.open(table, timeout=1).read(table):
        read += len(piece)
        time.sleep(0.7)
    assert read == 60_000


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_a_server_that_stops_in_the_middle_is_cut_off(request, tmp_path, kind):
    store = Store(kind, request, tmp_path)
    store.run("CREATE TABLE people (id INTEGER, email VARCHAR(99), flag INTEGER)")
    store.put("people", [(1, "a@b.example", 0)])
    table = Table("people", ("id",), (Column("email", "order.email", "email"),), (Flag("post", "flag", 1),))
    connector = store.open(table, timeout=1)
    begun, begin = [], connector.begin

    def stop_after(conn, *, writing):
        begin(conn, writing=writing)
        begun.append(stopping := store.stopped())
        stopping.__enter__()

    connector.begin = stop_after
    started = time.monotonic()
    try:
        with pytest.raises(Failed, match="did not answer in time") as refused:
            connector.stop(table, [("1",)], ["post"], "token")
    finally:
        begun[0].__exit__(None, None, None)
    assert refused.value.again
    assert time.monotonic() - started < 15
    connector.close()
    store.open(table).stop(table, [("1",)], ["post"], "token")
    assert store.run("SELECT flag FROM people") == [(1,)]


def test_a_table_that_another_program_holds_is_tried_again(shop):
    holder = shop.connect()
    cursor = holder.cursor()
    cursor.execute({"mariadb": "START TRANSACTION", "sqlite": "BEGIN IMMEDIATE"}.get(shop.kind, "BEGIN"))
    cursor.execute(said(shop, 'UPDATE "Customers" SET no_mail = 5'))
    try:
        with pytest.raises(Failed) as refused:
            shop.open(TABLE, timeout=1).stop(TABLE, [("1",)], ["post"], "token")
        assert (refused.value.words, refused.value.again) in {("is locked by another program", True), ("did not answer in time", True)}
    finally:
        cursor.execute("ROLLBACK")
        holder.close()
    shop.open(TABLE).stop(TABLE, [("1",)], ["post"], "token")


def test_a_server_that_is_not_there_is_tried_again_and_a_wrong_name_is_not():
    for url, again in (
        ("postgresql+psycopg://nobody@127.0.0.1:1/shop", True),
        ("mariadb+pymysql://nobody@127.0.0.1:1/shop", True),
        ("sqlite:////nowhere/shop.db", True),
    ):
        with pytest.raises(Failed) as refused:
            open_system(System("shop", "database", url, (TABLE,)), None).live()
        assert refused.value.again is again
        assert "nobody" not in str(refused.value)


@pytest.mark.parametrize("kind", ["postgres", "mariadb"])
def test_a_database_that_does_not_exist_or_may_not_be_written_waits_for_a_person(request, tmp_path, kind):
    store = Store(kind, request, tmp_path)
    elsewhere = System("shop", "database", store.url.replace("test_", "gone_"), (TABLE,))
    with pytest.raises(Failed, match="does not let `upheld` in") as refused:
        open_system(elsewhere, None).live()
    assert not refused.value.again
    store.run("CREATE TABLE people (id INTEGER, flag INTEGER)", "INSERT INTO people VALUES (1, 0)")
    reader = f"reader_{tmp_path.name[-12:].replace('-', '_')}"[:30]
    host = "" if kind == "postgres" else "@'127.0.0.1'"
    grant = "people" if kind == "postgres" else "*"
    store.run(f"CREATE USER {reader}{host}", f"GRANT SELECT ON {grant} TO {reader}{host}")
    table = Table("people", ("id",), (), (Flag("post", "flag", 1),))
    try:
        system = System("shop", "database", store.url.replace("upheld_test", reader), (table,))
        assert len(open_system(system, None).fetch(table, [("1",)])) == 1
        with pytest.raises(Failed, match="write its opt-out columns") as refused:
            open_system(system, None).stop(table, [("1",)], ["post"], "token")
        assert not refused.value.again
    finally:
        store.run(*(["DROP TABLE people"] if kind == "postgres" else []), f"DROP USER {reader}{host}")


def test_a_server_set_to_read_only_is_tried_again(request, tmp_path):
    store = Store("postgres", request, tmp_path)
    store.run("CREATE TABLE people (id INTEGER, flag INTEGER)", "INSERT INTO people VALUES (1, 0)")
    store.run(f"ALTER DATABASE {store.url.rpartition('/')[2].partition('?')[0]} SET default_transaction_read_only = on")
    table = Table("people", ("id",), (), (Flag("post", "flag", 1),))
    connector = store.open(table)
    with pytest.raises(Failed) as refused:
        connector.stop(table, [("1",)], ["post"], "token")
    assert (refused.value.words, refused.value.again) == ("may only be read now: it is a standby, or set so", True)


# --- passwords ------------------------------------------------------------------------------------------------------------------------


def test_a_password_comes_from_the_environment_or_a_strict_file_and_never_shows(request, tmp_path, monkeypatch):
    store, home = Store("mariadb", request, tmp_path), Home.create(tmp_path / "home", "Northgate Systems")
    user = f"locked{abs(hash(tmp_path)) % 10**9}"
    name = store.url.rpartition("/")[2]
    store.run(f"CREATE USER {user}@'127.0.0.1' IDENTIFIED BY 'tall ships'", f"GRANT ALL ON {name}.* TO {user}@'127.0.0.1'")
    file = home.path / "keys" / "shop.password"
    file.write_text("tall ships\n")
    file.chmod(0o600)
    try:
        address = store.url.replace("upheld_test", user)
        bare, filed = (
            System("my-shop", "database", address, (TABLE,)),
            System("my-shop", "database", address, (TABLE,), {"password_file": "keys/shop.password"}),
        )
        with pytest.raises(Failed, match="does not let `upheld` in"):
            open_system(bare, home).live()
        assert open_system(filed, home).live() == []
        monkeypatch.setenv("UPHELD_SYSTEM_MY_SHOP_PASSWORD", "tall ships")
        assert open_system(bare, home).live() == []
        monkeypatch.setenv("UPHELD_SYSTEM_MY_SHOP_PASSWORD", "low boats")
        with pytest.raises(Failed) as refused:
            open_system(filed, home).live()
        assert "boats" not in str(refused.value)
        monkeypatch.delenv("UPHELD_SYSTEM_MY_SHOP_PASSWORD")
        file.chmod(0o644)
        with pytest.raises(Refused, match="others may reach"):
            open_system(filed, home)
        with pytest.raises(Invalid, match="no home is known"):
            open_system(filed, None)
    finally:
        store.run(f"DROP USER {user}@'127.0.0.1'")


def test_two_who_mark_at_once_leave_every_row_marked(shop):
    shop.put(said(shop, '"Customers"'), [(number, "x@mail.example", "X", 0, "yes") for number in range(10, 60)])
    keys = [(str(number),) for number in range(10, 60)]
    failed = []

    def mark(some):
        try:
            shop.open(TABLE).stop(TABLE, some, ["post", "newsletter"], "token")
        except Failed as error:
            failed.append(error)

    threads = [Thread(target=mark, args=(some,)) for some in (keys, list(reversed(keys)))]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert all(error.again for error in failed)
    shop.open(TABLE).stop(TABLE, keys, ["post", "newsletter"], "token")
    assert {row[1:] for row in shop.run(said(shop, MARKS)) if row[0] >= 10} == {(1, "no")}
