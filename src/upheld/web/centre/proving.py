"""Proving an e-mail address: by a mailed code, good for ten minutes and three tries, or by a passkey. A customer has no account.

What is proven holds for a quarter of an hour in this browser's session, which lies sealed; then it must be proven anew. No table of ours
says who may sign in, nor who did.
"""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta
from typing import Any, Final

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from upheld.people.normal import email as normal_email
from upheld.record import micros
from upheld.web import forms as controls
from upheld.web.centre import mailing
from upheld.web.limits import counted
from upheld.web.surroundings import surroundings

CODE_HOLDS: Final = timedelta(minutes=10)
PROOF_HOLDS: Final = timedelta(minutes=15)
TRIES: Final = 3
LETTERS: Final = "BCDFGHJKLMNPQRSTVWXZ"  # no vowels, so that no code is a word; nothing that looks like a digit
LENGTH: Final = 8

_ASKED: Final = "code"
_PROVEN: Final = "proven"


class Address(forms.Form):
    """Whose information it is about."""

    email = controls.email(gettext_lazy("E-mail address"), hint=gettext_lazy("We send a code to it. So only you open what is yours."))


class Code(forms.Form):
    """The code as it was mailed."""

    code = controls.text(
        gettext_lazy("Code"), autocomplete="one-time-code", required=True, hint=gettext_lazy("Eight letters, as in the mail.")
    )


def send_code(request: HttpRequest, email: str, company: str, slot: str = _ASKED) -> None:
    """Mail a code, and remember it in the session. One address gets at most five in an hour; more are answered as if sent."""
    around = surroundings()
    code = "".join(secrets.choice(LETTERS) for _letter in range(LENGTH))
    request.session[slot] = {"email": email, "code": code, "at": micros(around.now()), "tries": 0}
    if counted("code", normal_email(email) or email, 5, 3600):
        return
    lines = [
        _("Your code for %(company)s is:") % {"company": company},
        f"{code[:4]} {code[4:]}",
        _("It is good for ten minutes. If you did not ask for it, do nothing: nobody gets in without it."),
    ]
    mailing.send(email, _("Your code for %(company)s") % {"company": company}, "\n\n".join(lines) + "\n")


def awaits_code(request: HttpRequest, slot: str = _ASKED) -> bool:
    """Whether a code was sent that can still be entered."""
    asked = request.session.get(slot)
    return asked is not None and micros(surroundings().now()) - asked["at"] <= CODE_HOLDS // timedelta(microseconds=1)


def shown(request: HttpRequest, code: str, slot: str = _ASKED) -> str | None:
    """The address that the code was sent to, if it is this one. After the third wrong one none is good any more."""
    asked: dict[str, Any] | None = request.session.get(slot)
    if asked is None or not awaits_code(request, slot):
        return None
    typed = "".join(letter for letter in code.upper() if letter.isalnum())
    if not hmac.compare_digest(typed.encode("utf-8", "replace"), asked["code"].encode()):
        asked["tries"] += 1
        request.session[slot] = asked if asked["tries"] < TRIES else None
        return None
    return str(asked["email"])


def enter(request: HttpRequest, code: str) -> bool:
    """Whether the code is the one that was sent: then its address is proven."""
    email = shown(request, code)
    if email is not None:
        prove(request, email)
    return email is not None


def prove(request: HttpRequest, email: str) -> None:
    """From now on, for a quarter of an hour, this browser has proven the address."""
    request.session.flush()  # a session from before the proof is worth nothing after it
    request.session[_PROVEN] = {"email": email, "at": micros(surroundings().now())}


def proven(request: HttpRequest) -> str | None:
    """The address that this browser proved within the last quarter of an hour; None if it must be proven anew."""
    held = request.session.get(_PROVEN)
    if held is None or micros(surroundings().now()) - held["at"] > PROOF_HOLDS // timedelta(microseconds=1):
        return None
    return str(held["email"])


def forget(request: HttpRequest) -> None:
    """Sign out: nothing of the session is left."""
    request.session.flush()
