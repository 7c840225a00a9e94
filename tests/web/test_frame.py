"""What holds of both sites, whatever the page: headers, cookies, refusals, limits, logs, settings."""

from __future__ import annotations

import io
import logging
import re

import pytest

from tests.web import sites
from upheld.errors import Invalid
from upheld.home import Home
from upheld.web import limits

TLS = {"HTTP_X_FORWARDED_PROTO": "https"}


def home_with(tmp_path, **web):
    home = Home.create(tmp_path / "home")
    lines = "".join(f'{name} = "{value}"\n' for name, value in web.items())
    with (home.path / "upheld.toml").open("a") as file:
        file.write(f"\n[web]\n{lines}")
    return Home.find(home.path)


@pytest.mark.parametrize("site", ["centre", "console"])
def test_a_page_is_private_and_lets_nothing_foreign_in(request, site):
    answer = request.getfixturevalue(site).get("/")
    policy = answer["Content-Security-Policy"]
    assert answer.status_code == 200
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer["Cache-Control"] == "private, no-store"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("site", ["centre", "console"])
def test_a_page_holds_no_script_and_no_style_of_its_own(request, site):
    page = request.getfixturevalue(site).get("/").content.decode()
    assert not re.search(r"<script(?![^>]+src=)|\son\w+=|style=|<style", page)


def test_over_tls_cookies_are_bound_to_the_host_and_the_browser_is_told_to_stay_with_tls(tmp_path):
    from upheld.site.settings import settings_of

    home = home_with(tmp_path, centre="https://privacy.shop.example", console="https://staff.shop.example", behind_proxy="yes")
    centre, console = (settings_of(site, home) for site in ("centre", "console"))
    assert centre["SESSION_COOKIE_NAME"] == "__Host-upheld-centre"
    assert (centre["SECURE_HSTS_SECONDS"], centre["SECURE_SSL_REDIRECT"]) == (31536000, True)
    for name in ("SECRET_KEY", "SESSION_COOKIE_NAME", "CSRF_COOKIE_NAME", "ALLOWED_HOSTS", "DATABASES", "ROOT_URLCONF", "ADDRESS"):
        assert centre[name] != console[name], name


@pytest.mark.parametrize(
    ("web", "words"),
    [
        ({"centre": "http://privacy.shop.example"}, "without TLS"),
        ({"centre": "privacy.shop.example"}, "must be an address"),
        ({"centre": "https://shop.example/privacy"}, "without a path"),
        ({"centre": "https://privacy.shop.example"}, "needs a proxy that holds TLS"),
        ({"centre": "https://shop.example", "console": "https://shop.example:444", "behind_proxy": "yes"}, "share a host name"),
    ],
)
def test_an_address_that_cannot_be_served_safely_is_refused(tmp_path, web, words):
    from upheld.site.settings import settings_of

    with pytest.raises(Invalid, match=words):
        settings_of("centre", home_with(tmp_path, **web))


@pytest.mark.parametrize("site", ["centre", "console"])
def test_django_finds_no_fault_with_a_site_over_tls(tmp_path, site):
    import os
    import subprocess
    import sys

    home = home_with(tmp_path, centre="https://privacy.shop.example", console="https://staff.shop.example", behind_proxy="yes")
    around = {name: value for name, value in os.environ.items() if name != "DJANGO_ALLOW_ASYNC_UNSAFE"}  # what tests alone need
    ran = subprocess.run(
        [sys.executable, "-m", "django", "check", "--deploy", "--fail-level", "WARNING"],
        env=around | {"DJANGO_SETTINGS_MODULE": f"upheld.site.{site}", "UPHELD_HOME": str(home.path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, ran.stderr) == (0, "")


def test_a_page_that_is_not_there_says_so_in_words(centre):
    answer = centre.get("/no-such-page")
    assert answer.status_code == 404
    assert "This page is not here" in answer.content.decode()


def test_another_host_name_is_not_answered(centre):
    assert centre.get("/", headers={"host": "elsewhere.example"}).status_code == 400


def test_a_form_without_its_token_changes_nothing_and_says_why(shop, clock):
    with sites.over("centre", shop, clock) as client:
        answer = client(enforce_csrf_checks=True).post("/language", {"language": "es"})
    assert answer.status_code == 403
    assert "This form has expired" in answer.content.decode()


def test_every_page_comes_in_the_language_that_the_reader_chose(centre):
    assert 'lang="es"' in centre.get("/", headers={"accept-language": "es-MX"}).content.decode()
    centre.post("/language", {"language": "es"})
    assert 'lang="es"' in centre.get("/").content.decode()


def test_the_browsers_signal_is_honoured_at_once_and_shown(centre):
    assert "Opt-out request honoured" in centre.get("/", headers={"sec-gpc": "1"}).content.decode()
    assert "Opt-out request honoured" not in centre.get("/").content.decode()


def test_a_file_is_kept_for_a_year_under_the_address_that_its_bytes_make(centre):
    from upheld.web import assets

    answer = centre.get(assets.address("upheld.css"), headers={"accept-encoding": "gzip"})
    assert (answer["Content-Encoding"], "immutable" in answer["Cache-Control"]) == ("gzip", True)
    assert centre.get("/assets/old/upheld.css")["Cache-Control"] == "no-cache"
    assert centre.get("/assets/old/settings.py").status_code == 404


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("2001:db8:1:2::3", "2001:db8:1::/48"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("nonsense", "unknown"),
    ],
)
def test_an_address_counts_only_as_its_network(address, network):
    assert limits.neighbourhood(address) == network


def test_what_is_sent_too_often_is_put_off_and_others_are_not(centre):
    sent = [limits.exceeded("form", "203.0.113.1", 3, 60) for _ in range(5)]
    assert sent == [False, False, False, True, True]
    assert limits.exceeded("form", "203.0.113.200", 3, 60)
    assert not limits.exceeded("form", "203.0.114.1", 3, 60)
    assert not limits.exceeded("another form", "203.0.113.1", 3, 60)


def test_behind_a_proxy_only_what_the_proxy_itself_says_counts(centre, settings_of_test):
    from django.test import RequestFactory

    asked = RequestFactory().get("/", headers={"X-Forwarded-For": "198.51.100.9, 203.0.113.1"}, REMOTE_ADDR="127.0.0.1")
    assert limits.address_of(asked) == "127.0.0.1"
    settings_of_test(BEHIND_PROXY=True)
    assert limits.address_of(asked) == "203.0.113.1"


@pytest.fixture
def settings_of_test():
    from contextlib import ExitStack

    from django.test import override_settings

    with ExitStack() as stack:
        yield lambda **more: stack.enter_context(override_settings(**more))


def test_the_log_says_where_it_went_wrong_and_never_for_whom(centre):
    from upheld.site.logs import Quiet

    told = io.StringIO()
    handler = logging.StreamHandler(told)
    handler.setFormatter(Quiet())
    logger = logging.getLogger("django.request")
    before, logger.handlers = logger.handlers, [handler]
    try:
        centre.get("/track/planted.person@mail.example")
        try:
            raise ValueError("planted.person@mail.example")
        except ValueError:
            logger.exception("planted.person@mail.example")
    finally:
        logger.handlers = before
    assert "404" in told.getvalue()
    assert "ValueError at test_frame.py" in told.getvalue()
    assert "planted" not in told.getvalue()


def test_a_session_lies_sealed(centre):
    from django.contrib.sessions.models import Session

    session = centre.session
    session["email"] = "planted.person@mail.example"
    session.save()
    lying = Session.objects.get()
    assert "planted" not in lying.session_data
    assert lying.get_decoded() == {"email": "planted.person@mail.example"}
