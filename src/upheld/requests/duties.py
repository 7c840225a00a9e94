"""What the laws that a policy names ask of its document: each duty that it does not meet, as a finding. For `policy.check.check`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace

from upheld.law import reading
from upheld.law.duties import MARKS, Duty
from upheld.policy.compiled import BUILT_IN, Policy
from upheld.policy.document import Document
from upheld.policy.faults import Fault
from upheld.policy.prove import prove
from upheld.policy.statements import Expectation, Place
from upheld.policy.voice import region as region_in_words
from upheld.requests.needs import Short, expectation, failing, shortfalls

_NAMED = 3  # regions named before "and n more"


def duties_unmet(document: Document) -> Iterator[Fault]:
    """A fault for each duty that the document does not meet; a warning where the duty, or the part in question, is unconfirmed.

    Only what can be read off the statements is looked at: `upheld law list` says of which duties that is so.
    """
    duties = [duty for duty in duties_of(document.front.law) if duty.needs]
    if not duties:
        return
    policy = Policy(document)
    found = [short for duty in duties for need in duty.needs for short in shortfalls(policy, duty, need)]
    found += _disproved(policy, duties)
    yield from _joined(found, _line_of_law(document))


def duties_of(laws: Iterable[str]) -> Iterator[Duty]:
    """The duties of the packs of these names that are not switched off. A name that no pack has is left to the check of words."""
    for name in dict.fromkeys(laws):
        if name in reading.NAMES:
            yield from (duty for duty in reading.pack(name).duties if duty.status != "off")


def _disproved(policy: Policy, duties: Iterable[Duty]) -> Iterator[Short]:
    """What a proof over everybody finds against the duties."""
    wanted = [(duty, need, said) for duty in duties for need in duty.needs if (said := expectation(policy, duty, need)) is not None]
    statements = (one for one in policy.document.statements if not isinstance(one, Expectation))
    asked = Policy(replace(policy.document, statements=(*statements, *(said for _, _, said in wanted))))
    for (duty, need, _), verdict in zip(wanted, prove(asked), strict=True):
        if verdict.counterexample is not None:
            clause = next((one for one in verdict.counterexample.clauses if one != BUILT_IN), None)
            place = next((rule.place for rule in policy.allows if rule.clause == clause), None)
            yield failing(duty, need, verdict.counterexample.words, place)


def _joined(found: Iterable[Short], nowhere: Place) -> Iterator[Fault]:
    """One finding for the same shortfall of one duty in several places."""
    together: dict[tuple[str, str, str, bool, Place, str], list[Duty]] = {}
    for short in found:
        confirmed = short.duty.is_confirmed(short.field)
        hint = short.hint if short.duty.id == short.duty.family else _for_all(short.hint, short.duty)
        key = (short.duty.family, short.words, hint, confirmed, short.place or nowhere, _why(short, confirmed=confirmed))
        together.setdefault(key, []).append(short.duty)
    for (family, words, hint, confirmed, place, why), duties in together.items():
        whom = _whom(list(dict.fromkeys(region for duty in duties for region in duty.regions)))
        title = reading.pack(duties[0].pack).title
        law = duties[0].law if len(duties) == 1 else f"{title[:1].lower()}{title[1:]}"
        yield Fault(place, family, f"{whom}: {words} ({law}{why})", hint, "error" if confirmed else "warning")


def _for_all(hint: str, duty: Duty) -> str:
    """A hint that would do for every state, so that the same shortfall is said once."""
    return hint.replace(f"for {', '.join(duty.regions)} ", "for us ")


def _why(short: Short, *, confirmed: bool) -> str:
    if confirmed:
        return ""
    mark = short.duty.mark_of(short.field) if short.field else short.duty.evidence
    return f"; unconfirmed: {MARKS[mark if mark != 'V' else short.duty.evidence]}"


def _whom(regions: list[str]) -> str:
    if "anywhere" in regions:
        return "for anybody"
    named = [region_in_words(one) for one in regions]
    if len(named) > _NAMED + 1:
        return f"for people in {', '.join(named[:_NAMED])} and {len(named) - _NAMED} other places"
    return f"for people in {' and '.join(filter(None, [', '.join(named[:-1]), named[-1]]))}"


def _line_of_law(document: Document) -> Place:
    lines = document.text.split("\n")
    return Place(next((at for at, line in enumerate(lines, 1) if line.startswith("law:")), 1), 1)
