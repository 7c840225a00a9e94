"""From the parsed tree of one statement to its plain data, and what the grammar alone cannot forbid."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from difflib import get_close_matches
from typing import Literal, cast

from lark import Token, Tree

from upheld.policy.statements import (
    AnyStatement,
    AskAge,
    Changes,
    Collect,
    Condition,
    Contact,
    Duration,
    Expectation,
    Keep,
    NoticeOnLeaving,
    Place,
    Purpose,
    Right,
    Rule,
    Staff,
    Stop,
    Topic,
)

Part = Tree[Token]
Said = tuple[str, Place, str]
"""The clause, the place and the words of a statement."""
Complain = Callable[[str, str], None]
"""Takes what is wrong with a statement, and what to do about it."""

_PART_WORDS = {
    "for_regions": "for",
    "chosen_by": "chosen by",
    "totals": "as totals",
    "at_most": "at most",
}
_UNITS = {"hour": "hour", "day": "day", "business_day": "business day", "week": "week", "month": "month", "year": "year"}


def build(tree: Part, clause: str, place: Place, text: str, complain: Complain) -> AnyStatement:
    """The statement that a tree stands for. What is wrong with it is told to `complain`; the statement is then not to be used."""
    _complain_of_repeats(tree, complain)
    return _BUILDERS[str(tree.data)](tree, (clause, place, text), complain)


# The small parts


def _parts(tree: Part) -> Iterator[Part]:
    return (child for child in tree.children if isinstance(child, Tree))


def _one(tree: Part, name: str) -> Part | None:
    return next((part for part in _parts(tree) if part.data == name), None)


def _tokens(tree: Part) -> list[str]:
    return [str(child) for child in tree.children if isinstance(child, Token)]


def _words(tree: Part | None) -> tuple[str, ...]:
    """`words` and `names` below a part, as written: a name's words joined by one blank."""
    if tree is None:
        return ()
    if tree.data == "words":
        return tuple(_tokens(tree))
    if tree.data in {"names", "alternative"}:
        return tuple(" ".join(_tokens(name)) for name in _parts(tree))
    return _words(_one(tree, "words") or _one(tree, "names"))


def _name(tree: Part) -> str:
    name = _one(tree, "name")
    assert name is not None
    return " ".join(_tokens(name))


def _duration(tree: Part | None) -> Duration | None:
    if tree is None:
        return None
    (unit,) = _parts(tree)
    return Duration(int(_tokens(tree)[0]), _UNITS[str(unit.data)])


def _within(tree: Part | None) -> tuple[Duration | None, Duration | None]:
    durations = [_duration(part) for part in _parts(tree)] if tree else []
    return (*durations, None, None)[0], (*durations, None, None)[1]


def _given(tree: Part | None) -> tuple[tuple[str, ...], ...]:
    return tuple(_words(part) for part in _parts(tree)) if tree else ()


def _condition(tree: Part) -> Condition:
    (fact,) = _parts(tree)
    negated = bool(_tokens(tree))
    values = _tokens(fact)
    match str(fact.data):
        case "opted_in":
            return Condition("opted in", values[0], negated)
        case "opted_out":
            return Condition("opted out", values[0], negated)
        case "under":
            return Condition("under", int(values[0]), negated)
        case "known_under":
            return Condition("known under", int(values[0]), negated)
        case "in_region":
            return Condition("in", values[0], negated)
        case "as_totals":
            return Condition("as totals", None, negated)
    inner = values[0] == "not"
    kind = {"vetted": "vetted", "contract": "under contract", "serves": "serves", "shows": "legal process"}[values[-1]]
    return Condition(kind, None, negated != inner)  # type: ignore[arg-type]  # the four values above


def _conditions(tree: Part | None) -> tuple[Condition, ...]:
    return tuple(_condition(part) for part in _parts(tree)) if tree else ()


# What the grammar alone cannot forbid


def _complain_of_repeats(tree: Part, complain: Complain) -> None:
    seen = set[str]()
    for part in _parts(tree):
        name = str(part.data)
        if name in seen and name not in {"words", "names", "name"}:
            word = _PART_WORDS.get(name, name)
            complain(f"`{word}` is said twice", f"keep one `{word}`, or write two statements")
        seen.add(name)


def _complain_unless(tree: Part, needed: dict[str, str], text: str, complain: Complain) -> None:
    for name, example in needed.items():
        if _one(tree, name) is None:
            word = _PART_WORDS.get(name, name)
            near = get_close_matches(word, text.split(), n=1, cutoff=0.75)  # a misspelt one is read as part of a name
            complain(f"`{word}` is missing", f"did you mean it with `{near[0]}`?" if near else f"say {example}")


def _complain_of_parts(tree: Part, unfit: dict[str, str], complain: Complain) -> None:
    for name, hint in unfit.items():
        if _one(tree, name) is not None:
            complain(f"`{_PART_WORDS.get(name, name)}` has no meaning here", hint)


# The statements


def _purpose(tree: Part, said: Said, _: Complain) -> AnyStatement:
    name, words = _tokens(tree)
    return Purpose(*said, name, " ".join(words.split()))


def _topic(tree: Part, said: Said, _: Complain) -> AnyStatement:
    return Topic(*said, _tokens(tree)[0], _words(tree))


def _collect(tree: Part, said: Said, complain: Complain) -> AnyStatement:
    source, kinds = _tokens(tree)[0], _words(tree)
    for name in (source, *kinds):
        if "." in name:
            complain(f"`{name}` has a dot", "a source and a kind are plain words; `order.name` is then how a rule calls the item")
    return Collect(*said, source, kinds)


def _keep(tree: Part, said: Said, _: Complain) -> AnyStatement:
    last = _one(tree, "last_contact")
    duration = _duration(_one(last or tree, "duration"))
    assert duration is not None
    return Keep(*said, _words(_one(tree, "names")), duration, last is not None)


def _rule(tree: Part, said: Said, complain: Complain) -> AnyStatement:
    effect = cast("Literal['allow', 'forbid']", _tokens(tree)[0])
    using = _one(tree, "using")
    together = _one(using, "together") if using else None
    if effect == "allow":
        _complain_unless(tree, {"using": "which items, as in `using order.name`"}, said[2], complain)
        if together is not None:
            complain("`together with` has no meaning in an allow", "forbid the items together instead")
    else:
        _complain_of_parts(
            tree,
            {
                "chosen_by": "a forbid binds items that people are chosen by as well: name them after `using`",
                "totals": "say `unless as totals` to let totals pass",
                "at_most": "say it in the allow",
            },
            complain,
        )
    items = _words(_one(using, "names")) if using else ("any",)
    at_most, totals = _one(tree, "at_most"), _one(tree, "totals")
    return Rule(
        *said,
        effect,
        _words(_one(tree, "words")),
        _words(_one(tree, "except_words")),
        _words(_one(tree, "to")),
        () if together is not None else items,
        _words(_one(using, "except_names")) if using else (),
        (items, _words(together)) if together is not None else None,
        _words(_one(tree, "chosen_by")),
        int(_tokens(totals)[0]) if totals else None,
        _conditions(_one(tree, "when")),
        _conditions(_one(tree, "unless")),
        (int(_tokens(at_most)[0]), _UNITS[str(next(_parts(at_most)).data)]) if at_most else None,
    )


def _expectation(tree: Part, said: Said, complain: Complain) -> AnyStatement:
    mood = cast("Literal['never', 'always']", _tokens(tree)[0])
    using, totals = _one(tree, "using"), _one(tree, "totals")
    hint = f"`{mood}` speaks of purposes, `to`, `using`, `as totals` and `when`"
    _complain_of_parts(tree, dict.fromkeys(("chosen_by", "unless", "at_most"), hint), complain)
    if using and _one(using, "together"):
        complain("`together with` has no meaning in an expectation", "forbid the items together instead")
    return Expectation(
        *said,
        mood,
        _words(_one(tree, "words")),
        _words(_one(tree, "except_words")),
        _words(_one(tree, "to")),
        _words(_one(using, "names")) if using else ("any",),
        _words(_one(using, "except_names")) if using else (),
        int(_tokens(totals)[0]) if totals else None,
        _conditions(_one(tree, "when")),
    )


_FOR = "for whom, as in `for anyone` or `for us-ca`"
_BY = "how, as in `by web, email, phone`"
_GIVEN = "what they give, as in `given email, or name and address and zip`"


def _stop(tree: Part, said: Said, complain: Complain) -> AnyStatement:
    _complain_unless(tree, {"for_regions": _FOR, "by": _BY, "given": _GIVEN}, said[2], complain)
    within, extendable = _within(_one(tree, "within"))
    if extendable is not None:
        complain("a stop cannot be extended", "leave out `extendable by`")
    return Stop(
        *said, _words(_one(tree, "words")), _words(_one(tree, "for_regions")), _words(_one(tree, "by")), _given(_one(tree, "given")), within
    )


def _right(tree: Part, said: Said, complain: Complain) -> AnyStatement:
    _complain_unless(tree, {"for_regions": _FOR, "by": _BY}, said[2], complain)
    covering = _one(tree, "covering")
    period = None
    if covering is not None:
        duration = _duration(_one(covering, "duration"))
        period = f"preceding {duration.count} {duration.unit}s" if duration else "preceding calendar year"
    return Right(
        *said,
        _words(_one(tree, "words")),
        _words(_one(tree, "for_regions")),
        _words(_one(tree, "by")),
        _given(_one(tree, "given")),
        period,
        *_within(_one(tree, "within")),
    )


def _contact(tree: Part, said: Said, _: Complain) -> AnyStatement:
    def reach(name: str) -> str | None:
        part = _one(tree, name)
        return _tokens(part)[0].strip('"') if part else None

    hours = _one(tree, "hours")
    opening = None
    if hours is not None:
        opening = " and ".join(" ".join(_tokens(part)) for part in _parts(hours)) + " " + _tokens(hours)[-1]
    return Contact(*said, _name(tree), _words(_one(tree, "for_regions")), reach("phone"), reach("email"), reach("post"), opening)


def _staff(tree: Part, said: Said, _: Complain) -> AnyStatement:
    return Staff(*said, _name(tree), _words(_one(tree, "words")))


_BUILDERS: dict[str, Callable[[Part, Said, Complain], AnyStatement]] = {
    "purpose": _purpose,
    "topic": _topic,
    "collect": _collect,
    "keep": _keep,
    "rule": _rule,
    "expectation": _expectation,
    "stop": _stop,
    "right": _right,
    "contact": _contact,
    "staff": _staff,
    "ask_age": lambda tree, said, _: AskAge(*said, _words(tree)),
    "leaving": lambda _tree, said, _: NoticeOnLeaving(*said),
    "changes": lambda _tree, said, _: Changes(*said),
}
