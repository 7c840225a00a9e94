"""Serve one site, the API, or what takes events in: `python -m upheld.site.serving centre`, as `upheld serve` does.

The two sites are Django's, in several threads each; the others are bare processes whose one loop answers everything.
"""

from __future__ import annotations

import os
import sys
from typing import Any, Final, Literal

from upheld.errors import Invalid, No
from upheld.home import Home
from upheld.site.database import make
from upheld.site.settings import SITES, SiteName, address_of

Served = SiteName | Literal["api", "events"]
SERVED: Final[tuple[Served, ...]] = (*SITES, "api", "events")
_LISTED: Final = "`centre`, `console`, `api` and `events`"
PORTS: Final[dict[Served, int]] = {"centre": 8100, "console": 8200, "api": 8300, "events": 8400}
THREADS: Final = 4  # pages at once in each worker: what waits for the record's disk must not keep others waiting


def serve(what: Served, home: Home, *, host: str, port: int | None, workers: int) -> None:
    """Make a site's tables, then serve until stopped."""
    from granian import Granian

    os.environ["UPHELD_HOME"] = str(home.path)
    address = address_of(what, home)
    if what == "events":
        _demand_events(home)
    said = _site(what, home) if what in SITES else _bare(what)
    port = port or address.port or PORTS[what]
    server: Any = Granian(
        **said,
        address=host,
        port=port,
        workers=workers,
        websockets=False,
        log_access=False,  # an address may hold a tracking link
        respawn_failed_workers=True,
    )
    sys.stdout.write(f"the {what} {'are' if what == 'events' else 'is'} at {address.scheme}://{address.netloc} (port {port} of {host})\n")
    if what in SITES and address.scheme == "http" and port != (address.port or port):
        sys.stdout.write(f"links in mails lead to port {address.port}: write the port that you serve into `{what}` of `[web]`\n")
    sys.stdout.flush()
    server.serve()


def _site(site: SiteName, home: Home) -> dict[str, Any]:
    import django
    from granian.constants import Interfaces

    os.environ["DJANGO_SETTINGS_MODULE"] = f"upheld.site.{site}"
    django.setup()
    make(site, home, counts_anew=True)
    return {"target": "upheld.site.wsgi:application", "interface": Interfaces.WSGI, "blocking_threads": THREADS}


def _demand_events(home: Home) -> None:
    """Say here what stands against taking events in: a worker that cannot begin would only be begun again."""
    from datetime import UTC, datetime

    from upheld.cli.init import load_tables
    from upheld.record import Record
    from upheld.traffic.events.taking import demand_possible

    load_tables()
    record = Record(home.record_url)
    try:
        demand_possible(home, record, datetime.now(UTC))
    finally:
        record.close()


def _bare(what: Served) -> dict[str, Any]:
    from granian.constants import Interfaces

    return {"target": f"upheld.site.{what}:application", "interface": Interfaces.RSGI}


def main(argv: list[str]) -> int:
    """WHAT HOST PORT WORKERS; a refusal is one line."""
    try:
        what, host, port, workers = argv
        if what not in SERVED:
            raise Invalid(f"nothing to serve is called `{what}`: there are {_LISTED}")
        if what == "events" and workers != "1":
            raise Invalid("events are taken in by one process: it alone can tell visitors apart, and it is quick enough")
        serve(what, Home.find(), host=host, port=int(port) or None, workers=int(workers))
    except No as no:
        sys.stderr.write(f"upheld: {no}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
