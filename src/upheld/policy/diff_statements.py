"""What differs between two policies in the statements other than rules: collection, retention, rights, clocks, desks and staff."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from upheld.policy import behaviour
from upheld.policy.compiled import Policy
from upheld.policy.statements import AskAge, Changes, Contact, Duration, NoticeOnLeaving, Purpose, Right, Stop

Direction = Literal["wider", "narrower", "changed"]

_FOREVER = float("inf")


@dataclass(frozen=True, slots=True)
class Shift:
    """One difference, in words. Wider: more may be done, or people can do less; narrower: the contrary; changed: neither."""

    kind: str
    direction: Direction
    words: str
    clauses: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Offer:
    """What a person of a region can call upon: a right or a way off a list, with its ways and clock."""

    ways: frozenset[str]
    hours: float
    clock: str
    covering: str
    clause: str


def shifts(old: Policy, new: Policy) -> Iterator[Shift]:
    """All differences outside the rules, statement by statement."""
    yield from _collected(old, new)
    yield from _kept(old, new)
    yield from _offered(old, new, "right", _rights)
    yield from _offered(old, new, "stop", _stops)
    yield from _desks(old, new)
    yield from _staff(old, new)
    yield from _promised(old, new)
    yield from _words(old, new)


def _either(kind: str, gone: set[str], come: set[str], worse: str, better: str) -> Iterator[Shift]:
    """What came makes it wider, what went narrower."""
    for word in sorted(come):
        yield Shift(kind, "wider", worse.format(f"`{word}`"))
    for word in sorted(gone):
        yield Shift(kind, "narrower", better.format(f"`{word}`"))


def _collected(old: Policy, new: Policy) -> Iterator[Shift]:
    before, after = set(old.vocabulary.items), set(new.vocabulary.items)
    yield from _either("collect", before - after, after - before, "{} is now collected", "{} is no longer collected")


def _kept(old: Policy, new: Policy) -> Iterator[Shift]:
    groups: dict[tuple[str, str, float, float], list[str]] = {}
    for item in (each for each in new.vocabulary.items if each in old.vocabulary.items):
        for last in (False, True):
            limits = [[each for each in behaviour.retention(policy, item) if each.after_last_contact is last] for policy in (old, new)]
            said = [_limit(each[0].duration, last=last) if each else "without such a limit" for each in limits]
            lengths = [behaviour.hours(each[0].duration) if each else _FOREVER for each in limits]
            if lengths[0] != lengths[1]:
                groups.setdefault((said[0], said[1], lengths[0], lengths[1]), []).append(item)
    for (before, after, was, now), items in groups.items():
        names = ", ".join(f"`{item}`" for item in items)
        longer = now > was
        yield Shift(
            "keep", "wider" if longer else "narrower", f"{names} may be kept {after}, {'longer' if longer else 'shorter'} than {before}"
        )


def _limit(duration: Duration, *, last: bool) -> str:
    return f"until {_length(duration)} after last contact" if last else f"for {_length(duration)}"


def _length(duration: Duration) -> str:
    return f"{duration.count} {duration.unit}{'' if duration.count == 1 else 's'}"


def _clock(within: Duration | None, extendable: Duration | None) -> tuple[float, str]:
    if within is None:
        return _FOREVER, "without a time limit"
    more = f", extendable by {_length(extendable)}" if extendable else ""
    return behaviour.hours(within) + (behaviour.hours(extendable) if extendable else 0), f"within {_length(within)}{more}"


def _ways(statement: Right | Stop) -> frozenset[str]:
    given = [" and ".join(each) for each in statement.given] or [""]
    return frozenset(f"{channel}, giving {parts}" if parts else channel for channel in statement.channels for parts in given)


Offers = dict[tuple[str, str], list[_Offer]]


def _rights(policy: Policy) -> Offers:
    found: Offers = {}
    for each in policy.document.statements:
        if isinstance(each, Right):
            length, clock = _clock(each.within, each.extendable)
            offer = _Offer(_ways(each), length, clock, each.covering or "", each.clause)
            for name in each.rights:
                for region in each.regions:
                    found.setdefault((name, region), []).append(offer)
    return found


def _stops(policy: Policy) -> Offers:
    found: Offers = {}
    for each in policy.document.statements:
        if isinstance(each, Stop):
            offer = _Offer(_ways(each), *_clock(each.within, None), "", each.clause)
            for name in each.topics:
                for region in each.regions:
                    found.setdefault((name, region), []).append(offer)
    return found


def _offered(old: Policy, new: Policy, kind: str, offers: Callable[[Policy], Offers]) -> Iterator[Shift]:
    before, after = offers(old), offers(new)
    said: dict[tuple[Direction, str], tuple[list[str], dict[str, None]]] = {}
    for name, region in sorted({*before, *after}):
        was, now = before.get((name, region), []), after.get((name, region), [])
        people = "anyone" if region == behaviour.ANYONE else f"people in `{region}`"
        for direction, words in _of_ways(was, now):
            names, clauses = said.setdefault((direction, f"{people} {words}"), ([], {}))
            names.append(f"`{name}`")
            clauses.update(dict.fromkeys(each.clause for each in (*now, *was)))
    for (direction, words), (names, clauses) in said.items():
        listed = ", ".join(names)
        what = f"have the right {listed}" if kind == "right" else f"stop {listed}"
        yield Shift(kind, direction, words.format(what=what), tuple(clauses))


def _of_ways(was: list[_Offer], now: list[_Offer]) -> Iterator[tuple[Direction, str]]:
    if not was or not now:
        yield ("narrower", "may now {what}") if now else ("wider", "may no longer {what}")
        return
    one, other = (frozenset[str]().union(*(each.ways for each in offers)) for offers in (was, now))
    both = sorted(one & other)
    if one - other:
        yield "wider", f"may no longer {{what}} by {' or by '.join(sorted(one - other))}"
    if other - one:
        yield "narrower", f"may now {{what}} by {' or by '.join(sorted(other - one))}"
    clocks: dict[tuple[Direction, str], list[str]] = {}
    for way in both:
        first, second = (min((each for each in offers if way in each.ways), key=lambda each: each.hours) for offers in (was, now))
        if first.clock != second.clock:
            direction: Direction = "wider" if second.hours > first.hours else "narrower" if second.hours < first.hours else "changed"
            clocks.setdefault((direction, f"{second.clock}, before {first.clock}"), []).append(way)
        spans = [" or ".join(sorted({each.covering or "any time" for each in offers if way in each.ways})) for offers in (was, now)]
        if spans[0] != spans[1]:
            clocks.setdefault(("changed", f"covering {spans[1]}, before {spans[0]}"), []).append(way)
    for (direction, words), ways in clocks.items():
        by = "" if ways == both else f" by {' or by '.join(ways)}"
        yield direction, f"may {{what}}{by} {words}"


def _desks(old: Policy, new: Policy) -> Iterator[Shift]:
    def desks(policy: Policy) -> dict[tuple[str, str], Contact]:
        found = [each for each in policy.document.statements if isinstance(each, Contact)]
        return {(each.desk, region): each for each in found for region in each.regions or (behaviour.ANYONE,)}

    before, after = desks(old), desks(new)
    for desk, region in sorted({*before, *after}):
        was, now = before.get((desk, region)), after.get((desk, region))
        people = "anyone" if region == behaviour.ANYONE else f"`{region}`"
        if was is None or now is None:
            clauses = tuple(each.clause for each in (was, now) if each is not None)
            yield Shift("contact", "changed", f"the desk `{desk}` for {people} is {'new' if now else 'gone'}", clauses)
            continue
        for what in ("phone", "email", "post", "hours"):
            one, other = getattr(was, what), getattr(now, what)
            if one != other:
                said = f"is `{other}`" if other else "is no longer given"
                before_it = f"`{one}`" if one else "not given"
                yield Shift("contact", "changed", f"the {what} of the desk `{desk}` for {people} {said}, before {before_it}", (now.clause,))


def _staff(old: Policy, new: Policy) -> Iterator[Shift]:
    def staff(policy: Policy) -> dict[str, frozenset[str]]:
        return {role: behaviour.staff_purposes(policy, role) for role, _, _ in policy.staff}

    before, after = staff(old), staff(new)
    for role in sorted({*before, *after}):
        was, now = before.get(role, frozenset()), after.get(role, frozenset())
        worse, better = f"`{role}` may now ask for {{}}", f"`{role}` may no longer ask for {{}}"
        yield from _either("staff", set(was - now), set(now - was), worse, better)


def _promised(old: Policy, new: Policy) -> Iterator[Shift]:
    def screens(policy: Policy) -> set[str]:
        return {source for each in policy.document.statements if isinstance(each, AskAge) for source in each.sources}

    one, other = screens(old), screens(new)
    yield from _either("ask age", other - one, one - other, "the age is no longer asked before {}", "the age is now asked before {}")
    for kind, asked, words in (
        ("notice on leaving", NoticeOnLeaving, "a notice is {} shown on links to other sites"),
        ("changes", Changes, "the policy {} says that wider use of earlier information needs agreement"),
    ):
        had, has = (any(isinstance(each, asked) for each in policy.document.statements) for policy in (old, new))
        if had != has:
            yield Shift(kind, "narrower" if has else "wider", words.format("now" if has else "no longer"))


def _words(old: Policy, new: Policy) -> Iterator[Shift]:
    """Declared purposes: a new word by itself permits nothing, but what a word means is part of the promise."""
    before, after = ({each.name: each.words for each in policy.document.statements if isinstance(each, Purpose)} for policy in (old, new))
    for name in sorted({*before, *after}):
        was, now = before.get(name), after.get(name)
        if was != now:
            said = f"means “{now}”" if now else "is no longer declared"
            yield Shift("purpose", "changed", f"the purpose `{name}` {said}" + (f", before “{was}”" if was and now else ""))
