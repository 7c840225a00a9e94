"""The index of all systems, over real SQLite databases: whole or as it was, sealed, and of these keys alone."""

from __future__ import annotations

import os
import sqlite3
import stat
from contextlib import closing

import pytest

from tests.houses import NOW, later
from upheld.errors import Conflict, Invalid, NotFound
from upheld.home import Home
from upheld.people.identifiers import Email, Postal
from upheld.systems import indexing, places
from upheld.systems.connector import Failed, Found
from upheld.systems.datamap import Column, DataMap, System, Table

PEOPLE = [
    (
        f"key{at}@example.com",
        f"p{at}@example.com",
        ("Ann", "Bo", "Cy")[at % 3],
        f"Lee{chr(97 + at % 26)}{chr(97 + at // 26)}",
        f"{at} Oak St",
    )
    for at in range(200)
]
TABLE = Table(
    "customers",
    ("id",),
    (
        Column("id", None),
        Column("mail", "order.email", "email"),
        Column("first", "order.name", "first"),
        Column("last", "order.name", "last"),
        Column("street", "order.address", "address"),
        Column("zip", "order.address", "zip"),
    ),
)
LOG = Table("log", ("id",), (Column("line", None),))


class Shop:
    """A reader of one real table; what other connectors do besides is not asked of it."""

    def __init__(self, system: System) -> None:
        self.system, self.connection = system, sqlite3.connect(system.address)

    def read(self, table, size=20_000):
        assert table is TABLE
        try:
            rows = self.connection.execute("SELECT id, mail, first, last, street FROM customers ORDER BY rowid").fetchall()
        except sqlite3.Error as error:
            raise Failed(self.system.name, "has no table `customers`", again=False) from error
        for at in range(0, len(rows), size):
            yield [
                Found(
                    self.system.name,
                    table.name,
                    (key,),
                    {"email": (mail,), "first": (first,), "last": (last,), "address": (street,), "zip": ("60601",)},
                )
                for key, mail, first, last, street in rows[at : at + size]
            ]

    def close(self):
        self.connection.close()


def database(path, people):
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE customers (id TEXT, mail TEXT, first TEXT, last TEXT, street TEXT)")
        connection.executemany("INSERT INTO customers VALUES (?, ?, ?, ?, ?)", people)


@pytest.fixture
def home(tmp_path):
    return Home.create(tmp_path / "home", "Northgate Systems")


@pytest.fixture
def datamap(tmp_path):
    systems = {}
    for name, people in (("shop", PEOPLE[:150]), ("mail", PEOPLE[150:])):
        database(tmp_path / f"{name}.db", people)
        systems[name] = System(name, "database", str(tmp_path / f"{name}.db"), (TABLE, LOG))
    return DataMap(systems)


def found_by(home, *given):
    index = indexing.open_index(home)
    return {index.places.of(int(number)) for number in index.blind.candidates(given, index.keys, "tight")}


def test_a_record_is_found_again_where_it_stands(home, datamap):
    heard = []
    done = indexing.refresh(home, datamap, Shop, NOW, advance=heard.append)
    assert [(span.system, span.table, span.first, span.count) for span in done.tables] == [
        ("shop", "customers", 0, 150), ("mail", "customers", 150, 50),
    ]  # fmt: skip
    assert sum(heard) == 200
    for at in (0, 63, 64, 149, 150, 199):
        key, mail, first, last, street = PEOPLE[at]
        wanted = {places.Place("shop" if at < 150 else "mail", "customers", (key,))}
        assert found_by(home, Email(mail)) == found_by(home, Postal(first, last, street, "60601")) == wanted
    index = indexing.open_index(home)
    assert (len(index.places), index.places.at) == (200, NOW)


def test_nothing_in_the_index_can_be_read_and_only_its_owner_may(home, datamap):
    indexing.refresh(home, datamap, Shop, NOW)
    files = [path for path in (home.path / "index").rglob("*") if not path.is_symlink()]
    assert files
    for path in files:
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
        if path.is_file():
            content = path.read_bytes()
            assert not any(word in content for word in (b"example.com", b"Lee", b"Oak", b"customers", b"shop"))
    assert "example.com" not in repr(indexing.open_index(home).places.of(3))


def test_a_refresh_takes_the_place_of_the_one_before_and_clears_up(home, datamap, tmp_path):
    indexing.refresh(home, datamap, Shop, NOW)
    with closing(sqlite3.connect(tmp_path / "shop.db")) as connection, connection:
        connection.execute("DELETE FROM customers WHERE id = ?", (PEOPLE[0][0],))
        connection.execute("INSERT INTO customers VALUES ('new', 'new@example.com', 'Di', 'Ray', '1 Elm St')")
    before = indexing.open_index(home)
    for _ in range(3):
        indexing.refresh(home, datamap, Shop, later(hours=1))
    assert found_by(home, Email(PEOPLE[0][1])) == set()
    assert {place.key for place in found_by(home, Email("new@example.com"))} == {("new",)}
    assert before.places.of(0).key == (PEOPLE[0][0],)  # who had it open still reads it
    assert len([path for path in (home.path / "index" / "norm-v1").iterdir() if not path.is_symlink()]) == 3


def test_a_refresh_that_fails_leaves_the_index_as_it_was(home, datamap, tmp_path):
    indexing.refresh(home, datamap, Shop, NOW)
    with closing(sqlite3.connect(tmp_path / "mail.db")) as connection, connection:
        connection.execute("DROP TABLE customers")
    with pytest.raises(Failed, match="has no table"):
        indexing.refresh(home, datamap, Shop, later(hours=1))
    assert {place.key for place in found_by(home, Email(PEOPLE[160][1]))} == {(PEOPLE[160][0],)}
    database_again = PEOPLE[150:]
    (tmp_path / "mail.db").unlink()
    database(tmp_path / "mail.db", database_again)
    indexing.refresh(home, datamap, Shop, later(hours=2))
    assert indexing.open_index(home).places.at == later(hours=2)
    left = {path.name for path in (home.path / "index" / "norm-v1").iterdir() if path.is_dir()}
    assert all((home.path / "index" / "norm-v1" / name / "blind").is_dir() for name in left)


def test_one_refresh_at_a_time(home, datamap):
    class Second(Shop):
        def read(self, table, size=20_000):
            with pytest.raises(Conflict, match="another process"):
                indexing.refresh(home, datamap, Shop, NOW)
            return super().read(table, size)

    indexing.refresh(home, datamap, Second, NOW)


def test_an_index_that_is_missing_foreign_or_changed_is_refused(home, datamap):
    with pytest.raises(NotFound, match="upheld systems index"):
        indexing.open_index(home)
    indexing.refresh(home, datamap, Shop, NOW)
    folder = indexing.open_index(home).folder / "places"
    for name, refused in (("places.head", Conflict), ("places.bin", Invalid)):
        good = (folder / name).read_bytes()
        (folder / name).write_bytes(good[:20] + bytes([good[20] ^ 1]) + good[21:])
        with pytest.raises(refused, match="upheld systems index"):
            indexing.open_index(home).places.of(0)
        (folder / name).write_bytes(good)
    master = home.keys / "master.key"
    master.write_bytes(os.urandom(32))
    with pytest.raises(Conflict, match="other keys"):
        indexing.open_index(home)
