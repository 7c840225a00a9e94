"""Checkpoints are signed notes as the C2SP documents define them."""

import base64
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from upheld.errors import Invalid, Refused
from upheld.ledger import checkpoint
from upheld.ledger.checkpoint import Checkpoint

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
HEAD = Checkpoint("northgate.example/ledger", 20852163, sha256(b"root").digest())
PUBLIC = checkpoint.public_key(HEAD.origin, KEY)
NOTE = checkpoint.sign(HEAD, KEY)


def test_the_note_is_name_size_root_an_empty_line_and_the_signature():
    lines = NOTE.split("\n")
    assert lines[:4] == ["northgate.example/ledger", "20852163", base64.b64encode(HEAD.root).decode(), ""]
    assert lines[4].startswith("— northgate.example/ledger ")
    assert lines[5:] == [""]
    signature = base64.b64decode(lines[4].rsplit(" ", 1)[1])
    public = KEY.public_key().public_bytes_raw()
    assert signature[:4] == sha256(b"northgate.example/ledger\n\x01" + public).digest()[:4]
    KEY.public_key().verify(signature[4:], "\n".join([*lines[:3], ""]).encode())


def test_the_id_of_a_well_known_key_is_computed_as_others_do():
    # The key of the Go checksum database, as every Go installation carries it.
    name, id_, packed = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8".split("+", 2)
    assert checkpoint.key_id(name, base64.b64decode(packed)[1:]).hex() == id_


def test_a_checkpoint_comes_back_as_it_was_signed():
    assert checkpoint.read(NOTE, PUBLIC) == HEAD
    empty = Checkpoint(HEAD.origin, 0, HEAD.root)
    assert checkpoint.read(checkpoint.sign(empty, KEY), PUBLIC + "\n") == empty


def test_a_witness_may_sign_beside_us():
    witnessed = NOTE + "— witness.example/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9\n"
    assert checkpoint.read(witnessed, PUBLIC) == HEAD


@pytest.mark.parametrize(
    ("note", "said"),
    [
        (NOTE.replace("20852163", "20852164"), "the signature of the checkpoint does not hold"),
        (checkpoint.sign(HEAD, OTHER), "not signed with this key"),
        (checkpoint.sign(Checkpoint("other.example", 1, HEAD.root), KEY), "is of the log `other.example`"),
        (NOTE.partition("\n\n")[0] + "\n\n", "not signed with this key"),
    ],
)
def test_a_note_that_is_not_ours_is_refused(note, said):
    with pytest.raises(Refused, match=said):
        checkpoint.read(note, PUBLIC)


@pytest.mark.parametrize(
    ("note", "said"),
    [
        ("", "this is not a checkpoint"),
        (NOTE.replace("\n\n", "\n"), "this is not a checkpoint"),
        (NOTE.replace("20852163", "020852163"), "this is not a checkpoint"),
        (NOTE.replace("20852163", "-5"), "this is not a checkpoint"),
        (NOTE.replace("20852163", "٣"), "this is not a checkpoint"),
        (NOTE.replace(base64.b64encode(HEAD.root).decode(), "AAAA"), "its root is not 32 bytes"),
        (NOTE.replace(base64.b64encode(HEAD.root).decode(), "!"), "is not base64"),
    ],
)
def test_a_text_that_is_no_checkpoint_is_invalid(note, said):
    with pytest.raises(Invalid, match=said):
        checkpoint.read(note, PUBLIC)


@pytest.mark.parametrize("key", ["", "nonsense", PUBLIC.replace("+", "+0", 1), PUBLIC[:-8], PUBLIC.replace("northgate", "southgate")])
def test_a_text_that_is_no_key_is_invalid(key):
    with pytest.raises(Invalid, match=r"not a public key|not base64"):
        checkpoint.read(NOTE, key)
