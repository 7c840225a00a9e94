"""Numbers in addresses: what no record can hold is an address that leads nowhere, at every page that takes one."""

from __future__ import annotations

import re

import pytest

from tests.web.reading import words
from upheld.web import numbers

LARGE = (numbers.MOST + 1, 2**63, 99999999999999999999)


def with_numbers(patterns):
    """The addresses that hold a number, and nothing else that is not known."""
    routes = [str(each.pattern) for each in patterns]
    assert not [route for route in routes if "<int:" in route], "a number without an end: say <number:name>"
    return [route for route in routes if "<number:" in route]


def test_every_number_that_no_record_can_hold_leads_nowhere_at_the_console(console):
    from upheld.web.console.urls import urlpatterns

    routes = with_numbers(urlpatterns)
    assert len(routes) > 20
    for route in routes:
        for number in LARGE:
            path = "/" + re.sub(r"<number:\w+>", str(number), route)
            assert "This page is not here" in words(console.get(path), status=404), path


def test_every_number_that_no_record_can_hold_leads_nowhere_at_the_centre(centre):
    from upheld.web.centre.urls import urlpatterns

    for route in with_numbers(urlpatterns):
        for number in LARGE:
            assert "This page is not here" in words(centre.get("/" + re.sub(r"<number:\w+>", str(number), route)), status=404)


@pytest.mark.parametrize("path", ["/evidence/entry/{}", "/releases/list/{}", "/requests/{}", "/sites?scan={}"])
def test_the_largest_number_that_is_taken_is_looked_up_and_not_found(console, path):
    if path.startswith("/requests"):
        console.post(path.format(numbers.MOST), {"purpose": "rights"})
    answer = console.get(path.format(numbers.MOST))
    assert answer.status_code in {200, 404}
