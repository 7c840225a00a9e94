"""The API, as programs meet it: a real process over HTTP, with the same answers as the commands give."""

from __future__ import annotations

import http.client
import json
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from urllib.parse import urlsplit

import pytest

from tests.browser.served import served
from upheld.access.actions import SECRET, add, end
from upheld.choices.models import CHOICE
from upheld.messages import links
from upheld.record import Actor
from upheld.web.api.routes import MOST_BYTES, ROOT

PLANTED = "planted.person@shop.example"
STAFF = Actor("clerk", "support")
LETTER = {"purpose": "marketing.post", "items": ["order.name", "order.shipping address"]}
POSTAL = {"first": "Ann", "last": "Planted", "address": "12 Maple Ave", "zip": "02139"}


def give(house, name, may=("decide", "choices", "requests"), purposes=("marketing", "ordering")):
    now = datetime.now(UTC)
    with house.record.transaction() as tx:
        return add(
            tx,
            house.home.key(SECRET),
            name,
            may,
            purposes,
            known=("marketing.post", "marketing.email", "ordering.fulfil"),
            at=now,
            actor=STAFF,
        ).text


class Program:
    """A program that holds a key and keeps its connection."""

    def __init__(self, address, key):
        self.at = urlsplit(address)
        self.key = key

    def raw(self, method, path, body=None, **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.at.port, timeout=30)
        told = {"Host": self.at.netloc, "Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        sent = {name: value for name, value in (told | headers).items() if value is not None}
        connection.request(method, ROOT + path, body, sent)
        answer = connection.getresponse()
        read = answer.read()
        connection.close()
        return answer, read

    def __call__(self, path, sent=None, **headers):
        answer, read = self.raw("GET" if sent is None else "POST", path, None if sent is None else json.dumps(sent), **headers)
        assert answer.getheader("cache-control") == "no-store"
        return answer.status, json.loads(read)


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    keys = {}

    def prepare(house):
        keys["all"] = give(house, "web-shop")
        keys["narrow"] = give(house, "letters", ("decide",), ("ordering",))

    with served(tmp_path_factory.mktemp("api"), "api", prepare) as api:
        yield api, keys


@pytest.fixture
def ask(running):
    api, keys = running
    return Program(api.address, keys["all"])


def about(email=PLANTED, **more):
    return {**LETTER, "person": {"email": email}, **more}


def test_an_answer_is_explained_and_is_that_of_the_command(running, ask):
    api, _ = running
    status, said = ask("/decide", {**LETTER, "facts": {"nothing_else_chosen": True, "region": "us-ca", "age": 30}})
    assert (status, said["allowed"], said["known"]) == (200, True, None)
    assert said["decision"]["clauses"] == ["use.post"]
    asked = ["--purpose", "marketing.partner", "--show", "order.email", "--nothing-else-chosen", "--region", "us-ca", "--age", "30"]
    ran = subprocess.run(
        [sys.executable, "-m", "upheld.cli.main", "--home", str(api.house.home.path), "decide", *asked, "--to", "third party", "--json"],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    decision = json.loads(ran.stdout)["decision"]
    assert decision["refused"] == ["order.email"]
    assert {reason["because"] for reason in decision["reasons"]}
    status, said = ask("/decide", {"purpose": "marketing.partner", "items": ["order.email"], "facts": {"nothing_else_chosen": True}})
    assert (status, said["allowed"]) == (200, False)
    assert said["decision"]["policy_hash"] == decision["policy_hash"]


def test_an_opt_out_binds_the_next_answer(ask):
    one = {"email": "next.answer@shop.example"}
    assert ask("/decide", {**LETTER, "person": one})[1]["allowed"] is True
    status, said = ask("/choices", {"choices": [{"person": one, "topic": "post", "says": "out", "how": "web"}]})
    assert status == 201
    assert len(said["recorded"][0]["people"]) == 1
    status, after = ask("/decide", {**LETTER, "person": one})
    assert (after["allowed"], after["known"]) == (False, True)
    assert after["decision"]["reasons"][0]["clause"] == "rights.choices"
    assert ask("/choices/look-up", {"person": one})[1]["people"][0]["post"] == "out"
    assert ask("/choices/look-up", {"person": {"email": "never.seen@shop.example"}})[1]["people"] == []


def test_a_batch_answers_each_question_and_says_of_each_why_not(ask):
    bad = [{**LETTER}, {**LETTER, "person": {"email": "none"}}, {**LETTER, "purpose": "measurement", "facts": {}}]
    bad += [{**LETTER, "person": {"first": "Ann"}}, {**LETTER, "items": ["order.nme"], "facts": {}}]
    status, said = ask("/decide/batch", {"questions": [about(), *bad, about()]})
    assert status == 200
    first, *refused, last = said["answers"]
    assert first == last
    assert first["answer"]["allowed"] is True
    assert [one["problem"]["status"] for one in refused] == [400, 400, 403, 400, 400]
    assert "did you mean `order.name`" in refused[-1]["problem"]["detail"]
    assert ask("/decide/batch", {"questions": []})[0] == 400
    assert ask("/decide/batch", {"questions": [about()] * 1001})[0] == 400


def test_a_removal_request_holds_at_once_and_the_same_again_is_the_same(ask):
    asked = {"person": {**POSTAL, "email": "gone@shop.example"}, "how": "web", "reference": "order 17", "region": "us-ma"}
    status, said = ask("/requests", asked)
    assert (status, said["again"], said["state"]) == (201, False, "working")
    assert said["track"].startswith("http://centre.localhost:8100/track/")
    assert ask("/decide", {**LETTER, "person": POSTAL})[1]["allowed"] is False
    assert ask("/requests", asked)[1] | {"due_at": None} == said | {"again": True, "track": None, "due_at": None, "words": ANY}
    status, stands = ask(f"/requests/{said['request']}")
    assert (status, stands["state"], "post" in stands["topics"]) == (200, "working", True)
    too_little = ask("/requests", {"person": {"first": "Ann"}, "how": "phone"})[1]
    assert (too_little["state"], "last name" in too_little["words"]) == ("needs more", True)
    assert ask("/requests/99999")[0] == 404


class AnyWords:
    def __eq__(self, other):
        return isinstance(other, str)

    __hash__ = None


ANY = AnyWords()


def work(house):
    words = [sys.executable, "-m", "upheld.cli.main", "--home", str(house.home.path), "work"]
    assert subprocess.run(words, capture_output=True, check=False).returncode == 0


def test_a_list_is_looked_at_released_and_handed_out_once(running):
    api, keys = running
    lists = Program(api.address, give(api.house, "lists", ("releases",), ("marketing",)))
    inbox = api.house.home.path / "inbox"
    inbox.mkdir(exist_ok=True)
    (inbox / "people.csv").write_text(
        "first name,last name,email,shipping street,shipping zip\nAnn,Abbott,a@shop.example,1 Quince Row,00100\n"
        "Ben,Berg,no@shop.example,2 Quince Row,00100\n"
    )
    stop = {"person": {"email": "no@shop.example"}, "topic": "post", "says": "out", "how": "web"}
    assert Program(api.address, keys["all"])("/choices", {"choices": [stop]})[0] == 201
    wanted = {"list": "people.csv", "purpose": "marketing.post", "source": "order"}
    status, given = lists("/releases", wanted)
    assert (status, given["state"]) == (202, "looking")
    one = {"number": given["number"]}
    assert lists("/releases/begin", one)[0] == 409  # it is not looked at yet
    work(api.house)
    status, seen = lists(f"/releases/{given['number']}")
    assert (seen["state"], seen["looked"]["released"], seen["looked"]["refused"]) == ("looked", 1, 1)
    assert seen["looked"]["refusals"][0]["clause"] == "rights.choices"
    assert Program(api.address, keys["narrow"])(f"/releases/{given['number']}")[0] == 403
    other = Program(api.address, give(api.house, "other-lists", ("releases",), ("ordering",)))
    assert other(f"/releases/{given['number']}")[0] == 404
    assert other("/releases", wanted)[0] == 403
    assert lists("/releases/begin", one) == (202, {"number": given["number"], "state": "releasing"})
    work(api.house)
    answer, file = lists.raw("POST", "/releases/file", json.dumps(one))
    assert (answer.status, answer.getheader("content-type")) == (200, "text/csv; charset=utf-8")
    assert b"Ann" in file
    assert b"Ben" not in file
    assert lists("/releases/file", one)[0] == 409
    assert lists("/releases", {**wanted, "list": "../keys/master.key"})[0] in {400, 404}
    assert lists("/releases", {**wanted, "list": "nothing.csv"})[0] == 404
    again = lists("/releases", wanted)[1]
    work(api.house)
    assert lists("/releases/discard", {"number": again["number"]})[1]["state"] == "discarded"


def test_a_mailer_gets_the_link_and_the_headers_with_which_one_click_stops_a_topic(running):
    api, _ = running
    mailer = Program(api.address, give(api.house, "mailer", ("links",), ("marketing.email",)))
    before = len(kept(api.house))
    status, said = mailer("/unsubscribe-links", {"email": PLANTED, "topic": "newsletter"})
    address = said["address"]
    assert (status, said["headers"]) == (201, {"List-Unsubscribe": f"<{address}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"})
    assert address.startswith("http://centre.localhost:8100/unsubscribe/")
    assert "planted" not in address
    _, what = links.opened(api.house.home, links.UNSUBSCRIBE, address.rpartition("/")[2], datetime.now(UTC))
    assert what == {"email": PLANTED, "topic": "newsletter"}
    assert len(kept(api.house)) == before
    for email, topic, refused in (("none", "newsletter", 400), (PLANTED, "newletter", 400), (PLANTED, "post", 403)):
        status, said = mailer("/unsubscribe-links", {"email": email, "topic": topic})
        assert (status, email in said["detail"]) == (refused, False)
    other = Program(api.address, give(api.house, "no-mailer", ("decide", "choices"), ("marketing",)))
    assert other("/unsubscribe-links", {"email": PLANTED, "topic": "newsletter"})[0] == 403


def kept(house):
    from upheld.ledger.queries import entries

    with house.record.reading() as conn:
        return list(entries(conn))


def test_a_key_opens_only_what_it_is_for(running):
    api, keys = running
    narrow = Program(api.address, keys["narrow"])
    assert narrow("/decide", about())[0] == 403
    assert narrow("/decide", {"purpose": "ordering.fulfil", "facts": {}})[0] == 200
    status, said = narrow("/choices", {"choices": [{"person": {"email": PLANTED}, "topic": "post", "says": "in", "how": "web"}]})
    assert (status, said["detail"]) == (403, "the key `letters` may not do this: it is for decide, not for choices")
    assert narrow("/requests/1")[0] == 403
    for wrong in ("", "upheld_1_wrong", "x" * 5000):
        status, said = Program(api.address, wrong)("/decide", about())
        assert (status, said["title"]) == (401, "no key")
    assert narrow("/decide", about(), Authorization=None)[0] == 401
    assert narrow("/decide", about(), Authorization=f"Basic {keys['narrow']}")[0] == 401
    assert Program(api.address, "none")("/requests/1")[0] == 401


def test_a_key_that_is_given_or_taken_back_counts_from_the_next_request(running):
    api, _ = running
    late = Program(api.address, give(api.house, "late"))
    assert late("/decide", about())[0] == 200
    with api.house.record.transaction() as tx:
        end(tx, "late", at=datetime.now(UTC), actor=STAFF)
    assert [late("/decide", about())[0], late("/choices/look-up", {"person": {"email": PLANTED}})[0]] == [401, 401]


@pytest.mark.parametrize("chunked", [False, True])
def test_whoever_sends_too_much_is_told_so_and_not_cut_off(ask, chunked):
    for _ in range(30):
        body = iter([b"x" * MOST_BYTES] * 8) if chunked else b"x" * (8 * MOST_BYTES)
        answer, read = ask.raw("POST", "/decide", body)
        assert (answer.status, json.loads(read)["title"]) == (413, "too long")


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "status"),
    [
        ("GET", "/decide", None, {}, 405),
        ("POST", "/nothing", "{}", {}, 404),
        ("POST", "/requests/1", "{}", {}, 405),
        ("GET", "/requests/one", None, {}, 404),
        ("GET", "/requests/99999999999999999999", None, {}, 404),
        ("POST", "/decide", "{}", {"Content-Type": "text/plain"}, 415),
        ("POST", "/decide", "{}", {"Content-Type": None}, 415),
        ("POST", "/decide", b"\xff\x00", {}, 400),
        ("POST", "/decide", '{"purpose": "x", "purpse": 1}', {}, 400),
        ("POST", "/decide", "[" * 100_000, {}, 400),
        ("POST", "/decide", "", {}, 400),
        ("POST", "/decide", b"x" * (MOST_BYTES + 1), {}, 413),
        (
            "POST",
            "/choices",
            '{"choices": [{"person": {"email": "a@shop.example"}, "topic": "pst", "says": "out", "how": "web"}]}',
            {},
            400,
        ),
        (
            "POST",
            "/choices",
            '{"choices": [{"person": {"email": "a@shop.example"}, "topic": "post", "says": "of", "how": "web"}]}',
            {},
            400,
        ),
    ],
)
def test_what_cannot_be_answered_is_refused_with_a_reason(ask, method, path, body, headers, status):
    answer, read = ask.raw(method, path, body, **headers)
    said = json.loads(read)
    assert (answer.status, said["status"], answer.getheader("content-type")) == (status, status, "application/problem+json")
    assert said["detail"]


def test_one_bad_choice_and_none_is_recorded(running, ask):
    good = {"person": {"email": "all.or.none@shop.example"}, "topic": "post", "says": "out", "how": "web"}
    assert ask("/choices", {"choices": [good, {**good, "topic": "nothing"}]})[0] == 400
    assert ask("/choices/look-up", {"person": good["person"]})[1]["people"] == []


def test_a_body_in_pieces_is_read_and_bounded(running, ask):
    def pieces(count, piece):
        yield b'{"purpose": "marketing.post", "facts": {}'
        for _ in range(count):
            yield piece
        yield b"}"

    assert ask.raw("POST", "/decide", pieces(1, b" "))[0].status == 200
    assert ask.raw("POST", "/decide", pieces(3, b" " * (MOST_BYTES // 2)))[0].status == 413


def test_many_at_once_get_each_their_own_answer(ask):
    people = [f"p{number}@shop.example" for number in range(120)]
    stopped = people[::3]
    choices = [{"person": {"email": one}, "topic": "post", "says": "out", "how": "web"} for one in stopped]
    assert ask("/choices", {"choices": choices})[0] == 201
    with ThreadPoolExecutor(16) as pool:
        told = list(pool.map(lambda one: ask("/decide", about(one))[1]["allowed"], people))
    assert told == [one not in stopped for one in people]


def test_a_program_that_goes_away_harms_nobody(running, ask):
    api, keys = running
    port = urlsplit(api.address).port
    for cut in (20, 200):
        with socket.create_connection(("127.0.0.1", port)) as one:
            sent = f"POST {ROOT}/decide HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer {keys['all']}\r\n"
            one.sendall((sent + "Content-Length: 500\r\n\r\n{").encode()[:-cut] or b"P")
    assert ask("/decide", about())[0] == 200


def test_nothing_of_a_person_is_written_to_the_log(running, ask):
    api, keys = running
    ask("/decide", about())
    ask("/decide", {"purpose": PLANTED, "person": POSTAL})
    ask.raw("POST", "/" + PLANTED, "{}")
    said = api.log.read_text()
    assert PLANTED not in said
    assert "Planted" not in said
    assert keys["all"] not in said


def test_it_says_whether_it_is_alive_and_what_it_is(ask):
    assert ask("/alive", Authorization=None) == (200, {"policy": "2026.1"})
    status, described = ask("/openapi.json", Authorization=None)
    assert (status, described["openapi"]) == (200, "3.1.0")
    assert ask.raw("HEAD", "/alive")[1] == b""


def found(*words):
    return subprocess.run(["pgrep", *words], capture_output=True, text=True, check=False).stdout.split()


def descendants(parents):
    """Processes that these started, and those that they started."""
    children = found("-P", ",".join(parents)) if parents else []
    return [*children, *(descendants(children) if children else [])]


def test_a_choice_that_was_acknowledged_survives_a_kill(tmp_path):
    told = {}

    def prepare(house):
        told["key"] = give(house, "web-shop")

    with served(tmp_path, "api", prepare) as api:
        program = Program(api.address, told["key"])
        done = 0
        for number in range(20):
            one = {"person": {"email": f"k{number}@shop.example"}, "topic": "post", "says": "out", "how": "web"}
            done += program("/choices", {"choices": [one]})[0] == 201
        everyone = descendants(found("-f", "--", f"--home {api.house.home.path} serve api"))
        assert len(everyone) >= 2
        subprocess.run(["kill", f"-{int(signal.SIGKILL)}", *everyone], check=False)
        with api.house.record.reading() as conn:
            assert len(conn.execute(CHOICE.select()).all()) == done == 20
