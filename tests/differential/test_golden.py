"""The SQL of a fixed set of uses, as checked in: a change of the compiler is seen in the text, dialect by dialect.

`python -m tests.differential.test_golden` writes the files anew; read the difference before you commit it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from tests.differential import traps
from upheld.policy import sql
from upheld.policy.compiled import Policy
from upheld.policy.sql_dialects import DIALECTS
from upheld.policy.table import Table
from upheld.policy.uses import Use

HERE = Path(__file__).parent
GOLDEN = HERE / "golden"
PARTNER = {"to": "third party", "vetted": True, "under_contract": True}
USES: dict[str, Use] = {
    "an e-mail with offers": Use("marketing.email", ("order.name", "order.email")),
    "a list for a partner": Use("marketing.partner", ("order.name", "order.shipping address"), chosen_by=("order.purchases",), **PARTNER),
    "interests for a partner": Use("marketing.partner", ("account.interests",), **PARTNER),
    "a feed for a company that works for us": Use("service", ("order.name", "order.card token"), to="subcontractor", under_contract=True),
    "suggestions from purchases and pages": Use("recommendation", ("order.purchases", "web.pages")),
    "a call about offers": Use("marketing.phone", ("order.phone",)),
    "an answer to the person": Use("rights", ("order.name",), to="the person"),
}


def written(dialect: str) -> str:
    """The golden text of one dialect."""
    policies = (Policy.read(HERE.parents[1] / "benches" / "policies" / "thirtyfive.md"),)
    return "\n".join(_lines(dialect, policies)) + "\n"


def _lines(dialect: str, policies: Sequence[Policy]) -> Iterator[str]:
    table = Table(policies)
    for name, use in USES.items():
        yield f"-- {name}: the rows for which everything is permitted"
        yield f"{sql.text(sql.residual(policies, use, dialect), dialect)};"
        yield f"-- {name}: by item"
        for item, found in sql.residuals(policies, use, dialect).items():
            yield f"/* {item} */ {sql.text(found, dialect)};"
        yield f"-- {name}: by standing code"
        yield f"{sql.text(sql.bit_test(table, use, 'code', dialect), dialect)};"
    yield "-- all rows with the outcome of their decision"
    yield f"{sql.text(sql.table_join(table, USES['an e-mail with offers'], 'people', 'code', 'decisions'), dialect)};"
    history = traps.history()
    for use in traps.USES[:4]:
        yield f"-- under two versions: {use.purpose} using {', '.join(use.items or use.chosen_by)}"
        yield f"{sql.text(sql.residual(history, use, dialect), dialect)};"


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_sql_is_as_checked_in(dialect: str) -> None:
    assert written(dialect) == (GOLDEN / f"{dialect}.sql").read_text("utf-8")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_no_sql_selects_by_what_is_not(dialect: str) -> None:
    assert "NOT" not in written(dialect).upper().split()


if __name__ == "__main__":
    GOLDEN.mkdir(exist_ok=True)
    for each in DIALECTS:
        (GOLDEN / f"{each}.sql").write_text(written(each), "utf-8")
