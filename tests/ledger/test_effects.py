"""Effects: planned with what wants them, done at least once and ended once, whoever dies in between."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from sqlalchemy import select, text

from tests.ledger.conftest import ANN, AT
from upheld.errors import Conflict, Invalid, Refused
from upheld.ledger import effects, queries
from upheld.ledger.models import EFFECT, EFFECT_TRY
from upheld.record import METADATA, Record
from upheld.record.database import OLDEST_UPGRADED, SCHEMA_VERSION

KINDS = ("test.stop", "test.tell")


def plan(record, kind="test.stop", subject=1, place="shop", at=AT, **more):
    with record.transaction() as tx:
        return effects.plan(tx, kind, subject, place, {"round": 1}, at, **more)


def take(record, after=0.0, worker="one", kinds=KINDS, **more):
    return effects.lease(record, AT + timedelta(seconds=after), worker, kinds, **more)


def end(record, leased, how, *words, after=0.0, who=(ANN,)):
    with record.transaction() as tx:
        return how(tx, leased, *words, AT + timedelta(seconds=after), *who)


def states(record, subject=1):
    with record.reading() as conn:
        return [(each.kind, each.state, each.reason) for each in effects.of(conn, subject)]


def test_an_effect_exists_only_if_what_wanted_it_was_written(record):
    with pytest.raises(Refused), record.transaction() as tx:
        effects.plan(tx, "test.stop", 1, "shop", {}, AT)
        raise Refused("no")
    assert states(record) == []
    plan(record)
    assert states(record) == [("test.stop", "due", None)]


def test_what_is_due_the_longest_is_done_first_and_only_kinds_that_are_asked_for(record):
    late, soon = plan(record, due_at=AT + timedelta(seconds=5)), plan(record)
    plan(record, kind="other.thing")
    assert take(record, 10).id == soon
    assert take(record, 10).id == late
    assert take(record, 10) is None


def test_one_effect_has_one_holder_until_its_lease_runs_out_and_then_only_the_newest_may_end_it(record):
    plan(record)
    first = take(record)
    assert take(record, 59, "two") is None
    second = take(record, 60, "two")
    assert (second.id, second.token, second.fence) == (first.id, first.token, first.fence + 1)
    with pytest.raises(effects.Lost, match="another worker has it"):
        end(record, first, effects.done, after=61)
    end(record, second, effects.done, after=62)
    assert states(record) == [("test.stop", "done", None)]
    with pytest.raises(effects.Lost):
        end(record, second, effects.done, after=63)
    with record.reading() as conn:
        tries = conn.execute(select(EFFECT_TRY.c.worker, EFFECT_TRY.c.outcome).order_by(EFFECT_TRY.c.fence)).all()
        ended = [entry.body for entry in queries.entries(conn, kind="effect.ended")]
    assert tries == [("one", "lost"), ("two", "done")]
    assert [(one["outcome"], one["tries"], one["place"]) for one in ended] == [("done", 2, "shop")]


def test_what_takes_long_is_held_longer_each_time_so_that_two_workers_do_not_take_it_from_each_other_for_ever(record):
    plan(record)
    take(record)
    take(record, 60)
    assert take(record, 60 + 119) is None
    assert take(record, 60 + 120) is not None


def test_however_often_workers_are_killed_nobody_waits_longer_than_four_times_as_long(record):
    plan(record)
    for number in range(8):
        assert take(record, number * 240) is not None
    assert take(record, 8 * 240 - 1) is None


def test_whoever_is_at_work_holds_on_and_whoever_has_lost_it_cannot(record):
    plan(record)
    first = take(record)
    end(record, first, lambda tx, leased, at: effects.keep(tx, leased, at + effects.LEASE), after=50, who=())
    assert take(record, 109, "two") is None
    assert take(record, 110, "two").id == first.id
    with pytest.raises(effects.Lost):
        end(record, first, lambda tx, leased, at: effects.keep(tx, leased, at + effects.LEASE), after=111, who=())


def test_what_was_written_with_a_lost_lease_is_undone(record):
    plan(record)
    first = take(record)
    take(record, 60, "two")
    with pytest.raises(Conflict), record.transaction() as tx:
        effects.plan(tx, "test.tell", 1, "", {}, AT)
        effects.done(tx, first, AT + timedelta(seconds=61), ANN)
    assert [kind for kind, _, _ in states(record)] == ["test.stop"]


def test_what_fails_is_tried_again_after_one_second_doubling_to_an_hour_and_says_why(record):
    plan(record)
    after, waits = 0.0, []
    for _ in range(14):
        leased = take(record, after)
        due = end(record, leased, effects.again, "does not answer", after=after, who=())
        wait = (due - AT).total_seconds() - after
        assert take(record, after + wait - 0.001) is None
        waits.append(wait)
        after += wait
    assert waits == [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600]
    assert states(record) == [("test.stop", "due", "does not answer")]


def test_what_was_given_up_waits_for_a_person_and_is_then_tried_anew(record):
    number = plan(record)
    end(record, take(record), effects.give_up, "is read-only: let it be written to")
    assert take(record, 99999) is None
    assert states(record) == [("test.stop", "given up", "is read-only: let it be written to")]
    with record.transaction() as tx:
        assert effects.retry(tx, [number], AT + timedelta(seconds=5)) == 1
    leased = take(record, 5)
    assert leased.tries == 1
    end(record, leased, effects.done, after=5)
    with record.transaction() as tx:
        assert effects.retry(tx, [number], AT + timedelta(seconds=5)) == 0  # what is done is not done again


def test_the_next_time_to_look_is_known(record):
    def when():
        with record.reading() as conn:
            return effects.next_due(conn, KINDS)

    assert when() is None
    plan(record, due_at=AT + timedelta(seconds=5))
    assert when() == AT + timedelta(seconds=5)
    take(record, 5)
    assert when() == AT + timedelta(seconds=65)


@pytest.mark.parametrize(
    ("kind", "place"), [("test.stop", "ann@customer.example"), ("Not A Kind", "shop"), ("test.stop", "+1 800 555 0100")]
)
def test_nothing_personal_fits_into_the_kind_or_place_of_an_effect(record, kind, place):
    with pytest.raises(Invalid, match="must be words"):
        plan(record, kind=kind, place=place)


def test_many_workers_at_once_do_each_effect_once(record):
    for _ in range(24):
        plan(record)
    had, guard = [], threading.Lock()

    def work(name):
        while leased := take(record, worker=name):
            with guard:
                had.append(leased.id)
            end(record, leased, effects.done)

    threads = [threading.Thread(target=work, args=(f"worker {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(had) == list(range(1, 25))


def test_a_record_of_schema_1_is_upgraded_in_one_step_and_keeps_what_it_holds(record, fill):
    """What release 0.1 made: every table but those that came since."""
    fill(3)
    with record.transaction() as tx:
        later = [table for table in METADATA.sorted_tables if table.name in {"effect", "effect_try"}]
        METADATA.drop_all(tx, tables=later)
        tx.execute(text("UPDATE record_schema SET version = 1"))
    older = Record(record.url.render_as_string(hide_password=False))
    with pytest.raises(Conflict, match=r"the record has schema 1, this release needs \d+: run `upheld upgrade`"), older.reading():
        pass
    assert older.create() == OLDEST_UPGRADED == 1
    assert older.create() == SCHEMA_VERSION
    plan(older)
    with older.reading() as conn:
        assert queries.size(conn) == 3
        assert conn.execute(select(EFFECT.c.state)).scalars().all() == ["due"]
    older.close()
