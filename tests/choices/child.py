"""An import of choices in a process of its own, which may kill itself: `child.py HOME FILE DIE_AFTER_BATCHES` (0: never).

It says `ready`, waits for a line, takes the file in, twenty rows a transaction, and says how many rows are recorded, rejected and listed.
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import UTC, datetime
from pathlib import Path

from upheld.choices import importing
from upheld.choices.importing import Plan, import_file
from upheld.home import Home
from upheld.people.actions import Keeper
from upheld.record import Actor, Record


def main(folder: str, file: str, die_after: int) -> None:
    importing.ROWS_A_TRANSACTION = 20
    batches: list[int] = []

    def advance(rows: int) -> None:
        batches.append(rows)
        if len(batches) == die_after:
            os.kill(os.getpid(), signal.SIGKILL)

    home = Home.find(Path(folder))
    record = Record(home.record_url)
    rejects = Path(f"{file}.{os.getpid()}.csv")
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    done = import_file(
        record, Keeper(home), Path(file), Plan("sharing", "out"), ("sharing",),
        clock=lambda: datetime.now(UTC), actor=Actor("a child"), rejects=rejects, advance=advance,
    )  # fmt: skip
    sys.stdout.write(f"{done.recorded} {done.rejected} {len(rejects.read_text().splitlines()) - 1}\n")
    record.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
