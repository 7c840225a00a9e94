"""A progress bar for whoever sits at a terminal; nothing for anybody else."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def rows(name: str) -> Iterator[Callable[[int], None]]:
    """Counts rows on standard error while a file is read; the function it gives is called with how many more there were."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    bar = Progress(
        SpinnerColumn(), TextColumn("{task.description} {task.completed:,} rows"), TimeElapsedColumn(), console=Console(stderr=True)
    )
    with bar:
        task = bar.add_task(name, total=None)
        yield lambda more: bar.advance(task, more)
