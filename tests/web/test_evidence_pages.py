"""Evidence at the console: the ledger page by page, its check, and what a stranger checks it with."""

from __future__ import annotations

import subprocess
import sys

import pytest
from sqlalchemy import text

from tests.houses import CLERK, NOW
from tests.web.reading import words
from upheld.choices.actions import Said, record
from upheld.people.identifiers import Email


@pytest.fixture
def busy(console, shop):
    """A ledger of more than a page."""
    with shop.record.transaction() as tx:
        for number in range(60):
            said = Said((Email(f"p{number}@mail.example"),), "sharing", "out", NOW, "web")
            record(tx, shop.keeper, said, ("sharing",), at=NOW, actor=CLERK)
    return console


def test_the_newest_come_first_and_every_older_one_is_reached(busy):
    page, seen = "/evidence", []
    while page:
        content = busy.get(page).content.decode()
        seen += [int(part.partition('"')[0]) for part in content.split('href="/evidence/entry/')[1:]]
        older = content.partition('href="?before=')[2].partition('"')[0]
        page = f"/evidence?before={older}" if older else ""
    assert seen == sorted(seen, reverse=True)
    assert seen[-1] == 0
    assert len(seen) == len(set(seen)) == seen[0] + 1 > 60


def test_entries_are_filtered_by_kind(busy):
    page = words(busy.get("/evidence", {"kind": "policy.posted"}))
    assert "a policy was posted" in page
    assert busy.get("/evidence", {"kind": "policy.posted"}).content.count(b'href="/evidence/entry/') == 1
    assert "No entry of this kind is there" in words(busy.get("/evidence", {"kind": "policy.eaten"}))


@pytest.mark.parametrize("before", ["-1", "many", "٣", "9" * 30])
def test_a_number_that_is_none_is_a_page_that_says_so(busy, before):
    assert "no number of one" in words(busy.get("/evidence", {"before": before}), status=404)


def test_one_entry_is_shown_whole_with_who_did_it(busy):
    page = words(busy.get("/evidence/entry/0"))
    assert "policy.posted" in page
    assert "By clerk (support)" in page
    assert "the ledger has no entry 99999" in words(busy.get("/evidence/entry/99999"), status=404)


def test_a_sound_ledger_holds_with_the_checkpoints_that_were_kept(busy):
    note = busy.get("/evidence/checkpoint").content.decode()
    assert "entries hold" in words(busy.post("/evidence/check", {"kept": f"\r\n{note}\r\n{note}"}))
    forged = note.replace("\n", "0\n", 2)
    assert "The ledger does not hold" in words(busy.post("/evidence/check", {"kept": forged}))


@pytest.mark.parametrize("cast", ["{}", "CAST({} AS BLOB)"])
def test_a_ledger_that_somebody_rewrote_does_not_hold(busy, shop, cast):
    changed = cast.format("replace(canonical, 'sharing', 'posting')")
    with shop.record.engine.begin() as conn:
        triggers = "SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'ledger_entry'"
        for name in conn.execute(text(triggers)).scalars().all():
            conn.execute(text(f"DROP TRIGGER {name}"))
        conn.execute(text(f"UPDATE ledger_entry SET canonical = {changed} WHERE id = 3"))
    page = words(busy.post("/evidence/check"))
    assert "The ledger does not hold" in page
    assert "the stored hash" in page


def test_a_stranger_checks_what_is_downloaded_with_the_script_alone(busy, tmp_path):
    folder = tmp_path / "given"
    folder.mkdir()
    (folder / "ledger.txt").write_bytes(b"".join(busy.get("/evidence/ledger").streaming_content))
    (folder / "verify_ledger.py").write_bytes(busy.get("/evidence/verifier").content)
    (folder / "proof.txt").write_bytes(busy.get("/evidence/entry/2/proof").content)
    key = busy.get("/evidence/key").content.decode().strip()
    check = [sys.executable, "-I", str(folder / "verify_ledger.py")]
    assert subprocess.run([*check, str(folder), "--key", key], capture_output=True, check=False).returncode == 0
    spoilt = (folder / "ledger.txt").read_bytes().replace(b'"sharing"', b'"sharinG"', 1)
    (folder / "ledger.txt").write_bytes(spoilt)
    assert subprocess.run([*check, str(folder), "--key", key], capture_output=True, check=False).returncode != 0


@pytest.mark.parametrize("path", ["", "/entry/0", "/entry/0/proof", "/check", "/checkpoint", "/ledger", "/key", "/verifier"])
def test_only_roles_that_may_ask_for_audit_see_evidence(desk, visitor, path):
    assert visitor.get(f"/evidence{path}").status_code == 302
    assert desk("support").get(f"/evidence{path}").status_code == 403
