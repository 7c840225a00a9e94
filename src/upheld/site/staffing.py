"""Accounts of the staff from a terminal: `python -m upheld.site.staffing ACTOR add ADDRESS ROLE`, as `upheld staff` starts it."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from upheld.errors import No
from upheld.home import Home
from upheld.record import Actor, Record
from upheld.site.database import make


def run(home: Home, action: str, words: list[str], actor: Actor) -> Any:  # noqa: ANN401 - what JSON holds
    """Do one action; what became of it."""
    import django
    from django.conf import settings
    from django.urls import reverse

    os.environ["DJANGO_SETTINGS_MODULE"] = "upheld.site.console"
    os.environ["UPHELD_HOME"] = str(home.path)
    django.setup()
    make("console", home)
    from upheld.web.console import accounts

    if action == "list":
        return [asdict(each) for each in accounts.listed()]
    now, record = datetime.now(UTC), Record(home.record_url)
    try:
        if action in {"add", "link"}:
            if action == "add":
                accounts.add(record, *words, at=now, actor=actor)
            account, token = accounts.link(record, words[0], at=now, actor=actor)
            return asdict(account) | {"link": settings.ADDRESS + reverse("begin", args=[token])}
        if action == "role":
            return asdict(accounts.set_role(record, *words, at=now, actor=actor))
        return asdict(accounts.end(record, *words, at=now, actor=actor))
    finally:
        record.close()


def main(argv: list[str]) -> int:
    """ACTOR ACTION WORDS…; a refusal is one line."""
    actor, action, *words = argv
    try:
        answer = run(Home.find(), action, words, Actor(actor))
    except No as no:
        sys.stderr.write(f"{no}\n")
        return 2
    json.dump(answer, sys.stdout, default=str, ensure_ascii=False)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
