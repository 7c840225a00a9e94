"""The one catalogue of the sites' texts: found in the pages, kept in `locale/LANGUAGE/LC_MESSAGES/django.po`, packed beside it.

`python -m tools.catalogue` adds what is new with an empty translation, drops what no page says any more, and packs it as `django.mo`.
`tests/web/test_catalogue.py` fails while a text is missing, empty, or not packed. No gettext programs are needed.
"""

from __future__ import annotations

import ast
import re
import struct
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

WEB = Path(__file__).parents[1] / "src" / "upheld" / "web"
CALLS = {"_": 1, "gettext": 1, "gettext_lazy": 1, "ngettext": 2}
HEAD = """\
# The texts of the sites. Written by `python -m tools.catalogue`; translate by hand.
msgid ""
msgstr ""
"Language: {language}\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=2; plural=(n != 1);\\n"
"""
CALL = re.compile(r"""\b(_|gettext|ngettext)\(((?:u?'(?:[^'\\]|\\.)*'|u?"(?:[^"\\]|\\.)*"|\s|,)+)""")

Text = tuple[str, ...]
"""A text as the pages say it: alone, or with its plural."""


def texts() -> dict[Text, str]:
    """Every text of the pages and their programs, with the first file that says it."""
    found: dict[Text, str] = {}
    for path in sorted(WEB.rglob("*.py")):
        for text in _of_program(path):
            found.setdefault(text, str(path.relative_to(WEB)))
    for path in sorted((WEB / "templates").rglob("*.html")):
        for text in _of_page(path):
            found.setdefault(text, str(path.relative_to(WEB)))
    return found


def _of_program(path: Path) -> Iterator[Text]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            said = [
                given.value
                for given in node.args[: CALLS[node.func.id]]
                if isinstance(given, ast.Constant) and isinstance(given.value, str)
            ]
            if len(said) == CALLS[node.func.id]:
                yield tuple(said)


def _of_page(path: Path) -> Iterator[Text]:
    from django.utils.translation.template import templatize

    for call in CALL.finditer(templatize(path.read_text("utf-8"))):
        said = ast.literal_eval(f"[{call[2].strip().rstrip(',')}]")
        yield tuple(said[: CALLS[call[1]]])


def read(path: Path) -> dict[Text, Text]:
    """The translations in a catalogue."""
    found: dict[Text, Text] = {}
    for block in path.read_text("utf-8").split("\n\n") if path.exists() else []:
        parts: dict[str, str] = {}
        name = ""
        for line in block.splitlines():
            if read_line := re.match(r'(msg\w+(?:\[\d\])?) (".*")$', line):
                name = read_line[1]
                parts[name] = ast.literal_eval(read_line[2])
            elif line.startswith('"'):
                parts[name] += ast.literal_eval(line)
        if parts.get("msgid"):
            key = (parts["msgid"], parts["msgid_plural"]) if "msgid_plural" in parts else (parts["msgid"],)
            found[key] = (parts["msgstr[0]"], parts["msgstr[1]"]) if len(key) == 2 else (parts["msgstr"],)
    return found


def write(path: Path, language: str, said: dict[Text, str], known: dict[Text, Text]) -> None:
    """The catalogue, in the order of the files."""
    blocks = [HEAD.format(language=language)]
    for text, place in sorted(said.items(), key=lambda each: (each[1], each[0])):
        told = known.get(text, ("",) * len(text))
        lines = [f"#: {place}", f"msgid {_quoted(text[0])}"]
        if len(text) == 2:
            lines += [f"msgid_plural {_quoted(text[1])}", f"msgstr[0] {_quoted(told[0])}", f"msgstr[1] {_quoted(told[1])}"]
        else:
            lines.append(f"msgstr {_quoted(told[0])}")
        blocks.append("\n".join(lines) + "\n")
    path.write_text("\n".join(blocks), encoding="utf-8")


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def packed(language: str, known: dict[Text, Text]) -> bytes:
    """The catalogue as programs read it: GNU's format, little-endian, sorted."""
    head = "".join(ast.literal_eval(line) for line in HEAD.format(language=language).splitlines() if line.startswith('"'))
    pairs = [("", head), *(("\0".join(text), "\0".join(told)) for text, told in known.items() if all(told))]
    return _laid_out(sorted((text.encode(), told.encode()) for text, told in pairs))


def _laid_out(pairs: list[tuple[bytes, bytes]]) -> bytes:
    begin = 7 * 4
    at = begin + len(pairs) * 16
    indexes: list[bytes] = []
    bodies: list[bytes] = []
    for column in (0, 1):
        for pair in pairs:
            indexes.append(struct.pack("<II", len(pair[column]), at))
            bodies.append(pair[column] + b"\0")
            at += len(pair[column]) + 1
    return struct.pack("<IIIIIII", 0x950412DE, 0, len(pairs), begin, begin + len(pairs) * 8, 0, 0) + b"".join([*indexes, *bodies])


def catalogues() -> Iterable[Path]:
    """The catalogues of all languages but the pages' own."""
    return sorted((WEB / "locale").glob("*/LC_MESSAGES/django.po"))


def main() -> int:
    """Bring every catalogue up to date; how many texts want a translation."""
    said, wanting = texts(), 0
    for path in catalogues():
        language = path.parents[1].name
        write(path, language, said, read(path))
        known = read(path)
        path.with_suffix(".mo").write_bytes(packed(language, known))
        missing = [text[0] for text, told in known.items() if not all(told)]
        wanting += len(missing)
        print(f"{language}: {len(known)} texts, {len(missing)} without a translation")
    return 1 if wanting else 0


if __name__ == "__main__":
    sys.exit(main())
