"""How a bench publishes its figures: `benches/results/NAME.md`, with machine, date, data and the versions that were measured."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

RESULTS = Path(__file__).parent / "results"


def publish(
    name: str, title: str, head: Sequence[str], rows: Sequence[Sequence[object]], *, data: str, packages: Sequence[str] = ()
) -> Path:
    """Write one table of figures and print it. `data` says what was measured; `packages` are named with their versions."""
    lines = [
        f"# {title}",
        "",
        f"- date: {datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        f"- machine: {machine()}",
        f"- data: {data}",
        f"- versions: {', '.join([f'Python {platform.python_version()}', *(f'{package} {version(package)}' for package in packages)])}",
        "",
        f"| {' | '.join(head)} |",
        f"|{'|'.join('---' for _ in head)}|",
        *(f"| {' | '.join(str(cell) for cell in row)} |" for row in rows),
    ]
    RESULTS.mkdir(exist_ok=True)
    path = RESULTS / f"{name}.md"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    print("\n".join(lines), end="\n\n")
    return path


def append(name: str, title: str, head: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Put one more table below what `publish` wrote, and print it."""
    lines = ["", f"## {title}", "", f"| {' | '.join(head)} |", f"|{'|'.join('---' for _ in head)}|"]
    lines += [f"| {' | '.join(str(cell) for cell in row)} |" for row in rows]
    with (RESULTS / f"{name}.md").open("a", encoding="utf-8") as file:
        file.write("\n".join(lines) + "\n")
    print("\n".join(lines), end="\n\n")


def machine() -> str:
    """The processor, how many cores this process may use, and the memory."""
    facts = Path("/proc/cpuinfo").read_text("utf-8") if Path("/proc/cpuinfo").exists() else ""
    model = next((line.partition(":")[2].strip() for line in facts.splitlines() if line.startswith("model name")), platform.processor())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return f"{model}, {len(os.sched_getaffinity(0))} cores, {memory:.0f} GiB, {platform.system()} {platform.machine()}"
