"""Answers kept ready are those that the record gives when it is asked anew, whatever was recorded a moment ago."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest

from tests.houses import CLERK, NOW, later
from tests.web.sites import post_policy
from upheld.choices.actions import Said, record_many
from upheld.errors import Invalid, No, NotFound, Refused
from upheld.gate import ready
from upheld.gate.asking import Question, answer
from upheld.gate.models import RELEASE_ENDED
from upheld.gate.ready import Asking, Ready
from upheld.gate.snapshot import ask
from upheld.ledger.actions import append
from upheld.people import facts
from upheld.people.actions import enrol, keep_facts
from upheld.people.identifiers import Email, Phone, Postal
from upheld.policy.document import parse
from upheld.policy.uses import Standing
from upheld.postings import queries as postings
from upheld.postings.actions import post
from upheld.recipients import actions as recipients

TOPICS = ("newsletter", "post", "calls", "sharing", "suggestions")
LETTER = Question("marketing.post", items=("order.name", "order.shipping address"))
SHARED = Question("marketing.partner", to="acme", items=("order.name", "order.shipping address"))
QUESTIONS = (LETTER, SHARED, Question("marketing.email"), Question("ordering.fulfil", to="carrier", served=True), Question("measurement"))
NOTHING = """---
company: X
title: Policy
version: "9"
---

We send nothing. {#nothing}

```upheld
collect order: name, shipping address
```
"""
ANN = Email("ann@shop.example")


@pytest.fixture
def answers(house):
    kept = Ready(house.keeper.keys)

    def asked(*several, at=NOW):
        with house.record.reading() as conn:
            kept.refresh(conn, at)
            return kept.answers(conn, several, at)

    return asked


def say(house, identifiers, topic, says, at):
    with house.record.transaction() as tx:
        return record_many(tx, house.keeper, [Said(tuple(identifiers), topic, says, at, "phone")], TOPICS, at=at, actor=CLERK)


def test_an_opt_out_of_a_moment_ago_binds_the_very_next_answer(house, answers):
    post_policy(house)
    (before,) = answers(Asking(LETTER, (ANN,)))
    assert (before.decision.allowed, before.known) == (True, False)
    say(house, [ANN], "post", "out", NOW)
    (after,) = answers(Asking(LETTER, (ANN,)))
    assert (after.decision.allowed, after.known) == (False, True)
    assert "opted out" in after.decision.reasons[0].because
    say(house, [ANN], "post", "in", later(seconds=1))
    assert answers(Asking(LETTER, (ANN,)), at=later(seconds=1))[0].decision.allowed


def test_a_policy_a_contract_and_a_birthday_change_answers_at_their_hour(house, answers):
    assert isinstance(answers(Asking(LETTER, (ANN,)))[0], Refused)
    post_policy(house)
    with house.record.transaction() as tx:
        (person,) = enrol(tx, house.keeper, [ANN], NOW, CLERK)
        keep_facts(tx, [(person, facts.aged(40, NOW.date()))], NOW, CLERK)
        recipients.add(tx, "acme", "third party", at=NOW, actor=CLERK)
        recipients.vet(tx, "acme", reputable=True, reviewed_on=NOW.date(), at=NOW, actor=CLERK)
        recipients.contract(tx, "acme", ["marketing.partner"], NOW, later(hours=1), known=["marketing.partner"], at=NOW, actor=CLERK)
    shared = Asking(SHARED, (ANN,))
    say(house, [ANN], "sharing", "in", NOW)
    until = [answers(shared, at=later(minutes=minutes))[0].decision.allowed for minutes in (0, 59, 60)]
    assert until == [True, True, False]
    text = NOTHING
    with house.record.transaction() as tx:
        post(tx, parse(text, "nine.md"), at=later(hours=2), since=later(hours=3), actor=CLERK)
    assert [answers(Asking(LETTER, (ANN,)), at=later(hours=hours))[0].decision.allowed for hours in (2, 3)] == [True, False]


def test_what_cannot_be_answered_says_why_and_costs_the_others_nothing(house, answers):
    post_policy(house)
    bad = [
        (Asking(Question("marketing.pots"), (ANN,)), Invalid, "did you mean `marketing.post`"),
        (Asking(LETTER, (Email("none"),)), Invalid, "nobody can be meant"),
        (Asking(Question("marketing.post", to="acne"), (ANN,)), NotFound, "no recipient `acne`"),
        (Asking(LETTER, standing=Standing({"sharng": "out"})), Invalid, "did you mean `sharing`"),
        (Asking(LETTER, standing=Standing({}, region="us-cal")), Invalid, "did you mean"),
        (Asking(LETTER, standing=Standing({}, since={"order": "1999"})), Invalid, "is posted"),
        (Asking(LETTER, standing=Standing({}, since={"ordr": "1"})), Invalid, "no source"),
    ]
    with house.record.reading() as conn:
        version = postings.posted(conn)[-1].version
    good = Asking(LETTER, standing=Standing(dict.fromkeys(TOPICS, "unset"), region="us-ca", age=34, since={"order": version}))
    *refused, answered = answers(*(one for one, _, _ in bad), good)
    for (_, kind, words), no in zip(bad, refused, strict=True):
        assert isinstance(no, kind)
        assert words in no.message
    assert (answered.decision.allowed, answered.known) == (True, None)


def test_an_entry_that_changes_nobody_s_standing_is_seen_and_makes_nothing_be_read_anew(house, monkeypatch):
    post_policy(house)
    kept = Ready(house.keeper.keys)
    with house.record.reading() as conn:
        assert kept.refresh(conn, NOW) is None
    assert kept.topics == TOPICS
    with house.record.transaction() as tx:
        append(tx, RELEASE_ENDED, {"release": 1, "state": "delivered"}, NOW, CLERK)
    monkeypatch.setattr(kept, "_read", lambda *_: pytest.fail("everything was read anew"))
    monkeypatch.setattr(kept, "_forget_changed", lambda *_: pytest.fail("somebody was forgotten"))
    with house.record.reading() as conn:
        assert kept.refresh(conn, NOW) == {RELEASE_ENDED}
        assert kept.refresh(conn, NOW) == frozenset()


@pytest.mark.parametrize("small", [False, True])
def test_answers_stay_those_of_the_record_through_any_changes(house, answers, monkeypatch, small):
    if small:  # everything is forgotten all the time
        for name in ("MOST_CODES", "MOST_PEOPLE", "MOST_USES", "MOST_NEWS"):
            monkeypatch.setattr(ready, name, 3)
    chance = random.Random(7)
    everybody = [Email(f"p{number}@shop.example") for number in range(6)]
    everybody += [Postal(first, last, "12 Maple Ave Apt 4", "02139") for first in ("Bob", "Jane", "R.") for last in ("Smith", "Smith Jr")]
    everybody += [Phone("(202) 555-0123"), Email("none")]
    post_policy(house)
    with house.record.transaction() as tx:
        recipients.add(tx, "acme", "third party", at=NOW, actor=CLERK)
        recipients.add(tx, "carrier", "subcontractor", at=NOW, actor=CLERK)
    for step in range(40):
        at = NOW + timedelta(hours=7 * step)
        deed = chance.randrange(6)
        if deed < 4:
            say(house, chance.sample(everybody[:-1], chance.randint(1, 2)), chance.choice(TOPICS), chance.choice(["in", "out"]), at)
        elif deed == 4:
            with house.record.transaction() as tx:
                recipients.vet(tx, "acme", reputable=chance.random() > 0.5, reviewed_on=at.date(), at=at, actor=CLERK)
                recipients.contract(tx, "acme", ["marketing"], at, at + timedelta(days=1), known=["marketing.partner"], at=at, actor=CLERK)
        several = [Asking(chance.choice(QUESTIONS), tuple(chance.sample(everybody, chance.randint(1, 2)))) for _ in range(6)]
        for asked, found in zip(several, answers(*several, at=at), strict=True):
            with house.record.reading() as conn:
                try:
                    about = ask(conn, asked.question.purpose, asked.question.to, at)
                    wanted = answer(conn, house.keeper.keys, asked.person, asked.question, about, at, now=True)
                except No as no:
                    wanted = no
            if isinstance(found, No):
                assert (type(wanted), wanted.message) == (type(found), found.message)
            else:
                assert (found.decision, found.known) == (wanted.decision, wanted.known)
