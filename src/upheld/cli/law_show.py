"""`upheld law list` and `show`: the duties of the law packs, each with how well it was read. No home is needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from upheld.cli.answer import show
from upheld.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Callable

    from upheld.law.duties import Duty

FORM = click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", help="How to answer.")
JSON = click.option("--json", "as_json", is_flag=True, help="The same as --format json.")


@click.command("list", short_help="List the duties of the laws, and how well each was read.")
@click.option("--region", help="Only those that bind about people of a region, e.g. us-ca, de.")
@click.option("--law", "name", metavar="PACK", help="Only those of one pack, e.g. us-ca.")
@click.option("--status", type=click.Choice(["confirmed", "unconfirmed", "off"]), help="Only those of this status.")
@FORM
@JSON
def list_(*, region: str | None, name: str | None, status: str | None, form: str, as_json: bool) -> None:
    """List the duties of the laws. An unconfirmed or switched-off one is shown as such."""
    from upheld.law import reading

    packs = (reading.pack(name),) if name else reading.packs()
    binds = of_region(region)
    found = [duty for pack in packs for duty in pack.duties if binds(duty) and status in {None, duty.status}]
    counts = {one: sum(duty.status == one for duty in found) for one in ("confirmed", "unconfirmed", "off")}

    def text() -> str:
        lines = [line(duty) for duty in found]
        total = ", ".join(f"{count} {one}" for one, count in counts.items() if count)
        return "\n".join([*lines, f"{len(found)} duties: {total}" if found else "no duty is known there"])

    show([as_dict(duty) for duty in found], as_json=as_json or form == "json", text=text)


@click.command("show", short_help="Show one duty whole, with its sources.")
@click.argument("identity", metavar="ID")
@FORM
@JSON
def show_(*, identity: str, form: str, as_json: bool) -> None:
    """Show the duty ID (`us-ca.ccpa.delete`): whom it binds, its clocks, what must be done and said, how well it was read, and where."""
    from upheld.law import reading

    duty = reading.duty(identity)
    sources = [reading.sources()[one] for one in duty.sources]
    show(as_dict(duty) | {"sources": sources}, as_json=as_json or form == "json", text=lambda: "\n".join(whole(duty)))


def of_region(region: str | None) -> Callable[[Duty], bool]:
    """Whether a duty binds about people of a region; of all, if none is named. `Invalid` for a region that is none."""
    from upheld.policy.compiled import undeclared
    from upheld.policy.terms import REGION_PARENTS, within

    if region is None:
        return lambda _: True
    code = region.lower().replace("_", "-")
    if code not in REGION_PARENTS:
        raise Invalid(undeclared("region", region, tuple(REGION_PARENTS)))
    return lambda duty: any(within(code, one) is not False for one in duty.regions)


def line(duty: Duty) -> str:
    """One duty on one line."""
    due = f" [{duty.due}]" if duty.due else ""
    return f"{duty.id}  {status_in_words(duty)}  {duty.says}{due}"


def status_in_words(duty: Duty) -> str:
    """Its status, with the reason for one that is off and the mark of one that is not confirmed."""
    if duty.off:
        return f"off: {duty.off}"
    return duty.status if duty.status == "confirmed" else f"unconfirmed ({'secondary source' if duty.evidence == 'S' else 'from memory'})"


def whole(duty: Duty) -> list[str]:
    """Everything about one duty."""
    from upheld.law import reading
    from upheld.law.duties import MARKS

    pack = reading.pack(duty.pack)
    lines = [f"{duty.id}: {duty.says}", f"  law: {duty.law} ({pack.title})", f"  status: {status_in_words(duty)}: {MARKS[duty.evidence]}"]
    unsure = [f"{name.replace('_', ' ')} ({MARKS[mark]})" for name, mark in duty.weak.items() if mark != "V"]
    lines += [f"  less sure: {', '.join(unsure)}"] if unsure else []
    listed = {"about people in": duty.regions, "asked by": duty.who, "in their capacity": duty.contexts, "by": duty.channels}
    lines += [f"  {name}: {', '.join(values)}" for name, values in listed.items() if values]
    lines += [f"  applies if: {duty.applies_if}"] if duty.applies_if else []
    lines += [f"  in force from: {duty.in_force}"] if duty.in_force else []
    for name, span in (("acknowledge within", duty.acknowledge), ("answer within", duty.due), ("may be lengthened by", duty.extend)):
        lines += [f"  {name}: {span}"] if span else []
    if duty.verify:
        asked = f"; may ask: {duty.verify.ask}" if duty.verify.ask else ""
        never = f"; never: {', '.join(duty.verify.forbid)}" if duty.verify.forbid else ""
        lines.append(f"  proof of identity: {duty.verify.level}{asked}{never}")
    for name, values in (
        ("must", duty.outcome),
        ("may refuse if", duty.may_deny),
        ("a refusal says", duty.denial_says),
        ("contracts say", duty.contract_terms),
        ("also", duty.also),
    ):
        lines += [f"  {name}: {value}" for value in values]
    lines += [f"  keep the record for: {duty.record_months} months"] if duty.record_months else []
    checked = "held against the document by `upheld policy check`" if duty.needs else "not read off the document: a person must see to it"
    lines.append(f"  in the policy: {checked}")
    lines += [f"  source {one.id}: {one.what} ({one.where})" for one in (reading.sources()[each] for each in duty.sources)]
    return lines


def as_dict(duty: Duty) -> dict[str, Any]:
    """A duty as JSON says it: its fields, its status, and its clocks in words."""
    from upheld.cli.answer import plain

    made: dict[str, Any] = plain(duty)
    spans = {name: str(getattr(duty, name)) if getattr(duty, name) else None for name in ("acknowledge", "due", "extend")}
    return made | spans | {"status": duty.status}
