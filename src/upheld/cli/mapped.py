"""What the commands about systems share: where the data map lies, and the policy that it is held against."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from upheld.errors import NotFound

if TYPE_CHECKING:
    from upheld.cli.edge import Edge
    from upheld.home import Home
    from upheld.policy.compiled import Policy
    from upheld.systems.proposing import Items


def map_path(home: Home) -> Path:
    """Where a home's data map lies: `systems.map` of its settings."""
    return home.path / home.settings["systems"]["map"]


def policy_of(edge: Edge, file: Path | None) -> Policy | None:
    """The policy in a file, else the one in force; None if there is neither."""
    from upheld.policy.compiled import Policy

    if file is not None:
        return Policy.read(file)
    from upheld.cli.choosing import in_force

    try:
        with edge.record() as record, record.reading() as conn:
            return in_force(conn, edge.now()).policy
    except NotFound:
        return None


def items_of(edge: Edge, file: Path | None) -> Items:
    """The words of the policy that a proposal may use; none if there is no policy."""
    from upheld.systems.proposing import Items

    policy = policy_of(edge, file)
    return Items(policy.vocabulary.items, policy.vocabulary.topics) if policy else Items()
