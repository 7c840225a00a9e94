"""Help and policy commands start quickly because they load only what they need."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

POLICY = Path(__file__).parents[2] / "policies" / "northgate.md"
HEAVY = ("django", "duckdb", "numpy", "sqlalchemy", "psycopg", "pysqlite3", "pyarrow", "cryptography", "rich")
PROGRAM = f"""
import sys
from upheld.cli.main import run
code = run(sys.argv[1:])
heavy = [name for name in {HEAVY!r} if name in sys.modules]
sys.exit(f"loaded {{heavy}}" if heavy else 99 if code == 70 else 0)
"""


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["--version"],
        ["policy", "--help"],
        ["policy", "check", str(POLICY)],
        ["policy", "explain", str(POLICY), "use.partners"],
        ["policy", "show", str(POLICY)],
        ["policy", "render", str(POLICY)],
        ["policy", "export", str(POLICY)],
        ["policy", "vocabulary"],
        ["policy", "fmt", "--help"],
        ["release", "--wrong"],
    ],
    ids=" ".join,
)
def test_a_command_without_bulk_work_loads_nothing_heavy(words):
    child = subprocess.run([sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True, check=False)
    assert child.returncode == 0, child.stderr


def test_help_is_there_at_once():
    def seconds():
        """Processor time of one call: the machine may be busy with other tests. benches/startup.py publishes the time that passes."""
        child = subprocess.Popen([sys.executable, "-m", "upheld.cli.main", "--help"], stdout=subprocess.DEVNULL)
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = status
        assert status == 0
        return used.ru_utime + used.ru_stime

    assert min(seconds() for _ in range(5)) <= 0.25
