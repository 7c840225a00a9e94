"""THE SAMPLE SHOP'S TABLES: its customers with what they really bought, and who opted in and out, as its systems export them."""

from __future__ import annotations

import csv
import io
import lzma
import random
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from examples.shop.people import Person, person

ORDERS = Path(__file__).parents[1] / "data" / "retail" / "online_retail.csv.xz"


@dataclass(slots=True)
class Bought:
    """What one customer bought. `spent` is in pence."""

    country: str
    invoices: set[str] = field(default_factory=set)
    products: Counter[str] = field(default_factory=Counter)
    spent: int = 0
    last: str = ""


def orders() -> Iterator[dict[str, str]]:
    """The real order lines."""
    with lzma.open(ORDERS) as packed:
        yield from csv.DictReader(io.TextIOWrapper(packed, encoding="utf-8", newline=""))


def customers(lines: Iterable[dict[str, str]]) -> dict[int, Bought]:
    """What each customer bought, by customer number. Lines without a number, and cancellations, are left out."""
    found: dict[int, Bought] = {}
    for line in lines:
        if not line["CustomerID"]:
            continue
        bought = found.setdefault(int(float(line["CustomerID"])), Bought(line["Country"]))
        if line["InvoiceNo"].startswith("C"):
            continue
        bought.invoices.add(line["InvoiceNo"])
        bought.products[line["Description"].strip()] += int(line["Quantity"])
        bought.spent += round(float(line["UnitPrice"]) * 100) * int(line["Quantity"])
        bought.last = max(bought.last, line["InvoiceDate"][:10])
    return dict(sorted(found.items()))


def write(folder: Path) -> dict[str, int]:
    """Write the shop's tables into `folder`; the number of rows in each, and of order lines read."""
    counted: Counter[str] = Counter()

    def count(lines: Iterable[dict[str, str]]) -> Iterator[dict[str, str]]:
        for line in lines:
            counted["order lines"] += 1
            yield line

    bought = customers(count(orders()))
    people = [person(number, one.country) for number, one in bought.items()]
    counted["customers.csv"] = _csv(folder / "customers.csv", map(_row, people, bought.values()))
    newsletter, stopped = _choices(people)
    counted["newsletter.csv"] = _csv(folder / "newsletter.csv", newsletter)
    counted["stopped.csv"] = _csv(folder / "stopped.csv", stopped)
    return dict(counted)


def _row(who: Person, bought: Bought) -> dict[str, object]:
    favourite = bought.products.most_common(1)
    return {
        "customer number": who.customer,
        "first name": who.first,
        "last name": who.last,
        "email": who.email,
        "phone": who.phone,
        "shipping street": who.street,
        "shipping town": who.town,
        "shipping zip": who.zip,
        "region": who.region,
        "age": who.age or "",
        "orders": len(bought.invoices),
        "last order": bought.last,
        "spent": f"{bought.spent / 100:.2f}",
        "favourite": favourite[0][0] if favourite else "",
    }


def _choices(people: list[Person]) -> tuple[list[dict[str, object]], list[dict[str, object]]]:
    """Sign-ups of the newsletter by e-mail, and the telephone desk's notes of who wants to be left alone, written as people say them."""
    chance = random.Random(2011)  # repeatable, not secret
    newsletter: list[dict[str, object]] = []
    stopped: list[dict[str, object]] = []
    for who in people:
        if chance.random() < 0.4:
            when = f"2011-{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}T{chance.randint(8, 20):02d}:15:00Z"
            newsletter.append({"email": who.email, "topic": "newsletter", "choice": "in", "when": when, "how": "web"})
        calls = chance.random()
        if calls < 0.12:
            stopped.append(_stop(who, chance, by_email=calls < 0.05))
    return newsletter, stopped


def _stop(who: Person, chance: random.Random, *, by_email: bool) -> dict[str, object]:
    zip_plus_4 = f"{who.zip}-0{chance.randint(100, 999)}"
    said = {"first name": who.first.upper(), "last name": f" {who.last}", "street": who.street.upper(), "zip": zip_plus_4}
    none = dict.fromkeys(said, "")
    when = f"2012-01-{chance.randint(2, 28):02d}T{chance.randint(8, 17):02d}:30:00Z"
    return {
        **(none if by_email else said),
        "email": who.email.title() if by_email else "",
        "topic": chance.choice(("sharing", "sharing", "post", "newsletter")),
        "choice": "out",
        "when": when,
        "how": "phone",
    }


def _csv(path: Path, rows: Iterable[dict[str, object]]) -> int:
    written = list(rows)
    with path.open("w", encoding="utf-8", newline="") as out:
        table = csv.DictWriter(out, list(written[0]))
        table.writeheader()
        table.writerows(written)
    return len(written)
