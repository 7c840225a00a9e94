"""The vault: what is sealed opens only in its place, under its person's key."""

from __future__ import annotations

import pytest
from sqlalchemy import delete, select

from upheld.errors import Invalid, NotFound
from upheld.home import Home
from upheld.vault.models import PERSON_KEY
from upheld.vault.opening import open_sealed
from upheld.vault.sealing import Vault


@pytest.fixture
def sealed(house):
    with house.record.transaction() as tx:
        return house, house.keeper.vault.seal(tx, 7, "email", b"planted@shop.example")


def opened(house, vault, person, kind, value):
    with house.record.reading() as conn:
        return open_sealed(conn, vault, person, kind, value)


def test_what_was_sealed_opens_again_and_lies_nowhere_in_clear(sealed):
    house, value = sealed
    assert opened(house, house.keeper.vault, 7, "email", value) == b"planted@shop.example"
    assert b"planted" not in value
    assert b"planted" not in house.bytes()


def test_sealing_twice_never_gives_the_same_bytes_and_one_key_serves_a_person(sealed):
    house, value = sealed
    with house.record.transaction() as tx:
        other, stranger = house.keeper.vault.seal_many(tx, [(7, "email", b"planted@shop.example"), (8, "email", b"x")])
        assert sorted(tx.execute(select(PERSON_KEY.c.person)).scalars()) == [7, 8]
    assert value != other
    assert opened(house, house.keeper.vault, 7, "email", other) == b"planted@shop.example"
    with pytest.raises(Invalid):
        opened(house, house.keeper.vault, 7, "email", stranger)


@pytest.mark.parametrize("change", [lambda v: v[:-1] + bytes([v[-1] ^ 1]), lambda v: v[:-1], lambda v: b"", lambda v: bytes(12) + v[12:]])
def test_a_changed_value_does_not_open(sealed, change):
    house, value = sealed
    with pytest.raises(Invalid, match="does not open"):
        opened(house, house.keeper.vault, 7, "email", change(value))


def test_a_value_moved_to_another_kind_or_home_does_not_open(sealed, tmp_path):
    house, value = sealed
    with pytest.raises(Invalid):
        opened(house, house.keeper.vault, 7, "phone", value)
    with pytest.raises(Invalid):
        opened(house, Vault(Home.create(tmp_path / "other")), 7, "email", value)


def test_a_person_whose_key_is_destroyed_cannot_be_read_any_more(sealed):
    house, value = sealed
    with house.record.transaction() as tx:
        tx.execute(delete(PERSON_KEY).where(PERSON_KEY.c.person == 7))
    with pytest.raises(NotFound, match="has no key"):
        opened(house, house.keeper.vault, 7, "email", value)
