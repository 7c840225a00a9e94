"""The policy in the W3C Data Privacy Vocabulary."""

import json
import re
from pathlib import Path

import pytest
from pyld import jsonld

from upheld.policy import dpv, terms, words
from upheld.policy.compiled import Policy

NORTHGATE = Policy.read(Path(__file__).parents[2] / "policies" / "northgate.md")
PAGE = "https://northgate.example/privacy"
KNOWN = {line for line in (Path(__file__).parent / "dpv_terms.txt").read_text("utf-8").split("\n") if line and not line.startswith("#")}
OURS = ("dct:", "skos:", "schema:", "xsd:")


def exported():
    return dpv.export(NORTHGATE, base=PAGE)


def node(identifier):
    return next(each for each in exported()["@graph"] if each["@id"] == f"{PAGE}#{identifier}")


def at(clause, beginning):
    statement = next(each for each in NORTHGATE.document.statements if each.clause == clause and each.text.startswith(beginning))
    return node(f"{clause}:{statement.place.line}")


def names(value):
    """Every term of a vocabulary that a document uses: its keys, its types, and its references."""
    if isinstance(value, dict):
        for key, inner in value.items():
            if ":" in key:
                yield key
            if key in {"@type", "@id"}:
                yield from ([inner] if isinstance(inner, str) else inner)
            else:
                yield from names(inner)
    if isinstance(value, list):
        for inner in value:
            yield from names(inner)


def test_every_built_in_word_has_a_concept():
    mapping = dpv.mapping()
    assert terms.PURPOSES.keys() <= mapping["purposes"].keys()
    assert terms.RECIPIENTS.keys() == mapping["recipients"].keys()
    assert words.KINDS.keys() <= mapping["kinds"].keys()
    assert terms.RIGHTS.keys() - {"limit", "appeal"} == mapping["rights"].keys()  # the GDPR has no such rights


def test_every_concept_is_one_that_was_looked_up():
    for table in ("purposes", "recipients", "kinds", "rights"):
        assert set(dpv.mapping()[table].values()) <= KNOWN
    assert {law for laws in dpv.mapping()["laws"].values() for law in laws} <= KNOWN


def test_the_export_uses_no_term_that_nobody_knows():
    used = {name for name in names(exported()["@graph"]) if not name.startswith((PAGE, *OURS))}
    assert used <= KNOWN
    assert KNOWN - used - {concept for table in dpv.mapping().values() for concept in table.values() if isinstance(concept, str)} <= {
        law for laws in dpv.mapping()["laws"].values() for law in laws
    } | {"loc:US-CA"}


def test_words_that_have_no_concept_take_a_broader_one():
    assert dpv.concept_of("purposes", "marketing.fax") == "dpv:Marketing"
    assert dpv.concept_of("purposes", "loyalty") == "dpv:Purpose"
    assert dpv.concept_of("kinds", "shoe size") == "dpv:PersonalData"


def refuse_to_fetch(address, options):
    pytest.fail(f"the document is not whole: it asks for {address}")


def test_it_is_json_ld_that_stands_alone():
    document = json.loads(json.dumps(exported()))
    options = {"documentLoader": refuse_to_fetch}
    expanded = jsonld.expand(document, options)
    assert {each["@id"] for each in expanded} == {each["@id"] for each in document["@graph"]}
    keys = {key for each in expanded for key in each if not key.startswith("@")}
    assert all(key.startswith("http") for key in keys)
    quads = jsonld.to_rdf(document, {"format": "application/n-quads", **options})
    assert quads.count("\n") > 1000
    assert re.search(rf"<{PAGE}#use\.partners:\d+> <https://w3id\.org/dpv#hasPurpose> <{PAGE}#purpose:marketing\.partner> \.", quads)


def test_nothing_is_lost_in_the_expansion():
    # A key that the context does not know would silently vanish.
    context = exported()["@context"]
    assert {name.partition(":")[0] for name in names(exported()["@graph"]) if not name.startswith(PAGE)} <= context.keys()


def test_every_rule_is_a_permission_or_prohibition_under_its_clause():
    graph = exported()["@graph"]
    rules = [each for each in graph if each.get("@type") in ("dpv:Permission", "dpv:Prohibition")]
    notice = graph[0]
    assert notice["@type"] == "dpv:PrivacyNotice"
    listed = [each["@id"] for each in notice["dpv:hasPermission"] + notice["dpv:hasProhibition"]]
    assert sorted(listed) == sorted(each["@id"] for each in rules)
    assert all(each["dct:isPartOf"]["@id"] == each["@id"].rpartition(":")[0] for each in rules)


def test_a_permission_says_what_for_which_items_to_whom_and_when():
    partners = at("use.partners", "allow")
    assert partners["@type"] == "dpv:Permission"
    assert partners["dpv:hasPurpose"] == [{"@id": f"{PAGE}#purpose:marketing.partner"}]
    assert partners["dpv:hasPersonalData"] == [{"@id": f"{PAGE}#item:order.name"}, {"@id": f"{PAGE}#item:order.shipping-address"}]
    assert partners["dpv:hasRecipient"] == [{"@id": f"{PAGE}#recipient:third-party"}]
    assert partners["dpv:hasProcessing"] == [{"@id": "dpv:Disclose"}]
    assert "we have checked the good name of whoever receives it" in partners["dpv:hasContext"]
    assert at("use.measurement", "allow")["dpv:hasProcessing"] == [{"@id": "dpv:Use"}, {"@id": "dpv:Aggregate"}]


def test_a_topic_and_a_promise_are_prohibitions():
    topic = at("rights.choices", "topic sharing")
    assert topic["@type"] == "dpv:Prohibition"
    assert topic["dpv:hasContext"] == ["the person has opted out of “sharing”"]
    assert at("children.under13", "never")["@type"] == "dpv:Prohibition"
    assert at("rights.access", "always")["@type"] == "dpv:Permission"


def test_no_prohibition_reaches_the_rights_of_a_person():
    for beginning in ("forbid any", "never any"):
        purposes = at("children.under13", beginning)["dpv:hasPurpose"]
        assert {"@id": f"{PAGE}#purpose:rights"} not in purposes
    graph = small("collect order: name", "topic all stops any")
    (stop,) = [each for each in graph if each.get("@type") == "dpv:Prohibition"]
    assert {"@id": "urn:upheld:policy#purpose:rights"} not in stop["dpv:hasPurpose"]


def test_items_say_how_long_they_are_kept():
    assert node("item:order.email")["dpv:hasStorageCondition"] == [
        {"@type": "dpv:StorageDuration", "dct:description": "7 years", "dpv:hasDuration": {"@type": "xsd:duration", "@value": "P7Y"}}
    ]
    (web,) = node("item:web.ip-address")["dpv:hasStorageCondition"]
    assert web["dpv:hasDuration"]["@value"] == "PT24H"
    (quote,) = node("item:quote.email")["dpv:hasStorageCondition"]
    assert quote["dct:description"] == "3 years, after the last contact"


def test_rights_and_laws_of_europe_and_california_are_named():
    assert at("rights.eu", "right")["@type"] == [
        "dpv:DataSubjectRight", "eu-gdpr:A15", "eu-gdpr:A16", "eu-gdpr:A17", "eu-gdpr:A21", "eu-gdpr:A18", "eu-gdpr:A20", "eu-gdpr:A22",
    ]  # fmt: skip

    assert at("rights.california", "right")["dpv:hasJurisdiction"] == [{"@id": "loc:US-CA"}]
    notice = exported()["@graph"][0]
    assert {"@id": "legal-us:law-CA-CCPA"} in notice["dpv:hasApplicableLaw"]
    assert {"@id": f"{PAGE}#law:eu-gdpr", "@type": "dpv:Law", "dct:title": "eu-gdpr"} in notice["dpv:hasApplicableLaw"]
    assert notice["dpv:hasJurisdiction"] == [{"@id": "loc:US"}, {"@id": "loc:EU"}]


def small(*statements, front=""):
    text = "---\ncompany: N\ntitle: P\nversion: 1\n" + front + "---\n\nText. {#a}\n\n```upheld\n" + "\n".join(statements) + "\n```\n"
    return dpv.export(Policy.parse(text))["@graph"]


def test_what_the_vocabulary_cannot_say_is_said_in_words():
    graph = small("collect loyalty: shoe size", "keep loyalty for 10 business days", front="territory: [gb]\n")
    item = next(each for each in graph if each["@id"] == "urn:upheld:policy#item:loyalty.shoe-size")
    assert item["@type"] == "dpv:PersonalData"
    assert item["dpv:hasStorageCondition"][0]["dpv:hasDuration"] == "10 business days"
    assert graph[0]["dpv:hasJurisdiction"] == [{"@id": "urn:upheld:policy#region:gb", "skos:prefLabel": "the United Kingdom"}]


def test_weeks_and_months_have_their_own_lengths():
    graph = small("collect a: name", "collect b: name", "keep a for 2 weeks", "keep b for 1 month")
    lengths = {
        each["@id"][-6:]: each["dpv:hasStorageCondition"][0]["dpv:hasDuration"]["@value"] for each in graph if "#item:" in each["@id"]
    }
    assert lengths == {"a.name": "P14D", "b.name": "P1M"}


def test_a_rule_to_any_recipient_and_an_exception_keep_their_meaning():
    graph = small("collect order: name", "allow rights to any using order", "forbid marketing to ourselves using order unless in eu")
    allow, forbid = [each for each in graph if each.get("@type") in ("dpv:Permission", "dpv:Prohibition")]
    assert len(allow["dpv:hasRecipient"]) == len(terms.RECIPIENTS)
    assert allow["dpv:hasProcessing"] == [{"@id": "dpv:Use"}, {"@id": "dpv:Disclose"}]
    assert forbid["dpv:hasProcessing"] == [{"@id": "dpv:Use"}]
    assert forbid["dpv:hasContext"] == ["not: the person lives in the EU, Iceland, Liechtenstein or Norway"]
