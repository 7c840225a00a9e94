"""What remains of a policy when the use is fixed: per item, a formula over the columns of a standing.

Permits say when they surely hold, forbids when they surely do not bite; what is unknown helps neither. Everything else of a rule
(purposes, recipients, items, forms, facts about the recipient) is decided here, once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from upheld.policy.asking import Question, ask
from upheld.policy.compiled import CompiledRule, Policy
from upheld.policy.predicate import FALSE, TRUE, And, Domains, Formula, Is, Or, Value
from upheld.policy.sql_dialects import safe
from upheld.policy.statements import Condition
from upheld.policy.terms import REGION_PARENTS, within
from upheld.policy.uses import Use

IN, OUT, UNSET, NOT_KNOWN = 1, 2, 0, 3
"""The values of a choice column. `NOT_KNOWN` is stored as NULL."""


def choice_column(topic: str) -> str:
    """The column with a person's choice on a topic: 0 unset, 1 in, 2 out, NULL unknown."""
    return f"choice_{safe(topic)}"


def since_column(source: str) -> str:
    """The column with the version that a person's items of a source stand under: its place in the history from 0, NULL the earliest."""
    return f"since_{safe(source)}"


def domains(history: Sequence[Policy]) -> Domains:
    """All values that the standing columns may have under this history; ages are cut into bands, each named by its first year."""
    found: dict[str, frozenset[Value]] = {
        choice_column(topic): frozenset({UNSET, IN, OUT, NOT_KNOWN}) for policy in history for topic in policy.vocabulary.topics
    }
    found["region"] = frozenset({*REGION_PARENTS, "anywhere", None})
    found["age"] = frozenset({0, *_thresholds(history), None})
    found["served"] = frozenset({True, False, None})
    if len(history) > 1:
        found.update({since_column(source): frozenset(range(len(history))) for policy in history for source in policy.vocabulary.sources})
    return found


def remains(history: Sequence[Policy], use: Use) -> dict[str, Formula]:
    """For each item asked for, in the order asked: what a standing must be for it to be permitted.

    If nothing is shown, the items are those that the people are chosen by. `Invalid` for an undeclared word in the use.
    """
    question = ask(history[-1], use)
    if question.barred is not None:
        return dict.fromkeys(question.asked, FALSE)
    versions = [_Version(policy, at, len(history) - 1, question, use, domains(history)) for at, policy in enumerate(history)]
    if not question.shown:
        return dict.fromkeys(question.chosen, And(tuple(version.permits(None, totals=False) for version in versions)))
    return {item: And(tuple(version.permits(item, totals=totals) for version in versions)) for item, totals in question.shown}


def _thresholds(history: Iterable[Policy]) -> set[int]:
    return {
        condition.value
        for policy in history
        for rule in policy.rules
        for condition in (*rule.when, *rule.unless)
        if condition.kind in {"under", "known under"} and isinstance(condition.value, int)
    }


@dataclass(frozen=True, slots=True)
class _Version:
    """One version of a history, deciding the part of a use that it binds."""

    policy: Policy
    at: int
    last: int
    question: Question
    use: Use
    domains: Domains

    def permits(self, item: str | None, *, totals: bool) -> Formula:
        """When this version lets the item be used, or has nothing to say because all that is asked was collected later.

        `item` None: nothing is shown, the question is whether people may be chosen so.
        """
        asked = [*self.question.chosen] if item is None else [item, *self.question.chosen]
        silent = And(tuple(self._later(each) for each in asked))
        allowed = Or(tuple(self._applies(rule, item, totals=totals) for rule in self.policy.allows))
        escaped = tuple(self._escapes(rule, item, totals=totals) for rule in self.policy.forbids)
        return Or((silent, And((allowed, *escaped))))

    def _applies(self, rule: CompiledRule, item: str | None, *, totals: bool) -> Formula:
        """When a permit surely applies."""
        if not self.question.purposes <= rule.purposes or self.use.to not in rule.recipients:
            return FALSE
        if rule.totals is not None and not (totals and (self.use.people is None or self.use.people >= rule.totals)):
            return FALSE
        covered = rule.chosen_by | rule.items
        uncovered = [each for each in self.question.chosen if each not in covered]
        if item is not None and item not in rule.items:
            uncovered.append(item)
        return And(
            (
                *(self._later(each) for each in uncovered),
                *(self._surely(condition, truth=True, totals=totals) for condition in rule.when),
                *(self._surely(condition, truth=False, totals=totals) for condition in rule.unless),
            )
        )

    def _escapes(self, rule: CompiledRule, item: str | None, *, totals: bool) -> Formula:
        """When a forbid surely does not bite."""
        if not self.question.purposes & rule.purposes or self.use.to not in rule.recipients:
            return TRUE
        asked = {*self.question.chosen, *(() if item is None else (item,))}
        touched = {*self.question.chosen, *(each for each, _ in self.question.shown)}
        sides = (asked & rule.items, *(touched & side for side in rule.together or ()))
        return Or(
            (
                *(And(tuple(self._later(each) for each in sorted(side))) for side in sides),
                *(self._surely(condition, truth=False, totals=totals) for condition in rule.when),
                *(self._surely(condition, truth=True, totals=totals) for condition in rule.unless),
            )
        )

    def _later(self, item: str) -> Formula:
        """The person's item was collected after this version, or the person agreed to a later one."""
        if self.at == self.last:
            return FALSE
        return Is(since_column(item.partition(".")[0]), frozenset(range(self.at + 1, self.last + 1)))

    def _surely(self, condition: Condition, *, truth: bool, totals: bool) -> Formula:
        """When a condition is surely true, or surely false; while it is unknown, neither."""
        truth = truth is not condition.negated
        match condition.kind, condition.value:
            case "opted in" | "opted out" as kind, str(topic):
                chose = IN if kind == "opted in" else OUT
                return Is(choice_column(topic), frozenset({chose} if truth else {UNSET, IN, OUT} - {chose}))
            case "under", int(years):
                return self._where("age", lambda age: isinstance(age, int) and (age < years) is truth)
            case "known under", int(years):
                return self._where("age", lambda age: (isinstance(age, int) and age < years) is truth)
            case "in", str(region):
                return self._where("region", lambda at: within(at if isinstance(at, str) else None, region) is truth)
            case "serves", _:
                return Is("served", frozenset({truth}))
            case "as totals", _:
                return _constant(totals is truth)
            case "under contract", _:
                return _constant(self.use.under_contract is truth)
            case "vetted", _:
                return _constant(self.use.vetted is truth)
            case "legal process", _:
                return _constant(self.use.legal_process is truth)
        raise AssertionError(condition)

    def _where(self, column: str, fits: Callable[[Value], bool]) -> Formula:
        return Is(column, frozenset(value for value in self.domains[column] if fits(value)))


def _constant(truth: bool) -> Formula:  # noqa: FBT001 - it is the truth itself
    return TRUE if truth else FALSE
