"""The steps of a worker that outlive it: each change and commit in any database, each line of SMTP, each file that is kept.

Before a question to a database nobody need die: it changes nothing, so whoever dies before it might as well have died before what follows.
"""

from __future__ import annotations

import json
import os
import signal
import smtplib

from sqlalchemy import Engine, event

QUESTIONS = {"SELECT", "WITH", "BEGIN", "PRAGMA", "SHOW", "SET"}


class Steps:
    """Counts the steps of this process, and kills it (kill -9) right before one of them."""

    def __init__(self, die_at=0, tell=-1):
        self.die_at, self.tell, self.count, self.during = die_at, tell, 0, ["leasing", ""]

    def take(self, what):
        """The next step; nobody may live to take it."""
        self.count += 1
        if self.count == self.die_at:
            os.write(self.tell, json.dumps({"died": what, "kind": self.during[0], "place": self.during[1]}).encode() + b"\n")
            os.kill(os.getpid(), signal.SIGKILL)

    def watch(self):
        """See every step from here on."""
        event.listen(Engine, "before_cursor_execute", lambda _c, _cur, statement, *_: self._said(statement.split()[0].upper()))
        event.listen(Engine, "commit", lambda _: self.take("commit"))
        for owner, name in ((smtplib.SMTP, "send"), (smtplib.SMTP, "getreply"), (os, "fsync"), (os, "replace")):
            self._before(owner, name)
        self._after(smtplib.SMTP, "getreply")

    def _said(self, verb):
        if verb not in QUESTIONS:
            self.take(verb)

    def _before(self, owner, name):
        real = getattr(owner, name)

        def stepped(*given, **more):
            self.take(f"before {name}")
            return real(*given, **more)

        setattr(owner, name, stepped)

    def _after(self, owner, name):
        real = getattr(owner, name)

        def stepped(*given, **more):
            made = real(*given, **more)
            self.take(f"after {name}")
            return made

        setattr(owner, name, stepped)
