"""Whom a release was about, kept small: a Roaring bitmap of known persons, and the match codes of every released row.

A row may match nobody that is known yet; who asks later is found by their codes all the same (docs/decisions/who-left.md). The codes lie
sorted in buckets by their first bits, so that asking about one person reads one bucket a code, however long the list was.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pyroaring import BitMap
from sqlalchemy import Connection, insert, select

from upheld.gate.models import DISCLOSED_CODE, DISCLOSURE

Codes = NDArray[np.uint64]
BUCKET_CODES = 8192
AT_ONCE = 256
HASHED_AT_ONCE = 1 << 20


@dataclass(frozen=True, slots=True)
class Evidence:
    """The persons (by number) and the sorted codes of what was released."""

    persons: BitMap
    codes: Codes

    @property
    def bucket_bits(self) -> int:
        """How many first bits of a code name its bucket."""
        return max(0, (len(self.codes) // BUCKET_CODES).bit_length())

    @property
    def codes_hash(self) -> str:
        """The SHA-256 of the sorted codes, 8 bytes each, little-endian."""
        hashed = hashlib.sha256()
        for start in range(0, len(self.codes), HASHED_AT_ONCE):
            hashed.update(self.codes[start : start + HASHED_AT_ONCE].astype("<u8", copy=False).tobytes())
        return hashed.hexdigest()

    @property
    def persons_bytes(self) -> bytes:
        """The bitmap in Roaring's portable form."""
        return bytes(self.persons.serialize())


def keep_codes(tx: Connection, disclosure: int, evidence: Evidence) -> None:
    """Store the codes of a disclosure, bucket by bucket."""
    bits, codes = evidence.bucket_bits, evidence.codes
    edges = np.searchsorted(codes, np.arange(1 << bits, dtype=np.uint64) << np.uint64(64 - bits)) if bits else np.zeros(1, dtype=np.int64)
    ends = np.append(edges[1:], len(codes))
    rows: list[dict[str, Any]] = []
    for bucket, (start, end) in enumerate(zip(edges.tolist(), ends.tolist(), strict=True)):
        if start < end:
            rows.append({"disclosure": disclosure, "bucket": bucket, "codes": codes[start:end].astype("<u8", copy=False).tobytes()})
        if len(rows) >= AT_ONCE:
            tx.execute(insert(DISCLOSED_CODE), rows)
            rows = []
    if rows:
        tx.execute(insert(DISCLOSED_CODE), rows)


def holds_any(conn: Connection, disclosure: int, bucket_bits: int, codes: Collection[int]) -> bool:
    """Whether any of these codes was among a disclosure's released rows."""
    by_bucket: dict[int, list[int]] = {}
    for code in codes:
        by_bucket.setdefault(code >> (64 - bucket_bits) if bucket_bits else 0, []).append(code)
    found = conn.execute(
        select(DISCLOSED_CODE.c.bucket, DISCLOSED_CODE.c.codes).where(
            DISCLOSED_CODE.c.disclosure == disclosure, DISCLOSED_CODE.c.bucket.in_(by_bucket)
        )
    )
    return any(_is_in(np.frombuffer(blob, dtype="<u8"), by_bucket[bucket]) for bucket, blob in found)


def _is_in(held: Codes, codes: Iterable[int]) -> bool:
    wanted = np.fromiter(codes, dtype=np.uint64)
    places = np.searchsorted(held, wanted)
    return bool((held[np.minimum(places, len(held) - 1)] == wanted).any())


def all_codes(conn: Connection, disclosure: int) -> Codes:
    """Every code of a disclosure, sorted."""
    blobs = conn.execute(select(DISCLOSED_CODE.c.codes).where(DISCLOSED_CODE.c.disclosure == disclosure).order_by(DISCLOSED_CODE.c.bucket))
    parts = [np.frombuffer(blob, dtype="<u8") for blob in blobs.scalars()]
    return np.concatenate(parts).astype(np.uint64, copy=False) if parts else np.empty(0, dtype=np.uint64)


def persons_of(conn: Connection, disclosure: int) -> BitMap:
    """The known persons of a disclosure."""
    return BitMap.deserialize(conn.execute(select(DISCLOSURE.c.persons).where(DISCLOSURE.c.id == disclosure)).scalar_one())
