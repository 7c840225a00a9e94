"""Customer records of an invented American merchant with the truth beside them, and the people who ask to be taken off its lists.

Households are made, not rows: couples of one surname, two, or a double one; children grown up; a father and a son of one name; twins;
room-mates; three generations; flats; people who moved; married names; mailboxes and telephones that two share. Four systems (orders, CRM,
catalogue, newsletter) write them down, each with its own slips. Nobody here is real: the mail providers' addresses hold signs that these
providers do not hand out, telephone numbers are of the range kept for stories.
"""

from __future__ import annotations

import bisect
import itertools
import random
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from benches import names
from upheld.people.held import Held
from upheld.people.identifiers import Email, Identifier, Phone, Postal

PER_CUSTOMER: Final = 1.72  # records
_ZIPS: Final = 33_000
_TYPES: Final = (
    "Street St St.;Avenue Ave Av;Road Rd;Drive Dr;Lane Ln;Court Ct;Place Pl;Boulevard Blvd;Way Way;Terrace Ter;Circle Cir;Trail Trl"
)
_DIRECTIONS: Final = (("", 80), ("N", 5), ("S", 5), ("E", 5), ("W", 5))
_WORDS: Final = {"N": "North", "S": "South", "E": "East", "W": "West"}
_DOMAINS: Final = (
    "gmail.com",
    "yahoo.example",
    "mail.example",
    "outlook.example",
    "post.test",
    "icloud.example",
    "net.test",
    "work.example",
)
_WRONG_DOMAINS: Final = {"gmail.com": "gmal.com", "yahoo.example": "yaho.example", "mail.example": "email.example"}


class Where(NamedTuple):
    """A place to live."""

    id: int
    house: str
    direction: str
    street: str
    type: int
    unit: str
    zip: str


@dataclass(slots=True)
class Human:
    """Somebody, as they are."""

    id: int
    household: int
    first: str
    last: str
    suffix: str
    home: Where
    email: str
    phone: str
    woman: bool
    customer: bool
    kind: str = ""  # same name, twin
    before: str = ""  # maiden name
    second: str = ""  # another e-mail address
    mobile: str = ""  # another telephone
    moved_from: Where | None = None


class Row(NamedTuple):
    """A record somewhere: who it is truly about, which address and mailbox it truly bears (-1 and empty: none), and what it says."""

    person: int
    at: int
    mail: str
    system: str
    held: Held


class Asker(NamedTuple):
    """A request: who truly asks (a person's number), what they gave, and what of it is truly where and whose."""

    person: int
    kind: str  # customer, same name, twin, relative, stranger, namesake
    at: int
    mail: str
    given: tuple[Identifier, ...]


@dataclass
class World:
    """Everybody, and what is written of them."""

    people: list[Human] = field(default_factory=list)
    rows: list[Row] = field(default_factory=list)


class _Maker:
    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.world = World()
        self.places = itertools.count()
        self.households = itertools.count()
        self.types = [group.split() for group in _TYPES.split(";")]
        self.men, self.women = _ranked(names.MEN, 0.62), _ranked(names.WOMEN, 0.62)
        tail = [one + other for one in names.LAST_BEGIN for other in names.LAST_END]
        self.random.shuffle(tail)
        self.lasts, self.tail = _ranked(names.LASTS, 0.72), _ranked(tail, 0.35)
        self.streets = _ranked(names.STREETS, 0.55)
        self.zips = _ranked([f"{z:05}" for z in self.random.sample(range(1001, 99951), _ZIPS)], 0.45)
        self.buildings: dict[str, list[Where]] = {}
        self.spelt = {one: [o for o in group.split() if o != one] for group in names.SPELLINGS.split(";") for one in group.split()}
        self.of_women = set(names.WOMEN)
        self.taken: set[str] = set()

    def pick(self, ranked: tuple[list[str], list[float]]) -> str:
        values, sums = ranked
        return values[min(bisect.bisect(sums, self.random.random() * sums[-1]), len(values) - 1)]

    def last(self) -> str:
        return self.pick(self.lasts if self.random.random() < 0.42 else self.tail)

    def first(self, *, woman: bool) -> str:
        return self.pick(self.women if woman else self.men)

    def place(self, zip_: str | None = None) -> Where:
        r = self.random
        zip_ = zip_ or self.pick(self.zips)
        if r.random() < 0.24:  # a flat
            known = self.buildings.setdefault(zip_, [])
            if not known or r.random() < 0.08:
                known.append(self._house(zip_, box=False))
            unit = r.choice((f"{r.randint(1, 400)}", f"{r.randint(1, 40)}{r.choice('ABCDEF')}", r.choice("ABCDEFGH")))
            return r.choice(known)._replace(id=next(self.places), unit=unit)
        return self._house(zip_)

    def _house(self, zip_: str, *, box: bool = True) -> Where:
        r = self.random
        house = str(int(10 ** r.uniform(0.7, 4.1)))
        street = self.pick(self.streets)
        if r.random() < 0.12:
            street = f"{r.randint(1, 120)}"
            street += {"1": "st", "2": "nd", "3": "rd"}.get(street[-1], "th") if street[-2:-1] != "1" else "th"
        elif r.random() < 0.12:
            street = f"{street} {self.pick(self.streets)}"
        elif r.random() < 0.25:
            street = self.pick(self.tail)
        directions, weights = zip(*_DIRECTIONS, strict=True)
        if box and r.random() < 0.03:
            return Where(next(self.places), "", "", "", 0, f"PO Box {r.randint(1, 9000)}", zip_)
        return Where(next(self.places), house, r.choices(directions, weights)[0], street, r.randrange(len(self.types)), "", zip_)

    # --- households -----------------------------------------------------------------------------------------------------------------

    def household(self) -> list[Human]:
        """One more household: its people, customers or not."""
        r, number = self.random, next(self.households)
        home, last = self.place(), self.last()
        landline = self._phone()
        made: list[Human] = []

        def live(first: str, family: str, *, woman: bool, kind: str = "", suffix: str = "", before: str = "") -> Human:
            while kind != "same name" and any(first == other.first for other in made):  # but for a Jr, families do not use a name twice
                first = self.first(woman=woman)
            human = Human(len(self.world.people), number, first, family, suffix, home, "", "", woman, r.random() < 0.62, kind, before)
            human.phone = landline if r.random() < 0.3 else self._phone()
            human.email = self.mailbox(human) if r.random() < 0.86 else ""
            human.mobile = self._phone() if r.random() < 0.4 else ""
            human.second = self.mailbox(human) if human.email and r.random() < 0.2 else ""
            self.world.people.append(human)
            made.append(human)
            return human

        shape = r.random()
        if shape < 0.27:  # alone
            woman = r.random() < 0.52
            live(self.first(woman=woman), last, woman=woman, before=self.last() if woman and r.random() < 0.25 else "")
        elif shape < 0.335:  # room-mates
            for _ in range(r.choice((2, 2, 3))):
                woman = r.random() < 0.5
                live(self.first(woman=woman), self.last(), woman=woman)
        elif shape < 0.385:  # a father and a son of one name
            name = self.first(woman=False)
            both = r.random() < 0.55
            live(name, last, woman=False, kind="same name", suffix="Sr" if both and r.random() < 0.6 else "")
            live(name, last, woman=False, kind="same name", suffix=r.choice(("Jr", "Jr", "II", "III")) if both else "")
            if r.random() < 0.7:
                live(self.first(woman=True), last, woman=True, before=self.last())
        else:  # a couple, with children
            husband = live(self.first(woman=False), last, woman=False)
            maiden, names_ = self.last(), r.random()
            hers = last if names_ < 0.72 else (maiden if names_ < 0.86 else f"{maiden}-{last}" if r.random() < 0.7 else f"{maiden} {last}")
            wife = live(self.first(woman=True), hers, woman=True, before=maiden if hers == last else "")
            if r.random() < 0.12 and husband.email:
                wife.email = husband.email
            if shape > 0.97:  # twins
                pair = r.choice(names.TWINS.split(";")).split() if r.random() < 0.5 else [self.first(woman=r.random() < 0.5) for _ in "12"]
                for name in dict.fromkeys(pair):
                    live(name, last, woman=name in self.of_women, kind="twin")
            elif shape > 0.78:
                for _ in range(r.choice((1, 1, 2))):
                    woman = r.random() < 0.5
                    live(self.first(woman=woman), last, woman=woman)
            if shape < 0.44:  # and a grandparent
                woman = r.random() < 0.7
                live(self.first(woman=woman), last if r.random() < 0.6 else self.last(), woman=woman)
        if r.random() < 0.16:
            old = self.place(home.zip if r.random() < 0.3 else None)
            for human in made:
                human.moved_from = old
        return made

    def _phone(self) -> str:
        return f"{self.random.randint(201, 989)}-555-01{self.random.randint(0, 99):02}"  # few: a telephone alone says little here

    def mailbox(self, human: Human) -> str:
        r = self.random
        first, last = human.first.lower(), human.last.lower().replace(" ", "").replace("-", "")
        local = r.choice((f"{first}_{last}", f"{first[0]}_{last}", f"{first}_{last[0]}", f"{last}_{first}", f"{first}_{last}"))
        while True:  # a provider hands out an address once
            made = f"{local}{r.randint(1, 99999) if r.random() < 0.8 else r.randint(1940, 2010)}@{r.choice((_DOMAINS[0], *_DOMAINS))}"
            if made not in self.taken:
                self.taken.add(made)
                return made

    # --- what is written down -------------------------------------------------------------------------------------------------------

    def records(self, human: Human) -> None:
        """The records of one customer."""
        r = self.random
        count = 1 + (r.random() < 0.43) + (r.random() < 0.2) + (r.random() < 0.09)
        for _ in range(count):
            system = r.choices(("orders", "crm", "catalogue", "newsletter"), (40, 25, 20, 15 if human.email else 0))[0]
            old = human.moved_from is not None and r.random() < 0.35
            where = human.moved_from if old and human.moved_from is not None else human.home
            email = (human.second or human.email) if r.random() < 0.35 else human.email
            email = email if system != "catalogue" and r.random() < 0.9 else ""
            mail = self.mail(email, slips=0.012) if email else None
            if system == "newsletter":
                named = r.random() < 0.3
                first, last = self.named(human, slips=1.0) if named else ("", "")
                self.world.rows.append(Row(human.id, -1, email, system, Held(email=mail, first=first or None, last=last or None)))
                continue
            first, last = self.named(human, slips=1.0, old=old)
            phone = (human.mobile or human.phone) if r.random() < 0.4 else human.phone
            phone = phone if system != "catalogue" and r.random() < 0.6 else ""
            street, zip_ = self.written(where, slips=1.0)
            self.world.rows.append(Row(human.id, where.id, email, system, Held(mail, phone or None, None, first, last, street, zip_)))

    def named(self, human: Human, *, slips: float, old: bool = False) -> tuple[str, str]:
        """Both names as somebody writes them. `slips`: how careless, 1 as records are."""
        r = self.random
        first, last, chance = human.first, human.last, r.random()
        if chance < 0.11 * slips:
            first = r.choice(names.SHORT.get(first, [first]))
        elif chance < 0.145 * slips:
            first = first[0] + ("." if r.random() < 0.5 else "")
        elif chance < 0.165 * slips:
            first = self.slip(first)
        elif chance < 0.185 * slips:
            first = r.choice(self.spelt.get(first, [first]))
        elif chance < 0.19 * slips:
            first = self.first(woman=human.woman)  # goes by the middle name
        elif chance < 0.25 * slips:
            first = f"{first} {r.choice('ABCDEFGHJKLMNPRSTW')}"
        if human.before and r.random() < (0.35 if old else 0.04) * slips:
            last = human.before
        elif ("-" in last or " " in last) and r.random() < 0.45:
            last = r.choice(last.replace("-", " ").split()) if r.random() < 0.7 else last.replace("-", " ")
        if r.random() < 0.025 * slips:
            last = self.slip(last)
        elif r.random() < 0.015 * slips:
            last = self.sound_alike(last)
        if human.suffix and r.random() < 0.55:
            last = f"{last} {human.suffix}"
        if r.random() < 0.006 * slips:
            first, last = last, first
        style = r.random()
        if style < 0.1:
            return first.upper(), last.upper()
        return (first.lower(), last.lower()) if style < 0.15 else (first, last)

    def written(self, where: Where, *, slips: float) -> tuple[str, str]:
        """Street address and ZIP as somebody writes them."""
        r = self.random
        zip_ = where.zip
        if r.random() < 0.012 * slips:
            at = r.randrange(5)
            zip_ = zip_[:at] + str((int(zip_[at]) + r.randint(1, 9)) % 10) + zip_[at + 1 :]
        if r.random() < 0.2:
            zip_ = f"{zip_}-{r.randint(1, 9999):04}"
        if not where.house:
            return where.unit if r.random() < 0.7 else where.unit.replace("PO Box", r.choice(("P.O. Box", "POB", "P O Box"))), zip_
        house, street = where.house, where.street
        if r.random() < 0.008 * slips:
            house = self.slip(house, "0123456789")
        if r.random() < 0.03 * slips:
            street = self.slip(street)
        elif r.random() < 0.01 * slips:
            street = self.sound_alike(street)
        direction = "" if r.random() < 0.15 * slips else _WORDS.get(where.direction, "") if r.random() < 0.2 else where.direction
        kind = r.choice(self.types[where.type]) if r.random() > 0.05 * slips else r.choice(r.choice(self.types))
        if r.random() < 0.04 * slips:
            kind = ""
        text = " ".join(part for part in (house, direction, street, kind) if part)
        if where.unit and r.random() > 0.2 * slips:
            unit = where.unit if r.random() > 0.01 * slips else str(r.randint(1, 400))
            text += r.choice((f" Apt {unit}", f" #{unit}", f", Unit {unit}", f" Apt. {unit}", f" Apt #{unit}", f" Ste {unit}"))
        return (text.upper() if r.random() < 0.1 else text), zip_

    def mail(self, email: str, *, slips: float) -> str:
        """An address as somebody writes it: another case, a tag, dots, rarely a slip."""
        r, (local, _, domain) = self.random, email.rpartition("@")
        if r.random() < slips:
            if r.random() < 0.4:
                domain = _WRONG_DOMAINS.get(domain, domain)
            else:
                local = self.slip(local)
        if domain == _DOMAINS[0] and r.random() < 0.06:
            local = f"{local}+{r.choice(('shop', 'news', 'lists'))}" if r.random() < 0.5 else f"{local[:2]}.{local[2:]}"
        return f"{local}@{domain}".title() if r.random() < 0.05 else f"{local}@{domain}"

    def slip(self, text: str, signs: str = "abcdefghijklmnopqrstuvwxyz") -> str:
        """One slip of the finger."""
        r = self.random
        if len(text) < 3:
            return text
        at = r.randrange(1, len(text) - 1) if r.random() < 0.85 else 0
        match r.randrange(4):
            case 0:
                return text[:at] + text[at + 1 :]
            case 1:
                return text[:at] + r.choice(signs) + text[at:]
            case 2:
                return text[:at] + r.choice(signs) + text[at + 1 :]
            case _:
                return text[:at] + text[at + 1] + text[at] + text[at + 2 :]

    def sound_alike(self, text: str) -> str:
        """As a listener might write it."""
        for one, other in self.random.sample(_SOUNDS, len(_SOUNDS)):
            if one in text[1:]:
                return text[0] + text[1:].replace(one, other, 1)
        return text


_SOUNDS: Final = (
    ("ck", "k"), ("ph", "f"), ("ie", "y"), ("ey", "y"), ("ll", "l"), ("nn", "n"), ("tt", "t"), ("ss", "s"), ("ea", "ee"), ("ei", "ie"),
    ("c", "k"), ("y", "ie"), ("z", "s"), ("er", "ar"), ("en", "an"), ("on", "en"), ("s", "z"), ("oo", "u"), ("mm", "m"),
)  # fmt: skip


def _ranked(values: list[str] | tuple[str, ...], steepness: float) -> tuple[list[str], list[float]]:
    """Values with sums of weights that fall with the rank."""
    return list(values), list(itertools.accumulate((rank + 3) ** -steepness for rank in range(len(values))))


def world(rows: int, seed: int) -> World:
    """So many records (a little more), and everybody behind them."""
    maker = _Maker(seed)
    while len(maker.world.rows) < rows:
        for human in maker.household():
            if human.customer:
                maker.records(human)
    maker.random.shuffle(maker.world.rows)
    return maker.world


def asking(made: World, count: int, seed: int) -> list[Asker]:
    """Requests: 72 % customers, 8 % who share a name or are twins, 10 % relatives who are no customers, 6 % strangers, 4 % namesakes.

    55 % give name and address, 25 % an e-mail address, 20 % both; by phone or in writing, so with slips of their own.
    """
    maker = _Maker(seed)
    maker.taken = {mail for human in made.people for mail in (human.email, human.second)}
    r = maker.random
    known = {row.person for row in made.rows}
    by_household: dict[int, list[Human]] = {}
    for human in made.people:
        by_household.setdefault(human.household, []).append(human)
    customers = [human for human in made.people if human.id in known and not human.kind]
    alike = {kind: [human for human in made.people if human.id in known and human.kind == kind] for kind in ("same name", "twin")}
    relatives = [
        human
        for human in made.people
        if human.id not in known and human.kind != "same name" and any(other.id in known for other in by_household[human.household])
    ]
    strangers = [human for _ in range(count) for human in maker.household()][: count * 6 // 100]
    namesakes = []
    for human in r.sample(customers, count * 4 // 100):
        home = maker.place(f"{human.home.zip[:2]}{r.randint(0, 999):03}")
        namesakes.append(Human(-1, -1, human.first, human.last, "", home, "", "", human.woman, customer=False))
        namesakes[-1].email = maker.mailbox(namesakes[-1])
    chosen = [
        *((human, "customer") for human in r.sample(customers, count * 72 // 100)),
        *((human, "same name") for human in r.sample(alike["same name"], min(count * 5 // 100, len(alike["same name"])))),
        *((human, "twin") for human in r.sample(alike["twin"], min(count * 3 // 100, len(alike["twin"])))),
        *((human, "relative") for human in r.sample(relatives, min(count // 10, len(relatives)))),
        *((human, "stranger") for human in strangers),
        *((human, "namesake") for human in namesakes),
    ]
    r.shuffle(chosen)
    return [_asked(maker, human, kind) for human, kind in chosen]


def _asked(maker: _Maker, human: Human, kind: str) -> Asker:
    r = maker.random
    how = r.random()
    by_mail = bool(human.email) and how >= 0.55
    by_post = how < 0.55 or how >= 0.8 or not human.email
    given: list[Identifier] = []
    if by_mail:
        given.append(Email(maker.mail(human.email, slips=0.012)))
    if by_post:
        first, last = maker.named(human, slips=0.6)
        given.append(Postal(first, last, *maker.written(human.home, slips=0.8)))
        if r.random() < 0.15:
            given.append(Phone(human.phone))
    number = -1 if kind in {"stranger", "namesake"} else human.id
    return Asker(number, kind, human.home.id if by_post else -2, human.email if by_mail else "", tuple(given))
