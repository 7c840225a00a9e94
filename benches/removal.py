"""A removal over four real systems with a million customers each, from the confirmed request to the proof of every table.

SQLite, PostgreSQL, MariaDB, and an SQLite database behind the example webhook receiver (asked by forms, which it has indexed). The person
is in all four, and is asked for by e-mail address alone, so that name and address are learnt on the way and every system is proven by them
too: with the index that is made each night (each system is read through once, for the proof) and without one (twice).

Timed from the received request to the confirmation: what a worker of four threads does. The servers run on the same machine, and their
processor time is counted; what else ran on it is told by the load.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from contextlib import ExitStack, closing
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pymysql
import pysqlite3

from benches import lists
from benches.publishing import append, publish
from tests import servers
from upheld.cli.init import load_tables
from upheld.home import Home
from upheld.jobs.worker import work
from upheld.people.actions import Keeper
from upheld.people.held import Held
from upheld.policy.document import parse
from upheld.postings.actions import post
from upheld.postings.queries import in_force
from upheld.record import Actor, Record
from upheld.requests import queries
from upheld.requests.actions import Asked, receive
from upheld.requests.confirming import by_the_clerk
from upheld.requests.fulfilment import handlers
from upheld.requests.office import Office
from upheld.requests.telling import into_outbox
from upheld.systems.datamap import Column, DataMap, Flag, System, Table
from upheld.systems.indexing import refresh
from upheld.systems.opening import open_system

ROWS, REQUESTS, THREADS = 1_000_000, 5, 4
POLICY = Path(__file__).parents[1] / "policies" / "northgate.md"
COLUMNS = (
    Column("id", None), Column("email", "order.email", "email"), Column("first", "order.name", "first"),
    Column("last", "order.name", "last"), Column("address", "order.shipping address", "address"),
    Column("zip", "order.shipping address", "zip"),
)  # fmt: skip
CUSTOMERS = Table("customers", ("id",), COLUMNS, (Flag("newsletter", "no_mail", 1), Flag("post", "no_post", 1)))
CREATE = (
    "CREATE TABLE customers (id INTEGER PRIMARY KEY, email VARCHAR(120), first VARCHAR(60), last VARCHAR(60), address VARCHAR(120), "
    "zip VARCHAR(10), no_mail INTEGER, no_post INTEGER)"
)
CLERK = Actor("bench", "privacy")


def into_sqlite(file: Path, listed: Path) -> None:
    with closing(pysqlite3.connect(file)) as db, duckdb.connect() as connection:
        db.execute(CREATE)
        rows = connection.execute("SELECT * FROM read_csv(?, all_varchar = true, header = true)", [str(listed)])
        while some := rows.fetchmany(50_000):
            db.executemany("INSERT INTO customers VALUES (?, ?, ?, ?, ?, ?, ?, ?)", some)
        db.commit()


def into_postgres(url: str, listed: Path) -> None:
    with psycopg.connect(servers.libpq(url), autocommit=True) as db, db.cursor() as cursor:
        cursor.execute(CREATE)
        with cursor.copy("COPY customers FROM STDIN (FORMAT csv, HEADER)") as copy, listed.open("rb") as file:
            while piece := file.read(1 << 20):
                copy.write(piece)
        cursor.execute("VACUUM ANALYZE customers")


def into_mariadb(server: servers.MariaDB, name: str, listed: Path) -> None:
    given = {"host": server.url.host, "port": server.url.port, "user": server.url.username, "charset": "utf8mb4"}
    with closing(pymysql.connect(**given, database=name, local_infile=True, autocommit=True)) as db, db.cursor() as cursor:
        cursor.execute(CREATE)
        lay = "FIELDS TERMINATED BY ',' OPTIONALLY ENCLOSED BY '\"' IGNORE 1 LINES"
        cursor.execute(f"LOAD DATA LOCAL INFILE '{listed}' INTO TABLE customers {lay}")
        cursor.execute("ANALYZE TABLE customers")


def spent(pids: list[int]) -> dict[str, float]:
    """Processor seconds so far: ours, and of each server with the processes it started."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    found = {"upheld": own.ru_utime + own.ru_stime}
    for pid in pids:
        found[str(pid)] = sum(_ticks(each) for each in [pid, *_children(pid)])
    return found


def _ticks(pid: int) -> float:
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return sum(map(int, fields[11:15])) / os.sysconf("SC_CLK_TCK")  # with those of children that have ended


def _children(pid: int) -> list[int]:
    listed = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False).stdout
    return [int(each) for each in listed.split()]


def now() -> datetime:
    return datetime.now(UTC)


def office(home: Home, record: Record, datamap: DataMap) -> Office:
    ways = (partial(open_system, home=home), by_the_clerk, partial(into_outbox, home))
    return Office(home, record, Keeper(home), now, lambda: datamap, *ways)


def removal(record: Record, over: Office, row: tuple[str, ...], pids: list[int], threads: int) -> dict[str, Any]:
    """One request by e-mail address, carried out; seconds and processor seconds of it."""
    with record.transaction() as tx:
        asked = Asked(Held(email=row[1]), "phone", now(), ("newsletter", "post"))
        received = receive(tx, over.keeper, asked, in_force(tx, now()), at=now(), actor=CLERK)
    doing = handlers(over)
    before, began = spent(pids), time.perf_counter()
    work(record, doing, over.clock, threads=threads, together=doing.keys(), hold=timedelta(minutes=5))
    wall, after = time.perf_counter() - began, spent(pids)
    with record.reading() as conn:
        whole = queries.whole(conn, received.request)
    states = {f"{place.system}": place.state for place in whole.places}
    assert whole.request.state == "complete", (whole.request.state, states, [step for step in whole.steps if step.state != "done"])
    assert set(states.values()) == {"stopped"}, states
    return {"wall": wall, **{name: after[name] - before[name] for name in after}}


def main(count: int = ROWS, requests: int = REQUESTS) -> None:
    """Measure, print, publish. Target: from confirm to proof within 2 s."""
    load_tables()
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        folder.chmod(0o755)
        listed = folder / "customers.csv"
        made = folder / "made.parquet"
        lists.write(made, count)
        with duckdb.connect() as connection:
            connection.execute(
                f"COPY (SELECT id, email, first, last, address, zip, 0 AS no_mail, 0 AS no_post FROM read_parquet('{made}') ORDER BY id) "
                f"TO '{listed}' (HEADER)"
            )
            step = max(count // (requests * 3), 1)
            people = connection.execute(f"SELECT * FROM read_csv('{listed}', all_varchar = true) WHERE id::INT % {step} = 7").fetchall()
        home = Home.create(folder / "home", "Northgate Systems")
        secret = home.path / "keys" / "hook.secret"
        secret.write_text("a secret that both sides know, of a bench")
        secret.chmod(0o600)
        postgres = stack.enter_context(servers.postgres())
        mariadb = stack.enter_context(servers.mariadb())
        url = stack.enter_context(postgres.database()).render_as_string(hide_password=False)
        other = stack.enter_context(mariadb.database())
        into_sqlite(folder / "shop.db", listed), into_sqlite(folder / "hook.db", listed)
        into_postgres(url, listed), into_mariadb(mariadb, str(other.database), listed)
        words = [sys.executable, "-m", "examples.webhook.receiver", str(folder / "hook.db"), "--secret", str(secret), "--port", "0"]
        words += ["--tables", "customers", "--index", "customers.email=email", "customers.zip=zip"]
        hook = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
        stack.callback(hook.kill)
        assert hook.stdout is not None
        port = int(hook.stdout.readline().rpartition(" ")[2])
        more = {"timeout": 60}
        systems = (
            System("sqlite", "database", f"sqlite:///{folder / 'shop.db'}", (CUSTOMERS,), more),
            System("postgres", "database", url, (CUSTOMERS,), more),
            System("mariadb", "database", other.render_as_string(hide_password=False), (CUSTOMERS,), more),
            System("webhook", "webhook", f"http://127.0.0.1:{port}/", (CUSTOMERS,),
                   {"secret_file": "keys/hook.secret", "identifiers": "given", **more}),
        )  # fmt: skip
        record = Record(home.record_url)
        stack.callback(record.close)
        record.create()
        with record.transaction() as tx:
            post(tx, parse(POLICY.read_text("utf-8"), "northgate.md"), at=now(), actor=CLERK)
        with psycopg.connect(servers.libpq(url)) as db:
            data = db.execute("SHOW data_directory").fetchone()
        main_pid = int((Path(data[0] if data else "") / "postmaster.pid").read_text().split()[0])
        pids = [main_pid, mariadb.pid, hook.pid]
        rows, load = [], os.getloadavg()[0]
        whole = DataMap({system.name: system for system in systems})
        passes = ((False, THREADS, people[:requests]), (True, THREADS, people[requests : requests * 2]), (True, 1, people[requests * 2 :]))
        for indexed, threads, some in passes:
            if indexed and not (home.path / "index").exists():
                began = time.perf_counter()
                refresh(home, whole, partial(open_system, home=home), now())
                indexing = time.perf_counter() - began
            over = office(home, record, whole)
            figures = [removal(record, over, row, pids, threads) for row in some]
            walls = sorted(one["wall"] for one in figures)
            mean = {name: sum(one[name] for one in figures) / len(figures) for name in figures[0]}
            total = sum(value for name, value in mean.items() if name != "wall")
            rows.append([
                threads, "by the index" if indexed else "read through",
                f"{walls[0]:.2f} s", f"{walls[len(walls) // 2]:.2f} s", f"{walls[-1]:.2f} s", f"{total:.2f} s",
                f"{mean['upheld']:.2f} s", f"{mean[str(main_pid)]:.2f} s", f"{mean[str(mariadb.pid)]:.2f} s",
                f"{mean[str(hook.pid)]:.2f} s",
            ])  # fmt: skip
        alone = []
        for system in systems:
            over = office(home, record, DataMap({system.name: system}))
            figures = [removal(record, over, row, pids, 1) for row in people[-2:]]
            walls = sorted(one["wall"] for one in figures)
            total = sum(value for one in figures for name, value in one.items() if name != "wall") / len(figures)
            alone.append([system.name, f"{walls[0]:.2f} s", f"{total:.2f} s"])
    head = [
        "threads", "first look", "least", "median", "most", "processor time, all", "of it: upheld with SQLite", "PostgreSQL", "MariaDB",
        "the receiver",
    ]  # fmt: skip
    publish(
        "removal",
        "A removal over four systems, from confirm to proof",
        head,
        rows,
        data=f"{count:,} customers in each of SQLite, PostgreSQL, MariaDB and a webhook; "
        f"{requests} requests by e-mail address each; the index was made in {indexing:.0f} s; "
        f"the machine's load was {load:.0f} at the start and {os.getloadavg()[0]:.0f} at the end, of others as well",
        packages=["sqlalchemy", "pysqlite3", "psycopg", "pymysql"],
    )
    append("removal", "One system alone, one thread", ["system", "least", "processor time"], alone)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
