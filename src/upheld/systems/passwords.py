"""The passwords of systems: from the environment or from a file that only its owner may read, never from the data map."""

from __future__ import annotations

import os
import re

from upheld.errors import Invalid
from upheld.home import Home
from upheld.systems.datamap import System


def password(system: System, home: Home | None) -> str | None:
    """`UPHELD_SYSTEM_<NAME>_PASSWORD`, else what the file of the map's `password_file` holds; None: the system asks for none.

    `Refused` if others may read the file, `Invalid` if it cannot be read.
    """
    return secret(system, home, "password_file", "password")


def secret(system: System, home: Home | None, option: str, what: str) -> str | None:
    """A secret of a system: `UPHELD_SYSTEM_<NAME>_<WHAT>`, else the file that an option of the map names."""
    given = os.environ.get(f"UPHELD_SYSTEM_{re.sub('[^A-Z0-9]', '_', system.name.upper())}_{what.upper()}")
    if given:
        return given
    file = system.options.get(option)
    if file is None:
        return None
    if home is None:
        raise Invalid(f"the {what} of `{system.name}` lies in a file, and no home is known to find it in")
    try:
        return home.secret(str(file)).decode()
    except UnicodeDecodeError as error:
        raise Invalid(f"the {what} of `{system.name}` is not UTF-8 text") from error
