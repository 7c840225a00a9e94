"""What a user should hear before trusting a release: what was left out because the order did not say enough."""

from __future__ import annotations

from collections.abc import Mapping

from upheld.gate.asked import Asked
from upheld.gate.mapping import ColumnMap
from upheld.gate.orders import Order

_NOT_GIVEN = {
    "age": "an age that cannot be read: it counts as unknown",
    "collected": "a day of collecting that is still to come: it counts as not given, so that the narrowest version binds",
}


def notes(
    order: Order, mapping: ColumnMap, asked: Asked, read: int, unread: tuple[int, str] | None, not_given: Mapping[str, int]
) -> tuple[str, ...]:
    """One line each: columns that could be several items and were dropped, a purpose that stands for several, the first unreadable line.

    Also the terms that the recipient's contract lacks, so that it counts as none, the rows whose facts count as not given, and that none of
    the rows `read` is there.
    """
    found = [] if read else ["the list has no rows"]
    unclear = [f"`{column.column}`" for column in mapping.columns if column.unclear]
    if unclear:
        columns, were = ("column ", "was") if len(unclear) == 1 else ("columns ", "were")
        say = "with `--map COLUMN=ITEM`" if order.source else "where the list comes from with `--source`, or each with `--map COLUMN=ITEM`"
        found.append(f"{columns}{', '.join(unclear)} {were} dropped, for the policy knows several such items: say {say}")
    leaves = [leaf for leaf in asked.policy.vocabulary.expand_purpose(order.purpose) if leaf != order.purpose]
    if leaves:
        named = ", ".join(f"`{leaf}`" for leaf in leaves)
        found.append(f"`{order.purpose}` stands for {named}: what may leave must be allowed for each of them; name one with `--purpose`")
    if asked.lacks:
        named = ", ".join(f"`{term}`" for term in asked.lacks)
        found.append(
            f"the contract with `{order.to}` counts as none, for it lacks {named}: note a whole one with `--term` or `--all-terms`"
        )
    for role, rows in not_given.items():
        found.append(f"{rows:,} {'row has' if rows == 1 else 'rows have'} {_NOT_GIVEN[role]}")
    if unread:
        found.append(f"some rows cannot be read; the first, line {unread[0]}, {unread[1]}")
    return tuple(found)
