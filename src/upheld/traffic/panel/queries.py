"""Every read about choices in the panel: how many chose what, and what the holder of a receipt chose."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, case, func, select

from upheld.errors import Invalid
from upheld.traffic.panel.models import PANEL, PANEL_CHOICE


@dataclass(frozen=True, slots=True)
class Counted:
    """How many choices allowed all that was asked about, some, or nothing."""

    everything: int
    some: int
    nothing: int


@dataclass(frozen=True, slots=True)
class Chosen:
    """One choice, and what was shown when it was made."""

    at: datetime
    allowed: tuple[str, ...]
    region: str | None
    panel: str
    shown: Mapping[str, Any]


def counted(conn: Connection, since: datetime) -> Counted:
    """The choices since a time. Choices, not visitors: nobody knows who came twice."""
    asked = {
        row.hash: " ".join(sorted(tag["name"] for tag in row.shown["tags"] if tag["asked"]))
        for row in conn.execute(select(PANEL.c.hash, PANEL.c.shown))
    }
    kind = case((PANEL_CHOICE.c.allowed == "", "nothing"), else_=PANEL_CHOICE.c.allowed)
    query = select(PANEL_CHOICE.c.panel, kind, func.count()).where(PANEL_CHOICE.c.at >= since).group_by(PANEL_CHOICE.c.panel, kind)
    everything = some = nothing = 0
    for panel, allowed, count in conn.execute(query):
        if allowed == "nothing":
            nothing += count
        elif allowed == asked[panel]:
            everything += count
        else:
            some += count
    return Counted(everything, some, nothing)


def chosen(conn: Connection, receipt: str) -> tuple[Chosen, ...]:
    """What the holder of a receipt chose, oldest first. `Invalid` for what is no receipt."""
    if not re.fullmatch(r"[0-9a-f]{32}", receipt):
        raise Invalid("a receipt is 32 hexadecimal digits: the browser keeps it as `upheld_receipt`")
    columns = [PANEL_CHOICE.c[name] for name in ("at", "allowed", "region", "panel")]
    query = select(*columns, PANEL.c.shown).join(PANEL, PANEL.c.hash == PANEL_CHOICE.c.panel)
    rows = conn.execute(query.where(PANEL_CHOICE.c.receipt == sha256(bytes.fromhex(receipt)).hexdigest()).order_by(PANEL_CHOICE.c.id))
    return tuple(Chosen(row.at, tuple(row.allowed.split()), row.region, row.panel, row.shown) for row in rows)
