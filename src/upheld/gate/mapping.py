"""What a list's columns are: by what they identify a person, what they say about one, and which item of the policy they are.

Both can be given (`--map COLUMN=WHAT`), and are found otherwise: by the column's name, if a sample of its values agrees. What is not
recognised, or could be several items, is no item at all: such a column never leaves.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from upheld.errors import Invalid
from upheld.gate import patterns, regions
from upheld.gate.patterns import share
from upheld.people.identifiers import Kind
from upheld.policy.terms import Vocabulary

ENOUGH = 0.6
"""The share of a sample's values that must look like what the column's name says."""


@dataclass(frozen=True, slots=True)
class Role:
    """One thing that a column can be: the names it goes by, the test of a value, and the kinds of item it is part of."""

    names: tuple[str, ...]
    fits: Callable[[str], bool]
    kinds: tuple[str, ...] = ()


ROLES: Mapping[str, Role] = {
    "email": Role(
        ("email", "e mail", "mail", "email address", "e mail address", "mail address"),
        patterns.is_email,
        ("email", "e-mail", "email address"),
    ),
    "first": Role(
        ("first", "first name", "firstname", "given name", "forename", "fname", "vorname", "prenom"),
        patterns.is_word,
        ("name", "first name"),
    ),
    "last": Role(
        ("last", "last name", "lastname", "surname", "family name", "lname", "nachname", "nom"), patterns.is_word, ("name", "last name")
    ),
    "full": Role(("name", "full name", "fullname", "customer name", "contact name", "contact", "customer"), patterns.is_word, ("name",)),
    "address": Role(
        ("address", "street", "street address", "address 1", "address1", "address line 1", "addr", "addr1", "strasse"),
        patterns.is_address,
        ("address",),
    ),
    "unit": Role(("address 2", "address2", "address line 2", "unit", "apartment", "apt", "suite"), bool, ("address",)),
    "city": Role(("city", "town", "locality", "ort"), patterns.is_word, ("address",)),
    "zip": Role(
        ("zip", "zip code", "zipcode", "postal code", "postalcode", "postcode", "post code", "zip5", "plz"), patterns.is_zip, ("address",)
    ),
    "state": Role(("state", "us state", "province"), regions.is_state, ("address",)),
    "country": Role(("country", "country code", "land"), regions.is_country, ("address",)),
    "region": Role(("region",), regions.is_region),
    "phone": Role(
        ("phone", "telephone", "phone number", "mobile", "cell", "tel", "mobile phone"), patterns.is_phone, ("phone", "telephone")
    ),
    "account": Role(("account", "account number", "account id", "customer id", "customerid", "customer number", "account no"), bool),
    "birth date": Role(
        ("birth date", "birthdate", "date of birth", "dob", "birthday", "born", "born on"), patterns.is_date, ("birth date",)
    ),
    "age": Role(("age",), patterns.is_age, ("age",)),
    "collected": Role(
        ("collected at", "collected", "collected on", "created at", "signed up", "signup date", "registered at"), patterns.is_date
    ),
    "version": Role(("policy version",), bool),
    "served": Role((), bool),
}
"""What a column can be. `served` (the recipient serves this person) is never guessed."""

_PLACE = ("address", "unit", "city", "zip", "state", "country")
_ROLE_WORDS = {"first name": "first", "last name": "last", "name": "full", "full name": "full", "birth": "birth date", "street": "address"}
_PARTS: Mapping[Kind, tuple[str, ...]] = {
    "email": ("email",), "postal": ("name", "address"), "phone": ("phone",), "account": ("account",)
}  # fmt: skip
_NAMED = {"first": "name", "last": "name", "full": "name"}
_ROLES_OF = {"name": ("full", "last")}
NOTHING = frozenset({"nothing", "none", "drop"})
UNCLEAR = "could be "


@dataclass(frozen=True, slots=True)
class Mapped:
    """What one column is. `item` None: no item of the policy, so it never leaves; `why` then says the reason to the user.

    `further`: the role that an earlier column has already; it identifies all the same (a second e-mail address, a billing address).
    """

    column: str
    role: str | None
    item: str | None
    why: str | None = None
    further: str | None = None

    @property
    def unclear(self) -> bool:
        """Whether it could be several items, and so is none."""
        return self.item is None and (self.why or "").startswith(UNCLEAR)


@dataclass(frozen=True, slots=True)
class ColumnMap:
    """What all columns are, in their order."""

    columns: tuple[Mapped, ...]

    def place(self, role: str) -> int | None:
        """Where the first column of a role stands."""
        return next((place for place, column in enumerate(self.columns) if column.role == role), None)

    def places(self, role: str) -> tuple[int, ...]:
        """Where all columns of a role stand, the first one first."""
        places = [place for place, column in enumerate(self.columns) if role in {column.role, column.further}]
        return tuple(sorted(places, key=lambda place: place != self.place(role)))

    @property
    def items(self) -> tuple[str, ...]:
        """The items that the list holds, each once, in order."""
        return tuple(dict.fromkeys(column.item for column in self.columns if column.item))

    @property
    def by_email(self) -> bool:
        """Whether rows name people by e-mail."""
        return self.place("email") is not None

    @property
    def by_post(self) -> bool:
        """Whether rows name people by name and address."""
        named = self.place("full") is not None or (self.place("first") is not None and self.place("last") is not None)
        return named and self.place("address") is not None and self.place("zip") is not None

    def demand_identifier(self, name: str) -> None:
        """`Invalid` if no column tells whom a row is about: then nobody's choice could be honoured."""
        if not (self.by_email or self.by_post or self.place("phone") is not None or self.place("account") is not None):
            there = ", ".join(f"`{column.column}`" for column in self.columns[:8])
            raise Invalid(
                f"no column of `{name}` tells whom a row is about: needed is an e-mail address, or name, address and zip, a phone or an "
                f"account; say which with `--map COLUMN=email` (columns: {there})"
            )


def map_columns(
    columns: Sequence[str],
    samples: Sequence[Sequence[str]],
    vocabulary: Vocabulary,
    given: Sequence[str] = (),
    source: str | None = None,
) -> ColumnMap:
    """Map a list's columns. `given` are `COLUMN=WHAT`, WHAT an item, a role or `nothing`; `source` is where the list's items come from.

    `Invalid` for a column or a word that does not exist.
    """
    if source is not None and source not in vocabulary.sources:
        raise Invalid(f"unknown source `{source}`{_near(source, vocabulary.sources)}")
    roles, items, dropped = _given(columns, vocabulary, given)
    taken: set[str] = set(roles.values())
    mapped: list[Mapped] = []
    for name, values in zip(columns, samples, strict=True):
        words, prefix = _split(name, vocabulary)
        item = items.get(name)
        role = roles.get(name) or (None if name in dropped else _found_role(words, values))
        if item is None and name not in dropped:
            item, why = _found_item(words, prefix, role, vocabulary, source, frozenset(items.values()))
        else:
            why = None if item else "dropped as you said"
        role = role or _identifying(item)
        if role in taken and name not in roles:
            role_for_person = None  # what a list says of a person is said by the first column of a role
        else:
            role_for_person = role
            if role:
                taken.add(role)
        mapped.append(Mapped(name, role_for_person, item, why, role if role_for_person is None else None))
    return ColumnMap(tuple(_from_pattern(mapped, samples, taken, given)))


def _given(columns: Sequence[str], vocabulary: Vocabulary, given: Sequence[str]) -> tuple[dict[str, str], dict[str, str], set[str]]:
    roles: dict[str, str] = {}
    items: dict[str, str] = {}
    dropped: set[str] = set()
    for pair in given:
        column, equals, what = pair.partition("=")
        column, what = column.strip(), " ".join(what.split())
        if not equals:
            raise Invalid(f"`--map {pair}` is not understood: write `--map COLUMN=ITEM`, e.g. `--map mail=order.email`")
        if column not in columns:
            raise Invalid(f"the list has no column `{column}`{_near(column, columns)}")
        role = what if what in ROLES else _ROLE_WORDS.get(what)
        if what in NOTHING:
            dropped.add(column)
        elif what in vocabulary.items:
            items[column] = what
        elif role:
            roles[column] = role
        else:
            raise Invalid(f"`{what}` is no item of the policy and no kind of column{_near(what, (*vocabulary.items, *ROLES))}")
    return roles, items, dropped


def tells(items: Iterable[str], kind: Kind, mapped: Collection[tuple[str, str]] = ()) -> bool:
    """Whether items (`order.email`) can tell who has them an identifier of a kind; a postal one takes both a name and an address.

    By what the items are called, or by what the merchant's data map says that they hold: `mapped` are items with a part of identity.
    """
    found = list(items)
    kinds = [item.partition(".")[2] or item for item in found]
    bound = {(item, _NAMED.get(part, part)) for item, part in mapped}
    return all(any(_part_of(each, part) for each in kinds) or any((item, part) in bound for item in found) for part in _PARTS[kind])


def _part_of(kind: str, part: str) -> bool:
    if part == "address":
        return _is_kind(kind, part, kind)
    named = {name for role in _ROLES_OF.get(part, (part,)) for name in (*ROLES[role].names, *ROLES[role].kinds)}
    return kind in named or (part in {"email", "phone"} and kind.endswith(tuple(f" {name}" for name in named)))


def _found_role(words: str, values: Sequence[str]) -> str | None:
    """The role that the name says, if the values agree (or the sample is blank)."""
    plain = words.removeprefix("shipping ").removeprefix("billing ").removeprefix("delivery ")
    for name, role in ROLES.items():
        if words in role.names or (name in _PLACE and plain in role.names):
            blank = not any(value.strip() for value in values)
            return name if blank or share(values, role.fits) >= ENOUGH else None
    return None


def _identifying(item: str | None) -> str | None:
    """What the item itself tells whom it is about: whatever its values look like, it must not leave without being looked up."""
    kind = item.partition(".")[2] if item else None
    return next((name for name in ("email", "phone") if kind in ROLES[name].kinds), None)


def _from_pattern(mapped: list[Mapped], samples: Sequence[Sequence[str]], taken: set[str], given: Sequence[str]) -> list[Mapped]:
    """E-mail addresses and phones are recognised by their look where no name said so; nothing else is."""
    for name in ("email", "phone"):
        if name in taken:
            continue
        for place, column in enumerate(mapped):
            told = any(pair.partition("=")[0].strip() == column.column for pair in given)
            if column.role is None and not told and share(samples[place], ROLES[name].fits) >= 0.9:
                mapped[place] = Mapped(column.column, name, column.item, column.why)
                break
    return mapped


def _split(name: str, vocabulary: Vocabulary) -> tuple[str, str | None]:
    """A column's name as words, without a leading source (`order_email`, `shipping_zip` is left to the kind)."""
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    words = " ".join(re.sub(r"[^\w]|_", " ", spaced).casefold().split())
    for source in vocabulary.sources:
        if words.startswith(f"{source} "):
            return words.removeprefix(f"{source} "), source
    return words, None


def _found_item(
    words: str, prefix: str | None, role: str | None, vocabulary: Vocabulary, source: str | None, named: frozenset[str]
) -> tuple[str | None, str | None]:
    """The one item that a column can be, or None and why not."""
    wanted = prefix or source
    items = [item for item in vocabulary.items if wanted is None or item.startswith(f"{wanted}.")]
    exact = [item for item in items if item.partition(".")[2] == words]
    fitting = exact or [item for item in items if role and _is_kind(item.partition(".")[2], role, words)]
    chosen = [item for item in fitting if item in named]  # what was said of the street holds for the town
    if len(fitting) == 1 or len(chosen) == 1:
        return (chosen or fitting)[0], None
    if fitting:
        either = " or ".join(f"`{item}`" for item in fitting[:4])
        return None, f"{UNCLEAR}{either}: say which with `--map`" + ("" if source else ", or say `--source`")
    told = "read to decide, but " if role else ""
    return None, f"{told}no item of the policy: say one with `--map` if it is one"


def _is_kind(kind: str, role: str, words: str) -> bool:
    if kind in ROLES[role].kinds:
        return True
    if role in _PLACE and kind.endswith(" address") and kind not in {"email address", "ip address", "mail address"}:
        first = kind.removesuffix(" address")
        return words.startswith(f"{first} ") or not words.startswith(("billing ", "shipping ", "delivery "))
    return False


def _near(word: str, known: Sequence[str]) -> str:
    close = get_close_matches(word, list(known), n=1, cutoff=0.5)
    return f"; did you mean `{close[0]}`?" if close else ": there are " + ", ".join(f"`{one}`" for one in known[:12])
