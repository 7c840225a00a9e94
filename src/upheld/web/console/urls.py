"""The addresses of the console."""

from __future__ import annotations

from django.urls import path
from django.views.i18n import set_language

from upheld.web import assets
from upheld.web.console import start

urlpatterns = [
    path("", start.page, name="start"),
    path("language", set_language, name="language"),
    path("assets/<str:mark>/<str:name>", assets.serve, name="asset"),
]

handler400 = "upheld.web.answers.bad_request"
handler403 = "upheld.web.answers.forbidden"
handler404 = "upheld.web.answers.not_found"
handler500 = "upheld.web.answers.broken"
