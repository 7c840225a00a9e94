"""What the forms of both sites share: controls that say what is wrong beside them, and above all of them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

LONGEST = 400  # characters of a part, as `requests.actions` has it


def text(label: str, *, autocomplete: str = "off", hint: str = "", required: bool = False, short: bool = False) -> Any:  # noqa: ANN401
    """One line of text. `short`: it is narrow where there is room for several beside each other."""
    widget = forms.TextInput(attrs={"autocomplete": autocomplete, "class": "short"} if short else {"autocomplete": autocomplete})
    return forms.CharField(label=label, help_text=hint, required=required, max_length=LONGEST, widget=widget)


def email(label: str, *, hint: str = "", required: bool = True) -> Any:  # noqa: ANN401
    """An e-mail address."""
    said = {"invalid": _("This is not an e-mail address. Write it as name@mail.example.")}
    widget = forms.EmailInput(attrs={"autocomplete": "email"})
    return forms.EmailField(label=label, help_text=hint, required=required, max_length=254, error_messages=said, widget=widget)


def number(label: str, least: int, most: int, *, autocomplete: str = "off") -> Any:  # noqa: ANN401
    """A short whole number, typed."""
    widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": autocomplete, "class": "short"})
    said = {"invalid": _("Write a number."), "min_value": _("This number is too small."), "max_value": _("This number is too large.")}
    return forms.IntegerField(label=label, min_value=least, max_value=most, error_messages=said, widget=widget)
