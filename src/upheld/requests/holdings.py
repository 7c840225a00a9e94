"""What is held of somebody, for themselves: which records in which systems, since when and under which clause, and who received any of it.

The person has proven that an e-mail address is theirs. So only records that hold this very address are shown, none that is merely like it,
with those that belong to them by a link of the data map; of all only what the policy lets the person see. Every showing is an entry of the
ledger, with counts alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection

from upheld.choices.queries import Chosen, history
from upheld.errors import No
from upheld.gate import staff
from upheld.gate.asking import Question, answer
from upheld.gate.disclosures import Disclosed, disclosures
from upheld.gate.searching import Own, proven
from upheld.gate.snapshot import ask
from upheld.ledger.actions import append
from upheld.ledger.kinds import NUMBER, declare
from upheld.people.actions import Keeper
from upheld.people.identifiers import Account, Email, Identifier, Phone, Postal
from upheld.people.queries import find, since_of
from upheld.people.trained import in_use
from upheld.people.weights import Weights
from upheld.policy.behaviour import retention
from upheld.policy.compiled import Policy
from upheld.policy.statements import Collect
from upheld.postings.queries import Posted, posted
from upheld.record import Actor, Record
from upheld.systems.connector import Connector, Failed
from upheld.systems.datamap import DataMap, System, Table

SHOWN = declare(
    "rights.shown",
    "somebody who proved an address was shown what is held under it: so many records and releases",
    records=NUMBER,
    systems=NUMBER,
    silent=NUMBER,
    releases=NUMBER,
)


@dataclass(frozen=True, slots=True)
class HeldItem:
    """One item that a table holds: under which clause it was collected, and by which clauses it goes."""

    item: str
    clause: str | None
    goes_by: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Holding:
    """The records of one table.

    `values`: what identifies the person there, as written, by kind; `further`: what else stands there, by item. `since`: by source the
    policy version under which it stands, and since when that was in force; None where no version is on file. `out`: topics that the records
    are marked as stopped for. `linked`: how many of the records hold no address, but belong to one that does.
    """

    system: str
    table: str
    records: int
    items: tuple[HeldItem, ...]
    values: tuple[tuple[str, str], ...] = field(repr=False)
    since: Mapping[str, tuple[str, datetime] | None]
    out: tuple[str, ...]
    further: tuple[tuple[str, str], ...] = field(repr=False, default=())
    linked: int = 0

    @property
    def addressed(self) -> int:
        """How many of the records hold the address themselves."""
        return self.records - self.linked


@dataclass(frozen=True, slots=True)
class Shown:
    """Everything, at a moment. `silent`: systems that did not answer, so that the rest is not taken for all.

    `described`: whether there is a data map at all; without one no system was looked at.
    """

    at: datetime
    version: str
    holdings: tuple[Holding, ...]
    silent: tuple[str, ...]
    choices: tuple[Chosen, ...]
    received: tuple[Disclosed, ...]
    described: bool = True


@dataclass(frozen=True, slots=True)
class Systems:
    """Where to look: the data map, and how one of its systems is opened."""

    datamap: DataMap
    open_system: Callable[[System], Connector]


def show_staff(record: Record, keeper: Keeper, systems: Systems, email: Email, purpose: str, *, at: datetime, actor: Actor) -> Shown:
    """The same for a member of the staff, for a purpose that their role may ask for: only records, and of them only that purpose's items.

    What was chosen and who received something is not shown. The reading is one entry, `staff.read`. `Refused` for any other purpose.
    """
    with record.transaction() as tx:
        policies = [each for each in posted(tx) if each.since <= at]
        people = sorted(find(tx, keeper.keys, [email]))
        staff.read(tx, policies[-1].policy, purpose, "person", next(iter(people), None), at=at, actor=actor)
        permitted = staff.items(tx, keeper.keys, [email], purpose, at, actor)
        weights, since = in_use(tx), _since(tx, people, policies)
    found, silent = _search(systems, weights, email)
    holdings = tuple(_holdings(found, systems.datamap, policies[-1].policy, permitted, since))
    return Shown(at, policies[-1].version, holdings, silent, (), (), bool(systems.datamap.systems))


def show(record: Record, keeper: Keeper, systems: Systems, email: Email, at: datetime, actor: Actor) -> Shown:
    """Look everywhere, now, and record that it was shown. A system that does not answer does not keep the rest back."""
    with record.reading() as conn:
        weights = in_use(conn)
    found, silent = _search(systems, weights, email)
    with record.transaction() as tx:
        policies = [each for each in posted(tx) if each.since <= at]
        permitted = _permitted(tx, keeper, email, at)
        people = sorted(find(tx, keeper.keys, [email]))
        since = _since(tx, people, policies)
        chosen = tuple(sorted((one for person in people for one in history(tx, person)), key=lambda one: one.at))
        received = disclosures(tx, keeper.keys, [email])
        holdings = tuple(_holdings(found, systems.datamap, policies[-1].policy, permitted, since))
        counts = {"records": sum(one.records for one in holdings), "systems": len({one.system for one in holdings})}
        append(tx, SHOWN, {**counts, "silent": len(silent), "releases": len(received)}, at, actor)
    return Shown(at, policies[-1].version, holdings, silent, chosen, received, bool(systems.datamap.systems))


def _search(systems: Systems, weights: Weights, email: Email) -> tuple[dict[str, tuple[Own, ...]], tuple[str, ...]]:
    found: dict[str, tuple[Own, ...]] = {}
    silent: list[str] = []
    for system in systems.datamap.systems.values():
        try:
            found[system.name] = proven(system, systems.open_system(system), email, weights, links=True)
        except (Failed, No):
            silent.append(system.name)
    return found, tuple(silent)


def _permitted(tx: Connection, keeper: Keeper, email: Email, at: datetime) -> frozenset[str]:
    """The items that the policy lets the person see of themselves: the gate's own answer."""
    question = Question("rights", to="the person")
    return frozenset(answer(tx, keeper.keys, [email], question, ask(tx, "rights", "the person", at), at, now=True).decision.permitted)


def _since(tx: Connection, people: Sequence[int], policies: Sequence[Posted]) -> dict[str, tuple[str, datetime]]:
    began = {each.version: each.since for each in policies}
    return {source: (version, began[version]) for (_, source), version in since_of(tx, people).items() if version in began}


def _holdings(
    found: Mapping[str, Sequence[Own]],
    datamap: DataMap,
    policy: Policy,
    permitted: frozenset[str],
    since: Mapping[str, tuple[str, datetime]],
) -> list[Holding]:
    made = []
    for system, own_rows in found.items():
        for table in datamap.systems[system].tables:
            rows = [one for one in own_rows if one.table == table.name]
            items = [item for item in dict.fromkeys(column.item for column in table.columns) if item is not None and item in permitted]
            if rows and items:
                own = {source: since.get(source) for source in dict.fromkeys(item.partition(".")[0] for item in items)}
                held = tuple(_item(policy, item) for item in items)
                out = tuple(sorted({topic for row in rows for topic in row.out}))
                further = tuple(dict.fromkeys((item, value) for row in rows for item, value in row.further if item in permitted))
                linked = sum(row.linked for row in rows)
                made.append(Holding(system, table.name, len(rows), held, _values(rows, table, permitted), own, out, further, linked))
    return made


def _item(policy: Policy, item: str) -> HeldItem:
    source, _, kind = item.partition(".")
    collecting = (each for each in policy.document.statements if isinstance(each, Collect))
    clause = next((each.clause for each in collecting if each.source == source and kind in each.kinds), None)
    return HeldItem(item, clause, tuple(dict.fromkeys(each.clause for each in retention(policy, item))))


_PARTS = {"email": ("email",), "phone": ("phone",), "account": ("account",), "postal": ("last", "full", "address")}


def _values(rows: Sequence[Own], table: Table, permitted: frozenset[str]) -> tuple[tuple[str, str], ...]:
    """What identifies the person in these rows, each once; only of columns whose item they may see."""
    seen = {column.part for column in table.columns if column.part and column.item in permitted}
    found = ((one.kind, _said(one)) for row in rows for one in row.identifiers if seen & set(_PARTS[one.kind]))
    return tuple(dict.fromkeys(found))


def _said(identifier: Identifier) -> str:
    match identifier:
        case Postal(first=first, last=last, address=address, zip=code):
            return f"{first} {last}, {address}, {code}"
        case Email(value=value) | Phone(value=value) | Account(value=value):
            return value
