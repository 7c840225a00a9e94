"""The policy as the page that customers read: plain HTML that needs no script and nothing from anywhere else.

The page holds its own small stylesheet and a content security policy that lets in this stylesheet (by its hash) and nothing more.
A site that serves its stylesheets itself passes `stylesheet`, an address; the page then links to it instead (`page.css` is the file).
"""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from html import escape
from importlib.resources import files
from typing import Final

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token

from upheld.policy.document import Clause, Document
from upheld.policy.explain import UNKNOWN_FACTS, explain
from upheld.policy.statements import AnyStatement, Place
from upheld.policy.voice import Voice

SCHEMES: Final = ("http://", "https://", "mailto:", "tel:", "#")
"""How a link may begin. Any other link of the document is shown as text."""

_MARK = re.compile(r"\s*\{[#.][^{}\n]*\}\s*\Z")
_MONTHS = "January February March April May June July August September October November December".split()


def render(
    document: Document,
    *,
    posted_at: datetime | None = None,
    coverage: Mapping[Place, str] | None = None,
    stylesheet: str | None = None,
) -> str:
    """The whole page.

    Every clause keeps its id as its anchor, whatever its wording. `posted_at`: when this version took effect, if it did.
    `coverage`: by the place of a statement, what leaving it out would change (see `coverage.witnesses`), for those
    who audit the page.
    """
    headings, text = _text(document, coverage or {})
    front = document.front
    title = front.title or "Privacy policy"
    first = ""
    if headings and headings[0][0] == 1:
        first, end, text = text.partition("</h1>\n")
        first += end
    return _PAGE.format(
        title=escape(f"{title} – {front.company}" if front.company else title),
        company=escape(front.company or title),
        style=_style(stylesheet),
        first=first or f"<h1>{escape(title)}</h1>\n",
        version=_version_line(document, posted_at),
        contents=_contents(headings),
        text=text,
        unknown=escape(UNKNOWN_FACTS),
        hash=document.hash,
    )


@dataclass(frozen=True, slots=True)
class Body:
    """The policy as a part of a page that is somebody else's: its title, the list of contents, and the text, each as HTML."""

    title: str
    contents: str
    text: str


def body(document: Document, *, beside: Mapping[str, str] | None = None, unfolded: bool = False) -> Body:
    """What a site that has a frame of its own shows. Every clause keeps its id as its anchor.

    `beside`: by clause, a sentence to stand under its rules, such as how often it refused. `unfolded`: the rules are open, as for paper.
    """
    headings, text = _text(document, {}, beside or {})
    title = escape(document.front.title or "Privacy policy")
    if headings and headings[0][0] == 1:
        _, _, text = text.partition("</h1>\n")
        title = escape(headings[0][2])
    return Body(title, _contents(headings), text.replace("<details>", "<details open>") if unfolded else text)


def style() -> str:
    """The stylesheet of the page."""
    return files("upheld.policy").joinpath("page.css").read_text(encoding="utf-8")


def _style(stylesheet: str | None) -> str:
    if stylesheet is not None:
        return f'<link rel="stylesheet" href="{escape(stylesheet)}">'
    css = f"\n{style()}"
    digest = b64encode(sha256(css.encode()).digest()).decode()
    allowed = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    return f'<meta http-equiv="Content-Security-Policy" content="{escape(allowed)}">\n<style>{css}</style>'


def _version_line(document: Document, posted_at: datetime | None) -> str:
    if posted_at is None:
        posted = "not posted yet"
    else:
        at = posted_at.astimezone(UTC)
        said = f"{at.day} {_MONTHS[at.month - 1]} {at.year}, {at:%H:%M} UTC"
        posted = f'in force since <time datetime="{at:%Y-%m-%dT%H:%M:%SZ}">{said}</time>'
    version = escape(document.front.version or "unnamed")
    return f'<p class="version">Version {version}, {posted}.<br>Fingerprint <code>{document.hash[:16]}</code></p>'


Heading = tuple[int, str, str]
"""A heading's level, its anchor (or nothing) and its text."""


def _contents(headings: Sequence[Heading]) -> str:
    lines = [
        f'<li{" class=deeper" if level > 2 else ""}><a href="#{escape(anchor)}">{escape(text)}</a></li>'
        for level, anchor, text in headings
        if level > 1 and anchor
    ]
    if not lines:
        return ""
    return (
        '<nav class="contents" aria-labelledby="policy-contents">\n<h2 id="policy-contents">Contents</h2>\n<ol>\n'
        + "\n".join(lines)
        + "\n</ol>\n</nav>\n"
    )


def _text(document: Document, coverage: Mapping[Place, str], beside: Mapping[str, str] | None = None) -> tuple[list[Heading], str]:
    """The headings of the document, and its text from the first of them on."""
    markdown = _markdown()
    environment: dict[str, object] = {}
    tokens = _blocks(markdown, document.text, environment)
    headings = _place_anchors(tokens, document.clauses)
    for token in tokens:
        if token.type == "inline":
            token.children = []
            markdown.inline.parse(token.content, markdown, environment, token.children)
    voice = Voice.of(document.statements)
    pieces = list[str]()
    anchor = ""
    for at, token in enumerate(tokens):
        anchor = str(token.attrGet("id") or anchor)
        if _is_block(token):
            pieces.append(_kept(anchor, _said_in(token, document.statements), coverage, voice, (beside or {}).get(anchor)))
        else:
            pieces.append(_one(markdown, tokens, at, environment))
    return headings, "".join(pieces)


def _markdown() -> MarkdownIt:
    """CommonMark with tables, without raw HTML; an image is shown as its words, since a page of this kind fetches nothing."""
    markdown = MarkdownIt("commonmark", {"html": False}).enable("table")
    markdown.validateLink = lambda url: url.lower().startswith(SCHEMES)  # type: ignore[method-assign]  # made to be replaced
    markdown.add_render_rule("image", lambda _, tokens, at, *__: escape(tokens[at].content))
    return markdown


def _blocks(markdown: MarkdownIt, text: str, environment: dict[str, object]) -> list[Token]:
    """The blocks of the document without its front matter; every line keeps its number."""
    lines = text.split("\n")
    if lines[0].rstrip() == "---":
        end = next((at for at, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), 0)
        lines[: end + 1] = [""] * (end + 1)
    markdown.core.ruler.enableOnly(["normalize", "block"])  # ids are taken out of the text before what is inside it is read
    return markdown.parse("\n".join(lines), environment)


def _place_anchors(tokens: Sequence[Token], clauses: Sequence[Clause]) -> list[Heading]:
    """Give every clause its id, take the ids out of the text, and put the headings in order: one first level, no level left out."""
    by_line = {clause.place.line: clause for clause in clauses}
    headings = list[Heading]()
    for at, token in enumerate(tokens):
        if token.type not in {"heading_open", "paragraph_open"} or not token.map:
            continue
        inline, clause = tokens[at + 1], by_line.get(token.map[0] + 1)
        inline.content = _MARK.sub("", inline.content)
        if clause:
            _holder(tokens, at).attrSet("id", clause.id)
        if token.type == "heading_open":
            level = _level(int(token.tag[1]), headings)
            token.tag = tokens[at + 2].tag = f"h{level}"
            headings.append((level, clause.id if clause else "", _plain(inline.content)))
    return headings


def _holder(tokens: Sequence[Token], at: int) -> Token:
    """What carries a paragraph's id: itself, or in a tight list the list item, since the paragraph leaves no tag there."""
    return next(token for token in reversed(tokens[: at + 1]) if not token.hidden and token.nesting == 1)


def _level(written: int, before: Sequence[Heading]) -> int:
    if not before:
        return 1 if written == 1 else 2
    return max(2, min(written, before[-1][0] + 1))


def _plain(text: str) -> str:
    """A heading's words without its marks."""
    markdown = _markdown()
    inline = markdown.parseInline(text, {})[0]
    return "".join(child.content for child in inline.children or () if child.type in {"text", "code_inline", "text_special"})


def _one(markdown: MarkdownIt, tokens: Sequence[Token], at: int, environment: dict[str, object]) -> str:
    """One token as HTML. The renderer looks at the neighbours, so it is given all of them."""
    token, renderer = tokens[at], markdown.renderer
    assert isinstance(renderer, RendererHTML)
    if token.type == "inline":
        return renderer.renderInline(token.children or [], markdown.options, environment)
    if token.type in renderer.rules:
        return str(renderer.rules[token.type](tokens, at, markdown.options, environment))
    return renderer.renderToken(tokens, at, markdown.options, environment)


# What keeps a clause


def _is_block(token: Token) -> bool:
    return token.type == "fence" and token.info.split()[:1] == ["upheld"]


def _said_in(block: Token, statements: Sequence[AnyStatement]) -> list[AnyStatement]:
    first, last = block.map or [0, 0]
    return [statement for statement in statements if first < statement.place.line <= last]


def _kept(anchor: str, statements: Sequence[AnyStatement], coverage: Mapping[Place, str], voice: Voice, beside: str | None = None) -> str:
    """The rules that keep a clause, folded away, and the address of the clause."""
    here = (
        f'<a class="here" href="#{escape(anchor)}"><span class="hidden">Address of this part: </span>{escape(anchor)}</a>\n'
        if anchor
        else ""
    )
    rules = "\n".join(_rule(statement, coverage.get(statement.place), voice) for statement in statements)
    behind = "rule" if len(statements) == 1 else "rules"
    counted = f'<p class="counted">{escape(beside)}</p>\n' if beside else ""
    hidden = f'<span class="hidden"> in {escape(anchor)}</span>'
    return (
        f'<div class="kept">\n{here}<details>\n'
        f'<summary>The {behind} behind this <span class="count">({len(statements)})</span>{hidden}</summary>\n'
        f'<ul class="rules">\n{rules}\n</ul>\n{counted}</details>\n</div>\n'
    )


def _rule(statement: AnyStatement, witness: str | None, voice: Voice) -> str:
    known = f'<p class="witness">{escape(witness)}</p>' if witness else ""
    return f'<li><p>{escape(explain(statement, voice))}</p><p class="rule"><code>{escape(statement.text)}</code></p>{known}</li>'


_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
{style}
</head>
<body>
<a class="skip" href="#policy-text">Skip to the text</a>
<header class="banner"><div class="page"><p>{company}</p></div></header>
<main class="page columns">
<div class="title">
{first}{version}
</div>
{contents}<div class="text" id="policy-text">
{text}</div>
</main>
<footer class="foot"><div class="page">
<p>This page is also the program that decides every use of information: the rules under each part run as they stand here. {unknown}</p>
<p>Fingerprint of the whole text (SHA-256): <code>{hash}</code></p>
</div></footer>
</body>
</html>
"""
