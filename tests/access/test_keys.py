"""A key opens what it was given for, from the moment it is given until the moment it is taken back; the record cannot give it away."""

from __future__ import annotations

import pytest
from sqlalchemy import text

from tests.houses import CLERK, NOW, later
from upheld.access.actions import SECRET, add, end
from upheld.access.queries import Keyring, register
from upheld.errors import Conflict, Invalid, NotFound, Refused
from upheld.ledger import queries as ledger

KNOWN = ("marketing.post", "marketing.email", "ordering.fulfil")


def give(house, name="web-shop", may=("decide",), purposes=("marketing",)):
    with house.record.transaction() as tx:
        return add(tx, house.home.key(SECRET), name, may, purposes, known=KNOWN, at=NOW, actor=CLERK)


def ring(house):
    with house.record.reading() as conn:
        return Keyring(house.home.key(SECRET), register(conn))


def test_a_key_opens_what_it_is_for_and_nothing_else(house):
    given = give(house)
    key = ring(house).whose(given.text)
    assert (key.name, key.may, key.purposes) == ("web-shop", ("decide",), ("marketing",))
    key.demand("decide")
    key.demand_purpose("marketing.post")
    key.demand_purpose("marketing")
    for purpose in ("ordering.fulfil", "marketings", "market", "rights"):
        with pytest.raises(Refused, match="bound to `marketing`"):
            key.demand_purpose(purpose)
    with pytest.raises(Refused, match="for decide, not for requests"):
        key.demand("requests")


def test_only_the_whole_key_opens(house):
    text_ = give(house).text
    other = give(house, "call-centre").text
    kept = ring(house)
    number, secret = text_.split("_", 2)[1:]
    wrong = ("", "upheld", "upheld_", f"upheld_{number}_", f"upheld_{number}_{secret[:-1]}", f"upheld_2_{secret}", f"upheld_9_{secret}")
    wrong += (
        f"Upheld_{number}_{secret}",
        text_ + "x",
        f"upheld_-{number}_{secret}",
        f"upheld_²_{secret}",
        "upheld_1_" + "x" * 500,
        "\udcff",
    )
    assert [kept.whose(said) for said in wrong] == [None] * len(wrong)
    assert kept.whose(text_).id != kept.whose(other).id


def test_a_key_that_was_taken_back_opens_nothing(house):
    given = give(house)
    with house.record.transaction() as tx:
        end(tx, "web-shop", at=later(hours=1), actor=CLERK)
    assert ring(house).whose(given.text) is None
    with house.record.reading() as conn:
        (key,) = register(conn)
        assert key.ended_at == later(hours=1)
        assert [entry.kind for entry in ledger.entries(conn)][-2:] == ["key.added", "key.ended"]
    with pytest.raises(Conflict, match="ended already"), house.record.transaction() as tx:
        end(tx, "web-shop", at=later(hours=2), actor=CLERK)
    with pytest.raises(NotFound, match="upheld keys list"), house.record.transaction() as tx:
        end(tx, "nobody", at=NOW, actor=CLERK)
    with pytest.raises(Conflict, match="another name"):
        give(house)


def test_the_secret_lies_nowhere(house):
    given = give(house)
    secret = given.text.split("_", 2)[2].encode()
    assert secret not in house.bytes()
    assert secret.decode() not in repr(given)


def test_a_key_is_taken_back_for_good(house):
    give(house)
    with house.record.transaction() as tx:
        end(tx, "web-shop", at=NOW, actor=CLERK)
    with pytest.raises(Exception, match="only grows"), house.record.transaction() as tx:
        tx.execute(text("DELETE FROM program_key_end"))


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"name": "Web Shop"}, "lower-case letters"),
        ({"name": "a" * 41}, "lower-case letters"),
        ({"name": "call-5550100"}, "lower-case letters"),
        ({"may": ("decid",)}, "did you mean `decide`"),
        ({"may": ()}, "say what the key is for"),
        ({"purposes": ("marketng",)}, "did you mean `marketing`"),
        ({"purposes": ()}, "bound to purposes"),
    ],
)
def test_a_key_that_cannot_be_is_not_given(house, more, words):
    with pytest.raises(Invalid, match=words):
        give(house, **more)
    with house.record.reading() as conn:
        assert register(conn) == ()
