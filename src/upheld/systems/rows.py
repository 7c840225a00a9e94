"""Rows as a system gives them, read as the data map says: keys as text, parts of a person, what they stopped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from upheld.systems.connector import Failed, Found, Key
from upheld.systems.datamap import Flag, Part, System, Table

_TRUE: Final = frozenset({"1", "true", "t", "yes", "y"})
_FALSE: Final = frozenset({"0", "false", "f", "no", "n"})


class AnyCase(dict[str, Any]):
    """Columns by name, of a database that does not mind the case of names."""

    def __init__(self, columns: Mapping[str, Any]) -> None:
        super().__init__({name.lower(): value for name, value in columns.items()})

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and super().__contains__(name.lower())

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - what was given
        return super().__getitem__(name.lower())


def columns(table: Table) -> list[str]:
    """What is read of a row, in this order: its key, its parts, its flags."""
    return [*table.key, *(name for some in table.parts().values() for name in some), *(flag.column for flag in table.flags)]


def found(system: System, table: Table, row: Sequence[Any]) -> Found:
    """A row of these columns. `Failed` if it has no key, or one that is no text."""
    at = len(table.key)
    key = _key(system, table, row[:at])
    values: dict[Part, tuple[str, ...]] = {}
    for part, names in table.parts().items():
        values[part] = tuple("" if value is None else text(value) for value in row[at : at + len(names)])
        at += len(names)
    out = frozenset(flag.topic for flag, value in zip(table.flags, row[at:], strict=True) if is_out(value, flag))
    return Found(system.name, table.name, key, values, out)


def text(value: object) -> str:
    """A value as text; bytes are read as UTF-8."""
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value)


def is_out(value: object, flag: Flag) -> bool:
    """Whether what stands in a flag's column means that the person stopped. Yes and no of every spelling meet `true` and `false`."""
    if value is None:
        return flag.null_is_out
    said = _said(value)
    if isinstance(flag.out, bool):
        return said.lower() in (_TRUE if flag.out else _FALSE)
    return said == str(flag.out)


def _said(value: object) -> str:
    if isinstance(value, bool):
        return str(int(value))
    if isinstance(value, float | Decimal) and value % 1 == 0:
        return str(int(value))
    return text(value).rstrip(" ")


def _key(system: System, table: Table, values: Sequence[Any]) -> Key:
    try:
        key = tuple(value.decode() if isinstance(value, bytes) else str(value) for value in values)
    except UnicodeDecodeError:
        raise Failed(system.name, f"has keys in `{table.name}` that are no text: name another key in the data map", again=False) from None
    if None in values:
        raise Failed(system.name, f"has a row without a key in `{table.name}`", again=False)
    return key
