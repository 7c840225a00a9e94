"""How long commands take that do no bulk work: from the shell's call to the end of the process."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

from benches.publishing import publish

COMMANDS = ("--help", "--version", "policy --help", "policy check policies/northgate.md", "policy prove policies/northgate.md")
TIMES = 15


def seconds(words: str) -> list[float]:
    """The wall time of each of `TIMES` calls."""
    taken = []
    for _ in range(TIMES):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-m", "upheld.cli.main", *words.split()], capture_output=True, check=True)
        taken.append(time.perf_counter() - began)
    return taken


def main() -> None:
    """Measure, print, publish. Target: 250 ms."""
    rows = []
    for words in COMMANDS:
        taken = seconds(words)
        rows.append([f"`upheld {words}`", f"{statistics.median(taken) * 1000:.0f}", f"{max(taken) * 1000:.0f}"])
    rows.append(["`python -c pass`, for comparison", f"{statistics.median(_bare()) * 1000:.0f}", ""])
    publish("startup", "Start-up", ["command", "median ms", "worst ms"], rows, data=f"{TIMES} calls each, files in the cache")


def _bare() -> list[float]:
    taken = []
    for _ in range(TIMES):
        began = time.perf_counter()
        subprocess.run([sys.executable, "-c", "pass"], check=True)
        taken.append(time.perf_counter() - began)
    return taken


if __name__ == "__main__":
    main()
