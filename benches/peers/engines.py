"""vakt, casbin and the other evaluators of Rego, each loaded with the policy once and asked one question at a time."""

from __future__ import annotations

import json
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

import casbin
import opa_eval
import regopy
import vakt
from vakt import rules as test

from benches.peers.simple import Test, fields, tests
from tests.differential.foreign.questions import Question
from tests.differential.foreign.rego import Rego, _above
from upheld.policy.compiled import Policy
from upheld.policy.terms import REGION_PARENTS

_MODEL = """
[request_definition]
r = sub
[policy_definition]
p = rule, eft, clause
[policy_effect]
e = some(where (p.eft == allow)) && !some(where (p.eft == deny))
[matchers]
m = eval(p.rule)
"""


class Vakt:
    """Rules on attributes, checked by vakt's RulesChecker. It tells no clause."""

    def __init__(self, policy: Policy) -> None:
        storage = vakt.MemoryStorage()
        for at, rule in enumerate(policy.rules):
            by_field: dict[str, list[Any]] = defaultdict(list)
            for each in tests(rule):
                by_field[each.field].append(_rule(each))
            joined = {field: some[0] if len(some) == 1 else test.And(*some) for field, some in by_field.items()}
            effect = vakt.ALLOW_ACCESS if rule.effect == "allow" else vakt.DENY_ACCESS
            storage.add(
                vakt.Policy(
                    at,
                    effect=effect,
                    actions=[joined.pop("purpose")],
                    subjects=[joined.pop("recipient")],
                    resources=[joined.pop("item", test.Any())],
                    context=joined,
                )
            )
        self.guard = vakt.Guard(storage, vakt.RulesChecker())

    def prepare(self, question: Question) -> vakt.Inquiry:
        """What the guard is given; not timed."""
        facts = fields(question)
        action, subject, resource = facts.pop("purpose"), facts.pop("recipient"), facts.pop("item")
        return vakt.Inquiry(action=action, subject=subject, resource=resource, context=facts)

    def ask(self, prepared: vakt.Inquiry) -> bool:
        """Timed."""
        return bool(self.guard.is_allowed(prepared))


class Casbin:
    """Rules as expressions (`eval` in the matcher), deny overrides; the first rule that matched is told."""

    def __init__(self, policy: Policy) -> None:
        model = casbin.Model()
        model.load_model_from_text(_MODEL)
        self.enforcer = casbin.Enforcer(model)
        sets: list[frozenset[object]] = []
        self.enforcer.add_function("one", lambda value, at: value in sets[int(at)])
        self.enforcer.add_function("any", lambda values, at: not sets[int(at)].isdisjoint(values))
        self.enforcer.add_function("all", lambda values, at: sets[int(at)].issuperset(values))
        for rule in policy.rules:
            said = []
            for each in tests(rule):
                sets.append(frozenset(each.values))
                said.append(f"{each.how}(r.sub.{each.field.replace(' ', '_')}, {len(sets) - 1})")
            self.enforcer.add_policy(" && ".join(said), "allow" if rule.effect == "allow" else "deny", rule.clause)

    def prepare(self, question: Question) -> object:
        """What the enforcer is given; not timed."""
        found = type("Asked", (), {})()
        for name, value in fields(question).items():
            setattr(found, name.replace(" ", "_"), value)
        return found

    def ask(self, prepared: object) -> bool:
        """Timed."""
        allowed, _ = self.enforcer.enforce_ex(prepared)
        return bool(allowed)


class OpaEval:
    """The Rego module of the tests in opa-eval (regorus inside), answer with clauses."""

    def __init__(self, policy: Policy) -> None:
        above = {region: _above(region) for region in ("anywhere", *REGION_PARENTS)}
        with tempfile.TemporaryDirectory() as folder:
            module = Path(folder) / "upheld.rego"
            module.write_text(Rego(policy).text, encoding="utf-8")
            self.engine = opa_eval.OpaEval(str(module), data_json=json.dumps({"above": above}), query="data.upheld.answer")

    def prepare(self, question: Question) -> str:
        """What the engine is given; not timed."""
        return json.dumps(question.facts())

    def ask(self, prepared: str) -> bool:
        """Timed."""
        answer = self.engine.evaluate_parsed(prepared)
        return bool(_allow(answer))


class RegoCpp:
    """The same module in rego-cpp, built to a bundle."""

    def __init__(self, policy: Policy) -> None:
        self.engine = regopy.Interpreter()
        self.engine.add_module("upheld", Rego(policy).text)
        self.engine.add_data({"above": {region: _above(region) for region in ("anywhere", *REGION_PARENTS)}})
        self.bundle = self.engine.build("data.upheld.answer")

    def prepare(self, question: Question) -> regopy.Input:
        """What the engine is given; not timed."""
        return regopy.Input(question.facts())

    def ask(self, prepared: regopy.Input) -> bool:
        """Timed."""
        self.engine.set_input(prepared)
        return bool(_allow(json.loads(str(self.engine.query_bundle(self.bundle)))))


def _allow(answer: Any) -> bool:  # noqa: ANN401 - JSON of an engine
    """`allow`, however deep an engine wraps its answer."""
    if isinstance(answer, dict):
        if "allow" in answer:
            return bool(answer["allow"])
        return any(_allow(each) for each in answer.values())
    if isinstance(answer, list):
        return any(_allow(each) for each in answer)
    return False


def _rule(each: Test) -> Any:  # noqa: ANN401 - vakt's rules have no common type
    if each.how == "one":
        return test.In(*each.values)
    return test.AnyIn(*each.values) if each.how == "any" else test.AllIn(*each.values)
