"""THE STORY OF `make demo`: the main job on the sample shop, from its published policy to a list, and the evidence.

Everything below a `$` is the output of the command shown, run at that moment in `demo-home/`, on real orders.
"""

from __future__ import annotations

import csv
import shlex
import shutil
import sys
import time
from pathlib import Path

from examples.shop import removal, tables, visits
from examples.shop.telling import Teller

HOUSE = Path(__file__).parents[2]
POLICY = "policies/northgate.md"


def main(folder: Path) -> None:
    """Tell the story in a fresh `folder`."""
    began = time.monotonic()
    _clear(folder)
    (folder / "policies").mkdir()
    shutil.copy(HOUSE / POLICY, folder / POLICY)
    teller = Teller(folder, HOUSE)
    counted = tables.write(folder)
    teller.say(
        f"A shop with {counted['customers.csv']:,} customers ({counted['order lines']:,} real order lines; the people are made up) has "
        f"published a policy, {POLICY}. {counted['newsletter.csv']:,} signed up for its newsletter, {counted['stopped.csv']} phoned "
        "to be left alone. Is the page itself in order, and does it keep what it says?"
    )
    _in_force(teller)
    _choices(teller)
    _partner(teller)
    _newsletter(teller)
    _why(teller)
    removal.tell(teller)
    visits.tell(teller)
    _evidence(teller)
    _change(teller)
    teller.say(f"That took {time.monotonic() - began:.0f} seconds. Now you: these change a clause, and say what that would change.")
    _yours(folder)


def _in_force(teller: Teller) -> None:
    teller.run(f"upheld policy check {POLICY}")
    teller.run(f"upheld policy prove {POLICY}", pick=_outcome)
    teller.run("upheld init . --company Northgate", most=0)
    teller.run(f"upheld policy post {POLICY}")


def _choices(teller: Teller) -> None:
    teller.run("upheld choices import newsletter.csv")
    teller.run("upheld choices import stopped.csv")


def _partner(teller: Teller) -> None:
    teller.say("A garden catalogue, checked and under contract, asks for names and addresses. What may leave, and what not, and why?")
    teller.run('upheld recipients add gardens --kind "third party" --region gb', most=0)
    teller.run("upheld recipients vet gardens --reputable", most=0)
    teller.run("upheld recipients contract gardens --for marketing.partner", most=0)
    command = "upheld release customers.csv --purpose marketing.partner --to gardens --source order --out gardens.csv"
    teller.run(command, pick=_telling, most=4)


def _newsletter(teller: Teller) -> None:
    teller.say("Our own newsletter goes only to those who signed up:")
    command = "upheld release customers.csv --purpose marketing.email --source order --items order.name --items order.email"
    teller.run(f"{command} --out newsletter-out.csv", pick=_telling, most=2)


def _why(teller: Teller) -> None:
    stopped = _first(teller.folder / "stopped.csv", lambda row: bool(row["email"]) and row["topic"] == "sharing")["email"]
    given = _first(teller.folder / "gardens.csv", lambda _: True)
    teller.say("One who phoned is not on the list, down to the sentence on the page; one who is on it can see who got what:")
    teller.run(f"upheld why {stopped.lower()} --purpose marketing.partner --to gardens", ends_with=1, pick=_reasons)
    customers = teller.folder / "customers.csv"
    person = _first(customers, lambda row: row["last name"] == given["last name"] and row["shipping street"] == given["shipping street"])
    teller.run(f"upheld disclosures {person['email']}")


def _evidence(teller: Teller) -> None:
    teller.say("What was done is in a ledger that only grows. A stranger can check it with one file that knows nothing of Upheld:")
    exported = teller.run("upheld ledger export evidence", most=0)
    key = next(line for line in exported if "--key" in line).partition("--key ")[2]
    teller.run(f"python -I evidence/verify_ledger.py evidence --key {key}", most=2)


def _change(teller: Teller) -> None:
    teller.say("Marketing would like to hand over e-mail addresses too. With that clause, the page no longer keeps its word:")
    page = (teller.folder / POLICY).read_text("utf-8")
    before, rule, after = page.partition("to third party\n  using order.name, order.shipping address")
    (teller.folder / "wider.md").write_text(f"{before}{rule}, order.email{after}", encoding="utf-8")
    teller.run("upheld policy prove wider.md", ends_with=1, pick=_outcome)
    teller.run(f"upheld policy diff {POLICY} wider.md", ends_with=3, pick=lambda line: line.startswith(" "), most=1)


def _yours(folder: Path) -> None:
    """What a newcomer may type in any folder; `mine.md` is theirs to change further."""
    print(f"  cd {shlex.quote(str(folder))} && . {shlex.quote(str(Path(sys.prefix) / 'bin' / 'activate'))}")
    print(f"  sed 's/under contract, at most 4 times a year$/& unless in gb/' {POLICY} > mine.md && upheld policy diff {POLICY} mine.md")


def _telling(line: str) -> bool:
    """Whether a line of a release's summary belongs in a short story: the sums and the sentences, not the columns and the hints."""
    left_out = (
        "customers.csv:",
        " left: ",
        "at most",
        "Columns:",
        " as order.",
        "dropped",
        "Refused rows:",
        "what would change it",
        "Cells withheld",
    )
    return not any(words in line for words in left_out)


def _reasons(line: str) -> bool:
    """Whether a line of an explanation says the answer or the page's own words."""
    return not line.startswith(("Asked:", "The recipient", "Known:", "The page says:", "(as of"))


def _outcome(line: str) -> bool:
    """Whether a line of a proof tells its outcome: a failure with its counterexample, or the count."""
    return ": proven: " not in line


def _first(path: Path, wanted: object) -> dict[str, str]:
    assert callable(wanted)
    with path.open(encoding="utf-8", newline="") as table:
        return next(row for row in csv.DictReader(table) if wanted(row))


def _clear(folder: Path) -> None:
    """Begin anew, but remove nothing that a demo did not make."""
    if folder.exists():
        if any(folder.iterdir()) and not (folder / POLICY).exists():
            sys.exit(f"`{folder}` holds something else: move it away, or say another folder")
        shutil.rmtree(folder)
    folder.mkdir(parents=True)


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "demo-home").resolve())
