"""What follows from a likeness: one verdict for stopping, another for showing or deleting, and neither can be taken for the other.

Stopping somebody's mail is cheap and can be undone; showing a file or deleting it cannot. So there are two functions with answers of two
types, and code that shows or deletes asks for a `Showing`, which only `for_showing` makes (mypy holds it; tests/people/test_verdicts.py has
it). What forbids to take two records for one person whatever they weigh is a *veto*:

- another first name, with regard to short forms: a spouse shares everything else;
- another generation suffix, or another unit at the same house: an agent looks, nothing is done by itself.

A father and a son may bear one name at one address, so name and address alone show nothing: it takes an equal telephone number too.

An equal e-mail address is a rule and no score, for it was given to be stopped: whoever else uses that mailbox, no more goes there. But
where name and address were given too, and nothing of them is the same, somebody else's was given by mistake: an agent looks.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from upheld.people import comparing as level
from upheld.people.comparing import Compared
from upheld.people.portrait import Portrait
from upheld.people.weights import Likeness

Verdict = Literal["same", "to review", "different"]

STOP: Final = 10.0
"""Bits from which a record is stopped by itself."""
STOP_REVIEW: Final = 0.0
"""Bits from which an agent looks before it is stopped, or not."""
SHOW: Final = 16.0
"""Bits from which a record may be shown or deleted without an agent, if all else is the same too."""
SHOW_REVIEW: Final = 3.0
"""Bits from which an agent looks before it is shown or deleted."""


_TELLING: Final = 4  # letters of a name that do not stand in a mailbox by chance


@dataclass(frozen=True, slots=True)
class Stopping:
    """Whether a record is stopped. It says nothing about showing or deleting it. `why` in words: the rule, or the veto."""

    verdict: Verdict
    why: str


@dataclass(frozen=True, slots=True)
class Showing:
    """Whether a record is the person's beyond doubt, so that they may see it or have it deleted once they are verified. `why` in words."""

    verdict: Verdict
    why: str


BY_WEIGHT: Final = "enough is the same"
"""Why a record is stopped that no single comparison decides."""


def for_stopping(like: Likeness, *, contested: bool = False, phone_only: bool = False) -> Stopping:
    """Whether a record is stopped: by itself, after an agent's look, or not. `contested`: see there.

    `phone_only`: a telephone number is all that was given, so that it is what was given to be stopped.
    """
    compared = like.compared
    if compared.email == level.SAME:
        if _another(compared):
            return Stopping("to review", "the same e-mail address, but quite another name and address")
        return Stopping("same", "the same e-mail address")
    if compared.account == level.SAME:
        return Stopping("same", "the same account")
    if phone_only and compared.phone == level.SAME:
        return Stopping("same", "the same telephone number, and nothing else was given")
    veto = vetoed(compared)
    if compared.first == level.DIFFERENT:
        return Stopping("different", veto or "")
    if (like.weight < STOP_REVIEW and compared.email != level.NEAR) or not _says_enough(compared):
        return Stopping("different", "too little is the same")
    if veto is not None:
        return Stopping("to review", veto)
    if contested:
        return Stopping("to review", "somebody else at the address may be meant")
    if compared.house == level.NEAR and compared.last not in {level.LAST_SAME, level.LAST_PART}:
        return Stopping("to review", "another last name and another house number, each by little")
    if like.weight >= STOP and _named(compared) and _met(compared):
        return Stopping("same", BY_WEIGHT)
    return Stopping("to review", "not enough is the same to be sure")


def for_showing(like: Likeness, *, contested: bool = False, doubled: bool = False) -> Showing:
    """Whether a record may be shown or deleted: beyond doubt, after an agent's look, or not. `contested`, `doubled`: see there."""
    compared = like.compared
    full = compared.first in {level.FIRST_SAME, level.FIRST_SHORT}
    if vetoed(compared) is None and not contested and full and compared.suffix != level.ONE_ONLY:
        if compared.email == level.SAME:
            return Showing("same", "the same e-mail address and first name")
        here = compared.house == level.SAME and compared.street in {level.SAME, level.NOT_SAID} and compared.zip == level.ZIP_SAME
        reached = compared.phone == level.SAME and compared.email != level.DIFFERENT
        named = compared.last in {level.LAST_SAME, level.LAST_PART} and compared.unit != level.ONE_ONLY
        if here and reached and named and not doubled and like.weight >= SHOW:
            return Showing("same", "the same name, address and telephone number")
    if compared.first != level.DIFFERENT and (like.weight >= SHOW_REVIEW or level.SAME in (compared.email, compared.account)):
        return Showing("to review", "not beyond doubt")
    return Showing("different", vetoed(compared) or "too little is the same")


def for_proven(like: Likeness) -> Showing:
    """Whether a record may be shown to who has proven that the e-mail address given is theirs: if it holds this very one, and only then."""
    if like.compared.email == level.SAME:
        return Showing("same", "the same e-mail address, proven to be theirs")
    return Showing("different", "another e-mail address, or none")


def for_linked(compared: Sequence[Compared] | None) -> Showing:
    """Whether a record may be shown to who has proven to be the person of another one that it belongs to.

    `compared`: with each record that is proven to be theirs; None if it names nobody. One that names somebody must name them: by first and
    last name, or where there is no name by the very house or number. An order that goes to a friend names the friend, who has not asked.
    """
    if compared is None:
        return Showing("same", "it belongs to a record that is proven to be theirs")
    if any(_names_them(one) for one in compared):
        return Showing("same", "it belongs to a record that is proven to be theirs, and names them")
    return Showing("different", "it names somebody else, or nobody that is known")


def _names_them(compared: Compared) -> bool:
    if vetoed(compared) is not None or level.DIFFERENT in (compared.email, compared.account):
        return False
    if compared.first != level.NOT_SAID or compared.last != level.NOT_SAID:
        return compared.first in {level.FIRST_SAME, level.FIRST_SHORT} and compared.last in {level.LAST_SAME, level.LAST_PART}
    here = compared.house == level.SAME and compared.street == level.SAME and compared.zip == level.ZIP_SAME
    return here or level.SAME in (compared.phone, compared.account)


def vetoed(compared: Compared) -> str | None:
    """In words, what forbids to take two records for one person by themselves; None if nothing does."""
    if compared.first == level.DIFFERENT:
        return "a different first name"
    if compared.suffix == level.DIFFERENT:
        return "another generation suffix"
    if compared.unit == level.DIFFERENT and compared.house == level.SAME and compared.phone != level.SAME:
        return "another unit"
    if compared.first == level.FIRST_ALIKE:
        return "a first name that is alike, but another"
    return None


def contested(asked: Portrait, said: Portrait, compared: Compared, others: Iterable[tuple[Portrait, Compared]]) -> bool:
    """Whether a record with half a first name (an initial, a slip, none) may be meant for somebody else on file at its address.

    Not if its mailbox spells out the name that was asked for, and not the other's: `J. Doe`, `jane.doe@…`.

    Nor for somebody whose last name is quite another. `others`: records compared with the same request. An initial decides nothing where a
    record there has another first name that it fits, nor where the request gives no more than an initial and two first names there fit it.
    """
    if compared.first not in {level.NOT_SAID, level.FIRST_INITIAL, level.FIRST_NEAR}:
        return False
    for rival, its in others:
        if not _lives_with(rival, said):
            continue
        apart = level.first(said.first, rival.first, said.last, rival.last) in {level.DIFFERENT, level.FIRST_ALIKE}
        if _spelt_out(asked, said) and not _spelt_out(rival, said):
            continue
        if apart if its.first == level.FIRST_INITIAL else (its.first in {level.DIFFERENT, level.FIRST_ALIKE} and not apart):
            return True
    return False


def _lives_with(rival: Portrait, said: Portrait) -> bool:
    """Whether two records are on file at one address, as far as they say it, under last names that may be one."""
    if rival.where.house != said.where.house or rival.zip != said.zip:
        return False
    street = level.street(rival.where, said.where) != level.DIFFERENT
    return street and level.last(rival.first, said.first, rival.last, said.last) != level.DIFFERENT


def _spelt_out(who: Portrait, said: Portrait) -> bool:
    """Whether a record's mailbox holds somebody's first name."""
    names = [name for name in who.first.names if len(name) >= _TELLING]
    return any(name in email.partition("@")[0] for email in said.emails for name in names)


def doubled(said: Portrait, others: Iterable[Portrait]) -> bool:
    """Whether two people may bear a record's name at its address: a generation suffix is on file there, or two mailboxes or telephones."""
    same = [
        other
        for other in (said, *others)
        if (other.where.house, other.zip, other.last.whole) == (said.where.house, said.zip, said.last.whole)
        and not set(other.first.names).isdisjoint(said.first.names)
    ]
    many = (len({each for other in same for each in getattr(other, of)}) > 1 for of in ("emails", "phones"))
    return any(other.suffix for other in same) or any(many)


def _another(compared: Compared) -> bool:
    """Whether a name and an address are compared, and first name, last name and house are all others."""
    return compared.first == compared.last == compared.house == level.DIFFERENT


def _says_enough(compared: Compared) -> bool:
    """Whether more was compared than one thing that many share."""
    return sum(each not in {level.NOT_SAID, level.DIFFERENT} for each in compared) > 1 or compared.email == level.NEAR


def _met(compared: Compared) -> bool:
    """Whether anything but names and a mailbox like the one given speaks for one person: namesakes have mailboxes like each other's."""
    return max(compared.house, compared.street, compared.phone) > level.DIFFERENT or compared.zip == level.ZIP_SAME


def _named(compared: Compared) -> bool:
    """Whether enough of the name is the same. Another last name under a full first name is mostly a name before or after marriage."""
    return compared.last != level.DIFFERENT or compared.first >= level.FIRST_SWAPPED
