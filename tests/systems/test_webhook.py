"""Systems behind a webhook: asked over real HTTP, believed only if signed, marked once, and every refusal in words."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.systems import test_searching as searching
from tests.systems.receivers import SECRET, Hook, answering
from upheld.errors import Invalid, Refused
from upheld.gate.searching import proven
from upheld.people import normal
from upheld.people.identifiers import Account, Email, Phone, Postal
from upheld.people.weights import shipped
from upheld.systems import held
from upheld.systems.calls import LARGEST
from upheld.systems.connector import Failed
from upheld.systems.datamap import Column, Flag, Table
from upheld.systems.opening import open_system
from upheld.systems.webhook import PAGE

PEOPLE = Table(
    "people", ("id",),
    (
        Column("id", None, "account"), Column("email", "order.email", "email"), Column("first", "order.name", "first"),
        Column("last", "order.name", "last"), Column("street", "order.shipping address", "address"),
        Column("zip", "order.shipping address", "zip"), Column("phone", "order.phone", "phone"),
    ),
    (Flag("newsletter", "letters", "no"), Flag("post", "no_mail", 1)),
)  # fmt: skip
SCHEMA = (
    "CREATE TABLE people (id INTEGER PRIMARY KEY, email, first, last, street, zip, phone, letters DEFAULT 'yes', no_mail INT DEFAULT 0)"
)
NAMES = "(id, email, first, last, street, zip, phone)"
ROWS = [
    (1, "Jane.Doe@mail.example", "Jane", "Doe", "5 Oak Street", "60601-1234", "(312) 555-0142"),
    (2, "bo@mail.example", "Bo", "O'Hara", "1 Elm Row", "00123", "312 555 0143"),
    (3, "josé@mail.example", "José", "Frost", "1 Larkspur Row", 501, None),
]
GIVEN = [
    (Email("jane.doe@MAIL.example"), "1"), (Phone("+1 312 555 0142"), "1"), (Account("2"), "2"), (Email("josé@mail.example"), "3"),
    (Postal("Jane", "Doe", "5 Oak St", "60601"), "1"), (Postal("Jose", "Frost", "1 Larkspur Row", "00501"), "3"),
]  # fmt: skip


@pytest.fixture(params=["hashed", "given"])
def hook(request, tmp_path):
    made = Hook(tmp_path, "people", "stock", schema=(SCHEMA, "CREATE TABLE stock (id)"), identifiers=request.param)
    made.put(f"people {NAMES}", ROWS)
    yield made
    made.drop()


def marks(hook):
    return hook.run("SELECT letters, no_mail FROM people ORDER BY id")


@pytest.mark.parametrize(("asked", "key"), GIVEN, ids=lambda one: getattr(one, "kind", ""))
def test_whoever_is_meant_is_found_and_others_stay_there(hook, asked, key):
    found = {one.key[0] for one in hook.open(PEOPLE).search(PEOPLE, [asked])}
    assert key in found
    assert "2" not in found - {key}


def test_what_leaves_is_a_hash_unless_the_map_says_otherwise(hook):
    with answering() as (address, asked), pytest.raises(Failed):
        hook.open(PEOPLE, address=address).search(PEOPLE, [Email("jane.doe@mail.example")])
    assert (b"janedoe" in asked[0]) is (hook.identifiers == "given")
    assert SECRET.encode() not in asked[0]


def test_rows_are_read_page_by_page_and_fetched_by_their_keys(hook):
    hook.put(f"people {NAMES}", [(number, f"p{number}@mail.example", *ROWS[0][2:]) for number in range(10, 10 + 2 * PAGE)])
    pieces = list(hook.open(PEOPLE).read(PEOPLE))
    assert len(pieces) == 3
    assert len({one.key for piece in pieces for one in piece}) == 2 * PAGE + 3
    assert len(hook.open(PEOPLE).search(PEOPLE, [Postal("Jane", "Doe", "5 Oak St", "60601")])) == 2 * PAGE + 1
    assert [one.values["last"] for one in hook.open(PEOPLE).fetch(PEOPLE, [("2",), ("999999",)])] == [("O'Hara",)]


def test_the_tables_are_told_and_sampled(hook):
    live = {one.name: one for one in hook.open(PEOPLE).live()}
    assert (live["people"].key, [column.name for column in live["people"].columns][:3]) == (("id",), ["id", "email", "first"])
    assert [row["last"] for row in hook.open(PEOPLE).sample("people", 2)] == ["Doe", "O'Hara"]


def test_rows_are_marked_all_or_none_and_a_repeated_call_changes_nothing(hook):
    hook.open(PEOPLE).stop(PEOPLE, [("1",), ("3",), ("99",)], ["newsletter", "post", "calls"], "one")
    assert marks(hook) == [("no", 1), ("yes", 0), ("no", 1)]
    hook.run("UPDATE people SET letters = 'yes'")
    hook.open(PEOPLE).stop(PEOPLE, [("1",), ("3",), ("99",)], ["newsletter", "post", "calls"], "one")
    assert marks(hook)[0] == ("yes", 1), "the same token is the same piece of work: it was done"
    hook.run("CREATE TRIGGER stubborn BEFORE UPDATE ON people WHEN NEW.id = 3 BEGIN SELECT RAISE(ABORT, 'no'); END")
    with pytest.raises(Failed):
        hook.open(PEOPLE).stop(PEOPLE, [("1",), ("3",)], ["newsletter"], "two")
    assert marks(hook)[0] == ("yes", 1)


def test_a_text_is_corrected_in_these_rows_alone_or_in_none(hook):
    hook.open(PEOPLE).correct(PEOPLE, [("1",), ("99",)], "phone", "312 555 0199")
    assert [one.values["phone"] for one in hook.open(PEOPLE).fetch(PEOPLE, [("1",), ("2",)])] == [("312 555 0199",), ("312 555 0143",)]
    hook.run("CREATE TRIGGER stubborn BEFORE UPDATE ON people WHEN NEW.id = 3 BEGIN SELECT RAISE(ABORT, 'no'); END")
    with pytest.raises(Failed):
        hook.open(PEOPLE).correct(PEOPLE, [("1",), ("3",)], "phone", "1")
    with pytest.raises(Failed, match="column"):
        hook.open(PEOPLE).correct(PEOPLE, [("1",)], "fax", "1")
    assert hook.run("SELECT phone FROM people WHERE id = 1") == [("312 555 0199",)]


def test_whoever_proved_an_address_is_shown_what_else_stands_in_their_row(hook):
    more = replace(PEOPLE, columns=(*PEOPLE.columns, Column("letters", "order.purchases")))
    hook.run("UPDATE people SET letters = 'two lamps' WHERE id = 1")
    (own,) = proven(hook.system(more), hook.open(more), Email("jane.doe@mail.example"), shipped())
    assert own.further == (("order.purchases", "two lamps"),)


@pytest.fixture(scope="module", params=["hashed", "given"])
def anybody(request, tmp_path_factory):
    """A table of people as they may be written, that lives as long as the tests of this module."""
    made = Hook(tmp_path_factory.mktemp("hook"), "people", schema=(searching.SCHEMA,), identifiers=request.param)
    yield made
    made.drop()


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], deadline=None)
@given(rows=searching.ROWS, wanted=st.lists(searching.GIVEN, min_size=1, max_size=3))
def test_no_row_that_a_code_meets_is_left_out(anybody, rows, wanted):
    anybody.run("DELETE FROM people")
    anybody.put("people", [(number, *row) for number, row in enumerate(rows)])
    connector = anybody.open(searching.PEOPLE)
    everybody = [found for piece in connector.read(searching.PEOPLE) for found in piece]
    for given_ in (*([one] for own in everybody[:3] for one in held.identifiers(own)), wanted):
        meant = [one for one in given_ if one.kind != "postal" or normal.zip_code(one.zip)]  # nobody is asked for without
        met = {found.key for found in connector.search(searching.PEOPLE, meant)}
        lost = [one for one in everybody if one.key not in met and any(searching.theirs(one, each) for each in meant)]
        assert [(one.values, each) for one in lost for each in map(searching.vars_of, meant)] == []


# --- who is believed ------------------------------------------------------------------------------------------------------------------


def answer(body, status="200 OK", **headers):
    more = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n{more}\r\n{body}".encode()


def test_an_answer_that_is_not_signed_for_the_question_is_none(hook):
    empty = json.dumps({"rows": [], "next": None})
    for headers in ({}, {"Upheld-Signature": "0" * 64}, {"Upheld-Signature": "é"}):
        with answering(answer(empty, **headers)) as (address, _), pytest.raises(Failed, match="without the right signature") as refused:
            hook.open(PEOPLE, address=address).search(PEOPLE, [Email("jane.doe@mail.example")])
        assert not refused.value.again


def test_a_question_of_somebody_without_the_secret_is_not_answered(hook):
    file = hook.home.path / "keys" / "hook.secret"
    file.write_text("another secret that is long enough, too")
    with pytest.raises(Failed, match="without the right signature"):
        hook.open(PEOPLE).live()
    file.write_text("short")
    with pytest.raises(Invalid, match="needs a secret of 32"):
        hook.open(PEOPLE)
    file.chmod(0o644)
    with pytest.raises(Refused, match="others may reach"):
        hook.open(PEOPLE)


def test_nothing_is_said_in_the_clear_but_on_this_machine(hook):
    for address in ("http://shop.example/upheld", "http://10.0.0.1/"):
        with pytest.raises(Invalid, match="in the clear"):
            hook.open(PEOPLE, address=address)


def test_a_certificate_that_is_not_trusted_ends_the_call(tmp_path, monkeypatch):
    made = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost", "-addext",
         "subjectAltName=DNS:localhost", "-keyout", tmp_path / "key.pem", "-out", tmp_path / "cert.pem"],
        capture_output=True, check=False,
    )  # fmt: skip
    assert made.returncode == 0, made.stderr
    (tmp_path / "both.pem").write_bytes((tmp_path / "cert.pem").read_bytes() + (tmp_path / "key.pem").read_bytes())
    hook = Hook(tmp_path, "people", schema=(SCHEMA,), more=("--certificate", tmp_path / "both.pem"))
    try:
        address = f"https://localhost:{hook.port}/upheld"
        with pytest.raises(Failed, match="certificate is not trusted") as refused:
            hook.open(PEOPLE, address=address).live()
        assert not refused.value.again
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
        assert [one.name for one in hook.open(PEOPLE, address=address).live()] == ["people"]
        with pytest.raises(Failed, match="certificate is not trusted"):
            hook.open(PEOPLE, address=address.replace("localhost", "127.0.0.1")).live()
    finally:
        hook.drop()


# --- what goes wrong ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "words", "again"),
    [
        ("302 Found", "sends us to another address", False),
        ("401 Unauthorized", "does not let `upheld` in", False),
        ("404 Not Found", "knows no such address", False),
        ("423 Locked", "is locked", True),
        ("429 Too Many Requests", "fewer calls", True),
        ("500 Internal Server Error", "a reason of its own", True),
        ("503 Service Unavailable", "cannot be reached", True),
        ("400 Bad Request", "cannot be understood", False),
    ],
)
def test_each_refusal_has_its_words(hook, status, words, again):
    with answering(answer("{}", status, Location="https://elsewhere.example/")) as (address, _), pytest.raises(Failed, match=words) as no:
        hook.open(PEOPLE, address=address).live()
    assert no.value.again is again


def test_a_table_or_column_that_is_not_there_waits_for_a_person(hook):
    for table, words in ((replace(PEOPLE, name="gone"), "has not all tables"), (replace(PEOPLE, key=("no",)), "has not all columns")):
        for call in (lambda one: one.search(table, [GIVEN[0][0]]), lambda one: one.stop(table, [("1",)], ["post"], "t")):  # noqa: B023
            with pytest.raises(Failed, match=words) as refused:
                call(hook.open(table))
            assert not refused.value.again


def test_a_server_that_is_down_stopped_slow_or_endless_is_given_up_in_time(hook):
    connector = hook.open(PEOPLE, timeout=1)
    os.kill(hook.server.pid, signal.SIGSTOP)
    began = time.monotonic()
    with pytest.raises(Failed, match="did not answer in time") as refused:
        connector.live()
    os.kill(hook.server.pid, signal.SIGCONT)
    assert refused.value.again
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
    with answering(head, *[b"X: y\r\n"] * 200, pause=0.1) as (address, _), pytest.raises(Failed, match="in time"):
        hook.open(PEOPLE, address=address, timeout=1).live()
    with answering(head + b"\r\n", *[b" "] * 200, pause=0.1) as (address, _), pytest.raises(Failed, match="in time"):
        hook.open(PEOPLE, address=address, timeout=1).live()
    assert time.monotonic() - began < 30
    much = [b" " * (1 << 20)] * (LARGEST // (1 << 20) + 2)
    with answering(head + b"\r\n", *much) as (address, _), pytest.raises(Failed, match="more than may be read"):
        hook.open(PEOPLE, address=address).live()
    with answering(head + b"Content-Length: 99\r\n\r\n{") as (address, _), pytest.raises(Failed, match="cannot be reached"):
        hook.open(PEOPLE, address=address).live()
    assert [one.name for one in connector.live()] == ["people", "stock"]
    hook.drop()
    with pytest.raises(Failed, match="cannot be reached") as refused:
        connector.live()
    assert refused.value.again


@pytest.mark.parametrize(
    "said",
    ['{"rows": 7}', '{"rows": [[1]]}', '{"rows": [["1", {}, 1, 1, 1, 1, 1, 1, 1]]}', "[]", "{", "[" * 100_000, '{"rows": [], "next": [1]}'],
)
def test_an_answer_of_another_shape_is_refused(hook, said, monkeypatch):
    connector = hook.open(PEOPLE)
    monkeypatch.setattr("upheld.systems.webhook.hmac.compare_digest", lambda one, other: True)
    with answering(answer(said)) as (address, _), pytest.raises(Failed, match="cannot be understood") as refused:
        hook.open(PEOPLE, address=address).search(PEOPLE, [Email("jane.doe@mail.example")])
    assert not refused.value.again
    connector.close()


def test_a_row_without_a_key_is_named(hook):
    table = replace(PEOPLE, key=("first",))
    hook.put("people (id, email)", [(8, "x@y.example")])
    with pytest.raises(Failed, match="row without a key"):
        list(open_system(hook.system(table), hook.home).read(table))
