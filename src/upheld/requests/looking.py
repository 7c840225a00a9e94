"""Looking while somebody is on the telephone: which records are, or may be, of whom the caller says they are. Nothing is changed by it.

Out of here go verdicts and reasons in words, never a stored value. Every look is an entry of the ledger, with counts alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from upheld.errors import No
from upheld.gate.searching import WHY, Candidate, Wanted, candidates, read
from upheld.ledger.actions import append
from upheld.ledger.kinds import NUMBER, declare
from upheld.people.actions import Keeper
from upheld.people.held import Held
from upheld.people.queries import find
from upheld.people.trained import in_use
from upheld.people.verdicts import Verdict
from upheld.policy.behaviour import stops
from upheld.policy.compiled import Policy
from upheld.record import Actor, Record
from upheld.requests.given import identifiers_of, missing
from upheld.requests.holdings import Systems
from upheld.systems.connector import Failed, Found

LOOKED = declare(
    "rights.looked",
    "records were compared with what somebody said of themselves: so many are theirs, so many may be, so many systems were silent",
    same=NUMBER,
    review=NUMBER,
    silent=NUMBER,
)


@dataclass(frozen=True, slots=True)
class Match:
    """A record that is (`same`) or may be (`to review`) the caller's: where, and by which comparisons.

    `why`: what keeps it from being sure. `decided`: what made it sure whatever it weighs. `out`: topics that it is marked as stopped for.
    """

    system: str
    table: str
    verdict: Verdict
    weight: float
    why: str
    reasons: tuple[tuple[str, str, float], ...]
    out: tuple[str, ...]
    decided: str = ""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look found, the likeliest first. `known`: people of the record who are met. `missing`: what is still to be asked for.

    `silent`: the systems that did not answer, and why.
    """

    matches: tuple[Match, ...]
    known: int
    silent: Mapping[str, str]
    missing: str | None


def look(record: Record, keeper: Keeper, systems: Systems, given: Held, policy: Policy, *, at: datetime, actor: Actor) -> Looked:
    """Search every system for whom the caller says they are. With too little to find anybody, nothing is searched."""
    identifiers = identifiers_of(given, keeper.keys)
    if not identifiers:
        ways = tuple(dict.fromkeys(stop for topic in policy.vocabulary.topics for stop in stops(policy, topic, None)))
        return Looked((), 0, {}, missing(given, keeper.keys, ways))
    with record.reading() as conn:
        weights = in_use(conn)
    rows: list[Found] = []
    silent: dict[str, str] = {}
    for system in systems.datamap.systems.values():
        try:
            rows += read(system, systems.open_system(system), identifiers)
        except Failed as failed:
            silent[system.name] = f"it {failed.words}"
        except No as no:
            silent[system.name] = no.message
    found = candidates(rows, Wanted(identifiers), weights)  # together: who else lives there may stand in another system
    matches = [match_of(one) for one in found if one.verdict != "different"]
    verdicts = [one.verdict for one in matches]
    with record.transaction() as tx:
        known = len(find(tx, keeper.keys, identifiers))
        append(tx, LOOKED, {"same": verdicts.count("same"), "review": verdicts.count("to review"), "silent": len(silent)}, at, actor)
    return Looked(tuple(sorted(matches, key=lambda one: (one.verdict != "same", -one.weight))), known, silent, None)


def match_of(one: Candidate) -> Match:
    """A candidate without what may not leave: its key, and what it holds."""
    why = next((each.words for each in one.evidence if each.of == WHY), "")
    reasons = tuple((each.of, each.words, each.bits) for each in one.evidence if each.of != WHY)
    return Match(one.system, one.table, one.verdict, one.weight, why, reasons, tuple(sorted(one.out)), one.decided)
