"""The name-and-address codes of whole columns: the rules of `codes`, each as a few AES calls over the rows of a slice."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import resources
from typing import Final, NamedTuple

import duckdb
import numpy as np
from numpy.typing import NDArray

from upheld.people import addresses, names, normal
from upheld.people.cmac import BLOCK, Blocks, Cmac, Codes
from upheld.people.codes import FULL, UNIT_SHIFT, block, unit_tag
from upheld.people.forms import Firsts, Flags, Ids, Lasts, Plain, Streets, Tags

SLICE = 1 << 16
"""Rows that one thread codes at a time: their blocks stay in its cache."""

Rows = NDArray[np.int64]
Guards = NDArray[np.uint32]
Part = tuple[Codes, Guards, Rows]
_NOTHING: Part = (np.zeros(0, np.uint64), np.zeros(0, np.uint32), np.zeros(0, np.int64))
NOTHING: Final = {"first": "", "last": "", "number": "", "street": " ", "unit": "", "zip": ""}
"""The fields of a name and address, each with what number 0 of its dictionary stands for: nothing given."""


class Coded(NamedTuple):
    """Codes of one kind of identifier, their guards, row numbers, and which say it as a whole; the rows where one was given, and read."""

    codes: Codes
    guards: Guards
    rows: Rows
    plain: Flags
    given: Rows
    read: Rows


class PostalForms:
    """The dictionaries of names and addresses: each distinct value of a field is read once, and codes are made of their numbers.

    Number 0 of each field is: nothing given.
    """

    def __init__(self, mac: Cmac) -> None:
        self._mac = mac
        self._firsts, self._lasts, self._streets, self._units = Firsts(), Lasts(), Streets(mac), Tags(mac)
        self._zips = Plain("zip", normal.zip_code)
        self._numbers = Plain("house", lambda number: addresses.plain_number(number) if number else "")
        self._as_given: dict[str, list[str]] = {"number": [], "unit": []}

    def learn(self, name: str, texts: list[str]) -> None:
        """Read the next values of a field; they get the next numbers."""
        if name in self._as_given:
            self._as_given[name] += texts
        forms: dict[str, Firsts | Lasts | Plain | Streets | Tags] = {
            "first": self._firsts, "last": self._lasts, "number": self._numbers,
            "street": self._streets, "unit": self._units, "zip": self._zips,
        }  # fmt: skip
        forms[name].extend(texts)

    def coded(self, got: dict[str, Ids], threads: int) -> Coded:
        """The codes of rows, given as their numbers (`row`) and the numbers of their values by field."""
        given = got["row"][(got["street"] > 0) | (got["number"] > 0) | (got["unit"] > 0)]
        slices = [{name: array[at : at + SLICE] for name, array in got.items()} for at in range(0, len(got["row"]), SLICE)]
        if len(slices) == 1:
            coded = [self._code(got)]
        else:
            with ThreadPoolExecutor(threads) as pool:
                coded = list(pool.map(self._code, slices))
        made = [_NOTHING, *(part for parts, _ in coded for part in parts)]
        codes, guards, rows = (np.concatenate(arrays) for arrays in zip(*made, strict=True))
        plain = np.repeat([False, *(rule == 0 for parts, _ in coded for rule in range(len(parts)))], [len(part[0]) for part in made])
        return Coded(codes, guards, rows, plain, given, np.concatenate([_NOTHING[2], *(rows for _, rows in coded)]))

    def _code(self, ids: dict[str, Ids]) -> tuple[list[Part], Rows]:
        """The codes of a slice, rule by rule, and its rows that have any."""
        first, last, street = ids["first"], ids["last"], ids["street"]
        named = self._firsts.name.given[first] & self._lasts.whole.given[last]
        first, last, street = first[named], last[named], street[named]
        rows, number, unit = ids["row"][named], ids["number"][named], ids["unit"][named]
        where = self._where(number, street, unit)
        suffix = np.where(self._lasts.suffix[last] > 0, self._lasts.suffix[last], self._firsts.suffix[first])
        guards = suffix | where.unit << UNIT_SHIFT
        of = _Rows(self._mac, rows, guards)
        zips, has_zip = self._zips.part.blocks[ids["zip"][named]], self._zips.part.given[ids["zip"][named]]
        housed, streeted = where.has_house, self._streets.core.given[street] & ~where.alone
        cores = self._streets.core.blocks[street]
        families = self._lasts.whole.blocks[last]

        at_house = self._mac.chain(self._mac.chain(None, zips), where.house)
        family_at_house = self._mac.chain(at_house, families)
        both, unhoused = has_zip & housed, has_zip & streeted & ~where.box
        sound = self._mac.chain(self._mac.chain(at_house, self._lasts.sound.blocks[last]), self._streets.core3.blocks[street])
        no_zip = self._mac.chain(self._mac.chain(self._mac.chain(None, where.house), cores), families)
        no_house = self._mac.chain(self._mac.chain(self._mac.chain(None, zips), cores), families)
        one, two = _ordered(self._firsts.name.blocks[first], self._lasts.name.blocks[last])
        full = np.where(self._firsts.full[first], np.uint32(FULL), np.uint32(0))
        made = [
            self._rule_1(of, at_house, first, last, both),
            of.variants(self._firsts, 2, first, sound, both & streeted),
            of.variants(self._firsts, 3, first, no_zip, housed & streeted),
            of.variants(self._firsts, 4, first, no_house, unhoused),
            of.end(family_at_house, self._firsts.sound.blocks[first], both & self._firsts.sound.given[first]),
            of.end(self._mac.chain(at_house, one), two, both),
            of.end(self._mac.chain(family_at_house, cores), self._firsts.initial.blocks[first], both & streeted, flags=full),
        ]
        return made, rows[both | (housed & streeted) | unhoused]

    def _rule_1(self, of: _Rows, at_house: Blocks, first: Ids, last: Ids, both: Flags) -> Part:
        """First and last name at a house in a ZIP, for each part of the last name."""
        picked = np.flatnonzero(both)
        position, part = self._lasts.variants.expand(last[picked])
        owner = picked[position]
        state = self._mac.chain(at_house[owner], self._lasts.parts.blocks[part])
        return of.taken(owner).variants(self._firsts, 1, first[owner], state, np.ones(len(owner), dtype=np.bool_))

    def _where(self, number: Ids, street: Ids, unit: Ids) -> _Where:
        """House and unit of each row: of the number in front or found in the street; of the unit behind or found in the street."""
        inside = self._streets.house.given[street]
        house = np.where(inside, self._streets.house.blocks[street], self._numbers.part.blocks[number])
        behind = self._units.tag[unit]
        tags = np.where(behind > 0, behind, self._streets.unit[street])
        where = _Where(house, inside | self._numbers.part.given[number], tags, self._streets.box[street], np.zeros(len(street), np.bool_))
        depends = np.flatnonzero(self._streets.depends[street])
        read: dict[tuple[int, int, int], addresses.Address] = {}
        for at in depends:  # few: `12 bis rue …`, `PO Box #77`
            key = (int(number[at]), int(street[at]), int(unit[at]))
            if key not in read:
                text = self._as_given["number"][key[0]], self._as_given["unit"][key[2]]
                read[key] = addresses.join_address(text[0], self._streets.kept[key[1]], text[1])
            found = read[key]
            where.house[at] = np.frombuffer(block("house", found.house), dtype=BLOCK)[0]
            where.has_house[at], where.unit[at] = bool(found.house), unit_tag(found.unit, self._mac)
            where.box[at], where.alone[at] = found.house.startswith("box"), not found.street
        return where


class _Where:
    """House blocks, whether there is one, unit tags, PO boxes, and rows whose street was no street after all."""

    __slots__ = ("alone", "box", "has_house", "house", "unit")

    def __init__(self, house: Blocks, has_house: Flags, unit: Guards, box: Flags, alone: Flags) -> None:
        self.house, self.has_house, self.unit, self.box, self.alone = house, has_house, unit, box, alone


class _Rows:
    """The rows of a slice while their codes are ended."""

    __slots__ = ("_guards", "_mac", "_rows")

    def __init__(self, mac: Cmac, rows: Rows, guards: Guards) -> None:
        self._mac, self._rows, self._guards = mac, rows, guards

    def taken(self, positions: Ids) -> _Rows:
        """The rows at these positions."""
        return _Rows(self._mac, self._rows[positions], self._guards[positions])

    def end(self, state: Blocks, last: Blocks, kept: Flags, *, flags: Guards | None = None) -> Part:
        """The codes of the kept rows."""
        guards = self._guards if flags is None else self._guards | flags
        return self._mac.end(state[kept], last[kept]), guards[kept], self._rows[kept]

    def variants(self, firsts: Firsts, rule: int, first: Ids, state: Blocks, kept: Flags) -> Part:
        """The codes of the kept rows, one for each formal first name."""
        picked = np.flatnonzero(kept)
        position, variant = firsts.variants.expand(first[picked])
        owner = picked[position]
        return self._mac.end(state[owner], firsts.formal[rule].blocks[variant]), self._guards[owner], self._rows[owner]


class Postals:
    """The names and addresses of one list, with the dictionaries of its columns, which live in a table of `connection`."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, mac: Cmac) -> None:
        self._connection, self._forms = connection, PostalForms(mac)
        self._counts = dict.fromkeys(NOTHING, 0)
        connection.execute("CREATE OR REPLACE TEMP TABLE upheld_dictionary (field VARCHAR, id BIGINT, text VARCHAR)")
        for name, nothing in NOTHING.items():
            connection.execute("INSERT INTO upheld_dictionary VALUES ($field, 0, $nothing)", {"field": name, "nothing": nothing})

    def look(self, threads: int) -> Callable[[], Coded]:
        """Takes the rows of the view `upheld_list`; what is called computes their codes, in any thread.

        The dictionaries only grow: what later rows teach them does not touch the numbers of earlier ones.
        """
        got = self._numbered()
        return lambda: self._forms.coded(got, threads)

    def _numbered(self) -> dict[str, Ids]:
        """The chunk's rows as numbers into the dictionaries, which learn what is new."""
        run = self._connection.execute
        front, back = f"^(?:{addresses.FRONT})$", f"^(?:{addresses.BACK})$"
        run(_sql("columns.sql"), {"front": front, "back": back, "simple_name": names.SIMPLE_NAME, "longest": normal.LONGEST})
        whole = run("SELECT DISTINCT name FROM upheld_given WHERE name <> ''").fetchnumpy()["name"].tolist()
        if whole:
            firsts, lasts = zip(*map(names.split_name, whole), strict=True)
            columns = {"name": whole, "first": firsts, "last": lasts}
            self._connection.register("upheld_split", {name: np.array(texts, dtype=object) for name, texts in columns.items()})
            run(_sql("columns_names.sql"))
            self._connection.unregister("upheld_split")
        run(_sql("columns_learn.sql"))
        for name in NOTHING:
            query = "SELECT text FROM upheld_dictionary WHERE field = $field AND id >= $start ORDER BY id"
            texts = run(query, {"field": name, "start": self._counts[name]}).fetchnumpy()["text"].tolist()
            self._counts[name] += len(texts)
            self._forms.learn(name, texts)
        return {name: np.asarray(array) for name, array in run(_sql("columns_ids.sql")).fetchnumpy().items()}


def _ordered(one: Blocks, two: Blocks) -> tuple[Blocks, Blocks]:
    """Each pair with the smaller block first, compared as bytes."""
    a, b = (blocks.view(np.uint64).reshape(-1, 2).byteswap() for blocks in (one, two))
    swap = (a[:, 0] > b[:, 0]) | ((a[:, 0] == b[:, 0]) & (a[:, 1] > b[:, 1]))
    return np.where(swap, two, one), np.where(swap, one, two)


def _sql(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text("utf-8")
