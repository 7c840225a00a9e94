"""Ten thousand requests to be taken off, in one file: taken in, and taken in again."""

from __future__ import annotations

import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from benches.publishing import publish
from tests import servers
from tests.houses import CLERK, House, empty_record
from upheld.policy import document
from upheld.postings import actions as postings
from upheld.postings.queries import in_force
from upheld.requests import importing

ROWS = 10_000
POLICY = Path(__file__).parents[1] / "policies" / "northgate.md"


def main(count: int = ROWS) -> None:
    """Measure, print, publish."""
    rows = []
    with servers.postgres() as server:
        for kind in ("SQLite", "PostgreSQL"):
            with tempfile.TemporaryDirectory() as name, server.database() as url:
                where = url.render_as_string(hide_password=False) if kind == "PostgreSQL" else None
                if where:
                    empty_record(where)
                house = House(Path(name) / "home", where)
                with house.record.transaction() as tx:
                    postings.post(tx, document.read(POLICY), at=datetime.now(UTC), actor=CLERK)
                path = Path(name) / "calls.csv"
                lines = (
                    f"p{at}@mail.example,,,," if at % 2 else f",Ann,F{at}ost,{at} Elm Street,60601"
                    for at in (number if number % 20 else max(number - 99, 1) for number in range(count))
                )
                path.write_text("email,first,last,address,zip\n" + "\n".join(lines) + "\n")
                rows += [[kind, what, *_taken_in(house, path, count)] for what in ("first", "again")]
                house.record.close()
    publish(
        "requests",
        "Requests in one file",
        ["the record lies on", "time", "rows", "requests", "the same as before", "processor time a row", "seconds"],
        rows,
        data=f"{count:,} generated rows, half with an e-mail address, half with name and address; every twentieth stood there before",
        packages=["sqlalchemy", "psycopg", "duckdb"],
    )


def _taken_in(house: House, path: Path, count: int) -> list[object]:
    with house.record.reading() as conn:
        posted = in_force(conn, datetime.now(UTC))
    began, spent = time.perf_counter(), time.process_time()
    done = importing.take_in(house.record, house.keeper, path, importing.Plan(), posted, clock=lambda: datetime.now(UTC), actor=CLERK)
    own = f"{(time.process_time() - spent) / count * 1e3:.2f} ms"
    return [f"{count:,}", f"{done.received:,}", f"{done.again:,}", own, f"{time.perf_counter() - began:.1f}"]


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
