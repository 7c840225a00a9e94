"""Ask pip-audit about the locked dependencies, and believe it only as far as it looked.

pip-audit says "No known vulnerabilities found" even when it had to skip every package, so its JSON is read instead: a package that was not
looked up is named, and a file of which nothing could be looked up fails the audit. Ends with 0 (all looked up, nothing known), 1 (something
is known) or 2 (something could not be looked up).
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any


def audit(path: Path) -> int:
    """Audit one file of locked requirements, say what was found, and return the exit code."""
    command = [sys.executable, "-m", "pip_audit", "--requirement", str(path), "--require-hashes", "--disable-pip", "--format", "json"]
    asked = subprocess.run([*command, "--progress-spinner", "off"], capture_output=True, text=True, check=False)
    try:
        packages = json.loads(asked.stdout)["dependencies"]
    except (json.JSONDecodeError, KeyError, TypeError):
        last = (asked.stderr.strip().splitlines() or ["it said nothing"])[-1]
        print(f"{path}: nothing could be checked: {last[:300]}")
        return 2
    return report(path, packages)


def report(path: Path, packages: list[dict[str, Any]]) -> int:
    """Say what pip-audit found about `packages`; the exit code."""
    skipped = [package for package in packages if "skip_reason" in package]
    known = [(package, fault) for package in packages for fault in package.get("vulns", ())]
    for package, fault in known:
        fixed = ", ".join(fault.get("fix_versions", ())) or "no version yet"
        print(f"{path}: {package['name']} {package.get('version')} has {fault['id']}; fixed in {fixed}")
    for reason, names in _by_reason(skipped).items():
        print(f"{path}: {len(names)} not looked up: {reason}: {', '.join(names)}")
    looked_up = len(packages) - len(skipped)
    print(f"{path}: {looked_up} of {len(packages)} packages looked up, {len(known)} known faults")
    if known:
        return 1
    return 2 if skipped or not looked_up else 0


def _by_reason(skipped: list[dict[str, Any]]) -> dict[str, list[str]]:
    """Which packages were skipped for the same reason; pip-audit puts the package's own name and version at its end."""
    found: dict[str, list[str]] = {}
    for package in skipped:
        reason = package["skip_reason"].partition(f": {package['name']} (")[0]
        found.setdefault(reason, []).append(package["name"])
    return found


def main(arguments: list[str]) -> int:
    """Audit each file named; the worst of their exit codes, found faults before unlooked ones."""
    codes = {audit(Path(argument)) for argument in arguments}
    return 1 if 1 in codes else max(codes, default=2)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
