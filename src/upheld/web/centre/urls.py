"""The addresses of the centre. None holds anything about a person but an unguessable token."""

from __future__ import annotations

from django.urls import path
from django.views.i18n import set_language

from upheld.web import assets, numbers
from upheld.web.centre import (
    asking,
    choosing,
    contact,
    correcting,
    linked,
    mine,
    moving,
    newsletter,
    panel,
    passkeys,
    policy,
    start,
    stopping,
)

numbers.known()

urlpatterns = [
    path("", start.page, name="start"),
    path("policy", policy.page, name="policy"),
    path("policy/print", policy.page, {"unfolded": True}, name="policy print"),
    path("policy/versions", policy.versions, name="versions"),
    path("policy/compare", policy.compare, name="compare"),
    path("policy/version/<str:version>", policy.page, name="policy version"),
    path("policy/version/<str:version>/print", policy.page, {"unfolded": True}, name="policy version print"),
    path("stop", stopping.page, name="stop"),
    path("track/<str:token>", stopping.track, name="track"),
    path("choices", choosing.page, name="choices"),
    path("unsubscribe/<str:token>", choosing.unsubscribe, name="unsubscribe"),
    path(".well-known/gpc.json", choosing.signal, name="signal"),
    path("newsletter", newsletter.page, name="newsletter"),
    path("newsletter/sent", newsletter.sent, name="newsletter sent"),
    path("newsletter/confirmed", newsletter.confirmed, name="confirmed"),
    path("confirm/<str:token>", newsletter.confirm, name="confirm"),
    path("mine", mine.page, name="mine"),
    path("mine/code", mine.code, name="mine code"),
    path("mine/leave", mine.leave, name="mine leave"),
    path("mine/passkey", passkeys.sign_in, name="mine passkey"),
    path("mine/passkeys", passkeys.page, name="mine passkeys"),
    path("mine/passkeys/<number:number>/remove", passkeys.remove, name="mine passkey remove"),
    path("mine/correct", correcting.page, name="mine correct"),
    path("mine/address", moving.page, name="mine address"),
    path("mine/address/code", moving.code, name="mine address code"),
    path("mine/choose", mine.choose, name="mine choose"),
    path("mine/copy", mine.copy, name="mine copy"),
    path("contact", contact.page, name="contact"),
    path("ask", asking.page, name="ask"),
    path("ask/sent", asking.asked, name="asked"),
    path("panel.js", panel.script, name="panel"),
    path("panel/choice", panel.choice, name="panel choice"),
    path("sites", linked.page, name="linked"),
    path("leaving", linked.leaving, name="leaving"),
    path("language", set_language, name="language"),
    path("assets/<str:mark>/<str:name>", assets.serve, name="asset"),
]

handler400 = "upheld.web.answers.bad_request"
handler403 = "upheld.web.answers.forbidden"
handler404 = "upheld.web.answers.not_found"
handler500 = "upheld.web.answers.broken"
