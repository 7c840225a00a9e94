"""Sessions are sealed where they lie: a copy of a site's database says nothing of who signed in or which code was sent."""

from __future__ import annotations

import json
import os
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.signing import BadSignature

from upheld.web.surroundings import surroundings

NONCE = 12  # bytes


class Sealed:
    """Django's session serializer: JSON inside AES-256-GCM, under a key of this site alone."""

    def dumps(self, value: Any) -> bytes:  # noqa: ANN401 - what a session holds
        """Sealed bytes."""
        nonce = os.urandom(NONCE)
        return nonce + _cipher().encrypt(nonce, json.dumps(value, separators=(",", ":")).encode(), b"session")

    def loads(self, data: bytes) -> Any:  # noqa: ANN401 - as above
        """What was sealed. `BadSignature` for anything else, which Django takes for an empty session."""
        try:
            return json.loads(_cipher().decrypt(data[:NONCE], data[NONCE:], b"session"))
        except (InvalidTag, ValueError) as error:
            raise BadSignature from error


def _cipher() -> AESGCM:
    return AESGCM(surroundings().home.key(f"web/{settings.SITE}/session/v1"))
