"""What a contract with a company that works for us must say: the checklist of the laws that the policy names (`law/packs`).

A contract that lacks a term binds nobody: giving such a company information would be a sale, so it counts as none. A term that was read
nowhere but in memory (mark `M`) is on the list, and is not demanded.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from upheld.law import reading
from upheld.law.duties import Mark

BOUND: Final = ("subcontractor",)
"""The kinds of recipients whose contracts must have the terms."""


@dataclass(frozen=True, slots=True)
class Term:
    """One line of the checklist. `mark` says how well it was read; `law` and `duty`, where it comes from."""

    name: str
    duty: str
    law: str
    mark: Mark

    @property
    def is_demanded(self) -> bool:
        """Whether a contract without it counts as none."""
        return self.mark != "M"


def checklist(laws: Iterable[str] | None = None) -> tuple[Term, ...]:
    """The terms that these laws ask for, each once; of all known laws if none are named."""
    found: dict[str, Term] = {}
    for name in reading.NAMES if laws is None else laws:
        for duty in reading.pack(name).duties if name in reading.NAMES else ():
            for term in duty.contract_terms if duty.status != "off" else ():
                found.setdefault(term, Term(term, duty.id, duty.law, duty.mark_of(term)))
    return tuple(found.values())


def demanded(laws: Iterable[str]) -> tuple[str, ...]:
    """The terms without which a contract counts as none."""
    return tuple(term.name for term in checklist(laws) if term.is_demanded)
