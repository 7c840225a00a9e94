"""The second part of the story: a misspelt call, the records found and why, the review, the proof, and the next list without the person."""

from __future__ import annotations

import csv
import os
import re
import shutil
from pathlib import Path

from examples.shop.telling import Teller

MAP = Path(__file__).parent / "systems.toml"


def tell(teller: Teller) -> None:
    """Somebody who was just given to the garden catalogue phones, and the line is bad."""
    _seed(teller)
    who = _somebody(teller.folder / "gardens.csv")
    heard = _misheard(who)
    teller.say(
        f"Then {who['first name']} {who['last name']} phones: off every list, please. The line is bad, and the agent writes down "
        f"{heard['last']} and {heard['zip']}. No proof is asked for, and nothing more than this. The shop's own database is searched:"
    )
    teller.run("upheld systems check", most=1)
    said = f'--first {who["first name"]} --last {heard["last"]} --address "{who["shipping street"]}" --zip {heard["zip"]}'
    teller.run(f"upheld requests receive --how phone {said}", most=2)
    teller.run("upheld work", most=0)
    found = teller.run("upheld requests review", pick=lambda line: "customers" in line, most=1)
    numbers = re.findall(r"^request 1\s+(\d+)", "\n".join(found), re.MULTILINE)
    assert numbers, "the story needs a record that only may be theirs"
    teller.say("Close, but not sure: nobody is stopped on a guess. The agent asks for the name once more; these are theirs:")
    for number in numbers:
        teller.run(f"upheld requests judge 1 {number} same", most=0)
    teller.run("upheld work", most=0)
    teller.run("upheld requests show 1", pick=_proof, most=6)
    teller.say("Each place was searched anew: stopped, or kept under a clause. The catalogue was told. And the next list is without them:")
    command = "upheld release customers.csv --purpose marketing.partner --to gardens --source order --out gardens-next.csv"
    teller.run(command, pick=lambda line: "rows read" in line, most=1)
    name = f"{who['last name']},{who['shipping street']}"
    teller.run(f'grep -c "{name}" gardens.csv gardens-next.csv', ends_with=0)


def _seed(teller: Teller) -> None:
    """The shop's own database, filled as its site fills it; and its data map."""
    shutil.copy(MAP, teller.folder / "systems.toml")
    os.environ["SHOP_FOLDER"] = str(teller.folder)
    seeded = teller.quietly(["python", "-m", "examples.shop.store.seeding"])
    assert seeded.returncode == 0, seeded.stderr
    (teller.folder / "customer.txt").write_text(seeded.stdout)


def _somebody(path: Path) -> dict[str, str]:
    """One who is on the list, with a short name, a house and no flat."""
    with path.open(encoding="utf-8", newline="") as table:
        return next(
            row
            for row in csv.DictReader(table)
            if len(row["last name"]) == 3 and row["shipping zip"][3] != row["shipping zip"][4] and "," not in row["shipping street"]
        )


def _misheard(who: dict[str, str]) -> dict[str, str]:
    last, zip_ = who["last name"], who["shipping zip"]
    return {"last": f"{last[:2]}igh", "zip": f"{zip_[:3]}{zip_[4]}{zip_[3]}"}


def _proof(line: str) -> bool:
    """Whether a line of a request says what the proof found, or who was told."""
    return line.startswith(("request 1", "  shop.customers", "  shop.orders", "  gardens:"))
