"""Salted commitments: an entry can point to a personal value without holding it, and forgetting the salt makes the pointer blind."""

from __future__ import annotations

import hmac
import secrets
from hashlib import sha256

SALT_BYTES = 32


def fresh_salt() -> bytes:
    """32 random bytes, to be kept beside the value in the record and forgotten with it."""
    return secrets.token_bytes(SALT_BYTES)


def commit(value: bytes, salt: bytes) -> str:
    """The commitment to a value under a salt: 64 hexadecimal digits, fit for a `HASH` field."""
    return sha256(b"upheld/commitment/v1\x00" + salt + value).hexdigest()


def opens(commitment: str, value: bytes, salt: bytes) -> bool:
    """Whether the commitment was made to this value under this salt."""
    return hmac.compare_digest(commitment, commit(value, salt))
