"""The forms in which servers write logs: each a pattern over one line, with named parts."""

from __future__ import annotations

import re
from dataclasses import dataclass

from upheld.errors import Invalid
from upheld.traffic.parsing.shapes import SHAPES, Shape

_PARTS: dict[str, str] = {
    "h": r"(?P<address>\S+)",
    "a": r"(?P<address>\S+)",
    "t": r"\[(?P<time>[^\]\n]*+)\]",
    "r": r'(?P<request>[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+)',
    "s": r"(?P<status>\S+)",
    "b": r"(?P<size>\S+)",
    "B": r"(?P<size>\S+)",
    "O": r"(?P<size>\S+)",
    "D": r"(?P<micros>\S+)",
    "T": r"(?P<seconds>\S+)",
    "m": r"(?P<method>\S+)",
    "U": r"(?P<target>\S+)",
}
_HEADERS = {"referer": "referrer", "user-agent": "agent", "sec-gpc": "gpc", "dnt": "dnt"}
_NGINX = {
    "remote_addr": r"(?P<address>\S+)",
    "time_local": r"(?P<time>[^\]\n]*+)",
    "time_iso8601": r"(?P<time>\S+)",
    "msec": r"(?P<time>\S+)",
    "request": _PARTS["r"],
    "request_method": _PARTS["m"],
    "request_uri": _PARTS["U"],
    "status": _PARTS["s"],
    "body_bytes_sent": _PARTS["b"],
    "bytes_sent": _PARTS["b"],
    "request_time": _PARTS["T"],
    "http_referer": "referrer",
    "http_user_agent": "agent",
    "http_sec_gpc": "gpc",
    "http_dnt": "dnt",
}
_QUOTED = r'[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+'
_TOKEN = re.compile(r"%[<>]?(?:\{(?P<header>[^}]+)\})?(?P<letter>[A-Za-z])|\$(?P<variable>[a-z0-9_]+)")

COMMON = '%h %l %u %t "%r" %>s %b'
NAMED = {
    "common": COMMON,
    "combined": COMMON + ' "%{Referer}i" "%{User-Agent}i"',
    "vhost": "%v:%p " + COMMON + ' "%{Referer}i" "%{User-Agent}i"',
}
"""Formats that servers ship with, in Apache's words."""
HEADED = ("w3c", "iis", "cloudfront")
"""Formats whose logs say themselves what their lines hold."""
ALSO = {"nginx": "combined", "vhost_combined": "vhost", "caddy": "json"}
"""Names by which servers call them."""

_ALB = (
    r"^\S+ (?P<time>\S+) \S+ (?P<address>\S+) \S+ \S+ (?P<seconds>\S+) \S+ (?P<status>\S+) \S+ \S+ (?P<size>\S+) "
    r'"(?P<request>[^"\n]*)" "(?P<agent>[^"\n]*)"'
)
_W3C = {
    "c-ip": "address", "date": "date", "time": "clock", "cs-method": "method", "cs-uri-stem": "target", "cs-uri-query": "query",
    "sc-status": "status", "sc-bytes": "size", "time-taken": "taken", "cs(referer)": "referrer", "cs(user-agent)": "agent",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Format:
    """A form of log lines. `pattern` is None for lines of JSON; `plus`: words are joined by `+` or per cent signs (W3C, CloudFront).

    `headed`: lines that begin with `#` are headings.
    """

    name: str
    pattern: re.Pattern[str] | None
    plus: bool = False
    seconds_taken: bool = False
    headed: bool = False

    @property
    def shape(self) -> Shape | None:
        """How such lines are built, if many can be taken apart at a time."""
        return SHAPES.get(self.name)


JSON_LINES = Format("json", None)
ALB = Format("alb", re.compile(_ALB))


def named(name: str) -> Format:
    """The format of this name, or the one that a format string in Apache's or nginx's words describes."""
    name = ALSO.get(name, name)
    if name == "json":
        return JSON_LINES
    if name == "alb":
        return ALB
    if name in NAMED:
        return Format(name, _compiled(NAMED[name]))
    for known, words in NAMED.items():
        if name.strip() == words:
            return Format(known, _compiled(words))
    if "%" in name or "$" in name:
        return Format("custom", _compiled(name))
    there_are = f"{', '.join(NAMED)}, json, alb, {', '.join((*HEADED, *ALSO))}"
    raise Invalid(f"`{name}` is no log format: there are {there_are}, or a format string such as `{COMMON}`")


def w3c(fields: str) -> Format:
    """The format that a line `#Fields: …` announces: W3C extended, as IIS and CloudFront write it."""
    names = fields.partition(":")[2].split()
    cloudfront = "x-edge-location" in names
    gap = r"\t" if cloudfront else " "
    seen: set[str] = set()
    parts = []
    for name in names:
        role = _W3C.get(name.lower())
        parts.append(f"(?P<{role}>[^ \\t\\n]*)" if role and role not in seen else r"[^ \t\n]*")
        seen.add(role or "")
    if not {"clock", "target", "status"} <= seen:
        raise Invalid("the log's `#Fields:` name no time, page or status: nothing can be counted")
    return Format(
        "cloudfront" if cloudfront else "w3c", re.compile("^" + gap.join(parts)), plus=True, seconds_taken=cloudfront, headed=True
    )


def guessed(lines: list[str], log: str) -> Format:
    """The format that most of the first lines of a log have. `Invalid` if none of those known fits any."""
    for line in lines:
        if line.startswith("#Fields:"):
            return w3c(line)
    tried = [ALB, *(named(name) for name in ("vhost", "combined", "common"))]
    fits = [(sum(bool(each.pattern and each.pattern.match(line)) for line in lines), each) for each in tried]
    fits.append((sum(line.startswith("{") and line.rstrip().endswith("}") for line in lines), JSON_LINES))
    best = max(fits, key=lambda pair: pair[0])
    if not best[0]:
        raise Invalid(f"no known log format fits `{log}`: say it with `--format`, e.g. `--format '{COMMON}'`")
    return best[1]


def _compiled(words: str) -> re.Pattern[str]:
    pattern, at, used = "^", 0, set[str]()
    for found in _TOKEN.finditer(words):
        pattern += re.escape(words[at : found.start()])
        part = _part(found)
        name = re.search(r"\?P<(\w+)>", part)
        if name and name[1] in used:
            part = part.replace(name[0], "?:")
        used.add(name[1] if name else "")
        pattern, at = pattern + part, found.end()
    if not {"time", "status"} <= used or not {"request", "target"} & used:
        raise Invalid("the format names no time, status or request: it needs `%t`, `%>s` and `%r`")
    return re.compile(pattern + re.escape(words[at:]))


def _part(found: re.Match[str]) -> str:
    header, letter, variable = found["header"], found["letter"], found["variable"]
    role = _HEADERS.get(header.lower()) if header and letter == "i" else None
    if variable:
        known = _NGINX.get(variable, r'[^\s"]*')
        role = known if known in _HEADERS.values() else None
        if role is None:
            return known
    if role:
        return f"(?P<{role}>{_QUOTED})"
    return _PARTS.get(letter or "", r'[^\s"]*') if not header else r'[^"\n]*?'
