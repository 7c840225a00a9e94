"""How the story is told: each line below a `$` was printed by the command above it, run at that moment."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

WIDTH = 128


@dataclass(frozen=True, slots=True)
class Teller:
    """Runs commands in `folder` as a person at a terminal would, and shows what they say. `house` is the project's own folder."""

    folder: Path
    house: Path

    def say(self, words: str) -> None:
        """A paragraph of the story."""
        print(f"\n{textwrap.fill(words, WIDTH)}", flush=True)

    def run(self, command: str, *, ends_with: int = 0, pick: Callable[[str], bool] = bool, most: int = 12) -> list[str]:
        """Show and run one command; show at most `most` of its lines that `pick` picks (0: the command alone), and return all of them.

        The story ends here, with the command's own words, if it does not end with `ends_with`: a story that does not come true is not told.
        """
        print(f"$ {command}", end="", flush=True)
        ran = self.quietly(shlex.split(command))
        said = (ran.stdout + ran.stderr).replace(f"{self.folder}/", "").replace(str(self.folder), ".")
        lines = [line.rstrip() for line in said.splitlines() if line.strip()]
        if ran.returncode != ends_with:
            sys.exit(f"\n{said}\nthe demo expected this command to end with {ends_with}, it ended with {ran.returncode}")
        shown = [line for line in lines if pick(line)][:most]
        notes = [f"{len(shown)} of {len(lines)} lines"] * (0 < len(shown) < len(lines)) + [f"ends with {ends_with}"] * bool(ends_with)
        print(f"   ({', '.join(notes)})" if notes else "")
        for line in shown:
            print(_folded(line))
        return lines

    def quietly(self, words: Sequence[str]) -> subprocess.CompletedProcess[str]:
        """Run one command without showing anything. `upheld` and `python` are those of this environment."""
        programs = {"upheld": [sys.executable, "-m", "upheld.cli.main"], "python": [sys.executable]}
        here = {"PYTHONPATH": f"{self.house / 'src'}{os.pathsep}{self.house}", "COLUMNS": str(WIDTH), "UPHELD_ACTOR": "demo"}
        command = [*programs.get(words[0], [words[0]]), *words[1:]]
        surroundings = {name: value for name, value in os.environ.items() if name != "UPHELD_HOME"} | here
        return subprocess.run(command, cwd=self.folder, capture_output=True, text=True, check=False, env=surroundings)


def _folded(line: str) -> str:
    """A line of output, over two lines of the story at most."""
    indent = "  " + " " * (len(line) - len(line.lstrip()))
    return textwrap.fill(line.strip(), WIDTH, initial_indent=indent, subsequent_indent=f"{indent}  ", max_lines=2, placeholder=" …")
