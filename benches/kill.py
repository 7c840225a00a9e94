"""Workers are killed (kill -9) wherever they are, while removals are carried out over SQLite and PostgreSQL.

`python -m benches.kill [KILLS] [REMOVALS]`; 500 during 200 unless said. Two workers at once; each lives for a random time and is killed;
requests come in meanwhile. Ends with 1 if a removal is not proven at the end, somebody else is marked, or anything shows twice outside.
What is looked at: each flag of each row in both systems and how often it was written (triggers count), each message that a real SMTP
server took, each instruction in the outbox, each letter, the ledger.
"""

from __future__ import annotations

import random
import socket
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

from aiosmtpd.controller import Controller
from sqlalchemy import func, select

from benches.publishing import publish
from tests import servers
from tests.kills.lives import Mails, Nursery, instructions
from tests.kills.merchant import Merchant
from upheld.ledger.models import EFFECT, EFFECT_TRY
from upheld.ledger.verification import verify
from upheld.requests.models import REQUEST

KILLS, REMOVALS, WORKERS = 500, 200, 2
HOLD = 1.0
"""Seconds of a lease: short, so that what a dead worker held is done soon; the first try of each, then twice as long, and so on."""
SHORTEST, LONGEST = 0.01, 0.3  # processor seconds that a worker lives
PATIENCE = 900  # seconds until all must be done once nobody is killed any more

PACKAGES = ["sqlalchemy", "aiosmtpd", "psycopg"]
HEAD = [
    "the record lies on", "kills", "of these met a step at work", "removals", "proven", "lost", "rows of others marked", "flags written",
    "of these twice", "messages", "of these handed over twice", "instructions", "of these twice", "letters", "of these twice", "seconds",
]  # fmt: skip
DATA = (
    "{removals} people who ask, each with a record in an SQLite and in a PostgreSQL system, joined by name and address, and somebody else "
    f"at each address; {WORKERS} workers at once, each killed (kill -9) after {SHORTEST} to {LONGEST} processor seconds, at a lease of "
    f"{HOLD:.0f} s; triggers in the systems count the writes. A message is handed over twice if the worker dies between the mail server's "
    "yes and its own commit: it then bears the same Message-ID, and is one message to whoever stores mail"
)


class Slaughter:
    """Kills workers and lets requests in, until there were enough of both."""

    def __init__(self, merchant: Merchant, kills: int, removals: int) -> None:
        self.merchant, self.kills, self.removals = merchant, kills, removals
        self.killed = self.received = 0
        self._random = random.Random(11)

    def live_and_die(self, nursery: Nursery) -> None:
        """One worker after the other, each killed at a random moment."""
        while self.killed < self.kills:
            self.killed += 1
            while self.received * self.kills < self.killed * self.removals and self.received < self.removals:
                number, self.received = self.received, self.received + 1
                self.merchant.receive(number, datetime.now(UTC))
            said = nursery.ask(kill_after=self._random.uniform(SHORTEST, LONGEST), hold=HOLD)
            assert said["killed"], said


def main() -> int:
    """Kill, count, publish. Target: 500 kills, 200 removals, none lost, none done twice where it shows, all proven."""
    kills, removals = (int(word) for word in (*sys.argv[1:], *map(str, (KILLS, REMOVALS)[len(sys.argv) - 1 :])))
    mails = Mails()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(mails, hostname="127.0.0.1", port=port)
    rows, worst = [], 0
    controller.start()
    try:
        with servers.postgres() as server:
            for kind in ("SQLite", "PostgreSQL"):
                mails.taken.clear()
                with tempfile.TemporaryDirectory() as name, server.database() as shop, server.database() as record:
                    url = record.render_as_string(hide_password=False) if kind == "PostgreSQL" else None
                    merchant = Merchant(Path(name) / "home", shop, removals, record_url=url, mail_port=port)
                    row, wrong = measure(merchant, mails, kills, removals)
                    merchant.record.close()
                rows.append([kind, *row])
                worst += wrong
    finally:
        controller.stop()
    publish("kill", "Removals while workers are killed", HEAD, rows, data=DATA.format(removals=removals), packages=PACKAGES)
    return 1 if worst else 0


def measure(merchant: Merchant, mails: Mails, kills: int, removals: int) -> tuple[list[object], int]:
    """One round of killing and what is in everybody's hands after it; how many things are wrong."""
    began = time.perf_counter()
    slaughter = Slaughter(merchant, kills, removals)
    nurseries = [Nursery(merchant.folder) for _ in range(WORKERS)]
    with ThreadPoolExecutor(WORKERS) as at_once:
        list(at_once.map(slaughter.live_and_die, nurseries))
    until = time.perf_counter() + PATIENCE
    while (left := _open(merchant)) and time.perf_counter() < until:
        nurseries[0].ask(seconds=5, hold=HOLD)
    for nursery in nurseries:
        nursery.end()
    seconds = time.perf_counter() - began

    with merchant.record.reading() as conn:
        proven = conn.execute(select(func.count()).where(REQUEST.c.state == "complete")).scalar_one()
        met = conn.execute(select(func.count()).select_from(EFFECT_TRY).where(EFFECT_TRY.c.outcome == "lost")).scalar_one()
        assert verify(conn), "the ledger"
    crm, shop, writes = merchant.marks()
    wanted_crm, wanted_shop = merchant.wanted(set(range(removals)))
    others = sum(one != wanted and wanted[2:] == (None, None) for one, wanted in zip(crm, wanted_crm, strict=True))
    others += sum(one != wanted and wanted[1] is None for one, wanted in zip(shop, wanted_shop, strict=True))
    lost = sum(one != wanted for one, wanted in zip((*crm, *shop), (*wanted_crm, *wanted_shop), strict=True)) - others
    lost += removals - proven
    told = Counter(instructions(merchant.folder))
    letters = Counter(path.read_text() for path in (merchant.folder / "letters").glob("*.html"))
    by_mail = removals - removals // 5
    twice = (
        sum(n > 1 for n in writes), sum(n - 1 for n in told.values()), sum(n - 1 for n in letters.values()), len(mails.taken) - by_mail,
    )  # fmt: skip
    wrong = lost + others + sum(map(abs, twice)) + abs(len(told) - removals) + abs(len(letters) - removals // 5) + left
    print(f"wrong: {wrong}; messages beyond one a person: {twice[3]}", file=sys.stderr)
    again = sum(mails.taken.values()) - len(mails.taken)
    row = (
        slaughter.killed, met, removals, proven, lost, others, len(writes), twice[0], len(mails.taken), again, len(told), twice[1],
        len(letters), twice[2], round(seconds),
    )  # fmt: skip
    return list(row), wrong


def _open(merchant: Merchant) -> int:
    """Effects that are still to be done, but the reminders of next week."""
    with merchant.record.reading() as conn:
        query = select(func.count()).select_from(EFFECT).where(EFFECT.c.state != "done", EFFECT.c.kind != "request.remind")
        return int(conn.execute(query).scalar_one())


if __name__ == "__main__":
    sys.exit(main())
