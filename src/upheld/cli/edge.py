"""What a command reads from the world around it: where the home is, what time it is, and who asks. Read here once, passed in everywhere."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

import click

if TYPE_CHECKING:
    from upheld.home import Home
    from upheld.record import Actor, Record

P = ParamSpec("P")
R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Edge:
    """The surroundings of one call of `upheld`. `folder` is what `--home` said, None if it was not given."""

    folder: Path | None = None

    def home(self) -> Home:
        """The merchant's home: `--home`, else `UPHELD_HOME`, else the current folder or one above it. `NotFound` if there is none."""
        from upheld.home import Home

        return Home.find(self.folder)

    @contextmanager
    def record(self) -> Iterator[Record]:
        """The home's record, closed on leaving. `NotFound` if there is no home."""
        from upheld.record import Record

        record = Record(self.home().record_url)
        try:
            yield record
        finally:
            record.close()

    def now(self) -> datetime:
        """The time, in UTC."""
        return datetime.now(UTC)

    def actor(self, role: str | None = None) -> Actor:
        """Who asks: the name in `UPHELD_ACTOR`, else the name signed in at this terminal."""
        from upheld.record import Actor

        return Actor(os.environ.get("UPHELD_ACTOR") or _signed_in(), role)


def pass_edge(command: Callable[Concatenate[Edge, P], R]) -> Callable[P, R]:
    """Give a command's function the `Edge` as its first argument."""
    return click.make_pass_decorator(Edge, ensure=True)(command)


def _signed_in() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no account behind the number, as in some containers
        return f"uid {os.getuid()}"
