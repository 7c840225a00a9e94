"""What the shop asks Upheld over the API: may I suggest something to this person? And what it tells: this browser says no."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass

PATIENCE = 2  # seconds; a page must not wait longer


@dataclass(frozen=True)
class Upheld:
    """The API at `address`, and the shop's key to it."""

    address: str
    key: str

    def may(self, purpose: str, email: str, **more: object) -> bool:
        """Whether it may be done with this person's information. No answer is a no: closed by default."""
        said = self._post("/decide", {"purpose": purpose, "person": {"email": email}, **more})
        return bool(said and said.get("allowed"))

    def stop(self, topic: str, email: str, words: str) -> bool:
        """Their browser's signal says no: whether that is recorded now."""
        choice = {"person": {"email": email}, "topic": topic, "says": "out", "how": "signal", "words": words}
        return self._post("/choices", {"choices": [choice]}) is not None

    def _post(self, path: str, sent: dict[str, object]) -> dict[str, object] | None:
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.key}"}
        request = urllib.request.Request(f"{self.address}/api/v1{path}", json.dumps(sent).encode(), headers)
        try:
            with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
                return dict(json.load(answer))
        except (OSError, ValueError, urllib.error.HTTPError):
            return None
