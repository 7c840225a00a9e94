"""How a confirmation reaches the person: by e-mail to the address they gave, else as a letter to print, else by the clerk."""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from upheld.errors import Conflict, Invalid
from upheld.home import Home
from upheld.messages.letters import letter
from upheld.messages.mail import Mail, MailServer, Undelivered
from upheld.people.identifiers import Email, Postal
from upheld.requests.confirming import by_the_clerk
from upheld.requests.office import Confirmation


def speaker(home: Home, clock: Callable[[], datetime]) -> Callable[[Confirmation], str]:
    """Tells people, and says how. A mail server that does not answer is a `Conflict`: it is asked again later."""
    server = MailServer.of(home)

    def confirm(said: Confirmation) -> str:
        subject = f"What you asked us to stop has stopped (request {said.request})"
        mailed = next((one.value for one in said.given if isinstance(one, Email)), None)
        if server is not None and mailed is not None:
            try:
                server.send(Mail(mailed, subject, said.words, said.token, clock()))
            except Undelivered as undelivered:
                if undelivered.again:
                    raise Conflict(undelivered.words) from None
                return f"{by_the_clerk(said)}; {undelivered.words}"
            return "sent by e-mail"
        lives = next((one for one in said.given if isinstance(one, Postal)), None)
        if lives is not None and said.channel == "post":
            to = (f"{lives.first} {lives.last}", lives.address, lives.zip)
            return _print(home, said.token, letter(sender="", to=to, subject=subject, text=said.words))
        return by_the_clerk(said)

    return confirm


def _print(home: Home, token: str, page: str) -> str:
    """Put a letter where a clerk prints it: `HOME/letters/TOKEN.html`, whole or not at all."""
    folder = home.path / "letters"
    part, name = folder / f".{token}.part", folder / f"{token}.html"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        with open(part, "w", encoding="utf-8", opener=_private) as file:
            file.write(page)
            file.flush()
            os.fsync(file.fileno())
        part.replace(name)
    except OSError as error:
        raise Invalid(f"`letters` cannot be written: {(error.strerror or 'input/output error').lower()}") from error
    return f"as a letter to print, letters/{name.name}"


def _private(path: str, flags: int) -> int:
    return os.open(Path(path), flags, 0o600)
