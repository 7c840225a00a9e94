"""What one line of the data map says of a column, read aloud: `zip of order.shipping address`, `out of newsletter when 0 or empty`."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from upheld.policy.faults import suggestion
from upheld.systems.datamap import PARTS, Flag, Kept, Part

NOTHING = "nothing"
IMPLIED: dict[str, Part] = {"email": "email", "e-mail": "email", "email address": "email", "phone": "phone", "telephone": "phone"}
"""The part that an item's kind says by itself."""
ALONE: tuple[Part, ...] = ("account", "region")
"""Parts that a column may be without an item: the merchant's own number for a person, and a region."""

_ITEM = re.compile(r"[a-z][a-z0-9-]*\.[a-z][\w-]*( [\w-]+)*")
_TOPIC = re.compile(r"[a-z][a-z0-9-]*")
_CLAUSE = re.compile(r"[\w-]+(\.[\w-]+)*")
_PART_OF = re.compile(r"(\w+) of (.+)", re.DOTALL)
_FLAG = re.compile(r"out of (.+?) when (.+?)( or empty)?", re.DOTALL)
_LINK = re.compile(r"link to (.+)\.([^.]+)", re.DOTALL)
_NUMBER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_FORM = "write an item (`order.email`), a part of one (`first of order.name`), `key`, `account`, `link to table.column`, "
_FORM += "`out of newsletter when 1`, or `nothing`"


class Unread(Exception):
    """A line that cannot be understood: its rule and words, and what to write instead."""

    def __init__(self, rule: str, words: str, hint: str | None = None) -> None:
        super().__init__(words)
        self.rule, self.words, self.hint = rule, words, hint


@dataclass(frozen=True, slots=True)
class Said:
    """What a line says of its column. `links` are (table, column) that it equals."""

    item: str | None = None
    part: Part | None = None
    is_key: bool = False
    links: tuple[tuple[str, str], ...] = ()
    flags: tuple[Flag, ...] = field(default=())


def read_column(column: str, text: str) -> Said:
    """What `text` says of `column`: one or more sayings with `;` between. `Unread` if any cannot be understood."""
    if text.lstrip().startswith("?"):
        guess = _short(text.lstrip(" ?"))
        raise Unread("unanswered", f"`{column}` waits for an answer", f"is it `{guess}`? then take the `?` away" if guess else None)
    said = Said()
    sayings = [" ".join(saying.split()) for saying in text.split(";")]
    for saying in sayings:
        if saying == NOTHING:
            if len(sayings) > 1:
                raise Unread("syntax", f"`{column}` is `nothing` and something else", "leave out one of them")
        elif saying == "key":
            said = replace(said, is_key=True)
        elif saying.startswith("link to "):
            said = replace(said, links=(*said.links, _link(saying)))
        elif saying.startswith("out of "):
            said = replace(said, flags=(*said.flags, *_flags(column, saying)))
        elif said.item or said.part:
            raise Unread("syntax", f"`{column}` is two things: `{_short(saying)}` as well", "a column holds one item, or one part of one")
        else:
            item, part = _item(saying)
            said = replace(said, item=item, part=part)
    return said


def read_kept(text: str, held: Sequence[str]) -> Kept:
    """What `order.name, order.purchases under collect.order` says; a source (`order`) stands for all its items among those `held`."""
    before, under, clause = text.rpartition(" under ")
    names, clause = [" ".join(name.split()) for name in before.split(",")], clause.strip()
    if not under or not _CLAUSE.fullmatch(clause):
        raise Unread("syntax", f"`{_short(text)}` does not say under which clause", "as in `order.name under collect.order`")
    items: dict[str, None] = {}
    for name in names:
        found = [item for item in held if item == name or item.startswith(f"{name}.")]
        if not found:
            raise Unread("unknown-item", f"the table holds no `{_short(name)}` to keep", suggestion(name, held))
        items.update(dict.fromkeys(found))
    return Kept(tuple(items), clause)


def _item(saying: str) -> tuple[str | None, Part | None]:
    if saying in ALONE:
        return None, next(part for part in ALONE if part == saying)
    item, swapped, name = saying.rpartition(" as ")
    if swapped and name in PARTS:
        raise Unread("syntax", f"`{_short(saying)}` is the wrong way round", f"as in `{name} of {_short(item)}`")
    given = _PART_OF.fullmatch(saying)
    part = next((part for part in PARTS if given and part == given[1]), None)
    if given and part is None:
        hint = suggestion(given[1], PARTS) or "there are " + ", ".join(f"`{part}`" for part in PARTS)
        raise Unread("unknown-part", f"no part `{_short(given[1])}` is known", hint)
    said = given[2] if given else saying
    if len(said) > 200 or not _ITEM.fullmatch(said):
        raise Unread("syntax", f"`{_short(saying)}` is not understood", _near(saying) or _FORM)
    return said, part or IMPLIED.get(said.partition(".")[2])


def _flags(column: str, saying: str) -> list[Flag]:
    found = _FLAG.fullmatch(saying)
    if not found:
        raise Unread("syntax", f"`{_short(saying)}` does not say which value means out", "as in `out of newsletter when 0 or empty`")
    topics = [topic.strip() for topic in found[1].split(",")]
    for topic in topics:
        if not _TOPIC.fullmatch(topic):
            raise Unread("syntax", f"`{_short(topic)}` cannot be a topic", "as in `out of newsletter, post when 1`")
    return [Flag(topic, column, _value(found[2]), null_is_out=bool(found[3])) for topic in topics]


def _value(text: str) -> str | int | bool:
    """`true` and `1` are what they look like; quoted (`'1'`) or any other word is text."""
    if len(text) > 1 and text[0] == text[-1] == "'":
        return text[1:-1]
    if text in {"true", "false"}:
        return text == "true"
    return int(text) if _NUMBER.fullmatch(text) else text


def _link(saying: str) -> tuple[str, str]:
    found = _LINK.fullmatch(saying)
    if not found:
        raise Unread("syntax", f"`{_short(saying)}` does not say to which column", "as in `link to customers.id`")
    return found[1], found[2]


def _near(saying: str) -> str | None:
    return suggestion(saying.partition(" ")[0], ("nothing", "key", "link to", "out of", *PARTS))


def _short(text: str) -> str:
    """A user's own words in a fault: one line, not endless."""
    plain = " ".join("".join(sign if sign.isprintable() else " " for sign in text[:200]).split())
    return plain if len(plain) <= 60 else plain[:59] + "…"
