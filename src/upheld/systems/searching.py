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
Holds = Literal["text", "number", "other"]
"""What a column's type lets it hold: text that can be searched; whole numbers; anything else, whose rows always pass."""

ESCAPE: Final = "~"
"""What stands before a sign of a pattern that means itself."""
ENOUGH: Final = 7
"""Digits at the end of a telephone number that are looked for; before them countries write prefixes of their own."""

_REPLACED: Final = tuple(sorted({word for word in addresses.WORDS.values() if not word.isdigit()}, key=len, reverse=True))
_COUNTED: Final = tuple(word for word, form in addresses.WORDS.items() if form.isdigit())


class Speech(Protocol):
    """How a database says it. A text is as `as_text` made it."""

    def as_text(self, shown: Text) -> Text:
        """A column as text."""

    def like(self, text: Text, pattern: str) -> Condition:
        """Whether the text is like a pattern, small and capital ASCII letters taken for one."""

    def foreign(self, text: Text) -> Condition:
        """Whether any sign is not ASCII."""

    def lettered(self, text: Text) -> Condition:
        """Whether any sign is an ASCII letter."""


def condition(table: Table, given: Sequence[Identifier], kinds: Mapping[str, Holds], speech: Speech) -> Condition | None:
    """What a row must fulfil to be worth a look; None: no row of this table can be meant by what was given."""
    asked = _Asked(table, kinds, speech)
    makers: Mapping[str, Callable[[Any], Iterable[Condition | None]]] = {
        "email": asked.email, "phone": asked.phone, "account": asked.account, "postal": asked.postal,
    }  # fmt: skip
    made = [one for identifier in given for one in makers[identifier.kind](identifier) if one is not None]
    return or_(*made) if made else None


class _Asked:
    """The conditions of one table."""

    def __init__(self, table: Table, kinds: Mapping[str, Holds], speech: Speech) -> None:
        self._parts, self._kinds, self._speech = table.parts(), kinds, speech

    def email(self, given: Email) -> Iterable[Condition | None]:
        """The form itself; of a provider that ignores dots or tags, what it does not ignore; a telling name also at any other provider."""
        local, _, domain = normal.email(given.value).rpartition("@")
        if not local:
            return
        telling = len(local) >= SHORTEST_LOCAL
        if telling or domain in normal.DOTLESS:
            yield self._any("email", f"{spread(local)}@g%mail.com%")
        if telling:
            yield from (self._any("email", f"%{literally(local)}{tag}@%") for tag in ("", "+%"))
        elif domain not in normal.DOTLESS:
            between = "%" if domain in normal.PLUS else ""
            yield self._any("email", f"%{literally(local)}{between}@{literally(domain)}%")

    def phone(self, given: Phone) -> Iterable[Condition | None]:
        """Its last digits; or a number written in letters."""
        digits = normal.phone(given.value, given.region).lstrip("+")[-ENOUGH:]
        if digits:
            yield self._any("phone", spread(digits))
            texts = [self._speech.lettered(self._text(name)) for name in self._parts.get("phone", ()) if self._kinds[name] == "text"]
            yield or_(*texts) if texts else None

    def account(self, given: Account) -> Iterable[Condition | None]:
        """The account alone in its column, but for white space around it."""
        form = normal.account(given.value)
        for name in self._parts.get("account", ()) if form else ():
            text = self._text(name)
            if self._kinds[name] == "text":
                blank = literal(" ")
                outside = or_(
                    func.length(text) == len(form), func.substr(text, 1, 1) <= blank, func.substr(text, func.length(text), 1) <= blank
                )
                yield or_(and_(self._speech.like(text, f"%{literally(form)}%"), outside), self._speech.foreign(text))
            else:
                yield text == form if self._kinds[name] == "number" else column(name).is_not(None)

    def postal(self, given: Postal) -> Iterable[Condition | None]:
        """ZIP and any of house, street, last and first name; house and street; or the ZIP's area and both names."""
        where, last, first = addresses.address(given.address), names.last_name(given.last), names.first_name(given.first)
        zip_, house = normal.zip_code(given.zip), "".join(sign for sign in where.house if sign.isascii() and sign.isdigit())
        areas = self._zip(zip_)
        wider = self._zip(zip_[:3])
        places = self._streets()
        housed = self._of(places, [spread(house)]) if where.house else None
        street = self._street(places, where.street) if where.street else None
        family = self._of(self._lasts(), [spread(part) for part in last.parts[1:] or last.parts]) if last.whole else None
        called = self._of(self._firsts(), _shortest(names.written(first.names))) if first.names else None
        blocks = ((areas, housed), (areas, street), (areas, family), (areas, called), (housed, street), (wider, family, called))
        for block in blocks:
            atoms = [atom for atom in block if atom is not None]
            yield and_(*atoms) if len(atoms) == len(block) else None

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
        conditions: list[Condition] = []
        for group in groups:
            if any(self._kinds[name] == "other" for name in group):
                conditions.append(or_(*(column(name).is_not(None) for name in group)))
                continue
            text = self._joined(group)
            conditions += [self._speech.like(text, pattern) for pattern in patterns]
            if any(self._kinds[name] == "text" for name in group):
                conditions.append(self._speech.foreign(text))
        return or_(*conditions) if conditions else None

    def _joined(self, group: tuple[str, ...]) -> Text:
        texts = [self._text(name) for name in group]
        if len(texts) == 1:
            return texts[0]
        joined: Text = func.coalesce(texts[0], "")
        for text in texts[1:]:
            joined = joined.concat(" ").concat(func.coalesce(text, ""))
        return joined

    def _text(self, name: str) -> Text:
        return self._speech.as_text(column(name))


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
