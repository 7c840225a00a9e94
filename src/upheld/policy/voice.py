"""How the house speaks: the phrases that plain sentences about a policy are put together from, to a customer or about one."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from upheld.policy import words
from upheld.policy.statements import AnyStatement, Condition, Duration, Purpose

_FORMS: dict[str, dict[str, str]] = {
    "you": {"you": "you", "your": "your", "have": "have", "are": "are", "live": "live"},
    "the person": {"you": "the person", "your": "the person's", "have": "has", "are": "is", "live": "lives"},
}


@dataclass(frozen=True, slots=True)
class Voice:
    """Phrases in one voice.

    `person`: whether the reader is the person (`you`, on the page) or someone who works for the merchant (`the person`, in an answer to
    staff). `declared`: the words of the purposes that the policy itself declares. Every phrase is a function of its arguments alone.
    """

    person: Literal["you", "the person"] = "you"
    declared: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, statements: Iterable[AnyStatement], person: Literal["you", "the person"] = "you") -> Voice:
        """The voice that knows the purposes these statements declare."""
        return cls(person, {s.name: s.words for s in statements if isinstance(s, Purpose)})

    def to_staff(self) -> Voice:
        """The same words, about the person instead of to them."""
        return replace(self, person="the person")

    def fit(self, template: str) -> str:
        """The template with the person put in."""
        return template.format_map(_FORMS[self.person])

    def subject(self) -> str:
        """`you` or `the person`."""
        return self.person

    def verb(self, plain: str) -> str:
        """A regular verb after the subject: `you agree`, `the person agrees`."""
        return plain if self.person == "you" else f"{plain}s"

    def purposes(self, names: Sequence[str], but: Sequence[str] = (), last: str = "and") -> str:
        """What follows *for*: `sending you offers and news by e-mail`."""
        said = join([self._purpose(name) for name in names], last)
        return f"{said} other than {join([self._purpose(name) for name in but], 'or')}" if but else said

    def _purpose(self, name: str) -> str:
        if name in self.declared:
            return self.declared[name]
        return self.fit(words.PURPOSES.get(name, f"“{name}”"))

    def recipients(self, names: Sequence[str], last: str = "and") -> str:
        """What follows *to*: `companies of our group and companies that work for us`."""
        return join([self.fit(words.RECIPIENTS.get(name, f"“{name}”")) for name in names], last)

    def source(self, name: str) -> str:
        """What follows *from*: `your order`."""
        return self.fit(words.SOURCES[name]) if name in words.SOURCES else f"“{name}”"

    def items(self, names: Sequence[str], but: Sequence[str] = (), last: str = "and", whole: str = "any") -> str:
        """`the name and e-mail address from your order`; whole sources as `any information from your order`."""
        said = join_groups(self._groups(names, last, whole), last)
        return f"{said} except {join_groups(self._groups(but, 'and', whole))}" if but else said

    def _groups(self, names: Sequence[str], last: str, whole: str) -> list[str]:
        """One phrase for all whole sources, and one for the items of each other source, in the order given."""
        if "any" in names:
            return [self.fit(f"{whole} information about {{you}}")]
        sources = [name for name in names if "." not in name]
        by_source: dict[str, list[str]] = {}
        for name in names:
            source, dot, item = name.partition(".")
            if dot:
                by_source.setdefault(source, []).append(kind(item))
        groups = [f"{whole} information from {join([self.source(name) for name in sources], last)}"] if sources else []
        return groups + [f"the {join(kinds, last)} from {self.source(source)}" for source, kinds in by_source.items()]

    def condition(self, condition: Condition) -> str:
        """What follows *if*: `you have opted out of “post”`, `we know that you are under 13`."""
        value = condition.value
        yes, no = _CONDITIONS[condition.kind]
        template = no if condition.negated else yes
        if condition.kind == "in":
            value = region(str(value))
        return self.fit(template).replace("<value>", str(value))

    def conditions(self, conditions: Sequence[Condition], last: str) -> str:
        """Several conditions joined by `and` or `or`."""
        return join([self.condition(condition) for condition in conditions], last)

    def given(self, alternatives: Sequence[Sequence[str]]) -> str:
        """What a person must give: `your e-mail address, or your name, your address and your zip code`."""
        said = [join([self.fit(words.IDENTIFIERS.get(part, part)) for part in parts]) for parts in alternatives]
        return ", or ".join(said)

    def channels(self, names: Sequence[str]) -> str:
        """`on our site, by e-mail or by phone`."""
        return join([self.fit(words.CHANNELS.get(name, f"by {name}")) for name in names], "or")


_CONDITIONS: dict[str, tuple[str, str]] = {
    "opted in": ("{you} {have} opted in to “<value>”", "{you} {have} not opted in to “<value>”"),
    "opted out": ("{you} {have} opted out of “<value>”", "{you} {have} not opted out of “<value>”"),
    "under": ("{you} {are} under <value>", "{you} {are} <value> or older"),
    "known under": ("we know that {you} {are} under <value>", "we do not know {you} to be under <value>"),
    "in": ("{you} {live} in <value>", "{you} {live} outside <value>"),
    "as totals": ("it is shown only as totals", "it is shown person by person"),
    "under contract": ("whoever receives it is bound to us by a contract", "no contract binds whoever receives it to us"),
    "vetted": ("we have checked the good name of whoever receives it", "we have not checked the good name of whoever receives it"),
    "serves": ("whoever receives it is serving {you}", "whoever receives it is not serving {you}"),
    "legal process": ("whoever asks for it shows us a binding legal demand", "whoever asks for it shows us no binding legal demand"),
}


def join(parts: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`; nothing for nothing."""
    if len(parts) < 2:
        return "".join(parts)
    return f"{', '.join(parts[:-1])} {last} {parts[-1]}"


def join_groups(groups: Sequence[str], last: str = "and") -> str:
    """Like `join`, with a comma before the last word where a group is a list itself."""
    if len(groups) > 1 and any(" and " in group or " or " in group for group in groups):
        return f"{', '.join(groups[:-1])}, {last} {groups[-1]}"
    return join(groups, last)


def kind(name: str) -> str:
    """A kind of information in plain words."""
    return words.KINDS.get(name, name)


def region(code: str) -> str:
    """What follows *in*: a region's name."""
    return words.REGIONS.get(code, f"“{code}”")


def duration(length: Duration) -> str:
    """`10 business days`, `1 month`."""
    return f"{length.count} {length.unit}{'' if length.count == 1 else 's'}"


def hours(text: str) -> str:
    """Business hours in words: `Mon-Fri 06:00-17:00 America/Los_Angeles` is `Monday to Friday, 06:00 to 17:00 (Los Angeles time)`."""
    for short, full in words.DAYS.items():
        text = re.sub(rf"\b{short}\b", full, text)
    text = re.sub(r"(?<=day)-(?=[A-Z])", " to ", text)
    text = re.sub(r"(?<=\d)-(?=\d)", " to ", text)
    text = re.sub(r"(?<=day) (?=\d)", ", ", text)
    return re.sub(r" \w+(?:/\w+)*/(\w+)$", lambda zone: f" ({zone[1].replace('_', ' ')} time)", text)
