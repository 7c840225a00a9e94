"""Signing in for the first time, by the one-time link that the command printed: a password, then at once a second factor."""

from __future__ import annotations

from typing import Any

from allauth.account.internal.flows.login import record_authentication
from allauth.mfa.models import Authenticator
from allauth.mfa.signals import authenticator_added
from django import forms
from django.conf import settings
from django.contrib.auth import login
from django.contrib.auth.password_validation import password_validators_help_texts, validate_password
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from upheld.web.console import accounts, outbox
from upheld.web.limits import limited
from upheld.web.surroundings import surroundings


class Password(forms.Form):
    """A password, typed twice."""

    first = forms.CharField(
        label=gettext_lazy("New password"), strip=False, max_length=200, widget=forms.PasswordInput(attrs={"autocomplete": "new-password"})
    )
    second = forms.CharField(
        label=gettext_lazy("The same once more"),
        strip=False,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )

    def __init__(self, *args: Any, user: Any, **more: Any) -> None:  # noqa: ANN401 - Django's own
        super().__init__(*args, **more)
        self.user = user

    def clean(self) -> Any:  # noqa: ANN401 - Django's dictionary
        """Both alike, and hard to guess."""
        given = super().clean()
        if not self.errors and given["first"] != given["second"]:
            self.add_error("second", _("This is not the same password."))
        elif not self.errors:
            try:
                validate_password(given["first"], self.user)
            except forms.ValidationError as weak:
                self.add_error("first", weak)
        return given


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@limited("begin", 20, 600)
def begin(request: HttpRequest, token: str) -> HttpResponse:
    """The page behind the link. A password opens nothing by itself: what is left to do is a factor, in this very session."""
    user = accounts.invited(token)
    form = Password(request.POST, user=user) if request.method == "POST" else Password(user=user)
    if form.is_bound and form.is_valid():
        user.set_password(form.cleaned_data["first"])
        user.save()
        request.session.flush()
        login(request, user, backend="allauth.account.auth_backends.AuthenticationBackend")
        record_authentication(request, user, "password", reauthenticated=True)
        request.session[accounts.BEGUN] = True
        return redirect("mfa_index")
    said = {"form": form, "hints": password_validators_help_texts(), "account": user.email}
    return render(request, "console/begin.html", said, status=400 if form.is_bound else 200)


@receiver(user_logged_in)
def _settled(**_more: Any) -> None:  # noqa: ANN401 - Django's own
    """Whoever signs in to the console finds the ledger whole."""
    if settings.SITE == "console":
        outbox.settle(surroundings().record, surroundings().now())


@receiver(authenticator_added)
def _added(request: HttpRequest, user: Any, authenticator: Any, **_more: Any) -> None:  # noqa: ANN401 - allauth's own
    """Whoever came by the link and has just shown a factor is signed in with it."""
    if authenticator.type != Authenticator.Type.RECOVERY_CODES and request.session.pop(accounts.BEGUN, False):
        record_authentication(request, user, "mfa", id=authenticator.pk, type=authenticator.type)
