"""The page of words that a policy may use: what each means, how the published page says it, and its concept in the DPV."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from upheld.policy import terms, words
from upheld.policy.compiled import Policy
from upheld.policy.dpv import concept_of, mapping
from upheld.policy.statements import Collect, Purpose, Topic
from upheld.policy.voice import Voice, region

_HEAD = """# Words of a policy

The vocabulary is closed: a word in a statement is built in, or the policy declares it. *The page says* is how a customer reads the word;
*DPV* is the concept of the [W3C Data Privacy Vocabulary](https://w3id.org/dpv) 2.3 that `upheld policy export` says it is narrower than.
"""


def page(policy: Policy | None = None) -> str:
    """The page in Markdown: all built-in words, or the words that `policy` declares."""
    return _declared(policy) if policy else _built_in()


def _built_in() -> str:
    voice = Voice()
    purposes = [(name, said, voice.purposes([name]), concept_of("purposes", name)) for name, said in terms.PURPOSES.items()]
    recipients = [(name, said, voice.recipients([name]), concept_of("recipients", name)) for name, said in terms.RECIPIENTS.items()]
    rights = [(name, voice.fit(words.RIGHTS[name]), mapping()["rights"].get(name, "dpv:DataSubjectRight")) for name in terms.RIGHTS]
    regions = [(code, region(code), parent) for code, parent in terms.REGION_PARENTS.items()]
    parts = [
        _HEAD,
        "Written by `make docs` from the program; `upheld policy vocabulary FILE` writes the words that a policy declares itself.\n",
        "## Purposes\n",
        "Dots make a tree: `marketing` covers all below it, `any` covers every purpose. A policy declares more with `purpose`.\n",
        _table(("purpose", "means", "the page says: for …", "DPV"), purposes),
        f"{_list(sorted(terms.ALWAYS_TO_OURSELVES))} are always allowed to ourselves. No policy can forbid `rights`.\n",
        "## Recipients\n",
        _table(("recipient", "means", "the page says: to …", "DPV"), recipients),
        "## Kinds of information\n",
        "A policy declares its items with `collect`, in its own words. These kinds have plain words and a concept; any other is called by",
        "its own name, and is `dpv:PersonalData`.\n",
        _table(("kind", "the page says", "DPV"), [(name, said, concept_of("kinds", name)) for name, said in words.KINDS.items()]),
        "## Sources of information\n",
        "Sources are the policy's own words too. These have plain words:\n",
        _table(("source", "the page says: from …"), [(name, voice.fit(said)) for name, said in words.SOURCES.items()]),
        "## Rights\n",
        _table(("right", "the page says: you can …", "DPV (for people in the EU)"), rights),
        "## Ways to reach us\n",
        _table(("channel", "means", "the page says"), _beside(terms.CHANNELS, words.CHANNELS, voice)),
        "## What a person may be asked to give\n",
        _table(("word", "means", "the page says"), _beside(terms.IDENTIFIERS, words.IDENTIFIERS, voice)),
        "## Laws\n",
        _table(("law", "is"), terms.LAWS.items()),
        "## Regions\n",
        "A region covers the regions in it; `anyone` covers all. A person of unknown region is *anywhere*.\n",
        _table(("region", "the page says: in …", "is in"), regions),
    ]
    return "\n".join(parts)


def _declared(policy: Policy) -> str:
    statements = policy.document.statements
    voice = Voice.of(statements)
    purposes = [(s.name, s.words, concept_of("purposes", s.name), s.clause) for s in statements if isinstance(s, Purpose)]
    topics = [(s.name, voice.purposes(s.purposes), s.clause) for s in statements if isinstance(s, Topic)]
    collected = [(s.source, name, s.clause) for s in statements if isinstance(s, Collect) for name in s.kinds]
    items = [
        (f"{source}.{name}", voice.items([f"{source}.{name}"]), concept_of("kinds", name), clause) for source, name, clause in collected
    ]
    return "\n".join(
        [
            f"# Words that {policy.document.front.title} {policy.version} declares\n",
            "## Items\n",
            _table(("item", "the page says", "DPV", "clause"), items),
            "## Purposes\n",
            _table(("purpose", "means", "DPV", "clause"), purposes),
            "## Topics\n",
            _table(("topic", "whoever opts out is not reached for", "clause"), topics),
        ]
    )


def _beside(meanings: Mapping[str, str], said: Mapping[str, str], voice: Voice) -> list[tuple[str, str, str]]:
    return [(name, meaning, voice.fit(said[name])) for name, meaning in meanings.items()]


def _list(names: Sequence[str]) -> str:
    quoted = [f"`{name}`" for name in names]
    return f"{', '.join(quoted[:-1])} and {quoted[-1]}"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; the first column and concepts are in code."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    for first, *rest in rows:
        cells = [f"`{each}`" if ":" in each and " " not in each else each.replace("|", "\\|") for each in rest]
        lines.append(f"| {' | '.join([f'`{first}`', *cells])} |")
    return "\n".join(lines) + "\n"
