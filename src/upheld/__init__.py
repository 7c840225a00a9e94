"""UPHELD: A PUBLISHED PRIVACY POLICY, RUN AS A PROGRAM.

The names below are the whole public Python interface; docs/python.md shows each at work. They are loaded when first asked for, so that
`import upheld` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from upheld.errors import Conflict, Invalid, No, NotFound, Refused
    from upheld.policy.compiled import Policy
    from upheld.policy.decide import decide
    from upheld.policy.table import Table
    from upheld.policy.uses import Decision, Obligations, Reason, Standing, Use

__version__ = "0.1.0"

_PUBLIC = {
    "Policy": "upheld.policy.compiled",
    "decide": "upheld.policy.decide",
    "Table": "upheld.policy.table",
    "Use": "upheld.policy.uses",
    "Standing": "upheld.policy.uses",
    "Decision": "upheld.policy.uses",
    "Obligations": "upheld.policy.uses",
    "Reason": "upheld.policy.uses",
    "No": "upheld.errors",
    "Invalid": "upheld.errors",
    "NotFound": "upheld.errors",
    "Conflict": "upheld.errors",
    "Refused": "upheld.errors",
}

__all__ = [
    "Conflict",
    "Decision",
    "Invalid",
    "No",
    "NotFound",
    "Obligations",
    "Policy",
    "Reason",
    "Refused",
    "Standing",
    "Table",
    "Use",
    "decide",
]


def __getattr__(name: str) -> object:
    if name not in _PUBLIC:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(_PUBLIC[name]), name)


def __dir__() -> list[str]:
    return sorted([*__all__, "__version__"])
