"""Putting an answer together from what each version says: the permitted items, the clauses, the obligations, and the reasons in words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from upheld.policy.asking import Question
from upheld.policy.compiled import CompiledRule, Policy
from upheld.policy.statements import Condition
from upheld.policy.uses import Decision, Obligations, Reason, Use

Truth = bool | None
"""True, False, or None for *unknown*."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a permit that fails. For a condition: which one (`when` before `unless`) and what it was found to be."""

    kind: Literal["purpose", "recipient", "item", "chosen by", "totals", "condition"]
    at: int = 0
    truth: Truth = None


@dataclass(frozen=True, slots=True)
class Nearest:
    """A permit that does not apply, and how far it is from applying: a permit that only conditions fail is nearer than any other.

    Then come those for the purpose that is asked about: what another purpose allows explains nothing.
    """

    rule: CompiledRule
    parts: tuple[Part, ...]
    distance: tuple[bool, int, int, int]

    @classmethod
    def of(cls, rule: CompiledRule, parts: Sequence[Part]) -> Nearest:
        """How near `rule` is. Conditions count only where nothing else fails: else 20 topics would make 4^20 different refusals."""
        others = tuple(part for part in parts if part.kind != "condition")
        astray = any(part.kind == "purpose" for part in others)
        return cls(rule, others or tuple(parts), (astray, len(others), 0 if others else len(parts), rule.number))


@dataclass(frozen=True, slots=True)
class Bite:
    """A forbid that bites, with the truth of each of its conditions (`when` before `unless`)."""

    rule: CompiledRule
    truths: tuple[Truth, ...]


@dataclass(frozen=True, slots=True)
class Finding:
    """What one version of the history says about one subject of the question. `nearest` only if nothing permits."""

    number: int
    permits: tuple[CompiledRule, ...]
    bites: tuple[Bite, ...]
    nearest: Nearest | None

    @property
    def permitted(self) -> bool:
        """Some allow applies and no forbid bites."""
        return bool(self.permits) and not self.bites


def answer(history: Sequence[Policy], use: Use, question: Question, findings: Sequence[Sequence[Finding]]) -> Decision:
    """The decision, from what each version found on each subject of the question (`findings[subject]`, in order)."""
    last = history[-1]
    if question.barred is not None:
        return _barred(last, use, question)
    permitted: list[str] = []
    refused: list[str] = []
    applied: dict[tuple[int, int], CompiledRule] = {}
    spoke: set[tuple[int, int, str]] = set()
    grounds: dict[tuple[int, int, object], list[str]] = {}
    for subject, found in enumerate(findings):
        items = (question.shown[subject][0],) if question.shown else question.chosen
        for finding in found:
            spoke.update((-finding.number, bite.rule.number, bite.rule.clause) for bite in finding.bites)
        if all(finding.permitted for finding in found):
            permitted += items
            applied.update(((-finding.number, rule.number), rule) for finding in found for rule in finding.permits)
            continue
        refused += items
        for finding in found:
            if not finding.permitted:
                for ground in finding.bites or (finding.nearest,):
                    rank = ground.rule.number if isinstance(ground, Bite) else 1_000_000_000
                    grounds.setdefault((-finding.number, rank, ground), []).extend(items)
    spoke.update((version, number, rule.clause) for (version, number), rule in applied.items())
    ordered = sorted(grounds.items(), key=lambda each: each[0][:2])
    return Decision(
        permitted=tuple(permitted),
        refused=tuple(refused),
        clauses=tuple(dict.fromkeys(clause for _, _, clause in sorted(spoke))),
        obligations=_obligations(applied.values()),
        reasons=tuple(_reason(history, use, -key[0], key[2], items) for key, items in ordered),
        version=last.version,
        policy_hash=last.hash,
    )


def _barred(last: Policy, use: Use, question: Question) -> Decision:
    clause = str(question.barred)
    because = f"`{use.asked_by}` may not ask for `{use.purpose}`"
    reason = Reason(question.asked, "forbid", clause, because, "someone asks whose role covers the purpose", last.version)
    return Decision((), question.asked, (clause,), Obligations(), (reason,), last.version, last.hash)


def _obligations(applied: Iterable[CompiledRule]) -> Obligations:
    people: int | None = None
    caps: dict[str, int] = {}
    for rule in applied:
        if rule.totals is not None:
            people = max(people or 0, rule.totals)
        if rule.at_most is not None:
            times, period = rule.at_most
            caps[period] = min(caps.get(period, times), times)
    return Obligations(people, tuple(sorted((times, period) for period, times in caps.items())))


def _reason(history: Sequence[Policy], use: Use, version: int, ground: object, items: Sequence[str]) -> Reason:
    name = history[version].version
    match ground:
        case Bite(rule=rule, truths=truths):
            conditions = (*rule.when, *rule.unless)
            facts = [state(condition, truth) for condition, truth in zip(conditions, truths, strict=True)]
            cures = [state(condition, at >= len(rule.when)) for at, condition in enumerate(conditions)]
            because = " and ".join(facts) or f"`{rule.clause}` forbids it in every case"
            change = " or ".join(cures) or "nothing but another policy"
            return Reason(tuple(items), "forbid", rule.clause, because, change, name)
        case Nearest(rule=rule, parts=parts):
            said = [_part(rule, part, use) for part in parts]
            because, change = "; ".join(because for because, _ in said), " and ".join(change for _, change in said)
            return Reason(tuple(items), "silence", rule.clause, because, change, name)
    return Reason(tuple(items), "silence", None, "no clause allows anything", "a clause that allows it", name)


def _part(rule: CompiledRule, part: Part, use: Use) -> tuple[str, str]:
    """Why a permit does not apply, and what would change that."""
    match part.kind:
        case "purpose":
            return f"`{rule.clause}` is not for `{use.purpose}`", f"a clause that allows `{use.purpose}`"
        case "recipient":
            return f"`{rule.clause}` does not allow it to `{use.to}`", f"a clause that allows it to `{use.to}`"
        case "item":
            return f"`{rule.clause}` does not cover the item", "a clause that allows the item"
        case "chosen by":
            return f"`{rule.clause}` does not allow people to be chosen by these items", "choosing people by fewer items"
        case "totals":
            totals = f"totals of at least {rule.totals} people"
            return f"`{rule.clause}` allows only {totals}", f"{totals} are shown"
    condition = (*rule.when, *rule.unless)[part.at]
    return state(condition, part.truth), state(condition, part.at < len(rule.when))


def state(condition: Condition, truth: Truth) -> str:
    """A condition found true, false or unknown, in words: `the person did not opt in to newsletter`."""
    if truth is None:
        return f"it is not known whether {_words(condition)[0]}"
    return _words(condition)[truth is condition.negated]


def _words(condition: Condition) -> tuple[str, str]:
    """The bare fact (not the negation) in words, and its contrary."""
    value = condition.value
    match condition.kind:
        case "opted in":
            return f"the person opted in to `{value}`", f"the person did not opt in to `{value}`"
        case "opted out":
            return f"the person opted out of `{value}`", f"the person did not opt out of `{value}`"
        case "under":
            return f"the person is under {value}", f"the person is {value} or older"
        case "known under":
            return f"the person is known to be under {value}", f"the person is not known to be under {value}"
        case "in":
            return f"the person is in `{value}`", f"the person is outside `{value}`"
        case "as totals":
            return "it is shown as totals", "it is not shown as totals"
        case "under contract":
            return "the recipient is under contract", "the recipient is not under contract"
        case "vetted":
            return "the recipient is vetted", "the recipient is not vetted"
        case "serves":
            return "the recipient serves the person", "the recipient does not serve the person"
    return "the recipient shows legal process", "the recipient shows no legal process"
