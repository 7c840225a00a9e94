"""One person: why something may or may not be done with their items, and what left about them."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyroaring import BitMap

from tests.gate.conftest import ANN, ME, open_shop
from upheld.errors import Invalid
from upheld.gate.asking import Question, answer, told_of
from upheld.gate.disclosures import disclosures
from upheld.gate.evidence import BUCKET_CODES, Evidence, all_codes, holds_any, keep_codes, persons_of
from upheld.gate.models import DISCLOSURE
from upheld.gate.ready import Asking, Ready
from upheld.gate.snapshot import ask
from upheld.people.actions import Keeper, enrol
from upheld.people.codes import Keys
from upheld.people.identifiers import Email, Phone, Postal
from upheld.policy.uses import Standing

CY = Email("not@x.example")


def why(shop, *who, at=None, to="acme", purpose="marketing.partner", **asked):
    with shop.record.reading() as conn:
        moment = at or shop.now()
        question = Question(purpose, to, **asked)
        return answer(conn, Keys(shop.home.key), who, question, ask(conn, purpose, to, moment), moment, now=at is None)


def left(shop, *who, year=None):
    with shop.record.reading() as conn:
        return disclosures(conn, Keys(shop.home.key), who, year)


def test_an_answer_names_the_clause_its_sentence_and_what_would_change_it(shop):
    found = why(shop, ANN)
    (reason,) = found.decision.reasons
    assert (found.known, found.decision.allowed, reason.clause) == (True, False, "rights.choices")
    assert found.sentences["rights.choices"].startswith("You can have yourself taken off")
    assert "sharing" in reason.change


def test_somebody_unknown_has_chosen_nothing(shop):
    found = why(shop, CY)
    assert (found.known, found.decision.allowed) == (False, True)
    assert set(found.standings[0].choices.values()) == {"unset"}


def test_without_items_all_that_a_permit_of_the_purpose_speaks_of_is_asked(shop):
    assert why(shop, CY).use.items == ("order.name", "order.shipping address")
    assert why(shop, CY, items=("order.email",)).decision.refused == ("order.email",)


def test_the_answer_is_of_the_time_that_is_asked_about(shop):
    before = shop.now()
    shop.says(CY, "sharing")
    assert why(shop, CY, at=before).decision.allowed
    assert not why(shop, CY).decision.allowed
    assert not why(shop, CY, at=shop.now()).decision.allowed


def test_where_several_people_are_meant_only_what_all_permit_is_allowed(shop):
    found = why(shop, CY, ANN)
    assert found.decision.permitted == ()
    assert why(shop, Email("in@x.example"), ANN, purpose="marketing.email", to="ourselves").decision.permitted == ()


def test_a_fact_that_is_told_counts_beside_what_the_record_says(shop):
    assert not why(shop, CY, age=7).decision.allowed
    assert why(shop, CY, age=40, region="us-ca").decision.allowed


def test_a_version_that_is_told_counts_beside_the_one_that_the_record_knows(shop):
    found = why(shop, CY, since=(("order", "2026.1"),))
    assert [standing.since for standing in found.standings] == [{"order": "2026.1"}]
    known = Standing(since={"order": "2026.1", "account": "2026.1"})
    assert told_of(known, Question("service", since=(("order", "2026.1"),))) == [known]
    told = told_of(known, Question("service", since=(("order", "2026.2"),)))
    assert [one.since["order"] for one in told] == ["2026.1", "2026.2"]


def test_who_cannot_be_read_is_refused_without_being_repeated(shop):
    with pytest.raises(Invalid, match="nobody can be meant") as refused:
        why(shop, Email("secret person"))
    assert "secret" not in str(refused.value)


def test_whom_a_release_refuses_for_a_spent_cap_is_refused_here_too_with_the_day_it_is_over(shop):
    for number in range(4):
        assert why(shop, CY).decision.allowed
        assert shop.release(out=shop.folder / f"{number}.csv").released == 2
    spent, by_name = shop.now(), Postal("Cy", "Day", "2 Elm Road", "10001-1234")
    assert shop.release(out=shop.folder / "more.csv").released == 0
    day = (shop.began + timedelta(days=367)).date()  # the first whole day after the longest year
    for who in (CY, by_name):
        found = why(shop, who)
        (reason,) = found.decision.reasons
        assert (found.decision.permitted, found.decision.refused) == ((), ("order.name", "order.shipping address"))
        assert (reason.clause, reason.change) == ("use.partners", f"waiting until {day}")
        assert "four times a year" in found.sentences["use.partners"]
    assert why(shop, Email("new@x.example")).decision.allowed
    assert why(shop, CY, at=shop.began + timedelta(milliseconds=12)).decision.allowed  # as it was then
    assert not why(shop, CY, at=spent).decision.allowed
    shop.began += timedelta(days=367)
    assert why(shop, CY).decision.allowed


def test_answers_that_are_kept_ready_hold_to_spent_caps_too(shop):
    kept = Ready(Keys(shop.home.key))

    def ready(who):
        with shop.record.reading() as conn:
            kept.refresh(conn, shop.now())
            question = Question("marketing.partner", "acme")
            (found,) = kept.answers(conn, [Asking(question, (who,))], shop.now())
            return found.decision

    for number in range(4):
        assert ready(CY).allowed
        shop.release(out=shop.folder / f"{number}.csv")
    found = ready(CY)
    assert (found.permitted, found.refused) == ((), ("order.name", "order.shipping address"))
    assert [reason.clause for reason in found.reasons] == ["use.partners"]
    assert ready(Email("new@x.example")).allowed


def test_a_spent_cap_says_nothing_where_nothing_was_permitted_anyway(shop):
    for number in range(4):
        shop.release(out=shop.folder / f"{number}.csv")
    shop.says(CY, "sharing")
    (reason,) = why(shop, CY).decision.reasons
    assert reason.clause == "rights.choices"
    assert [reason.clause for reason in why(shop, CY, ANN).decision.reasons] == ["rights.choices"]


def test_somebody_met_twice_of_whom_one_may_leave_is_held_by_the_cap(shop):
    for number in range(4):
        shop.release(out=shop.folder / f"{number}.csv")
    clauses = {reason.clause for one in why(shop, CY, age=7).decisions for reason in one.reasons}
    assert "use.partners" not in clauses
    mixed = why(shop, CY, items=("order.name", "order.email")).decision
    assert mixed.refused == ("order.name", "order.email")
    assert [reason.clause for reason in mixed.reasons][-1] == "use.partners"


def test_what_left_about_somebody_is_found_by_every_identifier_of_the_row(shop):
    shop.release()
    (by_email,) = left(shop, CY)
    (by_name,) = left(shop, Postal("Cy", "Day", "2 Elm Road", "10001-1234"))
    assert by_email == by_name
    assert (by_email.recipient, by_email.items, by_email.state) == ("acme", ("order.name", "order.shipping address"), "delivered")


def test_what_was_refused_did_not_leave(shop):
    shop.release()
    assert left(shop, ANN) == ()
    assert left(shop, Email("ann@x.example")) == ()


def test_somebody_known_is_found_by_an_identifier_that_was_not_on_the_list(shop):
    shop.says(CY, "calls")
    with shop.record.transaction() as tx:
        enrol(tx, Keeper(shop.home), (CY, Phone("+1 212 555 0100")), shop.now(), ME)
    shop.release()
    assert len(left(shop, Phone("212-555-0100"))) == 1


def test_a_year_is_a_calendar_year(shop):
    shop.release()
    year = shop.now().year
    assert len(left(shop, CY, year=year)) == 1
    assert left(shop, CY, year=year - 1) == ()
    assert left(shop, CY, year=year + 1) == ()


def test_totals_are_about_nobody(shop):
    text = "email,answers\n" + "".join(f"p{number}@x.example,yes\n" for number in range(12))
    asked = {"purpose": "survey.analysis", "to": "ourselves", "source": "survey", "mapping": (), "totals": ("survey.answers",)}
    shop.release(shop.list(text), **asked)
    assert left(shop, Email("p1@x.example")) == ()


def kept(shop, codes):
    """The evidence of codes, stored under a disclosure."""
    evidence = Evidence(BitMap([3, 5, 8]), np.unique(np.array(codes, dtype=np.uint64)))
    texts = dict.fromkeys(["purpose", "recipient", "recipient_kind", "form", "policy_version", "policy_hash", "input_name"], "x")
    hashes = dict.fromkeys(["input_hash", "output_path", "output_hash"], "x")
    counts = dict.fromkeys(["read", "released", "refused", "rejected", "entry"], 0)
    with shop.record.transaction() as tx:
        made = tx.execute(
            DISCLOSURE.insert().values(
                at=datetime.now(UTC), **texts, **hashes, **counts, items=[], chosen_by=[], clauses=[], salt=b"",
                persons=evidence.persons_bytes, codes=len(evidence.codes), codes_hash=evidence.codes_hash, bucket_bits=evidence.bucket_bits,
            )
        )  # fmt: skip
        number = made.inserted_primary_key[0]
        keep_codes(tx, number, evidence)
    return number, evidence


@pytest.mark.parametrize("count", [0, 1, 100, BUCKET_CODES * 5])
def test_codes_are_found_in_their_buckets_and_others_are_not(shop, count):
    made = np.random.default_rng(7).integers(0, 2**64, count, dtype=np.uint64)
    edges = np.array([0, 2**64 - 1], dtype=np.uint64) if count else np.array([], dtype=np.uint64)
    number, evidence = kept(shop, np.concatenate([made, edges]))
    with shop.record.reading() as conn:
        assert np.array_equal(all_codes(conn, number), evidence.codes)
        assert persons_of(conn, number) == BitMap([3, 5, 8])
        for code in [*made[:20].tolist(), *edges.tolist()]:
            assert holds_any(conn, number, evidence.bucket_bits, [1, code])
            assert not holds_any(conn, number, evidence.bucket_bits, [code ^ 2])
    assert evidence.codes_hash == hashlib.sha256(evidence.codes.astype("<u8").tobytes()).hexdigest()


@given(st.sets(st.integers(0, 2**64 - 1), max_size=40))
def test_the_hash_of_codes_is_that_of_their_bytes(codes):
    evidence = Evidence(BitMap(), np.array(sorted(codes), dtype=np.uint64))
    assert evidence.codes_hash == hashlib.sha256(b"".join(code.to_bytes(8, "little") for code in sorted(codes))).hexdigest()


def test_a_record_on_postgresql_serves_releases_alike(tmp_path, postgres_url):
    shop = open_shop(tmp_path, postgres_url.render_as_string(hide_password=False))
    said = []

    def watch(step, done, of):
        if step == "synced" and not said:
            said.append(True)
            shop.says(CY, "sharing")

    try:
        assert shop.release(watch=watch).released == 1
        assert "Cy" not in shop.out()
        assert len(left(shop, Email("in@x.example"))) == 1
        shop.began += timedelta(seconds=1)
        assert shop.release(out=tmp_path / "other.parquet").released == 1
    finally:
        shop.record.close()
