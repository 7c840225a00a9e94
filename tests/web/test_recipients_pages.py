"""The register at the console: who may receive, under which contract, and what is missing; each change binds the next list."""

from __future__ import annotations

import pytest

from tests.houses import later
from tests.web.reading import words
from upheld.ledger.queries import entries
from upheld.recipients.queries import facts
from upheld.recipients.terms import checklist, demanded

TERMS = [term.name for term in checklist(["us-ca"])]


def kinds(shop):
    with shop.record.reading() as conn:
        return [each.kind for each in entries(conn)]


def bound(shop, at, name="carrier"):
    with shop.record.reading() as conn:
        return facts(conn, name, "service", at, demanded(["us-ca"])).under_contract


@pytest.fixture
def carrier(console):
    assert (
        console.post("/recipients", {"name": "carrier", "title": "Carrier Ltd", "kind": "subcontractor"})["Location"]
        == "/recipients/carrier"
    )
    return console


def test_the_empty_register_says_what_to_do_first(console):
    assert "No recipient is registered yet. Register the first one below" in words(console.get("/recipients"))


def test_a_recipient_is_registered_and_has_no_contract(carrier, shop):
    page = words(carrier.get("/recipients/carrier"))
    assert "Carrier Ltd" in page
    assert "no contract: nothing leaves under one" in page
    assert kinds(shop)[-1] == "recipient.added"


def test_a_contract_without_a_demanded_term_counts_as_none_and_the_page_names_the_term(carrier, shop, clock):
    assert carrier.post("/recipients/carrier/contract", {"purposes": ["service"], "terms": TERMS[1:]}).status_code == 302
    page = words(carrier.get("/recipients/carrier"))
    assert "the contract lacks terms: it counts as none" in page
    assert f"nothing leaves: {TERMS[0]} Short name" in page
    assert not bound(shop, clock.now)
    carrier.post("/recipients/carrier/contract", {"purposes": ["service"], "terms": TERMS})
    assert bound(shop, clock.now)
    assert "lacks terms" not in words(carrier.get("/recipients/carrier"))


def test_an_expired_contract_closes_the_tap_at_once(carrier, shop, clock):
    carrier.post("/recipients/carrier/contract", {"purposes": ["service"], "terms": TERMS, "start": "2026-05-01", "until": "2026-05-05"})
    assert "open; the contract ends within 30 days" in words(carrier.get("/recipients"))
    clock.now = later(hours=35, minutes=59, seconds=59)
    assert bound(shop, clock.now)
    clock.now = later(hours=36)  # midnight after the last day
    assert not bound(shop, clock.now)
    carrier.get("/account")
    assert "the contract has run out: closed" in words(carrier.get("/recipients"))


def test_a_contract_is_ended_by_one_button(carrier, shop, clock):
    carrier.post("/recipients/carrier/contract", {"purposes": ["service"], "terms": TERMS})
    carrier.post("/recipients/carrier/contract", {"end": "yes", "purposes": ["service"]})
    assert not bound(shop, clock.now)


@pytest.mark.parametrize(
    ("path", "given", "said"),
    [
        ("", {"name": "Carrier", "kind": "subcontractor"}, "cannot be a recipient's short name"),
        ("", {"name": "carrier", "kind": "subcontractor"}, "there is a recipient `carrier` already"),
        ("", {"name": "other", "kind": "friend"}, "Kind"),
        ("/carrier/contract", {}, "Tick what the contract is for."),
        ("/carrier/contract", {"purposes": ["marketing.fax"]}, "no purpose `marketing.fax` is declared"),
        ("/carrier/contract", {"purposes": ["service"], "terms": ["kindness"]}, "no contract term `kindness` is declared"),
        ("/carrier/contract", {"purposes": ["service"], "start": "2026-05-05", "until": "2026-05-01"}, "ends before it starts"),
        ("/carrier/contract", {"purposes": ["service"], "start": "soon"}, "In force from"),
        ("/carrier/vetting", {"reviewed": "2026-05-04"}, "Say what the review found."),
        ("/carrier/vetting", {"reviewed": "2026-06-04", "reputable": "yes"}, "a review cannot be of the future"),
        ("/carrier/addresses", {"email": "nowhere"}, "this is no such address"),
    ],
)
def test_what_cannot_be_is_said_and_nothing_is_written(carrier, shop, path, given, said):
    before = kinds(shop)
    assert said in words(carrier.post(f"/recipients{path}", given), status=400)
    assert kinds(shop) == before


def test_vetting_and_addresses_are_noted_and_only_what_changed(carrier, shop):
    carrier.post("/recipients/carrier/vetting", {"reviewed": "2026-05-03", "reputable": "yes"})
    carrier.post("/recipients/carrier/addresses", {"email": "desk@carrier.example", "phone": "+1 202 555 0107"})
    carrier.post("/recipients/carrier/addresses", {"email": "desk@carrier.example", "phone": ""})
    page = words(carrier.get("/recipients/carrier"))
    assert "reputable, May 3, 2026" in page
    assert "desk@carrier.example" in page
    assert "555 0107" not in page
    assert kinds(shop)[-4:] == ["recipient.vetted", *["recipient.addressed"] * 3]


def test_other_roles_read_the_register_and_change_nothing(desk, shop):
    other = desk("marketing")
    assert "Whoever's role may ask for audit changes it" in words(other.get("/recipients"))
    before = kinds(shop)
    assert "`marketing` staff may not change the register" in words(
        other.post("/recipients", {"name": "carrier", "kind": "subcontractor"}), status=400
    )
    assert kinds(shop) == before


def test_a_recipient_that_is_not_there_is_a_page_that_says_so(console):
    assert "no recipient `nobody` is registered" in words(console.get("/recipients/nobody"), status=404)
