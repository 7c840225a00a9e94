"""Which totals exist: a few declared tables of one or two dimensions, never one fine cube.

Lines of a day are counted into each. Where the columns are hours or devices, a cell lies in a row and a column and both have a sum
(`crossed`); where they are steps, each column is a table of its own.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from upheld.traffic.hits import DEVICES, Hits
from upheld.traffic.reader import STEPS

ALL: Final = -1
"""The row or column that stands for all of them."""
MISSING = (404, 410)

I64 = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Table:
    """One table of totals. `names`: whose names its rows have; None if rows are numbers. `items`: what of the policy it shows."""

    number: int
    name: str
    columns: int
    crossed: bool
    names: str | None
    items: tuple[str, ...]
    shows_columns: bool = False


PEOPLE_ITEM = "web.ip address"
"""Visitors are told apart by it, so every table shows it as totals."""
PAGE = Table(1, "page", 24, crossed=True, names="page", items=("web.pages",))
MISSED = Table(2, "missing", 1, crossed=False, names="page", items=("web.pages",))
STATUS = Table(3, "status", 24, crossed=True, names=None, items=("web.pages",), shows_columns=True)
COUNTRY = Table(4, "country", len(DEVICES), crossed=True, names="country", items=("web.device",), shows_columns=True)
REFERRER = Table(5, "referrer", len(STEPS), crossed=False, names="referrer", items=("web.referrer",))
CAMPAIGN = Table(6, "campaign", len(STEPS), crossed=False, names="campaign", items=("web.campaign",))
TABLES = (PAGE, MISSED, STATUS, COUNTRY, REFERRER, CAMPAIGN)
TRACKING = ("tracking.pages", "tracking.referrer", "tracking.campaign")
"""What is told of other tools' totals."""
ITEMS = (PEOPLE_ITEM, *dict.fromkeys(item for table in TABLES for item in table.items))
"""All items of the policy that totals show."""
KINDS = ("page", "country", "referrer", "campaign")
"""Kinds of names, in the order of their numbers in the record (from 1)."""


def placed(table: Table, hits: Hits) -> tuple[NDArray[np.bool_] | None, I64, I64]:
    """Which of a day's lines a table counts (None: all), and the row and column of each. Steps are counted apart (`stepped`)."""
    match table.name:
        case "page":
            return (hits.status < 400) & (hits.step == 0), hits.page, hits.hour % 24
        case "missing":
            return np.isin(hits.status, MISSING), hits.page, np.zeros(len(hits), dtype=np.int64)
        case "status":
            return None, hits.status, hits.hour % 24
        case "country":
            return None, hits.country, hits.device
        case "referrer":
            return None, hits.referrer, np.zeros(len(hits), dtype=np.int64)
    return None, hits.campaign, np.zeros(len(hits), dtype=np.int64)
