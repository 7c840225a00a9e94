"""The right desk for a region, open or closed by its own clocks; sites of others, and the notice before them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.utils.translation import override

from tests.web.reading import words
from upheld.errors import Invalid
from upheld.policy.terms import REGION_PARENTS
from upheld.policy.voice import region
from upheld.traffic.links import read_links
from upheld.web import regions

ALIKE = {
    "Argentina", "Australia", "Austria", "Bulgaria", "Chile", "China", "Colombia", "Estonia", "Hong Kong", "India", "Indonesia", "Israel",
    "Liechtenstein", "Malta", "Portugal", "Vietnam",
}  # fmt: skip
"""Written alike in Spanish."""

LINKS = """
[[site]]
name = "Harbor Carriers"
address = "https://carriers.example/"
policy = "https://carriers.example/privacy"
reviewed_on = 2026-03-01

[[site]]
name = "Pine Payments"
address = "https://pay.example/"
"""


@pytest.mark.parametrize(
    ("at", "says"),
    [
        (datetime(2026, 5, 4, 12, 59, tzinfo=UTC), "Closed now opens Monday at 06:00"),  # Monday 05:59 in Los Angeles
        (datetime(2026, 5, 4, 13, 0, tzinfo=UTC), "Open now"),
        (datetime(2026, 5, 4, 23, 59, tzinfo=UTC), "Open now"),
        (datetime(2026, 5, 5, 0, 0, tzinfo=UTC), "Closed now opens Tuesday at 06:00"),
        (datetime(2026, 5, 9, 18, 0, tzinfo=UTC), "Closed now opens Monday at 06:00"),  # Saturday
        (datetime(2026, 12, 7, 13, 30, tzinfo=UTC), "Closed now opens Monday at 06:00"),  # winter: 05:30
    ],
)
def test_a_desk_is_open_by_its_own_clocks(centre, clock, at, says):
    clock.now = max(at, clock.now)
    assert says in words(centre.get("/contact"))


def test_each_region_has_its_desk_and_its_rights(centre):
    everybody, europe, germany = (words(centre.get("/contact", {"region": region})) for region in ("", "eu", "de"))
    assert "service@northgate.example" in everybody
    assert "Mon–Fri 06:00–17:00, Los Angeles time" in everybody
    assert "security@northgate.example" in europe
    assert "security@northgate.example" in germany
    assert "What you can ask for there" in europe
    assert "What you can ask for there" not in everybody


def test_regions_are_named_in_the_language_of_the_page(centre):
    page = words(centre.get("/contact", headers={"accept-language": "es"}))
    for name in ("los Estados Unidos", "la UE, Islandia, Liechtenstein o Noruega", "otro país"):
        assert name in page
    with override("en"):
        named = {str(name) for name in regions.NAMES}
    assert named <= {region(code) for code in REGION_PARENTS}, "a name that the policy's language no longer has"
    assert {region(code) for code in REGION_PARENTS if not code.startswith("us-")} - named == ALIKE


def test_a_region_that_is_none_is_taken_for_not_said(centre):
    assert "service@northgate.example" in words(centre.get("/contact", {"region": "<script>"}))


def test_linked_sites_are_listed_with_their_policies_and_when_we_read_them(shop, centre):
    assert "No site is listed" in words(centre.get("/sites"))
    (shop.home.path / "links.toml").write_text(LINKS)
    page = words(centre.get("/sites"))
    assert "Harbor Carriers carriers.example Privacy policy : Harbor Carriers March 1, 2026" in page
    assert "Pine Payments pay.example not known not yet" in page


def test_the_notice_leads_to_listed_sites_alone(shop, centre):
    (shop.home.path / "links.toml").write_text(LINKS)
    answer = centre.get("/leaving", {"to": "https://carriers.example/track?id=1"})
    assert "The next page is on carriers.example" in words(answer)
    assert 'href="https://carriers.example/track?id=1"' in answer.content.decode()
    for to in (
        "https://evil.example/",
        "javascript:alert(1)",
        "//carriers.example",
        "",
        "https://carriers.example.evil.example/",
        "https://[::1",
    ):
        assert centre.get("/leaving", {"to": to}).status_code == 404


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[site]]\nname = 'x'\n", "needs a `name` and an `address`"),
        ("[[site]]\nname = 'x'\naddress = 'javascript:x'\n", "begins with https"),
        ("[[site]]\nname = 'x'\naddress = 'https://[::1'\n", "begins with https"),
        ("[[site]]\nname = 'x'\naddress = 'https://x.example'\nreviewed_on = 'May'\n", "is a day"),
        ("[[site]]\nname = 'x'\nurl = 'https://x.example'\n", "a site has"),
        ("[site]\n", "`\\[\\[site\\]\\]` only"),
        ("x", "cannot be read"),
    ],
)
def test_a_list_that_cannot_be_understood_is_refused_with_its_place(tmp_path, text, says):
    (tmp_path / "links.toml").write_text(text)
    with pytest.raises(Invalid, match=says) as refused:
        read_links(tmp_path / "links.toml")
    assert "links.toml" in (refused.value.place or "")
