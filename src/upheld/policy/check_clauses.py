"""Promises and what keeps them: clauses without statements, information without a use or an end, clocks and hours that cannot be."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from zoneinfo import ZoneInfo

from upheld.policy.check_words import Words
from upheld.policy.document import Document
from upheld.policy.faults import Fault
from upheld.policy.language import HEADS
from upheld.policy.statements import AnyStatement, Collect, Contact, Duration, Keep, Right, Rule, Stop, Topic
from upheld.policy.terms import ALWAYS_TO_OURSELVES

_HOURS_OF = {"hour": 1, "day": 24, "business day": 24, "week": 168, "month": 720, "year": 8_760}
_LONGEST_YEARS = 150
_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_OPEN = re.compile(r"(\S+) (\d\d):(\d\d)-(\d\d):(\d\d)")
_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_PHONE = re.compile(r"\+?[\d ()./-]{5,25}( ?(ext|x)\.? ?\d{1,6})?")


def check_clauses(document: Document) -> Iterator[Fault]:
    """Clauses that nothing keeps, and paragraphs that are no clause."""
    kept = {statement.clause for statement in document.statements}
    unread = {fault.place.line for fault in document.faults}
    lines = [clause.place.line for clause in document.clauses]
    for at, clause in enumerate(document.clauses):
        end = lines[at + 1] if at + 1 < len(lines) else document.text.count("\n") + 2
        if clause.id in kept and clause.is_statement_only:
            message = f"the clause `{clause.id}` is marked as promising nothing, yet statements stand under it"
            yield Fault(clause.place, "kept-statement", message, "leave out `.statement`, or move the statements", "warning")
        elif not (
            clause.heading or clause.is_statement_only or clause.id in kept or any(clause.place.line <= line < end for line in unread)
        ):
            hint = "add the statements that keep it, or mark it `.statement` if it promises nothing"
            yield Fault(clause.place, "unkept-clause", f"nothing keeps the clause `{clause.id}`", hint)
    for place in document.asides:
        message = "this paragraph has no id, so nothing can keep it or cite it"
        yield Fault(place, "no-id", message, "end it in an id, as in `{#use.partners}`, or in `{.statement}`", "warning")


def check_information(words: Words) -> Iterator[Fault]:
    """Items that no rule uses, that nothing ends, or that two statements end differently; topics that nobody can stop."""
    document, vocabulary = words.document, words.vocabulary
    kept_since = dict[str, int]()
    used, stopped = set[str](), set[str]()
    for statement in document.statements:
        match statement:
            case Keep():
                yield from _kept_twice(words, statement, kept_since)
            case Rule(effect="allow") if not vocabulary.expand_purposes(statement.purposes) <= _OWED:
                used |= vocabulary.expand_items((*statement.items, *statement.chosen_by)) - vocabulary.expand_items(statement.items_except)
            case Stop():
                stopped |= {*statement.topics}
    unread = {words.partition(" ")[0] for words in document.unread}
    # What is missing may stand in a statement that could not be read: no second fault for the same slip.
    whole = {head for head in ("allow", "keep", "stop") if head not in unread and unread <= {*HEADS}}
    for statement in document.statements:
        match statement:
            case Collect(source=source, kinds=kinds):
                if "keep" in whole:
                    yield from _ended(words, statement, [kind for kind in kinds if f"{source}.{kind}" not in kept_since])
                for kind in kinds if "allow" in whole else ():
                    if f"{source}.{kind}" not in used:
                        message = f"no rule lets anyone use `{source}.{kind}`"
                        hint = "leave it out, or allow what it is collected for"
                        yield Fault(words.place(statement, kind), "unused-item", message, hint, "warning")
            case Topic(name=name) if name not in stopped and "stop" in whole:
                message = f"nobody can opt out of `{name}`: no `stop` names it"
                yield Fault(words.place(statement, name), "no-stop", message, f"add `stop {name} for anyone by … given …`", "warning")


_OWED = {"legal.demand", *ALWAYS_TO_OURSELVES}
"""What may be done with any information whatever it was collected for; it is no reason to collect it."""


def _kept_twice(words: Words, keep: Keep, kept_since: dict[str, int]) -> Iterator[Fault]:
    for name in keep.items:
        for item in words.vocabulary.expand_item(name):
            if item in kept_since:
                message = f"how long `{item}` is kept is already said in line {kept_since[item]}"
                yield Fault(words.place(keep, name), "duplicate-keep", message, "leave it out of one of them")
                break
        for item in words.vocabulary.expand_item(name):
            kept_since.setdefault(item, keep.place.line)


def _ended(words: Words, collect: Collect, kinds: list[str]) -> Iterator[Fault]:
    if not kinds:
        return
    if len(kinds) == len(collect.kinds):
        message, word = f"nothing says how long `{collect.source}` is kept", collect.source
    else:
        message, word = f"nothing says how long {', '.join(f'`{collect.source}.{kind}`' for kind in kinds)} is kept", kinds[0]
    yield Fault(words.place(collect, word), "no-keep", message, f"add `keep {collect.source} for …`", "warning")


def check_numbers(document: Document) -> Iterator[Fault]:
    """Durations, ages, totals, caps, hours and addresses that cannot be."""
    for statement in document.statements:
        match statement:
            case Keep(duration=duration):
                yield from _duration(statement, duration)
            case Stop(within=within):
                yield from _duration(statement, within)
            case Right(within=within, extendable=extendable):
                yield from _duration(statement, within)
                yield from _duration(statement, extendable)
            case Contact():
                yield from _contact(statement)
        yield from _numbers(statement)


def _duration(statement: AnyStatement, duration: Duration | None) -> Iterator[Fault]:
    if duration is None:
        return
    if duration.count == 0:
        yield Fault(statement.place, "bad-number", f"0 {duration.unit}s is no time at all", "say at least 1")
    elif duration.count * _HOURS_OF[duration.unit] > _LONGEST_YEARS * _HOURS_OF["year"]:
        message = f"{duration.count} {duration.unit}s is longer than {_LONGEST_YEARS} years"
        yield Fault(statement.place, "bad-number", message, "say when it ends in a lifetime")


def _numbers(statement: AnyStatement) -> Iterator[Fault]:
    totals = getattr(statement, "totals", None)
    if totals is not None and totals < 2:
        yield Fault(statement.place, "bad-number", f"totals of at least {totals} would show one person", "say at least 2; 10 is usual")
    at_most = getattr(statement, "at_most", None)
    if at_most is not None and at_most[0] == 0:
        yield Fault(statement.place, "bad-number", "at most 0 times allows nothing", "say at least 1, or forbid it")
    for condition in (*getattr(statement, "when", ()), *getattr(statement, "unless", ())):
        if condition.kind in {"under", "known under"} and not 1 <= int(condition.value or 0) <= 120:
            yield Fault(statement.place, "bad-number", f"nobody is asked whether they are under {condition.value}", "say 1 to 120")


def _contact(contact: Contact) -> Iterator[Fault]:
    if contact.email is not None and not _EMAIL.fullmatch(contact.email):
        yield Fault(contact.place, "bad-contact", f"`{contact.email}` is no e-mail address", "as in `service@northgate.example`")
    if contact.phone is not None and not _PHONE.fullmatch(contact.phone):
        yield Fault(contact.place, "bad-contact", f"`{contact.phone}` is no telephone number", "as in `+1 800 555 0100`")
    if contact.post is not None and not contact.post.strip():
        yield Fault(contact.place, "bad-contact", "the postal address is empty", "say it, or leave out `post`")
    if contact.hours is not None:
        yield from _hours(contact, contact.hours)


def _hours(contact: Contact, hours: str) -> Iterator[Fault]:
    zone = hours.rsplit(maxsplit=1)[-1]
    if not _is_zone(zone):
        yield Fault(contact.place, "bad-hours", f"no time zone `{zone}` is known", "as in `America/Los_Angeles` or `Europe/Berlin`")
    for days, *clock in _OPEN.findall(hours):
        ends = days.split("-")
        if len(ends) > 2 or any(day not in _DAYS for day in ends) or _DAYS.index(ends[0]) > _DAYS.index(ends[-1]):
            yield Fault(contact.place, "bad-hours", f"`{days}` names no days", "as in `Mon-Fri` or `Sat`")
        opens, shuts = (int(clock[0]), int(clock[1])), (int(clock[2]), int(clock[3]))
        if not opens < shuts <= (24, 0) or opens[1] > 59 or shuts[1] > 59:
            yield Fault(
                contact.place, "bad-hours", f"`{':'.join(clock[:2])}-{':'.join(clock[2:])}` are no hours of a day", "as in `06:00-17:00`"
            )


@cache
def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, LookupError):
        return False
    return True
