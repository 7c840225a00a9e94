"""Whatever no page does by itself is asked for in words: it comes before an agent, sealed, with its clock."""

from __future__ import annotations

import pytest

from upheld.requests import drafts, queries

TEXT = "Please delete what you hold of me. My card is 4111 1111 1111 1111."


def waiting(shop):
    with shop.record.reading() as conn:
        return [drafts.opened(conn, shop.keeper, one.id) for one in queries.listed(conn, ("draft",))]


def test_what_somebody_asks_is_a_draft_of_the_desk_of_their_region_and_no_card_number_is_kept(shop, centre):
    answer = centre.post("/ask", {"text": TEXT, "email": "jane.doe@mail.example", "region": "de"}, follow=True)
    assert answer.status_code == 200
    (draft,) = waiting(shop)
    assert (draft.channel, draft.region, draft.given.email) == ("web", "de", "jane.doe@mail.example")
    assert "delete what you hold" in draft.text
    assert "4111" not in draft.text
    assert any("card number" in mark for mark in draft.marks)
    assert any("deletion" in mark for mark in draft.marks)
    with shop.record.reading() as conn:
        (request,) = queries.listed(conn, ("draft",))
    assert request.desk == "information security"
    assert b"jane.doe" not in shop.bytes()


@pytest.mark.parametrize(
    "given", [{"text": "", "email": "a@mail.example"}, {"text": "x", "email": "no"}, {"text": "x" * 4_001, "email": "a@mail.example"}]
)
def test_what_is_missing_or_too_long_is_said_and_nothing_is_kept(shop, centre, given):
    assert centre.post("/ask", given).status_code == 400
    assert waiting(shop) == []


def test_the_contact_page_leads_to_it(centre):
    assert 'href="/ask"' in centre.get("/contact").content.decode()
