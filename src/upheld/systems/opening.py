"""Opens a system of the data map for one piece of work."""

from __future__ import annotations

from pathlib import Path

from upheld.errors import Invalid
from upheld.home import Home
from upheld.systems.connector import Connector
from upheld.systems.datamap import System
from upheld.systems.passwords import password, secret


def open_system(system: System, home: Home | None) -> Connector:
    """The system at work; paths are relative to the home. `Invalid` for a kind or an address that no connector serves."""
    match system.kind, system.address.partition(":")[0]:
        case "database", "sqlite":
            from upheld.systems.sqlite import Sqlite

            return Sqlite(system, (home.path if home else Path.cwd()) / system.address.removeprefix("sqlite:///"))
        case "database", "postgresql+psycopg":
            from upheld.systems.postgres import Postgres

            return Postgres(system, password(system, home))
        case "database", "mysql+pymysql" | "mariadb+pymysql":
            from upheld.systems.mariadb import MariaDB

            return MariaDB(system, password(system, home))
        case "files", _:
            from upheld.systems.files import Files

            return Files(system)
        case "webhook", _:
            from upheld.systems.webhook import Webhook

            return Webhook(system, secret(system, home, "secret_file", "secret"))
        case "listmonk", _:
            from upheld.systems.listmonk import Listmonk

            return Listmonk(system, secret(system, home, "token_file", "token"))
    raise Invalid(f"`{system.name}` cannot be opened: its kind of system is not served yet")
