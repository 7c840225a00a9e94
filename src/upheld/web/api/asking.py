"""Decisions, for all programs that wait at once: one look at the record answers them all, each with the key that was shown for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import msgspec
from sqlalchemy import Connection

from upheld.access.actions import SECRET
from upheld.access.queries import Key, Keyring, register
from upheld.errors import No
from upheld.gate.ready import Asking, Found, Ready
from upheld.policy.uses import Decision
from upheld.web.api.messages import Answer, Answers, Question, Questions, Tried
from upheld.web.api.replies import JSON, Reply, Unknown, answer, misread, problem_of, refusal
from upheld.web.surroundings import Surroundings

MOST_KEPT: Final = 20_000  # answers in JSON; there are few different ones
NO_KEY: Final = "show a key that is in force: `Authorization: Bearer upheld_…`; `upheld keys add` gives one out"


class Call(NamedTuple):
    """What came in: the key shown, the body, and whether it holds many questions."""

    key: str
    body: bytes
    many: bool


class Decider:
    """Answers the decisions of one process. Not for several threads at once."""

    def __init__(self, around: Surroundings) -> None:
        self._around = around
        self._ready = Ready(around.keeper.keys)
        self._secret = around.home.key(SECRET)
        self._keyring: Keyring | None = None
        self._one = msgspec.json.Decoder(Question)
        self._some = msgspec.json.Decoder(Questions)
        self._said: dict[tuple[int, bool | None], tuple[Decision, bytes]] = {}

    def answer(self, calls: Sequence[Call]) -> list[Reply]:
        """A reply to each call. What was recorded before this began is honoured in all of them."""
        try:
            with self._around.record.reading() as conn:
                return self._answer(conn, calls)
        except No as no:  # the record itself says no: nobody gets an answer
            return [refusal(no)] * len(calls)

    def _answer(self, conn: Connection, calls: Sequence[Call]) -> list[Reply]:
        at = self._around.now()
        news = self._ready.refresh(conn, at)
        if self._keyring is None or news is None or any(kind.startswith("key.") for kind in news):
            self._keyring = Keyring(self._secret, register(conn))
        asked: list[Asking] = []
        read = [self._read(call, self._keyring, asked) for call in calls]
        found = self._ready.answers(conn, asked, at)
        return [self._reply(call, one, found) for call, one in zip(calls, read, strict=True)]

    def _read(self, call: Call, keyring: Keyring, asked: list[Asking]) -> list[int | No] | Reply:
        """For each question its place in `asked`, or why it is not asked; a reply if nothing of the call can be."""
        key = keyring.whose(call.key)
        if key is None:
            return refusal(Unknown(NO_KEY))
        try:
            key.demand("decide")
            questions = self._some.decode(call.body).questions if call.many else [self._one.decode(call.body)]
        except No as no:
            return refusal(no)
        except msgspec.DecodeError as error:
            return refusal(misread(error))
        return [self._put(key, question, asked) for question in questions]

    def _put(self, key: Key, question: Question, asked: list[Asking]) -> int | No:
        try:
            key.demand_purpose(question.purpose)
            standing = question.standing(self._ready.topics)
            asked.append(Asking(question.asked(), question.person.identifiers() if question.person else (), standing))
        except No as no:
            return no
        return len(asked) - 1

    def _reply(self, call: Call, read: list[int | No] | Reply, found: list[Found | No]) -> Reply:
        if isinstance(read, Reply):
            return read
        told = [found[one] if isinstance(one, int) else one for one in read]
        if call.many:
            parts = [
                Tried(Answer(one.decision.allowed, one.known, one.decision)) if isinstance(one, Found) else Tried(None, problem_of(one))
                for one in told
            ]
            return answer(Answers(parts))
        (only,) = told
        return Reply(200, JSON, self._in_json(only)) if isinstance(only, Found) else refusal(only)

    def _in_json(self, found: Found) -> bytes:
        """The answer in JSON; the same decision was often said before."""
        decision = found.decision
        said = self._said.get((id(decision), found.known))
        if said is None:
            if len(self._said) >= MOST_KEPT:
                self._said.clear()
            said = (decision, msgspec.json.encode(Answer(decision.allowed, found.known, decision)))
            self._said[id(decision), found.known] = said  # the decision is kept with it, so its number stays its own
        return said[1]
