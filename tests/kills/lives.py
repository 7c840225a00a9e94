"""From outside: a nursery of workers, and what a merchant, a mail server and a recipient have in hand after it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]


class Nursery:
    """Brings up one worker after another."""

    def __init__(self, folder):
        command = [sys.executable, "-m", "tests.kills.nursery", str(folder)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)

    def ask(self, **order):
        """A worker of this kind; what became of it."""
        self._process.stdin.write(json.dumps(order) + "\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def end(self):
        self._process.stdin.close()
        self._process.stdout.close()
        self._process.wait(60)


@contextmanager
def nursery(folder):
    made = Nursery(folder)
    try:
        yield made
    finally:
        made.end()


class Mails:
    """A handler of a real SMTP server: how often each message was taken, by Message-ID, and to whom it went."""

    def __init__(self):
        self.taken, self.to = Counter(), {}

    async def handle_DATA(self, server, session, envelope):  # noqa: N802 - the server's name for it
        heading = next(line for line in envelope.content.decode().splitlines() if line.lower().startswith("message-id:"))
        self.taken[heading.partition(":")[2].strip()] += 1
        self.to[heading.partition(":")[2].strip()] = tuple(envelope.rcpt_tos)
        return "250 taken"


def instructions(folder):
    """What lies in the outbox: (recipient, request, whether it is a reminder) of each file."""
    found = [(path.parent.name, json.loads(path.read_text())) for path in sorted(Path(folder).glob("outbox/*/*.json"))]
    return [(recipient, said["request"], said["reminder"]) for recipient, said in found]
