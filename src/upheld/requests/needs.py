"""What a duty of the law needs of a policy document, and where the document falls short of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from upheld.law.counting import Period
from upheld.law.duties import Duty, Need
from upheld.policy import behaviour
from upheld.policy.behaviour import ANYONE
from upheld.policy.compiled import Policy
from upheld.policy.language import Lines, read_statement
from upheld.policy.statements import Collect, Condition, Contact, Duration, Expectation, Place, Right, Stop, Topic
from upheld.policy.terms import RIGHTS, within

_HOURS = {"hour": 1.0, "calendar_day": 24.0, "business_day": 24.0 * 7 / 5, "month": 730.5}
_UNITS = {"hour": "hour", "calendar_day": "day", "business_day": "business day", "month": "month"}
_ADDED = "law"


@dataclass(frozen=True, slots=True)
class Short:
    """Where a document falls short of a need: what is so, and what to write. `field` is the field of the duty that asks for it."""

    duty: Duty
    need: Need
    place: Place | None  # None: something is missing, so it stands nowhere
    words: str
    hint: str
    field: str | None = None


def shortfalls(policy: Policy, duty: Duty, need: Need) -> Iterator[Short]:
    """How a policy falls short of a need that can be read off its statements."""
    match need.kind:
        case "right":
            yield from _right(policy, duty, need)
        case "stop":
            yield from _stop(policy, duty, need)
        case "changes":
            if behaviour.changes(policy) is None:
                hint = "add `changes apply from posting, wider use of earlier information when agreed`"
                yield Short(duty, need, None, "what a change of the policy does to earlier information is not said", hint, need.mark)
        case "contact":
            contacts = [one for one in policy.document.statements if isinstance(one, Contact) and _covers(one.regions or (ANYONE,), duty)]
            if not any(getattr(one, need.value, None) for one in contacts):
                yield Short(
                    duty, need, None, f"no desk says its `{need.value}`", f'add it, as in `contact customer service: {need.value} "…"`'
                )
        case "collects not":
            for collect in (one for one in policy.document.statements if isinstance(one, Collect)):
                for kind in (kind for kind in collect.kinds if kind in need.value.split(", ")):
                    yield Short(
                        duty, need, collect.place, f"`{collect.source}.{kind}` is kept", "leave it out; a token may be kept instead"
                    )
        case "never" | "opt in":
            return


def expectation(policy: Policy, duty: Duty, need: Need) -> Expectation | None:
    """What must be proven of a policy to meet a need; None if that can be read off it, or the policy knows nothing of what it speaks of."""
    here: tuple[Condition, ...] = tuple(Condition("in", one) for one in duty.regions if one != "anywhere")
    if need.kind == "never":
        read, _ = read_statement(Lines([(1, 0, f"never {need.value}")]), _ADDED)
        return replace(read, when=(*read.when, *here)) if isinstance(read, Expectation) else None
    if need.kind == "opt in" and policy.vocabulary.expand_purpose(need.value):
        topics = [one.name for one in policy.document.statements if isinstance(one, Topic) and _stops(policy, one, need.value)]
        when = (*here, *(Condition("opted in", topic, negated=True) for topic in topics))
        text = f"never {need.value} when not opted in"
        return Expectation(_ADDED, Place(1, 1), text, "never", (need.value,), when=when)
    return None


def failing(duty: Duty, need: Need, words: str, place: Place | None) -> Short:
    """What a proof found against a need."""
    if need.kind == "never":
        return Short(duty, need, place, words, f"forbid it, as in `forbid {need.value}`", need.mark)
    hint = f"allow `{need.value}` only `when opted in to …`, and prove it with `never {need.value} when not opted in to …`"
    return Short(duty, need, place, words, hint, need.mark)


def purposes_of(policy: Policy, need: Need) -> tuple[str, ...]:
    """The purposes that a need of the kind `stop` speaks of: those below its own that the policy allows, `to` whom it says if it does."""
    named = policy.vocabulary.expand_purpose(need.value)
    allowed = [rule.purposes for rule in policy.allows if need.to is None or need.to in rule.recipients]
    return tuple(purpose for purpose in named if any(purpose in purposes for purposes in allowed))


def topics_of(policy: Policy, need: Need) -> tuple[str, ...]:
    """The topics that stop something that a need of the kind `stop` speaks of."""
    purposes = purposes_of(policy, need)
    topics = (one for one in policy.document.statements if isinstance(one, Topic))
    return tuple(one.name for one in topics if any(_stops(policy, one, purpose) for purpose in purposes))


def period_in_words(period: Period) -> str:
    """A law's period as a policy would say it: `45 days`."""
    unit = _UNITS[period.unit]
    return f"{period.n} {unit}{'s' * (period.n != 1)}"


def _right(policy: Policy, duty: Duty, need: Need) -> Iterator[Short]:
    found = [
        one for one in policy.document.statements if isinstance(one, Right) and need.value in one.rights and _covers(one.regions, duty)
    ]
    region = "anyone" if "anywhere" in duty.regions else ", ".join(duty.regions)
    clock = _clock_in_words(duty) if need.clock else ""
    if not found:
        covering = f" covering {need.covering}" if need.covering else ""
        words = f"no statement gives them the right to {RIGHTS[need.value]}"
        yield Short(duty, need, None, words, f"add `right {need.value} for {region} by web, email, phone given …{covering}{clock}`")
        return
    if need.covering and not any(one.covering == need.covering for one in found):
        hint = f"add `covering {need.covering}`"
        yield Short(duty, need, found[0].place, f"the right `{need.value}` does not cover the {need.covering}", hint)
    if len({way for one in found for way in one.channels}) < need.ways:
        yield Short(duty, need, found[0].place, f"`{need.value}` can be asked for in one way only", f"name at least {need.ways} after `by`")
    if need.clock and duty.due is not None:
        first = min(found, key=lambda one: behaviour.hours(one.within) if one.within else float("inf"))
        yield from _clock(duty, need, f"the right to {RIGHTS[need.value]}", first.place, first.within, first.extendable)


def _stop(policy: Policy, duty: Duty, need: Need) -> Iterator[Short]:
    for purpose in purposes_of(policy, need):
        topics = [one.name for one in policy.document.statements if isinstance(one, Topic) and _stops(policy, one, purpose)]
        stops = [
            one for one in policy.document.statements if isinstance(one, Stop) and {*topics} & {*one.topics} and _covers(one.regions, duty)
        ]
        if not stops:
            topic = topics[0] if topics else purpose.rpartition(".")[2]
            declare = "" if topics else f"`topic {topic} stops {purpose}` and "
            hint = f"add {declare}`stop {topic} for anyone by web, email, phone, signal given email`"
            yield Short(duty, need, _allowing(policy, purpose), f"they cannot stop `{purpose}`", hint)
            continue
        yield from _ways_of_stopping(duty, need, purpose, stops)


def _ways_of_stopping(duty: Duty, need: Need, purpose: str, stops: Sequence[Stop]) -> Iterator[Short]:
    place, ways = stops[0].place, {way for one in stops for way in one.channels}
    given = {alternative for one in stops for alternative in one.given}
    if need.by and need.by not in ways:
        yield Short(duty, need, place, f"`{purpose}` cannot be stopped by {need.by}", f"add `{need.by}` after `by`")
    if len(ways) < need.ways:
        yield Short(duty, need, place, f"`{purpose}` can be stopped in one way only", f"name at least {need.ways} after `by`")
    if need.given and (need.given,) not in given:
        yield Short(duty, need, place, f"`{purpose}` cannot be stopped with {need.given} alone", f"write `given {need.given}, or …`")
    if need.single and not any(len(alternative) == 1 for alternative in given):
        yield Short(
            duty, need, place, f"whoever stops `{purpose}` must give more than one thing", "let one suffice, as in `given email, or …`"
        )
    if need.clock and duty.due is not None:
        first = min(stops, key=lambda one: behaviour.hours(one.within) if one.within else float("inf"))
        yield from _clock(duty, need, f"stopping `{purpose}`", first.place, first.within, None)


def _clock(duty: Duty, need: Need, what: str, place: Place, given: Duration | None, more: Duration | None) -> Iterator[Short]:
    """Whether the document's own time is within the law's."""
    if duty.due is None:
        return
    limit = duty.due.period
    if given is None:
        yield Short(duty, need, place, f"by when they have {what} is not said", f"add `{_clock_in_words(duty).strip()}`", "due")
    elif behaviour.hours(given) > _hours(limit):
        words = f"{what} takes up to {given.count} {given.unit}s, and the law gives {period_in_words(limit)}"
        yield Short(duty, need, place, words, f"write `within {period_in_words(limit)}`", "due")
    if given is not None and more is not None:
        most = _hours(limit) + (_hours(duty.extend.period) if duty.extend else 0)
        if behaviour.hours(given) + behaviour.hours(more) > most:
            words = f"{what} may be put off longer than the law lets"
            hint = f"write `extendable by {period_in_words(duty.extend.period)}`" if duty.extend else "leave out `extendable by …`"
            yield Short(duty, need, place, words, hint, "extend")


def _clock_in_words(duty: Duty) -> str:
    if duty.due is None:
        return ""
    more = f" extendable by {period_in_words(duty.extend.period)}" if duty.extend else ""
    return f" within {period_in_words(duty.due.period)}{more}"


def _hours(period: Period) -> float:
    return period.n * _HOURS[period.unit]


def _covers(regions: Sequence[str], duty: Duty) -> bool:
    """Whether all whom a duty is about are in one of the regions."""
    return all(any(outer == ANYONE or within(region, outer) is True for outer in regions) for region in duty.regions)


def _stops(policy: Policy, topic: Topic, purpose: str) -> bool:
    return bool({*policy.vocabulary.expand_purpose(purpose)} & policy.vocabulary.expand_purposes(topic.purposes))


def _allowing(policy: Policy, purpose: str) -> Place | None:
    return next((rule.place for rule in policy.allows if purpose in rule.purposes and rule.number >= 0), None)
