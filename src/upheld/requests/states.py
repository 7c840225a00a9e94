"""The states of a request and the moves between them: one table. The state follows from the facts (`settling`), never from a wish."""

from __future__ import annotations

from typing import Final, Literal

from upheld.errors import Conflict

State = Literal["draft", "needs more", "working", "to review", "failed", "complete", "withdrawn"]

MOVES: Final[dict[State, tuple[State, ...]]] = {
    "draft": ("needs more", "working", "withdrawn"),
    "needs more": ("working", "withdrawn"),
    "working": ("to review", "failed", "complete"),
    "to review": ("working", "failed", "complete"),
    "failed": ("working", "to review", "complete"),
    "complete": ("working", "to review", "failed"),
    "withdrawn": (),
}
"""From each state, where a request may go. `complete` is left when the person turns up unmarked again, or a proof is asked for anew."""

WORDS: Final[dict[State, str]] = {
    "draft": "a message that seems to ask for something: nothing is stopped yet; read it, and confirm or withdraw it",
    "needs more": "not enough was given to find anybody: nothing is stopped yet; ask for what is missing",
    "working": "the person's wish holds already; the systems are being searched and marked",
    "to review": "the person's wish holds, and all sure records are dealt with; some may be theirs: look at them",
    "failed": "the person's wish holds, but some place could not be dealt with: the reason is shown",
    "complete": "every place was searched afresh: each is stopped, or kept under a clause",
    "withdrawn": "it was taken back, or never became a request",
}
"""What each state means, for a clerk."""

OPEN: Final[tuple[State, ...]] = ("draft", "needs more", "working", "to review", "failed")


def demand(before: State, after: State) -> None:
    """Raise `Conflict` for a move that the table does not hold."""
    if after not in MOVES[before]:
        raise Conflict(f"a request that is `{before}` cannot become `{after}`: {WORDS[before]}")
