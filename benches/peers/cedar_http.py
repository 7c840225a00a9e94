"""A peer of the load bench: Cedar (cedarpy) behind HTTP, in the same kind of bare process as our API. `cedar_http POLICY.md --port N`."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import cedarpy

from tests.differential.foreign.cedar import Cedar
from upheld.policy.compiled import Policy

CEDAR = Cedar(Policy.read(Path(os.environ["CEDAR_POLICY"]))) if "CEDAR_POLICY" in os.environ else None


async def application(_: Any, protocol: Any) -> None:  # noqa: ANN401 - granian's own types
    """One question, answered with the policies that spoke."""
    assert CEDAR is not None
    told = cedarpy.is_authorized(json.loads(await protocol()), CEDAR.policies, CEDAR.entities)
    body = json.dumps({"allowed": told.allowed, "reasons": told.diagnostics.reasons}).encode()
    protocol.response_bytes(200, [("content-type", "application/json")], body)


def main(argv: list[str]) -> None:
    """Serve until stopped."""
    from granian import Granian
    from granian.constants import Interfaces

    os.environ["CEDAR_POLICY"] = argv[0]
    target = "benches.peers.cedar_http:application"
    Granian(target, address="127.0.0.1", port=int(argv[2]), interface=Interfaces.RSGI, log_access=False).serve()


if __name__ == "__main__":
    main(sys.argv[1:])
