"""A small shop for the gate's tests: a home with the sample policy in force, a vetted recipient, and people who chose."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from upheld.choices import actions as choices
from upheld.gate.orders import Order, unwatched
from upheld.gate.release import release
from upheld.home import Home
from upheld.people.actions import Keeper
from upheld.people.identifiers import Email, Postal
from upheld.policy import document
from upheld.postings import actions as postings
from upheld.recipients import actions as recipients
from upheld.record import Actor, Record

POLICY = Path(__file__).parents[2] / "policies" / "northgate.md"
TOPICS = ("newsletter", "post", "calls", "sharing", "suggestions")
ME = Actor("a tester")

ANN = Postal("Ann", "Lee", "12 Oak Street", "02139")
LIST = """email,first,last,address,zip,state,purchases,junk
in@x.example,Bob,Moss,1 Elm Rd,10001,CA,3,x
not@x.example,Cy,Day,2 Elm Rd,10001,NY,3,x
ann@x.example,Ann,Lee,12 Oak St,02139,MA,9,y
"""


@dataclass
class Shop:
    folder: Path
    home: Home
    record: Record
    ticks: int = 0
    began: datetime = field(default_factory=lambda: datetime.now(UTC))

    def now(self):
        self.ticks += 1
        return self.began + timedelta(milliseconds=self.ticks)

    def says(self, who, topic, what="out"):
        with self.record.transaction() as tx:
            said = choices.Said((who,), topic, what, self.now(), "web")
            choices.record(tx, Keeper(self.home), said, TOPICS, at=self.now(), actor=ME)

    def list(self, text=LIST, name="list.csv"):
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        return path

    def release(self, path=None, watch=unwatched, **asked):
        asked = {"purpose": "marketing.partner", "to": "acme", "out": self.folder / "out.csv", "source": "order"} | asked
        asked.setdefault("mapping", ("address=order.shipping address",))
        return release(self.home, self.record, Order(str(path or self.list()), **asked), self.now, ME, watch)

    def out(self, name="out.csv"):
        return (self.folder / name).read_text("utf-8")


def open_shop(folder: Path, url: str | None = None) -> Shop:
    home = Home.create(folder / "home", record_url=url)
    record = Record(home.record_url)
    record.create()
    shop = Shop(folder, home, record)
    with record.transaction() as tx:
        postings.post(tx, document.read(POLICY), at=shop.now(), actor=ME)
        recipients.add(tx, "acme", "third party", at=shop.now(), actor=ME)
        recipients.vet(tx, "acme", reputable=True, reviewed_on=date(2026, 1, 1), at=shop.now(), actor=ME)
        start = shop.began - timedelta(days=1)
        recipients.contract(tx, "acme", ["marketing.partner"], start, None, known=["marketing.partner"], at=shop.now(), actor=ME)
    shop.says(Email("in@x.example"), "newsletter", "in")
    shop.says(ANN, "sharing")
    return shop


@pytest.fixture
def shop(tmp_path):
    made = open_shop(tmp_path)
    yield made
    made.record.close()
