"""Fill the shop's database in `SHOP_FOLDER`: the real catalogue and orders, made-up people."""

from __future__ import annotations

import os
import secrets
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from examples.shop import tables
from examples.shop.people import person

PASSWORD = "a sample password"
THINGS = 600  # the best-known things of the catalogue


def fill() -> str:
    """Make the tables and fill them; the address of the customer who may sign in."""
    from django.contrib.auth.hashers import make_password
    from django.core.management import call_command

    from examples.shop.store.models import Customer, Order, Product

    call_command("migrate", run_syncdb=True, interactive=False, verbosity=0)
    lines = list(tables.orders())
    bought = tables.customers(lines)
    people = [person(number, one.country) for number, one in bought.items()]
    Customer.objects.bulk_create(
        [
            Customer(
                id=who.customer, email=who.email, first_name=who.first, last_name=who.last, phone=who.phone, street=who.street,
                town=who.town, zip=who.zip, region=who.region, age=who.age,
            )
            for who in people
        ],
        batch_size=500,
    )  # fmt: skip
    things = _things(lines)
    Product.objects.bulk_create([Product(**thing) for thing in things], batch_size=500)
    known = {who.customer: who for who in people}
    Order.objects.bulk_create([Order(**order) for order in _orders(lines, known, {thing["code"] for thing in things})], batch_size=500)
    sample = people[7]
    Customer.objects.filter(pk=sample.customer).update(password=make_password(PASSWORD))
    return sample.email


def _things(lines: Iterable[dict[str, str]]) -> list[dict[str, Any]]:
    """The things that most orders name, with their usual price, and what is like them by name."""
    names: dict[str, Counter[str]] = defaultdict(Counter)
    prices: dict[str, Counter[int]] = defaultdict(Counter)
    for line in lines:
        pence = round(float(line["UnitPrice"]) * 100)
        if pence > 0 and line["Description"].strip() and line["StockCode"][:1].isdigit():
            names[line["StockCode"]][line["Description"].strip()] += 1
            prices[line["StockCode"]][pence] += 1
    codes = sorted(names, key=lambda code: (-names[code].total(), code))[:THINGS]
    said = {code: names[code].most_common(1)[0][0].capitalize() for code in codes}
    words = {code: set(name.lower().split()) for code, name in said.items()}
    rare = Counter(word for some in words.values() for word in some)
    return [
        {
            "code": code,
            "name": said[code],
            "pence": prices[code].most_common(1)[0][0],
            "goes_with": sorted(
                (other for other in codes if other != code and words[other] & words[code]),
                key=lambda other: (-sum(1 / rare[word] for word in words[other] & words[code]), other),
            )[:6],
        }
        for code in codes
    ]


def _orders(lines: Iterable[dict[str, str]], known: dict[int, Any], codes: set[str]) -> list[dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for line in lines:
        if not line["CustomerID"] or line["InvoiceNo"].startswith("C"):
            continue
        who = known[int(float(line["CustomerID"]))]
        order = found.setdefault(
            line["InvoiceNo"],
            {
                "customer_id": who.customer, "placed_at": datetime.fromisoformat(line["InvoiceDate"]).replace(tzinfo=UTC), "products": [],
                "pence": 0, "name": f"{who.first} {who.last}", "street": who.street, "town": who.town, "zip": who.zip,
                "card_token": f"tok_{line['InvoiceNo']}", "card_last_four": "4242",
            },
        )  # fmt: skip
        order["pence"] += round(float(line["UnitPrice"]) * 100) * int(line["Quantity"])
        if line["StockCode"] in codes:
            order["products"].append(line["StockCode"])
    return list(found.values())


def main() -> None:
    """Fill the shop of `SHOP_FOLDER`; prints who may sign in."""
    folder = Path(os.environ["SHOP_FOLDER"])
    secret = folder / "shop.secret"
    if not secret.exists():
        secret.write_bytes(secrets.token_bytes(32))
        secret.chmod(0o600)
    os.environ["DJANGO_SETTINGS_MODULE"] = "examples.shop.store.settings"
    import django

    django.setup()
    sys.stdout.write(f"{fill()}\n")


if __name__ == "__main__":
    main()
