"""The one change of the panel: a visitor's choice is written down, with what was shown, and its entry in the ledger."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256

from sqlalchemy import Connection, func, insert, select

from upheld.errors import Conflict, Invalid
from upheld.ledger.actions import append
from upheld.ledger.kinds import HASH, NUMBER, VERSION, WORD, declare, list_of, optional
from upheld.policy.terms import REGION_PARENTS
from upheld.record import Actor
from upheld.traffic.panel.models import PANEL, PANEL_CHOICE
from upheld.traffic.panel.script import Panel

CHOSEN = declare(
    "panel.chosen",
    "a visitor allowed or refused tags in the choice panel; the receipt is a hash of a number that only the visitor's browser holds",
    choice=NUMBER,
    receipt=HASH,
    panel=HASH,
    allowed=list_of(WORD),
    version=VERSION,
    region=optional(WORD),
)
_RECEIPT = re.compile(r"[0-9a-f]{32}")


def choose(
    tx: Connection, panel: Panel, mark: str, receipt: str, allowed: Sequence[str], region: str | None, *, at: datetime, actor: Actor
) -> int:
    """Write down a choice; its number. `Invalid` for what no panel sends, `Conflict` for a panel that nobody was shown any more."""
    if not _RECEIPT.fullmatch(receipt):
        raise Invalid("the receipt must be 32 hexadecimal digits")
    if region is not None and region not in REGION_PARENTS:
        raise Invalid("the region is none that a policy knows")
    shown = tx.execute(select(PANEL.c.hash, PANEL.c.shown).where(PANEL.c.hash.startswith(mark, autoescape=True))).first()
    if len(mark) != 12 or (shown is None and mark != panel.mark):
        raise Conflict("this panel is not shown any more: load the page again")
    digest, told = (panel.hash, panel.shown) if shown is None else (shown.hash, shown.shown)
    known = {tag["name"] for tag in told["tags"] if tag["asked"]}
    if not known.issuperset(allowed) or len(set(allowed)) != len(allowed):
        raise Invalid("the choice names a tag that the panel did not ask about")
    if shown is None:
        tx.execute(insert(PANEL), {"hash": digest, "at": at, "shown": dict(told)})
    number = int(tx.execute(select(func.coalesce(func.max(PANEL_CHOICE.c.id), 0))).scalar_one()) + 1
    hashed = sha256(bytes.fromhex(receipt)).hexdigest()
    row = {"id": number, "at": at, "panel": digest, "receipt": hashed, "allowed": " ".join(sorted(allowed)), "region": region}
    tx.execute(insert(PANEL_CHOICE), row)
    said = {"choice": number, "receipt": hashed, "panel": digest, "allowed": sorted(allowed), "version": told["version"], "region": region}
    append(tx, CHOSEN, said, at, actor)
    return number
