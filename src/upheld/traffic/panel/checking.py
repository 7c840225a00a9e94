"""Tags held to the policy in force and to the register of recipients, so that what runs on the pages and what is promised cannot differ."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from upheld.errors import Invalid, NotFound
from upheld.law import reading
from upheld.policy.compiled import Policy, undeclared
from upheld.policy.decide import decide
from upheld.policy.statements import Collect
from upheld.policy.terms import REGION_PARENTS, within
from upheld.policy.uses import Standing, Use
from upheld.recipients.queries import Facts
from upheld.traffic.panel.tags import Tag, Tags

Register = Callable[[str, str], Facts]
"""What is known of a recipient, by its name, for a purpose; `NotFound` if it is not registered."""

ASKS_FIRST = ("eu.eprivacy", "uk.pecr")
"""Duties by which nothing may be stored or read before a visitor has agreed."""
MAY_BE_STOPPED = ("us-federal", "us-ca", "us-states")
"""Laws by which it may run until a visitor, or the browser's signal, stops it."""


@dataclass(frozen=True, slots=True)
class Differs:
    """Where a tag and the policy differ: the tag is not run. `hint` says what would change that."""

    tag: str
    message: str
    hint: str
    place: str


def differences(tags: Tags, policy: Policy, register: Register) -> tuple[Differs, ...]:
    """All differences, in the order of the file."""
    return tuple(each for tag in tags.tags for each in _of(tag, policy, register))


def supported(tags: Tags, policy: Policy, register: Register) -> tuple[Tag, ...]:
    """The tags that the policy bears out; the others do not run. Closed by default."""
    return tuple(tag for tag in tags.tags if not any(_of(tag, policy, register)))


def clause_of(tag: Tag, policy: Policy) -> str | None:
    """The clause that says what the tag notes."""
    source = tag.takes[0].partition(".")[0]
    return next((each.clause for each in policy.document.statements if isinstance(each, Collect) and each.source == source), None)


def asks_first(policy: Policy, region: str | None) -> bool:
    """Whether visitors of a region are asked before anything runs. An unknown region counts as the strictest of the territory.

    Only where a law that the policy names lets tags run until they are stopped, they may.
    """
    front = policy.document.front
    if region is None or region == "anywhere":
        return not front.territory or any(asks_first(policy, each) for each in front.territory)
    duties = [duty for law in front.law if law in reading.NAMES for duty in reading.pack(law).duties if duty.id in ASKS_FIRST]
    if any(within(region, each) is not False for duty in duties for each in duty.regions):
        return True
    free = within(region, "us") is True and any(law in MAY_BE_STOPPED for law in front.law)
    return not (free and any(within(region, each) is True for each in front.territory))


def free_regions(policy: Policy) -> tuple[str, ...]:
    """The regions whose visitors need not be asked first, the outermost only: what the panel must know."""
    free = [region for region in REGION_PARENTS if not asks_first(policy, region)]
    return tuple(region for region in free if REGION_PARENTS[region] not in free)


def _of(tag: Tag, policy: Policy, register: Register) -> Iterator[Differs]:
    def differs(message: str, hint: str) -> Differs:
        return Differs(tag.name, message, hint, tag.place)

    words = policy.vocabulary
    anybody = Standing(choices=dict.fromkeys(words.topics, "unset"))  # a visitor, of whom nothing is known but that they did not say no
    missing = [item for item in tag.takes if item not in words.items]
    if missing:
        yield differs(undeclared("item", missing[0], words.items), "name it in a `collect` statement, or take it from the tag")
        return
    try:
        answers = [
            decide((policy,), Use(tag.purpose, totals=tag.takes), anybody),
            decide((policy,), Use(tag.purpose, items=tag.takes), anybody),
        ]
    except Invalid as no:
        yield differs(no.message, "name a purpose of the policy")
        return
    if not any(answers):
        why = answers[0].reasons[0]
        yield differs(
            f"no clause allows `{tag.purpose}` using {_listed(tag.takes)}: {why.because}", f"it would be allowed with {why.change}"
        )
    if (tag.cookies or tag.storage) and not any(item.endswith(".cookie") for item in words.items):
        yield differs("it keeps something in the browser, and the policy collects no `cookie`", "say so in a `collect` statement")
    yield from _of_recipient(tag, register, differs)


def _of_recipient(tag: Tag, register: Register, differs: Callable[[str, str], Differs]) -> Iterator[Differs]:
    if tag.recipient is None:
        if tag.asked == "never":
            yield differs("it runs without being asked about, and names no `recipient`", "register one that works for us, or ask first")
        return
    try:
        facts = register(tag.recipient, tag.purpose)
    except NotFound as no:
        yield differs(no.message, "register it, or leave `recipient` out and ask first")
        return
    if tag.asked == "never" and facts.kind not in {"ourselves", "subcontractor"}:
        yield differs(f"it runs without being asked about, and `{tag.recipient}` is a {facts.kind}", "ask first")
    elif tag.asked == "never" and facts.kind == "subcontractor" and not facts.under_contract:
        lacks = f" that says {facts.lacks[0]}" if facts.lacks else ""
        yield differs(f"`{tag.recipient}` has no contract{lacks} for `{tag.purpose}`", "record one with `upheld recipients contract`")


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
