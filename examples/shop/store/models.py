"""The shop's tables. What a column holds of people, `systems.toml` says to Upheld; where a person is out, a flag says to the shop."""

from __future__ import annotations

from django.db import models

# ruff: noqa: DJ008 - a row has no words of its own: it would show a person wherever it is written


class Customer(models.Model):
    """Somebody with an account, or who once ordered."""

    email = models.CharField(max_length=254, unique=True)
    first_name = models.CharField(max_length=80)
    last_name = models.CharField(max_length=80)
    phone = models.CharField(max_length=40, blank=True)
    street = models.CharField(max_length=120, blank=True)
    town = models.CharField(max_length=80, blank=True)
    zip = models.CharField(max_length=20, blank=True)
    region = models.CharField(max_length=20, blank=True)
    age = models.IntegerField(null=True)
    password = models.CharField(max_length=200, blank=True)
    no_newsletter = models.BooleanField(default=False)
    no_post = models.BooleanField(default=False)
    no_calls = models.BooleanField(default=False)
    no_sharing = models.BooleanField(default=False)
    no_suggestions = models.BooleanField(default=False)

    class Meta:
        """Its name in the data map."""

        db_table = "customers"


class Product(models.Model):
    """Something to buy. `goes_with`: what is most like it by its name; nothing of any person is in it."""

    code = models.CharField(max_length=20, unique=True)
    name = models.CharField(max_length=200)
    pence = models.IntegerField()
    goes_with = models.JSONField(default=list)

    class Meta:
        """Its name in the data map."""

        db_table = "products"
        ordering = ("name",)

    @property
    def price(self) -> str:
        """As people read it."""
        return f"£{self.pence / 100:.2f}"


class Order(models.Model):
    """What one customer ordered, and where it goes. A card is known by token and last four digits alone."""

    customer = models.ForeignKey(Customer, models.PROTECT)
    placed_at = models.DateTimeField()
    products = models.JSONField()
    pence = models.IntegerField()
    name = models.CharField(max_length=160)
    street = models.CharField(max_length=120)
    town = models.CharField(max_length=80)
    zip = models.CharField(max_length=20)
    card_token = models.CharField(max_length=40)
    card_last_four = models.CharField(max_length=4)

    class Meta:
        """Its name in the data map."""

        db_table = "orders"


class Quote(models.Model):
    """Somebody asked what a larger number of something would cost."""

    name = models.CharField(max_length=160)
    email = models.CharField(max_length=254)
    company = models.CharField(max_length=160, blank=True)
    products = models.CharField(max_length=400)
    asked_at = models.DateTimeField()

    class Meta:
        """Its name in the data map."""

        db_table = "quotes"


class Survey(models.Model):
    """How somebody liked it. Read as totals only (P11): nothing in the shop shows one answer."""

    email = models.CharField(max_length=254, blank=True)
    stars = models.IntegerField()
    would_return = models.BooleanField()
    answered_at = models.DateTimeField()

    class Meta:
        """Its name in the data map."""

        db_table = "survey_answers"
