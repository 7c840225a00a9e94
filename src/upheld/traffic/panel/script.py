"""The panel's script for one merchant: its code, with the tags that the policy bears out, the regions, and the words that visitors read."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from upheld.policy.compiled import Policy
from upheld.policy.voice import Voice
from upheld.traffic.panel.checking import Register, clause_of, free_regions, supported
from upheld.traffic.panel.tags import Tags

DAYS: Final = 366
"""How long a choice holds: twelve months, whether it was yes (asked again then) or no (not asked again before)."""

WORDS: Final[Mapping[str, Mapping[str, str]]] = {
    "en": {
        "title": "May software of others run here?",
        "text": "With your permission, software of other companies runs on our pages. Until then, none of it does.",
        "none": "Refuse",
        "all": "Accept",
        "more": "Who, and what for",
        "some": "Accept only these",
        "clause": "What the policy says",
        "rights": "All your choices",
        "open": "Cookie settings",
        "honoured": "Opt-out request honoured",
    },
    "es": {
        "title": "¿Pueden funcionar aquí programas de otros?",
        "text": "Con su permiso, en nuestras páginas funcionan programas de otras empresas. Hasta entonces, ninguno.",
        "none": "Rechazar",
        "all": "Aceptar",
        "more": "Quiénes, y para qué",
        "some": "Aceptar solo estos",
        "clause": "Lo que dice la política",
        "rights": "Todas sus opciones",
        "open": "Configuración de cookies",
        "honoured": "Solicitud de exclusión respetada",
    },
}
"""What visitors read, by language."""


@dataclass(frozen=True, slots=True)
class Panel:
    """A panel as it is served. `hash` names exactly what was shown; `mark` is its beginning, as the visitor's browser keeps it."""

    shown: Mapping[str, Any]
    hash: str
    names: tuple[str, ...]
    script: str

    @property
    def mark(self) -> str:
        """The short name."""
        return self.hash[:12]


def panel(tags: Tags, policy: Policy, register: Register, address: str) -> Panel:
    """The panel for the policy in force, served by the centre at `address`. Tags that differ from the policy are not in it."""
    voice = Voice.of(policy.document.statements)
    told = [
        {
            "name": tag.name,
            "company": tag.company,
            "for": voice.purposes([tag.purpose]),
            "clause": clause_of(tag, policy),
            "script": tag.script or "",
            "cookies": list(tag.cookies),
            "storage": list(tag.storage),
            "asked": tag.asked == "first",
        }
        for tag in supported(tags, policy, register)
    ]
    shown = {"version": policy.version, "tags": told, "free": list(free_regions(policy)), "words": WORDS}
    digest = sha256(json.dumps(shown, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    setup = {**shown, "mark": digest[:12], "days": DAYS, "at": address, "domain": tags.domain or "", "style": _file("panel.css")}
    script = _file("panel.js").replace("SETUP", _for_script(setup), 1)
    return Panel(
        shown, digest, tuple(tag.name for tag in tags.tags if tag.asked == "first" and tag.name in {one["name"] for one in told}), script
    )


def _for_script(setup: Mapping[str, Any]) -> str:
    """JSON that is safe inside any script: no end tag, no line separators."""
    text = json.dumps(setup, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


@cache
def _file(name: str) -> str:
    return (Path(__file__).parent / name).read_text("utf-8").strip()
