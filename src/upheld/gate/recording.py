"""Writing down what leaves: disclosure, codes and ledger entry in one transaction, before the file appears."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, func, insert, select

from upheld.gate.evidence import Evidence, keep_codes
from upheld.gate.models import DISCLOSURE, RELEASE_RECORDED
from upheld.gate.summary import Summary
from upheld.ledger import actions as ledger
from upheld.ledger.commitments import commit, fresh_salt
from upheld.record import Actor


@dataclass(frozen=True, slots=True)
class Leaving:
    """What is about to leave."""

    summary: Summary
    recipient_kind: str
    form: str
    items: tuple[str, ...]
    chosen_by: tuple[str, ...]
    output_path: str
    evidence: Evidence


def record_leaving(tx: Connection, leaving: Leaving, at: datetime, actor: Actor) -> int:
    """Record a release; returns its number. It holds if and only if the transaction commits."""
    summary, evidence = leaving.summary, leaving.evidence
    assert summary.input_hash is not None
    assert summary.output_hash is not None
    salt = fresh_salt()
    persons = evidence.persons_bytes
    number = int(tx.execute(select(func.coalesce(func.max(DISCLOSURE.c.id), 0))).scalar_one()) + 1
    hashes = {
        "input": summary.input_hash,
        "output": summary.output_hash,
        "persons": hashlib.sha256(persons).hexdigest(),
        "codes": evidence.codes_hash,
    }
    counts = {"read": summary.read, "released": summary.released, "refused": summary.refused, "rejected": summary.rejected}
    said = {
        "purpose": summary.purpose,
        "recipient": summary.recipient,
        "recipient_kind": leaving.recipient_kind,
        "form": leaving.form,
        "items": list(leaving.items),
        "chosen_by": list(leaving.chosen_by),
        "clauses": list(summary.clauses),
        "policy_version": summary.policy_version,
        "policy_hash": summary.policy_hash,
        **counts,
    }
    committed = {name: commit(f"{name}:{hash_}".encode(), salt) for name, hash_ in hashes.items()}
    entry = ledger.append(tx, RELEASE_RECORDED, {"release": number, **said, **committed, "refused_by": _refused_by(summary)}, at, actor)
    tx.execute(
        insert(DISCLOSURE).values(
            id=number,
            at=at,
            **said,
            input_name=summary.list,
            input_hash=summary.input_hash,
            output_path=leaving.output_path,
            output_hash=summary.output_hash,
            persons=persons,
            codes=len(evidence.codes),
            codes_hash=hashes["codes"],
            bucket_bits=evidence.bucket_bits,
            salt=salt,
            entry=entry,
        )
    )
    keep_codes(tx, number, evidence)
    return number


def _refused_by(summary: Summary) -> Mapping[str, int]:
    counts: dict[str, int] = {}
    for refusal in summary.refusals:
        clause = refusal.clause or "no clause"
        counts[clause] = counts.get(clause, 0) + refusal.rows
    return counts
