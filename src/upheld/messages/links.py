"""Links that a person gets by mail: sealed, so that an address in a log says nothing; of one kind each; good for a time, or for ever.

Nothing is kept for a link: it carries what it needs to know, under a key of the home. So a sign-up that is never confirmed leaves nothing.
"""

from __future__ import annotations

import json
import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from upheld.errors import Conflict, NotFound
from upheld.home import Home
from upheld.record import micros, moment

CONFIRM: Final = "confirm"
"""Says yes to a sign-up. Good for a week."""
UNSUBSCRIBE: Final = "unsubscribe"
"""Stops one topic, for one address. Good for ever: who keeps an old message must be able to stop."""
GOOD_FOR: Final[Mapping[str, timedelta | None]] = {CONFIRM: timedelta(days=7), UNSUBSCRIBE: None}

_NONCE: Final = 12
_LONGEST: Final = 8000  # characters of a token


def seal(home: Home, kind: str, said: Mapping[str, str], at: datetime) -> str:
    """The token of a link: what it says, when it was made, readable by this home alone."""
    nonce = os.urandom(_NONCE)
    plain = json.dumps([micros(at), dict(said)], ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    return urlsafe_b64encode(nonce + _cipher(home).encrypt(nonce, plain, kind.encode())).rstrip(b"=").decode()


def opened(home: Home, kind: str, token: str, at: datetime) -> tuple[datetime, dict[str, str]]:
    """When a link was made, and what it says. `NotFound` for one that is not ours or of another kind, `Conflict` if too old."""
    try:
        raw = urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4)) if len(token) <= _LONGEST else b""
        made_at, said = json.loads(_cipher(home).decrypt(raw[:_NONCE], raw[_NONCE:], kind.encode()))
    except (InvalidTag, ValueError, UnicodeError):
        raise NotFound("this link is not one of ours: look whether all of it was taken over") from None
    made, good_for = moment(made_at), GOOD_FOR[kind]
    if good_for is not None and at - made > good_for:
        raise Conflict("this link is too old: ask for a new one")
    return made, said


def unsubscribe(home: Home, email: str, topic: str, at: datetime) -> str:
    """The token with which one address leaves one topic, for the `List-Unsubscribe` of a message and for its last line."""
    return seal(home, UNSUBSCRIBE, {"email": email, "topic": topic}, at)


def _cipher(home: Home) -> AESGCM:
    return AESGCM(home.key("links/v1"))
