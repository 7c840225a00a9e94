"""Proposing a data map from a dataset of fideslang, or a `schema.yml` of dbt. What cannot be mapped is listed."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

from upheld.errors import Invalid
from upheld.systems.datamap import Part
from upheld.systems.guessing import Guess, guess
from upheld.systems.proposing import Items, Line, Proposed, line
from upheld.systems.yamls import read_yaml

Form = Literal["fideslang", "dbt"]
MOST_FIELDS: Final = 100_000
_DEEPEST: Final = 20
_REF = re.compile(r"""\s*(?:ref\(\s*(?:['"][^'"]*['"]\s*,\s*)?|source\(\s*['"][^'"]*['"]\s*,\s*)['"]([^'"]+)['"]\s*\)\s*""")

_CATEGORIES: Final[Mapping[str, tuple[str, Part | None]]] = {
    "user.contact.email": ("email", "email"),
    "user.contact.phone_number": ("phone", "phone"),
    "user.contact.address.street": ("address", "address"),
    "user.contact.address.city": ("address", "city"),
    "user.contact.address.state": ("address", "state"),
    "user.contact.address.postal_code": ("address", "zip"),
    "user.contact.address.country": ("address", "region"),
    "user.contact.address": ("address", "address"),
    "user.contact.organization": ("company", None),
    "user.name.first": ("name", "first"),
    "user.name.last": ("name", "last"),
    "user.name": ("name", "full"),
    "user.account.username": ("account number", "account"),
    "user.unique_id": ("account number", "account"),
    "user.demographic.date_of_birth": ("birth date", None),
    "user.behavior.purchase_history": ("purchases", None),
    "user.behavior.browsing_history": ("pages", None),
    "user.device.ip_address": ("ip address", None),
    "user.device.cookie_id": ("cookie", None),
    "user.device.cookie": ("cookie", None),
    "user.device": ("device", None),
    "user.financial.credit_card": ("card token", None),
    "user.payment": ("card token", None),
}
"""Categories of fideslang, the kind of information each is, and the part of an identity; the longest that begins a category counts."""
_OLD: Final = re.compile(r"\.(provided|derived)\.(identifiable|nonidentifiable)")


@dataclass(slots=True)
class Imported:
    """What a file proposes: its tables, and in words what of it could not be mapped."""

    tables: list[Proposed] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    fields: int = 0


@dataclass(frozen=True, slots=True)
class _Field:
    """A column as a file describes it: `certain` sayings, a guess, and whether the file says that it speaks of nobody."""

    name: str
    certain: tuple[str, ...] = ()
    guess: Guess = field(default_factory=Guess)
    saying: str | None = None
    nobody: bool = False


def import_file(path: Path, form: Form, items: Items) -> Imported:
    """What a file proposes. `Invalid` if it cannot be read or is not of that form, with its line where YAML says so."""
    given = read_yaml(path)
    made = Imported()
    if form == "fideslang":
        _fideslang(given, items, made, str(path))
    else:
        _dbt(given, items, made, str(path))
    names = [table.table for table in made.tables]
    for name in {name for name in names if names.count(name) > 1}:
        raise Invalid(f"the table `{name[:60]}` is there twice: import one dataset at a time", place=str(path))
    return made


def _fideslang(given: object, items: Items, made: Imported, name: str) -> None:
    datasets = _list(given.get("dataset")) if isinstance(given, dict) else []
    if not datasets:
        raise Invalid("the file is no dataset of fideslang: it begins with `dataset:` and a list", place=name)
    for dataset in _maps(datasets):
        key = str(dataset.get("fides_key", ""))
        known = {str(one.get("name")) for one in _maps(_list(dataset.get("collections")))}
        for collection in _maps(_list(dataset.get("collections"))):
            table = str(collection.get("name", ""))
            fields = list(_fields_of_fides(collection, table, key, known, made, 0))
            _add(table, fields, items, made)


def _fields_of_fides(holder: Mapping[str, Any], table: str, key: str, known: set[str], made: Imported, depth: int) -> Iterator[_Field]:
    for one in _maps(_list(holder.get("fields"))):
        _count(made)
        name = str(one.get("name", ""))
        if _list(one.get("fields")):
            made.left.append(f"{table}.{name} has fields inside it: {', '.join(_inner(one, depth)) or 'none'}")
            continue
        meta = one.get("fides_meta") or one.get("fidesops_meta") or {}
        meta = meta if isinstance(meta, dict) else {}
        categories = [_OLD.sub("", str(each)) for each in _list(one.get("data_categories"))]
        certain = ["key"] if meta.get("primary_key") is True or meta.get("primary_key") == "True" else []
        certain += _links_of_fides(meta, table, name, key, known, made)
        yield _Field(name, tuple(certain), _of_categories(categories, meta, table, name, made), nobody=_speaks_of_nobody(categories))


def _inner(one: Mapping[str, Any], depth: int) -> list[str]:
    if depth > _DEEPEST:
        return ["…"]
    return [
        f"{each.get('name')} ({', '.join(map(str, _list(each.get('data_categories')))) or '?'})" for each in _maps(_list(one.get("fields")))
    ]


def _links_of_fides(meta: Mapping[str, Any], table: str, name: str, key: str, known: set[str], made: Imported) -> Iterator[str]:
    for reference in _maps(_list(meta.get("references"))):
        other, _, column = str(reference.get("field", "")).partition(".")
        if reference.get("direction") == "to":
            continue  # the other side says the same
        if reference.get("dataset") == key and other in known and column and "." not in column:
            yield f"link to {other}.{column}"
        else:
            made.left.append(
                f"{table}.{name} refers to `{reference.get('field')}` of `{reference.get('dataset')}`, which is another system"
            )


def _of_categories(categories: Sequence[str], meta: Mapping[str, Any], table: str, name: str, made: Imported) -> Guess:
    identity = meta.get("identity")
    if identity in {"email", "phone_number"}:
        kind: Part = "email" if identity == "email" else "phone"
        return Guess(kind, kind, seen=True, note="its identity, as fideslang says")
    for category in categories:
        for known in sorted(_CATEGORIES, key=len, reverse=True):
            if category == known or category.startswith(f"{known}."):
                kind_, part = _CATEGORIES[known]
                return Guess(kind_, part, seen=category == known, note=category)
    people = [one for one in categories if one.startswith("user")]
    if people:
        made.left.append(f"{table}.{name} is {', '.join(people)}: no word of the policy is known for it")
        return Guess(name.replace("_", " ").lower() or "unknown", note=", ".join(people))
    return Guess()


def _speaks_of_nobody(categories: Sequence[str]) -> bool:
    return bool(categories) and all(one.startswith("system") for one in categories)


def _dbt(given: object, items: Items, made: Imported, name: str) -> None:
    tables = list(_tables_of_dbt(given)) if isinstance(given, dict) else []
    if not tables:
        raise Invalid("the file is no schema of dbt: it has no `models`, `seeds`, `snapshots` or `sources` with columns", place=name)
    known = {str(table.get("name")) for table in tables}
    for table in tables:
        own = str(table.get("identifier") or table.get("name", ""))
        _add(own, [_field_of_dbt(column, own, known, made) for column in _maps(_list(table.get("columns")))], items, made)


def _tables_of_dbt(given: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    for kind in ("models", "seeds", "snapshots"):
        yield from _maps(_list(given.get(kind)))
    for source in _maps(_list(given.get("sources"))):
        yield from _maps(_list(source.get("tables")))


def _field_of_dbt(column: Mapping[str, Any], table: str, known: set[str], made: Imported) -> _Field:
    _count(made)
    name = str(column.get("name", ""))
    config = column.get("config") if isinstance(column.get("config"), dict) else {}
    meta = {**_map(column.get("meta")), **_map(_map(config).get("meta"))}
    tests = [*_list(column.get("tests")), *_list(column.get("data_tests"))]
    certain = ["key"] if any(one.get("type") == "primary_key" for one in _maps(_list(column.get("constraints")))) else []
    if not certain and "unique" in tests and "not_null" in tests:
        certain = ["key"]
    certain += _links_of_dbt(tests, table, name, known, made)
    said = meta.get("upheld")
    if isinstance(said, str) and said.strip():
        return _Field(name, tuple(certain), saying=" ".join(said.split()))
    guessed = guess(name, str(column.get("data_type") or "text"), [])
    personal = next((meta[one] for one in ("contains_pii", "pii", "is_pii", "personal_data") if one in meta), None)
    if personal is True and guessed == Guess():
        made.left.append(f"{table}.{name} is marked as personal, and its name does not say what it is")
        guessed = Guess(name.replace("_", " ").lower(), note="marked as personal")
    return _Field(name, tuple(certain), guessed, nobody=personal is False)


def _links_of_dbt(tests: Sequence[object], table: str, name: str, known: set[str], made: Imported) -> Iterator[str]:
    for test in _maps(tests):
        relation = _map(test.get("relationships"))
        relation = {**relation, **_map(relation.get("arguments"))}
        if not relation:
            continue
        found, column = _REF.fullmatch(str(relation.get("to", ""))), str(relation.get("field", ""))
        if found and found[1] in known and column:
            yield f"link to {found[1]}.{column}"
        else:
            made.left.append(f"{table}.{name} relates to `{relation.get('to')}`, which the file does not describe")


def _add(table: str, fields: Sequence[_Field], items: Items, made: Imported) -> None:
    if not table:
        made.left.append("a table without a name")
        return
    if not fields:
        made.left.append(f"{table} has no columns here")
        return
    if all(one.nobody or (one.guess == Guess() and one.saying is None and not _linked(one)) for one in fields):
        made.tables.append(Proposed(table, asks=not all(one.nobody for one in fields)))
        return
    lines = [_line(one, table, items) for one in fields]
    if not any("key" in one.certain for one in fields):
        first = lines[0]
        lines[0] = Line(
            first.column, f"key; {first.saying}" if first.saying != "nothing" else "key", asks=True, note="which column tells rows apart?"
        )
    made.tables.append(Proposed(table, tuple(lines)))


def _line(one: _Field, table: str, items: Items) -> Line:
    if one.saying is not None:
        return Line(one.name, "; ".join([*one.certain, one.saying]))
    guessed = Guess() if one.certain and not one.guess.seen else one.guess
    return line(one.name, table, guessed, items, is_text=not one.nobody, certain=one.certain)


def _linked(one: _Field) -> bool:
    return any(said.startswith("link to ") for said in one.certain)


def _count(made: Imported) -> None:
    made.fields += 1
    if made.fields > MOST_FIELDS:
        raise Invalid(f"the file describes more than {MOST_FIELDS:,} columns")


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _map(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _maps(values: Sequence[object]) -> Iterator[dict[str, Any]]:
    return (value for value in values if isinstance(value, dict))
