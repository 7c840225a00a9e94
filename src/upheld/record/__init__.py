"""ONE TRANSACTION OVER WHAT THE MERCHANT KNOWS: SQLite inside the house, PostgreSQL for a team.

::

    with record.transaction() as tx:     one writer at a time; committed to the disk on leaving, undone on any exception
    with record.reading() as conn:       an unchanging view; cannot write

Every room puts its tables into `METADATA` and its changes into one transaction, together with one ledger entry.
"""

from upheld.record.actors import Actor
from upheld.record.database import METADATA, SCHEMA_VERSION, Record
from upheld.record.times import Time, micros, moment

__all__ = ["METADATA", "SCHEMA_VERSION", "Actor", "Record", "Time", "micros", "moment"]
