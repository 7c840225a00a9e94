"""The normal forms of all that one record, or one request, says of a person: what is coded and compared."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from upheld.people import addresses, names, normal
from upheld.people.held import Held
from upheld.people.identifiers import Account, Email, Identifier, Phone, Postal

_NOBODY = names.First((), "", "", "")
_NO_FAMILY = names.Last("", (), "")
_NOWHERE = addresses.Address("", "", "")


@dataclass(frozen=True, slots=True)
class Portrait:
    """One name and address with everything else said beside it. What was not given, or cannot be read, is empty."""

    emails: tuple[str, ...] = field(default=(), repr=False)
    phones: tuple[str, ...] = field(default=(), repr=False)
    accounts: tuple[str, ...] = field(default=(), repr=False)
    first: names.First = field(default=_NOBODY, repr=False)
    last: names.Last = field(default=_NO_FAMILY, repr=False)
    where: addresses.Address = field(default=_NOWHERE, repr=False)
    zip: str = field(default="", repr=False)

    @property
    def suffix(self) -> int:
        """The generation suffix, which may stand in either name; 0: none given."""
        return self.last.suffix or self.first.suffix

    @property
    def says_phone_only(self) -> bool:
        """Whether a telephone number is all that was said."""
        return bool(self.phones) and self == Portrait(phones=self.phones)


def of_row(said: Sequence[Held]) -> tuple[Portrait, ...]:
    """What one row says: one portrait for each name and address in it, each with every e-mail, telephone and account beside it."""
    each = [of_held(one) for one in said]
    if len(each) == 1:
        return (each[0],)
    emails, phones, accounts = (_all(getattr(one, name) for one in each) for name in ("emails", "phones", "accounts"))
    lives = dict.fromkeys((one.first, one.last, one.where, one.zip) for one in each)
    lives.pop((_NOBODY, _NO_FAMILY, _NOWHERE, ""), None)
    return tuple(Portrait(emails, phones, accounts, *life) for life in lives) or (Portrait(emails, phones, accounts),)


def _all(several: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for values in several for value in values))


def of_held(held: Held) -> Portrait:
    """What a record says."""
    return Portrait(
        _form(normal.email(held.email or "")),
        _form(normal.phone(held.phone or "")),
        _form(normal.account(held.account or "")),
        names.first_name(held.first or ""),
        names.last_name(held.last or ""),
        addresses.address(held.address or ""),
        normal.zip_code(held.zip or ""),
    )


def of_given(given: Sequence[Identifier]) -> tuple[Portrait, ...]:
    """What a person said: one portrait for each name and address (or one without any), each with everything else that was given."""
    emails = dict.fromkeys(form for one in given if isinstance(one, Email) for form in _form(normal.email(one.value)))
    phones = dict.fromkeys(form for one in given if isinstance(one, Phone) for form in _form(normal.phone(one.value, one.region)))
    accounts = dict.fromkeys(form for one in given if isinstance(one, Account) for form in _form(normal.account(one.value)))
    beside = tuple(emails), tuple(phones), tuple(accounts)
    postals = dict.fromkeys(one for one in given if isinstance(one, Postal))
    made = tuple(
        Portrait(*beside, names.first_name(one.first), names.last_name(one.last), addresses.address(one.address), normal.zip_code(one.zip))
        for one in postals
    )
    return made or (Portrait(*beside),)


def _form(normal_form: str) -> tuple[str, ...]:
    return (normal_form,) if normal_form else ()
