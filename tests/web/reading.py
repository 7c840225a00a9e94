"""How tests read a page: its words, without marks and breaks."""

from __future__ import annotations

import html
import re


def words(answer, status=200):
    """The words of a page that answered as expected."""
    assert answer.status_code == status, (answer.status_code, answer.content[:500])
    body = answer.content.decode().partition("<main")[2]
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", body)))


def tokens(folder):
    """The mails that wait in a home, newest last: (address, text)."""
    files = sorted((folder / "letters").glob("*.txt"), key=lambda file: file.stat().st_mtime_ns) if (folder / "letters").exists() else []
    return [(file.read_text("utf-8").splitlines()[0].removeprefix("To: "), file.read_text("utf-8")) for file in files]
