"""The shop's pages."""

from __future__ import annotations

from django.urls import path

from examples.shop.store import pages

urlpatterns = [
    path("", pages.catalogue, name="catalogue"),
    path("things/<str:code>", pages.product, name="product"),
    path("cart", pages.cart, name="cart"),
    path("checkout", pages.checkout, name="checkout"),
    path("quote", pages.quote, name="quote"),
    path("register", pages.register, name="register"),
    path("sign-in", pages.sign_in, name="sign-in"),
    path("sign-out", pages.sign_out, name="sign-out"),
    path("survey", pages.survey, name="survey"),
    path("thanks", pages.thanks, name="thanks"),
    path("style.css", pages.style, name="style"),
]
