"""What one record somewhere says of a person, and how like what was given it is: words and weights, never a stored value."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Held:
    """The identifying values of one record, as written there; None: the record has none. Never shown in a trace."""

    email: str | None = field(default=None, repr=False)
    phone: str | None = field(default=None, repr=False)
    account: str | None = field(default=None, repr=False)
    first: str | None = field(default=None, repr=False)
    last: str | None = field(default=None, repr=False)
    address: str | None = field(default=None, repr=False)
    zip: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Evidence:
    """One comparison: of what (`first name`), how it came out in words (`a known short form`), and what it weighs in bits."""

    of: str
    words: str
    bits: float


@dataclass(frozen=True, slots=True)
class Likeness:
    """How like a record is to what was given. `weight` is in bits, odds included. `same_email`: the normal forms are equal.

    `veto`: in words, what forbids to take them for one person although the weight is high (a differing first name, a suffix).
    """

    weight: float
    evidence: tuple[Evidence, ...]
    same_email: bool = False
    veto: str | None = None
