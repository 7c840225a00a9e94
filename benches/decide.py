"""One decision at a time: this house and its peers on the same policy of thirty-five rules and the same 100,000 mixed questions."""

from __future__ import annotations

import os
import random
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cedarpy

from benches.peers.engines import Casbin, OpaEval, RegoCpp, Vakt
from benches.publishing import publish
from tests.differential.foreign.cedar import Cedar
from tests.differential.foreign.questions import Question, questions
from tests.differential.foreign.rego import Rego
from upheld.policy.compiled import Policy
from upheld.policy.decide import decide
from upheld.policy.table import Table
from upheld.policy.uses import Decision

QUESTIONS = 100_000
KINDS = 1_000  # different uses among them: the same kinds of use come again and again
PEOPLE = 5_000  # different people among them
POLICY = Path(__file__).parent / "policies" / "thirtyfive.md"


@dataclass(frozen=True, slots=True)
class Timed:
    """Median time of one call by the wall clock, and mean processor time over all calls, in microseconds."""

    median: float
    mean: float


def timed(ask: Callable[[Any], object], asked: Sequence[Any]) -> Timed:
    """Each call by itself; the cost of reading the clock is taken off the median."""
    clock = time.perf_counter_ns  # unlike a thread's own clock it is read without entering the kernel; the median forgives interruptions
    taken = []
    began = time.process_time()
    for each in asked:
        at = clock()
        ask(each)
        taken.append(clock() - at)
    used = time.process_time() - began
    idle = []
    for _ in range(10_000):
        at = clock()
        idle.append(clock() - at)
    return Timed((statistics.median(taken) - statistics.median(idle)) / 1000, used / len(asked) * 1e6)


def mix(policy: Policy) -> list[Question]:
    """The questions: most near a permit, facts known and unknown; always the same."""
    chance = random.Random(35)
    kinds = [(each.use, each.item) for each in questions(policy, KINDS, seed=1)]
    people = [each.standing for each in questions(policy, PEOPLE, seed=2)]
    return [Question(*chance.choice(kinds), chance.choice(people)) for _ in range(QUESTIONS)]


def permitted(question: Question, decision: Decision) -> bool:
    return decision.allowed if question.item is None else question.item in decision.permitted


def ours(policy: Policy, asked: Sequence[Question]) -> list[tuple[str, str, Timed]]:
    """Plain arguments, a use and a standing, a coded person, both coded; the first pass has met no person before."""
    table = Table([policy])
    for each in asked[: KINDS * 4]:
        table.row(each.use)
    plain = [
        (
            (each.use.purpose, each.use.items, each.use.to, each.use.totals),
            {
                "people": each.use.people,
                "chosen_by": each.use.chosen_by,
                "vetted": each.use.vetted,
                "under_contract": each.use.under_contract,
                "legal_process": each.use.legal_process,
                "choices": each.standing.choices,
                "region": each.standing.region,
                "age": each.standing.age,
                "served": each.standing.served,
            },
        )
        for each in asked
    ]
    pairs = [(each.use, each.standing) for each in asked]
    coded = [(each.use, table.standing_code(each.standing)) for each in asked]
    both = [(table.use_code(use), code) for use, code in coded]
    ask, of = table.ask, table.decide
    full = "all clauses, obligations, reasons"
    found = [("Upheld, plain arguments, first time these questions are met", full, timed(lambda each: ask(*each[0], **each[1]), plain))]
    found += [
        ("**Upheld, plain arguments**", full, timed(lambda each: ask(*each[0], **each[1]), plain)),
        ("Upheld, a use and a standing", full, timed(lambda each: of(*each), pairs)),
    ]
    by_code = table.decide_code
    for each in coded:
        by_code(*each)
    found += [
        ("Upheld, person coded", full, timed(lambda each: by_code(*each), coded)),
        ("**Upheld, person and use coded**", full, timed(lambda each: by_code(*each), both)),
        ("Upheld, the reference meaning", full, timed(lambda each: decide([policy], *each), pairs[:2_000])),
    ]
    return found


def peers(policy: Policy, asked: Sequence[Question], expected: Sequence[bool]) -> list[tuple[str, str, Timed, int]]:
    """Every peer must agree on each question it is timed with; what can be prepared once is not timed."""
    cedar, rego = Cedar(policy), Rego(policy)
    vakt, casbin, opa_eval, rego_cpp = Vakt(policy), Casbin(policy), OpaEval(policy), RegoCpp(policy)
    fast, slow = min(len(asked), 10_000), min(len(asked), 500)
    plan: list[tuple[str, str, Callable[[Question], Any], Callable[[Any], bool], int]] = [
        ("vakt", "nothing", vakt.prepare, vakt.ask, fast),
        (
            "cedarpy",
            "deciding policies",
            cedar.request,
            lambda each: cedarpy.is_authorized(each, cedar.policies, cedar.entities).allowed,
            fast,
        ),
        ("regorus (hobofan-regorus)", "deciding clauses", lambda each: each, lambda each: rego.asked(each)[0], fast),
        ("regorus (opa-eval)", "deciding clauses", opa_eval.prepare, opa_eval.ask, fast),
        ("rego-cpp (regopy)", "deciding clauses", rego_cpp.prepare, rego_cpp.ask, slow),
        ("casbin", "first rule", casbin.prepare, casbin.ask, slow),
    ]
    found = []
    for name, tells, prepare, ask, many in plan:
        prepared = [prepare(each) for each in asked[:many]]
        wrong = sum(ask(each) is not right for each, right in zip(prepared, expected[:many], strict=True))
        if wrong:
            raise AssertionError(f"{name} disagrees on {wrong} of {many} questions")
        found.append((name, tells, timed(ask, prepared), many))
    return found


def main() -> None:
    """Measure, print, publish. Targets: 2 µs from plain arguments, 1 µs coded, 20 times the fastest peer that explains."""
    policy = Policy.read(POLICY)
    asked = mix(policy)[: int(os.environ.get("QUESTIONS", QUESTIONS))]
    expected = [permitted(each, decide([policy], each.use, each.standing)) for each in asked]
    table = Table([policy])
    if [permitted(each, table.decide(each.use, each.standing)) for each in asked] != expected:
        raise AssertionError("the table disagrees with the reference")
    mine = ours(policy, asked)
    others = peers(policy, asked, expected)
    fastest = min(timed_.median for _, tells, timed_, _ in others if tells != "nothing")
    rows = [
        [name, tells, len(asked) if "reference" not in name else 2_000, f"{t.median:.2f}", f"{t.mean:.2f}", f"{fastest / t.median:.0f}×"]
        for name, tells, t in mine
    ]
    rows += [[name, tells, many, f"{t.median:.1f}", f"{t.mean:.1f}", f"{fastest / t.median:.1f}×"] for name, tells, t, many in others]
    publish(
        "decide",
        "One decision, in process",
        ["engine", "tells why", "questions", "median µs", "mean CPU µs", "against the fastest peer that explains"],
        rows,
        data=f"`benches/policies/thirtyfive.md`; {len(asked):,} mixed questions on {KINDS:,} kinds of use and {PEOPLE:,} people, "
        f"{sum(expected) / len(expected):.0%} allowed; "
        "every answer equal to the reference before timing; building a peer's request is not timed (regorus reads JSON inside)",
        packages=("cedarpy", "vakt", "casbin", "hobofan-regorus", "opa-eval", "regopy"),
    )


if __name__ == "__main__":
    sys.exit(main())
