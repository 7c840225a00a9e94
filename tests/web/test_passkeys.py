"""A customer's passkey: made by a device of the test's own (real keys, real signatures), it proves one address and nothing else."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
import struct

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from tests.web.reading import words
from tests.web.test_mine import JANE, crm, sign_in
from upheld.ledger.queries import entries

ORIGIN, HOST = "http://centre.localhost:8100", "centre.localhost"
assert crm


def b64(raw):
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


class Device:
    """A device with one passkey. `verifies`: it has asked for a finger."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.id = hashlib.sha256(str(id(self)).encode()).digest()
        self.uses, self.verifies, self.origin = 0, True, ORIGIN

    def data(self, attested=b""):
        self.uses += 1
        flags = 1 | (4 if self.verifies else 0) | (0x40 if attested else 0)
        return hashlib.sha256(HOST.encode()).digest() + struct.pack(">BI", flags, self.uses) + attested

    def client(self, kind, options):
        said = {"type": kind, "challenge": options["publicKey"]["challenge"], "origin": self.origin}
        return json.dumps(said).encode()

    def make(self, options):
        from fido2 import cbor
        from fido2.cose import ES256

        public = cbor.encode(ES256.from_cryptography_key(self.key.public_key()))
        attested = bytes(16) + struct.pack(">H", len(self.id)) + self.id + public
        made = cbor.encode({"fmt": "none", "attStmt": {}, "authData": self.data(attested)})
        return self.answer({"clientDataJSON": b64(self.client("webauthn.create", options)), "attestationObject": b64(made)})

    def use(self, options):
        data, client = self.data(), self.client("webauthn.get", options)
        signed = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return self.answer({"clientDataJSON": b64(client), "authenticatorData": b64(data), "signature": b64(signed)})

    def answer(self, response):
        return json.dumps(
            {"id": b64(self.id), "rawId": b64(self.id), "type": "public-key", "response": response, "clientExtensionResults": {}}
        )


def asked_to_make(browser):
    page = browser.get("/mine/passkeys").content.decode()
    return json.loads(html.unescape(re.search(r'data-options="([^"]+)"', page)[1]))


def asked_to_use(browser):
    return browser.get("/mine/passkey").json()["request_options"]


@pytest.fixture
def device(centre, shop):
    """A device whose passkey is kept for Jane; she has signed out."""
    sign_in(centre, shop)
    made = Device()
    assert "opens your information" in words(centre.post("/mine/passkeys", {"credential": made.make(asked_to_make(centre))}, follow=True))
    centre.post("/mine/leave")
    return made


def opens(browser, device):
    browser.post("/mine/passkey", {"credential": device.use(asked_to_use(browser))})
    return "Send me a code" not in words(browser.get("/mine"))


def test_a_passkey_opens_what_its_address_may_see_and_is_in_the_ledger(centre, shop, crm, device):
    assert opens(centre, device)
    assert f"For {JANE}" in words(centre.get("/mine"))
    assert "Jane Doe" in words(centre.get("/mine"))
    with shop.record.reading() as conn:
        kinds = [each.kind for each in entries(conn)]
    assert (kinds.count("passkey.added"), kinds.count("passkey.used")) == (1, 1)
    assert JANE.encode() not in b"".join(file.read_bytes() for file in shop.home.path.glob("record.db*"))


def test_another_devices_signature_opens_nothing(centre, device):
    device.key = ec.generate_private_key(ec.SECP256R1())
    assert not opens(centre, device)


def test_a_device_that_did_not_ask_for_finger_or_pin_opens_nothing(centre, device):
    device.verifies = False
    assert not opens(centre, device)


def test_another_sites_question_opens_nothing(centre, device):
    device.origin = "https://elsewhere.example"
    assert not opens(centre, device)


def test_an_answer_is_good_once_and_a_copy_of_the_device_gives_itself_away(centre, device):
    options = asked_to_use(centre)
    answer = device.use(options)
    centre.post("/mine/passkey", {"credential": answer})
    assert "Send me a code" not in words(centre.get("/mine"))
    centre.post("/mine/leave")
    centre.post("/mine/passkey", {"credential": answer})
    assert "Send me a code" in words(centre.get("/mine"))
    device.uses -= 1
    assert not opens(centre, device)
    assert opens(centre, device)


@pytest.mark.parametrize("sent", ["", "x", "[]", "{}", '{"id": "AA", "rawId": "AA", "type": "public-key", "response": {}}', "1" * 30_000])
def test_what_is_no_answer_is_refused_without_a_fault(centre, device, sent):
    asked_to_use(centre)
    assert "did not open anything" in words(centre.post("/mine/passkey", {"credential": sent}, follow=True))


def test_a_removed_passkey_opens_nothing_and_only_its_own_address_removes_it(centre, shop, device):
    sign_in(centre, shop, "jon.doe@mail.example")
    assert centre.post("/mine/passkeys/1/remove").status_code == 404
    centre.post("/mine/leave")
    sign_in(centre, shop)
    assert "is forgotten" in words(centre.post("/mine/passkeys/1/remove", follow=True))
    centre.post("/mine/leave")
    assert not opens(centre, device)


def test_without_a_fresh_proof_nobody_adds_one(centre):
    assert centre.get("/mine/passkeys")["Location"] == "/mine"
    assert centre.post("/mine/passkeys", {"credential": "{}"})["Location"] == "/mine"
