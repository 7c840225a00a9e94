"""The night's pairs by Splink on Spark: the very links that this process finds itself, and no name ever reaches Spark."""

from __future__ import annotations

from functools import partial

import pytest

from benches.customers import world
from upheld.errors import Invalid
from upheld.home import Home
from upheld.people import pairing
from upheld.people.resolving import Resolver


def resolver(rows):
    made = Resolver()
    for number, row in enumerate(world(rows, 79).rows):
        made.add(number, row.held)
    return made


@pytest.mark.spark
@pytest.mark.filterwarnings("ignore")  # PySpark and Splink warn of their own affairs
def test_splink_on_spark_finds_the_links_that_this_process_finds():
    made = resolver(1_500)
    here, there = made.links(), made.links(partial(pairing.on_spark, "local[2]"))
    assert (there.clusters, there.proposed, there.refused) == (here.clusters, here.proposed, here.refused)
    assert min(here.joined, len(here.pairs)) > 20


def test_only_numbers_go_out_and_pairs_that_somebody_else_found_are_judged_here():
    seen = []

    def elsewhere(shared):
        seen.append(shared)
        return [(0, 1)]

    made = resolver(60)
    found = made.links(elsewhere)
    assert {column.dtype.kind for shared in seen for column in shared} <= {"i", "u"}
    assert (found.clusters, found.proposed) == ((), ())  # two people: this process does not take anybody's word for it


def test_who_finds_the_pairs_is_a_setting(tmp_path):
    home = Home.create(tmp_path / "home", "Northgate")
    assert pairing.pairing(home) is None
    settings = home.path / "upheld.toml"
    settings.write_text(settings.read_text() + '\n[match]\nspark = "local[2]"\n')
    found = pairing.pairing(Home.find(home.path))
    assert found is not None
    assert found.args == ("local[2]",)


def test_without_the_extras_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyspark", None)
    monkeypatch.setitem(__import__("sys").modules, "upheld.engines.spark", None)
    with pytest.raises(Invalid, match="install `upheld"):
        list(pairing.on_spark("local[2]", resolver(1)._of("email")))
