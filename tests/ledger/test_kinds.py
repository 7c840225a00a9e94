"""What an entry may say: a closed vocabulary in which nothing personal can be written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld.errors import Conflict, Invalid
from upheld.ledger import commitments, kinds
from upheld.ledger.kinds import FLAG, HASH, NUMBER, VERSION, WORD, counts_of, declare, demand, list_of, one_of, optional

KIND = declare(
    "test.everything",
    "a test of all fields",
    number=NUMBER,
    flag=FLAG,
    hash=HASH,
    clause=WORD,
    version=VERSION,
    choice=one_of("in", "out"),
    note=optional(WORD),
    items=list_of(WORD),
    refused=counts_of(WORD),
)
BODY = {
    "number": 3,
    "flag": True,
    "hash": "0" * 64,
    "clause": "use.partners",
    "version": "2026.1",
    "choice": "out",
    "note": None,
    "items": ["order.name", "order.shipping address"],
    "refused": {"rights.stop": 3},
}
PERSONAL = [
    "ann@customer.example",
    "Ann Archer",
    "ann.archer@customer.example",
    "+1 800 555 0100",
    "800 555 0100",
    "555.0100.0199",
    "a5550100199",
    "1 Main Street",
    "4111111111111111",
    "näme",
    "x" * 81,
    "",
    "two\nlines",
    "trailing.",
]


def test_a_body_of_declared_fields_is_taken():
    demand(KIND, BODY)
    demand(KIND, BODY | {"note": "by.hand", "items": (), "refused": {}, "version": "2026-11-22"})


@pytest.mark.parametrize("field", ["number", "flag", "hash", "clause", "version", "choice", "note", "items", "refused"])
@pytest.mark.parametrize(
    "value", [*PERSONAL, 1.5, b"ann", ["ann@customer.example"], {"ann@customer.example": 1}, {"ann": "archer"}, object()]
)
def test_nothing_that_looks_personal_fits_any_field_and_the_refusal_does_not_repeat_it(field, value):
    with pytest.raises(Invalid, match=rf"`{field}` of an entry `test.everything` must be") as no:
        demand(KIND, BODY | {field: value})
    assert "ann" not in str(no.value).lower()
    assert "0100" not in str(no.value)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("number", True),
        ("number", 2**53),
        ("number", None),
        ("flag", 1),
        ("hash", "0" * 63),
        ("hash", "A" * 64),
        ("choice", "maybe"),
        ("choice", ["in"]),
        ("items", "order.name"),
        ("items", [3]),
        ("refused", {"rights.stop": True}),
        ("refused", [3]),
        ("version", "5550100199"),
        ("version", "2026-11-22-5550"),
        ("version", 2026),
    ],
)
def test_a_value_of_another_sort_is_refused(field, value):
    with pytest.raises(Invalid, match=rf"`{field}` of an entry `test.everything` must be"):
        demand(KIND, BODY | {field: value})


def test_stray_and_missing_fields_and_unknown_kinds_are_refused():
    with pytest.raises(Invalid, match="has no field `email`"):
        demand(KIND, BODY | {"email": 3})
    with pytest.raises(Invalid, match="needs `flag`"):
        demand(KIND, {name: value for name, value in BODY.items() if name != "flag"})
    with pytest.raises(Invalid, match=r"no entries of kind `test.nothing`: declare it"):
        demand("test.nothing", {})


def test_a_kind_has_one_meaning():
    assert declare("test.once", "once", number=NUMBER) == declare("test.once", "once", number=NUMBER)
    with pytest.raises(Conflict, match=r"`test.once` are declared otherwise already"):
        declare("test.once", "once", number=WORD)
    for name in ("nodot", "Test.Upper", "ann@customer.example"):
        with pytest.raises(Invalid, match="cannot name a kind"):
            declare(name, "x")
    assert kinds.KINDS["test.once"].says == "once"


@given(st.binary(), st.binary(min_size=32, max_size=32), st.binary(min_size=32, max_size=32))
def test_a_commitment_opens_with_its_own_value_and_salt_alone(value, salt, other):
    commitment = commitments.commit(value, salt)
    assert HASH.holds(commitment)
    assert commitments.opens(commitment, value, salt)
    assert not commitments.opens(commitment, value + b"x", salt)
    assert other == salt or not commitments.opens(commitment, value, other)


def test_salts_never_repeat():
    assert len({commitments.fresh_salt() for _ in range(100)}) == 100
