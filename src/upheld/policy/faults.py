"""What is wrong with a document, and where."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from upheld.policy.statements import Place


@dataclass(frozen=True, slots=True, order=True)
class Fault:
    """One thing wrong with a document. `rule` is a stable name (`unknown-item`, `syntax` …); `hint` says what to do."""

    place: Place
    rule: str
    message: str
    hint: str | None = None
    severity: str = "error"  # or "warning"


def suggestion(word: str, known: Iterable[str]) -> str | None:
    """The known word that `word` was probably meant to be, as a hint; None if nothing is near."""
    near = get_close_matches(word[:80].lower(), list(known), n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`?" if near else None
