"""What a list's own columns say of its people (place, age, service, since when) decides its rows, and only as far as it can be read."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from tests.gate import conftest
from tests.gate.conftest import ANN, ME, open_shop
from upheld.errors import Conflict, Invalid, Refused
from upheld.gate import deciding, evidence, facts, gathering
from upheld.gate.asking import Question, answer
from upheld.gate.disclosures import disclosures
from upheld.gate.evidence import all_codes
from upheld.gate.recovery import end, recover
from upheld.gate.snapshot import ask, take
from upheld.ledger import queries as ledger
from upheld.people.actions import Keeper, enrol, keep_facts
from upheld.people.codes import Keys
from upheld.people.columns import Columns
from upheld.people.facts import aged, region
from upheld.people.identifiers import Email
from upheld.policy import document
from upheld.postings import actions as postings
from upheld.recipients import actions as recipients

HEAD = "---\ncompany: Example\ntitle: Privacy\nversion: '{version}'\n---\n\nWe do this. {{#c}}\n\n```upheld\n"
PLAIN = """collect order: name, email
topic newsletter stops marketing.email
topic sharing stops marketing.partner
changes apply from posting, wider use of earlier information when agreed
"""
STANDING = """allow marketing.email using order.email unless in us-ca
allow marketing.email using order.name when not under 18
allow service to subcontractor using order when recipient serves the person
"""


def small(tmp_path, monkeypatch, statements, version="1"):
    """A shop whose only policy has these statements."""
    path = tmp_path / f"policy {version}.md"
    path.write_text(HEAD.format(version=version) + PLAIN + statements + "```\n")
    monkeypatch.setattr(conftest, "POLICY", path)
    return open_shop(tmp_path)


@pytest.fixture
def shop(tmp_path, monkeypatch):
    made = small(tmp_path, monkeypatch, STANDING)
    yield made
    made.record.close()


def mailed(shop, text, **asked):
    """The addresses, names or other shown columns of those to whom our own mail may go."""
    asked = {"purpose": "marketing.email", "to": "ourselves", "mapping": ()} | asked
    summary = shop.release(shop.list(text), **asked)
    return summary, shop.out().splitlines()[1:] if summary.released and (shop.folder / "out.csv").exists() else []


def test_a_row_s_place_decides_it_and_one_that_cannot_be_read_is_the_strictest(shop):
    rows = ("a@x.example,CA,US", "b@x.example,California,US", "c@x.example,NY,US", "d@x.example,,Germany", "e@x.example,,Atlantis")
    summary, left = mailed(shop, "email,state,country\n" + "\n".join(rows) + "\n")
    assert left == ["c@x.example", "d@x.example"]
    assert (summary.released, summary.refused) == (2, 3)


def test_a_row_s_region_or_country_is_read_in_one_column_too(shop):
    text = "email,region\na@x.example,us-ca\nb@x.example,us-ny\nc@x.example,EU\nd@x.example,France\n"
    assert mailed(shop, text)[1] == ["b@x.example", "c@x.example", "d@x.example"]


def test_a_row_s_age_decides_it(shop):
    text = "email,first,last,age\na@x.example,Al,Poe,17\nb@x.example,Bo,Poe,18\nc@x.example,Cy,Poe,\n"
    mapping = ("email=email", "first=order.name", "last=order.name")
    assert mailed(shop, text, mapping=mapping)[1] == ["Bo,Poe"]


def test_whom_a_recipient_serves_may_stand_in_a_column(shop):
    with shop.record.transaction() as tx:
        recipients.add(tx, "packer", "subcontractor", at=shop.now(), actor=ME)
    rows = [("a", "yes"), ("b", "1"), ("c", "no"), ("d", ""), ("e", "perhaps")]
    text = "email,ours\n" + "".join(f"{name}@x.example,{word}\n" for name, word in rows)
    _, left = mailed(shop, text, purpose="service", to="packer", mapping=("ours=served",))
    assert left == ["a@x.example", "b@x.example"]


def test_a_column_of_facts_with_a_value_for_every_row_is_none(shop, monkeypatch):
    monkeypatch.setattr(facts, "MOST", 3)
    text = "email,state\n" + "".join(f"p@x.example,{state}\n" for state in ("NY", "TX", "WA", "OR"))
    with pytest.raises(Invalid, match="mapped to `state` hold too many different values: map them with `--map COLUMN=nothing`"):
        mailed(shop, text)
    assert not (shop.folder / "out.csv").exists()


def test_a_place_that_the_record_knows_only_roughly_is_not_made_safe_by_what_a_list_says(shop):
    with shop.record.transaction() as tx:
        people = Keeper(shop.home)
        for name, place in (("a", "us"), ("b", "us-ca"), ("c", "de")):
            (person,) = enrol(tx, people, (Email(f"{name}@x.example"),), shop.now(), ME)
            keep_facts(tx, [(person, region(place))], shop.now(), ME)
    _, left = mailed(shop, "email,state\na@x.example,NY\nb@x.example,NY\nc@x.example,\n")
    assert left == ["c@x.example"]


def test_two_records_that_permit_nothing_in_common_permit_nothing(shop):
    with shop.record.transaction() as tx:
        keeper = Keeper(shop.home)
        (young,) = enrol(tx, keeper, (Email("a@x.example"),), shop.now(), ME)
        (coast,) = enrol(tx, keeper, (ANN,), shop.now(), ME)
        known = [(young, aged(12, shop.now().date())), (young, region("de"))]
        keep_facts(tx, [*known, (coast, aged(40, shop.now().date())), (coast, region("us-ca"))], shop.now(), ME)
    text = f"email,first,last,address,zip\na@x.example,{ANN.first},{ANN.last},{ANN.address},{ANN.zip}\n"
    summary, left = mailed(shop, text, mapping=("email=order.email", "first=order.name", "last=order.name"))
    assert left == []
    assert (summary.refused, len(summary.refusals)) == (1, 1)
    with shop.record.reading() as conn:
        moment = shop.now()
        question = Question("marketing.email", "ourselves", items=("order.email", "order.name"))
        asked = ask(conn, "marketing.email", "ourselves", moment)
        found = answer(conn, Keys(shop.home.key), (Email("a@x.example"), ANN), question, asked, moment, now=True)
    assert (found.decision.permitted, set(found.decision.refused)) == ((), {"order.email", "order.name"})
    assert len(found.decision.reasons) == 2


def test_a_policy_that_asks_nothing_of_anybody_s_place_needs_none(tmp_path, monkeypatch):
    shop = small(tmp_path, monkeypatch, "allow marketing.email using order.email\n")
    shop.says(Email("no@x.example"), "newsletter")
    assert mailed(shop, "email,state\nno@x.example,CA\nyes@x.example,CA\n")[1] == ["yes@x.example"]
    shop.record.close()


def test_policies_that_ask_more_of_a_person_than_a_code_holds_are_refused(tmp_path, monkeypatch):
    topics = "".join(f"topic t{number} stops marketing.email\n" for number in range(32))
    shop = small(tmp_path, monkeypatch, topics + "allow marketing.email using order.email\n")
    with shop.record.reading() as conn:
        asked = ask(conn, "marketing.email", "ourselves", shop.now())
        with pytest.raises(Refused, match="ask more of a person than a list can be decided by"):
            take(conn, asked, Columns(email="c0"), shop.now())
    shop.record.close()


def test_nothing_is_released_before_a_policy_is_in_force(shop):
    with shop.record.reading() as conn, pytest.raises(Refused, match="no policy is in force: post one"):
        ask(conn, "marketing.email", "ourselves", shop.began - timedelta(days=400))


def widened(tmp_path, monkeypatch):
    """A small shop whose second version lets offers go to whoever has not opted in."""
    shop = small(tmp_path, monkeypatch, "allow marketing.email using order.email when opted in to newsletter\n")
    wider = tmp_path / "wider.md"
    wider.write_text(HEAD.format(version="2") + PLAIN + "allow marketing.email using order.email\n```\n")
    with shop.record.transaction() as tx:
        postings.post(tx, document.read(wider), at=shop.now(), actor=ME)
    return shop


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
def test_items_of_an_earlier_version_are_decided_by_it_on_every_engine(tmp_path, monkeypatch, postgres_url, engine):
    shop = widened(tmp_path, monkeypatch)
    text = "email,policy version\nin@x.example,1\nnew@x.example,2\nold@x.example,1\nwho@x.example,\n"
    address = postgres_url.render_as_string(hide_password=False) if engine == "postgres" else None
    assert mailed(shop, text, engine=engine, engine_address=address)[1] == ["in@x.example", "new@x.example"]
    shop.record.close()


@pytest.mark.parametrize("engine", ["duckdb", "postgres"])
def test_what_a_list_says_was_collected_in_days_to_come_stands_under_the_narrowest_version(tmp_path, monkeypatch, postgres_url, engine):
    shop = widened(tmp_path, monkeypatch)
    shop.began += timedelta(days=9)
    tomorrow, later = ((shop.now() + timedelta(days=days)).date() for days in (1, 2))
    text = f"email,collected\nin@x.example,2099-01-01\na@x.example,2099-01-01\nb@x.example,{later}\nnew@x.example,{tomorrow}\n"
    address = postgres_url.render_as_string(hide_password=False) if engine == "postgres" else None
    summary, left = mailed(shop, text, mapping=("collected=collected",), engine=engine, engine_address=address)
    assert left == ["in@x.example", "new@x.example"]
    assert [note for note in summary.notes if "still to come" in note] == [
        "3 rows have a day of collecting that is still to come: it counts as not given, so that the narrowest version binds"
    ]
    shop.record.close()


def test_ages_that_cannot_be_read_are_counted_and_blank_ones_are_not(shop):
    text = "email,first,last,age\na@x.example,Al,Poe,abc\nb@x.example,Bo,Poe,18\nc@x.example,Cy,Poe,\n"
    mapping = ("email=email", "first=order.name", "last=order.name", "age=age")
    summary, left = mailed(shop, text, mapping=mapping)
    assert left == ["Bo,Poe"]
    assert [note for note in summary.notes if "age" in note] == ["1 row has an age that cannot be read: it counts as unknown"]


def test_an_unread_address_that_was_not_asked_for_costs_nothing(shop):
    text = 'email,first,last,age,phone\n"a@x.example; b@x.example",Al,Poe,30,+1 206 555 0100\n'
    mapping = ("email=order.email", "first=order.name", "last=order.name", "phone=phone")
    assert mailed(shop, text, mapping=mapping, items=("order.name",))[1] == ["Al,Poe"]


def test_a_list_that_holds_nothing_of_what_is_asked_for_is_refused(shop):
    with pytest.raises(Invalid, match="the list holds no item of the policy that is asked for"):
        mailed(shop, "email,age\na@x.example,30\n", mapping=("email=order.email",), items=("order.name",))


def test_more_items_than_one_decision_holds_are_refused(tmp_path, monkeypatch):
    items = [f"item{number}" for number in range(61)]
    spelt = [f"fact q{chr(97 + number // 26)}{chr(97 + number % 26)}" for number in range(61)]
    statements = f"collect survey: {', '.join(spelt)}\nallow survey.analysis using survey\n"
    shop = small(tmp_path, monkeypatch, statements)
    text = "email," + ",".join(items) + "\na@x.example," + ",".join("x" for _ in items) + "\n"
    mapping = tuple(f"{column}=survey.{item}" for column, item in zip(items, spelt, strict=True))
    with pytest.raises(Refused, match="a list of more than 60 items cannot be decided at once: choose some with `--items`"):
        mailed(shop, text, purpose="survey.analysis", mapping=("email=email", *mapping), source=None)
    asked = {"purpose": "survey.analysis", "mapping": ("email=email", *mapping), "source": None}
    assert mailed(shop, text, **asked, items=(f"survey.{spelt[0]}",))[1] == ["x"]
    shop.record.close()


def test_a_list_without_rows_releases_nothing(shop):
    summary, left = mailed(shop, "email,state\n")
    assert (summary.read, summary.released, left) == (0, 0, [])
    assert "the list has no rows" in summary.notes


def test_a_list_read_in_chunks_is_decided_and_remembered_like_one_read_at_once(shop, monkeypatch):
    shop.says(Email("p3@x.example"), "newsletter")
    text = "email,state\n" + "".join(f"p{number % 7}@x.example,{'NY' if number != 4 else 'CA'}\n" for number in range(11))
    _, whole = mailed(shop, text)
    monkeypatch.setattr(gathering, "CHUNK", 2)
    mailed(shop, text, out=shop.folder / "parts.csv")
    assert (shop.folder / "parts.csv").read_text().splitlines()[1:] == whole
    assert len(set(whole)) < len(whole)
    with shop.record.reading() as conn:
        assert np.array_equal(all_codes(conn, 1), all_codes(conn, 2))
        assert len(all_codes(conn, 1)) == len(set(whole))


def test_evidence_of_very_many_buckets_is_kept_whole(shop, monkeypatch):
    monkeypatch.setattr(evidence, "BUCKET_CODES", 1)
    text = "email,state\n" + "".join(f"p{number}@x.example,NY\n" for number in range(600))
    mailed(shop, text)
    with shop.record.reading() as conn:
        assert len(all_codes(conn, 1)) == 600
        for number in (0, 299, 599):
            assert len(disclosures(conn, Keys(shop.home.key), [Email(f"p{number}@x.example")])) == 1


def test_a_file_that_never_appeared_is_in_nobody_s_disclosures(shop):
    def watch(step, done, of):
        if step == "recorded":
            (shop.folder / "out.csv").write_text("mine")

    with pytest.raises(Conflict, match="appeared meanwhile"):
        mailed(shop, "email,state\na@x.example,NY\n", watch=watch)
    with shop.record.reading() as conn:
        assert disclosures(conn, Keys(shop.home.key), [Email("a@x.example")]) == ()
    with shop.record.transaction() as tx:
        before = ledger.size(tx)
    end(shop.record, 1, "delivered", shop.now(), ME)  # ended once is ended for good
    with shop.record.reading() as conn:
        assert ledger.size(conn) == before


def test_a_release_into_a_folder_that_is_away_is_left_until_it_is_there_again(shop):
    folder = shop.folder / "stick"
    folder.mkdir()

    class Cut(Exception):
        pass

    def watch(step, done, of):
        if step == "recorded":
            raise Cut

    with pytest.raises(Cut):
        mailed(shop, "email,state\na@x.example,NY\n", watch=watch, out=folder / "out.csv")
    folder.rename(shop.folder / "away")
    assert recover(shop.home, shop.record, shop.now(), ME) == {}
    (shop.folder / "away").rename(folder)
    assert recover(shop.home, shop.record, shop.now(), ME) == {1: folder / "out.csv"}
    assert (folder / "out.csv").read_text() == "email\na@x.example\n"


def test_what_was_cut_off_elsewhere_is_completed_by_a_release_that_goes_on(shop):
    class Cut(Exception):
        pass

    def watch(step, done, of):
        if step == "recorded":
            raise Cut

    with pytest.raises(Cut):
        mailed(shop, "email,state\na@x.example,NY\n", watch=watch, out=shop.folder / "first.csv")
    assert mailed(shop, "email,state\nb@x.example,NY\n")[1] == ["b@x.example"]
    assert (shop.folder / "first.csv").read_text() == "email\na@x.example\n"


def test_what_an_engine_does_not_permit_does_not_leave_whatever_the_table_says(shop, monkeypatch):
    monkeypatch.setattr(deciding, "masks_of", lambda _engine, _address, _table, _use, count, _pairs: np.zeros(count, np.uint64))
    summary, left = mailed(shop, "email,state\na@x.example,NY\n", engine="postgres", engine_address="one that permits nothing")
    assert (summary.released, left) == (0, [])
    assert [refusal.because for refusal in summary.refusals] == ["the engine permits none of it, though the policy's own table does"]


def test_releases_of_nobody_in_person_count_towards_nobody_s_cap(tmp_path, monkeypatch):
    capped = "allow marketing.email using order.name, order.email as totals of at least 2 people, at most 1 times a year\n"
    capped += "allow marketing.email using order.email when opted in to newsletter, at most 1 times a year\n"
    shop = small(tmp_path, monkeypatch, capped)
    shop.says(Email("b@x.example"), "newsletter", "in")
    text = "email,name\na@x.example,Poe\nb@x.example,Poe\n"
    totals = {"totals": ("order.name",), "mapping": ("email=email", "name=order.name"), "source": None}
    assert mailed(shop, text, **totals, out=shop.folder / "totals.csv")[0].released == 2
    assert mailed(shop, text, mapping=("email=order.email", "name=nothing"))[1] == ["b@x.example"]
    assert mailed(shop, text, mapping=("email=order.email", "name=nothing"), out=shop.folder / "next.csv")[0].released == 0
    shop.record.close()
