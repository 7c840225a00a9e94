"""Random policies, uses and people: the SQL, executed, says what the reference says."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.differential.harness import FORMS, Asked, Count, recombined
from tests.policy.worlds import histories, standings, uses
from upheld.engines import Engine

MOST_PLACES = 1_000
"""A row with more places is compared as predicates only; spelling it out would take the time that other questions need."""

EXAMPLES = {"sqlite": 150, "duckdb": 100, "postgres": 100, "clickhouse": 100, "spark": 10}


def test_every_form_of_a_random_policy_decides_like_the_reference(engine: Engine) -> None:
    count = Count()

    @settings(
        max_examples=EXAMPLES[engine.dialect],
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    )
    @given(st.data())
    def ask(data: st.DataObject) -> None:
        history = data.draw(histories(), "history")
        people = data.draw(st.lists(standings(history), min_size=6, max_size=12), "people")
        asked = Asked(engine, history, [*people, *recombined(people, 60)])
        for use in data.draw(st.lists(uses(history), min_size=2, max_size=3), "uses"):
            forms = FORMS if asked.table.row(use).size <= MOST_PLACES else FORMS[:1]
            asked.compare(use, count, forms)
            assert count.wrong == []

    ask()
    assert count.rows >= EXAMPLES[engine.dialect] * 66
    print(f"{engine.dialect}: {count.rows:,} rows, {count.answers:,} answers, {len(count.wrong)} wrong")  # noqa: T201
