"""What requests, clocks and desks are called in the console: in words first; colour only repeats them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from upheld.policy.compiled import Policy
from upheld.policy.statements import Contact
from upheld.requests.desks import Desk, Opening, named

STATES: Final[dict[str, tuple[str, Promise, Promise]]] = {
    "draft": (
        "warn",
        gettext_lazy("Draft"),
        gettext_lazy("A message that seems to ask for something. Nothing is stopped yet: confirm it, or take it back."),
    ),
    "needs more": (
        "warn",
        gettext_lazy("Needs more"),
        gettext_lazy("Too little was given to find anybody. Nothing is stopped yet: ask for what is missing."),
    ),
    "working": ("", gettext_lazy("Under way"), gettext_lazy("The wish holds already. The systems are being searched and marked.")),
    "to review": (
        "warn",
        gettext_lazy("To review"),
        gettext_lazy("The wish holds, and all sure records are dealt with. Some may be theirs: look at them."),
    ),
    "failed": (
        "bad",
        gettext_lazy("Stuck"),
        gettext_lazy("The wish holds, but some place could not be dealt with. The reason stands below."),
    ),
    "complete": (
        "good",
        gettext_lazy("Complete"),
        gettext_lazy("Every place was searched afresh: each is stopped, or kept under a part of the policy."),
    ),
    "withdrawn": ("", gettext_lazy("Taken back"), gettext_lazy("It was taken back, or never was a request.")),
}
"""By state: its tone, its name, what it means for a clerk."""


@dataclass(frozen=True, slots=True)
class Said:
    """Some words with a tone: good, warn, bad, or none."""

    tone: str
    words: str
    meaning: str = ""


def state(name: str) -> Said:
    """A state of a request."""
    tone, words, meaning = STATES[name]
    return Said(tone, str(words), str(meaning))


def clock(due_at: datetime | None, now: datetime, *, over: bool = False) -> Said:
    """How much time is left. `over`: nothing is due any more, and the day to show beside it is that of the end."""
    if over:
        return Said("", _("done"))
    if due_at is None:
        return Said("", _("no clock"))
    left = due_at - now
    days, hours = abs(left) // timedelta(days=1), abs(left) // timedelta(hours=1)
    if left < timedelta(0):
        late = ngettext("late by %(n)d day", "late by %(n)d days", days) % {"n": days}
        return Said("bad", late if days else ngettext("late by %(n)d hour", "late by %(n)d hours", hours) % {"n": hours})
    if days < 2:
        return Said("warn", ngettext("%(n)d hour left", "%(n)d hours left", hours) % {"n": hours})
    return Said("warn" if days < 5 else "good", ngettext("%(n)d day left", "%(n)d days left", days) % {"n": days})


@dataclass(frozen=True, slots=True)
class Manned:
    """A desk as the console shows it: whether somebody is there now, when next (by its own clocks, without a zone), and its week."""

    desk: Desk
    open: bool
    opens: datetime | None
    week: tuple[Opening, ...]
    zone: str


def desks(policy: Policy, now: datetime) -> list[Manned]:
    """Every desk of the policy, in its order."""
    names = dict.fromkeys(each.desk for each in policy.document.statements if isinstance(each, Contact))
    return [_manned(found, now) for name in names if (found := named(policy, name))]


def _manned(desk: Desk, now: datetime) -> Manned:
    if desk.hours is None:
        return Manned(desk, open=True, opens=None, week=(), zone="")
    opens = desk.hours.opens_next(now).astimezone(desk.hours.zone).replace(tzinfo=None)  # a template would turn it to UTC
    return Manned(desk, desk.open_at(now), opens, desk.hours.week(now), desk.hours.zone.key)
