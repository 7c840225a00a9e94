"""A mail that a page sends at once: a link to confirm, a code to sign in. Without a mail server it waits in the home, as letters do."""

from __future__ import annotations

import os
import secrets

from upheld.errors import Conflict
from upheld.messages.mail import Mail, MailServer, Undelivered
from upheld.web.surroundings import surroundings

PATIENCE = 10  # seconds that somebody waits before a page


def send(to: str, subject: str, text: str) -> None:
    """Send one message. `Conflict` if the server does not take it now; nobody learns from it whether an address exists."""
    around = surroundings()
    mail = Mail(to, subject, text, secrets.token_urlsafe(18), around.now())
    server = MailServer.of(around.home)
    if server is None:
        _wait(mail)
        return
    try:
        server.send(mail, patience=PATIENCE)
    except Undelivered as undelivered:
        if undelivered.again:
            raise Conflict("mail cannot leave at the moment: try again in some minutes") from None
        # A refused address is answered like any other: who asks must not learn which addresses exist.


def _wait(mail: Mail) -> None:
    folder = surroundings().home.path / "letters"
    folder.mkdir(mode=0o700, exist_ok=True)
    handle = os.open(folder / f"{mail.token}.txt", os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(f"To: {mail.to}\nSubject: {mail.subject}\n\n{mail.text}")
