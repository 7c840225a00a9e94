"""What templates of both sites may say beside Django's own: the address of a file, a time, a day."""

from __future__ import annotations

import json
import re
from datetime import datetime

from django import template
from django.utils.formats import date_format, number_format
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from upheld.web import assets
from upheld.web.charts import Chart

register = template.Library()


@register.simple_tag
def asset(name: str) -> str:
    """The address of a stylesheet or script."""
    return assets.address(name)


@register.filter
def moment(at: datetime) -> SafeString:
    """A time as people read it, with its zone, and for machines."""
    words = _("%(day)s, %(time)s UTC") % {"day": date_format(at, "DATE_FORMAT"), "time": f"{at:%H:%M}"}
    return format_html('<time datetime="{}">{}</time>', f"{at:%Y-%m-%dT%H:%M:%SZ}", words)


@register.filter
def day(at: datetime) -> SafeString:
    """A day as people read it, and for machines."""
    return format_html('<time datetime="{}">{}</time>', f"{at:%Y-%m-%d}", date_format(at, "DATE_FORMAT"))


@register.filter
def as_json(value: object) -> str:
    """For a `data-` attribute: a page holds no script of its own."""
    return json.dumps(value, separators=(",", ":"))


@register.filter
def svg(drawn: str) -> SafeString:
    """A drawing of ours (a square code), without its head."""
    return mark_safe(re.sub(r"^<\?xml[^>]*>\s*", "", drawn))  # noqa: S308 - drawn by a program from a key of ours


@register.filter
def counted(number: int) -> str:
    """A count as people read it in their language."""
    return str(number_format(number, use_l10n=True, force_grouping=True))


@register.inclusion_tag("chart.html")
def chart(drawn: Chart) -> dict[str, Chart]:
    """A chart with its table."""
    return {"chart": drawn}
