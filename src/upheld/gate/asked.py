"""From what somebody asks for to a use of the policy: who the recipient is, which items the list really holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from upheld.errors import Invalid, Refused
from upheld.gate.orders import Order
from upheld.policy.compiled import Policy, undeclared
from upheld.policy.uses import Use


@dataclass(frozen=True, slots=True)
class Asked:
    """The policies (oldest first, the last in force), since when each, and the recipient: its kind, and what is known of it.

    `lacks`: the terms that the law demands of its contract and the contract does not have; so it counts as none.
    """

    history: tuple[Policy, ...]
    since: tuple[datetime, ...]
    kind: str
    vetted: bool | None
    under_contract: bool | None
    lacks: tuple[str, ...] = ()

    @property
    def policy(self) -> Policy:
        """The policy in force."""
        return self.history[-1]

    def use_of(self, held: tuple[str, ...], order: Order) -> Use:
        """The use that releasing a list with these items would be. `Invalid` if the list holds nothing of what is asked for."""
        vocabulary = self.policy.vocabulary
        if order.items and order.totals:
            raise Invalid("ask for rows with `--items` or for totals with `--totals`, not for both at once")
        for name in (*order.items, *order.totals, *order.chosen_by):
            if not vocabulary.expand_item(name):
                words = undeclared("item", name, (*vocabulary.items, *vocabulary.sources))
                raise Invalid(words if "did you mean" in words else f"{words}: the policy's items are in `upheld policy show`")
        wanted = vocabulary.expand_items(order.items) if order.items else frozenset(held)
        totals = tuple(item for item in held if item in vocabulary.expand_items(order.totals))
        items = () if order.totals else tuple(item for item in held if item in wanted)
        if not items and not totals:
            raise Invalid(
                "the list holds no item of the policy that is asked for: say what its columns are with `--map COLUMN=ITEM` or `--source`"
            )
        if len(items) + len(totals) > 60:
            raise Refused("a list of more than 60 items cannot be decided at once: choose some with `--items`")
        return Use(
            purpose=order.purpose,
            items=items,
            to=self.kind,
            totals=totals,
            people=order.people,
            chosen_by=order.chosen_by,
            vetted=self.vetted,
            under_contract=self.under_contract,
            asked_by=order.asked_by,
        )
