"""Opens a system of the data map for one piece of work."""

from __future__ import annotations

from pathlib import Path

from upheld.errors import Invalid
from upheld.home import Home
from upheld.systems.connector import Connector
from upheld.systems.datamap import System


def open_system(system: System, home: Home | None) -> Connector:
    """The system at work; paths are relative to the home. `Invalid` for a kind or an address that no connector serves."""
    if system.kind == "database" and system.address.startswith("sqlite:///"):
        from upheld.systems.sqlite import Sqlite

        return Sqlite(system, (home.path if home else Path.cwd()) / system.address.removeprefix("sqlite:///"))
    raise Invalid(f"`{system.name}` cannot be opened: only `sqlite:///…` databases can be served yet")
