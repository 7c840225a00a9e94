"""Four eyes: what one person drafts, another approves, and only then it is posted; whatever else is refused and changes nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.houses import CLERK, NOW, later
from tests.web.sites import POLICY
from upheld.errors import Conflict, Invalid, NotFound, Refused
from upheld.ledger import queries as ledger
from upheld.policy.document import parse
from upheld.postings import drafts
from upheld.postings.actions import post
from upheld.postings.queries import in_force, posted
from upheld.record import Actor

TEXT = POLICY.read_text("utf-8")
LEAD = Actor("lead", "privacy")


def version(label):
    return parse(TEXT.replace("version: 2026.1", f"version: {label}"), "northgate.md")


@pytest.fixture
def home(house):
    with house.record.transaction() as tx:
        post(tx, version("2026.1"), at=NOW, actor=CLERK)
    return house


def do(house, what, *given, at=1, actor=CLERK):
    with house.record.transaction() as tx:
        return what(tx, *given, at=later(hours=at), actor=actor)


def state(house, number=1):
    with house.record.reading() as conn:
        return drafts.find(conn, number).state


def kinds(house):
    with house.record.reading() as conn:
        return [entry.kind for entry in ledger.entries(conn)]


def test_a_draft_is_approved_by_another_and_posted(home):
    assert do(home, drafts.draft, version("2026.2")) == 1
    assert state(home) == "waits"
    do(home, drafts.approve, 1, at=2, actor=LEAD)
    assert state(home) == "approved"
    do(home, drafts.post_draft, 1, at=3)
    assert state(home) == "posted"
    assert kinds(home)[-3:] == ["policy.drafted", "policy.approved", "policy.posted"]
    with home.record.reading() as conn:
        assert in_force(conn, later(hours=3)).version == "2026.2"
        assert [(step.step, step.by) for step in drafts.find(conn, 1).steps] == [("approved", "lead"), ("posted", "clerk")]


def test_nobody_approves_their_own_and_nothing_unapproved_is_posted(home):
    do(home, drafts.draft, version("2026.2"))
    with pytest.raises(Refused, match="is your own"):
        do(home, drafts.approve, 1, at=2, actor=Actor("clerk", "privacy"))
    with pytest.raises(Conflict, match="waits for a second person"):
        do(home, drafts.post_draft, 1, at=2, actor=LEAD)
    assert kinds(home)[-1] == "policy.drafted"
    with home.record.reading() as conn:
        assert len(posted(conn)) == 1


def test_a_draft_goes_stale_when_another_version_comes_first_even_if_approved(home):
    do(home, drafts.draft, version("2026.2"))
    do(home, drafts.approve, 1, at=2, actor=LEAD)
    do(home, post, version("2026.3"), at=3)
    assert state(home) == "stale"
    with pytest.raises(Conflict, match="an older version"):
        do(home, drafts.post_draft, 1, at=4, actor=LEAD)
    do(home, drafts.withdraw, 1, at=4)
    assert state(home) == "withdrawn"


@pytest.mark.parametrize("what", [drafts.approve, drafts.post_draft, drafts.withdraw])
def test_what_was_withdrawn_or_never_drafted_goes_nowhere(home, what):
    with pytest.raises(NotFound):
        do(home, what, 1, actor=LEAD)
    do(home, drafts.draft, version("2026.2"))
    do(home, drafts.withdraw, 1, at=2)
    with pytest.raises(Conflict, match="was withdrawn"):
        do(home, what, 1, at=3, actor=LEAD)


def test_a_draft_for_a_time_to_come_is_in_force_from_then_or_from_its_posting_if_that_is_later(home):
    with home.record.transaction() as tx:
        drafts.draft(tx, version("2026.2"), later(hours=9), at=later(hours=1), actor=CLERK)
    do(home, drafts.approve, 1, at=2, actor=LEAD)
    assert do(home, drafts.post_draft, 1, at=3).posted.since == later(hours=9)
    with home.record.transaction() as tx:
        drafts.draft(tx, version("2026.3"), later(hours=10), at=later(hours=4), actor=CLERK)
    do(home, drafts.approve, 2, at=5, actor=LEAD)
    assert do(home, drafts.post_draft, 2, at=11).posted.since == later(hours=11)


@pytest.mark.parametrize(
    ("text", "refusal"),
    [
        (TEXT, Conflict),
        (TEXT.replace("version: 2026.1", "version: 2026.2").replace("allow survey.thanks", "allow survey.thankz"), Invalid),
    ],
)
def test_what_could_not_be_posted_is_not_drafted(home, text, refusal):
    before = kinds(home)
    with pytest.raises(refusal):
        do(home, drafts.draft, parse(text, "northgate.md"))
    assert kinds(home) == before


def test_a_draft_of_the_past_is_refused(home):
    with pytest.raises(Invalid, match="for the past"), home.record.transaction() as tx:
        drafts.draft(tx, version("2026.2"), NOW - timedelta(days=1), at=later(hours=1), actor=CLERK)
