"""Files of before: every readable row is a choice, every other one is listed with its line and its reason."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from itertools import count

import duckdb
import pytest
from sqlalchemy import func, select

from tests.houses import CLERK, NOW, House, later
from upheld.choices import importing
from upheld.choices.actions import Agreement, agree
from upheld.choices.importing import Plan, import_file
from upheld.choices.models import CHOICE
from upheld.choices.queries import AsOf, standing
from upheld.errors import Invalid, NotFound
from upheld.ledger import queries as ledger
from upheld.people.identifiers import Account, Email, Phone, Postal
from upheld.people.models import FACT, IDENTIFIER
from upheld.people.queries import find

TOPICS = ("newsletter", "post", "sharing")
OUT = Plan(topic="sharing", says="out")


@pytest.fixture
def take(house, tmp_path):
    ticks = count()

    def taken(content, plan=OUT, topics=TOPICS, name="list.csv", **more):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        clock = lambda: later(seconds=next(ticks))  # noqa: E731
        done = import_file(house.record, house.keeper, path, plan, topics, clock=clock, actor=CLERK, **more)
        rejects = done.rejects.read_text().splitlines()[1:] if done.rejects else []
        return done, rejects

    return taken


def standings(house, *identifiers):
    with house.record.reading() as conn:
        return [standing(conn, person, TOPICS, AsOf(later(days=1))) for person in sorted(find(conn, house.keeper.keys, identifiers))]


def choices(house):
    with house.record.reading() as conn:
        return conn.execute(select(func.count()).select_from(CHOICE)).scalar_one()


def test_columns_are_found_by_their_headings_and_rows_become_choices(house, take):
    done, rejects = take("\ufeffE-Mail;Vorname;Nachname;Strasse;PLZ\r\na@shop.example;;;;\r\n;Jörg;Müller;Hauptstr. 5;10115\r\n")
    assert (done.recorded, rejects) == (2, [])
    assert done.columns == {"email": "E-Mail", "first": "Vorname", "last": "Nachname", "address": "Strasse", "zip": "PLZ"}
    (one,) = standings(house, Email("A@shop.example"))
    (two,) = standings(house, Postal("JORG", "Muller", "Hauptstraße 5", "10115"))
    assert one.choices["sharing"] == two.choices["sharing"] == "out"


def test_columns_may_say_topic_choice_time_and_facts(house, take):
    plan = Plan(columns={"email": "Contact"}, collected={"order": "2026.1"}, versions=("2026.1",), sources=("order",))
    content = "Contact,topic,status,date,country,birthdate\na@shop.example,post,Yes,2026-01-05,de,2000-01-31\n"
    content += "a@shop.example,post,opt_out,2026-02-01T10:00:00+01:00,,\n"
    done, rejects = take(content, plan)
    assert (done.recorded, rejects) == (2, [])
    (found,) = standings(house, Email("a@shop.example"))
    assert (found.choices["post"], found.region, found.age, found.since) == ("out", "de", 26, {"order": "2026.1"})
    with house.record.reading() as conn:
        assert conn.execute(select(CHOICE.c.at).order_by(CHOICE.c.id)).scalars().all() == [
            datetime(2026, 1, 5, tzinfo=UTC),
            datetime(2026, 2, 1, 9, tzinfo=UTC),
        ]


def test_what_cannot_be_read_is_listed_by_line_and_never_costs_the_others(house, take):
    rows = [
        b"email,choice,when,country,age",
        b"planted@shop.example,out,,mars,12x",
        b"planted2,out,,,",
        b",out,,,",
        b"b@shop.example,perhaps,,,",
        b"c@shop.example,out,31/12/2020,,",
        b"d@shop.example,in,2999-01-01,,",
        b"e@shop.example,out",
        b"f\xff@shop.example,out,,,",
        b"g\x00@shop.example,out,,,",
        b'"two\nlines@shop.example",out,,,',
        b"",
        b"last@shop.example,out,,,",
    ]
    done, rejects = take(b"\n".join(rows), Plan(topic="sharing"))
    assert (done.recorded, done.rejected, done.without_fact) == (2, 9, 2)
    assert [line.partition(",")[0] for line in rejects] == ["2", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11"]
    assert "planted" not in "".join(rejects)
    assert "perhaps" not in "".join(rejects)
    assert [found.choices["sharing"] for found in standings(house, Email("last@shop.example"), Email("planted@shop.example"))] == [
        "out"
    ] * 2


def test_a_line_without_end_is_one_reject_and_takes_no_memory(take):
    done, rejects = take(b"email\n" + b"x" * (3 << 20) + b"\na@shop.example\n")
    assert (done.recorded, rejects) == (1, ["2,the line is longer than 1048576 bytes"])


def test_parquet_is_read_like_csv(house, take, tmp_path):
    duckdb.sql("SELECT 'a@shop.example' AS email, 4711 AS account, NULL AS phone UNION ALL SELECT NULL, NULL, '(202) 555-0123' "
               "UNION ALL SELECT NULL, NULL, NULL").write_parquet(str(tmp_path / "made.parquet"))  # fmt: skip
    done, rejects = take((tmp_path / "made.parquet").read_bytes(), name="list.parquet")
    assert (done.recorded, len(rejects)) == (2, 1)
    assert len(standings(house, Account("4711"), Phone("+1 202 555 0123"))) == 2


def broken_page(bytes_, footer):
    bytes_[footer - 900 : footer - 100] = bytes(800)


def broken_footer(bytes_, footer):
    bytes_[footer + 40 : footer + 60] = b"\xff" * 20


def cut_short(bytes_, footer):
    del bytes_[footer:]


@pytest.mark.parametrize("damage", [broken_page, broken_footer, cut_short])
def test_a_damaged_parquet_file_is_refused_before_any_row_of_it_is_recorded(house, take, tmp_path, damage):
    query = "SELECT 'p' || i || '@shop.example' AS email, i AS account FROM range(9000) t(i)"
    duckdb.sql(query).write_parquet(str(tmp_path / "made.parquet"), row_group_size=2048, compression="zstd")
    bytes_ = bytearray((tmp_path / "made.parquet").read_bytes())
    damage(bytes_, len(bytes_) - 8 - int.from_bytes(bytes_[-8:-4], "little"))
    with pytest.raises(Invalid, match="cannot be read, or not to its end: write it again") as said:
        take(bytes(bytes_), name="list.parquet")
    assert "shop.example" not in str(said.value)
    assert choices(house) == 0


def test_what_is_only_called_parquet_is_told_so(house, take):
    with pytest.raises(Invalid, match="the file is no Parquet, though it is called so"):
        take(b"email\np@shop.example\n", name="list.parquet")
    assert choices(house) == 0


def test_a_file_taken_in_as_sets_is_what_its_rows_are_one_by_one(house, take, monkeypatch, tmp_path):
    """The same people, identifiers, choices, facts and rejects, however many rows are a transaction."""
    firsts, streets = (
        ["Bob", "Robert", "José", "Anne-Marie", "李", ""],
        ["12 Maple Ave Apt 4", "12 Maple Avenue #5", "Hauptstr. 5", "PO Box 7"],
    )
    mails = ["", "p{}@shop.example", "P{}@shop.example", "none", "p{}+x@gmail.com", "x@bücher.example"]
    rows = ["email,first,last,street,zip,phone,country,choice"]
    for at in range(240):
        mail, first, street = mails[at % 6].format(at % 17), firsts[at % 5], streets[at % 4]
        rows.append(f"{mail},{first},Tel{at % 13}mar,{street},{'02139' if at % 7 else '1O115'},{'(202) 555-0123' if at % 11 == 0 else ''},"
                    f"{'mars' if at % 19 == 0 else 'de'},{'perhaps' if at % 23 == 0 else 'out'}")  # fmt: skip

    def left(made):
        with made.record.reading() as conn:
            queries = (
                select(IDENTIFIER.c.id, IDENTIFIER.c.person, IDENTIFIER.c.kind),
                select(CHOICE.c.id, CHOICE.c.person, CHOICE.c.choice),
                select(FACT.c.id, FACT.c.person, FACT.c.fact, FACT.c.value),
            )
            return [sorted(map(tuple, conn.execute(query))) for query in queries]

    plan, content = Plan(topic="sharing"), "\n".join(rows)
    monkeypatch.setattr(importing, "ROWS_A_TRANSACTION", 1)
    alone = House(tmp_path / "alone")
    (tmp_path / "again.csv").write_text(content)
    one = import_file(alone.record, alone.keeper, tmp_path / "again.csv", plan, TOPICS, clock=lambda: NOW, actor=CLERK)
    monkeypatch.setattr(importing, "ROWS_A_TRANSACTION", 150)
    done, rejects = take(content, plan)
    assert rejects == one.rejects.read_text().splitlines()[1:]
    assert (done.recorded, done.rejected, done.without_fact) == (one.recorded, one.rejected, one.without_fact)
    assert min(done.recorded, done.rejected, done.without_fact) > 10
    assert left(house) == left(alone)
    alone.record.close()


def test_a_file_is_taken_in_once_however_often_it_comes(house, take):
    content = "email\n" + "".join(f"p{number}@shop.example\n" for number in range(5000)) + "nobody\n"
    first, _ = take(content)
    assert (first.recorded, first.rejected, first.before, choices(house)) == (5000, 1, None, 5000)
    before = standings(house, Email("p7@shop.example"))
    with house.record.reading() as conn:
        entry = ledger.entry(conn, ledger.size(conn) - 1)
    assert entry.body["file"] == hashlib.sha256(content.encode()).hexdigest()
    second, rejects = take(content, name="another name.csv")
    assert (second.recorded, second.rejected, second.before, rejects, choices(house)) == (5000, 1, entry.at, [], 5000)
    forced, rejects = take(content, again=True)
    assert (forced.recorded, forced.before, len(rejects), choices(house)) == (5000, None, 1, 10_000)
    assert standings(house, Email("p7@shop.example")) == before


@pytest.mark.parametrize(
    ("content", "plan", "topics"),
    [
        ("email\na@shop.example\n", Plan(topic="post", says="out"), TOPICS),
        ("email\na@shop.example\n", Plan(topic="sharing", says="in", at=NOW), TOPICS),
        ("email\na@shop.example\n", Plan(topic="sharing", says="out", at=NOW), TOPICS),
        ("email\na@shop.example\n", Plan(topic="sharing", says="out", columns={"account": "email"}), TOPICS),
        ("email\na@shop.example\n", OUT, (*TOPICS, "calls")),
        ("email\nA@shop.example\n", OUT, TOPICS),
    ],
)
def test_a_file_that_means_something_else_is_taken_in_however_alike_it_is(house, take, content, plan, topics):
    take("email\na@shop.example\n")
    done, _ = take(content, plan, topics)
    assert (done.recorded, done.before, choices(house)) == (1, None, 2)


def test_a_file_of_no_rows_or_of_whole_batches_is_taken_in_alike(house, take, monkeypatch):
    assert take("email\n")[0].recorded == 0
    monkeypatch.setattr(importing, "ROWS_A_TRANSACTION", 2)
    assert take("email\n" + "".join(f"p{number}@shop.example\n" for number in range(4)))[0].recorded == choices(house) == 4


def test_a_file_that_was_cut_off_is_taken_in_from_where_it_was_and_all_its_rejects_are_listed(house, take, monkeypatch):
    def cut(_):
        raise KeyboardInterrupt

    monkeypatch.setattr(importing, "ROWS_A_TRANSACTION", 3)
    content = "email,age\na@shop.example,old\nnobody\nnobody,1\nb@shop.example,\nc@shop.example,\n"
    with pytest.raises(KeyboardInterrupt):
        take(content, advance=cut)
    assert choices(house) == 2
    done, rejects = take(content)
    assert (done.recorded, done.rejected, done.without_fact, done.before, choices(house)) == (3, 2, 1, None, 3)
    assert [line.partition(",")[0] for line in rejects] == ["2", "3", "4"]


def test_how_a_choice_was_heard_may_stand_in_a_column(house, take):
    rows = ("a@shop.example,Phone", "b@shop.example, web ", "c@shop.example,", "d@shop.example,by planted pigeon")
    done, rejects = take("email,how\n" + "\n".join(rows) + "\n")
    assert (done.recorded, done.rejected, done.without_fact) == (4, 0, 1)
    assert len(rejects) == 1
    assert rejects[0].startswith('5,"how it was heard cannot be read: write one of `web`')
    assert "planted" not in rejects[0]
    with house.record.reading() as conn:
        assert conn.execute(select(CHOICE.c.how).order_by(CHOICE.c.id)).scalars().all() == ["phone", "web", "import", "import"]


@pytest.mark.parametrize(
    ("content", "plan", "words"),
    [
        ("email\na@shop.example\n", Plan(topic="sharng", says="out"), "did you mean `sharing`"),
        ("email\na@shop.example\n", Plan(says="out"), "no topic ``"),
        ("email\na@shop.example\n", Plan(topic="sharing"), "does not say what was chosen"),
        ("email\na@shop.example\n", Plan(topic="sharing", says="in", at=later(days=400)), "of the future"),
        ("email\na@shop.example\n", Plan(topic="sharing", says="out", columns={"emial": "email"}), "did you mean `email`"),
        ("email\na@shop.example\n", Plan(topic="sharing", says="out", columns={"email": "mail"}), "did you mean `email`"),
        (
            "email\na@shop.example\n",
            Plan("sharing", "out", collected={"ordr": "1"}, versions=("1",), sources=("order",)),
            "no source `ordr`",
        ),
        ("email\na@shop.example\n", Plan("sharing", "out", collected={"order": "2"}, versions=("1",), sources=("order",)), "is posted"),
        ("colour,size\nred,5\n", OUT, "no column names people"),
        ("last,address\nDoe,5 Oak\n", OUT, "no column names people"),
        ("email,email\na@shop.example,b\n", OUT, "names a column twice"),
        ("", OUT, "has no heading"),
        ("\n\n", OUT, "has no heading"),
        (b"PAR1nonsense", OUT, "the Parquet file cannot be read"),
    ],
)
def test_a_file_that_cannot_be_understood_is_refused_and_nothing_is_done(house, take, content, plan, words):
    with pytest.raises(Invalid, match=words):
        take(content, plan)
    assert choices(house) == 0


def test_a_file_that_is_not_there_and_a_policy_without_topics_are_refused(house, take, tmp_path):
    with pytest.raises(Invalid, match="cannot read"):
        import_file(house.record, house.keeper, tmp_path / "none.csv", OUT, TOPICS, clock=lambda: NOW, actor=CLERK)
    with pytest.raises(Invalid, match="declares no topic"):
        take("email\na@shop.example\n", topics=())


def test_rejects_that_cannot_be_written_are_said(take, tmp_path):
    with pytest.raises(Invalid, match="the choices were recorded"):
        take("email\nnone\n", rejects=tmp_path / "no" / "folder.csv")


def test_only_an_agreement_puts_earlier_information_under_a_later_version(house, take):
    def collected(version):
        plan = Plan("sharing", "out", collected={"order": version}, versions=("1", "2", "3"), sources=("order",))
        take("email\na@shop.example\n", plan)
        return standings(house, Email("a@shop.example"))[0].since["order"]

    assert [collected("2"), collected("3"), collected("1"), collected("2")] == ["2", "2", "1", "1"]
    with house.record.transaction() as tx:
        agreement = Agreement((Email("a@shop.example"),), "3", ("order",), later(hours=1), "web", "I agree")
        agree(tx, house.keeper, agreement, at=later(hours=1), actor=CLERK)
    assert standings(house, Email("a@shop.example"))[0].since["order"] == "3"


def test_an_agreement_of_nobody_or_of_the_future_is_refused(house):
    agreement = Agreement((Email("a@shop.example"),), "3", ("order",), NOW, "web")
    with pytest.raises(NotFound, match="nobody in the record"), house.record.transaction() as tx:
        agree(tx, house.keeper, agreement, at=NOW, actor=CLERK)
    with pytest.raises(Invalid, match="of the future"), house.record.transaction() as tx:
        agree(tx, house.keeper, agreement, at=NOW - timedelta(days=1), actor=CLERK)


def test_rows_without_a_choice_or_with_an_unknown_topic_or_broken_quotes_are_listed(take):
    rows = [
        "email,topic,choice",
        "a@shop.example,sharing,",
        "b@shop.example,letters,out",
        '"c@shop.example,sharing,out',
        "d@shop.example,,out",
    ]
    done, rejects = take("\n".join(rows), Plan())
    assert done.recorded == 0
    assert [line.partition(",")[0] for line in rejects] == ["2", "3", "4", "5"]
    done, rejects = take(f"email,topic,choice\n{'x' * 200_000},sharing,out\na@shop.example,sharing,out\n", Plan())
    assert (done.recorded, rejects) == (1, ["2,the row cannot be read: look at its quotes"])


def test_a_quote_left_open_does_not_swallow_the_rows_after_it(house, take):
    done, rejects = take('email,note\n"a@shop.example,x\nb@shop.example,y\n"c@shop\n.example",z\nd@shop.example,"two\nlines"\n')
    assert [line.partition(",")[0] for line in rejects] == ["2", "4"]
    assert done.recorded == 2
    assert len(standings(house, Email("b@shop.example"), Email("d@shop.example"))) == 2


def test_a_whole_name_is_used_only_where_no_last_name_stands(house, take):
    take("name,last,first,address,zip\nSomebody Else,Doe,Jane,5 Oak St,60601\n")
    take("customer,address,zip\nBob Roe,6 Oak St,60601\n")
    assert len(standings(house, Postal("Jane", "Doe", "5 Oak St", "60601"), Postal("Bob", "Roe", "6 Oak St", "60601"))) == 2


def test_an_age_is_kept_and_a_birth_date_that_cannot_be_read_is_left_out(house, take):
    done, rejects = take("email,age\na@shop.example,15\n")
    assert (done.recorded, rejects) == (1, [])
    done, rejects = take("email,dob\nb@shop.example,31.12.1990\n")
    assert (done.recorded, done.without_fact, len(rejects)) == (1, 1, 1)
    ages = [found.age for found in standings(house, Email("a@shop.example"), Email("b@shop.example"))]
    assert ages == [15, None]


@pytest.mark.parametrize("heading", ['"email', "\0"])
def test_a_heading_that_cannot_be_read_is_refused(take, heading):
    with pytest.raises(Invalid, match="has no heading"):
        take(f"{heading}\n")


def test_an_opt_out_of_a_day_holds_against_an_opt_in_of_the_same_day(house, take):
    take("email,topic,choice,when\na@shop.example,post,in,2026-02-01T10:00:00+00:00\n", Plan())
    take("email,topic,choice,when\na@shop.example,post,out,2026-02-01\nb@shop.example,post,out,2026-02-01\n", Plan())
    take("email,topic,choice,when\nb@shop.example,post,in,2026-02-02\n", Plan())
    (one,), (two,) = standings(house, Email("a@shop.example")), standings(house, Email("b@shop.example"))
    assert (one.choices["post"], two.choices["post"]) == ("out", "in")


def test_an_old_file_of_opt_ins_never_undoes_an_opt_out_that_came_after_it(house, take):
    take("email,topic,choice,when\na@shop.example,post,out,2026-02-01\n", Plan())
    done, rejects = take("email,choice,when\na@shop.example,in,\nb@shop.example,in,2026-01-05\n", Plan(topic="post"))
    assert (done.recorded, rejects) == (1, ["2,nobody says when this opt-in was made"])
    take("email\na@shop.example\n", Plan(topic="post", says="in", at=datetime(2026, 1, 5, tzinfo=UTC)))
    with pytest.raises(Invalid, match="give `--at`"):
        take("email\na@shop.example\n", Plan(topic="post", says="in"))
    (found,) = standings(house, Email("a@shop.example"))
    assert found.choices["post"] == "out"
