"""The policy in the W3C Data Privacy Vocabulary, as JSON-LD that other programs read."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import quote

from upheld.policy.compiled import Policy
from upheld.policy.explain import explain
from upheld.policy.statements import AnyStatement, Contact, Duration, Expectation, Keep, Place, Purpose, Right, Rule, Topic
from upheld.policy.terms import PURPOSES, RECIPIENTS
from upheld.policy.voice import Voice, duration, hours, kind
from upheld.policy.words import REGIONS

BASE = "urn:upheld:policy"
"""The address of a policy that is not published anywhere."""

Node = dict[str, Any]
"""A JSON-LD node: keys are terms of the context."""

_UNITS = {"hour": "PT{}H", "day": "P{}D", "week": "P{}W", "month": "P{}M", "year": "P{}Y"}


@cache
def mapping() -> dict[str, dict[str, Any]]:
    """The mapping of words to DPV concepts (`dpv.toml`): `prefixes`, `purposes`, `recipients`, `kinds`, `rights`, `laws`."""
    return tomllib.loads(files("upheld.policy").joinpath("dpv.toml").read_text(encoding="utf-8"))


def export(policy: Policy, *, base: str = BASE) -> Node:
    """The whole policy as one JSON-LD document with its context in it.

    `base`: the address of the published page; every clause is then `base#clause`, which is also its anchor on the page. Words of the
    policy are concepts of its own, each with the DPV concept it is narrower than; nothing of a rule is lost to a coarser word.
    """
    statements, front = policy.document.statements, policy.document.front
    voice = Voice.of(statements, "the person")
    notice: Node = {
        "@id": base,
        "@type": "dpv:PrivacyNotice",
        "dct:title": front.title,
        "dct:identifier": f"sha256:{policy.hash}",
        "schema:version": policy.version,
        "dpv:hasDataController": {"@id": f"{base}#company"},
        "dpv:hasApplicableLaw": [law for name in front.law for law in _laws(name, base)],
        "dpv:hasJurisdiction": [_region(name, base) for name in front.territory],
        "dpv:hasPersonalData": [_ref(base, "item", item) for item in policy.vocabulary.items],
        "dpv:hasPermission": [],
        "dpv:hasProhibition": [],
        "dpv:hasRight": [],
    }
    rules = [_rule(policy, each, base, voice) for each in statements if isinstance(each, Rule | Topic | Expectation)]
    for rule in rules:
        notice["dpv:hasPermission" if rule["@type"] == "dpv:Permission" else "dpv:hasProhibition"].append({"@id": rule["@id"]})
    rights = [_right(each, base, voice) for each in statements if isinstance(each, Right)]
    notice["dpv:hasRight"] = [{"@id": right["@id"]} for right in rights]
    clauses = [
        {"@id": f"{base}#{clause.id}", "dct:description": clause.text, "dct:isPartOf": {"@id": base}} for clause in policy.document.clauses
    ]
    own = [_company(policy, base), *_purposes(policy, base), *_recipients(base), *_items(policy, base)]
    return {"@context": _context(), "@graph": [notice, *clauses, *rules, *rights, *own]}


def _context() -> Node:
    return {
        **mapping()["prefixes"],
        "dct": "http://purl.org/dc/terms/",
        "skos": "http://www.w3.org/2004/02/skos/core#",
        "schema": "https://schema.org/",
        "xsd": "http://www.w3.org/2001/XMLSchema#",
    }


def _ref(base: str, what: str, name: str) -> Node:
    return {"@id": f"{base}#{what}:{quote(name.replace(' ', '-'), safe='.-')}"}


def _place(base: str, clause: str, place: Place) -> str:
    return f"{base}#{clause}:{place.line}"


def concept_of(table: str, name: str) -> str:
    """The DPV concept that a word is narrower than. A word without one takes its parent's, and at last the broadest of its table."""
    concepts = mapping()[table]
    while name and name not in concepts:
        name = name.rpartition(".")[0]
    return str(concepts[name or "any other"])


# The words


def _company(policy: Policy, base: str) -> Node:
    contacts = [each for each in policy.document.statements if isinstance(each, Contact)]
    said = [
        f"{each.desk}: {'; '.join(part for part in (each.phone, each.email, each.post, hours(each.hours) if each.hours else None) if part)}"
        for each in contacts
    ]
    return {"@id": f"{base}#company", "@type": "dpv:DataController", "dpv:hasName": policy.document.front.company, "dpv:hasContact": said}


def _purposes(policy: Policy, base: str) -> Iterable[Node]:
    declared = {each.name: each.words for each in policy.document.statements if isinstance(each, Purpose)}
    for name in policy.vocabulary.purposes:
        said = declared.get(name) or PURPOSES[name]
        yield _word(base, "purpose", name, said, concept_of("purposes", name))


def _recipients(base: str) -> Iterable[Node]:
    for name, said in RECIPIENTS.items():
        yield {**_ref(base, "recipient", name), "@type": concept_of("recipients", name), "skos:prefLabel": said}


def _word(base: str, what: str, name: str, said: str, concept: str) -> Node:
    return {**_ref(base, what, name), "@type": ["dpv:Purpose"], "skos:prefLabel": said, "skos:broader": {"@id": concept}}


def _items(policy: Policy, base: str) -> Iterable[Node]:
    keeps = [each for each in policy.document.statements if isinstance(each, Keep)]
    for item in policy.vocabulary.items:
        source, _, name = item.partition(".")
        kept = [_storage(each) for each in keeps if item in policy.vocabulary.expand_items(each.items)]
        yield {
            **_ref(base, "item", item),
            "@type": concept_of("kinds", name),
            "skos:prefLabel": f"{kind(name)} ({source})",
            "dpv:hasDataSource": source,
            "dpv:hasStorageCondition": kept,
        }


def _storage(keep: Keep) -> Node:
    start = ", after the last contact" if keep.after_last_contact else ""
    return {
        "@type": "dpv:StorageDuration",
        "dct:description": f"{duration(keep.duration)}{start}",
        "dpv:hasDuration": _iso(keep.duration),
    }


def _iso(length: Duration) -> Node | str:
    """An XML Schema duration; business days, which it cannot say, stay words."""
    if length.unit not in _UNITS:
        return duration(length)
    if length.unit == "week":
        return {"@type": "xsd:duration", "@value": f"P{7 * length.count}D"}
    return {"@type": "xsd:duration", "@value": _UNITS[length.unit].format(length.count)}


def _laws(name: str, base: str) -> list[Node]:
    known = mapping()["laws"].get(name)
    return [{"@id": law} for law in known] if known else [{**_ref(base, "law", name), "@type": "dpv:Law", "dct:title": name}]


def _region(name: str, base: str) -> Node:
    if name in {"us", "eu", "us-ca"}:
        return {"@id": f"loc:{name.upper()}"}
    return {**_ref(base, "region", name), "skos:prefLabel": REGIONS.get(name, name)}


# The rules


def _rule(policy: Policy, statement: Rule | Topic | Expectation, base: str, voice: Voice) -> Node:
    """A permission or prohibition. A promise proven at check time (`never`) is a prohibition, since it holds."""
    words = policy.vocabulary
    node: Node = {
        "@id": _place(base, statement.clause, statement.place),
        "@type": "dpv:Permission" if _permits(statement) else "dpv:Prohibition",
        "dct:isPartOf": {"@id": f"{base}#{statement.clause}"},
        "dct:description": explain(statement, voice),
    }
    if isinstance(statement, Topic):
        purposes, items, recipients = words.expand_purposes(statement.purposes), frozenset(words.items), tuple(RECIPIENTS)
        node["dpv:hasContext"] = [f"the person has opted out of “{statement.name}”"]
    else:
        purposes = words.expand_purposes(statement.purposes, statement.purposes_except)
        items = words.expand_items(statement.items or ("any",), statement.items_except)
        recipients = statement.recipients or (("ourselves",) if _permits(statement) else tuple(RECIPIENTS))
        unless = statement.unless if isinstance(statement, Rule) else ()
        node["dpv:hasContext"] = [voice.condition(each) for each in statement.when] + [f"not: {voice.condition(each)}" for each in unless]
    if not _permits(statement):
        purposes -= frozenset(words.expand_purpose("rights"))  # no policy can forbid them
    recipients = tuple(RECIPIENTS) if "any" in recipients else recipients
    node["dpv:hasProcessing"] = _processing(statement, recipients)
    node["dpv:hasPurpose"] = _refs(base, "purpose", words.purposes, purposes)
    node["dpv:hasPersonalData"] = _refs(base, "item", words.items, items)
    node["dpv:hasRecipient"] = _refs(base, "recipient", tuple(RECIPIENTS), frozenset(recipients))
    return node


def _permits(statement: AnyStatement) -> bool:
    return (isinstance(statement, Rule) and statement.effect == "allow") or (
        isinstance(statement, Expectation) and statement.mood == "always"
    )


def _refs(base: str, what: str, ordered: Sequence[str], members: frozenset[str]) -> list[Node]:
    return [_ref(base, what, name) for name in ordered if name in members]


def _processing(statement: Rule | Topic | Expectation, recipients: Sequence[str]) -> list[Node]:
    totals = not isinstance(statement, Topic) and statement.totals is not None
    own, others = "ourselves" in recipients, any(name != "ourselves" for name in recipients)
    said = {"dpv:Use": own, "dpv:Disclose": others, "dpv:Aggregate": totals}
    return [{"@id": concept} for concept, holds in said.items() if holds]


def _right(right: Right, base: str, voice: Voice) -> Node:
    european = any(region == "eu" for region in right.regions)
    terms = [mapping()["rights"][name] for name in right.rights if european and name in mapping()["rights"]]
    return {
        "@id": _place(base, right.clause, right.place),
        "@type": list(dict.fromkeys(["dpv:DataSubjectRight", *terms])),
        "dct:isPartOf": {"@id": f"{base}#{right.clause}"},
        "dct:description": explain(right, voice),
        "dpv:hasJurisdiction": [_region(name, base) for name in right.regions],
        "dpv:isExercisedAt": {
            "@type": "dpv:RightExerciseNotice",
            "dct:description": f"ask {voice.channels(right.channels)}",
        },
    }
