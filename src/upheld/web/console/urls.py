"""The addresses of the console. None holds anything about a person but a number of the record, or a one-time token."""

from __future__ import annotations

from allauth.account import views as account
from allauth.mfa.base import views as factors
from allauth.mfa.recovery_codes import views as codes
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from allauth.socialaccount import views as company
from allauth.socialaccount.providers.openid_connect import views as openid
from django.urls import path
from django.views.i18n import set_language

from upheld.web import assets, numbers
from upheld.web.console import (
    corrections,
    evidence,
    intake,
    pairs,
    person,
    policies,
    recipients,
    releases,
    requests,
    signing,
    sites,
    start,
    visits,
)

numbers.known()

SIGN_IN = [
    path("begin/<str:token>", signing.begin, name="begin"),
    path("sign-in", account.login, name="account_login"),
    path("sign-in/second", factors.authenticate, name="mfa_authenticate"),
    path("sign-in/passkey", passkeys.login_webauthn, name="mfa_login_webauthn"),
    path("sign-in/again", account.reauthenticate, name="account_reauthenticate"),
    path("sign-in/again/code", factors.reauthenticate, name="mfa_reauthenticate"),
    path("sign-in/again/passkey", passkeys.reauthenticate_webauthn, name="mfa_reauthenticate_webauthn"),
    path("sign-in/ended", account.account_inactive, name="account_inactive"),
    path("sign-in/company/<str:provider_id>", openid.login, name="openid_connect_login"),
    path("sign-in/company/<str:provider_id>/back", openid.callback, name="openid_connect_callback"),
    path("sign-in/company-unknown", company.signup, name="socialaccount_signup"),
    path("sign-in/company-not", company.login_error, name="socialaccount_login_error"),
    path("sign-in/company-cancelled", company.login_cancelled, name="socialaccount_login_cancelled"),
    path("sign-out", account.logout, name="account_logout"),
    path("account", factors.index, name="mfa_index"),
    path("account/app", totp.activate_totp, name="mfa_activate_totp"),
    path("account/app/remove", totp.deactivate_totp, name="mfa_deactivate_totp"),
    path("account/passkeys", passkeys.list_webauthn, name="mfa_list_webauthn"),
    path("account/passkeys/add", passkeys.add_webauthn, name="mfa_add_webauthn"),
    path("account/passkeys/<number:pk>/remove", passkeys.remove_webauthn, name="mfa_remove_webauthn"),
    path("account/passkeys/<number:pk>/rename", passkeys.edit_webauthn, name="mfa_edit_webauthn"),
    path("account/codes", codes.view_recovery_codes, name="mfa_view_recovery_codes"),
    path("account/codes/new", codes.generate_recovery_codes, name="mfa_generate_recovery_codes"),
    path("account/codes/download", codes.download_recovery_codes, name="mfa_download_recovery_codes"),
]

RECIPIENTS = [
    path("recipients", recipients.page, name="recipients"),
    path("recipients/<slug:name>", recipients.one, name="recipient"),
    path("recipients/<slug:name>/contract", recipients.contract, name="recipient contract"),
    path("recipients/<slug:name>/vetting", recipients.vet, name="recipient vet"),
    path("recipients/<slug:name>/addresses", recipients.addresses, name="recipient addresses"),
]

RELEASES = [
    path("releases", releases.page, name="releases"),
    path("releases/list/<number:number>", releases.order, name="release order"),
    path("releases/list/<number:number>/again", releases.again, name="release again"),
    path("releases/list/<number:number>/release", releases.begin, name="release begin"),
    path("releases/list/<number:number>/file", releases.fetch, name="release fetch"),
    path("releases/list/<number:number>/discard", releases.discard, name="release discard"),
    path("releases/person", releases.person, name="release person"),
]

POLICIES = [
    path("policies", policies.page, name="policies"),
    path("policies/version/<str:version>", policies.version, name="policies version"),
    path("policies/version/<str:version>/text", policies.source, name="policies source"),
    path("policies/draft/<number:number>", policies.draft, name="policies draft"),
    path("policies/draft/<number:number>/approve", policies.approve, name="policies approve"),
    path("policies/draft/<number:number>/post", policies.post, name="policies post"),
    path("policies/draft/<number:number>/withdraw", policies.withdraw, name="policies withdraw"),
]

EVIDENCE = [
    path("evidence", evidence.page, name="evidence"),
    path("evidence/entry/<number:number>", evidence.one, name="evidence entry"),
    path("evidence/entry/<number:number>/proof", evidence.proof, name="evidence proof"),
    path("evidence/check", evidence.checked, name="evidence check"),
    path("evidence/checkpoint", evidence.signed, name="evidence checkpoint"),
    path("evidence/ledger", evidence.whole, name="evidence export"),
    path("evidence/key", evidence.key, name="evidence key"),
    path("evidence/verifier", evidence.verifier, name="evidence verifier"),
]

urlpatterns = [
    path("", start.page, name="start"),
    *SIGN_IN,
    path("intake", intake.page, name="intake"),
    path("intake/done", intake.finished, name="intake done"),
    path("corrections", corrections.listed, name="corrections"),
    path("corrections/<number:number>", corrections.page, name="correction"),
    path("corrections/<number:number>/retry", corrections.retry, name="correction retry"),
    path("corrections/<number:number>/done", corrections.done, name="correction done"),
    path("person", person.page, name="person"),
    path("requests", requests.queue, name="requests"),
    path("requests/search", requests.search, name="requests search"),
    path("requests/<number:number>", requests.page, name="request"),
    path("requests/<number:number>/judge", requests.judge, name="request judge"),
    path("requests/<number:number>/retry", requests.retry, name="request retry"),
    path("requests/<number:number>/note", requests.write_note, name="request note"),
    path("requests/<number:number>/desk", requests.hand_over, name="request desk"),
    path("requests/<number:number>/answer", requests.answered, name="request answer"),
    path("requests/<number:number>/withdraw", requests.withdraw, name="request withdraw"),
    path("requests/<number:number>/complete", requests.complete, name="request complete"),
    path("pairs", pairs.page, name="pairs"),
    path("pairs/judge", pairs.judge, name="pairs judge"),
    path("visits", visits.page, name="visits"),
    *RELEASES,
    *RECIPIENTS,
    *POLICIES,
    path("sites", sites.page, name="sites"),
    *EVIDENCE,
    path("language", set_language, name="language"),
    path("assets/<str:mark>/<str:name>", assets.serve, name="asset"),
]

handler400 = "upheld.web.answers.bad_request"
handler403 = "upheld.web.answers.forbidden"
handler404 = "upheld.web.answers.not_found"
handler429 = "upheld.web.limits.too_often"
handler500 = "upheld.web.answers.broken"
