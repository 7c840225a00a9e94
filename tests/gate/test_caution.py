"""A row is looked up by everything in it that identifies somebody, and what can be read two ways is read the safer way."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from tests.gate.conftest import ANN, ME
from upheld.errors import Conflict
from upheld.gate.facts import Times, age_of, fact
from upheld.gate.publishing import part_of
from upheld.gate.release import TRIES
from upheld.gate.tables import source_of
from upheld.people.actions import Keeper, enrol
from upheld.people.identifiers import Email, Phone
from upheld.recipients import actions as recipients

TWO_EMAILS = {"purpose": "marketing.email", "to": "ourselves", "mapping": ("email=order.email", "second=order.email")}
ORDERS = {"purpose": "ordering.fulfil", "to": "ourselves", "mapping": ("email=order.email", "address=order.shipping address")}
HEADING = "email,first,last,address,zip\n"


def test_a_second_email_column_is_looked_up_like_the_first(shop):
    shop.says(Email("yes@x.example"), "newsletter", "in")
    shop.says(Email("no@x.example"), "newsletter", "out")
    shop.release(shop.list("email,second\nin@x.example,yes@x.example\nin@x.example,no@x.example\n"), **TWO_EMAILS)
    assert shop.out() == "email,second\nin@x.example,yes@x.example\n"


def test_a_second_address_column_is_looked_up_with_the_row_s_name(shop):
    text = "first,last,shipping_address,shipping_zip,billing_address,billing_zip\n"
    text += "Ann,Lee,7 Pine Rd,10001,12 Oak Street,02139\nBo,Lee,7 Pine Rd,10001,12 Oak Street,02139\n"
    shop.release(shop.list(text), mapping=("shipping_address=order.shipping address",))
    assert ANN.first == "Ann"  # who opted out of sharing, known by name and billing address alone
    assert "Bo," in shop.out()
    assert "Ann" not in shop.out()


def test_an_email_cell_that_cannot_be_read_is_not_shown(shop):
    rows = '"one@x.example; two@x.example",Bob,Moss,1 Elm Rd,10001\nin@x.example,Cy,Day,2 Elm Rd,10001\n'
    shop.release(shop.list(HEADING + rows), **ORDERS)
    assert shop.out() == "email,first,last,address,zip\n,Bob,Moss,1 Elm Rd,10001\nin@x.example,Cy,Day,2 Elm Rd,10001\n"


def test_an_email_column_of_which_nothing_can_be_read_does_not_leave(shop):
    shop.release(shop.list(HEADING + '"one@x.example; two@x.example",Bob,Moss,1 Elm Rd,10001\n'), **ORDERS)
    assert shop.out() == "first,last,address,zip\nBob,Moss,1 Elm Rd,10001\n"


def test_a_release_that_could_not_get_its_name_leaves_no_hidden_file(shop):
    def watch(step, done, of):
        if step == "recorded":
            (shop.folder / "out.csv").write_text("mine")

    with pytest.raises(Conflict, match="appeared meanwhile"):
        shop.release(watch=watch)
    assert not part_of(shop.folder / "out.csv").exists()


TODAY = date(2026, 6, 1)
TIMES = Times(TODAY, (("1", datetime(2020, 1, 1, tzinfo=UTC)), ("2", datetime(2026, 5, 1, 20, tzinfo=UTC))), ("order",))


@pytest.mark.parametrize(
    ("collected", "version"), [("2026-05-02", "1"), ("2026-05-03", "2"), ("05/04/2026", "1"), ("04/05/2026", "1"), ("13/05/2026", "2")]
)
def test_a_day_of_collection_means_the_earliest_time_that_it_can(collected, version):
    assert fact("origin", {"version": "", "collected": collected}, TIMES) == {"since": {"order": version}}


@pytest.mark.parametrize(("born", "years"), [("05/12/2013", 12), ("12/05/2013", 12), ("13/05/2013", 13), ("05/05/2013", 13)])
def test_a_birth_date_that_reads_two_ways_makes_the_younger(born, years):
    assert age_of("", born, TODAY) == years


def test_a_password_in_a_database_s_address_is_never_part_of_its_name():
    source = source_of("postgresql://shop.example/shop?user=ann&password=opensesame#customers")
    assert "opensesame" not in source.name
    assert "opensesame" in str(source.url)


def survey(shop, rows):
    text = "email,phone,answers\n" + "".join(f"{email},{phone},5\n" for email, phone in rows)
    asked = {"purpose": "survey.analysis", "to": "ourselves", "source": "survey", "totals": ("survey.answers",)}
    return shop.release(shop.list(text), mapping=("answers=survey.answers",), **asked)


def test_one_person_with_many_addresses_is_not_many_people_in_a_total(shop):
    chain = [(f"p{number}@x.example", f"+1 206 555 01{number // 2:02}") for number in range(20)]  # ten people, two addresses each
    assert survey(shop, chain).released == 20
    assert shop.out() == "answers,people\n5,10\n"


def test_rows_joined_by_a_phone_or_by_the_record_are_one_person_in_a_total(shop):
    with shop.record.transaction() as tx:
        enrol(tx, Keeper(shop.home), [Email("p0@x.example"), Email("p2@x.example")], shop.now(), ME)
    chain = [(f"p{number}@x.example", f"+1 206 555 01{number // 2:02}") for number in range(20)]
    summary = survey(shop, chain)
    assert (summary.released, summary.refused) == (0, 20)  # nine people


def test_a_cap_counts_whoever_was_a_stranger_at_first_and_known_by_something_else_later(shop):
    def release(heading, row, out):
        return shop.release(shop.list(f"{heading},first,last,address,zip\n{row}\n"), out=shop.folder / out)

    for number in range(2):
        assert release("email", f"dee@x.example,Dee,Roe,{number} Elm Rd,10001", f"{number}.csv").released == 1
    with shop.record.transaction() as tx:
        enrol(tx, Keeper(shop.home), [Email("dee@x.example"), Phone("+1 206 555 0123")], shop.now(), ME)
    for number in range(2, 4):
        assert release("phone", f"+1 206 555 0123,Dee,Roe,{number} Elm Rd,10001", f"{number}.csv").released == 1
    summary = release("phone,email", "+1 206 555 0123,dee@x.example,Dee,Roe,9 Elm Rd,10001", "4.csv")
    assert (summary.released, summary.refusals[0].clause) == (0, "use.partners")


def test_a_contract_that_runs_out_while_a_release_holds_the_record_stops_it(shop):
    with shop.record.transaction() as tx:
        end = shop.began + timedelta(days=1)
        recipients.contract(tx, "acme", ["marketing.partner"], shop.began, end, known=["marketing.partner"], at=shop.now(), actor=ME)
    synced = []

    def watch(step, done, of):
        if step == "synced" and len(synced) < TRIES:
            synced.append(shop.says(Email(f"p{len(synced)}@x.example"), "sharing"))
        elif step == "synced":
            shop.began += timedelta(days=2)

    rows = "".join(f"p{number}@x.example,P,Q,{number} Elm Rd,10001\n" for number in range(9))
    with pytest.raises(Conflict, match="ran out"):
        shop.release(shop.list(HEADING + rows), watch=watch)
    assert not (shop.folder / "out.csv").exists()
    assert not part_of(shop.folder / "out.csv").exists()
