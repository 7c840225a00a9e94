"""A company's own sign-in for tests: a real OpenID provider over HTTP, with codes, PKCE, signed tokens. The test says who signs in."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

CLIENT, SECRET = "upheld", "a secret between two programs"


class Company:
    """The provider: `who` signs in next, as claims."""

    def __init__(self, address):
        self.address = address
        self.key = rsa.generate_private_key(65537, 2048)
        self.who = {}
        self.codes = {}
        self.tokens = {}

    def configuration(self):
        at = self.address
        return {
            "issuer": at, "authorization_endpoint": f"{at}/authorize", "token_endpoint": f"{at}/token", "jwks_uri": f"{at}/keys",
            "userinfo_endpoint": f"{at}/who", "token_endpoint_auth_methods_supported": ["client_secret_post"],
        }  # fmt: skip

    def authorize(self, asked):
        """The address that the browser is sent back to."""
        assert asked["client_id"] == CLIENT
        assert asked["code_challenge_method"] == "S256"
        code = secrets.token_urlsafe(12)
        self.codes[code] = (dict(self.who), asked["code_challenge"])
        return asked["redirect_uri"] + "?" + urlencode({"code": code, "state": asked["state"]})

    def token(self, asked):
        """Tokens for a code, once; None for anything that does not fit."""
        who, challenge = self.codes.pop(asked.get("code"), (None, ""))
        proof = base64.urlsafe_b64encode(hashlib.sha256(asked.get("code_verifier", "").encode()).digest()).rstrip(b"=").decode()
        if who is None or proof != challenge or asked.get("client_secret") != SECRET:
            return None
        access, now = secrets.token_urlsafe(12), int(time.time())
        self.tokens[access] = who
        claims = {"iss": self.address, "aud": CLIENT, "iat": now, "exp": now + 60, **who}
        return {"access_token": access, "token_type": "Bearer", "id_token": jwt.encode(claims, self.key, "RS256", headers={"kid": "1"})}

    def keys(self):
        key = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key()))
        return {"keys": [key | {"kid": "1", "alg": "RS256", "use": "sig"}]}


@contextmanager
def company():
    """The provider, for as long as the context lasts."""

    class Asked(BaseHTTPRequestHandler):
        def do_GET(self):
            url = urlsplit(self.path)
            if url.path == "/authorize":
                asked = {name: values[0] for name, values in parse_qs(url.query).items()}
                self.send_response(302)
                self.send_header("Location", made.authorize(asked))
                self.end_headers()
            elif url.path == "/who":
                self.answer(made.tokens.get(self.headers["Authorization"].removeprefix("Bearer ")))
            else:
                self.answer({"/.well-known/openid-configuration": made.configuration, "/keys": made.keys}[url.path]())

        def do_POST(self):
            sent = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.answer(made.token({name: values[0] for name, values in sent.items()}))

        def answer(self, said):
            body = json.dumps(said or {"error": "invalid_grant"}).encode()
            self.send_response(200 if said else 400)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Asked)
    made = Company(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
