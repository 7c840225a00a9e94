"""Guessing what a column holds, from its name, its type and some rows; the rows are looked at and forgotten, never kept or shown."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from upheld.errors import No
from upheld.people import normal
from upheld.systems.datamap import Part

ENOUGH: Final = 0.8
"""The share of the filled rows that must fit a pattern."""
ENOUGH_ROWS: Final = 10
"""The filled rows from which two values that are no marks are taken for all that a column knows."""
FEWEST: Final = 3
"""The filled rows that a pattern needs to be believed."""

_SPLIT = re.compile(r"[^A-Za-z0-9]+|(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_PHONE = re.compile(r"\+?[\d ()./-]{7,24}( ?(ext|x)\.? ?\d{1,6})?")
_ZIP = re.compile(r"\d{5}(-?\d{4})?")
_STREET = re.compile(r"(\d+\S* .*[^\W\d]{2}.*)|(p\.? ?o\.? box .+)", re.IGNORECASE)
_CARD = re.compile(r"[2-6][\d -]{12,22}")
_NUMBERS = ("int", "num", "dec", "float", "double", "real", "serial", "money", "bool", "bit", "year")
_TIMES = ("date", "time", "interval")


@dataclass(frozen=True, slots=True)
class Guess:
    """What a column may hold: a kind of information (`email`), a part of a person's identity, or what a flag stops.

    `seen`: rows bear it out, not the name alone. `out` is the value of a flag that probably means out, of the well-known marks alone.
    `marks`: nothing is understood of it but that it knows two values, so that it may mark those who are out.
    """

    kind: str | None = None
    part: Part | None = None
    topic: str | None = None
    out: str = ""
    seen: bool = False
    note: str = ""
    marks: bool = False


_BY_NAME: Final[Sequence[tuple[tuple[str, ...], str, Part | None]]] = (
    (("email", "mail address", "e mail"), "email", "email"),
    (("phone", "telephone", "tel", "mobile", "cell", "fax"), "phone", "phone"),
    (("first name", "firstname", "fname", "given name", "givenname", "forename"), "name", "first"),
    (("last name", "lastname", "lname", "surname", "family name", "familyname"), "name", "last"),
    (("name suffix", "suffix", "generation"), "name", "suffix"),
    (("full name", "fullname", "contact name", "customer name", "recipient name", "ship name", "person name"), "name", "full"),
    (("zip", "zipcode", "zip code", "postcode", "postal code", "postalcode", "plz"), "address", "zip"),
    (("apartment", "apt", "unit number", "suite"), "address", "unit"),
    (("street", "address", "addr", "address1", "address line"), "address", "address"),
    (("city", "town"), "address", "city"),
    (("state", "province", "us state"), "address", "state"),
    (("country", "country code", "region code"), "address", "region"),
    (("birth date", "birthdate", "date of birth", "dob", "birthday"), "birth date", None),
    (("ip", "ip address", "ipaddress", "remote addr"), "ip address", None),
    (("cookie", "cookie id", "visitor id", "device id"), "cookie", None),
    (("card number", "cardnumber", "pan", "cc number", "credit card"), "card number", None),
    (("card token", "payment token"), "card token", None),
    (("last four", "last4", "card last four"), "card last four", None),
    (("company", "organisation", "organization", "company name"), "company", None),
    (("customer number", "customer no", "account number", "account no", "username", "user name", "login"), "account number", "account"),
    (("name",), "name", "full"),
)
"""Names that columns have, the kind of information and the part that they speak of; the first that fits counts."""
_FLAGS: Final[Sequence[tuple[tuple[str, ...], str]]] = (
    (("no mail", "no post", "post opt out", "postal opt out", "do not mail", "donotmail"), "post"),
    (("no call", "do not call", "donotcall", "phone opt out", "no phone"), "calls"),
    (("no share", "do not share", "do not sell", "share opt out", "no sale", "no ads", "ads off", "ads ok", "ad opt out"), "sharing"),
    (
        ("no email", "email opt out", "newsletter", "subscribed", "unsubscribed", "opt out", "optout", "opted out", "do not email",
         "opt in", "optin", "consent", "do not contact", "donotcontact", "no contact", "contact ok", "suppress",
         "blocked", "blacklisted", "blocklisted", "no marketing", "marketing ok", "marketing off", "marketing allowed", "mail off",
         "mail ok", "email ok", "email off", "unsubscribe", "mailable", "contactable"),
        "newsletter",
    ),
)  # fmt: skip
"""Names that flags have, and the topic that they probably mark."""
_STOPPING: Final = (
    "no ", "out", "optout", "not ", "donot", "unsubscribe", "suppress", "block", "blacklist", " off", "withdrawn", "revoked"
)  # fmt: skip
"""What the name of a column says that stops by its yes."""
_YES_NO: Final = (("unsubscribed", "subscribed"), ("out", "in"), ("1", "0"), ("yes", "no"), ("y", "n"), ("true", "false"), ("t", "f"))
"""Marks in pairs; of the first two pairs the former means out whatever the column is called."""
_MARKS: Final = frozenset("0 1 y n yes no t f true false in out subscribed unsubscribed".split())
"""What a flag may hold."""


def guess(column: str, type_: str, values: Sequence[object]) -> Guess:
    """What a column may hold. An empty guess: nothing speaks for anything about people."""
    words = " ".join(word.lower() for word in _SPLIT.split(column) if word)
    filled = [value for value in values if value is not None and str(value).strip()]
    flag = _flag(words, filled)
    if flag is not None:
        return flag
    by_value = _by_value(filled)
    for names, kind, part in _BY_NAME:
        if any(re.search(rf"(^| ){re.escape(name)}( \d|s)?$", words) for name in names):
            return _named(kind, part, by_value, filled)
    if by_value is not None and not (by_value.part == "zip" or (by_value.part == "phone" and is_number_or_time(type_))):
        return by_value
    return Guess(marks=True, note="two values: do they mark who is out?") if _two_valued(type_, filled) else Guess()


def _two_valued(type_: str, filled: Sequence[object]) -> bool:
    """Whether a column knows no more than two values: by its type, by marks, or by enough rows."""
    said = type_.lower()
    if any(said.startswith(one) or f" {one}" in said for one in _TIMES):
        return False
    seen = {_value(value).lower() for value in filled}
    if not seen:
        return said.startswith(("bool", "bit", "tinyint"))
    return seen <= _MARKS or (len(seen) == 2 and len(filled) >= ENOUGH_ROWS)


def is_number_or_time(type_: str) -> bool:
    """Whether a column's type cannot hold words."""
    said = type_.lower()
    return any(said.startswith(one) or f" {one}" in said for one in (*_NUMBERS, *_TIMES)) and "char" not in said


def _named(kind: str, part: Part | None, by_value: Guess | None, filled: Sequence[object]) -> Guess:
    """What a name says, borne out by the rows or not; rows that clearly say something else win."""
    if by_value is not None and by_value.kind != kind and by_value.kind in {"email", "card number", "ip address"}:
        return by_value
    borne_out = by_value is not None and by_value.part == part and by_value.kind == kind
    if part in _PATTERNS and len(filled) >= FEWEST and not borne_out:
        return Guess(kind, part, note=f"the name says `{part}`, the rows do not look like it")
    note = by_value.note if borne_out and by_value else "by its name"
    return Guess(kind, part, seen=borne_out, note=note)


def _flag(words: str, filled: Sequence[object]) -> Guess | None:
    seen = {_value(value) for value in filled}
    if not {value.lower() for value in seen} <= _MARKS:  # nothing but a mark is ever shown: a name may be as short
        return None
    for names, topic in _FLAGS:
        if any(name in words for name in names):
            stops = any(name in words for name in _STOPPING)
            note = f"marks with {_listed(sorted(seen))}" if seen else "no row yet"
            return Guess(topic=topic, out=_out(stops=stops, seen=seen), note=note)
    return None


def _out(*, stops: bool, seen: set[str]) -> str:
    """The value that means out: of a column named for stopping its yes, of one named for receiving its no, in the words that rows have."""
    for yes, no in _YES_NO:
        here = {value.lower(): value for value in seen}
        if yes in here or no in here:
            word = yes if stops or yes in {"out", "unsubscribed"} else no
            return here.get(word, word)
    return "1" if stops else "0"


def _value(value: object) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value).strip()


def _listed(values: Sequence[str]) -> str:
    return ", ".join(f"`{value}`" for value in values)


def _by_value(filled: Sequence[object]) -> Guess | None:
    """What most of the rows look like; None if nothing, or too few to tell."""
    if len(filled) < FEWEST:
        return None
    texts = [str(value).strip() for value in filled]
    for fits, kind, part, words in _SHAPES:
        share = sum(map(fits, texts)) / len(texts)
        if share >= ENOUGH:
            return Guess(kind, part, seen=True, note=f"{int(share * 100)} % {words}")
    return None


def _is_email(text: str) -> bool:
    return bool(_EMAIL.fullmatch(text)) and bool(_normal(normal.email, text))


def _is_phone(text: str) -> bool:
    return bool(_PHONE.fullmatch(text)) and sum(sign.isdigit() for sign in text) >= 10 and bool(_normal(normal.phone, text))


def _is_card(text: str) -> bool:
    """Whether a text is a card number: 13 to 19 digits of an issuer, whose last one is right by Luhn's sum."""
    digits = [int(sign) for sign in text if sign.isdigit()]
    if not _CARD.fullmatch(text) or not 13 <= len(digits) <= 19:
        return False
    doubled = [digit if at % 2 == 0 else digit * 2 - 9 * (digit > 4) for at, digit in enumerate(reversed(digits))]
    return sum(doubled) % 10 == 0


def _is_address_of_a_machine(text: str) -> bool:
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _normal(of: Callable[[str], str], text: str) -> str:
    try:
        return of(text)
    except No:
        return ""


_SHAPES: Final[Sequence[tuple[Callable[[str], bool], str, Part | None, str]]] = (
    (_is_email, "email", "email", "are e-mail addresses"),
    (_is_card, "card number", None, "are card numbers"),
    (_is_address_of_a_machine, "ip address", None, "are IP addresses"),
    (_is_phone, "phone", "phone", "are telephone numbers"),
    (lambda text: bool(_ZIP.fullmatch(text)), "address", "zip", "look like zip codes"),
    (lambda text: bool(_STREET.fullmatch(text)), "address", "address", "look like streets with a number"),
)
_PATTERNS: Final = frozenset({"email", "phone", "zip"})


def harmless(columns: Mapping[str, Guess]) -> bool:
    """Whether no column of a table speaks of people."""
    return all(one == Guess() or one.marks or one.part in {"region", "state", "city"} for one in columns.values())
