"""A release decides row by row and column by column, writes only what may leave, and records it first."""

from __future__ import annotations

import hashlib
import os
from datetime import timedelta

import duckdb
import pytest
from sqlalchemy import func, select

from tests.gate.conftest import ANN, LIST, ME
from upheld.errors import Conflict, Invalid, NotFound
from upheld.gate.models import DELIVERY, DISCLOSURE
from upheld.gate.orders import STEPS
from upheld.gate.release import TRIES
from upheld.ledger import queries as ledger
from upheld.ledger.commitments import opens
from upheld.people.identifiers import Email, Postal
from upheld.recipients import actions as recipients


def disclosures(shop):
    with shop.record.reading() as conn:
        return conn.execute(select(DISCLOSURE).order_by(DISCLOSURE.c.id)).all()


def test_only_permitted_rows_and_columns_are_in_the_output(shop):
    summary = shop.release()
    assert shop.out() == "first,last,address,zip,state\nBob,Moss,1 Elm Rd,10001,CA\nCy,Day,2 Elm Rd,10001,NY\n"
    assert (summary.read, summary.released, summary.refused, summary.rejected) == (3, 2, 1, 0)


def test_a_refused_row_is_counted_under_the_clause_and_its_sentence(shop):
    refusal = shop.release().refusals[0]
    assert (refusal.clause, refusal.rows) == ("rights.choices", 1)
    assert refusal.sentence.startswith("You can have yourself taken off")
    assert "sharing" in refusal.because


def test_a_column_that_is_no_item_never_leaves_and_the_summary_says_so(shop):
    outcomes = {column.column: column for column in shop.release().columns}
    assert outcomes["junk"].outcome == "dropped"
    assert "no item of the policy" in outcomes["junk"].why
    assert outcomes["email"].outcome == "refused"
    assert outcomes["first"].outcome == "released"


def test_an_opt_in_by_email_selects_exactly_those_rows(shop):
    summary = shop.release(purpose="marketing.email", to="ourselves")
    assert shop.out() == "email,first,last\nin@x.example,Bob,Moss\n"
    assert {refusal.clause: refusal.rows for refusal in summary.refusals} == {"use.email": 2}


def test_a_row_that_matches_several_persons_takes_the_most_protective_standing(shop):
    shop.says(Email("not@x.example"), "post", "in")
    text = LIST.replace("ann@x.example", "in@x.example")  # the e-mail opted in, the name and address opted out of sharing
    assert shop.release(shop.list(text)).released == 2


def test_a_row_that_names_nobody_does_not_leave(shop):
    summary = shop.release(shop.list(LIST + ",,,,,,,\n"))
    assert summary.released == 2
    assert any("names nobody" in refusal.because for refusal in summary.refusals)


def test_rejected_rows_go_to_their_file_with_line_and_reason_and_are_accounted_for(shop):
    summary = shop.release(shop.list(LIST + 'too;few\n"never closed,a,b,c,d,e,f,g\n'))
    assert (summary.read, summary.released, summary.refused, summary.rejected) == (5, 2, 1, 2)
    rejects = shop.out("out.csv.rejects.csv")
    assert rejects == "line,reason\n5,has 1 column instead of 8\n6,a quote opens and never closes\n"
    assert "too;few" not in shop.out()


def test_the_record_holds_who_got_what_before_the_file_appears(shop):
    met = []

    def watch(step, done, of):
        if step == "recorded":
            met.append((len(disclosures(shop)), (shop.folder / "out.csv").exists()))

    summary = shop.release(watch=watch)
    assert met == [(1, False)]
    (row,) = disclosures(shop)
    assert (row.recipient, row.recipient_kind, row.items) == ("acme", "third party", ["order.name", "order.shipping address"])
    assert row.output_hash == hashlib.sha256((shop.folder / "out.csv").read_bytes()).hexdigest()
    assert row.input_hash == hashlib.sha256((shop.folder / "list.csv").read_bytes()).hexdigest()
    assert row.clauses == ["use.partners"]
    assert summary.release == row.id


def test_the_ledger_entry_commits_to_the_file_and_holds_nothing_personal(shop):
    shop.release()
    (row,) = disclosures(shop)
    with shop.record.reading() as conn:
        entry = ledger.entry(conn, row.entry)
    assert opens(entry.body["output"], f"output:{row.output_hash}".encode(), row.salt)
    assert (entry.body["released"], entry.body["refused_by"]) == (2, {"rights.choices": 1})
    for value in (b"Moss", b"x.example", b"Elm", row.output_hash.encode()):
        assert value not in entry.canonical


def test_the_steps_are_those_that_are_documented(shop):
    met = []
    shop.release(watch=lambda step, done, of: met.append(step))
    assert tuple(dict.fromkeys(met)) == STEPS


def test_a_dry_run_says_the_same_and_leaves_nothing(shop):
    summary = shop.release(out=None)
    assert (summary.released, summary.release) == (2, None)
    assert disclosures(shop) == []
    assert [path.name for path in shop.folder.iterdir() if path.is_file()] == ["list.csv"]


def test_nothing_is_written_or_recorded_if_nothing_may_leave(shop):
    summary = shop.release(purpose="marketing.partner", to="ourselves")
    assert summary.released == 0
    assert not (shop.folder / "out.csv").exists()
    assert disclosures(shop) == []


def test_an_individual_list_for_a_use_that_is_for_totals_only_is_refused(shop):
    text = "email,answers\nin@x.example,5\n"
    summary = shop.release(shop.list(text), purpose="survey.analysis", to="ourselves", source="survey", mapping=())
    assert summary.released == 0
    assert any("total" in refusal.change or "total" in refusal.because for refusal in summary.refusals)


def test_an_output_that_is_there_is_never_written_over(shop):
    (shop.folder / "out.csv").write_text("mine")
    with pytest.raises(Conflict, match="is there already"):
        shop.release()
    assert shop.out() == "mine"


def test_an_output_that_appears_meanwhile_is_left_alone_and_the_release_marked_undelivered(shop):
    def watch(step, done, of):
        if step == "recorded":
            (shop.folder / "out.csv").write_text("mine")

    with pytest.raises(Conflict, match="appeared meanwhile"):
        shop.release(watch=watch)
    assert shop.out() == "mine"
    with shop.record.reading() as conn:
        assert conn.execute(select(DELIVERY.c.state)).scalars().all() == ["undelivered"]


def test_a_second_release_to_the_same_file_is_refused_while_the_first_runs(shop):
    other = {}

    def watch(step, done, of):
        if step == "mapped" and not other:
            other["tried"] = True
            with pytest.raises(Conflict, match="another release"):
                shop.release(shop.folder / "list.csv")

    assert shop.release(watch=watch).released == 2
    assert other


def test_two_releases_to_two_files_both_succeed(shop):
    second = []

    def watch(step, done, of):
        if step == "written" and not second:
            second.append(shop.release(out=shop.folder / "other.csv"))

    first = shop.release(watch=watch)
    assert {first.release, second[0].release} == {1, 2}
    assert shop.out() == shop.out("other.csv")


def test_an_opt_out_that_commits_while_the_list_is_decided_is_honoured(shop):
    said = []

    def watch(step, done, of):
        if step == "synced" and not said:
            said.append(True)
            shop.says(Email("not@x.example"), "sharing")

    summary = shop.release(watch=watch)
    assert shop.out().count("\n") == 2
    assert "Cy" not in shop.out()
    assert (summary.released, summary.refused) == (1, 2)


def test_an_opt_out_of_somebody_else_does_not_make_the_list_be_written_again(shop):
    said, written = [], []

    def watch(step, done, of):
        if step == "written":
            written.append(True)
        if step == "synced" and not said:
            said.append(True)
            shop.says(Email("stranger@x.example"), "sharing")

    assert shop.release(watch=watch).released == 2
    assert len(written) == 1


def test_choices_that_never_stop_coming_are_honoured_up_to_the_last(shop):
    text = "email,first,last,address,zip\n" + "".join(f"p{number}@x.example,P,Q,{number} Elm Rd,10001\n" for number in range(20))
    said = []

    def watch(step, done, of):
        if step == "synced" and len(said) < TRIES:  # after so many tries the release holds the record while it decides
            shop.says(Email(f"p{len(said)}@x.example"), "sharing")
            said.append(step)

    summary = shop.release(shop.list(text), watch=watch)
    assert len(said) == TRIES
    assert (summary.released, shop.out().count("\n")) == (20 - TRIES, 21 - TRIES)


def test_if_everybody_opts_out_before_the_record_is_held_at_last_nothing_leaves(shop):
    steps = []

    def watch(step, done, of):
        steps.append(step)
        if step == "synced":  # each time the list must be decided anew
            shop.says(Postal("Bob", "Moss", "1 Elm Rd", "10001"), "sharing", "out" if steps.count("synced") % 2 else "in")
        if step == "decided" and steps.count("decided") == TRIES + 1:
            for who in (Email("in@x.example"), Email("not@x.example")):
                shop.says(who, "sharing")

    summary = shop.release(watch=watch)
    assert (steps.count("again"), steps.count("decided")) == (TRIES, TRIES + 2)
    assert (summary.released, summary.release) == (0, None)
    assert not (shop.folder / "out.csv").exists()


def test_a_release_that_was_cut_off_is_completed_by_the_next_one_to_another_file(shop):
    def dies(step, done, of):
        if step == "recorded":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        shop.release(watch=dies)
    assert not (shop.folder / "out.csv").exists()
    assert shop.release(out=shop.folder / "other.csv").release == 2
    assert shop.out() == shop.out("other.csv")


def test_a_choice_that_changes_nothing_of_the_list_does_not_have_it_written_again(shop):
    steps = []

    def watch(step, done, of):
        steps.append(step)
        if step == "synced":
            shop.says(ANN, "sharing")  # she said so before

    assert shop.release(watch=watch).released == 2
    assert (steps.count("again"), steps.count("written")) == (1, 1)


def test_a_contract_that_runs_out_while_the_list_is_decided_stops_it(shop):
    def watch(step, done, of):
        if step == "synced":
            with shop.record.transaction() as tx:
                recipients.contract(tx, "acme", [], shop.now(), None, at=shop.now(), actor=ME)

    summary = shop.release(watch=watch)
    assert summary.released == 0
    assert not (shop.folder / "out.csv").exists()


def test_a_person_is_given_out_at_most_as_often_as_the_clause_lets(shop):
    for number in range(4):
        assert shop.release(out=shop.folder / f"{number}.csv").released == 2
    more = LIST + "new@x.example,Dee,Roe,3 Elm Rd,10001,NY,1,z\n"
    summary = shop.release(shop.list(more))
    assert shop.out() == "first,last,address,zip,state\nDee,Roe,3 Elm Rd,10001,NY\n"
    capped = [refusal for refusal in summary.refusals if "as often" in refusal.because]
    assert [(refusal.clause, refusal.rows) for refusal in capped] == [("use.partners", 2)]


def test_a_cap_is_over_when_the_period_is(shop):
    for number in range(4):
        shop.release(out=shop.folder / f"{number}.csv")
    assert shop.release(out=shop.folder / "a.csv").released == 0
    shop.began += timedelta(days=367)
    assert shop.release(out=shop.folder / "b.csv").released == 2


@pytest.mark.parametrize(
    ("asked", "kind", "words"),
    [
        ({"to": "acmee"}, NotFound, "did you mean `acme`"),
        ({"purpose": "marketing.partnr"}, Invalid, "did you mean `marketing.partner`"),
        ({"items": ("order.nme",)}, Invalid, "order.nme"),
        ({"mapping": ("nme=order.name",)}, Invalid, "no column `nme`"),
        ({"mapping": ("first=order.nme",)}, Invalid, "did you mean `order.name`"),
        ({"source": "ordr"}, Invalid, "did you mean `order`"),
    ],
)
def test_an_unknown_word_is_refused_with_what_would_change_it(shop, asked, kind, words):
    with pytest.raises(kind, match=words):
        shop.release(**asked)
    assert not (shop.folder / "out.csv").exists()
    assert list((shop.home.path / "work").iterdir()) == []


def test_a_list_that_names_nobody_is_refused(shop):
    with pytest.raises(Invalid, match="tells whom a row is about"):
        shop.release(shop.list("colour,size\nred,3\n"), mapping=())


def test_a_failed_release_leaves_no_unfinished_file(shop):
    with pytest.raises(Invalid):
        shop.release(shop.list("colour,size\nred,3\n"), mapping=())
    assert sorted(os.listdir(shop.folder)) == ["home", "list.csv"]


def test_the_list_may_not_change_while_it_is_read(shop):
    path = shop.folder / "list.parquet"
    duckdb.sql("SELECT 'Bob' AS first, 'Moss' AS last, '1 Elm Rd' AS address, '10001' AS zip").write_parquet(str(path))

    def watch(step, done, of):
        if step == "matched":
            path.touch()

    with pytest.raises(Invalid, match="was changed"):
        shop.release(path, watch=watch)
    assert disclosures(shop) == []


def test_only_the_items_asked_for_leave(shop):
    assert shop.release(items=("order.name",)).released == 2
    assert shop.out().splitlines()[0] == "first,last"


def test_every_release_is_ended_in_the_record(shop):
    shop.release()
    with shop.record.reading() as conn:
        assert conn.execute(select(func.count()).select_from(DELIVERY).where(DELIVERY.c.state == "delivered")).scalar_one() == 1


def test_ann_is_found_however_her_address_is_written(shop):
    text = LIST.replace("Ann,Lee,12 Oak St,02139", "ANN,LEE,12 Oak St.,02139-1234")
    assert ANN.last == "Lee"
    assert shop.release(shop.list(text)).released == 2


SURVEY = (
    "email,answers\n"
    + "".join(f"p{number % 15}@x.example,yes\n" for number in range(30))
    + "".join(f"q{number}@x.example,no\n" for number in range(9))
)


def surveyed(shop, **asked):
    asked = {"purpose": "survey.analysis", "to": "ourselves", "source": "survey", "mapping": (), "totals": ("survey.answers",)} | asked
    return shop.release(shop.list(SURVEY), **asked)


def test_totals_count_people_not_rows_and_none_of_fewer_than_the_policy_says(shop):
    summary = surveyed(shop)
    assert shop.out() == "answers,people\nyes,15\n"  # nine people said no, ten are needed
    assert (summary.read, summary.released, summary.refused) == (39, 30, 9)
    assert [refusal.rows for refusal in summary.refusals if "fewer people" in refusal.because] == [9]
    (row,) = disclosures(shop)
    assert (row.form, row.codes, row.items) == ("totals", 0, ["survey.answers"])


def test_totals_of_more_people_can_be_asked_for_never_of_fewer(shop):
    assert surveyed(shop, people=16).released == 0
    assert surveyed(shop, people=15, out=shop.folder / "b.csv").released == 30
    assert surveyed(shop, people=3, out=shop.folder / "c.csv").released == 0
