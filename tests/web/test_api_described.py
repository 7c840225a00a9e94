"""The description is true: whatever it allows is answered as it says, whatever it does not is refused as it says. Asked by schemathesis."""

from __future__ import annotations

import json
from urllib.parse import urlsplit

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from schemathesis.specs.openapi.checks import positive_data_acceptance

from tests.browser.served import served
from tests.web.test_api import give
from upheld.access.queries import ABILITIES
from upheld.web.api.description import description
from upheld.web.api.routes import ROOT, ROUTES

WHOLE = json.loads(json.dumps(description()))
schema = schemathesis.openapi.from_dict(WHOLE)


@pytest.fixture(scope="module")
def api(tmp_path_factory):
    told = {}

    def prepare(house):
        told["key"] = give(house, "tester", ABILITIES)

    with served(tmp_path_factory.mktemp("described"), "api", prepare) as running:
        yield f"http://127.0.0.1:{urlsplit(running.address).port}{ROOT}", told["key"]


@schema.parametrize()
@settings(max_examples=10, deadline=None, suppress_health_check=list(HealthCheck))
def test_every_operation_answers_as_described(case, api):
    address, key = api
    # Which words a policy declares, no schema says: what is refused for that reason is no fault of the description.
    case.call_and_validate(base_url=address, headers={"Authorization": f"Bearer {key}"}, excluded_checks=[positive_data_acceptance])


def test_all_routes_are_described_and_all_that_is_described_is_a_route():
    described = {(method.upper(), path) for path, methods in WHOLE["paths"].items() for method in methods}
    assert described == {(route.method, route.path) for route in ROUTES}
    named = [one["operationId"] for methods in WHOLE["paths"].values() for one in methods.values()]
    assert len(set(named)) == len(named)
