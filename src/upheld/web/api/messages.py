"""What programs send and what they are answered: the types read, check and describe the JSON. What a type does not name is refused."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta, Struct

from upheld.choices.actions import How
from upheld.errors import Invalid
from upheld.gate.asking import Question as Asked
from upheld.people.held import Held
from upheld.people.identifiers import Account, Email, Identifier, Phone, Postal
from upheld.policy.uses import Choice, Decision, Standing

Word = Annotated[str, Meta(max_length=80)]
Text = Annotated[str, Meta(max_length=400)]
Words = Annotated[list[Word], Meta(max_length=100)]
Counted = Annotated[int, Meta(ge=1, le=2**53 - 1)]
Years = Annotated[int, Meta(ge=0, le=150)]
Moment = Annotated[datetime, Meta(tz=True)]


class Person(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """Whom is meant: an e-mail address, or first and last name with address and zip, or a telephone number, or an account."""

    email: Text | None = None
    first: Text | None = None
    last: Text | None = None
    address: Text | None = None
    zip: Text | None = None
    phone: Text | None = None
    account: Text | None = None
    phone_region: Annotated[str, Meta(pattern="^[A-Z]{2}$", description="Country of a number that names none.")] = "US"

    def identifiers(self) -> tuple[Identifier, ...]:
        """Everything that can name the person. `Invalid` for a name without its address, or nothing."""
        found: list[Identifier] = []
        if self.email is not None:
            found.append(Email(self.email))
        if self.first is not None or self.last is not None or self.address is not None or self.zip is not None:
            if not (self.first and self.last and self.address and self.zip):
                raise Invalid("a name counts only with its address: give `first`, `last`, `address` and `zip` together")
            found.append(Postal(self.first, self.last, self.address, self.zip))
        if self.phone is not None:
            found.append(Phone(self.phone, self.phone_region))
        if self.account is not None:
            found.append(Account(self.account))
        if not found:
            raise Invalid("say whom you mean: `email`; or `first`, `last`, `address` and `zip`; or `phone`; or `account`")
        return tuple(found)


class Facts(Struct, frozen=True, forbid_unknown_fields=True):
    """Of a person who is not to be looked up: what is known. What is not said is unknown, and what is unknown never helps."""

    choices: Annotated[dict[Word, Choice], Meta(max_length=100)] = {}
    nothing_else_chosen: Annotated[bool, Meta(description="On topics that `choices` does not name, nothing was chosen.")] = False
    region: Word | None = None
    age: Years | None = None
    since: Annotated[dict[Word, Word], Meta(max_length=100, description="Per source, the version its items stand under.")] = {}


class Question(Struct, frozen=True, forbid_unknown_fields=True):
    """May this be done? Of somebody in the record (`person`), or of whom the facts are given (`facts`): one of the two."""

    purpose: Word
    person: Person | None = None
    facts: Facts | None = None
    to: Annotated[str, Meta(max_length=80, description="`ourselves`, `the person`, or a registered recipient.")] = "ourselves"
    items: Annotated[list[Word], Meta(max_length=100, description="Shown one by one; none: all that the purpose may use.")] = []
    totals: Annotated[list[Word], Meta(max_length=100, description="Shown as totals only.")] = []
    people: Annotated[int, Meta(ge=1, le=2**53 - 1, description="How many people the totals cover at least.")] | None = None
    chosen_by: Words = []
    region: Word | None = None
    age: Years | None = None
    served: Annotated[bool, Meta(description="Whether the recipient serves this person.")] | None = None
    asked_by: Annotated[str, Meta(max_length=80, description="The staff role that asks, if staff does.")] | None = None

    def asked(self) -> Asked:
        """The question in the gate's words."""
        return Asked(
            self.purpose,
            self.to,
            tuple(self.items),
            tuple(self.totals),
            self.people,
            tuple(self.chosen_by),
            self.region,
            self.age,
            self.served,
            self.asked_by,
        )

    def standing(self, topics: tuple[str, ...]) -> Standing | None:
        """The standing that the facts make; None if a person is to be looked up. `Invalid` unless exactly one of the two is given."""
        facts = self.facts
        if (facts is None) == (self.person is None):
            raise Invalid("say of whom: give `person` to look somebody up, or `facts` about somebody, and not both")
        if facts is None:
            return None
        rest: dict[str, Choice] = dict.fromkeys(topics, "unset") if facts.nothing_else_chosen else {}
        return Standing(rest | facts.choices, facts.region, facts.age, self.served, facts.since)


class Questions(Struct, frozen=True, forbid_unknown_fields=True):
    """Up to a thousand questions, answered of one state of the record."""

    questions: Annotated[list[Question], Meta(min_length=1, max_length=1000)]


class Answer(Struct, frozen=True):
    """The decision with everything it rests on. `known`: whether the record knows the person; null if facts were given."""

    allowed: bool
    known: bool | None
    decision: Decision


class Problem(Struct, frozen=True):
    """Why there is no answer (RFC 9457): `detail` says what to do, and never what was given."""

    title: str
    status: Annotated[int, Meta(ge=400, le=599)]
    detail: str


class Tried(Struct, frozen=True):
    """What became of one question of a batch: its answer, or why there is none. The others are answered all the same."""

    answer: Answer | None = None
    problem: Problem | None = None


class Answers(Struct, frozen=True):
    """One for each question, in their order."""

    answers: list[Tried]


class Chosen(Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody chose, as the program heard it."""

    person: Person
    topic: Word
    says: Literal["in", "out"]
    how: How
    at: Annotated[Moment, Meta(description="When the person said it; else now.")] | None = None
    words: Annotated[str, Meta(max_length=4000, description="The words shown.")] | None = None


class Choices(Struct, frozen=True, forbid_unknown_fields=True):
    """Up to a thousand choices, recorded all or none. Sending the same again does no harm: it is one more event of the same content."""

    choices: Annotated[list[Chosen], Meta(min_length=1, max_length=1000)]


class Recorded(Struct, frozen=True):
    """The numbers of the choices, and of the people whom they hold for."""

    choices: list[int]
    people: list[int]


class AllRecorded(Struct, frozen=True):
    """For each choice, in their order. All hold for the very next decision."""

    recorded: list[Recorded]


class Whom(Struct, frozen=True, forbid_unknown_fields=True):
    """Of whom the choices are wanted."""

    person: Person


class Choosing(Struct, frozen=True):
    """What somebody chose, by topic: of everybody whom the identifiers mean, each once. Empty: the record knows nobody of them."""

    people: list[dict[str, Choice]]


class Removal(Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody wants to be taken off lists. What was given may be too little: the answer then says what is missing."""

    person: Person
    how: How
    topics: Annotated[list[Word], Meta(max_length=100, description="None: everything that the policy lets people stop.")] = []
    region: Word | None = None
    at: Annotated[Moment, Meta(description="When it was asked; else now.")] | None = None
    words: Annotated[str, Meta(max_length=4000)] | None = None
    reference: Annotated[str, Meta(max_length=200, description="Your name for it: the same again is the same request.")] | None = None

    def held(self) -> Held:
        """What was given."""
        one = self.person
        return Held(email=one.email, first=one.first, last=one.last, address=one.address, zip=one.zip, phone=one.phone, account=one.account)


class Received(Struct, frozen=True):
    """What became of it. `track` is the person's own link, and is given once; null if the request was there already (`again`)."""

    request: int
    state: str
    due_at: datetime | None
    words: str
    again: bool
    track: str | None


class Place(Struct, frozen=True):
    """One place where records of the person lie, or were sent: what became of them there."""

    system: str
    place: str
    state: str
    rows: int
    clause: str | None
    reason: str | None


class RequestState(Struct, frozen=True):
    """How a request stands."""

    request: int
    state: str
    topics: list[str]
    received_at: datetime
    due_at: datetime | None
    places: list[Place]


class Leaving(Struct, frozen=True, forbid_unknown_fields=True):
    """Whose link is wanted, and which topic it stops."""

    email: Text
    topic: Word


class MailHeaders(Struct, frozen=True, rename={"list_unsubscribe": "List-Unsubscribe", "list_unsubscribe_post": "List-Unsubscribe-Post"}):
    """The two headers of a message, as RFC 8058 wants them; its DKIM signature must cover both."""

    list_unsubscribe: str
    list_unsubscribe_post: str


class UnsubscribeLink(Struct, frozen=True):
    """A link that stops one topic for one address with one click, good for ever. `address` is for the last line of the message."""

    address: str
    headers: MailHeaders


class Wanted(Struct, frozen=True, forbid_unknown_fields=True):
    """A list that lies in the folder `inbox` of the home, and what is to be done with it. Nothing leaves by this alone: it is looked at."""

    list: Annotated[str, Meta(min_length=1, max_length=120, description="The file's name in the folder `inbox`.")]
    purpose: Word
    to: Annotated[str, Meta(max_length=80)] = "ourselves"
    items: Words = []
    totals: Words = []
    people: Counted | None = None
    chosen_by: Words = []
    columns: Annotated[dict[Text, Text], Meta(max_length=200, description="What columns are, where their names do not say it.")] = {}
    source: Word | None = None


class Numbered(Struct, frozen=True, forbid_unknown_fields=True):
    """A list that was given before, by its number."""

    number: Counted


class Given(Struct, frozen=True):
    """The number under which a list is looked at, and released; how far it is."""

    number: int
    state: str


class RefusedRows(Struct, frozen=True):
    """So many rows refused by one clause; null: no clause speaks of such a use."""

    clause: str | None
    because: str
    change: str
    rows: int


class LookedAt(Struct, frozen=True):
    """What may leave of a list, and why the rest may not: read = released + refused + rejected."""

    read: int
    released: int
    refused: int
    rejected: int
    refusals: list[RefusedRows]
    notes: list[str]


class ListState(Struct, frozen=True):
    """How far a list is. `release`: the number of the release once it left; `reason`: why it could not be read or left."""

    number: int
    state: str
    purpose: str
    to: str
    release: int | None
    reason: str | None
    looked: LookedAt | None


class Alive(Struct, frozen=True):
    """The process answers. `policy`: the version in force, null if none is."""

    policy: str | None
