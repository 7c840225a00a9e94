"""A merchant whose sites are visited: a home with the sample policy in force, a clock that can be set, and logs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import select

from tests.houses import CLERK, House
from upheld.policy import document
from upheld.postings import actions as postings
from upheld.traffic import parts
from upheld.traffic.importing import Import
from upheld.traffic.models import UNIT
from upheld.traffic.reader import Site
from upheld.traffic.tables import TABLES

HOUSE = Path(__file__).parents[2]
NORTHGATE = (HOUSE / "policies" / "northgate.md").read_text("utf-8")
REAL_LOG = HOUSE / "examples" / "data" / "weblog" / "apache_logs.gz"
POSTED = datetime(2015, 5, 1, tzinfo=UTC)
THEN = datetime(2015, 5, 20, 21, 30, tzinfo=UTC)
"""While the last day of the real log is not over."""
FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:38.0) Gecko/20100101 Firefox/38.0"


def keeping(span: str, policy: str = NORTHGATE) -> str:
    """The sample policy with another time for what the servers note."""
    assert "keep web for 24 hours" in policy
    return policy.replace("keep web for 24 hours", f"keep web for {span}")


def line(
    address="192.0.2.7", when="20/May/2015:10:05:03 +0000", request="GET /a HTTP/1.1", status=200, size=100, referrer="-", agent=FIREFOX
):
    return f'{address} - - [{when}] "{request}" {status} {size} "{referrer}" "{agent}"'


class Visits:
    """What came of logs: imports, and the totals as they lie in the record."""

    def __init__(self, house: House, folder: Path, policy: str = NORTHGATE) -> None:
        self.house, self.folder, self.at = house, folder, THEN
        with house.record.transaction() as tx:
            postings.post(tx, document.parse(policy, "policy"), at=POSTED, actor=CLERK)

    def clock(self) -> datetime:
        self.at += timedelta(milliseconds=1)
        return self.at

    def run(self, site: Site | None = None, **more) -> Import:
        return Import(self.house.home, self.house.record, site or Site(), self.clock, CLERK, **more)

    def read(
        self, *lines: str | bytes | Path, form: str | None = None, site: Site | None = None, name: str = "access.log", whole: bool = False
    ):
        if lines and isinstance(lines[0], Path):
            return self.run(site).read(list(lines), form, whole=whole)
        return self.run(site).read([self.write(*lines, name=name)], form, whole=whole)

    def write(self, *lines: str | bytes, name: str = "access.log") -> Path:
        path = self.folder / name
        path.write_bytes(b"".join((each if isinstance(each, bytes) else each.encode()) + b"\n" for each in lines))
        return path

    def totals(self) -> dict[tuple, tuple]:
        """(day, table, row, column) → (hits, size, micros, timed, visitors, people), with names for rows."""
        with self.house.record.reading() as conn:
            units = conn.execute(select(UNIT.c.day, UNIT.c.id)).all()
            assert len({unit.day for unit in units}) == len(units), "one unit a day"
            found = [(unit.day, table, parts.held(conn, unit.id, table)) for unit in units for table in TABLES]
        made: dict[tuple, tuple] = {}
        for day, table, part in found:
            if part is not None:
                for row, column, *values in zip(*(part.columns[name].tolist() for name in parts.COLUMNS), strict=True):
                    key = (day, table.name, row if row == -1 or part.names is None else part.names[row], column)
                    assert key not in made
                    made[key] = tuple(values)
        return made

    def hits(self) -> int:
        """All counted hits."""
        return sum(value[0] for (_, table, row, column), value in self.totals().items() if (table, row, column) == ("status", -1, -1))
