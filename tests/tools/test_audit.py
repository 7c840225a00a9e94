"""The audit believes pip-audit only as far as it looked."""

from pathlib import Path

import pytest

from tools import audit

LOOKED_UP = {"name": "click", "version": "8.2", "vulns": []}
SKIPPED = {"name": "lark", "skip_reason": "not found"}
ALSO_SKIPPED = [{"name": name, "skip_reason": f"Dependency not found on PyPI: {name} (1.0)"} for name in ("click", "cffi")]
FAULTY = {"name": "idna", "version": "3.0", "vulns": [{"id": "PYSEC-1", "fix_versions": ["3.7"]}]}


@pytest.mark.parametrize(
    ("packages", "code", "said"),
    [
        ([LOOKED_UP], 0, "1 of 1 packages looked up, 0 known faults"),
        ([LOOKED_UP, SKIPPED], 2, "1 not looked up: not found: lark"),
        (ALSO_SKIPPED, 2, "2 not looked up: Dependency not found on PyPI: click, cffi"),
        ([SKIPPED], 2, "0 of 1 packages looked up"),
        ([], 2, "0 of 0 packages looked up"),
        ([LOOKED_UP, FAULTY], 1, "idna 3.0 has PYSEC-1; fixed in 3.7"),
        ([SKIPPED, FAULTY], 1, "1 known faults"),
    ],
)
def test_an_audit_passes_only_if_every_package_was_looked_up_and_none_is_faulty(packages, code, said, capsys):
    assert audit.report(Path("locked.txt"), packages) == code
    assert said in capsys.readouterr().out


def test_an_audit_that_cannot_read_its_file_fails(tmp_path, capsys):
    assert audit.main([str(tmp_path / "missing.txt")]) == 2
    assert "nothing could be checked" in capsys.readouterr().out


def test_an_audit_of_nothing_fails():
    assert audit.main([]) == 2
