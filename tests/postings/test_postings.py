"""Postings: a policy is in force from its time on, and nobody can post into the past (P18)."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from tests.houses import CLERK, NOW, later
from upheld.errors import Conflict, Invalid, NotFound
from upheld.ledger import queries as ledger
from upheld.policy import document
from upheld.policy.table import Table
from upheld.postings.actions import post, unpost
from upheld.postings.models import POSTING
from upheld.postings.queries import changes, history, in_force, posted

TEXT = """---
company: Northgate Systems
title: Privacy policy
version: {version}
---

We write to those who want it. {{#use}}

```upheld
collect newsletter: email
topic newsletter stops marketing.email
allow marketing.email using newsletter when opted in to newsletter
keep newsletter for 3 years
stop newsletter for anyone by web given email
{changes}
```
"""
CHANGES = "changes apply from posting, wider use of earlier information when agreed"


def page(version, changes=CHANGES, **more):
    return document.parse(TEXT.format(version=version, changes=changes) + more.get("tail", ""), f"policies/{version}.md")


def put(house, read, since=None, at=NOW):
    with house.record.transaction() as tx:
        return post(tx, read, since, at=at, actor=CLERK)


def test_a_policy_is_in_force_from_its_posting_until_the_next(house):
    put(house, page("2026.1"))
    put(house, page("2026.2"), later(days=10), later(days=1))
    with house.record.reading() as conn:
        versions = {
            when: [each.version for each in history(conn, at)]
            for when, at in {"before": NOW - timedelta(seconds=1), "first": NOW, "second": later(days=10)}.items()
        }
        assert versions == {"before": [], "first": ["2026.1"], "second": ["2026.1", "2026.2"]}
        assert in_force(conn, later(days=10)).policy.version == "2026.2"
        with pytest.raises(NotFound, match="no policy is in force"):
            in_force(conn, NOW - timedelta(days=1))


def test_the_text_is_kept_whole_and_its_hashes_are_in_the_ledger(house):
    put(house, page("2026.1"))
    done = put(house, page("2026.2"), at=later(days=1))
    with house.record.reading() as conn:
        first, second = posted(conn)
        said = ledger.entry(conn, ledger.size(conn) - 1).canonical.decode()
    assert first.policy.document.text == TEXT.format(version="2026.1", changes=CHANGES)
    assert second.hash == page("2026.2").hash == done.posted.hash
    assert second.table_hash == Table([first.policy, second.policy]).hash
    assert done.follows is not None
    assert done.follows.version == "2026.1"
    assert second.hash in said
    assert second.table_hash in said


@pytest.mark.parametrize(
    ("read", "times", "error", "words"),
    [
        (page("2026.2"), (NOW - timedelta(days=1), NOW), Invalid, "cannot be posted for the past"),
        (page("2026.2"), (later(days=5), later(days=1)), Conflict, "the next one must be later"),
        (page("2026.2"), (later(days=4), later(days=1)), Conflict, "the next one must be later"),
        (page("2026.2"), (later(days=9), NOW - timedelta(hours=1)), Conflict, "the clock went back"),
        (page("2026.1"), (later(days=9), later(days=1)), Conflict, "version `2026.1` is posted already"),
        (page("2026.2", "allow marketing.email using nothing"), (later(days=9), later(days=1)), Invalid, "nothing"),
        (document.parse("no policy at all", "x.md"), (later(days=9), later(days=1)), Invalid, "front matter"),
    ],
    ids=["past", "same-time", "overlapping", "clock", "version-twice", "faults", "no-policy"],
)
def test_what_cannot_be_posted_is_refused_and_leaves_nothing(house, read, times, error, words):
    put(house, page("2026.1"), later(days=5))
    with pytest.raises(error, match=words):
        put(house, read, *times)
    with house.record.reading() as conn:
        assert [each.version for each in posted(conn)] == ["2026.1"]
        assert ledger.size(conn) == 1


def test_no_version_follows_one_that_does_not_say_how_changes_apply(house):
    put(house, page("2026.1", ""))
    with pytest.raises(Conflict, match="has no `changes` statement"):
        put(house, page("2026.2"), at=later(days=1))


def take_back(house, version, at):
    with house.record.transaction() as tx:
        return unpost(tx, version, at=at, actor=CLERK)


def test_a_posting_that_is_not_yet_in_force_is_withdrawn_and_the_next_one_may_come_before_it_or_at_its_time(house):
    put(house, page("2026.1"))
    put(house, page("2026.2"), later(days=900), later(days=1))
    with pytest.raises(Conflict, match=r"must be later, or withdraw that one with `upheld policy unpost 2026\.2`"):
        put(house, page("2026.3"), at=later(days=2))
    with house.record.reading() as conn:
        before = changes(conn)
    assert take_back(house, "2026.2", later(days=2)).since == later(days=900)
    with house.record.reading() as conn:
        assert [each.version for each in history(conn, later(days=1000))] == ["2026.1"]
        assert changes(conn) == before + 1
        last = ledger.entry(conn, ledger.size(conn) - 1)
        assert (last.kind, "2026.2" in last.canonical.decode()) == ("policy.unposted", True)
    with pytest.raises(Conflict, match="was posted and withdrawn: give the new one another label"):
        put(house, page("2026.2", tail="\nMore.\n"), at=later(days=2))
    assert put(house, page("2026.3"), at=later(days=3)).follows.version == "2026.1"
    done = put(house, page("2026.4"), later(days=900), later(days=4))
    assert timedelta(0) < done.posted.since - later(days=900) < timedelta(milliseconds=1)
    with house.record.reading() as conn:
        assert [each.version for each in posted(conn)] == ["2026.1", "2026.3", "2026.4"]


def test_what_is_or_was_in_force_or_is_followed_is_not_withdrawn(house):
    put(house, page("2026.1"))
    for version, days in (("2026.2", 5), ("2026.3", 9), ("2026.4", 12)):
        put(house, page(version), later(days=days), later(days=1))
    refused = [
        ("2026.1", Conflict, "has been in force since"),
        ("2026.2", Conflict, "has been in force since"),
        ("2026.3", Conflict, "version `2026.4` was posted after it: withdraw that one first"),
        ("2026.9", NotFound, "no version `2026.9` is posted"),
    ]
    for version, error, words in refused:
        with pytest.raises(error, match=words):
            take_back(house, version, later(days=5))
    take_back(house, "2026.4", later(days=5))
    take_back(house, "2026.3", later(days=5))
    with pytest.raises(NotFound, match=r"no version `2026\.3` is posted"):
        take_back(house, "2026.3", later(days=5))


@pytest.mark.parametrize("change", [update(POSTING).values(id=99), delete(POSTING)], ids=["update", "delete"])
def test_what_was_posted_stays_posted(house, change):
    put(house, page("2026.1"))
    with pytest.raises(DBAPIError, match="only grows"), house.record.transaction() as tx:
        tx.execute(change)
