"""What was seen, judged: the same look gives the same findings, and each culprit is said once."""

from __future__ import annotations

import pytest

from upheld.traffic.panel.tags import Tag, Tags
from upheld.traffic.scanning import known
from upheld.traffic.scanning.findings import RULES, as_text
from upheld.traffic.scanning.judging import Promised, judge
from upheld.traffic.scanning.looking import Route
from upheld.traffic.scanning.seen import PHASES, Link, Look, Page, Panel, Seen, page_address, without_values

SHOP = "https://shop.example/"
VISITS = Tag(
    "visits", "Visit Counters Ltd", ("counters.example", "stats.shop.example"), ("tracking.pages",), "measurement", cookies=("_vc*",)
)
CARDS = Tag("cards", "Card Carriers", ("cards.example",), ("order.email",), "service", asked="never", recipient="cards")
TAGS = Tags(sites=("shop.example",), cookies=("session",), tags=(VISITS, CARDS))
ROUTE = Route((SHOP,), TAGS)
ASKED = [Panel(phase, accept=True, refuse=True, seconds=0.1, pressed=phase.startswith("after"), closed=True) for phase in PHASES[:3]]


def rules(*seen, promised=None, panels=ASKED, links=(), pages=()):
    rights = Link(SHOP, "Privacy", f"{SHOP}privacy")
    look = Look(pages=[Page(SHOP, 200), *pages], seen=list(seen), panels=list(panels), links_of_rights=[rights], outbound=list(links))
    return [each.rule for each in judge(look, promised or Promised(TAGS), ROUTE) if each.rule != "idle-tag"]


def request(host, phase="before choice"):
    return Seen(phase, "request", host, f"GET https://{host}/x.js", SHOP)


@pytest.mark.parametrize("phase", PHASES)
def test_a_tag_may_run_after_acceptance_alone_under_a_host_of_ours_too(phase):
    found = {
        "before choice": ["fires-before-choice"],
        "after refusal": ["fires-after-refusal"],
        "with the signal": ["fires-despite-signal"],
    }
    for host in ("counters.example", "eu.counters.example", "stats.shop.example"):
        assert rules(request(host, phase)) == found.get(phase, [])
    assert rules(Seen(phase, "cookie", "shop.example", "_vc_17", SHOP)) == found.get(phase, [])


@pytest.mark.parametrize("phase", PHASES)
def test_what_the_sites_cannot_do_without_may_always_run_and_what_is_ours_is_ours(phase):
    own = Seen(phase, "cookie", "shop.example", "session", SHOP)
    panel = Seen(phase, "cookie", "shop.example", "upheld_choice", SHOP)
    assert rules(request("cards.example", phase), request("images.shop.example", phase), own, panel) == []


def test_a_culprit_is_said_once_with_all_its_phases():
    seen = [request("static.hotjar.com", phase) for phase in PHASES] + [request("script.hotjar.com", "with the signal")]
    look = Look(pages=[Page(SHOP, 200)], seen=seen, links_of_rights=[Link(SHOP, "Privacy", SHOP)])
    (found,) = [each for each in judge(look, Promised(TAGS, asked=False), ROUTE) if each.rule == "unnamed-tracker"]
    assert found.message.endswith("(before choice, after refusal, after acceptance, with the signal)")
    assert found.evidence[-1] == "and 1 more"
    assert len(found.evidence) == 5


def test_an_own_cookie_of_a_known_tracker_is_a_tracker_and_any_other_is_undeclared():
    assert rules(Seen("before choice", "cookie", "shop.example", "_ga", SHOP)) == ["unnamed-tracker"]
    assert rules(Seen("before choice", "storage", "shop.example", "zzz-of-nobody", SHOP)) == ["unnamed-storage"]
    assert rules(request("nobody.example")) == ["unnamed-third-party"]


def test_where_nobody_must_be_asked_no_panel_is_missed():
    nothing = [Panel("before choice", accept=False, refuse=False, seconds=None)]
    assert rules(panels=nothing) == ["panel-missing"]
    assert rules(panels=nothing, promised=Promised(TAGS, asked=False)) == []
    assert rules(panels=nothing, promised=Promised(Tags(sites=("shop.example",)))) == []


def test_links_to_others_are_listed_or_lead_over_the_notice():
    link = Link(SHOP, "Carrier", "https://carriers.example/")
    noticed = Link(SHOP, "Carrier", "https://carriers.example/", noticed=True)
    promised = Promised(TAGS, linked=frozenset({"banks.example"}), clause="security.links")
    assert rules(links=[link, link], promised=promised) == ["unlisted-link"]
    assert rules(links=[noticed], promised=promised) == []
    assert rules(links=[link]) == []
    assert rules(links=[Link(SHOP, "Bank", "https://banks.example/")], promised=promised) == []


def test_a_page_that_fails_is_said_and_not_asked_for_its_links():
    assert rules(pages=[Page(f"{SHOP}gone", 404), Page(f"{SHOP}away", 0)]) == ["page-broken", "page-broken"]


def test_values_of_addresses_are_left_out():
    assert without_values("https://h.example:8443/p?uid=17&mail=ida%40mail.example&uid=18#x") == "https://h.example:8443/p?uid&mail"
    assert page_address("https://h.example/p?uid=17") == "https://h.example/p"
    assert "secret" not in without_values("https://user:secret@h.example/p")
    assert without_values("http://[bad?uid=17") == "http://[bad"


def test_the_longest_known_name_wins():
    assert known.host("maps.googleapis.com").service == "Google Maps"
    assert known.host("ajax.googleapis.com").category == "hosting"
    assert known.host("example") is None
    assert known.cookie("_ga_ABC123").follows


def test_every_rule_is_documented_and_says_what_it_finds():
    from pathlib import Path

    page = (Path(__file__).parents[2] / "docs" / "site-scanner.md").read_text("utf-8")
    assert [rule for rule in RULES if f"`{rule}`" not in page] == []
    assert as_text(()) == "no fault found"
