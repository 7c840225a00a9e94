"""Whom a new version touches: the count over sets agrees with asking about everybody, one by one, every use there is."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import product

import pytest

from tests.houses import CLERK, NOW, House
from tests.web.sites import post_policy
from upheld.choices.actions import Said, record
from upheld.choices.queries import AsOf, standing
from upheld.errors import Refused
from upheld.gate import affected as gate
from upheld.gate.affected import affected, mark
from upheld.people.actions import enrol, keep_facts
from upheld.people.facts import region
from upheld.people.identifiers import Email
from upheld.policy.compiled import Policy
from upheld.policy.decide import decide
from upheld.policy.uses import Use

HEAD = """---
company: Northgate Systems
title: Privacy policy
version: {version}
territory: [us]
---

# Privacy policy {{#top}}

What we do. {{#all}}

```upheld
collect order: name, email, address
collect web: pages
purpose letters: letters
topic post stops letters
topic sharing stops marketing.partner
changes apply from posting, wider use of earlier information when agreed
{rules}
```
"""
OLD = """
allow letters using order.name, order.address when not opted out of post
allow marketing.partner to third party using order.name when opted in to sharing and recipient is under contract, at most 4 times a year
allow measurement using web.pages as totals of at least 5 people
allow service to subcontractor using order.email when recipient serves the person
"""
NEW = {
    "narrower": (OLD.replace("when not opted out of post", "when opted in to post"), (1, 0)),
    "a tighter cap": (OLD.replace("at most 4", "at most 2"), (1, 0)),
    "wider": (OLD.replace("when opted in to sharing and", "when not opted out of sharing and"), (0, 1)),
    "for one region": (OLD.replace("when not opted out of post", "when not opted out of post unless in us-ca"), (1, 0)),
    "another item": (OLD.replace("using order.email when", "using order.email, order.address when"), (0, 1)),
    "larger totals": (OLD.replace("at least 5", "at least 9"), (1, 0)),
    "gone": ("\n".join(line for line in OLD.splitlines() if "partner" not in line), (1, 0)),
    "a source is gone": (
        OLD.replace("allow service to subcontractor using order.email when recipient serves the person\n", "").replace(
            "web.pages", "order.name"
        ),
        (1, 1),
    ),
    "the same in other words": (OLD.replace("order.name, order.address", "order.address, order.name"), (0, 0)),
}


PURPOSES = ("letters", "marketing.partner", "marketing.email", "measurement", "service")


ITEMS = ("order.name", "order.email", "order.address", "web.pages")


def text(rules, version):
    return HEAD.format(version=version, rules=rules)


@pytest.fixture(scope="module")
def crowd(tmp_path_factory):
    """Two dozen people of many standings, under a policy in force."""
    house = House(tmp_path_factory.mktemp("crowd") / "home")
    post_policy(house, text(OLD, "1"))
    rng = random.Random(4)
    with house.record.transaction() as tx:
        for number in range(24):
            who = Email(f"p{number}@x.example")
            (person,) = enrol(tx, house.keeper, (who,), NOW, CLERK)
            for topic in ("post", "sharing"):
                says = rng.choice(["in", "out", None])
                if says:
                    record(tx, house.keeper, Said((who,), topic, says, NOW, "web"), ("post", "sharing"), at=NOW, actor=CLERK)
            place = rng.choice(["us-ca", "us-ny", "de", None])
            if place:
                keep_facts(tx, [(person, region(place))], NOW, CLERK)
    yield house
    house.record.close()


def answers(history, standing_):
    """What may be done with one person, over every use of the policy, one by one."""
    words = history[-1].vocabulary
    found = []
    for purpose, to, item in product(PURPOSES, ("ourselves", "third party", "subcontractor"), ITEMS):
        if item not in words.items:
            found += [((), None)] * (3 if to == "ourselves" else 12)
            continue
        for use in (Use(purpose, (item,), to), *(Use(purpose, (), to, totals=(item,), people=people) for people in (5, 9))):
            for contract, served in product((True, False), repeat=2) if to != "ourselves" else [(None, None)]:
                said = decide(history, replace(use, under_contract=contract), replace(standing_, served=served))
                found.append((said.permitted, said.obligations if said.permitted else None))
    return found


@pytest.mark.parametrize("change", NEW)
def test_the_count_is_that_of_asking_everybody_everything(crowd, change):
    rules, (at_once, agreed) = NEW[change]
    new_text = text(rules, "2") if "web." in rules else text(rules, "2").replace("collect web: pages\n", "")
    old, new = Policy.parse(text(OLD, "1"), "northgate.md"), Policy.parse(new_text, "northgate.md")
    with crowd.record.reading() as conn:
        found = affected(conn, new, NOW)
        people = [standing(conn, person, ("post", "sharing"), AsOf(NOW)) for person in range(1, found.people + 1)]
    known = {}
    first = then = 0
    for one in people:
        key = repr(one)
        if key not in known:
            before = answers((old,), one)
            known[key] = (before != answers((old, new), one), before != answers((new,), one))
        first += known[key][0]
        then += known[key][1]
    assert (found.people, found.at_once, found.once_agreed) == (24, first, then)
    assert (found.at_once > 0) is bool(at_once)
    assert (found.once_agreed > 0) is bool(at_once or agreed)
    assert found.follows == "1"


def test_the_first_version_touches_nobody(tmp_path):
    house = House(tmp_path / "home")
    with house.record.reading() as conn:
        assert affected(conn, Policy.parse(text(OLD, "1"), "a.md"), NOW).follows is None
    house.record.close()


def test_the_count_holds_until_somebody_chooses(crowd):
    with crowd.record.reading() as conn:
        before = mark(conn, NOW)
        assert mark(conn, NOW) == before
    with crowd.record.transaction() as tx:
        said = Said((Email("p1@x.example"),), "post", "out", NOW, "web")
        record(tx, crowd.keeper, said, ("post", "sharing"), at=NOW, actor=CLERK)
    with crowd.record.reading() as conn:
        assert mark(conn, NOW) != before


def test_policies_that_ask_too_much_of_a_person_are_refused(crowd, monkeypatch):
    monkeypatch.setattr(gate, "COARSE", 2)
    with crowd.record.reading() as conn, pytest.raises(Refused, match="fewer topics"):
        affected(conn, Policy.parse(text(OLD, "2"), "northgate.md"), NOW)
