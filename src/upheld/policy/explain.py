"""Every statement of a policy in plain words: correct, short, the same every time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from upheld.errors import NotFound
from upheld.policy.document import Document
from upheld.policy.faults import suggestion
from upheld.policy.statements import (
    AnyStatement,
    AskAge,
    Changes,
    Collect,
    Condition,
    ConditionKind,
    Contact,
    Expectation,
    Keep,
    NoticeOnLeaving,
    Purpose,
    Right,
    Rule,
    Staff,
    Stop,
    Topic,
)
from upheld.policy.uses import Decision, Obligations, Reason, Standing, Use
from upheld.policy.voice import Voice, duration, hours, join, join_groups, kind, region
from upheld.policy.words import PERIODS, RIGHTS

UNKNOWN_FACTS = "Where we do not know a fact that a rule asks about, we act as if it spoke against the use."
"""True of every rule, and so said once on a page and not in each sentence."""

PROVEN = "This is proven each time the policy is checked."


def explain(statement: AnyStatement, voice: Voice | None = None) -> str:
    """One statement in one or a few plain sentences, in the given voice (without one: to the customer, built-in words only)."""
    voice = voice or Voice.of((statement,))
    match statement:
        case Rule(effect="allow"):
            return _allow(statement, voice)
        case Rule():
            return _forbid(statement, voice)
        case Expectation():
            return _expectation(statement, voice)
        case Purpose(name=name, words=said):
            return f"“{name}” means: {said}."
        case Topic(name=name, purposes=purposes):
            said = _forbidden(purposes, (), voice)
            stops = f"we then use nothing for {said}, whatever else this policy allows" if said else "that stops nothing"
            return _sentences(f"{voice.subject()} can opt out of “{name}”", stops)
        case Collect(source=source, kinds=kinds):
            return _sentences(f"we collect, from {voice.source(source)}: {join([kind(name) for name in kinds])}")
        case Keep(items=items, duration=length, after_last_contact=after):
            when = f"until {duration(length)} after we last heard from {voice.subject()}" if after else f"for {duration(length)}"
            return _sentences(f"we keep {voice.items(items, whole='all')} {when}, and then delete it")
        case Stop():
            return _stop(statement, voice)
        case Right():
            return _right(statement, voice)
        case Contact():
            return _contact(statement)
        case Staff(role=role, purposes=purposes):
            return _sentences(f"our {role} staff may ask for information only for {voice.purposes(purposes, last='or')}")
        case AskAge(sources=sources):
            return _sentences(
                f"we ask {voice.fit('{your}')} age, without a hint at the right answer, before we take anything from "
                f"{join([voice.source(name) for name in sources], 'or')}"
            )
        case NoticeOnLeaving():
            return _sentences(f"we tell {voice.subject()} when a link leads away from our sites")
        case _:
            assert isinstance(statement, Changes)
            return _sentences(
                "a change of this policy applies from the moment it is posted",
                f"what we collected before is put to wider use only if {voice.subject()} {voice.verb('agree')} to it",
            )


def _allow(rule: Rule, voice: Voice) -> str:
    items, purposes = voice.items(rule.items, rule.items_except), voice.purposes(rule.purposes, rule.purposes_except)
    return _sentences(
        f"{_may(rule.recipients, items, voice)} for {purposes}",
        f"we may choose whom this concerns by {voice.items(rule.chosen_by)}" if rule.chosen_by else "",
        f"it is shown only as totals of at least {rule.totals} people, never one by one" if rule.totals else "",
        f"we do this only if {voice.conditions(rule.when, 'and')}" if rule.when else "",
        f"we do this at most {_cap(*rule.at_most)} for each person" if rule.at_most else "",
        f"we do not do this if {voice.conditions(rule.unless, 'or')}" if rule.unless else "",
    )


def _may(recipients: Sequence[str], items: str, voice: Voice) -> str:
    """`we may use X`, `we and companies of our group may use X`, `we may give X to Y`."""
    own = not recipients or "ourselves" in recipients
    others = [name for name in recipients if name != "ourselves"]
    if not others:
        return f"we may use {items}"
    if others == ["affiliate"]:
        return f"{'we and ' if own else ''}{voice.recipients(others)} may use {items}"
    if others == ["the person"]:
        return f"we may {'use, and ' if own else ''}give {voice.subject()}{',' if own else ''} {items}"
    return f"we may {'use, and give' if own else 'give'} {items}{',' if own else ''} to {voice.recipients(others)}{',' if own else ''}"


def _cap(times: int, period: str) -> str:
    return f"{times} times a {period}" if times > 1 else f"once a {period}"


def _forbid(rule: Rule, voice: Voice) -> str:
    purposes = _forbidden(rule.purposes, rule.purposes_except, voice)
    if not purposes:
        return f"This forbids nothing, since no policy can forbid {voice.purposes(['rights'])}."
    if rule.together:
        items = f"{voice.items(rule.together[0], last='or')} together with {voice.items(rule.together[1], last='or')}"
    else:
        items = voice.items(rule.items or ("any",), rule.items_except, last="or")
    when = f", if {voice.conditions(rule.when, 'and')}" if rule.when else ""
    unless = f", unless {voice.conditions(rule.unless, 'or')}" if rule.unless else ""
    only_given = bool(rule.recipients) and "ourselves" not in rule.recipients
    return _sentences(
        f"we never {_handle(rule.recipients, items, voice)} for {purposes}{when}{unless}",
        "nor do we choose people for that by it" if only_given and not rule.together else "",
    )


def _forbidden(names: Sequence[str], but: Sequence[str], voice: Voice) -> str:
    """What a forbid is for. It never reaches `rights`, whatever it says; empty if that leaves nothing."""
    left = [name for name in names if name != "rights"]
    but = [*(["rights"] if "any" in left else []), *(name for name in but if name != "rights")]
    return voice.purposes(left, but, last="or")


def _handle(recipients: Sequence[str], items: str, voice: Voice) -> str:
    """`use X, or give it to anyone,`; `use X`; `give X to Y`."""
    others = [name for name in recipients if name != "ourselves"]
    if not recipients or "any" in recipients:
        return f"use {items}, or give it to anyone,"
    if not others:
        return f"use {items}"
    given = f"to {voice.recipients(others, last='or')}"
    return f"give {items} {given}" if len(others) == len(recipients) else f"use {items}, or give it {given},"


def _expectation(promise: Expectation, voice: Voice) -> str:
    last = "or" if promise.mood == "never" else "and"
    items = voice.items(promise.items or ("any",), promise.items_except, last=last)
    purposes = voice.purposes(promise.purposes, promise.purposes_except, last=last)
    totals = f", as totals of at least {promise.totals} people," if promise.totals else ""
    when = f", if {voice.conditions(promise.when, 'and')}" if promise.when else ""
    if promise.mood == "never":
        handled = f"no rule lets us {_handle(promise.recipients, items, voice)}"
    else:
        handled = f"whatever else holds, {_may(promise.recipients, items, voice)}"
    said = f"{handled.removesuffix(',')}{totals or (',' if handled.endswith(',') else '')} for {purposes}{when}"
    return f"{_sentences(said)} {PROVEN}"


def _stop(stop: Stop, voice: Voice) -> str:
    topics = join([f"“{name}”" for name in stop.topics])
    return _sentences(
        f"{_whoever(stop.regions, voice)} opt out of {topics} {voice.channels(stop.channels)}",
        f"we need only {voice.given(stop.given)}" if stop.given else "",
        f"it is done within {duration(stop.within)} at the latest" if stop.within else "",
    )


def _right(right: Right, voice: Voice) -> str:
    rights = join([voice.fit(RIGHTS.get(name, f"“{name}”")) for name in right.rights])
    period = f", for {PERIODS.get(right.covering, right.covering)}" if right.covering else ""
    clock = f"we answer within {duration(right.within)}" if right.within else ""
    if right.extendable:
        clock += f"; if we need up to {duration(right.extendable)} more, we say so, and why, within that time"
    return _sentences(
        f"{_whoever(right.regions, voice)} {rights}{period}: ask us {voice.channels(right.channels)}",
        f"we need {voice.given(right.given)}" if right.given else "",
        clock,
    )


def _whoever(regions: Sequence[str], voice: Voice) -> str:
    """`you can`, `if you live in California, you can`."""
    can = f"{voice.subject()} can"
    if not regions or {"anyone", "anywhere"} & set(regions):
        return f"wherever {voice.subject()} {voice.verb('live')}, {can}"
    return f"if {voice.subject()} {voice.verb('live')} in {join([region(code) for code in regions], 'or')}, {can}"


def _contact(contact: Contact) -> str:
    where = f" for people in {join([region(code) for code in contact.regions])}" if contact.regions else ""
    means = [
        f"phone {contact.phone}" if contact.phone else "",
        f"e-mail {contact.email}" if contact.email else "",
        f"post {contact.post}" if contact.post else "",
        hours(contact.hours) if contact.hours else "",
    ]
    return _sentences(f"{contact.desk}{where}: {'; '.join(part for part in means if part)}")


def _sentences(*parts: str) -> str:
    """The parts that say something as sentences: a capital first, a full stop last."""
    return " ".join(f"{part[0].upper()}{part[1:].rstrip(',')}." for part in parts if part)


# Questions and answers, for those who ask on behalf of the merchant


def use(asked: Use, voice: Voice) -> str:
    """A use in sentences: what is to be done, for what, by what people are chosen, and what is known about the recipient."""
    least = f" of at least {asked.people} people" if asked.people else ""
    items = [voice.items(asked.items, whole="all")] if asked.items else []
    totals = [f"{voice.items(asked.totals, whole='all')} as totals{least}"] if asked.totals else []
    shown = join_groups(items + totals)
    to = "" if asked.to == "ourselves" else voice.recipients([asked.to])
    what = f"{'give' if to else 'use'} {shown}" if shown else "choose people"
    if to:
        what += f" {'to' if shown else 'for'} {to}"
    chosen = f", choosing people by {voice.items(asked.chosen_by, whole='all')}," if asked.chosen_by else ""
    facts: list[tuple[ConditionKind, bool | None]] = [
        ("vetted", asked.vetted),
        ("under contract", asked.under_contract),
        ("legal process", asked.legal_process),
    ]
    return _sentences(
        f"{what}{chosen} for {voice.purposes([asked.purpose])}",
        join([voice.condition(Condition(kind, None, not value)) for kind, value in facts if value is not None]),
        f"our {asked.asked_by} staff asks" if asked.asked_by else "",
    )


def standing(seen: Standing, voice: Voice) -> str:
    """What is known about a person, in sentences; facts that are unknown are said to be."""
    who = voice.subject()
    by_choice: dict[str, list[str]] = {"in": [], "out": [], "unset": [], "unknown": []}
    for topic, choice in seen.choices.items():
        by_choice[choice].append(f"“{topic}”")
    have = voice.fit("{have}")
    return _sentences(
        f"{who} {have} opted in to {join(by_choice['in'])}" if by_choice["in"] else "",
        f"{who} {have} opted out of {join(by_choice['out'])}" if by_choice["out"] else "",
        f"{who} {have} chosen nothing about {join(by_choice['unset'])}" if by_choice["unset"] else "",
        f"what {who} {have} chosen about {join(by_choice['unknown'])} is unknown" if by_choice["unknown"] else "",
        f"{who} {voice.verb('live')} in {region(seen.region)}" if seen.region else f"where {who} {voice.verb('live')} is unknown",
        f"{who} {voice.fit('{are}')} {seen.age} years old" if seen.age is not None else f"{voice.fit('{your}')} age is unknown",
        "" if seen.served is None else voice.condition(Condition("serves", None, not seen.served)),
        *(f"information from {voice.source(source)} stands under version {version}" for source, version in seen.since.items()),
    )


def decision(answer: Decision, voice: Voice) -> str:
    """A decision, one line a part: what is allowed and with what duties, what is refused, by which clause and what would change it."""
    lines = []
    if answer.permitted:
        lines.append(_sentences(f"allowed: {voice.items(answer.permitted, whole='all')}").rstrip("."))
        lines += [f"  {duty}" for duty in duties(answer.obligations)]
    lines += [f"Refused: {said}" for said in reasons(answer.reasons, voice)]
    return "\n".join(lines) or "Refused: nothing was asked for"


def reasons(found: Sequence[Reason], voice: Voice) -> list[str]:
    """Why items are refused, a line each: the items, the fact, the clause, and what would change it. Versions that agree share a line."""
    alike: dict[Reason, list[str]] = {}
    for why in found:
        alike.setdefault(replace(why, version=""), []).append(why.version)
    return [_reason(why, versions, voice) for why, versions in alike.items()]


def _reason(why: Reason, versions: Sequence[str], voice: Voice) -> str:
    under = f"{'version' if len(versions) == 1 else 'versions'} {join(versions)}"
    clause = f"{why.clause}, {under}" if why.clause else under
    change = f" – what would change it: {why.change}" if why.change else ""
    return f"{voice.items(why.items, whole='all')}: {why.because} [{clause}]{change}"


def duties(owed: Obligations) -> list[str]:
    """What whoever carries out an allowed use must also do."""
    totals = [f"only as totals of at least {owed.people} people"] if owed.people else []
    return totals + [f"at most {_cap(*cap)} for each person" for cap in owed.at_most]


def at(read: Document, where: str | None) -> list[AnyStatement]:
    """The statements of a clause and the clauses below it, or at a line; all if `where` is None. `NotFound` if there is no such place."""
    if where is None:
        return list(read.statements)
    if where.isdigit():
        return _at_line(read, int(where))
    if not any(one.id == where for one in read.clauses):
        hint = suggestion(where, [one.id for one in read.clauses])
        raise NotFound(f"there is no clause `{where}`{f'; {hint}' if hint else ''}", place=read.name)
    found = [one for one in read.statements if one.clause == where or one.clause.startswith(f"{where}.")]
    if not found:
        raise NotFound(f"the clause `{where}` has no statements", place=read.name)
    return found


def _at_line(read: Document, line: int) -> list[AnyStatement]:
    """The statement that stands at a line, or else all of the clause whose text does."""
    clause = next((one for one in reversed(read.clauses) if one.place.line <= line), None)
    if clause is None or line > read.text.count("\n") + 1:
        raise NotFound(f"no clause stands at line {line}", place=read.name)
    before = [one for one in read.statements if one.place.line <= line and one.clause == clause.id]
    return [one for one in before if one.place.line == before[-1].place.line] or at(read, clause.id)
