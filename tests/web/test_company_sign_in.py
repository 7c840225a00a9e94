"""Signing in by the company's own sign-in (OpenID Connect): it says who somebody is; it makes no account, and nothing it says is kept."""

from __future__ import annotations

import http.client
from urllib.parse import urlsplit

import pytest

from tests.web import company, sites, staffed
from tests.web.reading import words
from tests.web.staffed import NAME, RUNS_UPHELD
from upheld.errors import Invalid
from upheld.home import Home


@pytest.fixture
def provider():
    with company.company() as made:
        yield made


@pytest.fixture
def browser(shop, clock, provider):
    """A browser at a console that trusts the provider; there is an account without any factor."""
    folder = shop.home.path
    (folder / "keys" / "oidc.secret").write_text(company.SECRET)
    (folder / "keys" / "oidc.secret").chmod(0o600)
    with (folder / "upheld.toml").open("a") as file:
        file.write(f'\n[oidc]\nserver = "{provider.address}"\nclient = "upheld"\nsecret_file = "keys/oidc.secret"\nname = "Northgate"\n')
    shop.home = Home.find(folder)
    with sites.over("console", shop, clock) as client:
        from upheld.web.console import accounts

        accounts.add(shop.record, NAME, "support", at=clock(), actor=RUNS_UPHELD)
        yield client()


def there_and_back(browser):
    """Follow the button to the provider and back; where the browser ends."""
    there = urlsplit(browser.get("/sign-in/company/company")["Location"])
    connection = http.client.HTTPConnection(there.netloc)
    connection.request("GET", f"{there.path}?{there.query}")
    back = urlsplit(connection.getresponse().getheader("Location"))
    connection.close()
    return browser.get(f"{back.path}?{back.query}", follow=True)


def test_whom_the_company_vouches_for_is_in_with_the_role_of_their_account(browser, provider):
    assert "Sign in with Northgate" in words(browser.get("/sign-in"))
    provider.who = {"sub": "7", "email": NAME, "email_verified": True, "name": "Planted Name"}
    assert "You act as support" in words(there_and_back(browser))
    from allauth.socialaccount.models import SocialAccount

    kept = SocialAccount.objects.get()
    assert (kept.uid, kept.extra_data) == ("7", {})
    browser.post("/sign-out")
    assert "You act as support" in words(there_and_back(browser))


@pytest.mark.parametrize(
    "who",
    [
        {"sub": "8", "email": "nobody@staff.example", "email_verified": True},
        {"sub": "9", "email": NAME, "email_verified": False},
        {"sub": "10", "email": NAME},
        {"sub": "11"},
    ],
)
def test_whom_no_account_or_no_verified_address_fits_is_not_let_in_and_gets_no_account(browser, provider, who):
    from upheld.web.console import accounts

    provider.who = who
    assert "led nowhere" in words(there_and_back(browser))
    assert browser.get("/").status_code == 302
    assert [each.name for each in accounts.listed()] == [NAME]


def test_whose_account_is_ended_is_not_let_in(browser, provider, shop, clock):
    from upheld.web.console import accounts

    provider.who = {"sub": "7", "email": NAME, "email_verified": True}
    assert "You act as support" in words(there_and_back(browser))
    accounts.end(shop.record, NAME, at=clock(), actor=RUNS_UPHELD)
    assert browser.get("/").status_code == 302
    assert "This account is ended" in words(there_and_back(browser))


def test_who_has_a_factor_here_is_asked_for_it_too(browser, provider, shop):
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret
    from django.contrib.auth import get_user_model

    secret = generate_totp_secret()
    TOTP.activate(get_user_model().objects.get(username=NAME), secret)
    provider.who = {"sub": "7", "email": NAME, "email_verified": True}
    assert "One more step" in words(there_and_back(browser))
    assert browser.get("/").status_code == 302
    assert "You act as support" in words(browser.post("/sign-in/second", {"code": staffed.code(secret)}, follow=True))


def test_a_way_back_that_this_browser_did_not_begin_leads_nowhere(browser, provider):
    provider.who = {"sub": "7", "email": NAME, "email_verified": True}
    assert "led nowhere" in words(browser.get("/sign-in/company/company/back?code=x&state=y", follow=True), status=401)
    assert browser.get("/").status_code == 302


@pytest.mark.parametrize(
    ("lines", "refusal"),
    [
        ('server = "http://sign-in.shop.example"\nclient = "upheld"\n', "https://"),
        ('server = "https://sign-in.shop.example"\n', "needs `client`"),
        ('server = "https://sign-in.shop.example"\nclient = "upheld"\nsecret_file = "keys/none"\n', "none"),
    ],
)
def test_a_sign_in_that_is_half_set_up_is_refused_in_one_line(tmp_path, lines, refusal):
    from upheld.site.settings import settings_of

    home = Home.create(tmp_path / "home")
    with (home.path / "upheld.toml").open("a") as file:
        file.write(f"\n[oidc]\n{lines}")
    with pytest.raises(Invalid, match=refusal):
        settings_of("console", Home.find(home.path))
