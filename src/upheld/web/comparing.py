"""What differs between two versions of a document, sentence by sentence: what came in and what went out marked word by word."""

from __future__ import annotations

from difflib import SequenceMatcher
from html import escape

from django.utils.safestring import SafeString, mark_safe

from upheld.policy.clauses import Clause
from upheld.policy.compiled import Policy


def changed(older: Policy, newer: Policy) -> list[tuple[str, SafeString]]:
    """The clauses whose sentences differ, by id."""
    before, after = ({clause.id: clause for clause in policy.document.clauses} for policy in (older, newer))
    order = [*after, *(clause for clause in before if clause not in after)]
    return [(name, _marked(before.get(name), after.get(name))) for name in order if _text(before.get(name)) != _text(after.get(name))]


def _text(clause: Clause | None) -> str:
    return clause.text if clause else ""


def _marked(before: Clause | None, after: Clause | None) -> SafeString:
    old, new = _text(before).split(), _text(after).split()
    pieces = []
    for kind, a, b, c, d in SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        gone, come = escape(" ".join(old[a:b])), escape(" ".join(new[c:d]))
        if kind == "equal":
            pieces.append(come)
            continue
        pieces += [f"<del>{gone}</del>"] if gone else []
        pieces += [f"<ins>{come}</ins>"] if come else []
    return mark_safe(" ".join(pieces))  # noqa: S308 - every piece is escaped
