"""Reading a question: is every word of it declared, and what exactly is asked."""

from __future__ import annotations

from dataclasses import dataclass

from upheld.errors import Invalid
from upheld.policy.compiled import Policy, undeclared
from upheld.policy.terms import RECIPIENTS, REGION_PARENTS
from upheld.policy.uses import CHOICES, Standing, Use


@dataclass(frozen=True, slots=True)
class Question:
    """A use in leaves. `shown` are the items with True for those shown as totals, in the order asked; `chosen` select the people."""

    purposes: frozenset[str]
    shown: tuple[tuple[str, bool], ...]
    chosen: tuple[str, ...]
    barred: str | None  # the clause that keeps the asking role from the purpose; None: nothing does

    @property
    def subjects(self) -> tuple[tuple[str | None, bool], ...]:
        """What is decided on: each item shown with its form; if nothing is shown, the choosing itself (None, individually)."""
        return self.shown or ((None, False),)

    @property
    def asked(self) -> tuple[str, ...]:
        """The items that the answer speaks of, in the order asked."""
        return tuple(item for item, _ in self.shown) or self.chosen


@dataclass(frozen=True, slots=True)
class Case:
    """One item in one form, as one version sees it: `shown` is None if the item stands under a later one, `touched` is all of the use."""

    use: Use
    standing: Standing
    purposes: frozenset[str]
    shown: str | None
    totals: bool
    chosen: frozenset[str]
    touched: frozenset[str]


def ask(policy: Policy, use: Use) -> Question:
    """What `use` asks of `policy`, the one in force. `Invalid` for every undeclared word: closed by default."""
    words = policy.vocabulary
    purposes = frozenset(words.expand_purpose(use.purpose))
    if not purposes:
        raise Invalid(undeclared("purpose", use.purpose, words.purposes))
    if use.to not in RECIPIENTS:
        raise Invalid(undeclared("recipient", use.to, RECIPIENTS))
    if use.people is not None and (not isinstance(use.people, int) or use.people < 1):
        raise Invalid(f"totals of `{use.people}` people are not possible: give a whole number from 1")
    items, totals, chosen = _items(policy, use.items), _items(policy, use.totals), _items(policy, use.chosen_by)
    if not items and not totals and not chosen:
        raise Invalid("the use names no items: say what is shown, or what people are chosen by")
    both = [item for item in items if item in set(totals)]
    if both:
        raise Invalid(f"`{both[0]}` is asked for both individually and as totals: ask for one, or twice")
    shown = tuple((item, False) for item in items) + tuple((item, True) for item in totals)
    return Question(purposes, shown, chosen, _barred(policy, use, purposes))


def check_standing(standing: Standing) -> None:
    """`Invalid` for a fact about a person that is no fact: a region that is not in the tree, an age below zero, a choice that is none."""
    for topic, choice in standing.choices.items():
        if choice not in CHOICES:
            raise Invalid(f"`{choice}` is no choice on `{topic}`: it is unset, in, out or unknown")
    if standing.region is not None and standing.region != "anywhere" and standing.region not in REGION_PARENTS:
        raise Invalid(undeclared("region", standing.region, REGION_PARENTS))
    if standing.age is not None and (not isinstance(standing.age, int) or standing.age < 0):
        raise Invalid("an age is a whole number of years from 0, or not known")


def _items(policy: Policy, names: tuple[str, ...]) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for name in names:
        leaves = policy.vocabulary.expand_item(name)
        if not leaves:
            raise Invalid(undeclared("item", name, (*policy.vocabulary.items, *policy.vocabulary.sources)))
        found.update(dict.fromkeys(leaves))
    return tuple(found)


def _barred(policy: Policy, use: Use, purposes: frozenset[str]) -> str | None:
    """P15: staff may ask only for what their role needs."""
    if use.asked_by is None:
        return None
    own = [(clause, may) for role, clause, may in policy.staff if role == use.asked_by]
    if not own:
        raise Invalid(undeclared("staff role", use.asked_by, dict.fromkeys(role for role, _, _ in policy.staff)))
    covered = frozenset[str]().union(*(may for _, may in own))
    return None if purposes <= covered else own[0][0]
