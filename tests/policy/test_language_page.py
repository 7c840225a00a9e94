"""The page about the language speaks the truth: its examples are read and make one policy."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from tests.policy.writing import FRONT
from upheld.policy import statements
from upheld.policy.check import check
from upheld.policy.document import parse

PAGE = (Path(__file__).parents[2] / "docs" / "policy-language.md").read_text("utf-8")
WHOLE = re.search(r"^````markdown\n(.*?)^````", PAGE, re.MULTILINE | re.DOTALL)[1]
EXAMPLES = re.findall(r"^```upheld\n(.*?)^```", PAGE.replace(WHOLE, ""), re.MULTILINE | re.DOTALL)


def test_the_whole_document_on_the_page_has_no_fault():
    assert check(parse(WHOLE)) == []


def test_the_examples_are_one_policy_without_a_fault():
    document = parse(FRONT + "".join(f"Clause {at}. {{#c{at}}}\n\n```upheld\n{block}```\n\n" for at, block in enumerate(EXAMPLES)))
    assert [fault for fault in check(document) if fault.severity == "error"] == []
    assert {type(each) for each in document.statements} == set(get_args(statements.AnyStatement))


def test_every_condition_is_on_the_page():
    shown = set(re.findall(r"^\| `([a-z][^`]*)` \| (?:the|we|a|there)", PAGE, re.MULTILINE))
    said = {"opted in to TOPIC", "opted out of TOPIC", "under N", "known to be under N", "in REGION", "as totals"}
    said |= {"recipient is vetted", "recipient is under contract", "recipient serves the person", "recipient shows legal process"}
    assert said <= shown
    assert len(said) == len(get_args(statements.ConditionKind))
