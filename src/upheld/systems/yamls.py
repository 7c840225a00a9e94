"""Reading YAML that others wrote: plain values only, of a bounded size, with few aliases; whatever else it holds is refused in one line."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import yaml

from upheld.errors import Invalid, NotFound

LARGEST: Final = 8 * 1024 * 1024
"""Bytes that a file may have."""
MOST_ALIASES: Final = 1_000
_DEEPEST: Final = 100


class _Loader(yaml.SafeLoader):
    """Plain values only; counts what makes a small file large: aliases and depth."""

    aliases = 0
    depth = 0

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:  # noqa: ANN401 - PyYAML's own
        """A node, unless there are too many aliases or it lies too deep."""
        if self.check_event(yaml.AliasEvent):
            self.aliases += 1
            if self.aliases > MOST_ALIASES:
                raise yaml.YAMLError(f"it has more than {MOST_ALIASES} aliases")
        self.depth += 1
        if self.depth > _DEEPEST:
            raise yaml.YAMLError("it is nested too deep")
        node = super().compose_node(parent, index)
        self.depth -= 1
        return node


def read_yaml(path: Path) -> object:
    """What a file holds. `NotFound` if there is none; `Invalid`, in one line with its place, if it cannot be read."""
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise NotFound(f"there is no file `{path}`") from None
    except OSError as problem:
        raise Invalid(f"`{path}` cannot be read: {(problem.strerror or 'it cannot be opened').lower()}") from None
    if len(raw) > LARGEST:
        raise Invalid(f"the file is larger than {LARGEST // 1024 // 1024} MiB", place=str(path))
    try:
        return yaml.load(raw, Loader=_Loader)  # noqa: S506 - a loader of plain values
    except yaml.MarkedYAMLError as problem:
        line = f":{problem.problem_mark.line + 1}" if problem.problem_mark else ""
        words = " ".join(str(problem.problem or "it is no YAML").split())[:120]
        raise Invalid(f"the file is no YAML that can be read: {words}", place=f"{path}{line}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as problem:
        words = "it is nested too deep" if isinstance(problem, RecursionError) else " ".join(str(problem).split())[:120]
        raise Invalid(f"the file is no YAML that can be read: {words}", place=str(path)) from None
