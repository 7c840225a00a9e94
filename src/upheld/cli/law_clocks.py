"""`upheld law clocks`: by when what was received is due under each law, on the safe date and on the one that knows public holidays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from upheld.cli.answer import show
from upheld.cli.edge import Edge, pass_edge
from upheld.cli.law_show import FORM, JSON, of_region, status_in_words
from upheld.errors import Invalid

if TYPE_CHECKING:
    from datetime import datetime
    from zoneinfo import ZoneInfo

    from upheld.law.counting import Period
    from upheld.law.duties import Duty


@click.command(short_help="Say by when what was received is due under each law.")
@click.option("--received", metavar="TIME", help="When it was received, e.g. 2026-11-22T10:00-08:00. Else now.")
@click.option("--region", help="Only for people of a region, e.g. us-ca, de.")
@click.option("--zone", "zone_name", default="UTC", show_default=True, help="The company's time zone, e.g. America/Los_Angeles.")
@FORM
@JSON
@pass_edge
def clocks(edge: Edge, /, *, received: str | None, region: str | None, zone_name: str, form: str, as_json: bool) -> None:
    """Say by when what was received is due under each law that gives a time, the earliest first.

    The safe date is never later than any reading of the rule: no holiday is skipped, and the day of receipt counts where it may.
    """
    from upheld.cli.choosing import moment
    from upheld.law import reading

    begins, binds, zone = moment("--received", received) or edge.now(), of_region(region), _zone(zone_name)
    running = [duty for pack in reading.packs() for duty in pack.duties if duty.status != "off" and binds(duty)]
    rows = [row for duty in running for row in _rows(duty, begins, zone)]
    rows.sort(key=lambda row: (str(row["safe"]), row["duty"]))

    def text() -> str:
        lines = [f"{row['safe']}  {row['duty']}: {row['what']} within {row['within']} [{row['status']}]{_aware(row)}" for row in rows]
        return "\n".join([f"received {begins.astimezone(zone):%A %Y-%m-%d %H:%M %Z}", *(lines or ["no law gives a time there"])])

    show(rows, as_json=as_json or form == "json", text=text)


def _rows(duty: Duty, received: datetime, zone: ZoneInfo) -> list[dict[str, Any]]:
    from upheld.law.counting import calendar_of, due

    rows = []
    for what, field, period in _periods(duty):
        ends = due(received, period, zone, holidays=calendar_of(duty.regions[0]))
        status = status_in_words(duty) if duty.status != "confirmed" else "confirmed" if duty.is_confirmed(field) else "unconfirmed"
        within = f"{period.n} {period.unit.replace('_', ' ')}{'s' * (period.n != 1)}"
        one = {"duty": duty.id, "law": duty.law, "what": what, "within": within, "safe": ends.safe, "holiday_aware": ends.holiday_aware}
        rows.append(one | {"status": status})
    return rows


def _periods(duty: Duty) -> Iterator[tuple[str, str, Period]]:
    """What is due, the field that says so, and within what time: for what the law counts from the receipt."""
    if duty.acknowledge:
        yield "acknowledge", "acknowledge", duty.acknowledge.period
    if duty.due and duty.due.start in _FROM_RECEIPT:
        yield "answer", "due", duty.due.period
        if duty.extend and duty.extend.period.unit == duty.due.period.unit:
            yield "answer, lengthened,", "extend", replace(duty.due.period, n=duty.due.period.n + duty.extend.period.n)


_FROM_RECEIPT = {"receipt", "request sent", "receipt at the designated address", "receipt, or proof of identity or fee if later"}
"""What the packs count from that has happened, at the latest, when something is received."""


def _aware(row: dict[str, Any]) -> str:
    return f"; {row['holiday_aware']} with public holidays and the first day left out" if row["holiday_aware"] != row["safe"] else ""


def _zone(name: str) -> ZoneInfo:
    from zoneinfo import ZoneInfo

    try:
        return ZoneInfo(name)
    except (LookupError, ValueError, OSError):
        raise Invalid(f"no time zone `{name[:60]}` is known: as in `America/Los_Angeles` or `Europe/Berlin`") from None
