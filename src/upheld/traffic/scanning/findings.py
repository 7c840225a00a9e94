"""What is wrong with the sites, and how it is said: for people, for programs, and in SARIF 2.1.0 for the tools that show findings."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

SARIF_SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
RULES: Final[dict[str, str]] = {
    "tag-differs": "a declared tag is not what the policy says: the panel does not run it",
    "unnamed-tracker": "something that follows or counts visitors is on a page, and no declared tag names it",
    "unnamed-third-party": "a page sends visitors to somebody whom no declared tag names",
    "unnamed-storage": "a page keeps something in the browser that nothing declares",
    "fires-before-choice": "a tag runs before a visitor has chosen, where they must be asked first",
    "fires-after-refusal": "a tag runs for a visitor who refused it",
    "fires-despite-signal": "a tag runs although the browser says `Sec-GPC: 1`",
    "idle-tag": "a declared tag did not run, not even after acceptance",
    "panel-missing": "visitors must be asked, and no choice panel can be used within 5 seconds",
    "panel-one-sided": "accepting takes one step and refusing more",
    "panel-stuck": "the panel does not close when its button is pressed",
    "panel-forgets": "the panel asks again on the next page: the choice was not kept",
    "panel-despite-signal": "the panel stands in the way of a visitor whose browser has already said no",
    "rights-link-missing": "a page has no link to people's rights",
    "rights-link-broken": "a link about rights does not reach its page",
    "page-broken": "a page does not open",
    "unlisted-link": "a page links to a site of others that the list of linked sites does not name",
}
"""Every rule, with what it says."""

WARNINGS: Final = frozenset({"idle-tag", "panel-despite-signal", "unlisted-link"})


@dataclass(frozen=True, slots=True)
class Found:
    """One finding: the rule, what is wrong in one line, on which page, what shows it, and what to do.

    A warning alone does not make a scan fail.
    """

    rule: str
    message: str
    page: str
    hint: str
    evidence: tuple[str, ...] = ()
    severity: Literal["error", "warning"] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "severity", "warning" if self.rule in WARNINGS else "error")


def as_text(found: Sequence[Found]) -> str:
    """A finding a paragraph: one line, then what shows it."""
    lines: list[str] = []
    for each in found:
        lines.append(f"{each.severity}: {each.message}; {each.hint} [{each.rule}]")
        lines += [f"    {line}" for line in each.evidence]
    counts = [(sum(each.severity == kind for each in found), kind) for kind in ("error", "warning")]
    lines.append(", ".join(f"{count} {kind}{'s' * (count != 1)}" for count, kind in counts if count) or "no fault found")
    return "\n".join(lines)


def as_sarif(found: Sequence[Found]) -> str:
    """A SARIF 2.1.0 log of one run; a page's address is the place of a finding."""
    rules = sorted({each.rule for each in found})
    described = [{"id": rule, "shortDescription": {"text": RULES[rule]}} for rule in rules]
    run: dict[str, Any] = {
        "tool": {"driver": {"name": "upheld", "rules": described}},
        "results": [_result(each, rules.index(each.rule)) for each in found],
    }
    return json.dumps({"$schema": SARIF_SCHEMA, "version": "2.1.0", "runs": [run]}, ensure_ascii=False, indent=2)


def _result(found: Found, rule: int) -> dict[str, Any]:
    text = "\n".join([f"{found.message}; {found.hint}", *found.evidence])
    return {
        "ruleId": found.rule,
        "ruleIndex": rule,
        "level": found.severity,
        "message": {"text": text},
        "locations": [{"physicalLocation": {"artifactLocation": {"uri": found.page}}}],
    }
