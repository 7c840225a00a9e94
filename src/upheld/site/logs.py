"""What the sites write down while they run: that something went wrong and where in the program, never for whom or with which words.

An address may hold a tracking link, a fault's message a value: neither is written, but the page's name, the status and the place.
"""

from __future__ import annotations

import logging
import sys
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import Any


class Quiet(logging.Formatter):
    """One line a record: time, level, logger; of a request its page and status; of a fault its kind and place."""

    def format(self, record: logging.LogRecord) -> str:
        """The line."""
        parts = [self.formatTime(record), record.levelname.lower(), record.name]
        status = getattr(record, "status_code", None)
        if status is not None:
            parts += [str(status), _page(getattr(record, "request", None))]
        elif not record.name.startswith("django"):
            parts.append(record.getMessage())
        if record.exc_info and record.exc_info[0] is not None:
            frames = traceback.extract_tb(record.exc_info[2])
            place = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "nowhere"
            parts += [record.exc_info[0].__name__, "at", place]
        return " ".join(parts)


def _page(request: Any) -> str:  # noqa: ANN401 - Django's request, or a socket
    match = getattr(request, "resolver_match", None)
    return f"page {match.view_name}" if match is not None and match.view_name else "no page"


def configure(_: Mapping[str, Any] | None = None) -> None:
    """Send every warning and error of the sites to standard error, through `Quiet`."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(Quiet())
    for name in ("django", "allauth", "upheld"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [handler], False
        logger.setLevel(logging.WARNING)
