"""A document is read into clauses and statements, each with its place; its faults are told, never raised."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.policy.writing import FRONT
from upheld.errors import Invalid
from upheld.policy import document

NORTHGATE = Path(__file__).parents[2] / "policies" / "northgate.md"


def test_the_sample_policy_is_read_without_a_fault() -> None:
    policy = document.read(NORTHGATE)
    assert policy.faults == ()
    assert policy.unread == ()
    assert policy.front.company == "Northgate Systems"


def test_every_statement_stands_where_its_place_says() -> None:
    policy = document.read(NORTHGATE)
    lines = policy.text.split("\n")
    clauses = {clause.id for clause in policy.clauses}
    assert policy.statements
    for statement in policy.statements:
        assert lines[statement.place.line - 1][statement.place.column - 1 :].startswith(statement.text.split(" ")[0])
        assert statement.clause in clauses


def test_what_is_too_big_is_refused_before_it_is_read():
    with pytest.raises(Invalid) as refusal:
        document.parse("é" * (document.LARGEST // 2 + 1), "p.md")
    assert str(refusal.value) == "the policy is larger than 4 MiB; split it, or take out what is not policy (p.md)"


def test_clauses_are_headings_and_paragraphs_that_end_in_an_id() -> None:
    text = "# H *h* {#h}\n\nOne\ntwo. {#p.q}\n\n- three {#l .statement}\n\nUnder\n-----\n\nfour\n\nfive {.statement}\n"
    read = document.parse(FRONT + text)
    assert [(clause.id, clause.text, clause.place.line, clause.heading, clause.is_statement_only) for clause in read.clauses] == [
        ("h", "H *h*", 7, 1, False),
        ("p.q", "One\ntwo.", 9, 0, False),
        ("l", "three", 12, 0, True),
    ]
    assert [place.line for place in read.asides] == [17]


def test_the_front_matter_is_read() -> None:
    front = "---\ncompany: \"North & Co: Ltd\"\ntitle: 'T'\nversion: 2026.1\nterritory: [us, eu]\nlaw: us-ca\n---\n\nA. {#a}\n"
    assert document.parse(front).front == document.Front("North & Co: Ltd", "T", "2026.1", ("us", "eu"), ("us-ca",))


def test_equal_texts_have_equal_hashes_whatever_their_line_ends() -> None:
    text = FRONT + "A. {#a}\n"
    assert document.parse(text.replace("\n", "\r\n")).hash == document.parse(text).hash != document.parse(text + "\n").hash


def test_an_unclosed_block_is_told_once() -> None:
    read = document.parse(FRONT + "A. {#a}\n\n```upheld\nnotice on leaving\nB. {#b}\nC. {#c}\n\nD. {#d}\n")
    assert [fault.rule for fault in read.faults].count("unclosed-block") == 1
    assert [clause.id for clause in read.clauses] == ["a", "d"]
