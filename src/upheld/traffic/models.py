"""The tables of traffic: totals, the names they are told under, and how far each log was read. None has room for an address."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKey, Index, Integer, LargeBinary, PrimaryKeyConstraint, SmallInteger, String, Table, Text

from upheld.record import METADATA, Time

NUMBER = BigInteger().with_variant(Integer, "sqlite")

LOG = Table(
    "traffic_log",
    METADATA,
    Column("id", NUMBER, primary_key=True, autoincrement=False),
    Column("head", String(64), nullable=False, index=True),  # keyed hash of its first line: the same log under another name, or packed
    Column("tail", String(64), nullable=False),  # keyed hash of what lies before `offset`: whether it is still that log
    Column("offset", BigInteger, nullable=False),  # bytes read, unpacked
    Column("at", Time, nullable=False),
)
"""How far each log was read. Changed in the transaction that adds what was read."""

NAME = Table(
    "traffic_name",
    METADATA,
    Column("id", NUMBER, primary_key=True, autoincrement=False),
    Column("kind", SmallInteger, nullable=False),  # place in `tables.KINDS`, from 1
    Column("name", String, nullable=False),
    Index("traffic_name_of", "kind", "name", unique=True),
)

UNIT = Table(
    "traffic_unit",
    METADATA,
    Column("id", NUMBER, primary_key=True, autoincrement=False),
    Column("day", Integer, nullable=False, index=True),  # days since 1970
    Column("source", String, nullable=False),  # `web` for our own logs; else which tool's export
    Column("least", Integer),  # of how many people its totals are; None until the day is settled
    Column("settled_at", Time),
    Column("withheld", Integer),  # cells that are told to nobody
)
"""A day's totals. Once they are settled, what is not of enough people is forgotten, and the rest never changes."""

TOTAL = Table(
    "traffic_total",
    METADATA,
    Column("unit", NUMBER, ForeignKey("traffic_unit.id"), nullable=False),
    Column("kind", SmallInteger, nullable=False),  # number of the `tables.Table`
    Column("row", NUMBER, nullable=False),  # a name, a status; -1 for all
    Column("column", SmallInteger, nullable=False),  # an hour, a device, a step; -1 for all
    Column("hits", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("micros", BigInteger, nullable=False),
    Column("timed", BigInteger, nullable=False),  # hits whose time is known
    Column("visitors", BigInteger, nullable=False),  # added up over the keys they were told apart with
    Column("people", BigInteger, nullable=False),  # the most that one key told apart: surely so many different ones
    Column("sketch", LargeBinary),  # DataSketches HLL of a day's visitors, never of fewer than the policy says
    PrimaryKeyConstraint("unit", "kind", "row", "column"),
)

PART = Table(
    "traffic_part",
    METADATA,
    Column("id", NUMBER, primary_key=True, autoincrement=False),
    Column("unit", NUMBER, ForeignKey("traffic_unit.id"), nullable=False, index=True),
    Column("kind", SmallInteger, nullable=False),
    Column("cells", LargeBinary, nullable=False),  # packed columns, as in TOTAL (`parts.packed`)
    Column("names", Text),  # what its rows are called, a line each
    Column("sketch", LargeBinary),
)
"""What an open day grew by, commit by commit. All of it is forgotten when the day is settled."""

SUM = Table(
    "traffic_sum",
    METADATA,
    Column("source", String, nullable=False),
    Column("kind", SmallInteger, nullable=False),
    Column("day", Integer, nullable=False),  # the first of `days`
    Column("days", SmallInteger, nullable=False),  # 1, or as many as the month has
    Column("least", Integer, nullable=False),  # the least number of people that one of its days was settled for; 0 before any was
    Column("cells", LargeBinary, nullable=False),
    PrimaryKeyConstraint("source", "kind", "day", "days"),
)
"""The sums that TOTAL tells, packed by day and by month, for reports."""

ACCOUNT = Table(
    "traffic_account",
    METADATA,
    Column("at", Time, nullable=False),
    Column("fate", String, nullable=False),  # what became of lines: counted, robot, asset, or why they were rejected
    Column("lines", BigInteger, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Index("traffic_account_at", "at"),
)
"""Lines read = counted + robots + rejected, import by import."""
