"""Checkpoints: one signed note that fixes the whole log. Formats: C2SP signed-note, tlog-checkpoint and tlog-proof; Ed25519.

A note's text is three lines, the log's name (origin), its size, its root in base64; after an empty line stands the signature::

    northgate-systems/1ebf6d73
    20852163
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

    — northgate-systems/1ebf6d73 Az3grlgtzPICa5OS8npVmf1M…

The key that a stranger checks with is one line, `name+id+base64`; the id is the beginning of a hash of name and key.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from upheld.errors import Invalid, Refused

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_ED25519 = b"\x01"
_DASH = "\N{EM DASH} "
_ID_BYTES = 4
_SIGNATURE_BYTES = 64


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The log `origin` had `size` entries, and `root` (32 bytes) fixes them."""

    origin: str
    size: int
    root: bytes


def sign(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """The signed note of a checkpoint, signed under the origin's name."""
    text = f"{checkpoint.origin}\n{checkpoint.size}\n{_base64(checkpoint.root)}\n"
    signature = key_id(checkpoint.origin, _public(key)) + key.sign(text.encode())
    return f"{text}\n{_DASH}{checkpoint.origin} {_base64(signature)}\n"


def public_key(name: str, key: Ed25519PrivateKey) -> str:
    """The key to check with, as strangers keep it: `name+id+base64`."""
    public = _public(key)
    return f"{name}+{key_id(name, public).hex()}+{_base64(_ED25519 + public)}"


def read(note: str, key: str) -> Checkpoint:
    """The checkpoint that a note fixes, if the key signed it; signatures of others may stand beside it.

    Raises `Invalid` if note or key cannot be understood, `Refused` if the signature does not hold.
    """
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    name, public = _read_key(key)
    text, gap, signatures = note.partition("\n\n")
    lines = text.split("\n")
    if not gap or len(lines) < 3 or not _SIZE.fullmatch(lines[1]):
        raise Invalid("this is not a checkpoint: it needs a name, a size, a root and, after an empty line, a signature")
    root = _unbase64(lines[2])
    if len(root) != 32:
        raise Invalid("this is not a checkpoint: its root is not 32 bytes")
    if lines[0] != name:
        raise Refused(f"the checkpoint is of the log `{lines[0]}`, not of `{name}`")
    ours = [_unbase64(line.rsplit(" ", 1)[1]) for line in signatures.splitlines() if line.startswith(f"{_DASH}{name} ")]
    ours = [signature for signature in ours if signature[:_ID_BYTES] == key_id(name, public)]
    if not ours:
        raise Refused("the checkpoint is not signed with this key")
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(ours[0][_ID_BYTES:], f"{text}\n".encode())
    except InvalidSignature as error:
        raise Refused("the signature of the checkpoint does not hold") from error
    return Checkpoint(name, int(lines[1]), root)


def proof(canonical: bytes, number: int, hashes: Sequence[bytes], note: str) -> str:
    """The proof that one entry is in a checkpointed log, as one text that can be checked offline (the entry is its extra data)."""
    lines = ["c2sp.org/tlog-proof@v1", f"extra {_base64(canonical)}", f"index {number}", *map(_base64, hashes), "", note]
    return "\n".join(lines)


def key_id(name: str, public: bytes) -> bytes:
    """The 4 bytes by which a signature names its key."""
    return sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:_ID_BYTES]


def _read_key(key: str) -> tuple[str, bytes]:
    name, _, rest = key.strip().partition("+")
    id_, _, packed = rest.partition("+")
    raw = _unbase64(packed)
    if raw[:1] != _ED25519 or len(raw) != 33 or key_id(name, raw[1:]).hex() != id_:
        raise Invalid("this is not a public key of a ledger: it is written `name+id+base64`")
    return name, raw[1:]


def _public(key: Ed25519PrivateKey) -> bytes:
    return key.public_key().public_bytes_raw()


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _unbase64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Invalid("the checkpoint or key was damaged: a part of it is not base64") from error
