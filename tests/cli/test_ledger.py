"""`upheld ledger`: verify, prove, checkpoint, key, export and entries, as someone at a terminal meets them."""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from upheld.cli import main
from upheld.home import Home
from upheld.ledger import actions, checkpoint
from upheld.ledger.kinds import NUMBER, declare
from upheld.record import Actor, Record

SCRIPT = Path(__file__).parents[2] / "verifier" / "verify_ledger.py"
COUNTED = declare("test.counted", "a test counted", number=NUMBER)
AT = datetime(2026, 11, 22, 10, tzinfo=UTC)


@pytest.fixture
def upheld(tmp_path, capsys):
    """Run a command in a home with five entries; its exit code, output and refusals."""
    home = Home.create(tmp_path / "home", "Northgate Systems")
    record = Record(home.record_url)
    record.create()
    with record.transaction() as tx:
        actions.append_many(tx, ((COUNTED, {"number": number * 10}) for number in range(5)), AT, Actor("ann"))
    record.close()

    def run(*words):
        code = main.run(["--home", str(tmp_path / "home"), "ledger", *map(str, words)])
        said = capsys.readouterr()
        return code, said.out, said.err

    run.home = home
    return run


def tamper(home):
    import pysqlite3

    connection = pysqlite3.connect(home.path / "record.db")
    connection.executescript("DROP TRIGGER ledger_entry_update; UPDATE ledger_entry SET kind = 'test.other' WHERE id = 3")
    connection.close()


def test_verify_says_what_holds_and_ends_with_1_for_what_does_not(upheld, tmp_path):
    code, out, _ = upheld("verify")
    assert (code, out[:22]) == (0, "all 5 entries hold, ro")
    assert upheld("checkpoint", "--out", tmp_path / "kept")[0] == 0
    code, out, _ = upheld("verify", "--kept", tmp_path / "kept", "--json")
    assert (code, json.loads(out)["holds"], json.loads(out)["size"]) == (0, True, 5)
    tamper(upheld.home)
    code, out, _ = upheld("verify", "--kept", tmp_path / "kept")
    assert (code, out) == (1, "entry 3 does not say what its row says\n")
    code, out, _ = upheld("verify", "--json")
    assert (code, json.loads(out)["faults"]) == (1, ["entry 3 does not say what its row says"])


def test_a_kept_file_that_is_no_checkpoint_is_a_finding_and_one_that_is_no_text_is_refused(upheld, tmp_path):
    (tmp_path / "kept").write_text("nonsense")
    assert upheld("verify", "--kept", tmp_path / "kept")[0] == 1
    (tmp_path / "kept").write_bytes(b"\xff\xfe")
    code, _, err = upheld("verify", "--kept", tmp_path / "kept")
    assert (code, err) == (2, f"upheld: `{tmp_path}/kept` is not a checkpoint\n")


def test_a_checkpoint_can_be_printed_written_and_read_by_a_program(upheld, tmp_path):
    key = upheld("key")[1]
    code, out, _ = upheld("checkpoint")
    assert code == 0
    head = checkpoint.read(out, key)
    assert (head.origin, head.size) == (upheld.home.ledger_name, 5)
    assert json.loads(upheld("checkpoint", "--json")[1])["checkpoint"] == out
    assert json.loads(upheld("key", "--json")[1])["key"] + "\n" == key
    assert upheld("checkpoint", "--out", tmp_path / "kept")[1] == ""
    assert (tmp_path / "kept").read_text() == out
    code, _, err = upheld("checkpoint", "--out", tmp_path / "kept")
    assert (code, err) == (2, f"upheld: `{tmp_path}/kept`: file exists\n")


def stranger(*words):
    done = subprocess.run([sys.executable, "-I", SCRIPT, *map(str, words)], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_a_proof_is_for_one_entry_and_a_stranger_can_check_it(upheld, tmp_path):
    key = upheld("key")[1].strip()
    assert upheld("prove", 3, "--out", tmp_path / "proof")[0] == 0
    code, said = stranger(tmp_path / "proof", "--key", key)
    assert code == 0
    assert '"number":30' in said
    shown = json.loads(upheld("prove", 3, "--json")[1])
    assert (shown["index"], shown["size"], json.loads(shown["entry"])["body"]) == (3, 5, {"number": 30})
    code, _, err = upheld("prove", 5)
    assert (code, err) == (2, "upheld: the ledger has no entry 5: it holds 5, counted from 0\n")
    assert upheld("prove", "five")[0] == 2


def test_an_export_goes_to_a_new_folder_and_a_stranger_can_check_it(upheld, tmp_path):
    code, out, _ = upheld("export", tmp_path / "handed")
    assert code == 0
    assert out.startswith(f"wrote 5 entries to {tmp_path}/handed")
    key = upheld("key")[1].strip()
    assert stranger(tmp_path / "handed", "--key", key)[0] == 0
    code, _, err = upheld("export", tmp_path / "handed")
    assert (code, err) == (2, f"upheld: `{tmp_path}/handed` is there already: name a new folder\n")
    assert json.loads(upheld("export", tmp_path / "again", "--json")[1])["size"] == 5
    tamper(upheld.home)
    assert upheld("export", tmp_path / "tampered")[0] == 0  # what is exported are the bytes that were hashed
    assert stranger(tmp_path / "tampered", "--key", key)[0] == 0


def test_entries_are_listed_oldest_first(upheld):
    code, out, _ = upheld("entries", "--from", 2, "--limit", 2)
    assert (code, out) == (
        0,
        "2  2026-11-22 10:00:00Z  test.counted  number=20\n3  2026-11-22 10:00:00Z  test.counted  number=30\n",
    )
    assert upheld("entries", "--kind", "test.other")[1] == "no entries\n"
    (last,) = json.loads(upheld("entries", "--from", 4, "--json")[1])
    assert (last["entry"], last["kind"], last["body"], last["actor"]["role"]) == (4, COUNTED, {"number": 40}, None)
    assert upheld("entries", "--limit", 0)[0] == 2
