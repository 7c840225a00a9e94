"""What granian serves as the API: the home is found as every command finds it, `UPHELD_HOME`, else here or above."""

from __future__ import annotations

import gc

from upheld.cli.init import load_tables
from upheld.home import Home
from upheld.site.logs import configure
from upheld.web.api.edge import Edge
from upheld.web.surroundings import Surroundings

configure()
load_tables()
application = Edge(Surroundings(Home.find()))

# What is kept ready (people, codes, answers) lives long and holds no circles. Looking through all of it for garbage, as Python does each
# time it has grown by a quarter, stops every answer for 50 ms and more: what is there now is left out, and old garbage looked for rarely.
gc.collect()
gc.freeze()
gc.set_threshold(700, 10, 100_000)
