"""Choices: what a person chose holds at once, for every record of them, and can never be changed."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import DBAPIError

from tests.houses import CLERK, NOW, later
from upheld.choices.actions import Said, channel, record, record_many
from upheld.choices.models import CHOICE, WORDING
from upheld.choices.queries import AsOf, changed_since, history, nobody, standing, standing_codes
from upheld.errors import Invalid
from upheld.ledger import queries as ledger
from upheld.people.actions import enrol, keep_facts
from upheld.people.facts import Fact, aged, born, region, since
from upheld.people.identifiers import Email, Postal
from upheld.people.models import FACT, PERSON
from upheld.people.queries import find
from upheld.policy.compiled import Policy
from upheld.policy.table import Table

TOPICS = ("newsletter", "post", "sharing")
NOW_ON = AsOf(today=later(days=1))
JANE = (Email("jane@shop.example"),)
OUT = Said(JANE, "sharing", "out", NOW, "phone", "you will get no more letters of partners", "2026.1")


def say(house, *said, at=NOW):
    with house.record.transaction() as tx:
        return record_many(tx, house.keeper, said, TOPICS, at=at, actor=CLERK)


def standing_of(house, identifiers, as_of=NOW_ON):
    with house.record.reading() as conn:
        (person,) = find(conn, house.keeper.keys, identifiers)
        return standing(conn, person, TOPICS, as_of)


def test_a_choice_holds_for_the_very_next_question_and_for_every_spelling(house):
    say(house, OUT)
    assert standing_of(house, [Email(" Jane@SHOP.example")]).choices == {"newsletter": "unset", "post": "unset", "sharing": "out"}


def test_the_latest_choice_by_its_own_time_holds_even_if_it_was_heard_late(house):
    say(house, replace(OUT, says="in", at=NOW - timedelta(days=1)), at=NOW)
    say(house, replace(OUT, at=NOW - timedelta(days=2)), at=later(hours=1))
    assert standing_of(house, JANE).choices["sharing"] == "in"
    say(house, replace(OUT, at=NOW), at=later(hours=2))
    assert standing_of(house, JANE).choices["sharing"] == "out"


@pytest.mark.parametrize("order", [("in", "out"), ("out", "in")])
def test_of_two_choices_of_one_instant_out_holds(house, order):
    say(house, *(replace(OUT, says=says) for says in order))
    assert standing_of(house, JANE).choices["sharing"] == "out"


def test_standing_can_be_asked_as_of_any_time_and_as_of_what_was_known(house):
    say(house, replace(OUT, says="in", at=NOW - timedelta(days=9)), at=NOW)
    say(house, replace(OUT, at=NOW - timedelta(days=5)), at=later(days=3))
    ask = {
        "before anything": AsOf(NOW, at=NOW - timedelta(days=10)),
        "between": AsOf(NOW, at=NOW - timedelta(days=6)),
        "after": AsOf(NOW, at=NOW),
        "as then known": AsOf(NOW, at=NOW, known_at=NOW),
    }
    found = {when: standing_of(house, JANE, as_of).choices["sharing"] for when, as_of in ask.items()}
    assert found == {"before anything": "unset", "between": "in", "after": "out", "as then known": "in"}


def test_an_opt_out_of_the_future_counts_from_now_and_an_opt_in_of_the_future_is_refused(house):
    say(house, replace(OUT, at=later(days=300)))
    assert standing_of(house, JANE, AsOf(NOW, at=NOW)).choices["sharing"] == "out"
    with pytest.raises(Invalid, match="an opt-in cannot be of the future"):
        say(house, replace(OUT, says="in", at=later(days=300)))


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"topic": "newsleter"}, "no topic `newsleter` is declared; did you mean `newsletter`"),
        ({"how": "pigeon"}, "no channel `pigeon` is declared"),
        ({"says": "perhaps"}, "a choice is `in` or `out`"),
        ({"words": "x" * 5000}, "longer than 4000 characters"),
        ({"identifiers": (Email("none"),)}, "no identifier can be read"),
    ],
)
def test_what_cannot_be_recorded_is_refused_and_leaves_nothing(house, changed, words):
    with pytest.raises(Invalid, match=words):
        say(house, OUT, replace(OUT, **changed))
    with house.record.reading() as conn:
        counts = [conn.execute(select(func.count()).select_from(table)).scalar_one() for table in (CHOICE, PERSON, WORDING)]
        assert (counts, ledger.size(conn)) == ([0, 0, 0], 0)
    assert len(say(house, OUT)) == 1


@pytest.mark.parametrize("table", [CHOICE, WORDING, FACT], ids=lambda table: table.name)
@pytest.mark.parametrize("change", [lambda table: update(table).values(id=99), delete], ids=["update", "delete"])
def test_the_database_itself_refuses_to_change_what_was_chosen(house, table, change):
    (recorded,) = say(house, OUT)
    with house.record.transaction() as tx:
        keep_facts(tx, [(recorded.people[0], region("us-ca"))], NOW, CLERK)
    with pytest.raises(DBAPIError, match="only grows"), house.record.transaction() as tx:
        tx.execute(change(table))


def test_conflicting_identifiers_mean_everybody_they_meet(house):
    with house.record.transaction() as tx:
        (jane,) = enrol(tx, house.keeper, JANE, NOW, CLERK)
        (john,) = enrol(tx, house.keeper, [Postal("John", "Smith", "5 Oak St", "60601")], NOW, CLERK)
    (recorded,) = say(house, replace(OUT, identifiers=(*JANE, Postal("Jon", "Smith", "5 Oak Street", "60601"))))
    assert recorded.people == (jane, john)


def test_each_choice_has_its_ledger_entry_and_nothing_personal_lies_in_clear(house):
    say(house, replace(OUT, identifiers=(Email("planted.person@shop.example"), Postal("Plantina", "Testname", "77 Secretlane", "99901"))))
    with house.record.reading() as conn:
        said = [ledger.entry(conn, number).canonical for number in range(ledger.size(conn))]
    assert any(b'"choice.recorded"' in entry and b'"opted":"out"' in entry for entry in said)
    everything = house.bytes() + b"".join(said)
    for planted in (b"planted.person", b"Plantina", b"Testname", b"Secretlane"):
        assert planted not in everything
        assert planted.lower() not in everything.lower()


def test_the_history_of_a_person_shows_when_how_and_the_words(house):
    (recorded,) = say(house, OUT)
    with house.record.reading() as conn:
        (chosen,) = history(conn, recorded.people[0])
    assert (chosen.topic, chosen.says, chosen.at, chosen.how, chosen.words, chosen.version) == (
        "sharing", "out", NOW, "phone", OUT.words, "2026.1",
    )  # fmt: skip


POLICY = """---
company: Northgate Systems
title: Privacy policy
version: {version}
---

We write to those who want it. {{#use}}

```upheld
collect order: name, email
collect newsletter: email
topic newsletter stops marketing.email
topic post stops marketing.post
topic sharing stops marketing.partner
allow marketing.email using newsletter when opted in to newsletter and in us unless known to be under 16
changes apply from posting, wider use of earlier information when agreed
```
"""


def test_the_standing_codes_of_everybody_are_those_of_each(house):
    table = Table([Policy.parse(POLICY.format(version=version)) for version in ("1", "2")])
    with house.record.transaction() as tx:
        people = [enrol(tx, house.keeper, [Email(f"p{number}@shop.example")], NOW, CLERK)[0] for number in range(6)]
        one, two, three, four, five, _ = people
        facts = [
            (one, region("us-ca")), (one, region("de")), (two, aged(15, NOW.date())), (two, region("us")),
            (three, born(NOW.date().replace(year=2000), NOW.date())), (four, since("order", "2")), (five, since("newsletter", "1")),
            (five, Fact("region", "us-tx", at=NOW - timedelta(days=3))),
        ]  # fmt: skip
        keep_facts(tx, facts, NOW, CLERK)
        chosen = [("newsletter", "in", 0), ("newsletter", "out", 2), ("newsletter", "in", 2), ("post", "out", 1), ("sharing", "in", 5)]
        said = [Said((Email(f"p{at}@shop.example"),), topic, says, NOW, "web") for topic, says, at in chosen]
        record_many(tx, house.keeper, said, TOPICS, at=NOW, actor=CLERK)
    for as_of in (NOW_ON, AsOf(NOW, at=NOW - timedelta(days=1)), AsOf(NOW, known_at=NOW)):
        with house.record.reading() as conn:
            bulk = standing_codes(conn, table, as_of)
            each = [table.standing_code(standing(conn, person, TOPICS, as_of)) for person in people]
        assert bulk.codes[people].tolist() == each
        assert bulk.codes[0] == nobody(table)


def test_a_long_release_learns_who_changed_their_mind_meanwhile(house):
    table = Table([Policy.parse(POLICY.format(version="1"))])
    say(house, OUT)
    with house.record.reading() as conn:
        before = standing_codes(conn, table, NOW_ON)
    (recorded,) = say(house, replace(OUT, identifiers=(Email("other@shop.example"),)), at=later(minutes=1))
    with house.record.reading() as conn:
        assert changed_since(conn, before.last_choice, before.last_fact) == set(recorded.people)


def test_a_topic_that_the_policy_no_longer_declares_is_not_asked(house):
    (recorded,) = say(house, OUT)
    with house.record.reading() as conn:
        assert standing(conn, recorded.people[0], ("post",), NOW_ON).choices == {"post": "unset"}


def test_one_choice_is_recorded_like_many(house):
    with house.record.transaction() as tx:
        done = record(tx, house.keeper, OUT, TOPICS, at=NOW, actor=CLERK)
    assert (len(done.choices), len(done.people)) == (1, 1)


def test_a_channel_is_one_of_those_we_know():
    assert channel("post") == "post"
    with pytest.raises(Invalid, match="did you mean `phone`"):
        channel("fone")
    with pytest.raises(Invalid, match="no channel `fax` is declared: there are `web`, `phone`, `email`, `post`, `signal`, `import`"):
        channel("fax")
