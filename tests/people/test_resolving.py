"""Links between records: what is surely one person's is applied, what may be is proposed, and what joins two people is refused."""

from __future__ import annotations

import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld.errors import Invalid
from upheld.people.held import Held
from upheld.people.links import Links
from upheld.people.resolving import LARGEST_CLUSTER, Resolver, _joined, resolve

HOME = {"address": "12 Maple Ave", "zip": "02139"}


def links(*records):
    return said(resolve(enumerate(records)))


def said(found):
    return found.clusters, found.proposed, found.refused


def test_one_mailbox_and_one_telephone_with_a_last_name_join_records_of_one_person_at_two_addresses():
    records = (
        Held(email="jane@example.com", first="Jane", last="Lee", **HOME),
        Held(email="Jane@Example.com"),
        Held(email="jane@example.com", phone="617-555-0142", first="J.", last="Lee"),
        Held(phone="(617) 555-0142", first="Jane", last="Lee", address="9 Elm St", zip="94103"),
        Held(phone="617-555-0142", first="Jane", last="Doe"),
        Held(email="other@example.com"),
    )
    found = resolve(enumerate(records))
    assert said(found) == (((0, 1, 2, 3),), (), 0)
    assert found.with_linked([3, 5]) == (0, 1, 2, 3, 5)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Held(email="lees@example.com", first="Jane", last="Lee"), Held(email="lees@example.com", first="Robert", last="Lee")),
        (Held(phone="617-555-0142", first="Jane", last="Lee"), Held(phone="617-555-0142", first="Robert", last="Lee")),
        (Held(phone="617-555-0142", last="Lee"), Held(phone="617-555-0142", first="Robert", last="Lee")),
        (Held(email="b@example.com", first="Bob", last="Lee Jr"), Held(email="b@example.com", first="Bob", last="Lee Sr")),
    ],
)
def test_a_shared_mailbox_or_telephone_joins_nobody_with_another_first_name_or_suffix(one, other):
    assert links(one, other) == ((), (), 0)


def test_one_name_at_one_address_is_proposed_and_never_applied():
    father, son = Held(first="Bob", last="Lee", **HOME), Held(first="Robert", last="Lee", **HOME)
    assert links(father, son) == ((), ((0, 1),), 0)
    assert links(father, Held(first="Robert", last="Lee Jr", **HOME), Held(first="Bob", last="Lee Sr", **HOME))[1] == ((0, 1), (0, 2))
    same = Held(email="b@example.com", first="Bob", last="Lee", **HOME)
    assert links(same, same) == (((0, 1),), (), 0)


def test_a_record_between_two_people_joins_neither():
    found = links(*(Held(email="lees@example.com", first=first, last="Lee") for first in ("Jane", "", "Robert")))
    assert found == ((), (), 1)


def test_a_cluster_of_too_many_is_refused():
    chain = [
        Held(email=f"p{at // 2}@example.com", phone=f"617-555-01{(at + 1) // 2:02}", first="Ann", last="Lee")
        for at in range(LARGEST_CLUSTER + 1)
    ]
    assert links(*chain[:-1])[0] == (tuple(range(LARGEST_CLUSTER)),)
    assert links(*chain) == ((), (), 1)
    assert links(*[Held(email="info@example.com")] * (LARGEST_CLUSTER + 1)) == ((), (), 0)


def test_links_are_kept_as_numbers_for_their_owner_alone(tmp_path):
    path = tmp_path / "links.npy"
    found = Links.of(((0, 2), (1, 5, 7)), ((3, 4),), 2)
    found.save(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    kept = Links.load(path)
    assert (kept.clusters, kept.proposed, kept.refused, kept.joined) == (((0, 2), (1, 5, 7)), ((3, 4),), 2, 2)
    assert kept.with_linked([5, 9]) == (1, 5, 7, 9)
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(Invalid, match="damaged"):
        Links.load(path)


def test_what_an_agent_decided_goes_before_every_rule():
    home = {"address": "12 Maple Ave", "zip": "02139", "last": "Lee"}
    records = [Held(first="Bob", **home), Held(first="Bob", **home), Held(first="Robert", **home), Held(email="b@example.com", first="Ann")]
    resolver = Resolver()
    for number, one in enumerate([*records, records[-1]]):
        resolver.add(number, one)
    resolver.decide(1, 0, same=True)
    resolver.decide(0, 2, same=False)
    resolver.decide(3, 4, same=False)
    assert said(resolver.links()) == (((0, 1),), ((1, 2),), 1)


@given(st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20)), max_size=25))
def test_components_are_those_that_walking_finds(pairs):
    near = {number: {other for pair in pairs if number in pair for other in pair} for pair in pairs for number in pair}
    for cluster in _joined(pairs):
        seen = {cluster[0]}
        while more := set().union(*(near[number] for number in seen)) - seen:
            seen |= more
        assert seen == set(cluster)
    assert sorted(number for cluster in _joined(pairs) for number in cluster) == sorted(near)
