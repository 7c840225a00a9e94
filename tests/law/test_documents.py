"""A policy is held against the duties of the laws it names: what it lacks is found with its place, its duty, and what to write."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from upheld.cli import exits
from upheld.cli.main import run
from upheld.policy.check import check
from upheld.policy.document import parse
from upheld.requests.duties import duties_unmet

NORTHGATE = (Path(__file__).parents[2] / "policies" / "northgate.md").read_text("utf-8")


def found(text):
    """The findings about duties: (duty, severity, line, message, hint)."""
    return [
        (one.rule, one.severity, one.place.line, one.message, one.hint) for one in check(parse(text), [duties_unmet]) if "." in one.rule
    ]


def changed(old, new):
    assert NORTHGATE.count(old) >= 1, old
    return NORTHGATE.replace(old, new, 1)


def line_of(words):
    return NORTHGATE[: NORTHGATE.index(words)].count("\n") + 1


def test_the_sample_policy_meets_every_duty_that_can_be_read_off_it():
    assert found(NORTHGATE) == []


@pytest.mark.parametrize(
    ("old", "new", "duty", "severity", "place", "words", "hint"),
    [
        (", signal\n", "\n", "us-ca.ccpa.signal", "error", "stop newsletter,", "cannot be stopped by signal", "add `signal` after `by`"),
        (
            "know, access, correct, delete\n  for us-ca", "access, correct, delete\n  for us-ca", "us-ca.ccpa.know-categories", "error",
            "law: [", "no statement gives them the right to be told what is collected", "add `right know for us-ca by web",
        ),
        (
            "within 45 days extendable by 45 days\n```\n\nPeople anywhere", "within 60 days\n```\n\nPeople anywhere",
            "us-ca.ccpa.know-categories", "error", "right know", "up to 60 days, and the law gives 45 days", "write `within 45 days`",
        ),
        (
            "  covering preceding calendar year\n", "", "us-ca.shine-the-light", "error", "right disclosures",
            "does not cover the preceding calendar year", "add `covering preceding calendar year`",
        ),
        (
            "within 1 month extendable by 2 months", "within 1 month extendable by 6 months", "eu.gdpr.erase", "warning",
            "right access, correct, delete, object", "may be put off longer than the law lets", "write `extendable by 2 months`",
        ),
        (
            "right appeal for us", "right appeal for us-ca", "us-states.appeal", "error", "law: [",
            "for people in Virginia, Texas and Maryland: no statement gives them the right to have a refusal looked at again",
            "add `right appeal for us by",
        ),
        (
            "given email, or first name and last name and address and zip\n  within 10",
            "given first name and last name and address and zip\n  within 10", "us.can-spam.stop", "warning", "stop newsletter,",
            "`marketing.email` cannot be stopped with email alone", "write `given email, or …`",
        ),
        (
            "within 10 business days", "within 30 business days", "us-ca.ccpa.optout", "warning", "stop newsletter,",
            "takes up to 30 business days, and the law gives 15 business days", "write `within 15 business days`",
        ),
        (
            "topic calls stops marketing.phone", "topic calls stops survey", "us.tcpa.stop", "warning", "allow marketing.phone",
            "they cannot stop `marketing.phone`", "add `topic phone stops marketing.phone` and `stop phone for anyone",
        ),
        (
            "forbid marketing to third party when known to be under 16\n", "", "us-ca.ccpa.minors", "warning", "allow marketing.partner",
            "13 to 15", "forbid it, as in `forbid marketing to third party using any when known to be under 16`",
        ),
        (
            "card token,\n  card last four", "card token,\n  card last four, card number", "pci.dss", "warning", "collect order",
            "`order.card number` is kept", "leave it out",
        ),
        (
            "changes apply from posting, wider use of earlier information when agreed", "notice on leaving", "us.ftc5.promise", "error",
            "law: [", "what a change of the policy does to earlier information is not said", "add `changes apply from posting",
        ),
        (
            '  post "Northgate Systems, Customer Service, 100 Example Plaza, Springfield, CA 90000",\n', "", "us.can-spam.stop", "warning",
            "law: [", "no desk says its `post`", "add it",
        ),
        (
            "  when opted in to newsletter\nnever", "  when not opted out of newsletter\nnever", "eu.eprivacy", "warning",
            "allow marketing.email", "may be used", "allow `marketing.email` only `when opted in to",
        ),
    ],
)  # fmt: skip
def test_what_a_document_lacks_is_found_with_its_duty_its_place_and_what_to_write(old, new, duty, severity, place, words, hint):
    all_ = found(changed(old, new))
    mine = [one for one in all_ if one[0] == duty and words in one[3]]
    assert mine, all_
    assert {one[1] for one in mine} == {severity}
    assert mine[0][2] == line_of(place)
    assert hint in mine[0][4]
    assert ("unconfirmed" in mine[0][3]) == (severity == "warning")


def test_a_document_is_held_only_against_the_laws_that_it_names():
    text = changed(", signal\n", "\n")
    assert {one[0] for one in found(text)} == {"us-ca.ccpa.signal", "us-states.signal"}
    assert {one[0] for one in found(text.replace("us-ca, us-states, ", ""))} == set()
    assert found(NORTHGATE.replace("eu-gdpr]", "eu-gdpr, uk-gdpr, canada]")) == [
        one for one in found(NORTHGATE.replace("eu-gdpr]", "eu-gdpr, uk-gdpr, canada]")) if one[0] in {"uk.gdpr", "ca.pipeda"}
    ]


def test_a_document_that_cannot_be_read_is_not_held_against_laws_as_well():
    assert found(changed("stop newsletter, post", "stpo newsletter, post")) == []


@pytest.mark.parametrize("form", ["text", "json", "sarif"])
def test_a_duty_that_is_not_met_is_a_finding_like_any_other_in_every_form(form, tmp_path, capsys):
    path = tmp_path / "mine.md"
    path.write_text(changed(", signal\n", "\n"), "utf-8")
    assert run(["policy", "check", str(path), "--format", form]) == exits.FINDINGS
    out = capsys.readouterr().out
    if form == "text":
        assert f":{line_of('stop newsletter,')}:1: error: for people in California: `marketing.partner` cannot be stopped by signal" in out
    elif form == "json":
        first = json.loads(out)["faults"][0]
        assert (first["rule"], first["severity"], first["line"]) == ("us-ca.ccpa.signal", "error", line_of("stop newsletter,"))
    else:
        (ran,) = json.loads(out)["runs"]
        assert ran["results"][0]["ruleId"] == "us-ca.ccpa.signal"
        assert {"id": "us-ca.ccpa.signal"} in ran["tool"]["driver"]["rules"]


def test_a_warning_alone_does_not_fail_the_check(tmp_path, capsys):
    path = tmp_path / "mine.md"
    teens = "marketing to third party when known to be under 16"
    path.write_text(changed(f"forbid {teens}\nnever {teens}", "notice on leaving"), "utf-8")
    assert run(["policy", "check", str(path)]) == exits.FINE
    assert "unconfirmed: a secondary source says it" in capsys.readouterr().out
