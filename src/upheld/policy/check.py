"""Criticising a policy: every fault in one run, each with its place and what to do about it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from upheld.policy.check_clauses import check_clauses, check_information, check_numbers
from upheld.policy.check_rules import check_rules
from upheld.policy.check_words import Words, check_words, sound
from upheld.policy.compiled import Policy
from upheld.policy.document import Document
from upheld.policy.faults import Fault
from upheld.policy.prove import prove

Duty = Callable[[Document], Iterable[Fault]]
"""What a law asks of a document: the faults are the duties that it does not meet."""


def check(document: Document, duties: Iterable[Duty] = ()) -> list[Fault]:
    """All that is wrong with a document, sorted by place. Errors keep it from being posted, warnings do not.

    `duties` are those of the laws that the document is held to; they are asked once everything else can be read.
    """
    read = [*document.faults, *check_words(document)]
    faults = [*read, *check_clauses(document), *check_information(Words(document)), *check_numbers(document)]
    faults += _of_rules(document, read)
    if not any(fault.severity == "error" for fault in read):
        for duty in duties:
            faults += duty(document)
    return sorted({*faults}, key=lambda fault: (fault.place, fault.severity, fault.rule, fault.message))


def _of_rules(document: Document, faults: Iterable[Fault]) -> Iterator[Fault]:
    """What is wrong with the rules as a whole. Statements with an error of their own are left out, so that it hides no other one."""
    if any(fault.severity == "error" for fault in faults):
        yield from check_rules(Policy(replace(document, statements=sound(document), faults=())))
        return
    policy = Policy(document)
    yield from check_rules(policy)
    for verdict in prove(policy):
        if verdict.counterexample is not None:
            expected = verdict.expectation
            hint = f"change the rules, or what clause `{expected.clause}` promises"
            yield Fault(expected.place, "expectation-fails", f"this `{expected.mood}` does not hold: {verdict.counterexample.words}", hint)
