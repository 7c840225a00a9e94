"""What regions are called for the reader, in their language: whatever follows *in*, and so an entry of a list to choose from."""

from __future__ import annotations

from typing import Final

from django.utils.functional import Promise
from django.utils.translation import gettext, gettext_lazy

from upheld.policy import voice

NAMES: Final[tuple[Promise, ...]] = (
    gettext_lazy("the United States"),
    gettext_lazy("Georgia (U.S.)"),
    gettext_lazy("Hawaii"),
    gettext_lazy("Louisiana"),
    gettext_lazy("Michigan"),
    gettext_lazy("Mississippi"),
    gettext_lazy("Missouri"),
    gettext_lazy("New Hampshire"),
    gettext_lazy("New Jersey"),
    gettext_lazy("New Mexico"),
    gettext_lazy("New York"),
    gettext_lazy("North Carolina"),
    gettext_lazy("North Dakota"),
    gettext_lazy("Oregon"),
    gettext_lazy("Pennsylvania"),
    gettext_lazy("South Carolina"),
    gettext_lazy("South Dakota"),
    gettext_lazy("Washington, D.C."),
    gettext_lazy("Washington (state)"),
    gettext_lazy("West Virginia"),
    gettext_lazy("the EU, Iceland, Liechtenstein or Norway"),
    gettext_lazy("Belgium"),
    gettext_lazy("Cyprus"),
    gettext_lazy("Czechia"),
    gettext_lazy("Germany"),
    gettext_lazy("Denmark"),
    gettext_lazy("Spain"),
    gettext_lazy("Finland"),
    gettext_lazy("France"),
    gettext_lazy("Greece"),
    gettext_lazy("Croatia"),
    gettext_lazy("Hungary"),
    gettext_lazy("Ireland"),
    gettext_lazy("Italy"),
    gettext_lazy("Lithuania"),
    gettext_lazy("Luxembourg"),
    gettext_lazy("Latvia"),
    gettext_lazy("the Netherlands"),
    gettext_lazy("Poland"),
    gettext_lazy("Romania"),
    gettext_lazy("Sweden"),
    gettext_lazy("Slovenia"),
    gettext_lazy("Slovakia"),
    gettext_lazy("Iceland"),
    gettext_lazy("Norway"),
    gettext_lazy("Brazil"),
    gettext_lazy("Canada"),
    gettext_lazy("Switzerland"),
    gettext_lazy("the United Kingdom"),
    gettext_lazy("Japan"),
    gettext_lazy("South Korea"),
    gettext_lazy("Mexico"),
    gettext_lazy("Malaysia"),
    gettext_lazy("New Zealand"),
    gettext_lazy("the Philippines"),
    gettext_lazy("Singapore"),
    gettext_lazy("Thailand"),
    gettext_lazy("Türkiye"),
    gettext_lazy("Taiwan"),
    gettext_lazy("Ukraine"),
    gettext_lazy("South Africa"),
    gettext_lazy("another country"),
)
"""As the policy's language has them. A name that is not here is written alike in every language of the sites."""


def region(code: str) -> str:
    """A region's name."""
    return gettext(voice.region(code))
