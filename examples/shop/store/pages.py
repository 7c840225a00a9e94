"""The shop's pages: as small as a shop can be and still fill all its tables, and asking before it suggests."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django import forms
from django.conf import settings
from django.contrib.auth.hashers import check_password, make_password
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from examples.shop.store.asking import Upheld
from examples.shop.store.models import Customer, Order, Product, Quote, Survey

upheld = Upheld(settings.API, settings.KEY)
SIGNAL = "Opt-out preference signal (Sec-GPC: 1)"
_STYLE = (Path(__file__).parent / "static" / "style.css").read_bytes()


def surroundings(request: HttpRequest) -> dict[str, Any]:
    """What every page shows: who is signed in, what is in the cart, where the privacy centre is."""
    return {
        "customer": _customer(request),
        "in_cart": sum(request.session.get("cart", {}).values()),
        "centre": settings.CENTRE,
        "signalled": request.headers.get("Sec-GPC") == "1",
    }


def signal(answer: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """A browser's signal of somebody who is signed in is handed on once, before anything is done with what they do here."""

    def look(request: HttpRequest) -> HttpResponse:
        customer = _customer(request)
        if customer is not None and request.headers.get("Sec-GPC") == "1" and not request.session.get("signalled"):
            request.session["signalled"] = upheld.stop("sharing", customer.email, SIGNAL)
        return answer(request)

    return look


def _customer(request: HttpRequest) -> Customer | None:
    number = request.session.get("customer")
    return Customer.objects.filter(pk=number).first() if number else None


@require_GET
def catalogue(request: HttpRequest) -> HttpResponse:
    """What there is to buy."""
    wanted = request.GET.get("q", "")[:80]
    things = Product.objects.filter(name__icontains=wanted) if wanted else Product.objects.all()
    page = Paginator(things, 24).get_page(request.GET.get("page"))
    return render(request, "store/catalogue.html", {"page": page, "wanted": wanted})


@require_GET
def product(request: HttpRequest, code: str) -> HttpResponse:
    """One thing."""
    return render(request, "store/product.html", {"thing": get_object_or_404(Product, code=code)})


@require_http_methods(["GET", "POST"])
def cart(request: HttpRequest) -> HttpResponse:
    """The cart: a POST puts something in, or takes it out. It lies in the visitor's own cookie."""
    held = dict(request.session.get("cart", {}))
    if request.method == "POST":
        thing = get_object_or_404(Product, code=request.POST.get("code", ""))
        many = request.POST.get("many", "1")
        held[thing.code] = min(int(many), 99) if many.isdigit() and len(many) < 4 else 1
        request.session["cart"] = {code: count for code, count in list(held.items())[-20:] if count}
        return redirect("cart")
    lines = [(thing, held[thing.code]) for thing in Product.objects.filter(code__in=held)]
    total = sum(thing.pence * count for thing, count in lines)
    suggested = _suggested(_customer(request), [thing for thing, _ in lines])
    return render(request, "store/cart.html", {"lines": lines, "total": f"£{total / 100:.2f}", "suggested": suggested})


def _suggested(customer: Customer | None, held: list[Product]) -> list[Product] | None:
    """What goes with the cart; None if the policy does not let us suggest to this person (`use.suggestions`, `rights.choices`)."""
    if customer is not None and not upheld.may("recommendation", customer.email, items=["cart.products"]):
        return None
    codes = [code for thing in held for code in thing.goes_with if code not in {one.code for one in held}]
    return list(Product.objects.filter(code__in=codes[:4]))


class Address(forms.Form):
    """Who orders, and where it goes. The card stays with the bank: the shop sees a token and four digits."""

    first_name = forms.CharField(max_length=80, widget=forms.TextInput({"autocomplete": "given-name"}))
    last_name = forms.CharField(max_length=80, widget=forms.TextInput({"autocomplete": "family-name"}))
    email = forms.EmailField(max_length=254, widget=forms.EmailInput({"autocomplete": "email"}))
    phone = forms.CharField(max_length=40, required=False, widget=forms.TextInput({"autocomplete": "tel"}))
    street = forms.CharField(max_length=120, widget=forms.TextInput({"autocomplete": "street-address"}))
    town = forms.CharField(max_length=80, widget=forms.TextInput({"autocomplete": "address-level2"}))
    zip = forms.CharField(max_length=20, widget=forms.TextInput({"autocomplete": "postal-code"}))


@require_http_methods(["GET", "POST"])
def checkout(request: HttpRequest) -> HttpResponse:
    """Order what is in the cart."""
    held, customer = request.session.get("cart", {}), _customer(request)
    if not held:
        return redirect("cart")
    known = {name: getattr(customer, name) for name in Address.base_fields} if customer else None
    form = Address(request.POST if request.method == "POST" else None, initial=known)
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        if customer is None:  # an address without an account: the order is kept under it, nothing of an account is shown
            customer, _ = Customer.objects.get_or_create(email=given["email"].lower(), defaults=given | {"email": given["email"].lower()})
        things = list(Product.objects.filter(code__in=held))
        Order.objects.create(
            customer=customer, placed_at=datetime.now(UTC), products=[thing.code for thing in things],
            pence=sum(thing.pence * held[thing.code] for thing in things), name=f"{given['first_name']} {given['last_name']}",
            street=given["street"], town=given["town"], zip=given["zip"], card_token=f"tok_{secrets.token_hex(12)}",
            card_last_four="4242",
        )  # fmt: skip
        request.session["cart"] = {}
        return _thank(request, "Your order is on its way.")
    return render(request, "store/form.html", {"form": form, "title": "Checkout", "send": "Order and pay", "why": "orders"})


class AskQuote(forms.ModelForm):
    """What somebody would like an offer for."""

    email = forms.EmailField(max_length=254)

    class Meta:
        """Of the table of quotes."""

        model = Quote
        fields = ("name", "email", "company", "products")


@require_http_methods(["GET", "POST"])
def quote(request: HttpRequest) -> HttpResponse:
    """Ask what more of something would cost."""
    form = AskQuote(request.POST or None)
    if form.is_bound and form.is_valid():
        form.instance.asked_at = datetime.now(UTC)
        form.save()
        return _thank(request, "We will write to you with an offer.")
    return render(request, "store/form.html", {"form": form, "title": "Ask for a quote", "send": "Ask", "why": "other"})


class Registration(forms.Form):
    """An account. Nothing is ticked for anybody: offers by e-mail are signed up for elsewhere, in two steps."""

    first_name = forms.CharField(max_length=80)
    last_name = forms.CharField(max_length=80)
    email = forms.EmailField(max_length=254)
    password = forms.CharField(min_length=10, max_length=200, widget=forms.PasswordInput({"autocomplete": "new-password"}))


@require_http_methods(["GET", "POST"])
def register(request: HttpRequest) -> HttpResponse:
    """Make an account."""
    form = Registration(request.POST or None)
    if form.is_bound and form.is_valid():
        given = form.cleaned_data
        email = given["email"].lower()
        if not Customer.objects.filter(email=email).exists():  # whoever has one already is told nothing here: addresses are not probed
            made = Customer.objects.create(**given | {"email": email, "password": make_password(given["password"])})
            request.session["customer"] = made.pk
        return _thank(request, "Your account is ready. If the address had one already, sign in with its password.")
    return render(request, "store/form.html", {"form": form, "title": "Make an account", "send": "Make it", "why": "other"})


class SignIn(forms.Form):
    """Who one is."""

    email = forms.EmailField(max_length=254, widget=forms.EmailInput({"autocomplete": "username"}))
    password = forms.CharField(max_length=200, widget=forms.PasswordInput({"autocomplete": "current-password"}))


@require_http_methods(["GET", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in. A wrong password and an unknown address are one answer, after the same time."""
    form = SignIn(request.POST or None)
    if form.is_bound and form.is_valid():
        found = Customer.objects.filter(email=form.cleaned_data["email"].lower()).exclude(password="").first()
        kept = found.password if found else make_password(None)
        if check_password(form.cleaned_data["password"], kept) and found:
            request.session.cycle_key()
            request.session["customer"] = found.pk
            return redirect("catalogue")
        form.add_error(None, "The address or the password is not right.")
    return render(request, "store/form.html", {"form": form, "title": "Sign in", "send": "Sign in", "why": ""})


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Sign out."""
    request.session.flush()
    return redirect("catalogue")


class Answers(forms.Form):
    """Two questions, about us."""

    stars = forms.TypedChoiceField(label="How did you like it?", choices=[(n, f"{n} of 5") for n in range(5, 0, -1)], coerce=int)
    would_return = forms.BooleanField(label="I would come back", required=False)


@require_http_methods(["GET", "POST"])
def survey(request: HttpRequest) -> HttpResponse:
    """A short survey: answers are read as totals only."""
    form, customer = Answers(request.POST or None), _customer(request)
    if form.is_bound and form.is_valid():
        Survey.objects.create(email=customer.email if customer else "", answered_at=datetime.now(UTC), **form.cleaned_data)
        return _thank(request, "Thank you. We read answers only as totals.")
    return render(request, "store/form.html", {"form": form, "title": "Two questions", "send": "Answer", "why": "survey"})


def _thank(request: HttpRequest, words: str) -> HttpResponse:
    request.session["thanks"] = words
    return redirect("thanks")


@require_GET
def thanks(request: HttpRequest) -> HttpResponse:
    """What becomes of it."""
    return render(request, "store/thanks.html", {"words": request.session.get("thanks", "Thank you.")})


@require_GET
def style(_: HttpRequest) -> HttpResponse:
    """The stylesheet."""
    return HttpResponse(_STYLE, content_type="text/css; charset=utf-8", headers={"Cache-Control": "max-age=3600"})
