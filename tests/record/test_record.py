"""One transaction over SQLite and PostgreSQL: durable, one writer at a time, readings that stand still."""

import threading
from datetime import UTC, datetime, timedelta, timezone
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import BigInteger, Column, ForeignKey, Integer, String, Table, func, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from upheld.errors import Conflict, Invalid, Refused
from upheld.record import METADATA, Actor, Record, Time, database, micros, moment
from upheld.record.growing import only_grows

NOTE = Table(
    "test_note",
    METADATA,
    Column("id", BigInteger().with_variant(Integer, "sqlite"), primary_key=True),
    Column("words", String, nullable=False),
    Column("at", Time),
    Column("about", ForeignKey("test_note.id")),
)


def write(record, words, **more):
    with record.transaction() as tx:
        tx.execute(insert(NOTE).values(words=words, **more))


def words_of(record):
    with record.reading() as conn:
        return conn.execute(select(NOTE.c.words).order_by(NOTE.c.id)).scalars().all()


def test_what_a_transaction_wrote_is_there_for_the_next_one(record):
    write(record, "one")
    write(record, "two")
    again = Record(record.url.render_as_string(hide_password=False))
    assert words_of(again) == ["one", "two"]
    again.close()


def test_a_transaction_that_fails_leaves_nothing(record):
    with pytest.raises(Refused, match="no"), record.transaction() as tx:
        tx.execute(insert(NOTE).values(words="one"))
        raise Refused("no")
    assert words_of(record) == []


def test_a_reading_cannot_write(record):
    with pytest.raises(Invalid, match="a reading: it cannot change"), record.reading() as conn:
        conn.execute(insert(NOTE).values(words="one"))
    write(record, "two")  # the same connection may write again afterwards
    assert words_of(record) == ["two"]


def test_a_reading_stands_still_while_others_write(record):
    write(record, "one")
    with record.reading() as conn:
        before = conn.execute(select(func.count()).select_from(NOTE)).scalar_one()
        write(record, "two")
        assert conn.execute(select(func.count()).select_from(NOTE)).scalar_one() == before == 1
    assert words_of(record) == ["one", "two"]


def test_a_second_writer_waits_for_the_first_and_sees_what_it_wrote(record):
    inside, seen = threading.Event(), []

    def second():
        inside.wait()
        with record.transaction() as tx:
            seen.extend(tx.execute(select(NOTE.c.words)).scalars())

    thread = threading.Thread(target=second)
    thread.start()
    with record.transaction() as tx:
        inside.set()
        thread.join(0.3)
        assert seen == []
        tx.execute(insert(NOTE).values(words="one"))
    thread.join(20)
    assert seen == ["one"]


def test_a_writer_that_waits_too_long_is_told_to_try_again(record, monkeypatch):
    monkeypatch.setattr(database, "WAIT_SECONDS", 1)
    impatient = Record(record.url.render_as_string(hide_password=False))
    with record.transaction(), pytest.raises(Conflict, match="another process is writing"), impatient.transaction():
        pass
    write(impatient, "now")
    assert words_of(record) == ["now"]
    impatient.close()


def test_what_points_to_nothing_is_refused(record):
    with pytest.raises(IntegrityError), record.transaction() as tx:
        tx.execute(insert(NOTE).values(words="one", about=99))
    assert words_of(record) == []


def test_making_the_tables_again_changes_nothing(record):
    write(record, "one")
    record.create()
    assert words_of(record) == ["one"]


def test_a_record_of_another_release_is_left_alone(record):
    with record.transaction() as tx:
        tx.execute(text("UPDATE record_schema SET version = 99"))
    other = Record(record.url.render_as_string(hide_password=False))
    for attempt in (other.create, other.transaction().__enter__, other.reading().__enter__):
        with pytest.raises(Conflict, match=r"the record has schema 99, this release needs \d+:"):
            attempt()
    other.close()


def test_a_server_without_tables_says_what_to_run(postgres_url):
    record = Record(postgres_url.render_as_string(hide_password=False))
    for attempt in (record.transaction, record.reading):
        with pytest.raises(Invalid, match="no tables yet: run `upheld init`"), attempt():
            pass
    record.close()


def test_a_file_that_is_not_there_or_holds_no_tables_says_what_to_run(tmp_path):
    record = Record(f"sqlite:///{tmp_path}/record.db")
    with pytest.raises(Invalid, match=r"no record at .*run `upheld init`"), record.reading():
        pass
    assert not list(tmp_path.iterdir())
    (tmp_path / "record.db").touch()
    with pytest.raises(Invalid, match="no tables yet: run `upheld init`"), record.reading():
        pass
    record.close()


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("nonsense", "the record's URL cannot be read"),
        ("mysql://host/db", "a record cannot lie on `mysql`"),
        ("postgresql+asyncpg://host/db", "a record cannot lie on `postgresql"),
        ("sqlite://", "a record must outlive the process"),
        ("sqlite:///:memory:", "a record must outlive the process"),
    ],
)
def test_a_url_that_cannot_hold_a_record_is_refused(url, said):
    with pytest.raises(Invalid, match=said):
        Record(url)


def test_an_sqlite_that_can_corrupt_the_record_is_refused(tmp_path):
    old = SimpleNamespace(sqlite_version="3.51.2", sqlite_version_info=(3, 51, 2), paramstyle="qmark", Error=Exception)
    with pytest.raises(Refused, match=r"SQLite 3.51.2 can corrupt the record"):
        Record(f"sqlite:///{tmp_path}/record.db", dbapi=old)


def test_sqlite_keeps_what_is_acknowledged(tmp_path):
    record = Record(f"sqlite:///{tmp_path}/record.db")
    record.create()
    with record.reading() as conn:
        said = {name: conn.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous", "foreign_keys")}
    assert said == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}  # 2 is FULL
    assert oct((tmp_path / "record.db").stat().st_mode & 0o777) == "0o600"
    record.close()


def test_a_server_set_to_acknowledge_early_is_overruled(postgres_server, postgres_url):
    with postgres_server.connect() as connection:
        connection.execute(f"ALTER DATABASE {postgres_url.database} SET synchronous_commit = off")
    record = Record(postgres_url.render_as_string(hide_password=False))
    record.create()
    with record.transaction() as tx:
        assert tx.exec_driver_sql("SHOW synchronous_commit").scalar() == "on"
    record.close()


def test_a_record_in_a_folder_that_is_not_there_is_said(tmp_path):
    record = Record(f"sqlite:///{tmp_path}/nothing/record.db")
    with pytest.raises(Invalid, match="cannot make the record at"):
        record.create()


def test_a_file_that_is_no_database_is_said(tmp_path):
    (tmp_path / "record.db").write_text("this is no database, and never was one " * 100)
    record = Record(f"sqlite:///{tmp_path}/record.db")
    with pytest.raises(Invalid, match="the record is not a database"), record.reading():
        pass


def test_a_server_that_does_not_answer_is_said(tmp_path):
    record = Record(f"postgresql+psycopg://nobody@/nothing?host={tmp_path}")
    with pytest.raises(Invalid, match="the record's server does not answer"), record.reading():
        pass


def test_a_connection_that_is_cut_is_said_and_the_next_one_works(postgres_server, postgres_url):
    record = Record(postgres_url.render_as_string(hide_password=False))
    record.create()
    with pytest.raises(Conflict, match="look whether the change was made"), record.transaction() as tx:
        number = tx.exec_driver_sql("SELECT pg_backend_pid()").scalar()
        with postgres_server.connect() as other:
            other.execute("SELECT pg_terminate_backend(%s)", (number,))
        tx.execute(insert(NOTE).values(words="one"))
    write(record, "two")
    assert words_of(record) == ["two"]
    record.close()


def test_an_error_of_our_own_making_is_not_hidden(record):
    with pytest.raises((OperationalError, Exception), match="nowhere"), record.reading() as conn:
        conn.execute(text("SELECT nowhere FROM record_schema"))


def test_a_record_that_lacks_a_table_says_what_to_run_and_that_makes_it(record):
    with record.transaction() as tx:
        tx.execute(text("DROP TABLE test_note"))
    with pytest.raises(Conflict, match="lacks a table that this release needs: run `upheld upgrade`"):
        words_of(record)
    record.create()
    assert words_of(record) == []


def test_two_creations_at_once_make_one_record(postgres_url):
    url = postgres_url.render_as_string(hide_password=False)
    records = [Record(url), Record(url)]
    threads = [threading.Thread(target=one.create) for one in records]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    write(records[0], "one")
    assert words_of(records[1]) == ["one"]
    for one in records:
        one.close()


def test_times_come_back_as_they_were_given(record):
    at = datetime(2026, 3, 29, 1, 59, 59, 123457, timezone(timedelta(hours=2)))
    write(record, "one", at=at)
    with record.reading() as conn:
        assert conn.execute(select(NOTE.c.at)).scalar_one() == at
        assert conn.execute(text("SELECT at FROM test_note")).scalar_one() == micros(at)
    write(record, "two", at=None)
    with record.reading() as conn:
        assert conn.execute(select(NOTE.c.at).where(NOTE.c.words == "two")).scalar_one() is None


@given(st.datetimes(timezones=st.timezones()))
def test_microseconds_are_exact_in_every_zone(at):
    assert moment(micros(at)) == at.astimezone(UTC)


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(Invalid, match="a time needs a zone"):
        micros(datetime(2026, 1, 1))  # noqa: DTZ001


def test_an_actor_has_a_name_and_perhaps_a_role():
    assert Actor("ann", "privacy") != Actor("ann")


GROWING = only_grows(Table("test_growing", METADATA, Column("id", Integer, primary_key=True, autoincrement=False), Column("words", String)))


def test_a_table_that_only_grows_refuses_everything_else(record):
    with record.transaction() as tx:
        tx.execute(insert(GROWING), [{"id": 1, "words": "one"}, {"id": 2, "words": "two"}])
    never = ["UPDATE test_growing SET words = 'other' WHERE id = 1", "DELETE FROM test_growing WHERE id = 2"]
    never.append("REPLACE INTO test_growing VALUES (1, 'other')" if record.is_sqlite else "TRUNCATE test_growing")
    for statement in never:
        with pytest.raises(DBAPIError, match="this table only grows"), record.transaction() as tx:
            tx.execute(text(statement))
    with record.reading() as conn:
        assert conn.execute(select(GROWING.c.words).order_by(GROWING.c.id)).scalars().all() == ["one", "two"]
