"""Who did it: read at the edge (command line, page, worker) and passed in."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks for a change: a name the merchant knows them by and, for staff, the role they act in."""

    name: str
    role: str | None = None
