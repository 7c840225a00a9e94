"""Confirmations leave by e-mail, over any SMTP server that the home's settings name.

A message has a token of its own, from which its Message-ID is made: sent again after a crash, it is the same message, and mail stores that
know the first keep one. It says that no person wrote it (RFC 3834), so that holiday answers do not come back.
"""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass, field
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final
from urllib.parse import urlsplit

from upheld.errors import Invalid
from upheld.home import Home
from upheld.people import normal

PATIENCE: Final = 30  # seconds that a server has for each answer
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_PORTS: Final = {"smtp": 587, "smtps": 465}


class Undelivered(Exception):
    """The server did not take a message. `again`: later it may. The words hold no address."""

    def __init__(self, words: str, *, again: bool) -> None:
        super().__init__(words)
        self.words, self.again = words, again


@dataclass(frozen=True, slots=True)
class Mail:
    """One message to one person. `token` is the message's own (unguessable; the same when it is sent again)."""

    to: str = field(repr=False)
    subject: str
    text: str = field(repr=False)
    token: str
    at: datetime


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail leaves, as the settings say."""

    host: str
    port: int
    tls: bool
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)

    @classmethod
    def of(cls, home: Home) -> MailServer | None:
        """The server of the home's `[mail]` settings; None if there is none, and mail is to wait as letters.

        `Invalid` for settings that cannot work, `Refused` for a password file that others may read.
        """
        server, sender = home.setting("mail", "server"), home.setting("mail", "sender")
        if not server:
            return None
        url = urlsplit(server)
        try:
            host, port = url.hostname, url.port
        except ValueError:
            host = port = None
        if url.scheme not in _PORTS or not host or url.password or url.username:
            raise Invalid(
                "`server` in `[mail]` cannot be read: write `smtp://mail.example:587` or `smtps://mail.example`, without a password"
            )
        if not normal.email(sender):
            raise Invalid("`sender` in `[mail]` must be an e-mail address: write the one that answers reach")
        user, file = home.setting("mail", "user"), home.setting("mail", "password_file")
        password = home.secret(file).decode() if file else ""
        return cls(host, port or _PORTS[url.scheme], url.scheme == "smtps", sender, user, password)

    def send(self, mail: Mail, *, patience: float = PATIENCE) -> None:
        """Hand one message to the server. `Undelivered` if it was not taken; nothing is known of what became of it if this is killed."""
        message = self._written(mail)
        try:
            with self._connected(patience) as connection:
                if self.user:
                    connection.login(self.user, self.password)
                connection.send_message(message)
        except smtplib.SMTPRecipientsRefused as refused:
            code = max((code for code, _ in refused.recipients.values()), default=550)
            raise Undelivered(f"the mail server refused the address (code {code})", again=code < 500) from None
        except smtplib.SMTPResponseException as refused:
            raise Undelivered(f"the mail server refused the message (code {refused.smtp_code})", again=refused.smtp_code < 500) from None
        except smtplib.SMTPNotSupportedError:
            raise Undelivered(
                "the mail server offers no TLS, no sign-in or no international addresses: ask who runs it", again=False
            ) from None
        except ssl.SSLError:
            raise Undelivered("the mail server's certificate cannot be trusted: ask who runs it", again=False) from None
        except (OSError, smtplib.SMTPException):
            raise Undelivered("the mail server does not answer", again=True) from None

    def _connected(self, patience: float) -> smtplib.SMTP:
        if self.tls:
            return smtplib.SMTP_SSL(self.host, self.port, timeout=patience, context=ssl.create_default_context())
        connection = smtplib.SMTP(self.host, self.port, timeout=patience)
        if self.host not in _LOOPBACK:  # what is said of a person does not cross a network in clear
            try:
                connection.starttls(context=ssl.create_default_context())
            except BaseException:
                connection.close()
                raise
        return connection

    def _written(self, mail: Mail) -> EmailMessage:
        message = EmailMessage()
        domain = self.sender.rpartition("@")[2]
        try:
            message["To"] = Address(addr_spec=mail.to)
        except (ValueError, IndexError):
            raise Undelivered("the address cannot be written to", again=False) from None
        message["From"] = self.sender
        message["Subject"] = mail.subject
        message["Date"] = format_datetime(mail.at)
        message["Message-ID"] = f"<{mail.token}@{domain}>"
        message["Auto-Submitted"] = "auto-replied"
        message["X-Auto-Response-Suppress"] = "All"
        message.set_content(mail.text)
        return message
