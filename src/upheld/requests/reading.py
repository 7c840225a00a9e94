"""What an e-mail message says, read within bounds: who wrote it, when it came in, and its words as plain text.

A message comes from anybody. It is read up to a size, a depth and a number of parts; attachments are left out, HTML becomes text, what was
quoted from earlier mail is dropped, and numbers of payment cards are blanked before anything is kept.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message as Parsed
from email.parser import BytesHeaderParser, BytesParser
from email.utils import getaddresses, parsedate_to_datetime
from html.parser import HTMLParser
from typing import Final

from upheld.people import normal

MOST_BYTES: Final = 1 << 20
MOST_PARTS: Final = 50
MOST_HTML: Final = 200_000  # bytes of one part
MOST_TEXT: Final = 20_000  # characters kept
MOST_HEADER: Final = 1000

_UNSEEN: Final = dict.fromkeys([*range(9), 11, 12, *range(14, 32), 127, *range(0x202A, 0x202F), *range(0x2066, 0x206A), 0xFEFF])
"""Control characters, and those that turn the direction of what is shown: they can make a line read as it does not stand there."""
_QUOTED_FROM: Final = re.compile(r"(?im)^(?:-{2,} ?(?:original message|forwarded message)|on .{4,200} wrote:$|_{20,}$)")
_DIGITS: Final = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")


@dataclass(frozen=True, slots=True)
class Letter:
    """One message. `sender` and `answer_to` are addresses (empty: none can be read), `name` is what the sender calls themselves.

    `to` are the addresses it was sent to. `marks` say what was left out, or wants a look. `automatic`: no person wrote it.
    """

    sender: str = field(repr=False)
    name: str = field(repr=False)
    answer_to: str = field(repr=False)
    to: tuple[str, ...] = field(repr=False)
    subject: str = field(repr=False)
    text: str = field(repr=False)
    came_at: datetime | None
    reference: str = field(repr=False)
    marks: tuple[str, ...] = ()
    automatic: bool = False


def read(raw: bytes) -> Letter:
    """The message in these bytes. Nothing that stands in one is an error: what cannot be read is left out, and a mark says so."""
    marks: list[str] = []
    if len(raw) > MOST_BYTES:
        raw = raw[:MOST_BYTES]
        marks.append(f"longer than {MOST_BYTES >> 20} MiB: only the beginning was read")
    parsed = _parsed(raw, marks)
    text = _words(parsed, marks)
    if len(text) > MOST_TEXT:
        text = text[:MOST_TEXT]
        marks.append(f"longer than {MOST_TEXT:,} characters: only the beginning was read")
    text, cards = without_cards(text)
    if cards:
        marks.append("held a card number, which was blanked: tell the person not to send any")
    senders = _addresses(parsed, "From")
    if len(senders) != 1:
        marks.append("names no sender" if not senders else "names several senders")
    name, sender = senders[0] if len(senders) == 1 else ("", "")
    answers = _addresses(parsed, "Reply-To")
    answer_to = answers[0][1] if len(answers) == 1 else sender
    if answer_to and normal.email(answer_to) != normal.email(sender):
        marks.append("wants answers at another address than it came from")
    to = tuple(address for header in ("To", "Cc", "Delivered-To", "X-Original-To") for _, address in _addresses(parsed, header))
    subject = without_cards(_header(parsed, "Subject"))[0]
    reference = hashlib.sha256(
        "\0".join((_header(parsed, "Message-ID"), sender, subject, text)).encode("utf-8", "surrogatepass")
    ).hexdigest()
    return Letter(sender, name, answer_to, to, subject, text, _came_at(parsed), reference, tuple(marks), _is_automatic(parsed))


def _parsed(raw: bytes, marks: list[str]) -> Parsed:
    try:
        return BytesParser().parsebytes(raw)
    except (RecursionError, MessageError, ValueError, LookupError):
        marks.append("its parts cannot be read: look at the message itself")
        return BytesHeaderParser().parsebytes(raw.partition(b"\n\n")[0])


def _words(parsed: Parsed, marks: list[str]) -> str:
    plain: list[str] = []
    html: list[str] = []
    left_out = 0
    for number, part in enumerate(_parts(parsed)):
        if number == MOST_PARTS:
            marks.append(f"has more than {MOST_PARTS} parts: only the first were read")
            break
        kind = part.get_content_type()
        if part.get_content_disposition() == "attachment" or part.get_filename() or kind not in {"text/plain", "text/html"}:
            left_out += 1
        elif kind == "text/plain":
            plain.append(_text(part))
        else:
            html.append(_of_html(_text(part)[:MOST_HTML]))
    if left_out:
        marks.append(f"{left_out} attachment{'s' * (left_out != 1)} left out")
    text = "\n".join(plain)
    return _own("\n".join(html) if not text.strip() else text)


def _parts(parsed: Parsed) -> Iterator[Parsed]:
    """The parts that hold something, without recursion; what lies in attached messages is an attachment."""
    waiting = [parsed]
    while waiting:
        part = waiting.pop()
        payload = part.get_payload()
        if part.get_content_maintype() == "multipart" and isinstance(payload, list):
            waiting.extend(one for one in reversed(payload) if isinstance(one, Parsed))
        else:
            yield part


def _text(part: Parsed) -> str:
    payload = part.get_payload(decode=True)
    raw = payload if isinstance(payload, bytes) else b""
    try:
        return raw.decode(part.get_content_charset() or "utf-8", "replace")
    except (LookupError, ValueError):
        return raw.decode("utf-8", "replace")


def _own(text: str) -> str:
    """What the sender wrote now: without quotations of earlier mail, and without characters that nobody sees."""
    text = text.replace("\r\n", "\n").replace("\r", "\n").translate(_UNSEEN)
    quoted = _QUOTED_FROM.search(text)
    if quoted and text[: quoted.start()].strip():
        text = text[: quoted.start()]
    lines = (line.strip() for line in text.split("\n") if not line.lstrip().startswith(">"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def without_cards(text: str) -> tuple[str, int]:
    """A text in which numbers of payment cards are blanked, and how many were."""
    count = 0

    def blank(found: re.Match[str]) -> str:
        nonlocal count
        if not _is_card("".join(sign for sign in found[0] if sign.isdecimal())):
            return found[0]
        count += 1
        return "[card number]"

    return _DIGITS.sub(blank, text), count


def _is_card(digits: str) -> bool:
    """Whether the last digit is the check digit of the others (ISO/IEC 7812)."""
    doubled = (int(digit) * (1 + at % 2) for at, digit in enumerate(reversed(digits)))
    return sum(number - 9 * (number > 9) for number in doubled) % 10 == 0


def _header(parsed: Parsed, name: str) -> str:
    value = parsed.get(name)
    if value is None:
        return ""
    raw = str(value)[:MOST_HEADER]
    return _decoded(raw)


def _addresses(parsed: Parsed, name: str) -> list[tuple[str, str]]:
    """The (display name, address) pairs of a header that can be read as such, each address once."""
    value = str(parsed.get(name, ""))[:MOST_HEADER]
    found: dict[str, tuple[str, str]] = {}
    for shown, address in getaddresses([value]):
        if form := normal.email(address):
            found.setdefault(form, (_decoded(shown), address))
    return list(found.values())


def _decoded(text: str) -> str:
    with suppress(ValueError, LookupError, MessageError):
        text = str(make_header(decode_header(text)))
    return " ".join(text.translate(_UNSEEN).split())


def _came_at(parsed: Parsed) -> datetime | None:
    """When our own mail server took it in (its line is the topmost), else the date that the sender wrote."""
    for said in (str(parsed.get("Received", "")).rpartition(";")[2], str(parsed.get("Date", ""))):
        try:
            at = parsedate_to_datetime(said.strip())
        except (ValueError, TypeError, IndexError, OverflowError):
            continue
        try:
            return (at if at.utcoffset() is not None else at.replace(tzinfo=UTC)).astimezone(UTC)
        except (ValueError, OverflowError):
            continue
    return None


def _is_automatic(parsed: Parsed) -> bool:
    """Whether a machine sent it (RFC 3834, RFC 3464): holiday answers and reports of mail that could not be delivered."""
    automatic = str(parsed.get("Auto-Submitted", "no")).split(";")[0].strip().lower() not in {"no", ""}
    return automatic or parsed.get_content_type() == "multipart/report" or str(parsed.get("Return-Path", "")).strip() == "<>"


class _Words(HTMLParser):
    _SILENT: Final = frozenset({"script", "style", "head", "title", "template", "noscript"})
    _LINES: Final = frozenset("p div br tr li ul ol table h1 h2 h3 h4 h5 h6 blockquote address pre hr section article".split())

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.said: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: ARG002 - the parser's own form
        self.silent += tag in self._SILENT
        if tag in self._LINES:
            self.said.append("\n")

    def handle_endtag(self, tag: str) -> None:
        self.silent = max(0, self.silent - (tag in self._SILENT))
        if tag in self._LINES:
            self.said.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.said.append(" ".join(data.split(" ")).replace("\n", " ") if data.strip() else " ")


def _of_html(markup: str) -> str:
    words = _Words()
    words.feed(markup)
    words.close()
    return "\n".join(" ".join(line.split()) for line in "".join(words.said).split("\n"))
