"""Serve one site: `python -m upheld.site.serving centre`, as `upheld serve` starts it. Granian holds the socket, Django answers."""

from __future__ import annotations

import os
import sys
from typing import Any

from upheld.errors import Invalid, No
from upheld.home import Home
from upheld.site.database import make
from upheld.site.settings import SITES, SiteName, address_of

THREADS = 4  # pages at once in each worker: what waits for the record's disk must not keep others waiting


def serve(site: SiteName, home: Home, *, host: str, port: int | None, workers: int) -> None:
    """Make the site's tables, then serve until stopped."""
    import django
    from granian import Granian
    from granian.constants import Interfaces

    os.environ["DJANGO_SETTINGS_MODULE"] = f"upheld.site.{site}"
    os.environ["UPHELD_HOME"] = str(home.path)
    address = address_of(site, home)
    django.setup()
    make(site, home)
    port = port or address.port or (8100 if site == "centre" else 8200)
    server: Any = Granian(
        "upheld.site.wsgi:application",
        address=host,
        port=port,
        interface=Interfaces.WSGI,
        workers=workers,
        blocking_threads=THREADS,
        websockets=False,
        log_access=False,  # an address may hold a tracking link
        respawn_failed_workers=True,
    )
    sys.stdout.write(f"the {site} is at {address.scheme}://{address.netloc} (port {port} of {host})\n")
    if address.scheme == "http" and port != (address.port or port):
        sys.stdout.write(f"links in mails lead to port {address.port}: write the port that you serve into `{site}` of `[web]`\n")
    sys.stdout.flush()
    server.serve()


def main(argv: list[str]) -> int:
    """SITE HOST PORT WORKERS; a refusal is one line."""
    try:
        site, host, port, workers = argv
        if site not in SITES:
            raise Invalid(f"no site `{site}`: there are `centre` and `console`")
        serve(site, Home.find(), host=host, port=int(port) or None, workers=int(workers))
    except No as no:
        sys.stderr.write(f"upheld: {no}\n")
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
