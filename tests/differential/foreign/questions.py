"""Questions that all engines are asked: one item (or none), one purpose, one recipient, one person, one version of a policy."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from upheld.policy.compiled import CompiledRule, Policy
from upheld.policy.terms import RECIPIENTS, REGION_PARENTS
from upheld.policy.uses import CHOICES, Standing, Use

NOTHING = "nothing"
"""The item of a question that shows nothing: whether people may be chosen so."""

KNOWN = (True, True, True, True, False, None)
"""A fact about a recipient is most often true; or else most questions would end there."""

AS_FEW = 0
"""The number of people of totals that cover as few as the policy lets."""


@dataclass(frozen=True, slots=True)
class Question:
    """One use, one of its items and one person. `item` None: nothing is shown."""

    use: Use
    item: str | None
    standing: Standing

    def facts(self) -> dict[str, object]:
        """The question as plain facts, each unknown by its own word."""
        use, standing = self.use, self.standing
        shown = [*use.items, *use.totals]
        return {
            "purpose": use.purpose,
            "recipient": use.to,
            "item": NOTHING if self.item is None else self.item,
            "form": "totals" if self.item in use.totals else "individual",
            "people": AS_FEW if use.people is None else use.people,
            "chosen": sorted(use.chosen_by),
            "touched": sorted({*use.chosen_by, *shown}),
            "vetted": _word(use.vetted),
            "contract": _word(use.under_contract),
            "process": _word(use.legal_process),
            "served": _word(standing.served),
            "region": standing.region or "anywhere",
            "age": -1 if standing.age is None else standing.age,
            "choices": dict(standing.choices),
        }


def _word(fact: bool | None) -> str:
    return "unknown" if fact is None else "yes" if fact else "no"


def questions(policy: Policy, many: int, seed: int) -> Iterator[Question]:
    """Mixed questions: most of them near a rule of the policy, the rest anywhere; facts known and unknown."""
    chance, found = random.Random(seed), 0
    while found < many:
        use = _use(policy, chance)
        standing = _standing(policy, chance)
        for item in (*use.items, *use.totals) or (None,):
            yield Question(use, item, standing)
            found += 1


def _use(policy: Policy, chance: random.Random) -> Use:
    items = list(policy.vocabulary.items)
    if chance.random() < 0.85:
        near = policy.allows if chance.random() < 0.8 else policy.forbids
        rule = chance.choice([rule for rule in near if rule.purposes and rule.items])
        purpose, to = chance.choice(sorted(rule.purposes)), chance.choice(sorted(rule.recipients))
        shown = _some(chance, sorted(rule.items), (1, 1, 1, 2))
        chosen = _some(chance, _chosen(rule), (0, 0, 1, 2))
    else:
        purpose, to = chance.choice(policy.vocabulary.purposes), chance.choice(list(RECIPIENTS))
        shown, chosen = _some(chance, items, (0, 1, 2)), _some(chance, items, (0, 0, 1))
    if not shown and not chosen:
        shown = [chance.choice(items)]
    totals = [item for item in shown if chance.random() < 0.4]
    facts: Mapping[str, bool | None] = {fact: chance.choice(KNOWN) for fact in ("vetted", "under_contract", "legal_process")}
    people = chance.choice((None, 3, 10, 50, 100)) if totals else None
    return Use(purpose, tuple(item for item in shown if item not in totals), to, tuple(totals), people, tuple(chosen), **facts)


def _chosen(rule: CompiledRule) -> list[str]:
    return sorted(rule.chosen_by | rule.items)


def _some(chance: random.Random, words: list[str], sizes: tuple[int, ...]) -> list[str]:
    return chance.sample(words, min(chance.choice(sizes), len(words)))


def _standing(policy: Policy, chance: random.Random) -> Standing:
    regions = [None, "anywhere", "us", "us-ca", "eu", "de", "gb", *chance.sample(list(REGION_PARENTS), 2)]
    return Standing(
        choices={topic: chance.choice(CHOICES) for topic in policy.vocabulary.topics},
        region=chance.choice(regions),
        age=chance.choice((None, 0, 12, 13, 15, 16, 17, 18, 40, 40, 40)),
        served=chance.choice(KNOWN),
    )
