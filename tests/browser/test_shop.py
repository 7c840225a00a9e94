"""The sample shop, running as `make demo` runs it: what a customer says at the centre or by their browser binds the shop's next page."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from examples.shop.serving import STAFF, Merchant
from examples.shop.store.seeding import PASSWORD
from tests import houses
from tests.browser.looking import Looker
from tests.web import sites
from upheld.choices.actions import Said, record
from upheld.choices.queries import AsOf, standing
from upheld.gate.staff import purposes_of
from upheld.people.identifiers import Email
from upheld.people.queries import find
from upheld.postings.queries import in_force

TOPICS = ("newsletter", "post", "calls", "sharing", "suggestions")


@pytest.fixture(scope="module")
def merchant(tmp_path_factory):
    house = houses.House(tmp_path_factory.mktemp("merchant") / "home")
    sites.post_policy(house, at=datetime.now(UTC))
    running = Merchant(house.home.path)
    running.prepare()
    running.start()
    yield running, house
    running.stop()
    house.record.close()


@pytest.fixture
def shop(browser, merchant):
    with Looker.opened(browser, merchant[0].address("shop")) as one:
        yield one


def sign_in(look, merchant):
    look.at("/sign-in")
    look.page.fill("[name=email]", merchant[0].customer)
    look.page.fill("[name=password]", PASSWORD)
    look.page.click("main button")


def put_in_cart(look):
    look.at("/")
    look.page.click(".things a >> nth=3")
    look.fits()
    look.page.click("main button")
    look.fits()


def test_a_visitor_buys_without_an_account(shop, merchant):
    put_in_cart(shop)
    shop.page.click("main >> text=Checkout")
    for name, value in {
        "first_name": "Uma",
        "last_name": "Novak",
        "email": "uma@mail.example",
        "street": "1 Quince Row",
        "zip": "00100",
    }.items():
        shop.page.fill(f"[name={name}]", value)
    shop.page.click("main button")
    shop.fits()
    assert "/checkout" in shop.page.url  # the town is missing, and the page says so
    shop.page.fill("[name=town]", "Penmoor")
    shop.page.click("main button")
    assert "on its way" in shop.page.inner_text("main")
    assert "uma@mail.example" not in (merchant[0].home / "logs" / "shop.log").read_text()


def test_whoever_stops_suggestions_is_suggested_nothing_on_the_next_page(shop, merchant):
    sign_in(shop, merchant)
    put_in_cart(shop)
    assert "It goes with" in shop.page.inner_text("main")
    said = Said((Email(merchant[0].customer),), "suggestions", "out", datetime.now(UTC), "web")
    house = merchant[1]
    with house.record.transaction() as tx:
        record(tx, house.keeper, said, TOPICS, at=datetime.now(UTC), actor=houses.CLERK)
    shop.at("/cart")
    assert "you stopped them" in shop.page.inner_text("main")


def test_a_browsers_signal_is_recorded_as_the_customers_wish(browser, merchant):
    with Looker.opened(browser, merchant[0].address("shop"), extra_http_headers={"Sec-GPC": "1"}) as one:
        sign_in(one, merchant)
        one.at("/")
        assert "Opt-out request honoured" in one.page.inner_text("main")
    house = merchant[1]
    with house.record.reading() as conn:
        (person,) = find(conn, house.keeper.keys, [Email(merchant[0].customer)])
        assert standing(conn, person, TOPICS, AsOf(datetime.now(UTC))).choices["sharing"] == "out"


@pytest.mark.parametrize("path", ["/", "/?q=heart", "/?q=nothingiscalledthat", "/cart", "/quote", "/register", "/survey", "/sign-in"])
def test_every_page_of_the_shop_can_be_used_by_everybody(shop, path):
    shop.at(path)


def test_a_quote_an_account_and_a_survey_fill_their_tables(shop, merchant):
    import sqlite3

    shop.at("/quote")
    for name, value in {"name": "Uma Novak", "email": "uma@mail.example", "products": "400 lanterns"}.items():
        shop.page.fill(f"[name={name}]", value)
    shop.page.click("main button")
    shop.at("/register")
    for name, value in {"first_name": "Uma", "last_name": "Novak", "email": "new@mail.example", "password": "long enough it is"}.items():
        shop.page.fill(f"[name={name}]", value)
    shop.page.click("main button")
    shop.at("/survey")
    shop.page.click("main button")
    with sqlite3.connect(merchant[0].home / "shop.db") as db:
        counted = [db.execute(f"SELECT count(*) FROM {table}").fetchone()[0] for table in ("quotes", "survey_answers")]
        (password,) = db.execute("SELECT password FROM customers WHERE email = 'new@mail.example'").fetchone()
    assert counted == [1, 1]
    assert password.startswith("pbkdf2_")


def test_a_version_that_one_of_the_staff_drafts_can_be_approved_by_another(merchant):
    running, house = merchant
    with house.record.reading() as conn:
        policy = in_force(conn, datetime.now(UTC)).policy
    drafting = [name for name, role in STAFF.items() if "audit" in purposes_of(policy, role)]
    assert len(drafting) >= 2
    links = {running.links[name] for name in drafting}
    assert len(links) == len(drafting), "each begins by a link of their own"
    assert all(re.fullmatch(r"http://console\.localhost:\d+/begin/\S+", link) for link in links)


def test_every_address_that_the_demo_prints_answers_and_the_shop_leads_to_the_centre(browser, merchant, shop):
    running, _ = merchant
    shop.at("/")
    leads = {link.get_attribute("href") for link in shop.page.query_selector_all("footer a")}
    assert {f"{running.address('centre')}/{page}" for page in ("policy", "choices", "stop", "newsletter", "mine", "contact")} == leads
    for address in sorted(leads):
        with Looker.opened(browser, running.address("centre")) as one:
            answer = one.page.goto(address)
            assert answer.status == 200
    with Looker.opened(browser, running.address("console")) as one:
        link = running.links["robin@northgate.example"]
        assert re.fullmatch(r"http://console\.localhost:\d+/begin/\S+", link)
        assert one.page.goto(link).status == 200
    assert urlsplit(running.address("api")).port != urlsplit(running.address("shop")).port
