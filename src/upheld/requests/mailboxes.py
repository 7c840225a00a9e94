"""Where messages come from: one file, an mbox of many, or a mailbox read over IMAP with TLS."""

from __future__ import annotations

import imaplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import BinaryIO, Final
from urllib.parse import urlsplit

from upheld.errors import Conflict, Invalid, Refused
from upheld.home import Home
from upheld.requests.reading import MOST_BYTES

PATIENCE: Final = 30  # seconds that a server has for each answer
MOST_AT_ONCE: Final = 500  # messages of one visit to a mailbox
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def in_file(file: BinaryIO) -> Iterator[bytes]:
    """The messages of a file: one, or those of an mbox (which begins with `From `). Of each at most a little more than is read."""
    held, size, is_mbox, blank = list[bytes](), 0, None, True
    while line := file.readline(1 << 16):
        if is_mbox is None:
            is_mbox = line.startswith(b"From ")
        if is_mbox and blank and line.startswith(b"From "):
            if held:
                yield b"".join(held)
            held, size = [], 0
        elif size <= MOST_BYTES:
            held.append(line[1:] if is_mbox and line.startswith(b">From ") else line)
            size += len(line)
        blank = line in {b"\n", b"\r\n"}
    if held:
        yield b"".join(held)


@dataclass(frozen=True, slots=True)
class Mailbox:
    """A mailbox on an IMAP server, as the settings say."""

    host: str
    port: int
    user: str
    folder: str
    tls: bool
    password: str = field(repr=False)

    @classmethod
    def of(cls, home: Home) -> Mailbox:
        """The mailbox of the home's `[intake]` settings. `Invalid` if there is none to be read, `Refused` for an open password."""
        said = home.setting("intake", "imap")
        if not said:
            raise Invalid("no mailbox is set up: write `imap`, `user` and `password_file` in `[intake]` of `upheld.toml`")
        url = urlsplit(said)
        try:
            host, port = url.hostname, url.port
        except ValueError:
            host = port = None
        if url.scheme not in {"imaps", "imap"} or not host or url.username or url.password:
            raise Invalid("`imap` in `[intake]` cannot be read: write `imaps://mail.example`, without a user or password")
        if url.scheme == "imap" and host not in _LOOPBACK:
            raise Refused("a mailbox is read with TLS only: write `imaps://` in `[intake]`")
        file = home.setting("intake", "password_file")
        if not file:
            raise Invalid("`password_file` in `[intake]` is missing: name the file that holds the mailbox's password, mode 600")
        user, folder = home.setting("intake", "user"), home.setting("intake", "folder")
        if any(sign in folder + user for sign in '"\\\r\n') or not user:
            raise Invalid("`user` and `folder` in `[intake]` must be plain words")
        return cls(host, port or (993 if url.scheme == "imaps" else 143), user, folder, url.scheme == "imaps", home.secret(file).decode())

    @contextmanager
    def visit(self) -> Iterator[Visit]:
        """Sign in, open the folder, and leave. `Conflict` if the server does not answer, `Refused` if it does not let us in."""
        try:
            with self._connected() as connection:
                connection.login(self.user, self.password)
                if connection.select(f'"{self.folder}"')[0] != "OK":
                    raise Invalid(f"the mailbox has no folder `{self.folder}`: look at `folder` in `[intake]`")
                yield Visit(connection)
        except ssl.SSLError:
            raise Refused("the mailbox's certificate cannot be trusted: ask who runs it") from None
        except imaplib.IMAP4.abort:
            raise Conflict("the mailbox went away: what was drafted stays, run it again") from None
        except imaplib.IMAP4.error:
            raise Refused("the mailbox does not let us in: look at `user` and `password_file` in `[intake]`") from None
        except OSError:
            raise Conflict("the mailbox does not answer: try again") from None

    def _connected(self) -> imaplib.IMAP4:
        if self.tls:
            return imaplib.IMAP4_SSL(self.host, self.port, ssl_context=ssl.create_default_context(), timeout=PATIENCE)
        return imaplib.IMAP4(self.host, self.port, timeout=PATIENCE)


@dataclass(frozen=True, slots=True)
class Visit:
    """An open folder."""

    connection: imaplib.IMAP4

    def unseen(self) -> list[str]:
        """The messages that nobody has read, oldest first; the rest of very many at the next visit."""
        _, found = self.connection.uid("SEARCH", "UNSEEN", "UNDELETED")
        return [number.decode() for number in (found[0] or b"").split()][:MOST_AT_ONCE]

    def fetch(self, number: str) -> tuple[bytes, datetime | None]:
        """A message, at most a little more than is read, without marking it as read; and when the server took it in."""
        _, answer = self.connection.uid("FETCH", number, f"(INTERNALDATE BODY.PEEK[]<0.{MOST_BYTES + 1}>)")
        for one in answer:
            if isinstance(one, tuple):
                came = imaplib.Internaldate2tuple(one[0])
                return one[1], datetime(*came[:6]).astimezone().astimezone(UTC) if came else None
        return b"", None

    def seen(self, number: str) -> None:
        """Mark a message as read: it was put before an agent, and the record has it."""
        self.connection.uid("STORE", number, "+FLAGS.SILENT", r"(\Seen)")
