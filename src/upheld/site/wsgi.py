"""What granian serves: one site, named by `DJANGO_SETTINGS_MODULE`, as a WSGI application."""

from __future__ import annotations

from importlib import import_module
from pkgutil import walk_packages
from typing import Final

from django.conf import settings
from django.core.wsgi import get_wsgi_application

import upheld

_DECLARE_NONE: Final = ("cli", "engines", "jobs", "site", "web")  # engines may need an extra that is not there


def load_kinds() -> None:
    """Load the rooms that declare what entries of the ledger say: the console tells of all of them, whoever wrote them."""
    for module in walk_packages(upheld.__path__, "upheld."):
        if module.name.split(".")[1] not in _DECLARE_NONE:
            import_module(module.name)


application = get_wsgi_application()
if settings.SITE == "console":
    load_kinds()
