"""Requests, opt-outs and releases are counted by the database, the same on SQLite and on PostgreSQL."""

from __future__ import annotations

from datetime import timedelta

from tests.houses import CLERK, NOW, later
from tests.requests.conftest import ask
from upheld.choices.actions import Said, record
from upheld.choices.queries import people_out_by_week
from upheld.gate.counting import Week, by_week
from upheld.gate.models import DISCLOSURE
from upheld.people.held import Held
from upheld.people.identifiers import Email
from upheld.record.weeks import monday, week
from upheld.requests.counting import by_state_and_age


def test_requests_are_counted_by_state_and_age(shop):
    for number, days in enumerate((0, 3, 9, 20, 40)):
        ask(shop, Held(email=f"p{number}@mail.example"), at=later(days=days))
    ask(shop, Held(first="Jane"), at=later(days=40))
    with shop.record.reading() as conn:
        counted = by_state_and_age(conn, ("working", "needs more", "failed"), later(days=41))
    assert counted == {"working": (1, 0, 1, 3), "needs more": (1, 0, 0, 0), "failed": (0, 0, 0, 0)}


def test_opt_outs_are_people_by_week(house):
    said = [("a", 0), ("a", 1), ("b", 6), ("c", 7), ("d", 60)]
    with house.record.transaction() as tx:
        for name, days in said:
            at = later(days=days)
            record(tx, house.keeper, Said((Email(f"{name}@mail.example"),), "sharing", "out", at, "web"), ("sharing",), at=at, actor=CLERK)
        record(
            tx,
            house.keeper,
            Said((Email("e@mail.example"),), "sharing", "in", later(days=60), "web"),
            ("sharing",),
            at=later(days=60),
            actor=CLERK,
        )
    with house.record.reading() as conn:
        counted = people_out_by_week(conn, NOW, later(days=59))
    assert counted == {monday(week(NOW)): 2, monday(week(NOW)) + timedelta(days=7): 1}


def test_releases_are_lists_and_rows_by_week(house):
    texts = dict.fromkeys(("purpose", "recipient", "recipient_kind", "form", "policy_version", "policy_hash"), "x")
    texts |= dict.fromkeys(("input_name", "input_hash", "output_path", "output_hash", "codes_hash"), "x")
    rest = {"items": [], "chosen_by": [], "clauses": [], "persons": b"", "salt": b"", "entry": 0, "codes": 0, "bucket_bits": 0}
    with house.record.transaction() as tx:
        for number, (days, rows) in enumerate([(0, 5), (6, 7), (7, 1)], 1):
            counts = {"read": rows, "released": rows, "refused": 0, "rejected": 0}
            tx.execute(DISCLOSURE.insert().values(id=number, at=later(days=days), **texts, **rest, **counts))
    with house.record.reading() as conn:
        counted = by_week(conn, NOW, later(days=30))
    assert list(counted.values()) == [Week(2, 12), Week(1, 1)]


def test_a_week_begins_on_monday_in_utc():
    assert monday(week(NOW)).isoweekday() == 1
    assert monday(week(NOW)) <= NOW < monday(week(NOW) + 1)
