"""Lines one by one, by a pattern or as JSON: every form, and what of the plain forms is written unusually. It decides what is a line."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from upheld.traffic.parsing.addresses import prefix
from upheld.traffic.parsing.formats import Format
from upheld.traffic.parsing.hashing import LONGEST, Keys
from upheld.traffic.parsing.shapes import LONGEST_SIZE
from upheld.traffic.parsing.split import NOT_TIMED, Row, Split, of_rows
from upheld.traffic.parsing.times import NO_TIME, hour_of

SAMPLES = 3
"""Lines shown of each reason, as their outline only."""
_ABSENT = {"", "-"}
_METHOD = re.compile(r"[A-Z][A-Z_-]{1,19}")


class _Bad(Exception):
    """A line that cannot be read; its argument is the reason."""


@dataclass(slots=True)
class Bad:
    """What could not be read: lines by reason, and outlines of a few."""

    lines: Counter[str] = field(default_factory=Counter)
    outlines: dict[str, list[str]] = field(default_factory=dict)

    def add(self, reason: str, line: str) -> None:
        """One more."""
        self.lines[reason] += 1
        shown = self.outlines.setdefault(reason, [])
        if len(shown) < SAMPLES and (drawn := outline(line)) not in shown:
            shown.append(drawn)


def outline(line: str) -> str:
    """A line without what it says: letters become `a`, digits `9`, so that it shows its form and no address."""
    drawn = "".join("9" if each.isdigit() else "a" if each.isalpha() else each if each.isprintable() else "?" for each in line[:60])
    return drawn + ("…" if len(line) > 60 else "")


def split(lines: Iterable[bytes], form: Format, keys: Keys, bad: Bad) -> Split:
    """The lines that can be read; of each other its reason, told to `bad`."""
    rows, prefixes = [], dict[str, int]()
    for line in lines:
        text = line.decode("utf-8", "replace")
        if not text.strip():
            bad.add("empty", text)
            continue
        try:
            row = _row(_fields(text, form), form)
            if row.address not in prefixes:
                prefixes[row.address] = prefix(row.address)
            if prefixes[row.address]:
                rows.append(row)
            else:
                bad.add("address", text)
        except _Bad as reason:
            bad.add(str(reason), text)
    tells_agent = form.pattern is None or "agent" in form.pattern.groupindex
    return of_rows(rows, keys, tells_agent=tells_agent)


def fits(lines: Iterable[bytes], form: Format) -> bool:
    """Whether one of these lines has a form, or none says anything against it: there are only headings and empty lines."""
    said = [line.decode("utf-8", "replace") for line in lines if line.strip() and not line.startswith(b"#")]
    return not said or any(_has(text, form) for text in said)


def _has(text: str, form: Format) -> bool:
    try:
        return bool(re.fullmatch(r"\d{3}", _fields(text, form).get("status") or ""))
    except _Bad:
        return False


def _fields(text: str, form: Format) -> Mapping[str, str]:
    if form.pattern is None:
        try:
            read = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise _Bad("form") from error
        if not isinstance(read, dict):
            raise _Bad("form")
        return json_fields(read)
    found = form.pattern.match(text)
    if found is None:
        raise _Bad("form")
    return found.groupdict()


def _row(fields: Mapping[str, str], form: Format) -> Row:
    address = fields.get("address") or ""
    when = fields.get("time") or f"{fields.get('date', '')}T{fields.get('clock', '')}"
    hour = hour_of(when)
    target = _target(fields)
    status = fields.get("status") or ""
    if not re.fullmatch(r"[1-9]\d\d|000|0\d\d", status, re.ASCII):
        raise _Bad("status")
    if hour == NO_TIME:
        raise _Bad("time")
    asked = {name: _said(fields.get(name), form) for name in ("referrer", "agent")}
    signal = any((fields.get(name) or "").strip() == "1" for name in ("gpc", "dnt"))
    referrer, agent = asked["referrer"], asked["agent"]
    return Row(address, target[:LONGEST], referrer, agent, hour, int(status), _size(fields), _micros(fields, form), signal)


def _target(fields: Mapping[str, str]) -> str:
    request = fields.get("request")
    if request is None:
        target = fields.get("target") or ""
        query = fields.get("query") or ""
        if not target or target == "-":
            raise _Bad("request")
        return f"{target}?{query}" if query and query != "-" else target
    method, space, rest = request.partition(" ")
    target, _, version = rest.rpartition(" ")
    if not version.startswith("HTTP/"):
        target = rest
    if not space or not target.strip() or not _METHOD.fullmatch(method):
        raise _Bad("request")
    return target.strip(" ")


def _said(text: str | None, form: Format) -> str:
    text = text or ""
    if text in _ABSENT:
        return text
    return (unquote(text, errors="replace") if "%" in text else text).replace("+", " ") if form.plus else text


def _size(fields: Mapping[str, str]) -> int:
    text = fields.get("size") or "-"
    return int(text) if text.isascii() and text.isdigit() and len(text) <= LONGEST_SIZE else 0


def _micros(fields: Mapping[str, str], form: Format) -> int:
    for name, unit in (("micros", 1), ("millis", 1_000), ("seconds", 1_000_000), ("taken", 1_000_000 if form.seconds_taken else 1_000)):
        text = fields.get(name)
        if text:
            try:
                took = float(text)
            except ValueError:
                return NOT_TIMED
            return int(took * unit) if 0 <= took * unit < 86_400_000_000 else NOT_TIMED
    return NOT_TIMED


_JSON = {
    "address": ("remote_addr", "client_ip", "remote_ip", "ip", "clientip", "request.client_ip", "request.remote_ip", "request.remote_addr"),
    "time": ("time_iso8601", "ts", "time", "timestamp", "@timestamp", "time_local", "msec", "date"),
    "request": ("request_line", "request"),
    "target": ("request_uri", "uri", "path", "url", "request.uri"),
    "status": ("status", "status_code"),
    "size": ("body_bytes_sent", "bytes_sent", "size", "bytes"),
    "seconds": ("request_time", "duration", "upstream_response_time"),
    "referrer": ("http_referer", "http_referrer", "referer", "referrer", "request.headers.Referer"),
    "agent": ("http_user_agent", "user_agent", "agent", "request.headers.User-Agent"),
    "gpc": ("http_sec_gpc", "sec_gpc", "gpc", "request.headers.Sec-Gpc", "request.headers.Sec-GPC"),
    "dnt": ("http_dnt", "dnt", "request.headers.Dnt", "request.headers.DNT"),
}
"""Under which names JSON lines hold the fields: nginx's variables, Caddy's nesting, and common ones."""


def json_fields(read: Mapping[str, Any]) -> dict[str, str]:
    """The fields of one JSON line."""
    found = {}
    for name, places in _JSON.items():
        for place in places:
            value: Any = read
            for part in place.split("."):
                value = value.get(part) if isinstance(value, dict) else None
            if isinstance(value, list):
                value = value[0] if value else None
            if value is not None and not isinstance(value, dict | bool):
                found[name] = str(value)
                break
    return found
