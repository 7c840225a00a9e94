"""`upheld law list`, `show` and `clocks`."""

import json

import pytest

from upheld.cli import exits
from upheld.cli.main import run


@pytest.fixture
def say(capsys):
    def call(*words):
        code = run([*words])
        out, err = capsys.readouterr()
        return code, out, err

    return call


def test_duties_are_listed_by_region_and_status_and_shown_as_sure_as_they_are(say):
    code, out, _ = say("law", "list", "--region", "us-ca")
    assert code == exits.FINE
    assert "us-ca.ccpa.delete  confirmed" in out
    assert "us.can-spam.stop  unconfirmed (secondary source)" in out
    assert "us.glba  off: not applicable to a reseller" in out
    assert "eu.gdpr" not in out
    assert "us-ca.ccpa.delete" in out
    assert "us-states.va" not in out
    listed = json.loads(say("law", "list", "--law", "eu-gdpr", "--status", "unconfirmed", "--format", "json")[1])
    assert "eu.gdpr.erase" in {one["id"] for one in listed}
    assert {one["status"] for one in listed} == {"unconfirmed"}


def test_one_duty_is_shown_whole_with_its_sources_and_a_misspelt_one_is_answered(say):
    _, out, _ = say("law", "show", "us-ca.ccpa.optout")
    for words in ("never: identity proof, email confirmation click", "answer within: 15 business days", "source HONDA:", "less sure: due"):
        assert words in out
    assert json.loads(say("law", "show", "us-ca.ccpa.optout", "--format", "json")[1])["due"] == "15 business days"
    assert say("law", "show", "us-ca.ccpa.optuot") == (
        2,
        "",
        "upheld: no duty `us-ca.ccpa.optuot` is known; did you mean `us-ca.ccpa.optout`?\n",
    )


def test_clocks_are_those_of_the_vectors_the_earliest_first(say):
    words = ("--received", "2026-11-22T10:00-08:00", "--zone", "America/Los_Angeles", "--format", "json")
    rows = json.loads(say("law", "clocks", *words, "--region", "us-ca")[1])
    due = {(row["duty"], row["what"]): (row["safe"], row["holiday_aware"], row["status"]) for row in rows}
    assert due["us-ca.ccpa.delete", "acknowledge"] == ("2026-12-04", "2026-12-07", "confirmed")
    assert due["us-ca.ccpa.delete", "answer"] == ("2027-01-05", "2027-01-06", "confirmed")
    assert due["us-ca.ccpa.delete", "answer, lengthened,"] == ("2027-02-19", "2027-02-20", "confirmed")
    assert due["us-ca.ccpa.optout", "answer"] == ("2026-12-11", "2026-12-14", "unconfirmed")
    assert due["us-ca.shine-the-light", "answer"] == ("2026-12-22", "2026-12-22", "confirmed")
    assert due["mailbox.bulk-sender", "answer"][0] == "2026-11-24T10:00:00-08:00"
    assert [row["safe"] for row in rows] == sorted(row["safe"] for row in rows)
    assert ("us-ca.breach", "answer") not in due  # counted from the discovery, not from a receipt
    rows = json.loads(say("law", "clocks", *words, "--region", "us-ia")[1])
    assert ("us-states.ia.delete", "2027-02-20") in {(row["duty"], row["safe"]) for row in rows}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("list", "--region", "atlantis"), "no region `atlantis`"),
        (("list", "--law", "us-mars"), "no law `us-mars`"),
        (("clocks", "--zone", "Mars/Olympus"), "no time zone `Mars/Olympus`"),
        (("clocks", "--received", "someday"), "--received"),
    ],
)
def test_what_cannot_be_meant_is_one_line(say, words, said):
    code, out, err = say("law", *words)
    assert (code, out) == (exits.BAD_INPUT, "")
    assert said in err
    assert err.count("\n") == 1
