"""`upheld serve`: one of the two sites, or the API, in a process of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from importlib.util import find_spec
from types import FrameType

import click

from upheld.cli.edge import Edge, pass_edge
from upheld.errors import Invalid

NEEDED = ("django", "allauth", "csp", "granian", "msgspec")


@click.command(short_help="Serve the privacy centre, the console, the API, or page events.")
@click.argument("site", metavar="centre|console|api|events")
@click.option("--host", default="127.0.0.1", show_default=True, help="On which of this machine's addresses to listen.")
@click.option("--port", type=click.IntRange(1, 65535), help="The port. Else that of the settings, else 8100, 8200, 8300, 8400.")
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True, help="How many processes answer.")
@pass_edge
def serve(edge: Edge, /, site: str, host: str, port: int | None, workers: int) -> int:
    """Serve the site for customers (centre), for staff (console), the API for programs (api), or what pages tell of visits (events).

    A site's address is a setting, `[web]` in `upheld.toml`. TLS is held by a proxy before it; limits on forms count over all
    processes of a site.
    """
    home = edge.home()
    if site not in {"centre", "console", "api", "events"}:
        raise Invalid(f"nothing to serve is called `{site}`: there are `centre`, `console`, `api` and `events`")
    if not all(map(find_spec, NEEDED)):
        raise Invalid("the sites need more than the commands do: run `pip install 'upheld[web]'`")
    command = [sys.executable, "-m", "upheld.site.serving", site, host, str(port or 0), str(workers)]
    child = subprocess.Popen(command, env={**os.environ, "UPHELD_HOME": str(home.path)})  # noqa: S603 - our own program

    def pass_on(number: int, _: FrameType | None) -> None:
        child.send_signal(number)

    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, pass_on)
    ended = child.wait()
    return 0 if ended in {0, -signal.SIGTERM, -signal.SIGINT} else ended
