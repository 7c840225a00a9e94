"""`upheld` as a user runs it."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass


@dataclass
class Said:
    code: int
    out: str
    err: str


def upheld(house, *words):
    command = [sys.executable, "-m", "upheld.cli.main", "--home", str(house.home.path), *words]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    return Said(ran.returncode, ran.stdout, ran.stderr)
