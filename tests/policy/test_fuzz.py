"""Whatever a document holds, reading and criticising it ends with faults in places that exist, never with a fault of the program."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.policy.writing import FRONT, page
from upheld.policy import formatting
from upheld.policy.check import check
from upheld.policy.document import parse

words = st.sampled_from(
    "allow forbid never always collect keep purpose topic stop right contact staff ask age before notice on leaving changes to using any "
    "except chosen by as totals of at least 10 people when unless and or not opted in out under known be recipient is vetted contract "
    "serves the person order web order.name marketing.email rights third party newsletter us-ca for given email within days until after "
    'last phone "x" hours Mon 06:00-17:00 , : # ` { } ( @ 0 99999999999 é \t'.split(" ")
)
lines = st.lists(words, max_size=12).map(" ".join)
marks = st.sampled_from(["", " {#a}", " {#b .statement}", " {.statement}", " {#a", "{#!}", "\n===", "{}"])
pieces = st.one_of(
    st.builds("{}{}\n\n".format, st.sampled_from(["# H", "P", "- L", "> Q", "    C", "<b>", "1. N", "\\"]), marks),
    st.builds(
        "```{}\n{}\n{}".format,
        st.sampled_from(["upheld", "", "uphold", "upheld x", "`"]),
        lines,
        st.sampled_from(["```\n", "~~~\n", "  ```\n", ""]),
    ),
    st.text(max_size=30),
)
documents = st.lists(pieces, max_size=8).map("".join)


def places_exist(text, faults):
    """Whether every fault stands in a line of the text, or just behind its end."""
    written = parse(text).text.split("\n")
    return all(1 <= fault.place.line <= len(written) + 1 and fault.place.column >= 1 for fault in faults)


@settings(max_examples=300, deadline=None)
@given(documents, st.booleans())
def test_any_text_is_read_and_criticised(body, has_front):
    text = (FRONT if has_front else "") + body
    faults = check(parse(text))
    assert places_exist(text, faults)
    assert faults == sorted(faults, key=lambda fault: fault.place)
    assert faults == check(parse(text))


@settings(max_examples=300, deadline=None)
@given(st.lists(lines, max_size=6))
def test_any_statements_are_read_and_criticised(block):
    text = page("collect order: name", "collect web: pages", "topic newsletter stops marketing.email", *block)
    faults = check(parse(text))
    assert places_exist(text, faults)
    if not any(fault.rule == "unclosed-block" for fault in faults):
        once = formatting.format(text)
        assert formatting.format(once) == once
