"""THE FEW WAYS THIS HOUSE SAYS NO.

::

    No
    ├── Invalid    what was given cannot be understood; nothing was done
    ├── NotFound   what was named does not exist here
    ├── Conflict   it was understood, but what is already recorded stands against it
    └── Refused    it was understood, and the policy (or a rule of the record) says no

A message is one line, lower case, without a full stop; the user's own words stand in backticks; it says what to do.
It never holds a personal value.
"""

from __future__ import annotations


class No(Exception):
    """The root of all refusals that a user may see.

    `message` is the one line; `place` is where in the user's own file it happened (`policies/northgate.md:74:3`), if anywhere.
    """

    def __init__(self, message: str, *, place: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.place = place

    def __str__(self) -> str:
        return f"{self.message} ({self.place})" if self.place else self.message


class Invalid(No):
    """What was given cannot be understood; nothing was done."""


class NotFound(No):
    """What was named does not exist here."""


class Conflict(No):
    """What is already recorded stands against it."""


class Refused(No):
    """The policy, or a rule of the record, says no."""
