"""Nothing that is withheld can be worked out: an audit by linear programmes over random tables, told with all their sums."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import linprog

from upheld.gate.cells import Cells, one_way, two_way
from upheld.traffic.settling import showable
from upheld.traffic.tables import ALL, CAMPAIGN, COUNTRY, MISSED, PAGE, REFERRER, STATUS

LEAST = 10


def day(random, *, pages, statuses, many):
    """Totals of a random day in all tables, each line in each table: as many of its cells are small as are not."""
    count = random.integers(1, many)
    person = random.integers(0, max(2, count // random.integers(1, 4)), count)
    hour = (random.geometric(0.3, count) - 1).clip(0, 23)
    status = random.choice([200, 304, 301, 404, 410, 500, 403][:statuses], count, p=_weights(random, statuses))
    page, referrer = (random.geometric(random.uniform(0.05, 0.6), count).clip(1, pages) for _ in range(2))
    step = np.where(status < 400, random.choice([0, 1, 2], count, p=[0.8, 0.15, 0.05]), 0)
    country, device = random.geometric(0.5, count).clip(1, 6), random.integers(0, 4, count)
    size = random.integers(0, 3, count) * random.integers(0, 2, count)
    found, missing = (status < 400) & (step == 0), np.isin(status, (404, 410))
    campaign = random.geometric(0.4, count).clip(1, 5)
    nothing = np.zeros(count, dtype=int)
    every = np.ones(count, dtype=bool)
    ways = np.concatenate((every, step > 0))
    said = (np.concatenate((nothing, step)), np.concatenate((person, person)), np.concatenate((size, size)))
    return {
        PAGE: total(PAGE, found, page, hour, person, size),
        MISSED: total(MISSED, missing, page, nothing, person, size),
        STATUS: total(STATUS, every, status, hour, person, size),
        COUNTRY: total(COUNTRY, every, country, device, person, size),
        REFERRER: total(REFERRER, ways, np.concatenate((referrer, referrer)), *said),
        CAMPAIGN: total(CAMPAIGN, ways, np.concatenate((campaign, campaign)), *said),
    }  # fmt: skip


def _weights(random, count):
    weights = random.pareto(1, count) + 0.01
    return weights / weights.sum()


def total(table, which, row, column, person, size):
    """The totals of a table as they lie in the record before a day is settled."""
    made = {name: [] for name in ("row", "column", "hits", "size", "micros", "timed", "visitors", "people")}
    keys = [(row, column)]
    if table.crossed:
        keys += [(row, row * 0 + ALL), (row * 0 + ALL, row * 0 + ALL)]
    if table.shows_columns or not table.crossed:
        keys.append((row * 0 + ALL, column))
    for rows, columns in keys:
        groups = {}
        for at in np.flatnonzero(which[: len(rows)]):
            groups.setdefault((int(rows[at]), int(columns[at])), []).append(at)
        for (of_row, of_column), lines in groups.items():
            people = len(set(person[lines].tolist()))
            values = (of_row, of_column, len(lines), int(size[lines].sum()), 0, 0, people, people)
            for name, value in zip(made, values, strict=True):
                made[name].append(value)
    return {name: np.array(values, dtype=np.int64) for name, values in made.items()}


class Audit:
    """Everything that is told of a day, as equations over what a line can be; what a sum can be at least and at most."""

    def __init__(self, totals, shown, measure):
        self.totals, self.shown = totals, shown
        self.variables: dict[tuple, int] = {}
        self.equations: list[tuple[dict[int, float], float]] = []
        for table, total in totals.items():
            for at in np.flatnonzero(shown[table]):
                self._tell(table, int(total["row"][at]), int(total["column"][at]), float(total[measure][at]))
        self._same("all")

    def cells(self, table, row, column):
        """The variables of a sum: every cell it could have, also those where nothing was. Whoever asks knows all names there are."""
        total = self.totals[table]
        rows = sorted(set(total["row"].tolist()) - {ALL}) if row == ALL else [row]
        columns = range(table.columns) if column == ALL and table.crossed else [column]
        names = [(table.name, each, at) for each in rows for at in columns]
        return [self.variables.setdefault(name, len(self.variables)) for name in names]

    def _tell(self, table, row, column, value):
        self.equations.append((dict.fromkeys(self.cells(table, row, column), 1.0), value))

    def _equal(self, one, other):
        self.equations.append((dict.fromkeys(one, 1.0) | dict.fromkeys(other, -1.0), 0.0))

    def _same(self, _):
        """What the tables have in common: all lines in each; pages and steps are what was found, by hour and in all."""
        status = self.totals[STATUS]
        known = sorted(set(status["row"].tolist()) - {ALL})
        found = [row for row in known if row < 400]
        missing = [row for row in known if row in {404, 410}]
        everything = self.cells(STATUS, ALL, ALL)
        self._equal(everything, self.cells(COUNTRY, ALL, ALL))
        self._equal(everything, self.cells(REFERRER, ALL, 0))
        self._equal([v for row in missing for v in self.cells(STATUS, row, ALL)], self.cells(MISSED, ALL, 0))
        self._equal(everything, self.cells(CAMPAIGN, ALL, 0))
        for step in (1, 2):
            self._equal(self.cells(REFERRER, ALL, step), self.cells(CAMPAIGN, ALL, step))
        steps = [variable for step in (1, 2) for variable in self.cells(REFERRER, ALL, step)]
        self._equal([v for row in found for v in self.cells(STATUS, row, ALL)], self.cells(PAGE, ALL, ALL) + steps)
        stepped = [self.variables.setdefault(("stepped", hour), len(self.variables)) for hour in range(24)]
        self._equal(stepped, steps)
        for hour in range(24):
            self._equal([v for row in found for v in self.cells(STATUS, row, hour)], [*self.cells(PAGE, ALL, hour), stepped[hour]])

    def range(self, variables):
        """The least and the most that a sum of variables can be."""
        count = len(self.variables)
        left = np.zeros((len(self.equations), count))
        for at, (terms, _) in enumerate(self.equations):
            for variable, factor in terms.items():
                left[at, variable] = factor
        right = np.array([value for _, value in self.equations])
        goal = np.zeros(count)
        goal[variables] = 1.0
        found = []
        for sign in (1, -1):
            solved = linprog(sign * goal, A_eq=left, b_eq=right, bounds=(0, None), method="highs")
            if solved.status == 3:
                found.append(np.inf)
            else:
                assert solved.status == 0, solved.message
                found.append(sign * solved.fun)
        return found


def small(totals, limit=LEAST):
    """Every cell and sum that is of somebody, but of fewer people than may be told."""
    for table, total in totals.items():
        for at in np.flatnonzero(total["people"] < limit):
            yield table, int(total["row"][at]), int(total["column"][at])


def value(totals, table, row, column, measure):
    total = totals[table]
    return int(total[measure][np.flatnonzero((total["row"] == row) & (total["column"] == column))[0]])


@pytest.mark.parametrize("seed", range(24))
def test_from_all_that_is_told_of_a_day_no_small_total_can_be_worked_out(seed):
    random = np.random.default_rng(seed)
    totals = day(random, pages=int(random.integers(1, 14)), statuses=int(random.integers(1, 8)), many=900)
    shown = showable(totals, LEAST)
    for table, total in totals.items():
        assert (total["people"][shown[table]] >= LEAST).all()
    for measure in ("hits", "size"):
        audit = Audit(totals, shown, measure)
        if not audit.variables or not any(each.any() for each in shown.values()):
            continue
        # A sum that is told and is no bytes at all says so of its cells: the rest must not be known either.
        hidden = [each for each in small(totals) if measure == "hits" or value(totals, *each, measure)]
        for table, row, column in [hidden[at] for at in random.permutation(len(hidden))[:15]]:
            low, high = audit.range(audit.cells(table, row, column))
            assert high - low > 1e-6, (table.name, row, column, measure)


@pytest.mark.parametrize("seed", range(8))
def test_from_any_tables_that_a_policy_permits_none_of_up_to_five_hundred_hidden_cells_can_be_worked_out(seed):
    """A filter tells some of what is told, and days are told apart: so all that is told of one day is all that can be known of it."""
    random = np.random.default_rng(5000 + seed)
    pages, many = ((int(random.integers(2, 30)), 1200), (int(random.integers(20, 80)), 9000))[seed % 2]
    totals = day(random, pages=pages, statuses=int(random.integers(2, 8)), many=many)
    permitted = [table for table in totals if random.random() < 0.6] or [STATUS]
    shown = {table: np.zeros(len(total["row"]), dtype=bool) for table, total in totals.items()}
    shown |= showable({table: totals[table] for table in permitted}, LEAST)
    audited = 0
    for measure in ("hits", "size"):
        audit = Audit(totals, shown, measure)
        hidden = [each for each in small(totals) if each[0] in permitted and (measure == "hits" or value(totals, *each, measure))]
        for table, row, column in hidden[:500]:
            low, high = audit.range(audit.cells(table, row, column))
            assert high - low > 1e-6, (table.name, row, column, measure)
            audited += 1
    assert audited or not any(each.any() for each in shown.values())


@pytest.mark.parametrize("seed", range(12))
def test_settled_anew_for_more_people_a_day_tells_a_part_of_what_it_told_and_nothing_small_can_be_worked_out_of_it(seed):
    random = np.random.default_rng(1000 + seed)
    totals = day(random, pages=int(random.integers(1, 10)), statuses=int(random.integers(1, 8)), many=1500)
    first = showable(totals, LEAST)
    left = {table: {name: values[first[table]] for name, values in total.items()} for table, total in totals.items()}
    shown = {table: first[table].copy() for table in totals}
    for table, again in showable(left, 2 * LEAST).items():
        shown[table][first[table]] = again
        assert (totals[table]["people"][shown[table]] >= 2 * LEAST).all()
    for measure in ("hits", "size"):
        audit = Audit(totals, shown, measure)
        hidden = [each for each in small(totals, 2 * LEAST) if measure == "hits" or value(totals, *each, measure)]
        for table, row, column in [hidden[at] for at in random.permutation(len(hidden))[:10]] if audit.variables else ():
            low, high = audit.range(audit.cells(table, row, column))
            assert high - low > 1e-6, (table.name, row, column, measure)


def test_the_audit_finds_what_is_only_hidden_by_itself():
    found = 0
    for seed in range(4):
        totals = day(np.random.default_rng(seed), pages=6, statuses=5, many=600)
        audit = Audit(totals, {table: total["people"] >= LEAST for table, total in totals.items()}, "hits")
        ranges = [audit.range(audit.cells(*each)) for each in list(small(totals))[:40]]
        found += sum(high - low < 1e-6 for low, high in ranges)
    assert found > 0


counts = st.lists(st.integers(1, 40), min_size=1, max_size=12)


@given(counts)
def test_of_one_dimension_what_remains_is_nothing_or_of_at_least_n_people_in_two_cells(people):
    people = np.array(people)
    shown = one_way(people, [people], LEAST)
    hidden = people[~shown]
    assert (people[shown] >= LEAST).all()
    assert shown.all() or not shown.any() or (len(hidden) >= 2 and hidden.max() >= LEAST)


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 5), st.integers(1, 30)), min_size=1, max_size=40), st.booleans())
def test_of_two_dimensions_what_remains_of_a_sum_that_is_told_is_nothing_or_of_at_least_n_people(cells, columns_told):
    by_place = {(row, column): people for row, column, people in cells}
    row, column = (np.array(axis) for axis in zip(*by_place, strict=True))
    people = np.array(list(by_place.values()))
    rows, columns = np.ones(8, dtype=bool), np.ones(6, dtype=bool)
    shown = two_way(Cells(row, column, people, (people,)), rows, columns, LEAST, columns_told=columns_told)
    assert (people[shown] >= LEAST).all()
    for line, told in ((row, True), (column, columns_told)):
        for each in set(line.tolist()):
            hidden = people[(line == each) & ~shown]
            some = shown[line == each].any()
            assert not told or not some or not len(hidden) or hidden.max() >= LEAST
