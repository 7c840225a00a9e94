"""What a new version of a policy changes: who may now be treated how, wider and narrower apart, the least conditions first."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from upheld.policy.compiled import Policy
from upheld.policy.diff_statements import Shift, shifts
from upheld.policy.gains import Form, Gain, Gains, Question, Side, Words, simplify
from upheld.policy.space import Space, who
from upheld.policy.terms import Vocabulary


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that differs, in words. `kind` is `use`, or the statement that differs; the rest is empty unless it is a use.

    `conditions` say which people and recipients it is about (empty: all). `items` are shown (empty: people are chosen), in `form`
    (empty: individually or as totals). `clauses` are those that permit it, in the version that does.
    """

    kind: str
    words: str
    clauses: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()
    purposes: tuple[str, ...] = ()
    to: tuple[str, ...] = ()
    items: tuple[str, ...] = ()
    form: str = ""
    chosen_by: tuple[str, ...] = ()
    together_with: tuple[str, ...] = ()
    often: str = ""


@dataclass(frozen=True, slots=True)
class Difference:
    """All that differs. `wider`: more may be done with information, or people can do less. `changed` is neither."""

    wider: tuple[Change, ...]
    narrower: tuple[Change, ...]
    changed: tuple[Change, ...]

    def __bool__(self) -> bool:
        return bool(self.wider or self.narrower or self.changed)


def diff(old: Policy, new: Policy) -> Difference:
    """What differs between two policies. Equal documents, however they are laid out, differ in nothing."""
    space = Space.of(old, new)
    one, other = Side(old, space), Side(new, space)
    words = Words(one, other)
    wider = _changes(space, Gains(one, other, words), words, "may now")
    narrower = _changes(space, Gains(other, one, words), words, "may no longer")
    by_direction: dict[str, list[Change]] = {"wider": [], "narrower": [], "changed": []}
    for shift in shifts(old, new):
        by_direction[shift.direction].append(_of_statement(shift))
    return Difference(
        (*wider, *by_direction["wider"]),
        (*narrower, *by_direction["narrower"]),
        tuple(by_direction["changed"]),
    )


def _of_statement(shift: Shift) -> Change:
    return Change(shift.kind, shift.words, shift.clauses)


@dataclass(frozen=True, slots=True)
class _Group:
    """Gains of the same kind and place, for sets of purposes, recipients, items and (one at a time) choosing items."""

    purposes: frozenset[str]
    to: frozenset[str]
    items: frozenset[str]
    chosen: frozenset[str]
    kind: tuple[object, ...]  # the rest: form, larger choosing sets, company, often
    boxes: tuple[tuple[tuple[int, int], ...], ...]
    clauses: frozenset[str]


def _changes(space: Space, gains: Gains, words: Words, may: str) -> list[Change]:
    found = _grouped([_group(space, gains, words, gain) for gain in gains.all()])
    vocabulary = gains.after.policy.vocabulary
    changes = [_change(space, gains, group, box, vocabulary, may) for group in found for box in group.boxes]
    return sorted(changes, key=lambda each: (len(each.conditions), bool(each.chosen_by), each.words))


def _group(space: Space, gains: Gains, words: Words, gain: Gain) -> _Group:
    asked = gain.question
    boxes = tuple(tuple(sorted(box.items())) for box in simplify(space, gains.cubes, gain.boxes))
    singly = asked.chosen if len(asked.chosen) == 1 else frozenset[str]()
    return _Group(
        purposes=frozenset(words.purposes[asked.purpose]),
        to=frozenset(words.recipients[asked.to]),
        items=frozenset(words.items[asked.item]) if asked.item is not None else frozenset(),
        chosen=frozenset(each for item in singly for each in words.items[item]),
        kind=(_form(gains, asked), asked.chosen - singly, asked.company, asked.often),
        boxes=boxes,
        clauses=frozenset(gain.clauses),
    )


def _form(gains: Gains, asked: Question) -> str:
    """`as totals of 5 to 9 people`: from the size asked to where the next size gains nothing more."""
    people = asked.form.people
    if people is None:
        return ""
    larger = [size for size in gains.sizes if size > people]
    until = next((size for size in larger if not gains.where(replace(asked, form=Form(size)))), None)
    if until is not None:
        return f"as totals of {people} to {until - 1} people" if people > 1 else f"as totals of fewer than {until} people"
    return f"as totals of at least {people} people" if people > 1 else "as totals"


def _grouped(groups: Sequence[_Group]) -> list[_Group]:
    """Groups that differ in one side only become one: first items, then choosing items, purposes, recipients."""
    left = list(groups)
    for side in ("items", "chosen", "purposes", "to"):
        merged: dict[object, _Group] = {}
        for group in left:
            key = replace(group, **{side: frozenset(), "clauses": frozenset()})  # type: ignore[arg-type]
            same = merged.get((key, bool(getattr(group, side))))
            if same is not None:
                both: frozenset[str] = getattr(same, side) | getattr(group, side)
                group = replace(same, **{side: both, "clauses": same.clauses | group.clauses})  # type: ignore[arg-type]  # noqa: PLW2901
            merged[key, bool(getattr(group, side))] = group
        left = list(merged.values())
    return left


def _change(space: Space, gains: Gains, group: _Group, box: tuple[tuple[int, int], ...], words: Vocabulary, may: str) -> Change:
    form, many, company, often = group.kind
    assert isinstance(form, str)
    assert isinstance(many, frozenset)
    assert isinstance(company, frozenset)
    conditions = who(space, dict(box))
    purposes = _named(group.purposes, words.purposes, words.expand_purpose)
    items = _named(group.items, words.items, words.expand_item)
    singly = _named(group.chosen, words.items, words.expand_item)
    chosen = singly or tuple(sorted(many))
    to = tuple(each for each in words.recipients if each in group.to)
    cap = f"more than {often[0]} times a {often[1]}" if isinstance(often, tuple) else ""
    by = f" chosen by {_joined(chosen, 'or' if singly else 'and')}" if chosen else ""
    beside = f" shown together with {_joined(sorted(company), 'and')}" if company else ""
    if items:
        what = f"{_joined(items, 'and')}{f' {form}' if form else ''}{beside}"
        subject = f"{what}{f' of people{by}' if by else ''} {may} {_given(to)}"
    else:
        subject = f"people {may} be{by}" + ("" if to == ("ourselves",) else f" for {_joined(to, 'or')}")
    person = f"a person {', '.join(conditions)}" if conditions else "anyone"
    clauses = tuple(rule.clause for rule in gains.after.policy.rules if rule.clause in group.clauses)
    said = f"{person}: {subject} for {_joined(purposes, 'and')}{f' {cap}' if cap else ''}"
    return Change(
        kind="use",
        words=said,
        clauses=tuple(dict.fromkeys(clauses)),
        conditions=tuple(conditions),
        purposes=purposes,
        to=to,
        items=items,
        form=form,
        chosen_by=chosen,
        together_with=tuple(sorted(company)),
        often=cap,
    )


def _given(to: Sequence[str]) -> str:
    others = [each for each in to if each != "ourselves"]
    if not others:
        return "be used by ourselves"
    goes = f"go to {_joined(others, 'or')}"
    return goes if len(others) == len(to) else f"be used by ourselves or {goes}"


def _named(names: frozenset[str], leaves: Sequence[str], expand: Callable[[str], tuple[str, ...]]) -> tuple[str, ...]:
    """The names with whole branches named by their root, in document order."""
    if names and names >= set(leaves):
        return ("any",)
    said: list[str] = []
    left = dict.fromkeys(leaf for leaf in leaves if leaf in names)
    for leaf in list(left):
        if leaf not in left:
            continue
        parts = leaf.split(".")
        branches = [".".join(parts[:count]) for count in range(1, len(parts))]
        branch = next((each for each in branches if set(expand(each)) <= names and len(expand(each)) > 1), leaf)
        said.append(branch)
        for each in expand(branch):
            left.pop(each, None)
    return (*said, *sorted(names - set(leaves)))


def _joined(words: Iterable[str], last: str) -> str:
    quoted = [f"`{word}`" for word in words]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} {last} {quoted[-1]}"
