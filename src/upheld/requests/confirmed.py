"""A confirmation as it is kept: what the person was told, and for the house alone how and when; the person never reads the latter."""

from __future__ import annotations

from datetime import datetime


def joined(words: str, how: str, at: datetime) -> str:
    """Both in one text, as a request keeps it."""
    return f"{words}\n({how}, {at:%Y-%m-%d %H:%M} UTC)"


def apart(text: str | None) -> tuple[str | None, str | None]:
    """The person's words, and how and when they were told; None for what is not there."""
    words, kept, how = (text or "").rpartition("\n(")
    return (words, how.removesuffix(")")) if kept else (text, None)
