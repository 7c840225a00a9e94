"""A report in words, as CSV, and as one HTML page that needs nothing else. Names come from strangers: they are never markup."""

from __future__ import annotations

import csv
import html
import io
from collections.abc import Iterator

from upheld.traffic.queries import Line
from upheld.traffic.reports import Rate, Report, Row, Section

WITHHELD = "withheld"
_STYLE = """
body{font:16px/1.5 system-ui,sans-serif;max-width:72rem;margin:2rem auto;padding:0 1rem;color:#1a1a1a;background:#fff}
table{border-collapse:collapse;width:100%;margin:.5rem 0 2rem}caption{text-align:left;font-weight:600;font-size:1.2rem}
th,td{padding:.25rem .6rem;border-bottom:1px solid #ccc;text-align:right}
th:first-child,td:first-child{text-align:left;overflow-wrap:anywhere}
.withheld{color:#595959;font-style:italic}svg{width:100%;height:auto}@media print{body{margin:0}}
"""


def in_words(report: Report) -> str:
    """For the terminal."""
    lines = [*_head(report), ""]
    for section in report.sections:
        lines.append(section.title)
        rows = [_cells(report, section, row) for row in section.rows]
        head = _headings(report, section)
        widths = [max(len(each) for each in column) for column in zip(head, *rows, strict=True)]
        for cells in (head, *rows):
            aligned = [cell.rjust(width) for cell, width in zip(cells[1:], widths[1:], strict=True)]
            lines.append("  " + cells[0].ljust(widths[0]) + "  " + "  ".join(aligned))
        lines += [f"  {_others(report)}", ""]
    if report.account:
        lines.append("Lines of the logs, over all imports:")
    lines += [
        f"  {fate}: {count:,} ({size:,} bytes)" for fate, (count, size) in sorted(report.account.items(), key=lambda each: -each[1][0])
    ]
    return "\n".join(lines)


def _head(report: Report) -> list[str]:
    period, before, total = report.period, report.before, report.total
    days, size = report.days, _bytes(report, report.total)
    under = f"{', '.join(report.clauses)}, policy {report.version}"
    said = [
        f"{period.first} to {period.last}, beside {before.first} to {before.last}",
        f"every number is of at least {report.people} people ({under})"
        if report.noise is None
        else f"every number was of at least {report.people} people before noise moved it, also below that ({under})",
        f"{total.hits:,} hits, {total.visitors:,} visits by day, {size} bytes on {len(days.told)} days{_changed(report)}",
    ]
    if report.noise:
        said.append(
            f"with noise: each count is off by {report.noise.scale:,.1f} on average (epsilon {report.noise.epsilon:g} for one request over "
            "the whole report); bytes and times are left out"
        )
    if days.twice:
        said.append(
            f"on {len(days.twice)} days visitors were told apart more than once (an import was killed, or logs came by several commands): "
            "some of them count more than once"
        )
    if days.withheld:
        said.append(f"{len(days.withheld)} days {WITHHELD}: of fewer than {report.people} people")
    if days.open:
        said.append(
            f"{len(days.open)} days are not settled yet: they are told of once they are over and as old as the policy lets them grow"
        )
    if period.source != "web":
        said.append(f"totals from {period.source}, not from our own logs")
    return said


def _bytes(report: Report, line: Line) -> str:
    return "-" if report.noise else f"{line.size:,}"


def _others(report: Report) -> str:
    return f"others are {WITHHELD}: of fewer than {report.people} people, or hidden to protect those"


def _partly(count: int, days: int, of: int) -> str:
    """A sum, and on how many of the days it is told if not on all."""
    return f"{count:,} on {days:,} of {of:,} days" if days < of else f"{count:,}"


def _changed(report: Report) -> str:
    moved = report.changed(report.total, report.total_before)
    if moved is None:
        return ""
    return f"; visits are {moved[0]:.2f} times those before (95 %: {moved[1]:.2f} to {moved[2]:.2f})"


def _headings(report: Report, section: Section) -> list[str]:
    named = [section.of, "hits", "visitors", "bytes"]
    named += ["mean time"] if section.timed else []
    named += [f"visitors {report.before.first} to {report.before.last}", "change (95 %)"]
    for step in _steps(section):
        named += [f"{step}s", f"{step} rate (95 %)", f"{step} rate before"]
    return named


def _cells(report: Report, section: Section, row: Row) -> list[str]:
    line, before, told, told_before = row.line, row.before, report.total.days, report.total_before.days
    cells = [plain(line.name), f"{line.hits:,}", _partly(line.visitors, line.days, told), _bytes(report, line)]
    if section.timed:
        cells.append(f"{line.micros / line.timed / 1000:,.1f} ms" if line.timed else "-")
    moved = report.changed(line, before)
    cells += [
        _partly(before.visitors, before.days, told_before) if before else WITHHELD if told_before else "-",
        f"{moved[0]:.2f} ({moved[1]:.2f} to {moved[2]:.2f})" if moved else "-",
    ]
    for step in _steps(section):
        made, earlier = row.steps.get(step), row.steps_before.get(step)
        cells.append(_partly(made.went, made.days, told) if made else WITHHELD)
        cells += [_rate(made.rate if made else None), _rate(earlier.rate if earlier else None)]
    return cells


def _rate(share: Rate | None) -> str:
    return f"{share.rate:.1%} ({share.low:.1%} to {share.high:.1%})" if share else "-"


def _steps(section: Section) -> list[str]:
    return list(dict.fromkeys(step for row in section.rows for step in row.steps))


def plain(name: str) -> str:
    """A name that can do nothing to a terminal."""
    return "".join(letter if letter.isprintable() else "\N{REPLACEMENT CHARACTER}" for letter in name)


def as_csv(report: Report) -> str:
    """As CSV: one row a line of a section; nothing in it is a formula for a spreadsheet."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    fixed = ["section", "name", "hits", "visitors", "bytes", "mean_microseconds", "days", "visitors_before", "days_before"]
    steps = list(dict.fromkeys(step for section in report.sections for step in _steps(section)))
    writer.writerow([*fixed, *(f"{step}_{what}" for step in steps for what in ("count", "rate", "rate_low", "rate_high"))])
    for section in report.sections:
        for row in section.rows:
            writer.writerow(
                [section.name, safe(row.line.name), *_numbers(report, row), *(cell for step in steps for cell in _step(row, step))]
            )
        writer.writerow([section.name, f"({_others(report)})"])
    return out.getvalue()


def _numbers(report: Report, row: Row) -> Iterator[object]:
    line = row.line
    yield from (
        line.hits,
        line.visitors,
        "" if report.noise else line.size,
        round(line.micros / line.timed) if line.timed else "",
        line.days,
    )
    yield row.before.visitors if row.before else WITHHELD
    yield row.before.days if row.before else ""


def _step(row: Row, step: str) -> list[object]:
    count, share, _ = row.steps.get(step, (WITHHELD, None, 0))
    return [count, *((f"{share.rate:.6f}", f"{share.low:.6f}", f"{share.high:.6f}") if share else ("", "", ""))]


def safe(name: str) -> str:
    """A name that no spreadsheet takes for a formula."""
    name = plain(name)
    return f"'{name}" if name.lstrip()[:1] in {"=", "+", "-", "@", "\t", "\r", "|", "%"} else name


def as_html(report: Report) -> str:
    """As one page without script, with charts as SVG and every number in a table."""
    said = html.escape
    head = "".join(f"<p>{said(each)}</p>" for each in _head(report))
    parts = [_chart(report), *(_table(report, section) for section in report.sections)]
    return (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8"><title>Visits {report.period.first} to {report.period.last}</title>'
        '<meta name="viewport" content="width=device-width"><meta http-equiv="Content-Security-Policy" '
        f"content=\"default-src 'none'; style-src 'unsafe-inline'\"><style>{_STYLE}</style></head><body><main>"
        f"<h1>Visits</h1>{head}{''.join(parts)}</main></body></html>\n"
    )


def _table(report: Report, section: Section) -> str:
    said = html.escape
    head = "".join(f'<th scope="col">{said(each)}</th>' for each in _headings(report, section))
    rows = []
    for row in section.rows:
        first, *rest = _cells(report, section, row)
        cells = "".join(f'<td class="withheld">{each}</td>' if each == WITHHELD else f"<td>{said(each)}</td>" for each in rest)
        rows.append(f'<tr><th scope="row">{said(first)}</th>{cells}</tr>')
    width = len(_headings(report, section))
    rows.append(f'<tr class="withheld"><td colspan="{width}">{_others(report)}</td></tr>')
    return f"<table><caption>{said(section.title)}</caption><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _chart(report: Report) -> str:
    """Visitors by day as bars; days that may not be told have none."""
    days = list(report.by_day.items())
    if not days:
        return ""
    most = max(line.visitors for _, line in days)
    width = 720 / len(days)
    bars = "".join(
        f'<rect x="{at * width + 1:.1f}" y="{200 - 180 * line.visitors / most:.1f}" width="{max(1.0, width - 2):.1f}" '
        f'height="{180 * line.visitors / most:.1f}" fill="#1f5fa8"><title>{day}: {line.visitors:,} visitors</title></rect>'
        for at, (day, line) in enumerate(days)
    )
    rows = "".join(f'<tr><th scope="row">{day}</th><td>{line.hits:,}</td><td>{line.visitors:,}</td></tr>' for day, line in days)
    return (
        '<figure><svg viewBox="0 0 720 200" role="img" aria-labelledby="by-day">'
        f'<title id="by-day">Visitors by day, at most {most:,}</title>'
        f"{bars}</svg><figcaption>Visitors by day</figcaption></figure><details><summary>The same as a table</summary><table>"
        f'<thead><tr><th scope="col">day</th><th scope="col">hits</th><th scope="col">visitors</th></tr></thead><tbody>{rows}</tbody>'
        "</table></details>"
    )
