"""How fast choices are recorded durably, how soon they hold, and how long the standing of everybody takes."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from benches.publishing import publish
from tests import servers
from upheld.choices.actions import Said, record_many
from upheld.choices.importing import Plan, import_file
from upheld.choices.queries import AsOf, standing, standing_codes
from upheld.cli.init import load_tables
from upheld.home import Home
from upheld.people.actions import Keeper
from upheld.people.identifiers import Email, Identifier, Postal
from upheld.people.queries import find, index
from upheld.policy.compiled import Policy
from upheld.policy.table import Table
from upheld.record import Actor, Record

PEOPLE = 200_000
BATCH = 2000
CLERK = Actor("bench")
NAMES = ("Jane", "Bob", "Maria", "Liz", "Omar", "Ann-Marie")


def now() -> datetime:
    """The time."""
    return datetime.now(UTC)


def said(identifier: Identifier) -> Said:
    """An opt-out."""
    return Said((identifier,), "sharing", "out", now(), "phone", "you will get no more letters of partners", "2026.1")


def mail(number: int) -> Email:
    """Nobody's address."""
    return Email(f"person{number}@mail{number % 40}.example")


def postal(number: int) -> Postal:
    """Nobody's home."""
    return Postal(NAMES[number % 6], f"Tel{number}mar", f"{1 + number % 9800} Quilo{number % 977} Street", f"{10_000 + number % 80_000}")


def recorded(record: Record, keeper: Keeper, said_: list[Said], batch: int) -> tuple[float, float]:
    """Wall and processor seconds of recording, `batch` choices a durable transaction."""
    began, spent = time.perf_counter(), time.process_time()
    for at in range(0, len(said_), batch):
        with record.transaction() as tx:
            record_many(tx, keeper, said_[at : at + batch], ("sharing",), at=now(), actor=CLERK)
    return time.perf_counter() - began, time.process_time() - spent


MAILS = ("email", lambda at: mail(at).value)
HOMES = ("first,last,address,zip", lambda at: ",".join((one := postal(5_000_000 + at), one.first, one.last, one.address, one.zip)[1:]))


def imported(
    record: Record, keeper: Keeper, folder: Path, kind: str, rows: tuple[str, Callable[[int], str]], many: int = PEOPLE
) -> list[object]:
    """A row of figures: a CSV file of opt-outs taken in."""
    path, (head, line) = folder / "list.csv", rows
    path.write_text(f"{head}\n" + "".join(f"{line(at)}\n" for at in range(many)), encoding="utf-8")
    began, spent = time.perf_counter(), time.process_time()
    done = import_file(record, keeper, path, Plan("sharing", "out"), ("sharing",), clock=now, actor=CLERK)
    wall, spent = time.perf_counter() - began, time.process_time() - spent
    assert done.recorded == many
    return [f"imported from CSV by {kind}, {many:,} rows", f"{many / wall:,.0f} a second", f"{many / spent:,.0f}"]


def _on_postgres(folder: Path) -> list[list[object]]:
    with servers.postgres() as server, server.database() as url:
        home = Home.create(folder / "second", "Bench", url.render_as_string(hide_password=False))
        record = Record(home.record_url)
        record.create()
        keeper = Keeper(home)
        rows = [imported(record, keeper, folder, kind, rows, 40_000) for kind, rows in (("e-mail", MAILS), ("name and address", HOMES))]
        record.close()
    return [[f"PostgreSQL: {row[0]}", row[1], f"{row[2]}, its server not counted"] for row in rows]


def main() -> None:
    """Measure, print, publish. Target: 2,000 choices a second durably; a choice holds for the very next decision."""
    rows: list[list[object]] = []
    with tempfile.TemporaryDirectory() as folder:
        home = Home.create(Path(folder) / "home", "Bench")
        load_tables()
        record = Record(home.record_url)
        record.create()
        keeper = Keeper(home)
        for kind, many, batch in (("e-mail", 20_000, BATCH), ("e-mail", 2000, 100), ("e-mail", 200, 1)):
            wall, spent = recorded(record, keeper, [said(mail(10_000_000 * batch + at)) for at in range(many)], batch)
            rows.append([f"recorded by {kind}, {batch} a transaction", f"{many / wall:,.0f} a second", f"{many / spent:,.0f}"])
        wall, spent = recorded(record, keeper, [said(postal(at)) for at in range(20_000)], BATCH)
        rows.append([f"recorded by name and address, {BATCH} a transaction", f"{20_000 / wall:,.0f} a second", f"{20_000 / spent:,.0f}"])
        rows.append(imported(record, keeper, Path(folder), "e-mail", MAILS))
        rows.append(imported(record, keeper, Path(folder), "name and address", HOMES))
        rows += _read(record, keeper)
        record.close()
        rows += _on_postgres(Path(folder))
    busy = f"load average {os.getloadavg()[0]:.1f} on {len(os.sched_getaffinity(0))} cores"
    made = "generated people, 24 codes a name and address; SQLite (WAL, synchronous=FULL), each transaction with its ledger entries"
    data = f"{made}; {busy}"
    publish(
        "choices",
        "Choices",
        ["what", "rate or time", "a processor second"],
        rows,
        data=data,
        packages=["sqlalchemy", "pysqlite3", "cryptography"],
    )


def _read(record: Record, keeper: Keeper) -> list[list[object]]:
    began = time.perf_counter()
    with record.transaction() as tx:
        record_many(tx, keeper, [said(mail(7))], ("sharing",), at=now(), actor=CLERK)
    with record.reading() as conn:
        (person,) = find(conn, keeper.keys, [mail(7)])
        assert standing(conn, person, ("sharing",), AsOf(now())).choices["sharing"] == "out"
    held = time.perf_counter() - began
    table = Table([Policy.read("policies/northgate.md")])
    with record.reading() as conn:
        began = time.perf_counter()
        everybody = standing_codes(conn, table, AsOf(now()))
        codes = time.perf_counter() - began
        began = time.perf_counter()
        kept = index(conn)
        indexed = time.perf_counter() - began
    people = len(everybody.codes) - 1
    return [
        ["recorded, found again and read as opted out", f"{held * 1000:.1f} ms", ""],
        [f"standing codes of {people:,} people", f"{codes:.2f} s", f"{people / codes:,.0f} people a second"],
        [f"all {len(kept):,} match codes as a sorted index", f"{indexed:.2f} s", f"{len(kept) / indexed:,.0f} codes a second"],
    ]


if __name__ == "__main__":
    main()
