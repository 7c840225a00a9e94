"""No entry holds anything personal, whatever our own actions write."""

from tests.houses import CLERK, NOW, House, later
from upheld.choices import actions as choices
from upheld.ledger import kinds, queries
from upheld.people.identifiers import Account, Email, Phone, Postal

PEOPLE = [
    (Email("zoe.quux@mail.example"),),
    (Postal("Zoe", "Quux", "12 Nowhere Lane", "94105"), Email("zoe.quux@mail.example")),
    (Phone("+1 800 555 0123"), Account("QX-778812")),
]
WORDS = "Zoe, shall we write to you?"
TELLING = [b"zoe", b"quux", b"nowhere", b"94105", b"5550123", b"555 0123", b"555-0123", b"778812", b"mail.example", b"shall we", b"clerk"]


def test_entries_of_choices_and_people_hold_no_word_that_was_given(tmp_path):
    house = House(tmp_path / "home")
    for number, identifiers in enumerate(PEOPLE):
        said = choices.Said(identifiers, "post", "out", NOW, "phone", words=WORDS)
        with house.record.transaction() as tx:
            choices.record(tx, house.keeper, said, ["post"], at=later(minutes=number), actor=CLERK)
    with house.record.reading() as conn:
        written = [entry.canonical.lower() for entry in queries.entries(conn)]
    house.record.close()
    assert len(written) > len(PEOPLE)
    assert [(word, entry) for word in TELLING for entry in written if word in entry] == []


def test_no_kind_of_entry_can_hold_free_text():
    from upheld.cli.init import load_tables

    load_tables()
    ours = [kind for name, kind in kinds.KINDS.items() if not name.startswith("test.")]
    assert len(ours) > 5
    for kind in ours:
        for name, field in kind.fields.items():
            assert not any(field.holds(text) for text in ("Zoe Quux", "zoe@mail.example", "+1 800 555 0123", "12 Nowhere Lane")), (
                kind.name,
                name,
            )
