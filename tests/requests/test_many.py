"""Ten thousand requests in one file, some twice, killed (kill -9) in the middle and resumed: nothing lost, none twice."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import replace
from pathlib import Path

from sqlalchemy import func, select

from tests.houses import CLERK, NOW, House, later
from tests.requests.conftest import TOPICS, post_policy
from upheld.choices.models import CHOICE
from upheld.choices.queries import AsOf, standings_of
from upheld.errors import Invalid
from upheld.ledger import effects
from upheld.ledger.models import EFFECT
from upheld.ledger.verification import verify
from upheld.people.held import Held
from upheld.people.identifiers import Email
from upheld.people.queries import find
from upheld.postings.queries import in_force
from upheld.requests import queries
from upheld.requests.actions import Asked, receive
from upheld.requests.many import receive_many
from upheld.requests.models import REQUEST, REQUEST_CLOCK, REQUEST_MOVE, REQUEST_PERSON

ROWS, TWICE = 3_000, 10
"""Rows, and that each so-many-th of them is one that stood a hundred rows before."""
SOURCE = str(Path(__file__).parents[2] / "src")


def row(number):
    if number % TWICE == 0:
        number = max(number - 99, 1)
    return f"p{number}@mail.example,,,,\n" if number % 2 else f",Ann,F{number}ost,{number} Elm Street,60601\n"


def count(counter, table):
    with counter.record.reading() as conn:
        return conn.execute(select(func.count()).select_from(table)).scalar_one()


def taking_in(counter, path):
    program = "import sys; from upheld.cli.main import run; sys.exit(run(sys.argv[1:]))"
    command = [sys.executable, "-c", program, "--home", str(counter.folder), "requests", "import", str(path), "--at", "2026-04-01"]
    there = os.environ | {"PYTHONPATH": SOURCE}
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=there)


def test_thousands_of_requests_killed_in_the_middle_and_resumed_are_all_there_and_none_twice(counter, tmp_path):
    path = tmp_path / "calls.csv"
    rows = [row(number) for number in range(ROWS)]
    path.write_text("email,first,last,address,zip\n" + "".join(rows))
    for enough in (1, 800, 1800):
        process = taking_in(counter, path)
        until = time.monotonic() + 120
        while count(counter, REQUEST) < enough and time.monotonic() < until:
            assert process.poll() is None
            time.sleep(0.02)
        process.kill()
        process.communicate()
        assert process.returncode == -9
        assert enough <= count(counter, REQUEST) < len({*rows})
    process = taking_in(counter, path)
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said

    distinct = len({*rows})
    with counter.record.reading() as conn:
        requests = conn.execute(select(REQUEST)).all()
        people = conn.execute(select(REQUEST_PERSON.c.person)).scalars().all()
        searches = Counter(conn.execute(select(EFFECT.c.subject).where(EFFECT.c.kind == "request.search")).scalars())
        choices = conn.execute(select(CHOICE.c.person, CHOICE.c.topic, CHOICE.c.choice)).all()
        standings = standings_of(conn, people, TOPICS, AsOf(later(days=999)))
        assert verify(conn)
    assert len(requests) == len(people) == len({*people}) == distinct
    assert searches == dict.fromkeys((each.id for each in requests), 1)
    assert len(choices) == len({*choices}) == distinct * len(TOPICS)
    assert all(set(each.choices.values()) == {"out"} for each in standings.values())


ASKED = [
    Asked(Held(email="a@mail.example"), "phone", NOW, reference="1"),
    Asked(Held(first="Ann", last="Frost", address="1 Larkspur Row", zip="00123"), "post", later(days=-3), ("post",), "us-ca"),
    Asked(Held(email="A@mail.example"), "email", NOW, ("sharing",), "de", "take me off", "2"),
    Asked(Held(email="b@mail.example", phone="+1 312 555 0142"), "web", later(days=300), reference="3"),
    Asked(Held(email="a@mail.example"), "phone", NOW, reference="1"),
    Asked(Held(email="c@mail.example"), "web", NOW, ("newsleter",)),
    Asked(Held(email="x" * 500 + "@mail.example"), "web", NOW),
]


def one_by_one(house, posted):
    for asked in ASKED:
        try:
            with house.record.transaction() as tx:
                yield receive(tx, house.keeper, asked, posted, at=later(hours=1), actor=CLERK)
        except Invalid as no:
            yield no


def all_at_once(house, posted):
    with house.record.transaction() as tx:
        yield from receive_many(tx, house.keeper, ASKED, posted, at=later(hours=1), actor=CLERK)


def test_many_at_once_are_the_same_as_one_after_the_other(tmp_path):
    found = []
    for way in (one_by_one, all_at_once):
        house = House(tmp_path / way.__name__)
        post_policy(house)
        with house.record.reading() as conn:
            posted = in_force(conn, NOW)
        said = [one.message if isinstance(one, Invalid) else replace(one, token=bool(one.token)) for one in way(house, posted)]
        with house.record.reading() as conn:
            columns = [column for column in REQUEST.c if column.name not in {"given", "track"}]
            rows = [conn.execute(select(*columns).order_by(REQUEST.c.id)).all()]
            rows += [sorted(map(tuple, conn.execute(select(table)))) for table in (REQUEST_PERSON, REQUEST_CLOCK, REQUEST_MOVE)]
            rows.append([(one.kind, one.state, one.due_at) for number in (1, 2, 3, 4) for one in effects.of(conn, number)])
            rows.append(sorted(conn.execute(select(CHOICE.c.person, CHOICE.c.topic, CHOICE.c.choice, CHOICE.c.at, CHOICE.c.how)).all()))
            rows.append([queries.whole(conn, number).request for number in (1, 2, 3, 4)])
            rows.append(sorted(find(conn, house.keeper.keys, [Email("a@mail.example")])))
            assert verify(conn)
        found.append((said, rows))
        house.record.close()
    assert found[0] == found[1]
    assert [one if isinstance(one, str) else one.request for one in found[1][0]][:5] == [1, 2, 3, 4, 1]
