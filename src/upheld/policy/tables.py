"""The parser's tables, kept beside the compiled modules so that the grammar is worked out once and not at every start."""

from __future__ import annotations

import marshal
import sys
from collections.abc import Iterator
from contextlib import suppress
from hashlib import sha256
from importlib.resources import files
from importlib.util import cache_from_source
from pathlib import Path

import lark
from lark.grammar import Rule
from lark.lexer import TerminalDef


class EveryWordEverywhere:
    """Lets the lexer see a word as a word wherever it stands, so that a misplaced one is named whole and never cut in two."""

    always_accept = ("WORD", "INT", "STRING", "CLOCK", "COMMA", "COLON", "OTHER")

    def process(self, stream: Iterator[lark.Token]) -> Iterator[lark.Token]:
        """The tokens as they come."""
        return stream


def load() -> lark.Lark:
    """The parser of the policy language."""
    grammar = (files("upheld.policy") / "language.lark").read_text("utf-8")
    stamp = sha256(f"{grammar}\0{lark.__version__}\0{sys.version}".encode()).digest()
    kept = Path(cache_from_source(__file__)).with_suffix(".lalr")
    return _restore(kept, stamp) or _work_out(grammar, kept, stamp)


def _restore(kept: Path, stamp: bytes) -> lark.Lark | None:
    # Whoever may write here may write our compiled modules, so the file is trusted as they are.
    with suppress(OSError, EOFError, ValueError, TypeError):
        raw = kept.read_bytes()
        if raw.startswith(stamp):
            data, memo = marshal.loads(raw[len(stamp) :])  # noqa: S302 - see above
            parser: lark.Lark = lark.Lark._load_from_dict(data, memo, postlex=EveryWordEverywhere())  # type: ignore[no-untyped-call]  # noqa: SLF001 - what lark's own generated parsers call
            return parser
    return None


def _work_out(grammar: str, kept: Path, stamp: bytes) -> lark.Lark:
    parser = lark.Lark(grammar, parser="lalr", postlex=EveryWordEverywhere())
    if not sys.dont_write_bytecode:
        data, memo = parser.memo_serialize([TerminalDef, Rule])
        data["options"].pop("postlex")
        with suppress(OSError):  # a read-only installation works it out each time
            fresh = kept.with_name(f"{kept.name}.{id(parser)}")
            fresh.write_bytes(stamp + marshal.dumps((data, memo)))
            fresh.replace(kept)
    return parser
