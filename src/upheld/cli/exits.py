"""What the number that a command ends with says. Documented in docs/cli.md, held there by a test."""

from __future__ import annotations

from typing import Final

FINE: Final = 0
FINDINGS: Final = 1
BAD_INPUT: Final = 2
WIDER: Final = 3
OUR_FAULT: Final = 70
INTERRUPTED: Final = 130
NOBODY_READS: Final = 141

MEANINGS: Final[dict[int, str]] = {
    FINE: "fine: what was asked for is done, or allowed",
    FINDINGS: "findings: a check found something, or the policy refuses",
    BAD_INPUT: "bad input: it could not be understood or is not possible; one line says what to do, and nothing was done",
    WIDER: "wider: the new version of a policy lets something through that the old one did not",
    OUR_FAULT: "a fault of the program itself",
    INTERRUPTED: "interrupted from the keyboard",
    NOBODY_READS: "whoever was reading the output went away",
}
"""Every exit code of every command."""
