"""DROP's lists: every work item is answered, none is passed over, and what met nobody is looked for again."""

from __future__ import annotations

import stat

import pytest

from upheld.errors import Invalid, Refused
from upheld.home import Home
from upheld.people import drop, drop_lists
from upheld.people.drop import Known

RECORDS = [
    Known(emails=("ann@example.com",), firsts=("Ann",), lasts=("Lee",)),
    Known(emails=("Ann@Example.com",), firsts=("ANN",), lasts=("Lee",)),
    Known(emails=("lees@example.com",), firsts=("Jane",), lasts=("Lee",)),
    Known(emails=("lees@example.com",), firsts=("Robert",), lasts=("Lee",)),
    Known(emails=("news@example.com",)),
]
ITEMS = {f"item{at}": drop.hashed(f"{who}@example.com") for at, who in enumerate(("ann", "lees", "news", "nobody", "ann"))}


@pytest.fixture
def home(tmp_path):
    return Home.create(tmp_path / "home", "Northgate Systems")


def listed(path, items):
    path.write_text("ID,Hash\n" + "".join(f"{item},{hash_}\n" for item, hash_ in items.items()))
    return path


def test_it_is_off_until_the_merchant_says_otherwise(home):
    with pytest.raises(Refused, match="binds data brokers"):
        drop_lists.demand_enabled(home)
    settings = home.path / "upheld.toml"
    settings.write_text(settings.read_text() + '\n[drop]\nenabled = "yes"\n')
    drop_lists.demand_enabled(Home.find(home.path))


def test_every_item_gets_the_status_of_one_person_several_or_nobody(tmp_path):
    items = drop_lists.read(listed(tmp_path / "list.csv", ITEMS))
    assert items == ITEMS
    answer = drop_lists.match(items, "Email", RECORDS)
    assert answer.statuses == {"item0": 3, "item1": 4, "item2": 3, "item3": 5, "item4": 3}
    assert (answer.count(drop.DELETED), answer.count(drop.NOT_FOUND)) == (3, 1)
    drop_lists.write(tmp_path / "answer.csv", answer)
    assert (tmp_path / "answer.csv").read_text() == "Id,Status\nitem0,3\nitem1,4\nitem2,3\nitem3,5\nitem4,3\n"
    assert set(drop_lists.match(items, "Phone", RECORDS).statuses.values()) == {drop.NOT_FOUND}


def test_what_met_nobody_is_kept_until_it_meets_somebody_or_is_withdrawn(home):
    kept = drop_lists.Kept(home, "Email")
    assert kept.items() == {}
    assert kept.keep(ITEMS, drop_lists.match(ITEMS, "Email", RECORDS)) == 1
    more = {"late": drop.hashed("late@example.com"), "gone": drop.hashed("gone@example.com")}
    assert kept.keep(more, drop_lists.match(more, "Email", RECORDS)) == 3
    path = home.path / "drop" / "Email.csv"
    assert (stat.S_IMODE(path.stat().st_mode), stat.S_IMODE(path.parent.stat().st_mode)) == (0o600, 0o700)
    kept.withdraw(["gone"])
    again = drop_lists.match(kept.items(), "Email", [*RECORDS, Known(emails=("late@example.com",))])
    assert again.statuses == {"item3": 5, "late": 3}
    assert kept.keep({}, again) == 1
    assert list(kept.items()) == ["item3"]
    assert drop_lists.Kept(home, "Phone").items() == {}


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("", ":1"), ("Hash,ID\n", ":1"), ("ID,Hash\nx\n", ":2"), ("ID,Hash\nx,short\n", ":2"),
        (f"ID,Hash\nx,{'A' * 43}=\nx,{'B' * 43}=\n", ":3"), (f"ID,Hash\n=cmd,{'A' * 43}=\n", ":2"),
        ('ID,Hash\n"x', ""), ("ID,Hash\n\udcff,y\n", ""),
    ],
)  # fmt: skip
def test_a_list_with_one_bad_line_is_refused_whole_with_its_place(tmp_path, text, place):
    path = tmp_path / "list.csv"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(Invalid) as said:
        drop_lists.read(path)
    assert said.value.place is not None
    assert said.value.place.endswith(place)
    with pytest.raises(Invalid, match="no such file"):
        drop_lists.read(tmp_path / "missing.csv")
