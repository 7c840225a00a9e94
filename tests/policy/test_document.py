"""A document is read into clauses and statements, each with its place; its faults are told, never raised."""

from __future__ import annotations

from pathlib import Path

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
