"""Proving and checking: the sample policy, and one of a thousand clauses."""

from __future__ import annotations

import random
import re
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from benches.publishing import publish
from upheld.policy import document
from upheld.policy.check import check
from upheld.policy.compiled import Policy
from upheld.policy.diff import diff
from upheld.policy.prove import prove

SAMPLE = Path(__file__).parents[1] / "policies" / "northgate.md"


def thousand(clauses: int = 1_000) -> str:
    """A policy of so many clauses: 200 items, 60 purposes, 12 topics; six in ten allow, three forbid, one promises."""
    chance = random.Random(1_000)
    purposes = [f"trade{at // 6}.use{at % 6}" for at in range(48)]
    items = {f"source{at}": [f"kind{one}" for one in range(5)] for at in range(40)}
    topics = [f"topic{at}" for at in range(12)]
    lines = ["---", "company: Thousand", "title: Privacy policy", "version: 1", "---", "# Policy {#top}", "", "```upheld"]
    lines += [f"purpose {purpose}: work of kind {purpose}" for purpose in purposes]
    lines += [f"topic {topic} stops {purpose}" for topic, purpose in zip(topics, chance.sample(purposes, 12), strict=True)]
    lines += [f"collect {source}: {', '.join(kinds)}" for source, kinds in items.items()]
    lines += ["```", ""]
    facts = [f"opted in to {topic}" for topic in topics] + [f"opted out of {topic}" for topic in topics]
    facts += ["in eu", "in us", "in us-ca", "under 13", "under 16", "recipient is vetted", "recipient is under contract"]
    for at in range(clauses):
        kind = chance.choices(["allow", "forbid", "never"], [6, 3, 1])[0]
        words = [kind, ", ".join(chance.sample(purposes, 2))]
        words.append(chance.choice(["", "to third party", "to affiliate, subcontractor", "to ourselves, affiliate"]))
        words.append(f"using {', '.join(chance.sample(sorted(items), 2))}, {chance.choice(sorted(items))}.kind1")
        if kind == "allow":
            words.append(chance.choice(["", "", f"chosen by {chance.choice(sorted(items))}", "as totals of at least 10 people"]))
        words.append(f"when {chance.choice(facts)}" if kind != "never" or chance.random() < 0.5 else "")
        if kind != "never" and chance.random() < 0.4:
            words.append(f"unless {chance.choice(facts)} or {chance.choice(facts)}")
        said = " ".join(filter(None, words))
        # Most promises are kept, by a forbid of the same words.
        kept = [said.replace("never", "forbid", 1)] if kind == "never" and chance.random() < 0.7 else []
        lines += [f"We say this in clause {at}. {{#clause.{at}}}", "", "```upheld", *kept, said, "```", ""]
    return "\n".join(lines)


def used(work: Callable[[], object], times: int) -> float:
    """Median processor time of some work, in milliseconds."""
    taken = []
    for _ in range(times):
        began = time.process_time()
        work()
        taken.append((time.process_time() - began) * 1000)
    return statistics.median(taken)


def main() -> None:
    """Measure, print, publish. Targets: sample 300 ms for prove and check, a thousand clauses 5 s."""
    rows = []
    for name, text, times in (("`policies/northgate.md`", SAMPLE.read_text("utf-8"), 5), ("1,000 clauses", thousand(), 1)):
        read = document.parse(text)
        policy = Policy(read)
        verdicts = prove(policy)
        loosened = Policy.parse(re.sub(r"(\nallow [^`]*?when )opted in to", r"\1not opted out of", text, count=1))
        holding = sum(verdict.holds for verdict in verdicts)
        rows += [
            [name, "parse", f"{used(lambda text=text: document.parse(text), times):.0f}", f"{len(read.statements)} statements"],
            [name, "check (proofs included)", f"{used(lambda read=read: check(read), times):.0f}", f"{len(check(read))} faults"],
            [name, "prove, two checkers", f"{used(lambda policy=policy: prove(policy), times):.0f}", f"{holding} of {len(verdicts)} hold"],
            [name, "diff, one condition changed", f"{used(lambda one=policy, other=loosened: diff(one, other), times):.0f}", ""],
        ]
    publish(
        "prove",
        "Proving and checking",
        ["policy", "work", "median CPU ms", "found"],
        rows,
        data="the sample policy; a generated policy (`benches/prove.py`)",
    )


if __name__ == "__main__":
    main()
