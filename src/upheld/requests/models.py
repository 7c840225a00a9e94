"""The tables of requests. What people gave, and the keys of their rows elsewhere, lie sealed under the person's own key."""

from __future__ import annotations

from sqlalchemy import JSON, Boolean, Column, Float, ForeignKey, Index, Integer, LargeBinary, String, Table, UniqueConstraint

from upheld.people.models import NUMBER
from upheld.record import METADATA, Time
from upheld.record.growing import only_grows

REQUEST = Table(
    "request",
    METADATA,
    Column("id", NUMBER, primary_key=True, autoincrement=False),  # 1, 2, 3 …
    Column("right", String, nullable=False),
    Column("state", String, nullable=False),  # states.MOVES
    Column("channel", String, nullable=False),
    Column("region", String),
    Column("topics", JSON, nullable=False),
    Column("received_at", Time, nullable=False),  # the first moment at which anybody of ours had it: clocks run from here
    Column("recorded_at", Time, nullable=False),
    Column("desk", String),
    Column("policy_version", String, nullable=False),
    Column("person", NUMBER, nullable=False),  # whose key seals; minus the request's own number as long as nobody is named
    Column("given", LargeBinary, nullable=False),
    Column("parts", JSON, nullable=False),  # which parts were given, without their values
    Column("due_at", Time),  # the earliest of its clocks
    Column("track", String(64), nullable=False, unique=True),  # SHA-256 of the tracking token
    Column("reference", String(64), unique=True),  # SHA-256 of what names the message or row it came in, so that none counts twice
    Column("confirmation", String),  # what the person was told at the end; no values
    Index("request_state", "state"),
)

REQUEST_MOVE = only_grows(
    Table(
        "request_move",
        METADATA,
        Column("id", NUMBER, primary_key=True, autoincrement=False),
        Column("request", NUMBER, ForeignKey("request.id"), nullable=False, index=True),
        Column("state", String, nullable=False),
        Column("at", Time, nullable=False),
    )
)

REQUEST_PERSON = Table(
    "request_person",
    METADATA,
    Column("request", NUMBER, ForeignKey("request.id"), primary_key=True, autoincrement=False),
    Column("person", NUMBER, primary_key=True, autoincrement=False, index=True),
)

REQUEST_CLOCK = Table(
    "request_clock",
    METADATA,
    Column("request", NUMBER, ForeignKey("request.id"), primary_key=True, autoincrement=False),
    Column("source", String, primary_key=True),  # the clause or duty that sets it
    Column("due_at", Time, nullable=False),
    Column("says", String, nullable=False),
    Column("confirmed", Boolean, nullable=False),  # a lawyer, or the policy itself, stands behind it
)

REQUEST_RECORD = Table(
    "request_record",
    METADATA,
    Column("id", NUMBER, primary_key=True, autoincrement=False),
    Column("request", NUMBER, ForeignKey("request.id"), nullable=False, index=True),
    Column("system", String, nullable=False),
    Column("place", String, nullable=False),  # the table
    Column("key", LargeBinary, nullable=False),  # sealed
    Column("verdict", String, nullable=False),  # same, to review
    Column("weight", Float, nullable=False),  # bits
    Column("evidence", JSON, nullable=False),  # [of, words, bits] each: words, no values
    Column("weights", String, nullable=False),  # the version of the weights that judged
    Column("found_at", Time, nullable=False),
    Column("decided", String),  # by an agent: include, not this person, ask
    Column("decided_at", Time),
    Column("stopped_at", Time),
)

REQUEST_DOUBT = Table(
    "request_doubt",
    METADATA,
    Column("record", NUMBER, ForeignKey("request_record.id"), primary_key=True, autoincrement=False),
    Column("row", String(64), nullable=False),  # a keyed hash of system, table and key: by it a sweep knows a row that it must leave alone
)

REQUEST_PLACE = Table(
    "request_place",
    METADATA,
    Column("request", NUMBER, ForeignKey("request.id"), primary_key=True, autoincrement=False),
    Column("system", String, primary_key=True),
    Column("place", String, primary_key=True),
    Column("state", String, nullable=False),  # stopped, kept, failed, nothing found
    Column("rows", Integer, nullable=False),
    Column("clause", String),
    Column("reason", String),
    Column("at", Time, nullable=False),  # of the proof
)

REQUEST_TOLD = Table(
    "request_told",
    METADATA,
    Column("id", NUMBER, primary_key=True, autoincrement=False),
    Column("request", NUMBER, ForeignKey("request.id"), nullable=False, index=True),
    Column("recipient", String, nullable=False),
    Column("releases", JSON, nullable=False),
    Column("told_at", Time),
    Column("reminded_at", Time),
    Column("acknowledged_at", Time),
    UniqueConstraint("request", "recipient"),
)

REQUEST_ANSWER = only_grows(
    Table(
        "request_answer",
        METADATA,
        Column("id", NUMBER, primary_key=True, autoincrement=False),
        Column("request", NUMBER, ForeignKey("request.id"), nullable=False, index=True),
        Column("recipient", String, nullable=False),
        Column("says", String, nullable=False),  # actions.ANSWERS
        Column("at", Time, nullable=False),
        Column("by", String, nullable=False),
    )
)

REQUEST_LABEL = only_grows(
    Table(
        "request_label",
        METADATA,
        Column("id", NUMBER, primary_key=True, autoincrement=False),
        Column("request", NUMBER, ForeignKey("request.id"), nullable=False, index=True),
        Column("record", NUMBER, ForeignKey("request_record.id"), nullable=False),
        Column("decision", String, nullable=False),  # actions.DECISIONS
        Column("weight", Float, nullable=False),  # as it stood before the eyes of who decided
        Column("evidence", JSON, nullable=False),
        Column("weights", String, nullable=False),
        Column("at", Time, nullable=False),
        Column("by", String, nullable=False),
    )
)

LINK_DECISION = only_grows(
    Table(
        "link_decision",
        METADATA,
        Column("id", NUMBER, primary_key=True, autoincrement=False),
        Column("one", String(64), nullable=False),  # finding.row_code of each, the smaller first: a keyed hash
        Column("other", String(64), nullable=False),
        Column("same", Boolean, nullable=False),  # one person's; the last decision about a pair counts
        Column("weight", Float, nullable=False),  # as it stood before the eyes of who decided
        Column("evidence", JSON, nullable=False),  # [of, words, bits] each: words, no values
        Column("weights", String, nullable=False),
        Column("at", Time, nullable=False),
        Column("by", String, nullable=False),
    )
)

REQUEST_NOTE = only_grows(
    Table(
        "request_note",
        METADATA,
        Column("id", NUMBER, primary_key=True, autoincrement=False),
        Column("request", NUMBER, ForeignKey("request.id"), nullable=False, index=True),
        Column("at", Time, nullable=False),
        Column("by", String, nullable=False),
        Column("text", LargeBinary, nullable=False),  # sealed under a key of the request's own (notes.PEOPLE)
    )
)

REQUEST_MESSAGE = Table(
    "request_message",
    METADATA,
    Column("request", NUMBER, ForeignKey("request.id"), primary_key=True, autoincrement=False),
    Column("words", LargeBinary, nullable=False),  # the message's own, sealed under the draft's key; the row goes when the draft is used
    Column("marks", JSON, nullable=False),  # what an agent must look at; words of ours, no values
    Column("recorded_at", Time, nullable=False),
)

VISITOR_SIGNAL = Table(
    "visitor_signal",
    METADATA,
    Column("visitor", String(64), primary_key=True),  # a keyed hash of the mark that the site knows the visit by
    Column("signal", String, nullable=False),  # the header
    Column("at", Time, nullable=False),  # when it was first seen
)

PASSKEY = Table(
    "passkey",
    METADATA,
    Column("id", NUMBER, primary_key=True, autoincrement=False),
    Column("credential", String(64), nullable=False, unique=True),  # SHA-256 of the credential's id
    Column("key", LargeBinary, nullable=False),  # the public key, as the device gave it
    Column("person", NUMBER, nullable=False, index=True),
    Column("given", LargeBinary, nullable=False),  # the proven address, sealed under the person
    Column("uses", NUMBER, nullable=False),  # the device's own counter: a copy of the device gives itself away by it
    Column("added_at", Time, nullable=False),
    Column("used_at", Time),
)

CORRECTION = Table(
    "correction",
    METADATA,
    Column("id", NUMBER, primary_key=True, autoincrement=False),
    Column("person", NUMBER, nullable=False, index=True),
    Column("given", LargeBinary, nullable=False),  # the proven address and what should stand there, sealed under the person
    Column("system", String, nullable=False),
    Column("place", String, nullable=False),  # the table
    Column("part", String, nullable=False),
    Column("asked_at", Time, nullable=False),
    Column("done_at", Time),
    Column("rows", Integer),  # how many were written and read back
)
