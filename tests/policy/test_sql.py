"""What the compiler to SQL promises besides equality: safe names, no negation, and a refusal of what a dialect cannot express."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlglot import exp

from upheld.errors import Invalid, Refused
from upheld.policy import sql, sql_dialects
from upheld.policy.compiled import Policy
from upheld.policy.predicate import Is
from upheld.policy.sql_dialects import DIALECTS, bit, digit, number, safe, text
from upheld.policy.statements import Condition
from upheld.policy.table import Table
from upheld.policy.uses import Use

POLICY = """---
company: Northgate Systems
title: Privacy policy
version: 1
---

# Offers {#offers}

```upheld
topic TOPIC stops marketing.post
collect order: name
allow marketing.email using order when opted in to TOPIC
```
"""


def policy(topic: str) -> tuple[Policy, ...]:
    return (Policy.parse(POLICY.replace("TOPIC", topic)),)


OFFER = Use("marketing.email", ("order.name",))


@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1), min_size=2, max_size=2, unique=True))
def test_two_names_never_share_a_column(names: list[str]) -> None:
    assert safe(names[0]) != safe(names[1])


@given(st.text("ab_x019-. é", min_size=1), st.text("ab_x019-. é", min_size=1))
def test_near_names_never_share_a_column(one: str, other: str) -> None:
    assert (safe(one) == safe(other)) == (one == other)
    assert re.fullmatch("[a-z0-9_]+", safe(one))


def test_a_column_is_named_after_what_it_holds() -> None:
    dims = ("choice.news-letter", "since.order", "region")
    assert [sql.column_of(dim) for dim in dims] == ["choice_news_x2d_letter", "since_order", "region"]
    assert sql.standing_columns(policy("news-letter")) == {
        "choice_news_x2d_letter": "integer",
        "region": "text",
        "age": "integer",
        "served": "flag",
    }


def test_a_name_that_postgresql_would_cut_is_refused_there_and_there_only() -> None:
    history = policy("n" * 60)
    assert sql.text(sql.residual(history, OFFER, "duckdb"), "duckdb") == f"choice_{'n' * 60} = 1"
    with pytest.raises(Refused, match="longer than the 63 bytes that postgres keeps of a name; use a shorter topic or source"):
        sql.residual(history, OFFER, "postgres")


def test_a_statement_that_clickhouse_would_not_read_is_refused_there_and_there_only() -> None:
    long = bit("01" * 150_000, exp.column("code"), "clickhouse")
    with pytest.raises(Refused, match="no statement longer than 262144 bytes; join with the exported decision table instead"):
        text(long, "clickhouse")
    assert text(bit("01" * 150_000, exp.column("code"), "duckdb"), "duckdb").startswith("GET_BIT(")


def test_an_unknown_dialect_is_invalid_with_a_suggestion() -> None:
    with pytest.raises(Invalid, match="no SQL dialect `postgresql`; did you mean `postgres`"):
        sql.residual(policy("newsletter"), OFFER, "postgresql")
    with pytest.raises(Invalid, match="no SQL dialect `cobol`; there are sqlite, duckdb, postgres, spark, clickhouse"):
        sql.bit_test(Table(policy("newsletter")), OFFER, "code", "cobol")


def test_an_undeclared_word_in_the_use_is_invalid() -> None:
    with pytest.raises(Invalid, match=r"`order\.nmae`"):
        sql.residual(policy("newsletter"), Use("marketing.email", ("order.nmae",)), "duckdb")


@pytest.mark.parametrize(
    ("dialect", "division", "conjunction"),
    [
        ("sqlite", "code / 6", "code & 3"),
        ("duckdb", "code // 6", "code & 3"),
        ("postgres", "code / 6", "code & 3"),
        ("spark", "code DIV 6", "code & 3"),
        ("clickhouse", "intDiv(code, 6)", "bitAnd(code, 3)"),
    ],
)
def test_whole_numbers_stay_whole_and_bits_are_said_as_each_dialect_says_them(dialect: str, division: str, conjunction: str) -> None:
    assert text(digit(exp.column("code"), 6, None), dialect) == division
    assert text(exp.BitwiseAnd(this=exp.column("code"), expression=number(3)), dialect) == conjunction


def test_negative_numbers_are_written_as_such() -> None:
    assert text(number(-3), "duckdb") == "-3"


def test_nothing_asked_of_nobody_is_constant() -> None:
    assert text(sql_dialects.both([]), "duckdb") == "TRUE"
    assert text(sql_dialects.either([]), "duckdb") == "FALSE"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_predicate_asks_only_columns_of_the_standing(dialect: str) -> None:
    history = policy("newsletter")
    asked = {column.name for column in sql.residual(history, OFFER, dialect).find_all(exp.Column)}
    assert asked == {"choice_newsletter"} <= set(sql.standing_columns(history))


def test_whose_region_is_not_known_is_found_by_nothing_but_null() -> None:
    known = {"region": frozenset({None, "us", "eu"})}
    assert text(sql.expression(Is("region", frozenset({None})), known), "sqlite") == "region IS NULL"
    assert text(sql.expression(Is("region", frozenset({None, "eu"})), known), "sqlite") == "region IS NULL OR region = 'eu'"


def test_a_condition_that_the_compiler_does_not_know_is_never_passed_over() -> None:
    history = policy("news")
    rule = history[0].allows[-1]
    object.__setattr__(rule, "when", (Condition("of good cheer"),))
    with pytest.raises(AssertionError, match="of good cheer"):
        sql.residual(history, OFFER, "sqlite")
