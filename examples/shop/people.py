"""MADE-UP PEOPLE FOR REAL ORDERS.

The shop's orders are real (examples/data/retail/SOURCE.md) but know their customers by number and country only. For each number this
makes up a person, always the same one: common names put together at random, an address in a street and town that do not exist, an e-mail
address under `.example` and a phone number of the range kept for fiction (555-01xx). Whoever bears such a name is not meant.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

FIRST = (
    "Ada Adam Agnes Alan Alice Amina Amir Ana Andrew Anna Anton Aoife Arthur Asha Beatrice Ben Carla Carmen Charles Chloe Clara "
    "Daniel David Diana Dilip Edith Elena Eli Emma Eric Esther Eva Fatima Felix Finn Florence Frank Grace Greta Hana Hannah Henry "
    "Hugo Ida Igor Ines Ingrid Irene Isaac Ivan Jack James Jane Jonas Jörg José Judith Julia Kai Karim Kate Laura Leo Leila Liam "
    "Lina Louis Lucy Luis Magda Maja Marco Maria Mark Martha Max Maya Mia Michael Mina Nadia Nina Noah Nora Olga Oliver Omar Oscar "
    "Otto Paul Paula Peter Petra Priya Quentin Rafael Rebecca René Robert Rosa Ruth Sam Sara Simon Sofía Stella Susan Tariq Theo "
    "Thomas Tilda Tom Uma Vera Victor Walter Wendy William Zoë"
).split()
LAST = (
    "Abbott Adler Ahmed Baker Barnes Becker Bell Bennett Berg Bishop Brandt Brooks Brown Burke Carter Chapman Clark Cole Collins "
    "Cook Cooper Costa Cruz Dahl Davies Diaz Dubois Dunn Ellis Evans Farmer Ferrari Fischer Fisher Fletcher Ford Foster Fox García "
    "Gardner Gibson Grant Gray Green Hall Hansen Harris Hart Hill Holm Hughes Hunt Iqbal Jansen Jensen Johnson Jones Kaya Keller "
    "Khan King Klein Koch Kumar Lang Larsen Lee Lewis Lindqvist Lopez Marsh Martin Mason Meyer Miller Mills Moore Moreau Morgan "
    "Müller Murphy Nagy Nash Nielsen Novak O'Brien Olsen Owen Palmer Park Parker Patel Pereira Peters Porter Price Reed Richter "
    "Rossi Ryan Santos Sato Schmidt Shaw Silva Singh Smith Stone Svensson Taylor Thorne Turner Vogel Wagner Walker Ward Weber West "
    "White Wilson Wolf Wood Wright Yilmaz Young Zimmer"
).split()
STREETS = "Larkspur Quince Marigold Saltmarsh Windfall Thistle Lanternlight Copperfinch Millwheel Driftwood Heronsgate Foxglove".split()
WAYS = ("Street", "Avenue", "Lane", "Road", "Row", "Court")
TOWNS = "Northmere Easterby Wyndhollow Penmoor Aldersea Brackwell Farrowdale Ostermouth Inglewick Tamsin-on-Sea".split()
MAIL = ("mail.example", "post.example", "letterbox.example", "inbox.example")
AREAS = (
    "201 202 203 205 206 207 208 209 210 212 213 214 215 216 217 218 219 224 225 228 229 231 234 239 240 248 251 252 253 254 256 "
    "260 262 267 269 270 272 276 281 301 302 303 304 305 307 308 309 310 312 313 314 315 316 317 318 319 320 321 323 325 330 331 334"
).split()
REGIONS = {
    "United Kingdom": "gb",
    "Germany": "de",
    "France": "fr",
    "Spain": "es",
    "Belgium": "be",
    "Switzerland": "ch",
    "Portugal": "pt",
    "Italy": "it",
    "Finland": "fi",
    "Norway": "no",
    "Australia": "au",
    "Netherlands": "nl",
    "Denmark": "dk",
    "Austria": "at",
    "Japan": "jp",
    "Sweden": "se",
    "Poland": "pl",
    "Cyprus": "cy",
    "Greece": "gr",
    "Canada": "ca",
    "USA": "us",
    "EIRE": "ie",
    "Malta": "mt",
    "Lithuania": "lt",
    "Iceland": "is",
    "Singapore": "sg",
    "Czech Republic": "cz",
    "Brazil": "br",
    "RSA": "za",
    "European Community": "eu",
    "Unspecified": "",
    "Channel Islands": "elsewhere",
    "Israel": "il",
    "United Arab Emirates": "elsewhere",
    "Bahrain": "elsewhere",
    "Lebanon": "elsewhere",
    "Saudi Arabia": "elsewhere",
}
"""The regions (policy/terms.py) of the countries that occur in the orders; empty where it is unknown."""


@dataclass(frozen=True, slots=True)
class Person:
    """One made-up customer. `age` is None for most: the shop never asked."""

    customer: int
    first: str
    last: str
    email: str
    phone: str
    street: str
    town: str
    zip: str
    region: str
    age: int | None


def person(customer: int, country: str) -> Person:
    """The person behind a customer number: the same at every call. Numbers run from 12346 to 18287, so a phone number occurs once."""
    chance = random.Random(customer)  # repeatable, not secret
    first, last = chance.choice(FIRST), chance.choice(LAST)
    area, line = divmod(customer - 12_346, 100)
    mailbox = f"{_ascii(first)}.{_ascii(last)}.{customer}".lower()
    flat = f", Apt {chance.randint(1, 40)}" if chance.random() < 0.15 else ""
    asked = chance.random()
    return Person(
        customer=customer,
        first=first,
        last=last,
        email=f"{mailbox}@{chance.choice(MAIL)}",
        phone=f"+1 {AREAS[area % len(AREAS)]} 555 01{line:02d}",
        street=f"{chance.randint(1, 180)} {chance.choice(STREETS)} {chance.choice(WAYS)}{flat}",
        town=chance.choice(TOWNS),
        zip=f"00{chance.randint(0, 999):03d}",
        region=REGIONS[country],
        age=None if asked < 0.7 else chance.randint(10, 12) if asked > 0.997 else chance.randint(18, 85),
    )


def _ascii(name: str) -> str:
    return name.translate(str.maketrans("öüéíëø'-", "oueieo__")).replace("_", "")
