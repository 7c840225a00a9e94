"""What granian serves to take events in: the home is found as every command finds it, `UPHELD_HOME`, else here or above."""

from __future__ import annotations

from datetime import UTC, datetime

from upheld.cli.init import load_tables
from upheld.home import Home
from upheld.record import Record
from upheld.site.logs import configure
from upheld.traffic.events.edge import Edge
from upheld.traffic.events.taking import Taker


def _now() -> datetime:
    return datetime.now(UTC)


configure()
load_tables()
_home = Home.find()
application = Edge(
    lambda: Taker(_home, Record(_home.record_url), _now),
    _now,
    behind_proxy=_home.setting("web", "behind_proxy") == "yes",
    hosts=tuple(each.strip().lower() for each in _home.setting("traffic", "hosts").split(",") if each.strip()),
)
