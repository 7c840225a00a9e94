"""Recipients: registered once, vetted and bound by contract, and closed by default."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, update
from sqlalchemy.exc import DBAPIError

from tests.houses import CLERK, NOW, later
from upheld.errors import Conflict, Invalid, NotFound
from upheld.ledger import queries as ledger
from upheld.recipients.actions import add, address, contract, vet
from upheld.recipients.models import CONTRACT, RECIPIENT, VETTING
from upheld.recipients.queries import addresses, facts, find, register
from upheld.recipients.terms import checklist, demanded

WHO = {"at": NOW, "actor": CLERK}
KNOWN = ("marketing.email", "marketing.partner", "service")


@pytest.fixture
def acme(house):
    with house.record.transaction() as tx:
        add(tx, "acme-mailing", "third party", title="Acme Mailing", region="us", **WHO)
    return house


def ask(house, name="acme-mailing", purpose="marketing.partner", at=NOW):
    with house.record.reading() as conn:
        found = facts(conn, name, purpose, at)
        return found.kind, found.vetted, found.under_contract


def test_a_recipient_is_neither_vetted_nor_under_contract_until_somebody_says_so(acme):
    assert ask(acme) == ("third party", False, False)
    with acme.record.transaction() as tx:
        vet(tx, "acme-mailing", reputable=True, reviewed_on=NOW.date(), **WHO)
        contract(tx, "acme-mailing", ["marketing.partner"], NOW, later(days=30), known=KNOWN, **WHO)
    assert ask(acme) == ("third party", True, True)


def test_a_contract_holds_for_its_purposes_and_its_time_only(acme):
    with acme.record.transaction() as tx:
        contract(tx, "acme-mailing", ["marketing"], later(days=1), later(days=30), known=KNOWN, **WHO)
    times = {"before": NOW, "first": later(days=1), "last": later(days=30) - timedelta(microseconds=1), "expired": later(days=30)}
    assert {when: ask(acme, at=at)[2] for when, at in times.items()} == {"before": False, "first": True, "last": True, "expired": False}
    assert ask(acme, purpose="marketing.email", at=later(days=2))[2]
    assert not ask(acme, purpose="service", at=later(days=2))[2]
    assert not ask(acme, purpose="marketingx", at=later(days=2))[2]


def test_the_newest_contract_and_vetting_hold_and_what_held_before_can_still_be_asked(acme):
    with acme.record.transaction() as tx:
        contract(tx, "acme-mailing", ["service"], NOW, None, known=KNOWN, **WHO)
        vet(tx, "acme-mailing", reputable=True, reviewed_on=NOW.date(), **WHO)
    with acme.record.transaction() as tx:
        contract(tx, "acme-mailing", [], later(days=1), None, known=KNOWN, at=later(days=1), actor=CLERK)
        vet(tx, "acme-mailing", reputable=False, reviewed_on=NOW.date(), at=later(days=1), actor=CLERK)
    assert ask(acme, purpose="service", at=later(hours=1)) == ("third party", True, True)
    assert ask(acme, purpose="service", at=later(days=2)) == ("third party", False, False)


def test_ourselves_and_the_person_need_no_register(house):
    assert ask(house, "ourselves") == ("ourselves", None, None)
    assert ask(house, "the person") == ("the person", None, None)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("acme-maling", "no recipient `acme-maling` is registered; did you mean `acme-mailing`"),
        ("ourself", "did you mean `ourselves`"),
        ("seeds", "no recipient `seeds` is registered: add it with"),
        ("xyz", "add it with `upheld recipients add`"),
    ],
)
def test_who_is_not_registered_is_not_found(acme, name, words):
    with pytest.raises(NotFound, match=words):
        ask(acme, name)


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda tx: add(tx, "acme-mailing", "affiliate", **WHO), Conflict, "already"),
        (lambda tx: add(tx, "affiliate", "affiliate", **WHO), Conflict, "already"),
        (lambda tx: add(tx, "Acme Inc.", "affiliate", **WHO), Invalid, "short name"),
        (lambda tx: add(tx, "a-2025550123", "affiliate", **WHO), Invalid, "short name"),
        (lambda tx: add(tx, "other", "afiliate", **WHO), Invalid, "did you mean `affiliate`"),
        (lambda tx: add(tx, "other", "ourselves", **WHO), Invalid, "no kind of recipient `ourselves`"),
        (lambda tx: add(tx, "other", "affiliate", region="atlantis", **WHO), Invalid, "no region `atlantis`"),
        (lambda tx: vet(tx, "acme-mailing", reputable=True, reviewed_on=later(days=2).date(), **WHO), Invalid, "of the future"),
        (lambda tx: contract(tx, "acme-mailing", ["service"], NOW, NOW, known=KNOWN, **WHO), Invalid, "ends before it starts"),
        (lambda tx: contract(tx, "acme-mailing", ["servce"], NOW, None, known=KNOWN, **WHO), Invalid, "did you mean `service`"),
    ],
)
def test_what_cannot_be_is_refused_and_leaves_nothing(acme, change, error, words):
    with acme.record.reading() as conn:
        before = ledger.size(conn)
    with pytest.raises(error, match=words), acme.record.transaction() as tx:
        change(tx)
    with acme.record.reading() as conn:
        assert ledger.size(conn) == before


@pytest.mark.parametrize("table", [RECIPIENT, VETTING, CONTRACT], ids=lambda table: table.name)
@pytest.mark.parametrize("change", [lambda table: update(table).values(id=99), delete], ids=["update", "delete"])
def test_the_register_only_grows(acme, table, change):
    with acme.record.transaction() as tx:
        vet(tx, "acme-mailing", reputable=True, reviewed_on=NOW.date(), **WHO)
        contract(tx, "acme-mailing", ["service"], NOW, None, known=KNOWN, **WHO)
    with pytest.raises(DBAPIError, match="only grows"), acme.record.transaction() as tx:
        tx.execute(change(table))


def test_the_register_can_be_listed(acme):
    with acme.record.reading() as conn:
        (entry,) = register(conn, NOW)
        assert register(conn, NOW - timedelta(days=1)) == ()
    assert (entry.recipient.title, entry.recipient.region, entry.vetting, entry.contract) == ("Acme Mailing", "us", None, None)


TERMS = demanded(["us-ca"])


def carrier(house):
    with house.record.transaction() as tx:
        add(tx, "carrier", "subcontractor", **WHO)


def contract_with(house, terms, at=NOW):
    with house.record.transaction() as tx:
        contract(tx, "carrier", ["service"], at, None, terms=terms, known=KNOWN, at=at, actor=CLERK)


def bound(house, at=NOW):
    with house.record.reading() as conn:
        found = facts(conn, "carrier", "service", at, TERMS)
        return found.under_contract, found.lacks


def test_the_checklist_is_that_of_the_laws_and_what_is_from_memory_is_not_demanded():
    assert len(checklist(["us-ca"])) == 10
    assert len(TERMS) == 9
    assert [term.name for term in checklist(["us-ca"]) if not term.is_demanded] == ["notify within 5 business days if unable to comply"]
    assert checklist(["eu-gdpr", "no-such-law"]) == ()


def test_a_contract_with_those_who_work_for_us_counts_as_none_while_it_lacks_a_term(house):
    carrier(house)
    contract_with(house, TERMS[:-1])
    assert bound(house) == (False, TERMS[-1:])
    contract_with(house, TERMS, later(hours=1))
    assert bound(house, later(hours=1)) == (True, ())
    assert bound(house, NOW) == (False, TERMS[-1:])


def test_a_third_party_needs_no_terms_for_what_it_gets_is_governed_as_a_sale(acme):
    with acme.record.transaction() as tx:
        contract(tx, "acme-mailing", ["marketing.partner"], NOW, None, known=KNOWN, **WHO)
    with acme.record.reading() as conn:
        assert facts(conn, "acme-mailing", "marketing.partner", NOW, TERMS).under_contract


def test_a_term_that_no_law_knows_is_refused_and_nothing_is_kept(house):
    carrier(house)
    with pytest.raises(Invalid, match="did you mean `enable rights requests`"):
        contract_with(house, ["enable right requests"])
    assert bound(house) == (False, ())


def test_how_a_recipient_is_reached_is_kept_and_the_ledger_holds_no_address(acme):
    with acme.record.transaction() as tx:
        address(tx, "acme-mailing", "email", "privacy@acme.example", **WHO)
        address(tx, "acme-mailing", "post", "1 Quince Lane,  00124", **WHO)
    with acme.record.transaction() as tx:
        address(tx, "acme-mailing", "email", "", **WHO)
    with acme.record.reading() as conn:
        assert addresses(conn, find(conn, "acme-mailing")) == {"post": "1 Quince Lane, 00124"}
        assert b"acme.example" not in b"".join(entry.canonical for entry in ledger.entries(conn))


@pytest.mark.parametrize(("way", "value"), [("email", "acme.example"), ("web", "http://acme.example"), ("fax", "1"), ("post", "x" * 401)])
def test_an_address_that_cannot_be_one_is_refused(acme, way, value):
    with pytest.raises(Invalid), acme.record.transaction() as tx:
        address(tx, "acme-mailing", way, value, **WHO)
