"""A compiled history as one file, the same bytes everywhere: what was decided by it can be decided again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from upheld.errors import Invalid
from upheld.policy.compiled import CompiledRule, Policy
from upheld.policy.statements import Condition, Place
from upheld.policy.terms import Vocabulary

FORMAT = "upheld table v1"


def save(history: Sequence[Policy]) -> bytes:
    """Canonical JSON: sorted keys, no white space, UTF-8."""
    body = {"format": FORMAT, "policies": [_policy(policy) for policy in history]}
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def load(exported: bytes) -> tuple[Policy, ...]:
    """The history of an export. `Invalid` if the bytes are none."""
    try:
        body = json.loads(exported)
        if not isinstance(body, dict) or body["format"] != FORMAT or not body["policies"]:
            raise Invalid(f"this is no `{FORMAT}` file: export the table again")
        return tuple(_restored(each) for each in body["policies"])
    except (ValueError, KeyError, TypeError, IndexError) as unreadable:
        raise Invalid(f"this is no `{FORMAT}` file: export the table again") from unreadable


def _policy(policy: Policy) -> dict[str, Any]:
    words = policy.vocabulary
    purposes, items, recipients = (_at(group) for group in (words.purposes, words.items, words.recipients))
    return {
        "version": policy.version,
        "hash": policy.hash,
        "purposes": words.purposes,
        "items": words.items,
        "topics": words.topics,
        "recipients": words.recipients,
        "rules": [_rule(rule, purposes, items, recipients) for rule in policy.rules],
        "staff": [[role, clause, _numbers(may, purposes)] for role, clause, may in policy.staff],
    }


def _numbers(words: Iterable[str], at: dict[str, int]) -> list[int]:
    return sorted(at[word] for word in words)


def _at(words: Sequence[str]) -> dict[str, int]:
    return {word: number for number, word in enumerate(words)}


def _rule(rule: CompiledRule, purposes: dict[str, int], items: dict[str, int], recipients: dict[str, int]) -> dict[str, Any]:
    return {
        "number": rule.number,
        "effect": rule.effect,
        "clause": rule.clause,
        "place": [rule.place.line, rule.place.column],
        "text": rule.text,
        "purposes": _numbers(rule.purposes, purposes),
        "recipients": _numbers(rule.recipients, recipients),
        "items": _numbers(rule.items, items),
        "chosen_by": _numbers(rule.chosen_by, items),
        "together": [_numbers(side, items) for side in rule.together] if rule.together else None,
        "totals": rule.totals,
        "when": [[each.kind, each.value, each.negated] for each in rule.when],
        "unless": [[each.kind, each.value, each.negated] for each in rule.unless],
        "at_most": rule.at_most,
    }


def _restored(saved: dict[str, Any]) -> Policy:
    words = Vocabulary(tuple(saved["purposes"]), tuple(saved["items"]), tuple(saved["topics"]), tuple(saved["recipients"]))
    staff = tuple((role, clause, _words(may, words.purposes)) for role, clause, may in saved["staff"])
    rules = tuple(_restored_rule(rule, words) for rule in saved["rules"])
    return Policy.restored(saved["version"], saved["hash"], words, rules, staff)


def _words(numbers: Iterable[int], words: Sequence[str]) -> frozenset[str]:
    return frozenset(words[number] for number in numbers)


def _restored_rule(rule: dict[str, Any], words: Vocabulary) -> CompiledRule:
    together = rule["together"]
    return CompiledRule(
        number=rule["number"],
        effect=rule["effect"],
        clause=rule["clause"],
        place=Place(*rule["place"]),
        text=rule["text"],
        purposes=_words(rule["purposes"], words.purposes),
        recipients=_words(rule["recipients"], words.recipients),
        items=_words(rule["items"], words.items),
        chosen_by=_words(rule["chosen_by"], words.items),
        together=(_words(together[0], words.items), _words(together[1], words.items)) if together else None,
        totals=rule["totals"],
        when=tuple(Condition(*each) for each in rule["when"]),
        unless=tuple(Condition(*each) for each in rule["unless"]),
        at_most=(rule["at_most"][0], rule["at_most"][1]) if rule["at_most"] else None,
    )
