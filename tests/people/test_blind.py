"""The blind index: what is a person's is found by codes alone, nothing of it can be read, and files are whole or refused."""

from __future__ import annotations

import hashlib
import json
import stat

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from upheld.errors import Conflict, Invalid, NotFound
from upheld.people import blind, coding
from upheld.people.blind import BlindIndex
from upheld.people.coding import IndexKeys, coded, coded_all
from upheld.people.held import Held
from upheld.people.identifiers import Account, Email, Phone, Postal
from upheld.people.segments import NO_CODES, Segment, among, capped, ordered


def subkey(purpose: str) -> bytes:
    return hashlib.sha256(purpose.encode()).digest()


KEYS = IndexKeys(subkey)
OTHERS = IndexKeys(lambda purpose: hashlib.sha256(b"others" + purpose.encode()).digest())
JANE = Held("jane.garcia@example.com", "617-555-0142", "A-17", "Jane", "García-López", "12 N Maple Ave Apt 4", "02139")
JOHN = Held("john@example.com", None, None, "John", "Smith", "7 Oak St", "60601")
NOBODY = Held()


def index(*records):
    return BlindIndex.build(enumerate(records), KEYS)


def numbers(found):
    return [int(number) for number in found]


@pytest.mark.parametrize(
    ("said", "breadth"),
    [
        ([Email("Jane.Garcia@example.com")], "tight"),
        ([Phone("(617) 555-0142")], "tight"),
        ([Account("A-17")], "tight"),
        ([Postal("Jane", "Lopez", "12 Maple Avenue", "2139")], "tight"),
        ([Postal("Jayne", "Garcia", "12 Maple Ave", "02139")], "loose"),
        ([Postal("Dora", "Kyle", "12 Maple Ave", "02139")], "wide"),
    ],
)
def test_a_record_is_found_by_what_a_person_says_and_only_so_broadly(said, breadth):
    made = index(JOHN, JANE, NOBODY)
    order = ["tight", "loose", "wide"]
    for each in order:
        assert numbers(made.candidates(said, KEYS, each)) == ([1] if order.index(each) >= order.index(breadth) else [])


def test_under_other_keys_nobody_is_found():
    assert numbers(index(JANE).candidates([Email(JANE.email)], KEYS)) == [0]
    assert numbers(index(JANE).candidates([Email(JANE.email)], OTHERS)) == []


def test_the_likeliest_come_first_and_all_that_a_tight_code_leads_to_come():
    neighbours = [Held(first=f"Q{at}", last="Nobody", address="12 Maple Ave", zip="02139") for at in range(40)]
    same = [Held(email=JANE.email) for _ in range(30)]
    made = index(*neighbours, JANE, *same)
    said = [Email(JANE.email), Postal("Jane", "Garcia Lopez", "12 Maple Ave", "02139")]
    assert numbers(made.candidates(said, KEYS, most=5)) == [40, *range(41, 71)]
    assert numbers(made.candidates(said, KEYS, most=33)) == [40, *range(41, 71), 0, 1]


def test_a_wide_code_that_leads_to_too_many_leads_to_none_but_a_tight_one_always_leads(monkeypatch):
    monkeypatch.setattr(blind, "MOST_OF_A_CODE", 3)
    said = [Postal("Dora", "Kyle", "12 Maple Ave", "02139")]
    assert numbers(index(*[JANE] * 3).candidates(said, KEYS)) == [0, 1, 2]
    made = index(*[JANE] * 4)
    assert numbers(made.candidates(said, KEYS)) == []
    assert numbers(made.candidates([Email(JANE.email)], KEYS)) == [0, 1, 2, 3]
    made.add(4, JANE, KEYS)
    assert numbers(made.candidates(said, KEYS)) == []


def test_added_records_are_found_at_once_and_removed_ones_no_more(tmp_path):
    made = index(JOHN)
    made.add(1, JANE, KEYS)
    made.add(2, Held(email=JANE.email), KEYS)
    made.remove(0)
    made.remove(2)
    said = [Email(JANE.email), Email(JOHN.email)]
    assert numbers(made.candidates(said, KEYS)) == [1]
    with pytest.raises(Conflict, match="number of its own"):
        made.add(2, JANE, KEYS)
    made.save(tmp_path / "blind", KEYS)
    again = BlindIndex.load(tmp_path / "blind", KEYS)
    assert numbers(again.candidates(said, KEYS)) == [1]
    assert set(again._near.numbers) | set(again._far.numbers) == {1}
    with pytest.raises(Invalid, match="number is between"):
        again.add(1 << 32, JANE, KEYS)


def test_a_saved_index_is_private_holds_nothing_of_what_was_written_and_finds_the_same(tmp_path):
    made = index(JANE, JOHN)
    made.save(tmp_path / "blind", KEYS)
    assert stat.S_IMODE((tmp_path / "blind").stat().st_mode) == 0o700
    for path in (tmp_path / "blind").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        content = path.read_bytes().lower()
        assert not any(word in content for word in (b"jane", b"garcia", b"maple", b"02139", b"5550142"))
    loaded = BlindIndex.load(tmp_path / "blind", KEYS)
    assert loaded.codes == made.codes
    said = [Postal("Jane", "Lopez", "12 Maple Avenue", "2139"), Email(JOHN.email)]
    assert numbers(loaded.candidates(said, KEYS)) == numbers(made.candidates(said, KEYS)) == [0, 1]
    assert isinstance(loaded._near.codes.base, np.memmap)
    with pytest.raises(Conflict, match="written once"):
        made.save(tmp_path / "blind", KEYS)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["blind"]


def test_another_version_other_keys_or_a_damaged_index_is_refused_with_what_to_do(tmp_path):
    folder = tmp_path / "blind"
    with pytest.raises(NotFound, match="upheld systems index"):
        BlindIndex.load(folder, KEYS)
    index(JANE).save(folder, KEYS)
    with pytest.raises(Conflict, match="other keys"):
        BlindIndex.load(folder, OTHERS)
    header = folder / "index.json"
    good = header.read_text()
    header.write_text(json.dumps(json.loads(good) | {"norm": "norm/v0"}))
    with pytest.raises(Conflict, match="version `norm/v0`"):
        BlindIndex.load(folder, KEYS)
    for bad in ("{", "[]"):
        header.write_text(bad)
        with pytest.raises((Invalid, Conflict), match="upheld systems index"):
            BlindIndex.load(folder, KEYS)
    header.write_text(good)
    numbers_ = folder / "near.numbers.npy"
    whole = numbers_.read_bytes()
    for cut in (b"", whole[:40], whole[:-4]):
        numbers_.write_bytes(cut)
        with pytest.raises(Invalid, match="damaged"):
            BlindIndex.load(folder, KEYS)
    numbers_.write_bytes(whole)
    assert numbers(BlindIndex.load(folder, KEYS).candidates([Email(JANE.email)], KEYS)) == [0]


def test_many_records_coded_by_several_processes_have_the_codes_of_one(monkeypatch):
    monkeypatch.setattr(coding, "FEW", 400)
    monkeypatch.setattr(coding, "AT_ONCE", 100)
    records = [
        (at, Held(email=f"p{at}@example.com", first="Ann", last=f"Lee{at}", address=f"{at} Oak St", zip="60601")) for at in range(1_000)
    ]
    here = coded(records, KEYS)
    pieces = list(coded_all(iter(records), KEYS, processes=2))
    assert len(pieces) == 10
    for name in ("near", "near_numbers", "far", "far_numbers"):
        assert np.array_equal(np.concatenate([getattr(piece, name) for piece in pieces]), getattr(here, name))


CODES = st.lists(st.tuples(st.integers(0, 12), st.integers(0, 5)), max_size=60)


@given(CODES, st.integers(1, 6), st.lists(st.integers(0, 12), max_size=3))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_capping_leaves_out_exactly_the_codes_with_too_many_records(pairs, most, before):
    codes = np.array([code for code, _ in pairs], dtype=np.uint64)
    segment = ordered([codes], [np.array([number for _, number in pairs], dtype=np.uint32)])
    kept, out = capped(segment, most, np.unique(np.array(before, dtype=np.uint64)) if before else NO_CODES)
    counts = {code: sum(code == other for other, _ in pairs) for code, _ in pairs}
    gone = {code for code, count in counts.items() if count > most} | set(before)
    assert set(out.tolist()) == gone
    assert sorted(zip(kept.codes.tolist(), kept.numbers.tolist(), strict=True)) == sorted(pair for pair in pairs if pair[0] not in gone)
    assert among(codes, out).tolist() == [code in gone for code in codes.tolist()]
    for wanted, met in zip(range(13), Segment(*kept).met(list(range(13))), strict=True):
        assert sorted(met.tolist()) == sorted(number for code, number in pairs if code == wanted and code not in gone)
