"""Write docs/law.md: what law packs are, and a table of every duty. `tests/law/test_packs.py` fails while the page differs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from upheld.cli.law_show import status_in_words
from upheld.law import reading
from upheld.law.duties import MARKS, Duty, Pack

PAGE = Path(__file__).parents[1] / "docs" / "law.md"
HEAD = """\
# What the laws ask

Written by `python -m tools.law_page` from the law packs, which lie in `src/upheld/law/packs`. A pack holds the duties of one law, or of a
family of laws, as facts in our own words, as of November 2026. **Nothing here is legal advice: a lawyer must confirm each record before
it is relied on.**

Each fact has a mark that says how well it was read:

{marks}

A duty is `confirmed` if all it stands on has the mark `V`; else it is `unconfirmed`, and shown as such wherever it is used. Single fields
may be weaker than the rest. A duty that is switched off says why; it is shown, and nothing acts on it.

A policy's front matter names the packs that it is held to, as in `law: [us-federal, us-ca]`. Two things follow:

- `upheld policy check` says which duties the document does not meet: an error where the law itself was read, a warning where that is
  unconfirmed. Only what can be read off statements, or proven of them, is looked at; the table says of which duties (*check*). What is
  left is for people: whether a desk really answers cannot be read off a page. Errors of this kind do not keep a policy from being posted:
  that is for the company and its lawyer to decide.
- A request has a clock for each duty that gives one, beside those of the policy's own statements; the earliest is worked to, and `upheld
  requests show` says which clause or duty set it. Somebody who does not say where they live is taken to live in the first place of the
  policy's `territory`.

```console
$ upheld law show us-ca.ccpa.signal
us-ca.ccpa.signal: A signal of the browser is an opt-out, and the page says that it was honoured.
  law: Civ. Code 1798.135(b),(e); 11 CCR 7025 (California)
  status: confirmed: the text of the law itself, or an official page, was read
  less sure: display status on site (a secondary source says it), frictionless (a secondary source says it)
...
$ upheld law clocks --received 2026-11-22T10:00-08:00 --zone America/Los_Angeles --region us-ca
received Sunday 2026-11-22 10:00 PST
2026-11-22  us-ca.ccpa.signal: answer within 0 business days [confirmed]
...
2026-12-11  us-ca.ccpa.optout: answer within 15 business days [unconfirmed]; 2026-12-14 with public holidays and the first day left out
2026-12-22  us-ca.shine-the-light: answer within 30 calendar days [confirmed]
2027-01-05  us-ca.ccpa.correct: answer within 45 calendar days [confirmed]; 2027-01-06 with public holidays and the first day left out
...
$ sed 's/, signal$//' policies/northgate.md > without.md; upheld policy check without.md
without.md:185:1: error: for people in California: `marketing.partner` cannot be stopped by signal (Civ. Code 1798.135(b),(e); 11 CCR 7025);
  add `signal` after `by` [us-ca.ccpa.signal]
...
```

The first date is the safe one: it is never later than any reading of the rule. It skips no public holiday, and counts the day of receipt
where the law may mean it. What happens to an instrument of an authority, which compels and which does not, lies in `legal-demands.toml`.
"""


def page() -> str:
    """The page in Markdown."""
    marks = "\n".join(f"- `{mark}`: {words}" for mark, words in MARKS.items())
    parts = [HEAD.format(marks=marks)]
    for pack in reading.packs():
        parts += ["", f"## {pack.title} (`{pack.name}`)", "", *_about(pack)]
        parts += ["| duty | law | status | time | check | what it asks |", "|---|---|---|---|---|---|"]
        parts += [_row(duty) for duty in pack.duties]
    return "\n".join(parts) + "\n"


def _about(pack: Pack) -> Iterator[str]:
    counts = Counter(duty.status for duty in pack.duties)
    yield f"{len(pack.duties)} duties: {', '.join(f'{count} {status}' for status, count in counts.items())}."
    yield ""
    for words in (*(f"Applies ({one})" for one in pack.applies), *pack.also):
        yield f"- {words}"
    if pack.applies or pack.also:
        yield ""


def _row(duty: Duty) -> str:
    due = str(duty.due or "")
    if duty.due and duty.extend:
        due += f" + {duty.extend}"
    cells = (f"`{duty.id}`", duty.law, status_in_words(duty), due, "yes" if duty.needs else "", duty.says)
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def main() -> None:
    """Write the page."""
    PAGE.write_text(page(), "utf-8")


if __name__ == "__main__":
    main()
