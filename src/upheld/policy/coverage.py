"""Promise coverage: what keeps each clause, shown by what would change if a statement were left out.

Nothing here is asserted: for every statement the policy is compiled once more without it, and a question is looked for that the two
answer differently. A statement for which there is none keeps nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from upheld.errors import Invalid
from upheld.policy import explain
from upheld.policy.compiled import CompiledRule, Policy
from upheld.policy.decide import decide
from upheld.policy.document import Document
from upheld.policy.questions import NOTHING, behaviours, questions
from upheld.policy.statements import AnyStatement, Collect, Expectation, Place, Purpose, Staff, Topic
from upheld.policy.terms import Vocabulary
from upheld.policy.uses import Decision, Standing, Use
from upheld.policy.voice import Voice


@dataclass(frozen=True, slots=True)
class Witness:
    """A question that is answered differently without a statement.

    `kind`: "decision" (then `use` and `standing` are the question), "behaviour", "proof", or "words" (without the statement the document
    itself no longer holds together). `question`, `answer` and `without` say it in words.
    """

    kind: Literal["decision", "behaviour", "proof", "words"]
    question: str
    answer: str
    without: str
    use: Use | None = None
    standing: Standing | None = None

    def __str__(self) -> str:
        return f"{self.question} Answer: {self.answer}. Without this: {self.without}."


@dataclass(frozen=True, slots=True)
class Kept:
    """A statement and what it changes; `witness` is None if leaving it out changes nothing."""

    statement: AnyStatement
    witness: Witness | None


@dataclass(frozen=True, slots=True)
class ClauseCoverage:
    """A clause and what keeps it. `promises` is False for a heading and for a clause marked as a plain statement."""

    clause: str
    place: Place
    promises: bool
    kept: tuple[Kept, ...]

    @property
    def is_kept(self) -> bool:
        """Whether something keeps the clause, and none of its statements is there for nothing."""
        return bool(self.kept) and all(each.witness for each in self.kept)


def coverage(policy: Policy) -> tuple[ClauseCoverage, ...]:
    """What keeps each clause of `policy`, in document order."""
    return tuple(
        ClauseCoverage(
            clause=clause.id,
            place=clause.place,
            promises=not clause.heading and not clause.is_statement_only,
            kept=tuple(Kept(each, witness(policy, each)) for each in policy.document.statements if each.clause == clause.id),
        )
        for clause in policy.document.clauses
    )


def witnesses(policy: Policy) -> dict[Place, str]:
    """By the place of each statement that changes something: the question it changes, and both answers, in words (for `render`)."""
    found = [(each, witness(policy, each)) for each in policy.document.statements]
    return {statement.place: str(change) for statement, change in found if change}


def witness(policy: Policy, statement: AnyStatement) -> Witness | None:
    """A question that `policy` answers differently without `statement`, a statement of it; None if there is none."""
    if isinstance(statement, Expectation):
        said = explain.explain(statement, Voice.of(policy.document.statements, "the person"))
        promise = said.removesuffix(f" {explain.PROVEN}").removesuffix(".")
        return Witness("proof", f"{promise}: is this proven at every check?", "yes", "nobody proves it")
    if isinstance(statement, Collect):
        return _lost(policy, statement)
    if isinstance(statement, Purpose | Topic):
        try:
            without = Policy(_less(policy, statement))
        except Invalid as problem:
            return Witness("words", "Does the document hold together?", "yes", f"no, since {problem.message}")
    else:
        without = _without(policy, statement)
    for rule in policy.rules:
        if rule.place == statement.place and rule.text == statement.text:
            return _decided(policy, without, rule)
    return _lost(policy, statement) or _behaviour(policy, without, statement)


def _less(policy: Policy, statement: AnyStatement) -> Document:
    return replace(policy.document, statements=tuple(each for each in policy.document.statements if each is not statement))


def _without(policy: Policy, statement: AnyStatement) -> Policy:
    """The policy without a statement that declares no word: what was compiled of the others still holds."""
    less = Policy.__new__(Policy)
    less.document = _less(policy, statement)
    less.vocabulary, less.version, less.hash = policy.vocabulary, policy.version, policy.hash
    less.rules = tuple(each for each in policy.rules if (each.place, each.text) != (statement.place, statement.text))
    less.expectations = policy.expectations
    staff = [each for each in policy.document.statements if isinstance(each, Staff)]
    less.staff = tuple(own for each, own in zip(staff, policy.staff, strict=True) if each is not statement)
    return less


def _decided(policy: Policy, without: Policy, rule: CompiledRule) -> Witness | None:
    """The first question about the rule's own uses that the two decide differently.

    Failing that, for a forbid: the first that both refuse, but without it only because nothing allows it yet. It then keeps the next
    allow that somebody writes from undoing the promise, and the answer names its clause.
    """
    voice = Voice.of(policy.document.statements, "the person")
    later: Witness | None = None
    for use, standing in questions(policy, rule):
        before, after = decide([policy], use, standing), decide([without], use, standing)
        asked = f"{explain.use(use, voice)} {_only_what_matters(standing, voice)}".strip()
        if _outcome(before) != _outcome(after):
            return Witness("decision", asked, _said(before), _said(after), use, standing)
        if later is None and rule.effect == "forbid" and _forbidden(before) and not _forbidden(after):
            later = Witness(
                "decision", asked, "refused, whatever else allows it", "refused only as long as nothing allows it", use, standing
            )
    return later


def _forbidden(decision: Decision) -> bool:
    return any(reason.effect == "forbid" for reason in decision.reasons)


def _only_what_matters(standing: Standing, voice: Voice) -> str:
    said = explain.standing(standing, voice)
    return " ".join(f"{sentence}." for sentence in said.rstrip(".").split(". ") if "unknown" not in sentence)


def _outcome(decision: Decision) -> tuple[object, ...]:
    return decision.permitted, decision.refused, decision.obligations


def _said(decision: Decision) -> str:
    if not decision.permitted:
        return "refused"
    duties = explain.duties(decision.obligations)
    return f"allowed{', ' if duties else ''}{', '.join(duties)}"


def _lost(policy: Policy, statement: AnyStatement) -> Witness | None:
    """A word that nobody declares any more."""
    if not isinstance(statement, Collect | Purpose):
        return None
    left = Vocabulary.of(_less(policy, statement).statements)
    what, words, still = (
        ("an item", policy.vocabulary.items, set(left.items))
        if isinstance(statement, Collect)
        else ("a purpose", policy.vocabulary.purposes, set(left.purposes))
    )
    lost = [word for word in words if word not in still]
    if not lost:
        return None
    others = f"no, nor are {len(lost) - 1} more" if len(lost) > 1 else "no"
    return Witness("words", f"Is `{lost[0]}` {what} of this policy?", "yes", others)


def _behaviour(policy: Policy, without: Policy, statement: AnyStatement) -> Witness | None:
    """The first question on behaviour that is answered otherwise; long answers are cut to what the statement adds."""
    after = dict(behaviours(without, statement))
    for question, answer in behaviours(policy, statement):
        left = after.get(question, NOTHING)
        if left != answer:
            both = statement.text in answer and left != NOTHING
            return Witness("behaviour", question, statement.text if both else answer, "only what other statements say" if both else left)
    return None
