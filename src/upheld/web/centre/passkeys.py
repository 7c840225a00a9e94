"""Proving an address by a passkey: added by whoever has just proven it by a code, used without typing anything."""

from __future__ import annotations

import json
import secrets
from typing import Any, Final
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from upheld.errors import No
from upheld.requests import passkeys
from upheld.web.centre import proving
from upheld.web.limits import limited
from upheld.web.surroundings import VISITOR, surroundings

_STATE: Final = "passkey"
VERIFIED: Final = UserVerificationRequirement.REQUIRED  # the device alone is the proof: it must have asked for finger, face or PIN
LONGEST: Final = 20_000  # characters of what a device answers


@require_http_methods(["GET", "HEAD", "POST"])
@limited("passkey", 30, 600)
def sign_in(request: HttpRequest) -> HttpResponse:
    """A question for the device; and its answer, which proves the address."""
    if request.method != "POST":
        asked, request.session[_STATE] = _server().authenticate_begin(user_verification=VERIFIED)
        return JsonResponse({"request_options": dict(asked)})
    state, around = request.session.pop(_STATE, None), surroundings()
    try:
        answer = AuthenticationResponse.from_dict(_sent(request))
        with around.reading() as (conn, _posted):
            kept = passkeys.known(conn, answer.raw_id)
        _server().authenticate_complete(state or {}, [AttestedCredentialData(kept.key)], answer)
        with around.writing() as (tx, _posted):
            counter = answer.response.authenticator_data.counter
            email = passkeys.use(tx, around.keeper, kept.id, counter, at=around.now(), actor=VISITOR)
    except (No, ValueError, TypeError, KeyError):
        messages.error(request, _("This passkey did not open anything. Let us send you a code."))
        return redirect("mine")
    proving.prove(request, email)
    return redirect("mine")


@require_http_methods(["GET", "HEAD", "POST"])
@limited("passkey", 30, 600)
def page(request: HttpRequest) -> HttpResponse:
    """The passkeys of the proven address, and a new one."""
    email, around = proving.proven(request), surroundings()
    if email is None:
        return redirect("mine")
    if request.method == "POST":
        try:
            made = _server().register_complete(request.session.pop(_STATE, None) or {}, RegistrationResponse.from_dict(_sent(request)))
            key = made.credential_data
            assert key is not None
            with around.writing() as (tx, _posted):
                passkeys.add(tx, around.keeper, email, key.credential_id, bytes(key), made.counter, at=around.now(), actor=VISITOR)
        except (No, ValueError, TypeError, KeyError):
            messages.error(request, _("The passkey was not kept. Try again."))
        else:
            messages.success(request, _("From now on this passkey opens your information."))
        return redirect("mine passkeys")
    with around.reading() as (conn, posted):
        kept, company = passkeys.of(conn, around.keeper, email), posted.policy.document.front.company
    user = PublicKeyCredentialUserEntity(name=email, id=secrets.token_bytes(16), display_name=f"{email} ({company})")
    asked, request.session[_STATE] = _server().register_begin(
        user,
        [AttestedCredentialData(one.key) for one in kept],
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=VERIFIED,
    )
    return render(request, "centre/mine_passkeys.html", {"email": email, "passkeys": kept, "options": dict(asked)})


@require_POST
def remove(request: HttpRequest, number: int) -> HttpResponse:
    """One passkey is forgotten."""
    email, around = proving.proven(request), surroundings()
    if email is None:
        return redirect("mine")
    with around.writing() as (tx, _posted):
        passkeys.remove(tx, around.keeper, email, number, at=around.now(), actor=VISITOR)
    messages.success(request, _("The passkey is forgotten. Remove it in your device too."))
    return redirect("mine passkeys")


def _server() -> Fido2Server:
    return Fido2Server(PublicKeyCredentialRpEntity(id=urlsplit(settings.ADDRESS).hostname or "", name=settings.ADDRESS))


def _sent(request: HttpRequest) -> Any:  # noqa: ANN401 - what JSON holds
    sent = request.POST.get("credential", "")
    if len(sent) > LONGEST:
        raise ValueError
    return json.loads(sent)
