"""The API described in OpenAPI 3.1, made of the table of routes and the types of the messages: it cannot say anything else than holds."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from upheld import __version__
from upheld.web.api import messages
from upheld.web.api.listing import KINDS
from upheld.web.api.replies import JSON, PROBLEM
from upheld.web.api.routes import ROOT, ROUTES, Route

_REF: Final = "#/components/schemas/{name}"
_WHEN: Final = {
    "400": "The body, or a word in it, cannot be understood.",
    "401": "No key was shown, or none that is in force.",
    "403": "The key is not for this; or the policy says no.",
    "404": "What was named does not exist here.",
    "409": "What is recorded already stands against it.",
    "413": "The body is too long.",
    "415": "The body is no JSON.",
}


def description() -> dict[str, Any]:
    """The whole description as JSON's own types."""
    types = [messages.Problem, *(type_ for route in ROUTES for type_ in (route.takes, route.gives) if type_ not in (None, dict, bytes))]
    schemas, components = msgspec.json.schema_components(list(dict.fromkeys(types)), ref_template=_REF)
    named = dict(zip(dict.fromkeys(types), schemas, strict=True))
    paths: dict[str, dict[str, Any]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route, named)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Upheld",
            "version": __version__,
            "summary": "May I use this? Decisions under the published policy, choices, removal requests.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": ROOT}],
        "security": [{"key": []}],
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {
                "key": {"type": "http", "scheme": "bearer", "description": "A key of `upheld keys add`, bound to purposes."},
            },
        },
    }


def _operation(route: Route, named: dict[Any, Any]) -> dict[str, Any]:
    content: dict[str, Any] = {JSON: {"schema": named.get(route.gives, {"type": "object"})}}
    if route.gives is bytes:
        content = {kind: {} for kind in KINDS.values()}
    refused = ["401", "403", "404", "409"] + (["400", "413", "415"] if route.takes else ["400"])
    problem = {PROBLEM: {"schema": named[messages.Problem]}}
    said: dict[str, Any] = {
        "operationId": route.method.lower() + "".join(word.title() for word in re.findall(r"(?<![{a-z])[a-z]+", route.path)),
        "summary": route.says,
        "responses": {str(route.status): {"description": "The answer.", "content": content}}
        | ({when: {"description": _WHEN[when], "content": problem} for when in sorted(refused)} if route.may else {}),
    }
    if route.may is None:
        said["security"] = []
    else:
        said["description"] = f"The key must be for `{route.may}`."
    if route.takes is not None:
        said["requestBody"] = {"required": True, "content": {JSON: {"schema": named[route.takes]}}}
    if route.numbered:
        number = {"type": "integer", "minimum": 1, "maximum": 2**53 - 1}
        said["parameters"] = [{"name": "number", "in": "path", "required": True, "schema": number}]
    return said
