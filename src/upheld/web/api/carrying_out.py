"""What changes the record, or looks into it, for a program: each is one call of an action or a query, in one transaction."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import Connection

from upheld.access.queries import Key
from upheld.choices import queries as choices
from upheld.choices.actions import Said, record_many
from upheld.errors import Invalid
from upheld.gate.asking import demand_readable
from upheld.messages import links
from upheld.people import queries as people
from upheld.people.identifiers import Email
from upheld.policy.behaviour import stopped_by
from upheld.policy.compiled import undeclared
from upheld.postings.queries import in_force
from upheld.record import Actor
from upheld.requests import queries as requests
from upheld.requests.actions import Asked, receive
from upheld.web.api.messages import (
    AllRecorded,
    Choices,
    Choosing,
    Leaving,
    MailHeaders,
    Place,
    Received,
    Recorded,
    Removal,
    RequestState,
    UnsubscribeLink,
    Whom,
)
from upheld.web.surroundings import Surroundings

Doing = Callable[[Surroundings, Key, Any], object]
"""Does what a route says, for the holder of a key; returns what is answered."""


def actor(key: Key) -> Actor:
    """Who acts, as the ledger names them."""
    return Actor(f"program {key.name}", None)


def record(around: Surroundings, key: Key, sent: Choices) -> AllRecorded:
    """Record choices, all or none."""
    now = around.now()
    with around.writing() as (tx, posted):
        said = [
            Said(one.person.identifiers(), one.topic, one.says, one.at or now, one.how, one.words, posted.version) for one in sent.choices
        ]
        done = record_many(tx, around.keeper, said, posted.policy.vocabulary.topics, at=now, actor=actor(key))
    return AllRecorded([Recorded(list(one.choices), list(one.people)) for one in done])


def choosing(around: Surroundings, _: Key, sent: Whom) -> Choosing:
    """What somebody chose."""
    now, identifiers = around.now(), sent.person.identifiers()
    with around.reading() as (conn, posted):
        demand_readable(identifiers, around.keeper.keys)
        found = people.find(conn, around.keeper.keys, identifiers)
        standings = choices.standings_of(conn, found, posted.policy.vocabulary.topics, choices.AsOf(today=now))
    return Choosing([dict(standings[person].choices) for person in sorted(standings)])


def remove(around: Surroundings, key: Key, sent: Removal) -> Received:
    """Take in a removal request: it holds from now on."""
    now = around.now()
    asked = Asked(
        sent.held(),
        sent.how,
        sent.at or now,
        tuple(sent.topics),
        sent.region,
        sent.words,
        f"{key.name}:{sent.reference}" if sent.reference else None,
        phone_region=sent.person.phone_region,
    )
    with around.writing() as (tx, posted):
        done = receive(tx, around.keeper, asked, posted, at=now, actor=actor(key))
    centre = around.home.setting("web", "centre").rstrip("/")
    track = f"{centre}/track/{done.token}" if done.token else None
    return Received(done.request, done.state, done.due_at, done.words, done.again, track)


def unsubscribe_link(around: Surroundings, key: Key, sent: Leaving) -> UnsubscribeLink:
    """The link with which an address leaves a topic; nothing is kept for it. `Refused` to a key that is for nothing the topic stops."""
    now = around.now()
    with around.reading() as (_conn, posted):
        policy = posted.policy
    demand_readable((Email(sent.email),), around.keeper.keys)
    if sent.topic not in policy.vocabulary.topics:
        raise Invalid(undeclared("topic", sent.topic, policy.vocabulary.topics))
    stopped = stopped_by(policy, sent.topic)
    if stopped and not any(map(key.reaches, stopped)):
        key.demand_purpose(stopped[0])
    centre = around.home.setting("web", "centre").rstrip("/")
    address = f"{centre}/unsubscribe/{links.unsubscribe(around.home, sent.email, sent.topic, now)}"
    return UnsubscribeLink(address, MailHeaders(f"<{address}>", "List-Unsubscribe=One-Click"))


def request_state(around: Surroundings, _: Key, number: int) -> RequestState:
    """How a request stands: places and words, never a value."""
    with around.record.reading() as conn:
        whole = requests.whole(conn, number)
    one = whole.request
    places = [Place(place.system, place.place, place.state, place.rows, place.clause, place.reason) for place in whole.places]
    return RequestState(one.id, one.state, list(one.topics), one.received_at, one.due_at, places)


def version_in_force(conn: Connection, around: Surroundings) -> str:
    """The version of the policy in force. `NotFound` if none is."""
    return in_force(conn, around.now()).version
