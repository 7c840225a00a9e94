"""A policy in Cedar: purposes are actions, recipients principals, items resources, everything else is context; with a schema."""

from __future__ import annotations

import json
from collections.abc import Iterable

import cedarpy

from tests.differential.foreign.questions import AS_FEW, NOTHING, Question
from upheld.policy.compiled import CompiledRule, Policy
from upheld.policy.statements import Condition
from upheld.policy.terms import RECIPIENTS, REGION_PARENTS


class Cedar:
    """A policy as a Cedar policy set, parsed once."""

    def __init__(self, policy: Policy) -> None:
        self.topics = {topic: f"choice{at}" for at, topic in enumerate(policy.vocabulary.topics)}
        self.clauses = [rule.clause for rule in policy.rules]
        self.text = "\n".join(self._rule(rule, at) for at, rule in enumerate(policy.rules))
        self.schema_text = self._schema(policy)
        self.policies = cedarpy.PolicySet.from_str(self.text)
        self.schema = cedarpy.Schema.from_str(self.schema_text)
        self.entities = cedarpy.Entities.from_json_str(json.dumps(self._entities(policy)), self.schema)

    def request(self, question: Question) -> dict[str, object]:
        """The question as Cedar wants it."""
        facts = question.facts()
        context: dict[str, object] = {name: facts[name] for name in ("form", "people", "vetted", "contract", "process", "served", "age")}
        choices = facts["choices"]
        assert isinstance(choices, dict)
        context |= {name: choices[topic] for topic, name in self.topics.items()}
        context["region"] = {"__entity": {"type": "Region", "id": facts["region"]}}
        for name in ("chosen", "touched"):
            found = facts[name]
            assert isinstance(found, list)
            context[name] = [{"__entity": {"type": "Item", "id": item}} for item in found]
        return {
            "principal": {"type": "Recipient", "id": facts["recipient"]},
            "action": {"type": "Action", "id": facts["purpose"]},
            "resource": {"type": "Item", "id": facts["item"]},
            "context": context,
        }

    def asked(self, question: Question) -> tuple[bool, frozenset[str]]:
        """Whether Cedar allows it, and the clauses that determined it."""
        result = cedarpy.is_authorized(self.request(question), self.policies, self.entities)
        assert not result.diagnostics.errors, result.diagnostics.errors
        return result.allowed, frozenset(self.clauses[int(each.removeprefix("policy"))] for each in result.diagnostics.reasons)

    def _rule(self, rule: CompiledRule, at: int) -> str:
        permits = rule.effect == "allow"
        certain, possible = self._certain, self._possible
        parts = [f"{_set('Recipient', rule.recipients)}.contains(principal)"]
        items = _set("Item", rule.items)
        if permits:
            parts.append(f"(resource == Item::{_quoted(NOTHING)} || {items}.contains(resource))")
            parts.append(f"{_set('Item', rule.items | rule.chosen_by)}.containsAll(context.chosen)")
        else:
            parts.append(f"({items}.contains(resource) || {items}.containsAny(context.chosen))")
            parts += [f"{_set('Item', side)}.containsAny(context.touched)" for side in rule.together or ()]
        if rule.totals is not None:
            parts.append(f'context.form == "totals" && (context.people == {AS_FEW} || context.people >= {rule.totals})')
        parts += [(certain if permits else possible)(condition) for condition in rule.when]
        unless = [(possible if permits else certain)(condition) for condition in rule.unless]
        actions = ", ".join(f"Action::{_quoted(purpose)}" for purpose in sorted(rule.purposes)) or 'Action::"never"'
        text = f"{'permit' if permits else 'forbid'} (principal, action in [{actions}], resource)\nwhen {{ {' && '.join(parts)} }}"
        return f'@id("policy{at}")\n{text}' + (f"\nunless {{ {' || '.join(unless)} }};" if unless else ";")

    def _certain(self, condition: Condition) -> str:
        return f"!({self._fact(condition, sure=False)})" if condition.negated else f"({self._fact(condition, sure=True)})"

    def _possible(self, condition: Condition) -> str:
        return f"!({self._fact(condition, sure=True)})" if condition.negated else f"({self._fact(condition, sure=False)})"

    def _fact(self, condition: Condition, *, sure: bool) -> str:
        match condition.kind, condition.value:
            case "opted in" | "opted out" as kind, str(topic):
                return _either(f"context.{self.topics[topic]}", kind.removeprefix("opted "), sure=sure)
            case "under", years:
                young = f"context.age >= 0 && context.age < {years}"
                return young if sure else f"context.age < 0 || ({young})"
            case "known under", years:
                return f"context.age >= 0 && context.age < {years}"
            case "in", str(region):
                inside = f"context.region in Region::{_quoted(region)}"
                return inside if sure else f"{inside} || Region::{_quoted(region)} in context.region"
            case "as totals", _:
                return 'context.form == "totals"'
        names = {"under contract": "contract", "vetted": "vetted", "serves": "served", "legal process": "process"}
        return _either(f"context.{names[condition.kind]}", "yes", sure=sure)

    def _schema(self, policy: Policy) -> str:
        context = {
            "form": "String",
            "people": "Long",
            "chosen": "Set<Item>",
            "touched": "Set<Item>",
            **dict.fromkeys(("vetted", "contract", "process", "served", *self.topics.values()), "String"),
            "region": "Region",
            "age": "Long",
        }
        actions = ", ".join(_quoted(purpose) for purpose in (*policy.vocabulary.purposes, "never"))
        fields = ", ".join(f"{name}: {kind}" for name, kind in context.items())
        return (
            f"entity Recipient enum [{', '.join(map(_quoted, RECIPIENTS))}];\n"
            f"entity Item enum [{', '.join(map(_quoted, (*policy.vocabulary.items, NOTHING)))}];\n"
            "entity Region in [Region];\n"
            f"action {actions} appliesTo {{ principal: Recipient, resource: Item, context: {{ {fields} }} }};\n"
        )

    def _entities(self, policy: Policy) -> list[dict[str, object]]:
        parents = {"anywhere": [], **{region: [{"type": "Region", "id": parent}] for region, parent in REGION_PARENTS.items()}}
        return [{"uid": {"type": "Region", "id": region}, "attrs": {}, "parents": above} for region, above in parents.items()]


def _either(field: str, word: str, *, sure: bool) -> str:
    return f'{field} == "{word}"' if sure else f'{field} == "{word}" || {field} == "unknown"'


def _set(kind: str, names: Iterable[str]) -> str:
    return f"[{', '.join(f'{kind}::{_quoted(name)}' for name in sorted(names))}]"


def _quoted(name: str) -> str:
    return json.dumps(name)
