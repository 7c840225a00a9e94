"""How commands answer: text for people, or with `--json` one JSON document for programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from pathlib import PurePath
from typing import Any, ParamSpec, TypeVar

import click

P = ParamSpec("P")
R = TypeVar("R")


def with_json(command: Callable[P, R]) -> Callable[P, R]:
    """Give a command the flag `--json`; its function receives `as_json: bool`."""
    return click.option("--json", "as_json", is_flag=True, help="Answer with one JSON document.")(command)


def show(value: object, *, as_json: bool, text: Callable[[], str]) -> None:
    """Print `value` as JSON, or what `text()` says. `value` is made of dataclasses, mappings, sequences, times and plain values."""
    click.echo(json.dumps(plain(value), ensure_ascii=False, indent=2) if as_json else text())


def plain(value: object) -> Any:  # noqa: ANN401 - JSON has no narrower type
    """What JSON can hold: dataclasses become objects, sets sorted lists, times ISO 8601. Anything it does not know is a `TypeError`."""
    match value:
        case None | bool() | int() | float() | str() if not isinstance(value, Enum):
            return value
        case Enum():
            return plain(value.value)
        case datetime() | date():
            return value.isoformat()
        case PurePath():
            return str(value)
        case bytes():
            return value.hex()
        case Mapping():
            return {str(key): plain(one) for key, one in value.items()}
        case AbstractSet():
            return sorted((plain(one) for one in value), key=str)
        case list() | tuple():
            return [plain(one) for one in value]
        case _ if is_dataclass(value) and not isinstance(value, type):
            return {field.name: plain(getattr(value, field.name)) for field in fields(value)}
    message = f"cannot say {type(value).__name__} in JSON"
    raise TypeError(message)
