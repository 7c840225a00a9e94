"""What a user should hear before trusting a release: what was left out because the order did not say enough."""

from __future__ import annotations

from upheld.gate.mapping import ColumnMap
from upheld.gate.orders import Order
from upheld.policy.terms import Vocabulary


def notes(order: Order, mapping: ColumnMap, vocabulary: Vocabulary, unread: tuple[int, str] | None) -> tuple[str, ...]:
    """One line each: columns that could be several items and were dropped, a purpose that stands for several, the first unreadable line."""
    found = []
    unclear = [f"`{column.column}`" for column in mapping.columns if column.unclear]
    if unclear:
        columns, were = ("column ", "was") if len(unclear) == 1 else ("columns ", "were")
        say = "with `--map COLUMN=ITEM`" if order.source else "where the list comes from with `--source`, or each with `--map COLUMN=ITEM`"
        found.append(f"{columns}{', '.join(unclear)} {were} dropped, for the policy knows several such items: say {say}")
    leaves = [leaf for leaf in vocabulary.expand_purpose(order.purpose) if leaf != order.purpose]
    if leaves:
        named = ", ".join(f"`{leaf}`" for leaf in leaves)
        found.append(f"`{order.purpose}` stands for {named}: what may leave must be allowed for each of them; name one with `--purpose`")
    if unread:
        found.append(f"some rows cannot be read; the first, line {unread[0]}, {unread[1]}")
    return tuple(found)
