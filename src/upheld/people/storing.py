"""Files that only their owner may read, and that last through a power cut."""

from __future__ import annotations

import os
from pathlib import Path


def private(path: str, flags: int) -> int:
    """An `opener`: a new file has mode 0600 from its first moment."""
    return os.open(path, flags, 0o600)


def sync(folder: Path) -> None:
    """Make the names in a folder last."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
