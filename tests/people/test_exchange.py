"""Scrubbing a list that its holder may not send, with the real protocol: the right rows are found, and nothing else is told."""

from __future__ import annotations

import json

import pytest

from tests.houses import CLERK, NOW
from upheld.errors import Invalid, Refused
from upheld.ledger.queries import entries
from upheld.people import exchange
from upheld.people.codes import Keys
from upheld.people.identifiers import Email, Postal

OUT = [
    [Email("jane@example.com")],
    [Postal("Robert", "Garcia Lopez", "12 N Maple Ave Apt 4", "02139")],
    *[[Email(f"nobody{at}@example.com")] for at in range(200)],
]
ROWS = [
    [Email("Jane@Example.com")],
    [Email("ann@example.com"), Postal("Ann", "Lee", "7 Oak St", "60601")],
    [Postal("Bob", "Lopez", "12 Maple Avenue", "2139")],
    [],
    [Email("jane@example.com"), Postal("Jane", "Doe", "9 Elm St", "94103")],
]


def codes(house, rows, campaign="fall-catalogue"):
    keys = Keys(exchange.code_keys(house.home.key, "northlist", campaign))
    return [exchange.codes_of(row, keys) for row in rows]


def set_up(house, most=1_000, campaign="fall-catalogue"):
    out = [code for row in codes(house, OUT, campaign) for code in row]
    with house.record.transaction() as tx:
        return exchange.set_up(tx, house.home, out, "northlist", campaign, most, NOW, CLERK)


def name(house, campaign="fall-catalogue"):
    return exchange.name_of(house.home.key, "northlist", campaign)


def answer(house, request, campaign="fall-catalogue"):
    with house.record.transaction() as tx:
        return exchange.answer(tx, house.home, request, "northlist", campaign, NOW, CLERK)


def test_the_mailing_house_learns_which_of_its_rows_must_go_and_we_learn_how_many_it_asked_about(house):
    ready, theirs = set_up(house), codes(house, ROWS)
    request, secret = exchange.ask(theirs, name(house))
    answered = answer(house, request)
    assert exchange.learn(theirs, ready, answered, secret) == (0, 2, 4)
    with house.record.reading() as conn:
        (made,) = entries(conn, kind=exchange.SET_UP)
        (told,) = entries(conn, kind=exchange.ANSWERED)
    out = len(frozenset().union(*codes(house, OUT)))
    assert made.body == {"recipient": "northlist", "campaign": "fall-catalogue", "codes": out, "most": 1_000}
    assert told.body == {"recipient": "northlist", "campaign": "fall-catalogue", "codes": len(frozenset().union(*theirs))}


def test_no_file_that_changes_hands_holds_a_code(house):
    theirs = codes(house, ROWS)
    request, secret = exchange.ask(theirs, name(house))
    files = [set_up(house), request, answer(house, request)]
    opened = [exchange._unpack(kind, file)[1] for kind, file in zip(("set-up", "request", "answer"), files, strict=True)]
    for code in frozenset().union(*theirs, *codes(house, OUT)):
        for content in (*files, *opened):
            assert f"{code:016x}".encode() not in content
            assert code.to_bytes(8, "big") not in content
            assert code.to_bytes(8, "little") not in content
    other, _ = exchange.ask(theirs, name(house))
    assert exchange._unpack("request", other)[1] != opened[1]
    assert secret[32:] not in b"".join(opened)


def test_a_mailing_house_cannot_ask_about_everybody(house):
    theirs = codes(house, ROWS)
    request, _ = exchange.ask(theirs, name(house))
    with pytest.raises(Refused, match="no exchange `fall-catalogue` was set up"):
        answer(house, request)
    set_up(house, most=2 * len(frozenset().union(*theirs)) - 1)
    answer(house, request)
    with pytest.raises(Refused, match="may ask about"):
        answer(house, request)
    with house.record.reading() as conn:
        assert len(list(entries(conn, kind=exchange.ANSWERED))) == 1


def test_codes_of_one_campaign_mean_nothing_in_another(house):
    assert not set(codes(house, ROWS)[0]) & set(codes(house, ROWS, "spring")[0])
    ready, theirs = set_up(house), codes(house, ROWS, "spring")
    request, secret = exchange.ask(theirs, name(house, "spring"))
    with pytest.raises(Invalid, match="keys of another exchange than `fall-catalogue`"):
        answer(house, request)
    set_up(house, campaign="spring")
    with pytest.raises(Invalid, match="the set-up is of another exchange"):
        exchange.learn(theirs, ready, answer(house, request, "spring"), secret)


def test_an_answer_to_another_request_of_as_many_codes_lets_nobody_stay(house):
    ready, theirs = set_up(house), codes(house, ROWS)
    first, second = (exchange.ask(theirs, name(house)) for _ in range(2))
    with pytest.raises(Invalid, match="belongs to another request"):
        exchange.learn(theirs, ready, answer(house, first[0]), second[1])


def test_bad_files_are_refused_with_words(house):
    theirs = codes(house, ROWS)
    request, secret = exchange.ask(theirs, name(house))
    ready = set_up(house)
    answered = answer(house, request)
    for bad in (b"", b"{}\nx", ready, request[:40], request[:-20], json.dumps({"upheld": "exchange/request/v1"}).encode()):
        with pytest.raises(Invalid, match=r"no request|damaged"):
            answer(house, bad)
    with pytest.raises(Invalid, match="another version"):
        answer(house, request.replace(b"norm/v1", b"norm/v0"))
    with pytest.raises(Invalid, match="another request"):
        exchange.learn(theirs[:1], ready, answered, secret)
    with pytest.raises(Invalid, match="cannot be read with this secret"):
        exchange.learn(theirs, ready, answered, secret[:32])
    with pytest.raises(Invalid, match="no row can be read"):
        exchange.ask([frozenset()], name(house))
    with pytest.raises(Invalid, match="nobody is opted out"), house.record.transaction() as tx:
        exchange.set_up(tx, house.home, [], "northlist", "spring", 10, NOW, CLERK)
    with pytest.raises(Invalid, match="say how many"), house.record.transaction() as tx:
        exchange.set_up(tx, house.home, [1], "northlist", "spring", 0, NOW, CLERK)
