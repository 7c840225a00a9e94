"""What came of many requests, held against the truth: who was stopped rightly and wrongly, who was shown, what an agent had to look at."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from benches.customers import Asker, World

STRANGERS = frozenset({"relative", "stranger", "namesake"})


@dataclass
class Answer:
    """What a matcher says of one request: numbers of records to stop, to review, and to show without a look."""

    stop: Collection[int]
    review: Collection[int] = ()
    show: Collection[int] = ()


@dataclass
class Account:
    """The figures of one matcher over all requests."""

    requests: int = 0
    right: int = 0
    returned: int = 0
    met: int = 0
    met_after: int = 0
    direct: int = 0
    wrong: int = 0
    wrong_namesake: int = 0
    strangers: int = 0
    strangers_hit: int = 0
    reviewed: int = 0
    reviewed_right: int = 0
    reviewed_requests: int = 0
    shown: int = 0
    shown_right: int = 0
    faults: list[tuple[int, int, str]] = field(default_factory=list)

    @property
    def precision(self) -> float:
        """Of the records stopped, the share that was meant."""
        return self.right / max(self.returned, 1)

    @property
    def recall(self) -> float:
        """Of the records that bear the address or e-mail given, the share stopped without an agent."""
        return self.met / max(self.direct, 1)

    @property
    def after(self) -> float:
        """The same, with those that a right agent includes."""
        return self.met_after / max(self.direct, 1)

    @property
    def f(self) -> float:
        """The harmonic mean of precision and recall, before review."""
        return 2 * self.precision * self.recall / max(self.precision + self.recall, 1e-9)


class Truth:
    """Which records each request truly means."""

    def __init__(self, made: World) -> None:
        self.rows = made.rows
        self.people = {one.id: one for one in made.people}
        self._of: dict[int, list[int]] = {}
        self._mail: dict[str, list[int]] = {}
        for number, row in enumerate(made.rows):
            self._of.setdefault(row.person, []).append(number)
            if row.mail:
                self._mail.setdefault(row.mail, []).append(number)

    def direct(self, asker: Asker) -> set[int]:
        """The person's records at the address given, and everybody's with the very e-mail given."""
        own = {number for number in self._of.get(asker.person, ()) if self.rows[number].at == asker.at}
        return own | set(self._mail.get(asker.mail, ()) if asker.mail else ())

    def all_of(self, asker: Asker) -> set[int]:
        """All the person's records."""
        return set(self._of.get(asker.person, ()))

    def namesakes(self, asker: Asker, number: int) -> bool:
        """Whether the record is of the father or son who bears the asker's name at the asker's address."""
        one, other = self.people.get(asker.person), self.people.get(self.rows[number].person)
        return bool(one and other and one.household == other.household and one.kind == other.kind == "same name")


def account(truth: Truth, askers: Sequence[Asker], answers: Mapping[int, Answer] | Sequence[Answer]) -> Account:
    """The figures of all requests together."""
    made = Account(requests=len(askers))
    for at, asker in enumerate(askers):
        answer = answers[at]
        stop, review = set(answer.stop), set(answer.review)
        direct = truth.direct(asker)
        right = direct | truth.all_of(asker)
        made.returned += len(stop)
        made.right += len(stop & right)
        made.direct += len(direct)
        made.met += len(stop & direct)
        made.met_after += len((stop | review) & direct)
        wrong = stop - right
        apart = {number for number in wrong if truth.namesakes(asker, number)}
        made.wrong += bool(wrong - apart)
        made.wrong_namesake += bool(apart) and not wrong - apart
        made.strangers += asker.kind in STRANGERS
        made.strangers_hit += asker.kind in STRANGERS and bool(wrong)
        made.reviewed += len(review)
        made.reviewed_right += len(review & right)
        made.reviewed_requests += bool(review)
        made.shown += len(answer.show)
        made.shown_right += len(set(answer.show) & truth.all_of(asker))
        made.faults += [(at, number, "wrong") for number in wrong - apart] + [(at, number, "missed") for number in direct - stop]
        made.faults += [(at, number, "shown") for number in set(answer.show) - truth.all_of(asker)]
    return made
