"""Every read about scans."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from upheld.errors import NotFound
from upheld.traffic.scanning.models import SCAN


@dataclass(frozen=True, slots=True)
class Scan:
    """A scan as it was written down."""

    id: int
    at: datetime
    pages: int
    errors: int
    warnings: int
    hash: str
    report: Mapping[str, Any]


def scans(conn: Connection, most: int = 100) -> tuple[Scan, ...]:
    """The last scans, newest first."""
    rows = conn.execute(select(*(SCAN.c[name] for name in Scan.__slots__)).order_by(SCAN.c.id.desc()).limit(most))
    return tuple(Scan(*row) for row in rows)


def one(conn: Connection, number: int) -> Scan:
    """A scan by its number. `NotFound` if there is none."""
    found = conn.execute(select(*(SCAN.c[name] for name in Scan.__slots__)).where(SCAN.c.id == number)).first()
    if found is None:
        raise NotFound("there is no scan of this number")
    return Scan(*found)


def last(conn: Connection) -> Scan:
    """The newest scan. `NotFound` if none was made."""
    found = scans(conn, 1)
    if not found:
        raise NotFound("no scan was made yet: run `upheld traffic scan URL`")
    return found[0]
