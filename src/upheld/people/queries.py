"""Every read about who is who."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from sqlalchemy import Connection, func, select

from upheld.people.codes import Keys, conflict, tight_codes
from upheld.people.identifiers import KINDS, Identifier, Kind
from upheld.people.matching import CODE as PACKED
from upheld.people.matching import Index
from upheld.people.models import CODE, FACT, IDENTIFIER, PERSON
from upheld.record.sets import among

ROWS_AT_ONCE = 10_000


def find(conn: Connection, keys: Keys, identifiers: Iterable[Identifier]) -> frozenset[int]:
    """Everybody whom any of the identifiers meets."""
    codes = [code for identifier in identifiers for code in tight_codes(identifier, keys)]
    kept = having(conn, (code.code for code in codes))
    return frozenset(person for code in codes for guard, person, _ in kept.get(code.code, ()) if not conflict(code.guard, guard))


def having(conn: Connection, codes: Iterable[int]) -> Mapping[int, Sequence[tuple[int, int, int]]]:
    """By code (unsigned): the guard, person and identifier of everybody who has it."""
    kept: dict[int, list[tuple[int, int, int]]] = {}
    query = select(CODE.c.code, CODE.c.guard, CODE.c.person, CODE.c.identifier).where(among(conn, CODE.c.code, map(signed, codes)))
    for code, guard, person, identifier in conn.execute(query):
        kept.setdefault(code & 0xFFFFFFFFFFFFFFFF, []).append((guard, person, identifier))
    return kept


def index(conn: Connection, kinds: Sequence[Kind] = KINDS) -> Index:
    """All codes of these kinds of identifiers, for whole lists."""
    blobs, owners, counts = [b""], [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]  # not an object a row: there may be millions
    query = select(IDENTIFIER.c.person, IDENTIFIER.c.codes).where(IDENTIFIER.c.kind.in_(kinds))
    cursor = conn.execute(query).cursor  # plain columns: as the driver gives them
    assert cursor is not None
    while rows := cursor.fetchmany(ROWS_AT_ONCE):
        owners.append(np.fromiter((person for person, _ in rows), np.int64, len(rows)))
        counts.append(np.fromiter((len(codes) // PACKED.itemsize for _, codes in rows), np.int64, len(rows)))
        blobs.append(b"".join(codes for _, codes in rows))
    return Index(b"".join(blobs), np.concatenate(owners), np.concatenate(counts))


def known_only_by(conn: Connection, kind: Kind) -> frozenset[int]:
    """The people of whom nothing is known but identifiers of one kind."""
    others = select(IDENTIFIER.c.person).where(IDENTIFIER.c.kind != kind)
    mine = select(IDENTIFIER.c.person).where(IDENTIFIER.c.kind == kind)
    return frozenset(conn.execute(mine.except_(others)).scalars())


def later(conn: Connection, last_identifier: int) -> Index:
    """The codes of the identifiers added after one: what a long release looks at before it commits."""
    rows = conn.execute(select(IDENTIFIER.c.person, IDENTIFIER.c.codes).where(IDENTIFIER.c.id > last_identifier)).all()
    counts = np.array([len(codes) // PACKED.itemsize for _, codes in rows], dtype=np.int64)
    return Index(b"".join(codes for _, codes in rows), np.array([person for person, _ in rows], dtype=np.int64), counts)


def last_identifier(conn: Connection) -> int:
    """The number of the newest identifier; 0 if there is none."""
    return int(conn.execute(select(func.coalesce(func.max(IDENTIFIER.c.id), 0))).scalar_one())


def last_person(conn: Connection) -> int:
    """The number of the newest person; 0 if there is none. Numbers are dense."""
    return int(conn.execute(select(func.coalesce(func.max(PERSON.c.id), 0))).scalar_one())


def kinds_of(conn: Connection, person: int) -> tuple[str, ...]:
    """By which kinds of identifiers a person is known, in the order they came; nothing of what they hold."""
    return tuple(conn.execute(select(IDENTIFIER.c.kind).where(IDENTIFIER.c.person == person).order_by(IDENTIFIER.c.id)).scalars())


def since_of(conn: Connection, people: Iterable[int]) -> dict[tuple[int, str], str]:
    """By person and source: the policy version under which what the source holds of the person stands, where that is known."""
    query = select(FACT.c.person, FACT.c.about, FACT.c.value).where(FACT.c.fact == "since", among(conn, FACT.c.person, people))
    return {(person, source): version for person, source, version in conn.execute(query.order_by(FACT.c.at, FACT.c.id))}


def signed(code: int) -> int:
    """The same 64 bits as the signed number that databases hold."""
    return code - (1 << 64) if code >> 63 else code
