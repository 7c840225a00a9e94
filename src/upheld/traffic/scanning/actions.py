"""The one change a scan makes: what it found is written down, with its entry in the ledger."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, func, insert, select

from upheld.ledger.actions import append
from upheld.ledger.kinds import HASH, NUMBER, WORD, counts_of, declare
from upheld.record import Actor
from upheld.traffic.scanning.models import SCAN

SCANNED = declare(
    "site.scanned",
    "the merchant's pages were looked at in a real browser, and held to the policy",
    scan=NUMBER,
    pages=NUMBER,
    errors=NUMBER,
    warnings=NUMBER,
    findings=counts_of(WORD),
    report=HASH,
)


def record_scan(tx: Connection, said: Mapping[str, Any], at: datetime, actor: Actor) -> int:
    """Write down a scan's report, as JSON can hold it; its number."""
    number = int(tx.execute(select(func.coalesce(func.max(SCAN.c.id), 0))).scalar_one()) + 1
    digest = sha256(json.dumps(said, sort_keys=True, separators=(",", ":")).encode()).hexdigest()
    counts = {severity: sum(each["severity"] == severity for each in said["findings"]) for severity in ("error", "warning")}
    pages = len(said["pages"])
    row = {"id": number, "at": at, "pages": pages, "errors": counts["error"], "warnings": counts["warning"]}
    tx.execute(insert(SCAN), {**row, "hash": digest, "report": dict(said)})
    rules = dict(sorted(Counter(each["rule"] for each in said["findings"]).items()))
    body = {"scan": number, "pages": pages, "errors": counts["error"], "warnings": counts["warning"], "findings": rules, "report": digest}
    append(tx, SCANNED, body, at, actor)
    return number
