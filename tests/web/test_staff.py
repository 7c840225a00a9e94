"""Signing in at the console, roles by the posted policy, and the purpose asked first."""

from __future__ import annotations

import re
from types import ModuleType

import pytest
from django.http import HttpResponse
from django.test import override_settings
from django.urls import path

from tests.web import sites, staffed
from tests.web.reading import words
from tests.web.staffed import NAME, PASSWORD, RUNS_UPHELD
from upheld.ledger.queries import entries


def kinds(shop):
    with shop.record.reading() as conn:
        return [each.kind for each in entries(conn)]


def sign_in(browser, password=PASSWORD, name=NAME):
    return browser.post("/sign-in", {"login": name, "password": password})


@pytest.mark.parametrize("path", ["/", "/account"])
def test_nobody_is_let_in_without_signing_in(visitor, path):
    answer = visitor.get(path)
    assert (answer.status_code, answer["Location"].partition("?")[0]) == (302, "/sign-in")


def test_a_password_and_the_apps_digits_let_in_and_either_alone_does_not(visitor, shop):
    secret = staffed.account(shop)
    assert sign_in(visitor)["Location"] == "/sign-in/second"
    assert visitor.get("/").status_code == 302
    assert words(visitor.post("/sign-in/second", {"code": "000000"}))
    assert visitor.get("/").status_code == 302
    assert visitor.post("/sign-in/second", {"code": staffed.code(secret)})["Location"] == "/"
    assert "You act as privacy" in words(visitor.get("/"))
    visitor.post("/sign-out")
    assert visitor.get("/").status_code == 302
    assert visitor.post("/sign-in/second", {"code": staffed.code(secret)})["Location"] == "/sign-in"


def test_a_password_without_any_factor_lets_nobody_in_nor_add_one(visitor, shop):
    from allauth.mfa.models import Authenticator

    staffed.account(shop)
    Authenticator.objects.all().delete()
    assert "A password is not enough" in words(sign_in(visitor), status=403)
    assert visitor.get("/").status_code == 302
    assert visitor.get("/account/app").status_code == 302


def test_a_wrong_password_and_an_unknown_address_are_answered_alike_and_soon_not_at_all(visitor, shop):
    staffed.account(shop)
    wrong = words(sign_in(visitor, password="something else"))
    assert wrong == words(sign_in(visitor, name="nobody@staff.example"))
    answers = [sign_in(visitor, password=f"try number {number}") for number in range(12)]
    assert "Too many failed" in words(answers[-1])
    assert sign_in(visitor).status_code == 200  # the right one neither, for five minutes


def test_five_wrong_codes_close_the_second_step_for_a_while(visitor, shop):
    secret = staffed.account(shop)
    sign_in(visitor)
    for _ in range(5):
        visitor.post("/sign-in/second", {"code": "000000"})
    assert "Too many failed" in words(visitor.post("/sign-in/second", {"code": staffed.code(secret)}))
    assert visitor.get("/").status_code == 302


def test_digits_that_were_used_are_not_good_again(visitor, shop):
    digits = staffed.code(staffed.account(shop))
    sign_in(visitor)
    assert visitor.post("/sign-in/second", {"code": digits})["Location"] == "/"
    visitor.post("/sign-out")
    sign_in(visitor)
    assert visitor.post("/sign-in/second", {"code": digits}).status_code == 200


def test_a_form_that_changes_how_one_signs_in_wants_a_fresh_proof(desk):
    browser = desk("privacy")
    assert browser.get("/account/app/remove")["Location"].startswith("/sign-in/again")
    assert browser.get("/account/passkeys/add")["Location"].startswith("/sign-in/again")
    assert browser.post("/sign-in/again?next=/account/app/remove", {"password": PASSWORD})["Location"] == "/account/app/remove"
    assert "all you have beside the password" in words(browser.get("/account/app/remove"))
    browser.post("/account/app/remove")
    assert "An app is set up" in words(browser.get("/account"))


def test_a_role_that_a_later_policy_drops_may_nothing_and_is_told_why(desk, shop, clock):
    from datetime import timedelta

    browser = desk("operations")
    text = "\n".join(line for line in sites.POLICY.read_text("utf-8").splitlines() if not line.startswith("staff operations"))
    sites.post_policy(shop, text.replace("2026.1", "2026.2"), at=clock() + timedelta(minutes=1))
    clock.now += timedelta(minutes=2)
    assert "names no role `operations`" in words(browser.get("/"), status=403)


@pytest.mark.parametrize("path", ["/", "/intake", "/requests", "/person", "/account", "/sign-in", "/nope"])
def test_a_spanish_page_of_the_console_holds_no_english_sentence_of_ours(desk, visitor, path):
    from tools import catalogue

    browser = visitor if path == "/sign-in" else desk("support")
    answer = browser.get(path, headers={"accept-language": "es"})
    page = words(answer, status=answer.status_code)
    english = [text[0] for text in catalogue.texts() if len(text[0].split()) > 3 and "%" not in text[0]]
    assert [text for text in english if text in page] == []
    assert "Idioma" in page


def test_a_link_is_good_once_and_leads_through_password_and_app(visitor, shop, clock):
    from upheld.web.console import accounts

    accounts.add(shop.record, "Lee@Staff.example", "support", at=clock(), actor=RUNS_UPHELD)
    account, token = accounts.link(shop.record, "lee@staff.example", at=clock(), actor=RUNS_UPHELD)
    assert (account.name, account.role, account.factors) == ("lee@staff.example", "support", ())

    def choose(first, second):
        return visitor.post(f"/begin/{token}", {"first": first, "second": second})

    assert "This is not the same password" in words(choose("tall green ships", "x"), status=400)
    assert "too short" in words(choose("short", "short"), status=400)
    assert choose("tall green ships", "tall green ships")["Location"] == "/account"
    assert visitor.get("/").status_code == 302  # a password alone, even now
    assert "Add a passkey or an app now" in words(visitor.get("/account"))
    page = visitor.get("/account/app").content.decode()
    secret = re.search(r'<code id="key">(\w+)<', page)[1]
    assert visitor.post("/account/app", {"code": staffed.code(secret)})["Location"] == "/account/codes"
    assert len(re.findall(r"<li><code>", visitor.get("/account/codes").content.decode())) == 10
    assert "You act as support" in words(visitor.get("/"))
    assert visitor.get(f"/begin/{token}").status_code == 404


def test_a_recovery_code_is_good_once(visitor, shop):
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
    from django.contrib.auth import get_user_model

    staffed.account(shop)
    first = RecoveryCodes.activate(get_user_model().objects.get(username=NAME)).get_unused_codes()[0]
    sign_in(visitor)
    assert visitor.post("/sign-in/second", {"code": first})["Location"] == "/"
    visitor.post("/sign-out")
    sign_in(visitor)
    assert visitor.post("/sign-in/second", {"code": first}).status_code == 200


def test_the_apps_secret_lies_sealed(visitor, shop):
    from allauth.mfa.models import Authenticator

    secret = staffed.account(shop)
    assert secret not in str(Authenticator.objects.get().data)


def test_who_is_ended_or_moved_is_so_from_the_next_page_on_and_the_ledger_says_it(desk, shop, clock):
    from upheld.web.console import accounts

    browser = desk("privacy")
    accounts.set_role(shop.record, NAME, "support", at=clock(), actor=RUNS_UPHELD)
    assert "You act as support" in words(browser.get("/"))
    accounts.end(shop.record, NAME, at=clock(), actor=RUNS_UPHELD)
    assert browser.get("/").status_code == 302
    assert [kind for kind in kinds(shop) if kind.startswith("staff.")] == ["staff.added", "staff.moved", "staff.ended"]
    assert NAME.encode() not in b"".join(canonicals(shop))


@pytest.mark.parametrize("after", [False, True], ids=["before the entry", "after the entry"])
def test_an_account_that_was_ended_by_somebody_who_was_killed_is_ended_and_the_next_sign_in_writes_it_down_once(
    desk, visitor, shop, clock, monkeypatch, after
):
    from upheld.web.console import accounts, outbox

    class Killed(BaseException):
        pass

    def kill(*_given):
        raise Killed

    browser = desk("privacy")
    staffed.account(shop, "support", "second@shop.example")
    with monkeypatch.context() as patch:
        if after:
            patch.setattr(outbox, "DONE", "SELECT %s, %s, %s")  # as if killed before it could strike it out
        else:
            patch.setattr(outbox, "append", kill)
        try:
            accounts.end(shop.record, NAME, at=clock(), actor=RUNS_UPHELD)
        except Killed:
            assert not after
    assert browser.get("/").status_code == 302
    assert kinds(shop).count("staff.ended") == int(after)
    outbox.settle(shop.record, clock())
    accounts.set_role(shop.record, "second@shop.example", "privacy", at=clock(), actor=RUNS_UPHELD)
    assert [kind for kind in kinds(shop) if kind in {"staff.ended", "staff.moved"}] == ["staff.ended", "staff.moved"]
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(outbox.ALL)
        assert cursor.fetchall() == []


def test_what_is_left_to_be_written_down_is_written_as_somebody_signs_in(shop, visitor, clock):
    from upheld.web.console import accounts, outbox

    secret = staffed.account(shop)
    outbox.put(accounts.ENDED, {"staff": 7}, clock(), RUNS_UPHELD)
    assert "staff.ended" not in kinds(shop)
    sign_in(visitor)
    visitor.post("/sign-in/second", {"code": staffed.code(secret)})
    assert "You act as" in words(visitor.get("/"))
    assert kinds(shop).count("staff.ended") == 1


def canonicals(shop):
    with shop.record.reading() as conn:
        return [each.canonical for each in entries(conn)]


def test_a_role_that_the_policy_does_not_name_is_refused_and_makes_no_account(shop, visitor, clock):
    from upheld.errors import NotFound
    from upheld.web.console import accounts

    with pytest.raises(NotFound, match="staff role"):
        accounts.add(shop.record, NAME, "chef", at=clock(), actor=RUNS_UPHELD)
    assert accounts.listed() == ()
    assert "staff.added" not in kinds(shop)


def test_the_centre_has_no_way_to_sign_in_as_staff(centre):
    assert [centre.get(path).status_code for path in ("/sign-in", "/account", "/begin/1-2")] == [404, 404, 404]


@pytest.fixture
def pages(shop, clock):
    """Two pages of a test's own: one that shows nobody, one that shows a person."""
    from upheld.web.console import urls
    from upheld.web.console.staff import staff

    @staff("legal", "audit")
    def books(request):
        return HttpResponse(f"<main>books for {' '.join(request.member.purposes)}")

    @staff("rights", "ordering", shows="card")
    def card(request, number):
        return HttpResponse(f"<main>card {number} for {request.purpose}")

    addresses = ModuleType("addresses")
    addresses.urlpatterns = [path("books", books), path("card/<int:number>", card), *urls.urlpatterns]
    with sites.over("console", shop, clock) as client, override_settings(ROOT_URLCONF=addresses):
        yield lambda role, name=NAME: staffed.signed_in(client(), shop, role, name)


def test_a_page_is_for_roles_whose_purposes_the_posted_policy_names(pages):
    assert words(pages("privacy", "a@staff.example").get("/books")).strip(" >") == "books for legal.demand audit"
    refused = words(pages("marketing", "b@staff.example").get("/books"), status=403)
    assert "`marketing` staff may not ask for `legal` or `audit`" in refused


def test_a_page_that_shows_a_person_asks_for_the_purpose_and_writes_one_entry(pages, shop, clock):
    from datetime import timedelta

    browser = pages("support")
    asked = words(browser.get("/card/7"))
    assert "What for?" in asked
    assert "For rights" in asked
    assert "For ordering.contact" in asked
    assert "For ordering.fulfil" not in asked  # the page serves it, the role may not
    assert "staff.read" not in kinds(shop)
    assert browser.post("/card/7", {"purpose": "rights"})["Location"] == "/card/7"
    assert "card 7 for rights" in words(browser.get("/card/7"))
    assert "card 7 for rights" in words(browser.get("/card/7"))
    assert kinds(shop).count("staff.read") == 1
    assert "What for?" in words(browser.get("/card/8"))
    clock.now += timedelta(minutes=16)
    assert "What for?" in words(browser.get("/card/7"))
    assert "was not done" in words(browser.post("/card/7", {"judge": "same"}), status=409)


def test_a_purpose_that_the_role_may_not_ask_for_is_refused_by_its_clause(pages, shop):
    refused = words(pages("fulfilment").post("/card/7", {"purpose": "rights"}), status=403)
    assert "`fulfilment` staff may not ask for `rights`" in refused
    assert "security.staff" in refused
    assert "staff.read" not in kinds(shop)
