"""What the merchant says of the sites in `upheld.toml`: own names, pages that end a step, own monitors, a table of countries."""

from __future__ import annotations

import bisect
import csv
import ipaddress
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from upheld.errors import Invalid
from upheld.home import Home
from upheld.policy.compiled import Policy
from upheld.policy.statements import Stop
from upheld.policy.statements import Topic as TopicStatement
from upheld.traffic.parsing.addresses import V4, V6, network, prefix
from upheld.traffic.reader import STEPS, Site

U64 = NDArray[np.uint64]
Countries = Callable[[U64], Sequence[str]]


def site(home: Home, policy: Policy) -> Site:
    """The settings of `[traffic]`, read. `Invalid` names the one that cannot be."""
    place = str(home.path / "upheld.toml")
    return Site(
        hosts=tuple(each.lower().removeprefix("www.") for each in _listed(home, "hosts")),
        steps=_steps(_listed(home, "steps"), place),
        monitors=tuple(_network(each, place) for each in _listed(home, "monitors")),
        monitor_agents=tuple(_listed(home, "monitor_agents")),
        signal_stops=signal_stops(policy),
        country=countries(home.path / table) if (table := home.setting("traffic", "countries")) else None,
    )


def signal_stops(policy: Policy) -> bool:
    """Whether the policy says that a browser's signal (GPC, DNT) stops measuring: a topic that stops it, and may be stopped by `signal`."""
    statements = policy.document.statements
    stoppable = {topic for each in statements if isinstance(each, Stop) and "signal" in each.channels for topic in each.topics}
    return any(
        isinstance(each, TopicStatement) and each.name in stoppable and "measurement" in policy.vocabulary.expand_purposes(each.purposes)
        for each in statements
    )


def countries(path: Path) -> Countries:
    """Countries of truncated addresses, by the table at `path`: an mmdb, or a CSV of `first address,last address,country`."""
    try:
        with path.open("rb") as file:
            file.seek(max(0, path.stat().st_size - (128 << 10)))
            binary = b"MaxMind.com" in file.read()
    except OSError as error:
        raise Invalid(f"the table of countries `{path}` cannot be read: {(error.strerror or 'input/output error').lower()}") from error
    return _mmdb(path) if binary else _csv(path)


def _mmdb(path: Path) -> Countries:
    try:
        import maxminddb
    except ImportError as error:
        raise Invalid("a table of countries in mmdb needs `pip install upheld[country]`; a CSV needs nothing") from error
    try:
        reader: Any = maxminddb.open_database(str(path))
    except Exception as error:  # the library's own kinds
        raise Invalid(f"the table of countries `{path}` cannot be read: it is no mmdb") from error
    known: dict[int, str] = {}
    lacks_v6 = reader.metadata().ip_version == 4

    def of(prefixes: U64) -> list[str]:
        if len(known) > 1_000_000:
            known.clear()
        for each in prefixes.tolist():
            if each not in known:
                known[each] = "" if each & V6 and lacks_v6 else _code(reader.get(_address(each)))
        return [known[each] for each in prefixes.tolist()]

    return of


def _code(found: Any) -> str:  # noqa: ANN401 - whatever a table holds
    while isinstance(found, dict):
        found = next((found[name] for name in ("country", "registered_country", "iso_code", "country_code") if name in found), "")
    text = str(found or "")
    return text.upper() if len(text) == 2 and text.isalpha() else ""


def _address(network_: int) -> str:
    if network_ & V6:
        return str(ipaddress.IPv6Address((network_ ^ V6) << 80))
    return str(ipaddress.IPv4Address(network_ ^ V4))


def _csv(path: Path) -> Countries:
    rows: list[tuple[int, int, str]] = []
    try:
        with path.open(encoding="utf-8", newline="") as file:
            for number, row in enumerate(csv.reader(file), 1):
                if len(row) < 3 or not (first := prefix(row[0])) or not (last := prefix(row[1])):
                    if number > 1 and row:
                        raise Invalid("a table of countries holds `first address,last address,country`", place=f"{path}:{number}")
                    continue
                rows.append((first, last, row[2].strip().upper()))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise Invalid(f"the table of countries `{path}` cannot be read as CSV in UTF-8") from error
    rows.sort()
    firsts = [first for first, _, _ in rows]

    def of(prefixes: U64) -> list[str]:
        places = [bisect.bisect_right(firsts, each) - 1 for each in prefixes.tolist()]
        return [rows[at][2] if at >= 0 and each <= rows[at][1] else "" for at, each in zip(places, prefixes.tolist(), strict=True)]

    return of


def _listed(home: Home, name: str) -> list[str]:
    return [each.strip() for each in home.setting("traffic", name).split(",") if each.strip()]


def _steps(said: Sequence[str], place: str) -> tuple[tuple[str, str], ...]:
    made = []
    for each in said:
        step, mark, page = each.partition("=")
        if not mark or step.strip() not in STEPS[1:] or not page.strip().startswith("/"):
            raise Invalid(f"`{each}` is no step: write `{STEPS[1]}=/page`, with one of {', '.join(STEPS[1:])}", place=place)
        made.append((page.strip(), step.strip()))
    return tuple(made)


def _network(text: str, place: str) -> tuple[int, int]:
    try:
        return network(text)
    except ValueError as error:
        raise Invalid(f"`{text}` in `monitors` is no network: write `192.0.2.0/24`", place=place) from error
