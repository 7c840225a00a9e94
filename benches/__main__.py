"""Run the benches: all, or those named (`python -m benches startup release`)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent


def main(names: list[str]) -> int:
    """Run each bench in a process of its own; the exit code is 1 if one failed."""
    found = sorted(path.stem for path in HERE.glob("*.py") if "def main(" in path.read_text("utf-8") and not path.stem.startswith("_"))
    unknown = [name for name in names if name not in found]
    if unknown:
        print(f"no bench {', '.join(unknown)}; there are {', '.join(found)}", file=sys.stderr)
        return 2
    failed = [name for name in names or found if subprocess.run([sys.executable, "-m", f"benches.{name}"], check=False).returncode]
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
