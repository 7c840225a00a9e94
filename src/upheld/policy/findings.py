"""Faults put down for people, for programs, and in SARIF 2.1.0 for the tools that show findings beside the line."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from upheld.policy.faults import Fault

SARIF_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"


def as_text(name: str, faults: Sequence[Fault]) -> str:
    """One line a fault, then one that counts."""
    lines = [_line(name, fault) for fault in faults]
    return "\n".join([*lines, _count(name, faults)])


def _line(name: str, fault: Fault) -> str:
    hint = f"; {fault.hint}" if fault.hint else ""
    return f"{name}:{fault.place.line}:{fault.place.column}: {fault.severity}: {fault.message}{hint} [{fault.rule}]"


def _count(name: str, faults: Iterable[Fault]) -> str:
    severities = [fault.severity for fault in faults]
    if not severities:
        return f"{name}: no fault found"
    counts = [(severities.count(kind), kind) for kind in ("error", "warning")]
    return f"{name}: " + ", ".join(f"{count} {kind}{'s' if count > 1 else ''}" for count, kind in counts if count)


def as_json(name: str, faults: Sequence[Fault]) -> str:
    """One JSON document: the file and its faults."""
    found = [
        {
            "line": fault.place.line,
            "column": fault.place.column,
            "severity": fault.severity,
            "rule": fault.rule,
            "message": fault.message,
            "hint": fault.hint,
        }
        for fault in faults
    ]
    return json.dumps({"file": name, "faults": found}, ensure_ascii=False, indent=2)


def as_sarif(name: str, faults: Sequence[Fault]) -> str:
    """A SARIF 2.1.0 log of one run."""
    rules = sorted({fault.rule for fault in faults})
    run: dict[str, Any] = {
        "tool": {"driver": {"name": "upheld", "rules": [{"id": rule} for rule in rules]}},
        "columnKind": "unicodeCodePoints",
        "results": [_result(name, fault, rules.index(fault.rule)) for fault in faults],
    }
    return json.dumps({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=2)


def _result(name: str, fault: Fault, rule: int) -> dict[str, Any]:
    return {
        "ruleId": fault.rule,
        "ruleIndex": rule,
        "level": fault.severity,
        "message": {"text": f"{fault.message}; {fault.hint}" if fault.hint else fault.message},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": quote(PurePath(name).as_posix())},
                    "region": {"startLine": fault.place.line, "startColumn": fault.place.column},
                }
            }
        ],
    }
