"""The page that customers read."""

import base64
import hashlib
import itertools
import re
from datetime import datetime, timedelta, timezone
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld.policy import document
from upheld.policy.render import render, style

NORTHGATE = document.read(Path(__file__).parents[2] / "policies" / "northgate.md")
HEAD = "---\ncompany: Northgate Systems\ntitle: Privacy policy\nversion: 1\n---\n\n"
VOID = {"meta", "link", "br", "hr", "img", "input"}


class Page(HTMLParser):
    """What a page holds: its elements in order, and whether every element that opens closes."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        self.elements.append((tag, dict(attrs)))
        assert len(dict(attrs)) == len(attrs), f"an attribute of <{tag}> is there twice"
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] != "style":
            self.text += data

    def all(self, *tags):
        return [attributes for tag, attributes in self.elements if tag in tags]

    @property
    def ids(self):
        return [attributes["id"] for _, attributes in self.elements if "id" in attributes]


def page_of(text: str, **options) -> Page:
    return Page(render(document.parse(HEAD + text), **options))


def test_every_clause_is_an_anchor_of_its_own():
    page = Page(render(NORTHGATE))
    assert len(set(page.ids)) == len(page.ids)
    assert {clause.id for clause in NORTHGATE.clauses} <= set(page.ids)


@given(st.text("abc XYZ.,'*_`[]()#\n", max_size=60))
def test_an_anchor_stays_whatever_its_clause_says(words):
    words = " ".join(words.split()).lstrip("#*_`>-+0123456789 ") or "x"
    before = render(document.parse(f"{HEAD}# Policy {{#top}}\n\nWe keep it. {{#use.partners}}\n"))
    after = render(document.parse(f"{HEAD}# Policy {{#top}}\n\nWords {words} {{#use.partners}}\n"))
    assert '<p id="use.partners">' in before
    assert '<p id="use.partners">' in after


def test_an_anchor_in_a_list_is_on_its_line():
    page = page_of("# Policy {#top}\n\n- one {#one}\n- two {#two}\n\n1. three {#three}\n\n   more\n")
    assert page.all("li")[-3:-1] == [{"id": "one"}, {"id": "two"}]
    assert "three" in page.ids
    assert "{#" not in page.text


def test_every_rule_is_there_in_plain_words_and_as_it_runs():
    page = Page(render(NORTHGATE))
    for statement in NORTHGATE.statements:
        assert statement.text in page.text
    assert "We never give the profile from your registration to companies of our group" in page.text
    assert page.text.count("The rules behind this") + page.text.count("The rule behind this") == len(
        {statement.clause for statement in NORTHGATE.statements}
    )


def test_headings_are_in_order_and_begin_with_one_first():
    for text in ("# A {#a}\n\n# B {#b}\n\n#### C {#c}\n", "### A {#a}\n\n###### B\n", "no heading {#a}\n"):
        page = page_of(text)
        levels = [
            int(tag[1]) for tag, attributes in page.elements if re.fullmatch("h[1-6]", tag) and attributes.get("id") != "policy-contents"
        ]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_landmarks_language_and_skip_link_are_there():
    page = Page(render(NORTHGATE))
    assert page.all("html") == [{"lang": "en"}]
    assert [len(page.all(tag)) for tag in ("header", "nav", "main", "footer", "h1", "title")] == [1] * 6
    assert page.all("a")[0] == {"class": "skip", "href": "#policy-text"}
    targets = {attributes["href"].removeprefix("#") for attributes in page.all("a") if attributes["href"].startswith("#")}
    assert targets <= set(page.ids)
    assert page.all("nav")[0]["aria-labelledby"] in page.ids


def test_the_version_line_says_version_time_and_fingerprint():
    at = datetime(2026, 11, 22, 10, 5, tzinfo=timezone(timedelta(hours=1)))
    page = Page(render(NORTHGATE, posted_at=at))
    assert "Version 2026.1, in force since 22 November 2026, 09:05 UTC." in page.text
    assert page.all("time") == [{"datetime": "2026-11-22T09:05:00Z"}]
    assert NORTHGATE.hash in page.text
    assert "not posted yet" in Page(render(NORTHGATE)).text


def test_the_page_fetches_nothing_and_runs_nothing():
    page = Page(render(NORTHGATE))
    assert not page.all("script", "img", "iframe", "link", "object", "embed", "form", "base")
    assert not re.search(r"url\(|@import|expression", style())
    assert not any(name.startswith("on") or name == "style" for _, attributes in page.elements for name in attributes)


def test_the_security_policy_lets_in_just_the_stylesheet_that_is_there():
    html = render(NORTHGATE)
    css = re.search(r"<style>(.*)</style>", html, re.DOTALL)[1]
    digest = base64.b64encode(hashlib.sha256(css.encode()).digest()).decode()
    (policy,) = [meta["content"] for meta in Page(html).all("meta") if "http-equiv" in meta]
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"


def test_a_site_may_link_its_own_stylesheet():
    page = Page(render(NORTHGATE, stylesheet='/s.css?a="b'))
    assert page.all("link") == [{"rel": "stylesheet", "href": '/s.css?a="b'}]
    assert not page.all("style")


HOSTILE = [
    "<script>alert(1)</script> {#a}",
    "<img src=x onerror=alert(1)> {#a}",
    "[press](javascript:alert(1)) {#a}",
    "[press](  JaVaScRiPt:alert(1)) {#a}",
    "[press](&#106;avascript:alert(1)) {#a}",
    "[press](data:text/html;base64,PHNjcmlwdD4=) {#a}",
    "[press](vbscript:x) {#a}",
    "[press](//evil.example/x) {#a}",
    "<javascript:alert(1)> {#a}",
    "![pic](https://evil.example/pixel.gif) {#a}",
    '![a" onerror="x](https://evil.example/pixel.gif) {#a}',
    '[x](https://a.example "t\\" onclick=\\"x") {#a}',
    "```html\n<script>alert(1)</script>\n```",
    '```upheld"><script>\nnotice on leaving\n```',
    "# <script>alert(1)</script> `<b>` {#a}",
    "</main></body><script>alert(1)</script> {#a}",
    "&lt;script&gt;alert(1)&lt;/script&gt; {#a}",
    "[a]: javascript:alert(1)\n\n[a] {#a}",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_text_that_tries_to_be_more_than_text_stays_text(text):
    page = page_of(f"# Policy {{#top}}\n\n{text}\n")
    assert not page.all("script", "img", "iframe", "b")
    for _, attributes in page.elements:
        assert not any(name.startswith("on") for name in attributes)
        assert re.match(r"https?://a\.example|#|$", attributes.get("href") or "")


def test_names_in_the_front_matter_are_text_too():
    text = "---\ncompany: <script>alert(1)</script>\ntitle: </title><script>x</script>\nversion: <b>1</b>\n---\n\nText. {#a}\n"
    page = Page(render(document.parse(text)))
    assert not page.all("script", "b")


def test_a_document_full_of_faults_still_has_a_page():
    for text in (
        "",
        "\n",
        "# x {#a} {#b}\n\n```upheld\nallow nothing\n",
        "---\n",
        "```upheld\nnotice on leaving\n```\n",
        "- a {#x}\n  - b {#x}\n",
    ):
        assert "<main" in render(document.parse(text))


def test_ordinary_links_and_tables_work():
    page = page_of(
        "# P {#top}\n\nSee [them](https://a.example/p) or [us](mailto:a@northgate.example). {#a}\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    )
    assert {"https://a.example/p", "mailto:a@northgate.example"} <= {attributes["href"] for attributes in page.all("a")}
    assert len(page.all("table")) == 1


def colours() -> list[dict[str, str]]:
    """The colours of the light and of the dark page, by name."""
    blocks = re.findall(r":root \{([^}]*)\}", style())
    light, dark, _ = [dict(re.findall(r"--(\w+): (#[0-9a-f]{3,6});", block)) for block in blocks]
    return [light, {**light, **dark}]


def luminance(colour: str) -> float:
    digits = colour.removeprefix("#")
    digits = "".join(digit * 2 for digit in digits) if len(digits) == 3 else digits
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    darker, lighter = sorted((luminance(one), luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def test_text_stands_out_from_its_ground_in_light_and_in_dark():
    assert round(contrast("#000000", "#ffffff"), 1) == 21.0
    for scheme in colours():
        for ground in ("paper", "card", "mark"):
            for ink in ("ink", "soft", "link"):
                assert contrast(scheme[ink], scheme[ground]) >= 4.5, (ink, ground)  # WCAG 2.2, 1.4.3, level AA
