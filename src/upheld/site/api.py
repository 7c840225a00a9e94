"""What granian serves as the API: the home is found as every command finds it, `UPHELD_HOME`, else here or above."""

from __future__ import annotations

from upheld.cli.init import load_tables
from upheld.home import Home
from upheld.site.logs import configure
from upheld.web.api.edge import Edge
from upheld.web.surroundings import Surroundings

configure()
load_tables()
application = Edge(Surroundings(Home.find()))
