"""The fast form of a policy: a row for each use, a code for each standing, and the outcome for both."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence

from upheld.policy.candidates import Candidates
from upheld.policy.compiled import Policy
from upheld.policy.dims import Dim, dims_of
from upheld.policy.row import Row
from upheld.policy.saving import load, save
from upheld.policy.uses import Choice, Decision, Standing, Use

KEPT = 1 << 15
"""The most different uses a table keeps a row for."""

_NOTHING: Mapping[str, str] = {}
_NO_CHOICES: Mapping[str, Choice] = {}


class Table:
    """Decides like `decide`, for a history whose last policy is in force, and remembers what it worked out.

    It looks only at the facts that a use depends on. `dims` say how a standing code is read.
    """

    def __init__(self, history: Sequence[Policy]) -> None:
        self.history = tuple(history)
        self.dims: tuple[Dim, ...] = dims_of(self.history)
        self._candidates = tuple(Candidates(policy) for policy in self.history)
        self._rows: dict[Use, Row] = {}
        self._asked: dict[tuple[object, ...], Row] = {}
        self._numbers: dict[Use, int] = {}
        self._numbered: list[Row] = []

    @property
    def size(self) -> int:
        """How many different standing codes there are."""
        return self.dims[-1].stride * self.dims[-1].size if self.dims else 1

    def row(self, use: Use) -> Row:
        """The decisions on one use. `Invalid` for an undeclared word."""
        found = self._rows.get(use)
        if found is None:
            found = Row(self.history, self._candidates, self.dims, use)
            if len(self._rows) >= KEPT:
                self._rows.clear()
                self._asked.clear()
            self._rows[use] = found
        return found

    def decide(self, use: Use, standing: Standing) -> Decision:
        """The decision for one use and one person."""
        row = self._rows.get(use) or self.row(use)
        return row.find(standing.choices, standing.region, standing.age, standing.served, standing.since)

    def ask(
        self,
        purpose: str,
        items: Sequence[str] = (),
        to: str = "ourselves",
        totals: Sequence[str] = (),
        *,
        people: int | None = None,
        chosen_by: Sequence[str] = (),
        vetted: bool | None = None,
        under_contract: bool | None = None,
        legal_process: bool | None = None,
        asked_by: str | None = None,
        choices: Mapping[str, Choice] = _NO_CHOICES,
        region: str | None = None,
        age: int | None = None,
        served: bool | None = None,
        since: Mapping[str, str] = _NOTHING,
    ) -> Decision:
        """The same from plain arguments (give items as tuples: lists are copied)."""
        try:
            row = self._asked[purpose, items, to, totals, people, chosen_by, vetted, under_contract, legal_process, asked_by]
        except (KeyError, TypeError):
            items, totals, chosen_by = tuple(items), tuple(totals), tuple(chosen_by)
            row = self.row(Use(purpose, items, to, totals, people, chosen_by, vetted, under_contract, legal_process, asked_by))
            self._asked[purpose, items, to, totals, people, chosen_by, vetted, under_contract, legal_process, asked_by] = row
        return row.find(choices, region, age, served, since)

    def use_code(self, use: Use) -> int:
        """A number for a use, good as long as this table lives."""
        found = self._numbers.get(use)
        if found is None:
            found = self._numbers[use] = len(self._numbered)
            self._numbered.append(self.row(use))
        return found

    def standing_code(self, standing: Standing) -> int:
        """All that the policy asks about a person in one number from 0 to `size` - 1. `Invalid` for a fact that is none."""
        return sum(dim.of(standing) * dim.stride for dim in self.dims)

    def decide_code(self, use: Use | int, code: int) -> Decision:
        """The decision for a use (or its `use_code`) and a standing code."""
        row = self._numbered[use] if isinstance(use, int) else self._rows.get(use) or self.row(use)
        found = row.coded.get(code)
        return row.decide_code(code) if found is None else found

    def standing(self, code: int) -> Standing:
        """A person whose standing has this code."""
        facts = [(dim, dim.values[code // dim.stride % dim.size]) for dim in self.dims]
        of = {dim.kind: fact for dim, fact in facts if not dim.about}
        choices = {dim.about: fact for dim, fact in facts if dim.kind == "choice"}
        since = {dim.about: str(fact) for dim, fact in facts if dim.kind == "since"}
        return Standing(choices, of.get("region"), of.get("age"), of.get("served"), since)  # type: ignore[arg-type]

    def export(self) -> bytes:
        """The whole table as one file, the same bytes for the same history on every machine."""
        return save(self.history)

    @property
    def hash(self) -> str:
        """The SHA-256 of the export, in hex."""
        return hashlib.sha256(self.export()).hexdigest()

    @classmethod
    def load(cls, exported: bytes) -> Table:
        """The table of an export; it decides like the original. `Invalid` if the bytes are no export."""
        return cls(load(exported))
