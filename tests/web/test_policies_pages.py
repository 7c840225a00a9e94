"""The policy at the console: what is posted, what a check says, and a new version through four eyes."""

from __future__ import annotations

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from tests.houses import CLERK, NOW, later
from tests.web import sites
from tests.web.reading import words
from upheld.choices.actions import Said, record
from upheld.ledger.queries import entries
from upheld.people.identifiers import Email
from upheld.postings.queries import posted

TEXT = sites.POLICY.read_text("utf-8")
NEXT = TEXT.replace("version: 2026.1", "version: 2026.2").replace("at most 4 times a year", "at most 2 times a year")
NEXT = NEXT.replace("at most four times a year", "at most twice a year")


def kinds(shop):
    with shop.record.reading() as conn:
        return [each.kind for each in entries(conn)]


def versions(shop):
    with shop.record.reading() as conn:
        return [each.version for each in posted(conn)]


@pytest.fixture
def two(desk, clock):
    """Two people of the privacy staff, each in their own browser."""
    kim, lee = desk("privacy", "kim@staff.example"), desk("privacy", "lee@staff.example")
    clock.now = later(hours=1)
    return kim, lee


def test_a_new_version_is_drafted_by_one_approved_by_another_and_posted(two, shop):
    kim, lee = two
    assert kim.post("/policies", {"text": NEXT})["Location"] == "/policies/draft/1"
    page = words(kim.get("/policies/draft/1"))
    assert "waits for a second person" in page
    assert "Somebody else must approve it" in page
    assert "may no longer" in page
    assert "<del>four times</del> <ins>twice</ins>" in kim.get("/policies/draft/1").content.decode()
    kim.post("/policies/draft/1/approve")
    assert "is your own" in words(kim.get("/policies/draft/1"))
    assert versions(shop) == ["2026.1"]
    lee.post("/policies/draft/1/approve")
    assert "Post version 2026.2" in words(lee.get("/policies/draft/1"))
    kim.post("/policies/draft/1/post")
    assert versions(shop) == ["2026.1", "2026.2"]
    assert [kind for kind in kinds(shop) if kind.startswith("policy.")] == [
        "policy.posted",
        "policy.drafted",
        "policy.approved",
        "policy.posted",
    ]
    assert "Posted May 4, 2026, 13:00 UTC by kim@staff.example" in words(lee.get("/policies/draft/1"))


def test_the_draft_says_how_many_people_it_touches(two, shop):
    with shop.record.transaction() as tx:
        for number, says in enumerate(("in", "in", "out")):
            said = Said((Email(f"p{number}@mail.example"),), "sharing", says, NOW, "web")
            record(tx, shop.keeper, said, ("sharing",), at=NOW, actor=CLERK)
    kim, _lee = two
    kim.post("/policies", {"text": NEXT})
    page = words(kim.get("/policies/draft/1"))
    assert "Of 3 people in the record, 2 are answered differently from its posting on" in page


def test_a_file_is_taken_and_a_time_to_come_kept(two, shop):
    kim, lee = two
    sent = {"file": SimpleUploadedFile("policy.md", NEXT.encode()), "since": "2026-06-01T08:30"}
    assert kim.post("/policies", sent)["Location"] == "/policies/draft/1"
    assert "June 1, 2026, 08:30 UTC" in words(lee.get("/policies/draft/1"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Paste the document, or choose its file."),
        (TEXT, "version `2026.1` is posted already"),
        (NEXT.replace("allow survey.thanks", "allow survey.thankz"), "did you mean `survey.thanks`"),
        ("\0\udcff nothing", "The document has faults"),
    ],
)
def test_what_cannot_be_posted_is_said_line_by_line_and_not_drafted(two, shop, text, said):
    before = kinds(shop)
    sent = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    page = words(two[0].post("/policies", {"text": sent}), status=400)
    assert said in page
    assert kinds(shop) == before


def test_a_stale_draft_says_so_and_can_only_be_withdrawn(two, shop):
    kim, lee = two
    kim.post("/policies", {"text": NEXT})
    sites.post_policy(shop, NEXT.replace("version: 2026.2", "version: 2026.3"), at=later(hours=1))
    assert "Another version was posted since" in words(lee.get("/policies/draft/1"))
    lee.post("/policies/draft/1/approve")
    assert "held against an older version" in words(lee.get("/policies/draft/1"))
    lee.post("/policies/draft/1/withdraw")
    assert "withdrawn" in words(lee.get("/policies/draft/1"))


def test_a_version_shows_its_check_its_proofs_and_what_keeps_it(console):
    answer = console.get("/policies/version/2026.1")
    page = words(answer)
    assert "errors; the rest are warnings" in page or "No fault" in page
    assert page.count("proven") >= 8
    assert "clauses are kept: leaving out any of their statements would change an answer" in page
    assert 'id="use.partners"' in answer.content.decode()
    assert console.get("/policies/version/2026.1/text").content.decode() == TEXT
    assert "no such version was posted" in words(console.get("/policies/version/9"), status=404)


def test_other_roles_read_and_change_nothing(desk, shop, clock):
    other = desk("marketing")
    clock.now = later(hours=1)
    assert "Your role drafts no versions" in words(other.get("/policies"))
    assert "Your role drafts no versions" in words(other.post("/policies", {"text": NEXT}), status=400)
    for step in ("approve", "post", "withdraw"):
        assert other.post(f"/policies/draft/1/{step}").status_code == 403
    assert versions(shop) == ["2026.1"]
