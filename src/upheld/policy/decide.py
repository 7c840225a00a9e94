"""WHAT A POLICY MEANS for one use and one person. Everything faster must agree.

Refused unless some allow applies; any forbid that bites refuses; order never matters. An unknown fact never helps:
a permit must hold whatever it turns out to be, a forbid bites if it could hold.
"""

from __future__ import annotations

from collections.abc import Sequence

from upheld.policy.answers import Bite, Finding, Nearest, Part, Truth, answer
from upheld.policy.asking import Case, ask, check_standing
from upheld.policy.compiled import BUILT_IN, CompiledRule, Policy
from upheld.policy.statements import Condition
from upheld.policy.terms import within
from upheld.policy.uses import Decision, Standing, Use


def decide(history: Sequence[Policy], use: Use, standing: Standing) -> Decision:
    """The decision under the last policy of `history`; earlier ones are what earlier information was collected under.

    An item is permitted if every version that it stands under, and every later one, permits it: later and wider does not touch it,
    later and narrower binds at once. Each version speaks only of what stands under it. `Invalid` for an undeclared word.
    """
    check_standing(standing)
    question = ask(history[-1], use)

    def stands(item: str) -> int:
        since = standing.since.get(item.partition(".")[0])
        return next((number for number, policy in enumerate(history) if policy.version == since), 0)

    findings: list[list[Finding]] = []
    for item, totals in question.subjects:
        findings.append([])
        for number, policy in enumerate(history):
            shown = item if item is not None and stands(item) <= number else None
            chosen = frozenset(each for each in question.chosen if stands(each) <= number)
            touched = chosen | {each for each, _ in question.shown if stands(each) <= number}
            if shown or chosen:
                findings[-1].append(_finding(number, policy, Case(use, standing, question.purposes, shown, totals, chosen, touched)))
    return answer(history, use, question, findings)


def _finding(number: int, policy: Policy, case: Case) -> Finding:
    failing = [(rule, _failing(rule, case)) for rule in policy.allows]
    permits = tuple(rule for rule, parts in failing if not parts)
    bites = tuple(Bite(rule, _truths(rule, case)) for rule in policy.forbids if _bites(rule, case))
    near = [Nearest.of(rule, parts) for rule, parts in failing if rule.clause != BUILT_IN] if not permits else []
    return Finding(number, permits, bites, min(near, key=lambda each: each.distance, default=None))


def _failing(rule: CompiledRule, case: Case) -> list[Part]:
    """The parts of a permit that fail; it applies if there is none. It must cover all that is asked."""
    parts: list[Part] = []
    if not case.purposes <= rule.purposes:
        parts.append(Part("purpose"))
    if case.use.to not in rule.recipients:
        parts.append(Part("recipient"))
    if case.shown is not None and case.shown not in rule.items:
        parts.append(Part("item"))
    if not case.chosen <= rule.chosen_by | rule.items:
        parts.append(Part("chosen by"))
    if rule.totals is not None and not (case.totals and (case.use.people is None or case.use.people >= rule.totals)):
        parts.append(Part("totals"))
    parts += [Part("condition", at, fact) for at, fact in enumerate(_truths(rule, case)) if fact is not (at < len(rule.when))]
    return parts


def _bites(rule: CompiledRule, case: Case) -> bool:
    """Whether a forbid bites: it touches what is asked, and nothing known takes it away."""
    return (
        bool(case.purposes & rule.purposes)
        and case.use.to in rule.recipients
        and (case.shown in rule.items or bool(case.chosen & rule.items))
        and (rule.together is None or all(case.touched & side for side in rule.together))
        and all(fact is not (at >= len(rule.when)) for at, fact in enumerate(_truths(rule, case)))
    )


def _truths(rule: CompiledRule, case: Case) -> tuple[Truth, ...]:
    return tuple(truth(condition, case) for condition in (*rule.when, *rule.unless))


def truth(condition: Condition, case: Case) -> Truth:
    """Whether a condition holds: True, False, or None for *unknown*."""
    kind, value, person, use = condition.kind, condition.value, case.standing, case.use
    if kind in {"opted in", "opted out"}:
        choice = person.choices.get(str(value), "unknown")
        fact = None if choice == "unknown" else kind == f"opted {choice}"
    elif kind == "under":
        fact = None if person.age is None else person.age < int(value or 0)
    elif kind == "known under":
        fact = person.age is not None and person.age < int(value or 0)
    elif kind == "in":
        fact = within(person.region, str(value))
    else:
        of_recipient = {"vetted": use.vetted, "under contract": use.under_contract, "legal process": use.legal_process}
        fact = {"as totals": case.totals, "serves": person.served, **of_recipient}[kind]
    return None if fact is None else fact is not condition.negated
