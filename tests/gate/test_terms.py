"""A contract with those who work for us is looked at before a list goes to them: without the law's terms it counts as none."""

from __future__ import annotations

from tests.gate.conftest import ME
from upheld.recipients import actions as recipients
from upheld.recipients.terms import demanded

LIST = "email,ours\na@x.example,yes\nb@x.example,no\n"
ASKED = {"purpose": "service", "to": "packer", "mapping": ("ours=served",)}


def bind(shop, terms):
    with shop.record.transaction() as tx:
        at = shop.now()
        recipients.contract(tx, "packer", ["service"], at, None, terms=terms, known=["service"], at=at, actor=ME)


def test_nothing_leaves_while_the_contract_lacks_a_term_and_the_answer_names_it(shop):
    terms = demanded(["us-ca"])
    with shop.record.transaction() as tx:
        recipients.add(tx, "packer", "subcontractor", at=shop.now(), actor=ME)
    bind(shop, terms[1:])
    held = shop.release(shop.list(LIST), **ASKED)
    assert held.released == 0
    assert any("counts as none, for it lacks `no sale or share`: " in note for note in held.notes)
    assert not (shop.folder / "out.csv").exists()
    bind(shop, terms)
    gone = shop.release(shop.list(LIST), **ASKED)
    assert (gone.released, gone.notes) == (1, ())
