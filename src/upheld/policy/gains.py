"""What one policy permits that another does not: for which people, uses, forms and choosing items. Exact, by boxes; no words yet."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from upheld.policy.candidates import Candidates, bits
from upheld.policy.compiled import CompiledRule, Policy
from upheld.policy.cubes import Cubes
from upheld.policy.space import Box, Space
from upheld.policy.statements import Place

Boxes = tuple[Box, ...]
_NOWHERE = Place(0, 0)


@dataclass(frozen=True, slots=True)
class Form:
    """How an item is shown: one by one, or (`people`) as totals of so many people."""

    people: int | None = None

    @property
    def totals(self) -> bool:
        """Whether it is shown as totals."""
        return self.people is not None


@dataclass(frozen=True, slots=True)
class Question:
    """One way to ask, with one word standing for each class of words that no rule of either policy tells apart.

    `item` None: may people be chosen by `chosen`. `company` are items shown beside it. `often`: more often than (times, period).
    """

    purpose: str
    to: str
    item: str | None
    form: Form
    chosen: frozenset[str] = frozenset()
    company: frozenset[str] = frozenset()
    often: tuple[int, str] | None = None


@dataclass(frozen=True, slots=True)
class Gain:
    """Where a question is answered yes only by the one policy. `clauses` are those of its permits that reach there."""

    question: Question
    boxes: Boxes
    clauses: tuple[str, ...]


class Words:
    """Purposes, recipients and items in classes that no rule of either policy tells apart."""

    def __init__(self, one: Side, other: Side) -> None:
        sides = (one.candidates, other.candidates)

        def said(item: str) -> Hashable:
            pairs = [tuple((item in some, item in more) for _, (some, more) in side.pairs) for side in sides]
            masks = [(side.allowed_using[item], side.choosing[item], side.forbidden_using[item]) for side in sides]
            return (*pairs, *masks)

        vocabularies = [one.policy.vocabulary, other.policy.vocabulary]
        items = dict.fromkeys(item for words in vocabularies for item in words.items)
        purposes = dict.fromkeys(purpose for words in vocabularies for purpose in words.purposes)
        self.items = _classes(items, said)
        self.purposes = _classes(purposes, lambda each: tuple(_reach(side, each) for side in sides))
        self.recipients = _classes(vocabularies[0].recipients, lambda to: tuple((s.allowed_to[to], s.forbidden_to[to]) for s in sides))


class Side:
    """One of the two policies, in the space of both."""

    def __init__(self, policy: Policy, space: Space) -> None:
        self.policy, self.candidates, self.cubes = policy, Candidates(policy), Cubes(space)

    def asked(self, question: Question) -> tuple[int, int, int]:
        """The allows and the forbids that could matter, and the allows that cap it too low."""
        some, form = self.candidates, question.form
        allows = some.allowing(question.purpose, question.to)
        if form.people is None:
            allows &= ~some.totals
        if question.item is not None:
            allows &= some.allowed_using[question.item]
        for item in question.chosen:
            allows &= some.choosing[item]
        for at in bits(allows & some.totals):
            if form.people is not None and (some.allows[at].totals or 0) > form.people:
                allows ^= 1 << at
        touched = question.chosen | question.company | ({question.item} if question.item is not None else set())
        forbids = some.biting(some.purposes(question.purpose), question.to, question.item, question.chosen, touched)
        capped = 0
        if question.often is not None:
            times, period = question.often
            for at in bits(allows):
                cap = some.allows[at].at_most
                capped |= (cap is not None and cap[1] == period and cap[0] <= times) << at
        return allows, forbids, capped

    def said(self, asked: tuple[int, int, int]) -> frozenset[CompiledRule]:
        """What the rules that could matter say, wherever they stand: where two sides say the same, nothing differs."""
        allows, forbids, _ = asked
        some = self.candidates
        rules = (*(some.allows[at] for at in bits(allows)), *(some.forbids[at] for at in bits(forbids)))
        return frozenset(replace(rule, number=0, clause="", place=_NOWHERE, text="") for rule in rules)

    def between(self, purpose: str, to: str) -> tuple[int, int, int]:
        """All rules that could matter for a purpose to a recipient."""
        some = self.candidates
        touching = 0
        for leaf in some.purposes(purpose):
            touching |= some.touching[leaf]
        return some.allowing(purpose, to), touching & some.forbidden_to[to], 0

    def region(self, asked: tuple[int, int, int], *, totals: bool) -> list[Box]:
        """Where the question is answered yes."""
        allows, forbids, capped = asked
        some = self.candidates
        bites = self.cubes.biting((some.forbids[at] for at in bits(forbids)), totals=totals)
        bites += [box for at in bits(capped) if (box := self.cubes.permits(some.allows[at], totals=totals)) is not None]
        found: list[Box] = []
        for at in bits(allows & ~capped):
            box = self.cubes.permits(some.allows[at], totals=totals)
            if box is not None:
                found += self.cubes.holes(box, bites)
        return found


class Gains:
    """What `after` permits and `before` does not."""

    def __init__(self, before: Side, after: Side, words: Words) -> None:
        self.before, self.after, self.words = before, after, words
        self.cubes = after.cubes
        rules = (*before.policy.allows, *after.policy.allows)
        self.sizes = [1, *sorted({rule.totals for rule in rules if rule.totals is not None} - {1})]
        self.often = sorted({rule.at_most for rule in rules if rule.at_most is not None})
        self._known: dict[tuple[object, ...], Boxes] = {}

    def all(self) -> Iterator[Gain]:
        """Every gain, none of which is already said by another."""
        some = self.after.candidates
        for purpose in self.words.purposes:
            for to in self.words.recipients:
                allowed = some.allowing(purpose, to)
                if allowed and self.after.said(self.after.between(purpose, to)) != self.before.said(self.before.between(purpose, to)):
                    yield from self._between(purpose, to, allowed)

    def where(self, question: Question) -> Boxes:
        """Where only `after` says yes."""
        after, before = self.after.asked(question), self.before.asked(question)
        key = (after, before, question.form.totals)
        if key not in self._known:
            if self.after.said(after) == self.before.said(before):
                self._known[key] = ()
                return ()
            gained = self.after.region(after, totals=question.form.totals)
            had = self.before.region(before, totals=question.form.totals) if gained else []
            self._known[key] = tuple(hole for box in gained for hole in self.cubes.holes(box, had))
        return self._known[key]

    def _between(self, purpose: str, to: str, allowed: int) -> Iterator[Gain]:
        some = self.after.candidates
        shown = [item for item in self.words.items if some.allowed_using[item] & allowed]
        choosing = [item for item in self.words.items if some.choosing[item] & allowed]
        chosen_alone: dict[str, Boxes] = {}
        for item in choosing:
            question = Question(purpose, to, None, Form(), frozenset({item}))
            chosen_alone[item] = self.where(question)
            # Whatever may be shown may be chosen by: that is said once.
            itself = self.where(Question(purpose, to, item, Form()))
            yield from self._gain(question, self._less(chosen_alone[item], itself))
        for many in self._larger(None, allowed):
            question = Question(purpose, to, None, Form(), many)
            yield from self._gain(question, self._less(self.where(question), [box for by in many for box in chosen_alone.get(by, ())]))
        for item in shown:
            said: list[Box] = []
            for form in (Form(), *map(Form, self.sizes)):
                for gain in self._of_item(Question(purpose, to, item, form), choosing, chosen_alone, allowed):
                    left = self._less(gain.boxes, said)
                    said += left
                    yield from self._gain(gain.question, left)

    def _of_item(self, plain: Question, choosing: Sequence[str], alone: dict[str, Boxes], allowed: int) -> Iterator[Gain]:
        """One item in one form: by itself, chosen by one item or several, beside others, and more often."""
        form, item = plain.form, plain.item
        some = self.after.candidates
        base = list(self.where(plain))
        yield from self._gain(plain, base)
        singles: dict[str, list[Box]] = {}
        for by in choosing:
            question = Question(plain.purpose, plain.to, item, form, frozenset({by}))
            singles[by] = [*base, *(() if form.totals else alone[by]), *self.where(question)]
            yield from self._gain(question, self._less(self.where(question), [*base, *(() if form.totals else alone[by])]))
        for many in self._larger(item, allowed):
            question = Question(plain.purpose, plain.to, item, form, many)
            yield from self._gain(question, self._less(self.where(question), [box for by in many for box in singles.get(by, base)]))
        for company in self._pairs():
            question = Question(plain.purpose, plain.to, item, form, frozenset(), company)
            yield from self._gain(question, self._less(self.where(question), base))
        for often in self.often if some.allowed_using[item or ""] else ():
            for one in ("", *choosing):
                question = Question(plain.purpose, plain.to, item, form, frozenset({one} - {""}), frozenset(), often)
                said = singles[one] if one else base
                found = self._less(self.where(question), said)
                said += found
                yield from self._gain(question, found)

    def _larger(self, item: str | None, allowed: int) -> set[frozenset[str]]:
        """The largest sets of choosing items that some allow of `after` permits, whatever its forbids take away."""
        some, found = self.after.candidates, set()
        for at in bits(allowed if item is None else allowed & some.allowed_using[item]):
            rule = some.allows[at]
            most = frozenset(by for by in self.words.items if by in rule.chosen_by or by in rule.items)
            taken = {frozenset(by for by in most if by in forbid.items) for forbid in some.forbids}
            found |= {most - taken_away for taken_away in _unions(taken)}
        return {each for each in found if len(each) > 1}

    def _pairs(self) -> list[frozenset[str]]:
        """Items that a forbid of either policy minds together, one for each class."""
        sides = [together for side in (self.before, self.after) for _, together in side.candidates.pairs]
        items = self.words.items
        return list(dict.fromkeys(frozenset({a, b}) for some, more in sides for a in items if a in some for b in items if b in more))

    def _gain(self, question: Question, boxes: Sequence[Box]) -> Iterator[Gain]:
        if boxes:
            some = self.after.candidates
            allows, _, capped = self.after.asked(question)
            rules = [some.allows[at] for at in bits(allows & ~capped)]
            yield Gain(question, tuple(boxes), tuple(dict.fromkeys(rule.clause for rule in rules)))

    def _less(self, boxes: Iterable[Box], others: Sequence[Box]) -> list[Box]:
        return [hole for box in boxes for hole in self.cubes.holes(box, others)]


def _reach(side: Candidates, purpose: str) -> tuple[frozenset[int], frozenset[int]]:
    leaves = side.purposes(purpose)
    return frozenset(side.covering[leaf] for leaf in leaves), frozenset(side.touching[leaf] for leaf in leaves)


def _unions(sets: Iterable[frozenset[str]], most: int = 6) -> set[frozenset[str]]:
    """All unions of a few sets; of many, each alone and all together."""
    left = [each for each in set(sets) if each]
    if len(left) > most:
        return {frozenset(), *left, frozenset[str]().union(*left)}
    found: set[frozenset[str]] = {frozenset()}
    for each in left:
        found |= {each | other for other in found}
    return found


def _classes(words: Iterable[str], said: Callable[[str], Hashable]) -> dict[str, tuple[str, ...]]:
    """Words by what the rules say of them: the first of each class, with all of it."""
    classes: dict[Hashable, list[str]] = {}
    for word in words:
        classes.setdefault(said(word), []).append(word)
    return {each[0]: tuple(each) for each in classes.values()}


def simplify(space: Space, cubes: Cubes, boxes: Iterable[Box]) -> list[Box]:
    """The same points in few boxes with few conditions, the least conditions first."""
    whole = [_tidy(space, box) for box in boxes]
    wide = []
    for box in whole:
        for at in sorted(box):
            for mask in (space.full[at], *(box[at] | 1 << digit for digit in range(space.sides[at].size))):
                grown = {**box, at: box[at] | mask}
                if grown != box and cubes.hole(grown, whole) is None:
                    box = grown  # noqa: PLW2901 - it grows as far as the whole allows
        wide.append(_tidy(space, box))
    wide.sort(key=lambda box: (len(box), sorted(box.items())))
    kept: list[Box] = []
    for at, box in enumerate(wide):
        if cubes.hole(box, [*kept, *wide[at + 1 :]]) is not None:
            kept.append(box)
    return kept


def _tidy(space: Space, box: Box) -> dict[int, int]:
    return {at: mask for at, mask in box.items() if mask != space.full[at]}
