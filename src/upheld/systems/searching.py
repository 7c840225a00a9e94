"""What a database is asked when a person is searched for, so that it need not hand over the whole table: never too narrow, seldom wide.

A normal form (`people.normal`, `names`, `addresses`) is made of a text of plain signs by leaving signs out and by writing capitals small.
So the signs of the form stand in the text in their order, and `LIKE '%1%2%3%'` finds every text that could have it. Where it does not
hold, the condition is wider: a text with any sign outside ASCII always passes, and so does a telephone number written in letters; words
that a form replaces (`First`, `Saint`) are left out of the pattern.

What is asked, for each thing that was given:

* an e-mail address, a telephone number's last seven digits, an account: its form, in every column for such;
* a name and address: ZIP and one of house, street, last name and first name; house and street; the ZIP's area with both names; the
  mailbox's name at another provider. Each bears mistakes in what it leaves out: a misspelt name or street, an old ZIP, digits turned round.

So every row comes that a tight or loose code of `people` meets, and that a wide code does, but for rows that merely sound alike in
an area or bear the same name anywhere: without a second likeness they weigh too little to be anybody's. Which rows are the person's is
not said here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Literal, Protocol

from sqlalchemy import ColumnElement, and_, column, func, literal, or_

from upheld.people import addresses, names, normal
from upheld.people.identifiers import Account, Email, Identifier, Phone, Postal
from upheld.people.wide import SHORTEST_LOCAL
from upheld.systems.datamap import Part, Table

Text = ColumnElement[Any]
Condition = ColumnElement[bool]
Holds = Literal["text", "ready", "number", "other"]
"""What a column's type lets it hold: text that can be searched, or is `ready` for it as it stands; whole numbers; anything else, whose rows
always pass."""

ESCAPE: Final = "~"
"""What stands before a sign of a pattern that means itself."""
ENOUGH: Final = 7
"""Digits at the end of a telephone number that are looked for; before them countries write prefixes of their own."""

_REPLACED: Final = tuple(sorted({word for word in addresses.WORDS.values() if not word.isdigit()}, key=len, reverse=True))
_COUNTED: Final = tuple(word for word, form in addresses.WORDS.items() if form.isdigit())


class Speech(Protocol):
    """How a database says it. A text is as `as_text` made it."""

    def as_text(self, shown: Text, holds: Holds) -> Text:
        """A column as text."""

    def like(self, text: Text, pattern: str) -> Condition:
        """Whether the text is like a pattern, small and capital ASCII letters taken for one."""

    def like_any(self, text: Text, patterns: Sequence[str]) -> Condition:
        """Whether the text is like any of the patterns."""

    def foreign(self, text: Text) -> Condition:
        """Whether any sign is not ASCII."""

    def lettered(self, text: Text) -> Condition:
        """Whether any sign is an ASCII letter."""


def condition(table: Table, given: Sequence[Identifier], kinds: Mapping[str, Holds], speech: Speech) -> Condition | None:
    """What a row must fulfil to be worth a look; None: no row of this table can be meant by what was given."""
    asked = _Asked(table, kinds, speech)
    makers: Mapping[str, Callable[[Any], Condition | None]] = {
        "email": asked.email, "phone": asked.phone, "account": asked.account, "postal": asked.postal,
    }  # fmt: skip
    return either(*(makers[identifier.kind](identifier) for identifier in {_form(one): one for one in given}.values()))


def _form(given: Identifier) -> object:
    """What all that is asked for alike has in common, so that two spellings of one thing are asked for once."""
    match given:
        case Email():
            return "email", normal.email(given.value)
        case Postal():
            names_ = names.last_name(given.last), names.first_name(given.first)
            return "postal", normal.zip_code(given.zip), repr((addresses.address(given.address), names_))
        case _:
            return given


def both(*conditions: Condition | None) -> Condition | None:
    """All of them; None if one cannot be asked."""
    asked = [one for one in conditions if one is not None]
    return and_(*asked) if len(asked) == len(conditions) else None


def either(*conditions: Condition | None) -> Condition | None:
    """Any of those that can be asked; None if none can."""
    asked = [one for one in conditions if one is not None]
    return or_(*asked) if asked else None


class _Asked:
    """The conditions of one table."""

    def __init__(self, table: Table, kinds: Mapping[str, Holds], speech: Speech) -> None:
        self._parts, self._kinds, self._speech = table.parts(), kinds, speech

    def email(self, given: Email) -> Condition | None:
        """The form itself; of a provider that ignores dots or tags, what it does not ignore; a telling name also at any other provider."""
        local, _, domain = normal.email(given.value).rpartition("@")
        if not local:
            return None
        telling, wanted = len(local) >= SHORTEST_LOCAL, literally(local)
        like, like_any = self._speech.like, self._speech.like_any

        patterns = []
        if telling or domain in normal.DOTLESS:
            patterns.append(("%@g%mail.com%", f"{spread(local)}@g%mail.com%"))
        if telling:
            patterns += [(f"%{wanted}%@%", f"%{wanted}{tag}@%") for tag in ("", "+%")]
        elif domain not in normal.DOTLESS:
            patterns.append((f"%{wanted}%@%", f"%{wanted}{'%' if domain in normal.PLUS else ''}@{literally(domain)}%"))
        sooner = tuple(dict.fromkeys(one for one, _ in patterns))

        def meets(text: Text) -> Condition:  # what the patterns imply stands before them: it denies most texts sooner
            return and_(like_any(text, sooner), or_(*(like(text, pattern) for _, pattern in patterns)))

        return self._where([(name,) for name in self._parts.get("email", ())], meets)

    def phone(self, given: Phone) -> Condition | None:
        """Its last digits; or a number written in letters."""
        digits = normal.phone(given.value, given.region).lstrip("+")[-ENOUGH:]
        if not digits:
            return None
        texts = [self._speech.lettered(self._text(name)) for name in self._parts.get("phone", ()) if self._is_text(name)]
        return either(self._any("phone", spread(digits)), *texts)

    def account(self, given: Account) -> Condition | None:
        """The account alone in its column, but for white space around it."""
        form = normal.account(given.value)
        return either(*(self._account(name, form) for name in self._parts.get("account", ()) if form))

    def _account(self, name: str, form: str) -> Condition:
        text, blank = self._text(name), literal(" ")
        if not self._is_text(name):
            alike: Condition = text == form
            return alike if self._kinds[name] == "number" else column(name).is_not(None)
        outside = or_(func.length(text) == len(form), func.substr(text, 1, 1) <= blank, func.substr(text, func.length(text), 1) <= blank)
        return or_(and_(self._speech.like(text, f"%{literally(form)}%"), outside), self._speech.foreign(text))

    def postal(self, given: Postal) -> Condition | None:
        """ZIP and any of house, street, last and first name; house and street; or the ZIP's area and both names.

        The area, which the ZIP lies in, is asked for first: most rows are denied by it and by the house alone.
        """
        where, last, first = addresses.address(given.address), names.last_name(given.last), names.first_name(given.first)
        zip_, house = normal.zip_code(given.zip), "".join(sign for sign in where.house if sign.isascii() and sign.isdigit())
        areas = self._zip(zip_)
        wider = self._zip(zip_[:3])
        places = self._streets()
        housed = self._of(places, [spread(house)]) if where.house else None
        street = self._street(places, where.street) if where.street else None
        family = self._of(self._lasts(), [spread(part) for part in last.parts[1:] or last.parts]) if last.whole else None
        called = self._of(self._firsts(), _shortest(names.written(first.names))) if first.names else None
        near = both(wider, either(both(areas, either(housed, street, family, called)), both(family, called)))
        return either(both(housed, street), near)

    def _zip(self, form: str) -> Condition | None:
        """A ZIP or the beginning of one; a spreadsheet may have eaten its zeros."""
        eaten = form.lstrip("0") if form.isdigit() else form
        return self._any("zip", spread(eaten)) if form else None

    def _street(self, places: Sequence[tuple[str, ...]], core: str) -> Condition | None:
        """The street's signs but for words that the form replaces; with a number in it, also the number as a word."""
        kept = _without_replaced(core)
        plain = self._of(places, [spread(kept)])
        if plain is None or not any(sign.isdigit() for sign in kept):
            return plain
        words = self._of(places, [f"%{word}%" for word in _COUNTED])
        rest = self._of(places, [spread("".join(sign for sign in kept if not sign.isdigit()))])
        return or_(plain, and_(words, rest)) if words is not None and rest is not None else plain

    def _streets(self) -> list[tuple[str, ...]]:
        """Each address with all units beside it: a number may stand in either."""
        return [(street, *self._parts.get("unit", ())) for street in self._parts.get("address", ())]

    def _firsts(self) -> list[tuple[str, ...]]:
        """Each column that holds a first name: in a record whose names changed places, that is any name."""
        return [(name,) for part in ("first", "last", "full") for name in self._parts.get(part, ())]

    def _lasts(self) -> list[tuple[str, ...]]:
        """Each last name with all suffixes beside it: what is no suffix there is a name."""
        lasts: list[tuple[str, ...]] = [(last, *self._parts.get("suffix", ())) for last in self._parts.get("last", ())]
        return [*lasts, *((full, *self._parts.get("suffix", ())) for full in self._parts.get("full", ()))]

    def _any(self, part: Part, pattern: str) -> Condition | None:
        return self._of([(name,) for name in self._parts.get(part, ())], [pattern])

    def _of(self, groups: Sequence[tuple[str, ...]], patterns: Sequence[str]) -> Condition | None:
        """Whether any group of columns, written one after another, is like any of the patterns; None without columns."""
        return self._where(groups, lambda text: self._speech.like_any(text, patterns))

    def _where(self, groups: Sequence[tuple[str, ...]], make: Callable[[Text], Condition]) -> Condition | None:
        """Whether any group of columns, written one after another, fulfils a condition or is not ASCII; None without columns."""
        conditions: list[Condition] = []
        for group in groups:
            if any(self._kinds[name] == "other" for name in group):
                conditions.append(or_(*(column(name).is_not(None) for name in group)))
                continue
            text = self._joined(group)
            conditions.append(make(text))
            if any(self._is_text(name) for name in group):
                conditions.append(self._speech.foreign(text))
        return either(*conditions)

    def _is_text(self, name: str) -> bool:
        return self._kinds[name] in {"text", "ready"}

    def _joined(self, group: tuple[str, ...]) -> Text:
        texts = [self._text(name) for name in group]
        if len(texts) == 1:
            return texts[0]
        joined: Text = func.coalesce(texts[0], "")
        for text in texts[1:]:
            joined = joined.concat(" ").concat(func.coalesce(text, ""))
        return joined

    def _text(self, name: str) -> Text:
        return self._speech.as_text(column(name), self._kinds[name])


def spread(form: str) -> str:
    """The pattern of texts that hold these signs in this order."""
    return "%" + "".join(f"{literally(sign)}%" for sign in form)


def literally(text: str) -> str:
    """The text within a pattern, each sign meaning itself."""
    return "".join(f"{ESCAPE}{sign}" if sign in {"%", "_", ESCAPE} else sign for sign in text)


def _shortest(words: Iterable[str]) -> list[str]:
    """The patterns of these words, without those that another's takes in: whatever is spelt like `%r%o%b%e%r%t%` is like `%r%o%b%` too."""
    kept: list[str] = []
    for word in sorted(set(words), key=lambda word: (len(word), word)):
        if not any(_holds(word, other) for other in kept):
            kept.append(word)
    return [spread(word) for word in kept]


def _holds(word: str, other: str) -> bool:
    rest = iter(word)
    return all(sign in rest for sign in other)


def _without_replaced(core: str) -> str:
    """The signs of a street's form that no replaced word can have brought in."""
    gone: set[int] = set()
    for word in _REPLACED:
        at = core.find(word)
        while at >= 0:
            gone.update(range(at, at + len(word)))
            at = core.find(word, at + 1)
    return "".join(sign for at, sign in enumerate(core) if at not in gone)
