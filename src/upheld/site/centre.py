"""The settings module of the centre. The home is found as every command finds it: `UPHELD_HOME`, else here or above."""

from __future__ import annotations

from upheld.home import Home
from upheld.site.settings import settings_of

globals().update(settings_of("centre", Home.find()))
