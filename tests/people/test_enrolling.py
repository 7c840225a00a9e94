"""A batch is worked out as a set, and is what its rows are one by one: the same codes, people, identifiers, choices and entries."""

from __future__ import annotations

import json
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.houses import CLERK, NOW
from tests.people.test_codes import EMAIL, FIRST, KEYS, LAST, PHONE, STREET, ZIP
from upheld.choices.actions import Said, record_many
from upheld.choices.models import CHOICE
from upheld.ledger.models import ENTRY
from upheld.people import batches
from upheld.people.batches import Coder
from upheld.people.codes import conflict, tight_codes
from upheld.people.identifiers import Account, Email, Phone, Postal
from upheld.people.models import CODE, IDENTIFIER, PERSON
from upheld.record.sets import among, put
from upheld.vault.opening import open_sealed

EACH = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
ANYBODY = st.one_of(
    st.builds(Email, EMAIL),
    st.builds(Postal, FIRST, LAST, STREET, ZIP),
    st.builds(Phone, PHONE, st.sampled_from(["US", "DE"])),
    st.builds(Account, st.text(max_size=8)),
    st.builds(Postal, st.just("Ann" * 300), LAST, STREET, ZIP),
    st.just(Account("é\udc80")),
    st.just(Postal("Ann\udc80", "Le\0e", "5 Oak\udc80 St", "1\udc80")),
)
# Few people, so that rows meet each other: by one identifier, by several, and by such as belong to two people.
NEIGHBOURS = st.one_of(
    st.builds(Email, st.sampled_from(["a@shop.example", "A@SHOP.example", "b@shop.example", "x@bücher.example", "none", ""])),
    st.builds(
        Postal,
        st.sampled_from(["Bob", "Robert", "R.", "Jane", "José", "Anne-Marie", ""]),
        st.sampled_from(["Smith", "Smith Jr", "Smith Sr", "García López", "王"]),
        st.sampled_from(["12 Maple Ave Apt 4", "12 Maple Avenue", "12 Maple Ave #5", "Hauptstraße 12a", "PO Box 7", "rue"]),
        st.sampled_from(["02139", "02139-1234", "10115", ""]),
    ),
    st.builds(Phone, st.sampled_from(["(202) 555-0123", "+1 202 555 0123", "12"])),
    st.builds(Account, st.sampled_from(["7", "8"])),
)
ROWS = st.lists(st.lists(NEIGHBOURS, min_size=1, max_size=3), min_size=1, max_size=25)


@pytest.fixture
def as_sets(monkeypatch):
    monkeypatch.setattr(batches, "FEW", 1)


@pytest.mark.parametrize("most", [3, 100_000])
@EACH
@given(st.lists(st.lists(ANYBODY, max_size=10), min_size=1, max_size=4))
def test_the_codes_of_a_batch_are_those_of_its_identifiers(as_sets, monkeypatch, most, many):
    monkeypatch.setattr(batches, "MOST", most)  # what was read is forgotten between batches, or is not
    coder = Coder(KEYS)
    for identifiers in many:
        batch = coder.batch(identifiers)
        assert [set(batch.of(at)) for at in range(len(identifiers))] == [set(tight_codes(one, KEYS)) for one in identifiers]
        assert len(batch.packed()) == batch.start[-1] == sum(len(tight_codes(one, KEYS)) for one in identifiers)


def meant(rows, keys, known):
    """Whom rows mean, in plain words: the reference."""
    answers, last = [], 0
    for row in rows:
        met = [(codes, {who for code in codes for guard, who in known.get(code.code, ()) if not conflict(code.guard, guard)})
               for one in row if (codes := tight_codes(one, keys))]  # fmt: skip
        everybody = set().union(*(people for _, people in met))
        strangers = [codes for codes, people in met if not people]
        keep = []
        if len(everybody) == 1:
            keep = [codes for codes, _ in met]
        elif strangers:
            last += 1
            everybody, keep = everybody | {last}, strangers
        for codes in keep:
            for code in codes:
                known.setdefault(code.code, []).append((code.guard, max(everybody) if keep is strangers else min(everybody)))
        answers.append(tuple(sorted(everybody)))
    return answers


def undone(house, work):
    """What a piece of work leaves in the record; then nothing of it is left."""

    class UndoneError(Exception):
        pass

    left = {}
    with pytest.raises(UndoneError), house.record.transaction() as tx:
        left["answers"] = work(tx)
        left["people"] = tx.execute(select(PERSON.c.id).order_by(PERSON.c.id)).scalars().all()
        columns = (IDENTIFIER.c.id, IDENTIFIER.c.person, IDENTIFIER.c.kind, IDENTIFIER.c.sealed)
        kept = tx.execute(select(*columns).order_by(IDENTIFIER.c.id)).all()
        left["identifiers"] = [
            (number, person, kind, open_sealed(tx, house.keeper.vault, person, kind, sealed)) for number, person, kind, sealed in kept
        ]
        left["codes"] = sorted(map(tuple, tx.execute(select(CODE.c.code, CODE.c.identifier, CODE.c.guard, CODE.c.person))))
        packed = {number: blob for number, blob in tx.execute(select(IDENTIFIER.c.id, IDENTIFIER.c.codes))}  # noqa: C416 - of rows
        assert {number: len(blob) // 12 for number, blob in packed.items()} == Counter(row[1] for row in left["codes"])
        left["choices"] = [tuple(row) for row in tx.execute(select(CHOICE).order_by(CHOICE.c.id))]
        entries = [json.loads(row) for row in tx.execute(select(ENTRY.c.canonical).order_by(ENTRY.c.id)).scalars()]
        left["recorded"] = [entry["body"] for entry in entries if entry["kind"] == "choice.recorded"]
        told = Counter()
        for entry in entries:
            if entry["kind"] == "person.enrolled":
                told.update({(entry["body"]["person"], kind): count for kind, count in entry["body"]["identifiers"].items()})
            elif entry["kind"] == "person.attached":
                told[entry["body"]["person"], entry["body"]["identifier"]] += 1
        left["told"] = told
        raise UndoneError
    return left


def test_a_batch_of_choices_is_what_its_rows_are_one_by_one(house, as_sets):
    @EACH
    @given(ROWS)
    def hold(rows):
        said = [Said(tuple(row), "sharing", "in" if at % 3 else "out", NOW, "import") for at, row in enumerate(rows)]

        def take(tx, some):
            return record_many(tx, house.keeper, some, ("sharing",), at=NOW, actor=CLERK, skip_unreadable=True)

        together = undone(house, lambda tx: take(tx, said))
        assert [one.people for one in together["answers"]] == meant(rows, house.keeper.keys, {})
        assert together["told"] == Counter((person, kind) for _, person, kind, _ in together["identifiers"])
        assert undone(house, lambda tx: [take(tx, [one])[0] for one in said]) == together
        in_two = undone(house, lambda tx: [*take(tx, said[: len(said) // 2]), *take(tx, said[len(said) // 2 :])])
        assert in_two == together

    hold()


def test_a_long_list_of_strangers_and_acquaintances_is_taken_as_its_rows_are(house):
    rows = [[Postal("Jane", f"Tel{at % 90}mar", f"{at % 90} Quilo Street", "60601")] for at in range(180)]
    rows += [[Email(f"p{at}@shop.example"), rows[at][0]] for at in range(0, 90, 7)]
    said = [Said(tuple(row), "sharing", "out", NOW, "import") for row in rows]
    together = undone(house, lambda tx: record_many(tx, house.keeper, said, ("sharing",), at=NOW, actor=CLERK))
    assert len(together["people"]) == 90
    assert [one.people for one in together["answers"]] == meant(rows, house.keeper.keys, {})


def test_columns_are_put_in_and_numbers_sought_however_many(house):
    many = range(-(1 << 63), (1 << 63) - 1, 1 << 49)
    with house.record.transaction() as tx:
        put(tx, PERSON, {"id": [1], "at": [NOW]})
        put(tx, PERSON, {"at": [], "id": []})
        row = {"id": 1, "person": 1, "kind": "email", "norm": "n", "sealed": b"\0'\\", "codes": b"", "at": NOW}
        put(tx, IDENTIFIER, {name: [value] for name, value in row.items()})
        owned = {"person": [1] * len(many), "identifier": [1] * len(many), "guard": [0] * len(many)}
        put(tx, CODE, owned | {"code": many})
    with house.record.reading() as conn:
        assert conn.execute(select(IDENTIFIER.c.sealed, IDENTIFIER.c.at)).one() == (b"\0'\\", NOW)
        asked = [*many[::3], 17, *many[:6]]
        found = conn.execute(select(CODE.c.code).where(among(conn, CODE.c.code, asked))).scalars().all()
        assert sorted(found) == sorted({*many[::3], *many[:6]})
        assert conn.execute(select(CODE.c.code).where(among(conn, CODE.c.code, []))).all() == []
