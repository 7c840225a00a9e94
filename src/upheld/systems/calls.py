"""One HTTP call to a system: over TLS, or on this very machine; one answer of bounded size, in bounded time, from nowhere else."""

from __future__ import annotations

import ipaddress
import json
import ssl
from collections.abc import Mapping
from contextlib import closing, suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NewConnectionError

from upheld.errors import Invalid
from upheld.systems import refusals
from upheld.systems.connector import Failed
from upheld.systems.datamap import System
from upheld.systems.deadline import Deadline, shut
from upheld.systems.refusals import Word

SECONDS: Final = 10
"""How long one call may take where the map does not say (`timeout`)."""
LARGEST: Final = 16 * 1024 * 1024
"""Bytes that an answer may have."""

UNTRUSTED: Final = Word("cannot prove who it is: its certificate is not trusted, or of another name", again=False)
ELSEWHERE: Final = Word("sends us to another address: write that one in the data map", again=False)
TOO_LARGE: Final = Word("answers with more than may be read at once", again=False)
NOT_UNDERSTOOD: Final = Word("answers in a way that cannot be understood: is its address right", again=False)
NO_PLACE: Final = Word("knows no such address: mend it in the data map", again=False)
OWN_FAULT: Final = Word("failed for a reason of its own", again=True)
_STATUS: Final[Mapping[int, Word]] = {
    401: refusals.NO_LOGIN, 403: refusals.NOT_ALLOWED, 404: NO_PLACE, 405: NO_PLACE, 408: refusals.NOT_IN_TIME, 409: refusals.LOCKED,
    410: NO_PLACE, 413: TOO_LARGE, 423: refusals.LOCKED, 429: Word("asks for fewer calls", again=True), 502: refusals.DOWN,
    503: refusals.DOWN, 504: refusals.NOT_IN_TIME, 507: refusals.FULL,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back; names of headers with capitals (`Content-Length`)."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


def is_safe(address: str) -> bool:
    """Whether what is said there cannot be read on the way: TLS, or this very machine."""
    parts = urlsplit(address)
    if parts.scheme == "https":
        return True
    if parts.hostname == "localhost":
        return True
    with suppress(ValueError):
        return ipaddress.ip_address(parts.hostname or "").is_loopback
    return False


def refused(system: System, status: int) -> Failed:
    """What a status that is no success means."""
    if 300 <= status < 400:
        return Failed(system.name, *ELSEWHERE)
    return Failed(system.name, *_STATUS.get(status, OWN_FAULT if status >= 500 else NOT_UNDERSTOOD))


def understood(system: System, body: bytes) -> dict[str, Any]:
    """The JSON object of an answer."""
    try:
        said = json.loads(body)
    except (ValueError, RecursionError):
        said = None
    if not isinstance(said, dict):
        raise Failed(system.name, *NOT_UNDERSTOOD)
    return said


class Caller:
    """Calls one system. Redirections are not followed, and proxies of the environment not used."""

    def __init__(self, system: System) -> None:
        if not is_safe(system.address):
            raise Invalid(f"`{system.name}` would be spoken to in the clear: its address must begin with `https://`")
        self.system, self._parts = system, urlsplit(system.address)
        self._seconds = float(system.options.get("timeout", SECONDS))

    def call(
        self, method: str, path: str = "", *, query: Mapping[str, str] | None = None, headers: Mapping[str, str], body: bytes | None = None
    ) -> Answer:
        """One call, at the address or a path below it. `Failed` if no whole answer comes."""
        where = (self._parts.path.rstrip("/") if path else self._parts.path) + path or "/"
        asked = "&".join(filter(None, (self._parts.query, urlencode(query or {}))))
        more = {"Accept": "application/json", "Accept-Encoding": "identity", "User-Agent": "upheld", **headers}
        connection = self._connection()
        deadline = Deadline(self._seconds, lambda: _cut(connection))
        try:
            with closing(connection), deadline:
                connection.request(method, f"{where}?{asked}" if asked else where, body, more, preload_content=False, decode_content=False)
                answer = connection.getresponse()
                read = answer.read(LARGEST + 1)
                found = Answer(answer.status, {name.title(): value for name, value in answer.headers.items()}, read)
        except ssl.SSLCertVerificationError:
            raise Failed(self.system.name, *UNTRUSTED) from None
        except NewConnectionError:
            raise Failed(self.system.name, *refusals.DOWN) from None
        except (HTTPError, HTTPException, OSError, ValueError) as error:
            late = deadline.passed or isinstance(error, TimeoutError) or "timed out" in str(error)
            raise Failed(self.system.name, *(refusals.NOT_IN_TIME if late else refusals.DOWN)) from None
        if deadline.passed:
            raise Failed(self.system.name, *refusals.NOT_IN_TIME)
        if len(read) > LARGEST:
            raise Failed(self.system.name, *TOO_LARGE)
        if len(read) < int(found.headers.get("Content-Length") or 0):
            raise Failed(self.system.name, *refusals.DOWN)
        return found

    def _connection(self) -> HTTPConnection:
        host, port = self._parts.hostname or "", self._parts.port
        if self._parts.scheme == "https":
            return HTTPSConnection(host, port, timeout=self._seconds, ssl_context=ssl.create_default_context())
        return HTTPConnection(host, port, timeout=self._seconds)


def _cut(connection: HTTPConnection) -> None:
    if connection.sock is not None:
        with suppress(OSError, ValueError):
            shut(connection.sock.fileno())
