"""`fmt` lays statements out in one way: twice is the same as once, and nothing that is said changes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.policy.writing import FRONT, page
from upheld.errors import Invalid
from upheld.policy import formatting
from upheld.policy.document import parse
from upheld.policy.formatting import WIDTH
from upheld.policy.statements import Place

NORTHGATE = Path(__file__).parents[2] / "policies" / "northgate.md"


def meaning(text):
    """What a text says, without where and in which spacing."""
    return [replace(statement, place=Place(0, 0), text="") for statement in parse(text).statements]


def laid_out(*statements):
    """The lines of a block after `format`."""
    return formatting.format(page(*statements)).split("```upheld\n")[1].split("```")[0].split("\n")[:-1]


def test_the_sample_policy_is_laid_out_already():
    text = NORTHGATE.read_text("utf-8")
    assert formatting.format(text) == text


@pytest.mark.parametrize(
    ("written", "lines"),
    [
        (["forbid   any"], ["forbid any"]),
        (["allow ordering ,service", "  using  order.name ,order.phone"], ["allow ordering, service using order.name, order.phone"]),
        (["collect order :name"], ["collect order: name"]),
        (["purpose a.b :  one , two"], ["purpose a.b: one , two"]),
        (['contact desk : email   "a  b@n.example"'], ['contact desk: email "a  b@n.example"']),
        (
            ["# why", "forbid any", "", "", "# and", "", "forbid marketing", ""],
            ["# why", "forbid any", "", "# and", "", "forbid marketing"],
        ),
        (["forbid any", "  # odd", "", "  using order"], ["# odd", "forbid any using order"]),
        (["alow  x   y", "   z"], ["alow  x   y", "   z"]),
        (["forbid  any using " + "x, " * 7_000 + "x"], ["forbid  any using " + "x, " * 7_000 + "x"]),
        (["forbid any\tusing\torder"], ["forbid any using order"]),
        (
            ["changes apply from posting, wider use of earlier information when agreed"],
            ["changes apply from posting, wider use of earlier information when agreed"],
        ),
        (
            ["allow marketing.post to third party using order.name, order.shipping address when recipient is vetted and under 99"],
            [
                "allow marketing.post",
                "  to third party",
                "  using order.name, order.shipping address",
                "  when recipient is vetted and under 99",
            ],
        ),
        (
            ["forbid any using order unless known to be under 13 or opted in to newsletter or as totals or recipient is under contract"],
            [
                "forbid any",
                "  using order",
                "  unless known to be under 13 or opted in to newsletter or as totals or recipient is under contract",
            ],
        ),
        (
            ["collect order: " + ", ".join(f"kind {'abcdefghijklmnopqrst'[:n]}" for n in range(1, 12))],
            [
                "collect order: kind a, kind ab, kind abc, kind abcd, kind abcde, kind abcdef, kind abcdefg,",
                "  kind abcdefgh, kind abcdefghi, kind abcdefghij, kind abcdefghijk",
            ],
        ),
    ],
)
def test_statements_are_laid_out_one_way(written, lines):
    assert laid_out(*written) == lines
    assert laid_out(*lines) == lines


def test_the_prose_and_other_blocks_stay_as_they_are():
    text = (
        FRONT + "One  two \\\nthree  \nfour\n\n```json\n{  }\n```\n\n"
        "- five {#a}\n\n  ```upheld\n  forbid   any\n  ```\n\n> six {#b}\n>\n> ```upheld\n> forbid  any\n>\n> ```\n\n\n"
    )
    expected = text.replace("forbid   any", "forbid any").replace("forbid  any\n>\n", "forbid any\n").rstrip("\n") + "\n"
    assert formatting.format(text) == expected
    assert meaning(expected) == meaning(text)


def test_a_byte_order_mark_and_windows_line_ends_go():
    text = page("forbid any")
    assert formatting.format("\ufeff" + text.replace("\n", "\r\n")) == text


def test_a_block_that_is_never_closed_is_refused():
    with pytest.raises(Invalid) as refusal:
        formatting.format(page("forbid any").removesuffix("```\n"), "p.md")
    assert refusal.value.place == "p.md:9"


# Random statements, badly laid out

words = st.text("abcdefghijklmnop", min_size=1, max_size=12).filter(
    lambda word: word not in {"in", "of", "an", "a", "and", "or", "on", "no"}
)
names = st.lists(words, min_size=1, max_size=3).map(" ".join)
dotted = st.lists(words, min_size=1, max_size=3).map(".".join)
durations = st.builds("{} {}".format, st.integers(0, 999), st.sampled_from(["hour", "days", "business days", "weeks", "month", "years"]))
counts = st.integers(0, 99)


def listed(each, mark=", ", most=6):
    return st.lists(each, min_size=1, max_size=most).map(mark.join)


def with_parts(head, *parts):
    """A head and some of these parts, in any order."""
    some = st.lists(st.sampled_from(range(len(parts))), unique=True).flatmap(lambda chosen: st.tuples(*(parts[at] for at in chosen)))
    return st.builds(lambda first, rest: " ".join([first, *rest]), head, some)


facts = st.one_of(
    st.builds("opted {} {}".format, st.sampled_from(["in to", "out of"]), words),
    st.builds("{} {}".format, st.sampled_from(["under", "known to be under"]), counts),
    st.builds("in {}".format, words),
    st.sampled_from(["as totals", "recipient is vetted", "recipient is not under contract", "recipient serves the person"]),
    st.just("recipient shows legal process"),
)
conditions = st.builds("{}{}".format, st.sampled_from(["", "not "]), facts)
when = st.builds("when {}{}".format, listed(conditions, " and "), st.just(""))
unless = listed(conditions, " or ").map("unless {}".format)
to = listed(names).map("to {}".format)
excepting = st.one_of(st.just(""), listed(names).map(" except {}".format))
using = st.builds("using {}{}".format, listed(names), excepting)
totals = counts.map("as totals of at least {} people".format)
given_ = st.lists(listed(names, " and "), min_size=1, max_size=3).map(lambda each: "given " + ", or ".join(each))
intake = (listed(words).map("for {}".format), listed(names).map("by {}".format), given_)

allows = st.builds(
    "{} {}".format,
    with_parts(listed(dotted).map("allow {}".format), to, when, unless, totals, listed(names).map("chosen by {}".format)),
    using,
)
statements = st.one_of(
    allows,
    with_parts(listed(dotted).map("forbid {}".format), to, when, unless, using),
    with_parts(listed(dotted).map("never {}".format), to, when, using, totals),
    st.builds("collect {}: {}".format, words, listed(names, most=20)),
    st.builds("keep {} for {}".format, listed(names), durations),
    st.builds("keep {} until {} after last contact".format, listed(names), durations),
    st.builds("topic {} stops {}".format, words, listed(dotted)),
    st.builds("purpose {}: {}".format, dotted, st.text("ab ,:.'#\"", min_size=1, max_size=200).filter(str.strip)),
    st.builds("stop {} {} {} {}".format, listed(words), *intake),
    st.builds("right {} {} {} within {} extendable by {}".format, listed(words), *intake[:2], durations, durations),
    st.builds(
        'contact {}: phone "{}", email "{}", hours {} 06:00-17:00 and Sat 01:00-02:00 America/Los_Angeles'.format,
        names,
        words,
        words,
        words,
    ),
    st.builds("staff {} may {}".format, names, listed(dotted)),
    st.builds("ask age before {}".format, listed(words)),
)


@st.composite
def blocks(draw):
    """Some statements, each with blanks and line ends where it likes them, comments and blank lines between."""
    lines = []
    for statement in draw(st.lists(statements, min_size=1, max_size=4)):
        pieces = statement.split(" ") if '"' not in statement and not statement.startswith("purpose") else [statement]
        gaps = draw(
            st.lists(st.sampled_from([" ", " ", "  ", "\n  ", "\n\n      ", "\n # c\n  "]), min_size=len(pieces), max_size=len(pieces))
        )
        lines.append("".join(piece + gap for piece, gap in zip(pieces, [*gaps[1:], ""], strict=True)))
        lines.append(draw(st.sampled_from(["", "# comment", "\n# comment\n"])))
    return "\n".join(lines)


@settings(deadline=None)
@given(blocks())
def test_laying_out_twice_is_once_and_changes_nothing_that_is_said(block):
    text = page(block)
    said = meaning(text)
    assert said
    once = formatting.format(text)
    assert formatting.format(once) == once
    assert meaning(once) == said
    comments = [line.strip() for line in text.split("\n") if line.strip().startswith("#")]
    assert [line for line in once.split("\n") if line.startswith("#")] == comments
    assert all(
        len(line) <= WIDTH or "," not in line[:-1] or "when" in line or '"' in line or "purpose" in line for line in once.split("\n")[7:]
    )
