"""Criticising a policy: every fault in one run, each with its place and what to do about it."""

from __future__ import annotations

from upheld.policy.document import Document
from upheld.policy.faults import Fault


def check(document: Document) -> list[Fault]:
    """All that is wrong with a document, sorted by place. Errors keep it from being posted, warnings do not."""
    return sorted({*document.faults}, key=lambda fault: (fault.place, fault.severity, fault.rule, fault.message))
