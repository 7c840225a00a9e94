"""The third part of the story: what a web server wrote down becomes totals of enough people, and nothing of anybody is left."""

from __future__ import annotations

import gzip
from pathlib import Path

from examples.shop.telling import Teller

LOG = Path(__file__).parents[1] / "data" / "weblog" / "apache_logs.gz"


def tell(teller: Teller) -> None:
    """A real log is taken in; it is searched for an address that stands in it."""
    with gzip.open(LOG, "rt", encoding="utf-8") as log:
        address = next(log).split()[0]
    (teller.folder / LOG.name).symlink_to(LOG)
    teller.say("The web server's log, a real one, is turned into totals of at least ten people, as the page says. The rest is forgotten:")
    teller.run(f"upheld traffic import {LOG.name}", most=1)
    report = "upheld traffic report --from 2015-05-17 --to 2015-05-20 --most 3"
    teller.run(report, most=9)
    teller.say(f"The first line of the log is of {address}. No file of the home holds it any more, the databases included:")
    teller.run(f"grep -rlF {address} .", ends_with=1)
