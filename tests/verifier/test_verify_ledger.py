"""The separate verifier: a stranger's one file, held against exports that someone has tampered with."""

import ast
import importlib.util
import io
import subprocess
import sys
from contextlib import redirect_stdout
from datetime import UTC, datetime
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

from upheld.errors import Conflict, Invalid
from upheld.ledger import actions, checkpoint, export, queries, tree
from upheld.ledger.checkpoint import Checkpoint
from upheld.ledger.kinds import NUMBER, declare
from upheld.record import Actor, Record

SCRIPT = Path(__file__).parents[2] / "verifier" / "verify_ledger.py"
spec = importlib.util.spec_from_file_location("verify_ledger", SCRIPT)
verifier = importlib.util.module_from_spec(spec)
spec.loader.exec_module(verifier)

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
NAME = "northgate.example/ledger"
PUBLIC = checkpoint.public_key(NAME, KEY)
COUNTED = declare("test.counted", "a test counted", number=NUMBER)
AT = datetime(2026, 11, 22, tzinfo=UTC)
SIZE, KEPT = 21, (0, 1, 8, 13, 21)


def exported(entries, signed_with=KEY):
    """The text of an export over these entries (bytes), as a merchant who rewrites everything could make it too."""
    edge = []
    for number, entry in enumerate(entries):
        tree.extend(number, edge, tree.leaf(entry))
    note = checkpoint.sign(Checkpoint(NAME, len(entries), tree.fold(edge)), signed_with)
    return export.FIRST_LINE + note.encode() + b"".join(entry + b"\n" for entry in entries)


def entry(number, counted=None):
    body = {"number": number if counted is None else counted}
    actor = {"id": 1, "name": "0" * 64, "role": None}
    return actions.canonical_bytes({"actor": actor, "at": 1000 + number, "body": body, "entry": number, "kind": COUNTED})


ENTRIES = [entry(number) for number in range(SIZE)]
EXPORT = exported(ENTRIES)


def note_of(entries, signed_with=KEY):
    return b"\n".join(exported(entries, signed_with).split(b"\n")[1:6]) + b"\n"


NOTES = [note_of(ENTRIES[:size]) for size in KEPT]


def check(text, kept=()):
    """The verifier's own answer about the text of an export, given kept checkpoints; raises what it raises."""
    key = verifier.read_key(PUBLIC)
    olds = [verifier.read_checkpoint(note, key, cosigned=True) for note in kept]
    lines = io.BytesIO(text)
    check_ = {export.FIRST_LINE: verifier.check_export, b"c2sp.org/tlog-proof@v1\n": verifier.check_proof}.get(lines.readline())
    verifier.demand(check_, "this is neither")
    return check_(lines, key, olds)


NO = (ValueError, LookupError, TypeError)


def run(*words):
    """The script as a stranger runs it: nothing of ours, and nothing installed, can be imported."""
    return subprocess.run([sys.executable, "-I", "-S", SCRIPT, *words], capture_output=True, text=True, check=False, cwd="/")


def test_the_script_is_short_and_imports_python_alone():
    text = SCRIPT.read_text()
    assert len(text.splitlines()) < 150
    imported = {name.name for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Import) for name in node.names}
    assert imported <= sys.stdlib_module_names
    assert not [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ImportFrom)]


def test_an_export_holds_with_every_checkpoint_that_was_kept():
    assert "all 21 entries" in check(EXPORT, NOTES)
    assert "all 0 entries" in check(exported([]), [NOTES[0]])


@settings(max_examples=600, deadline=None)
@given(st.integers(0, len(EXPORT) - 1), st.integers(1, 255))
def test_flipping_any_byte_is_found(place, flip):
    with pytest.raises(NO):
        check(EXPORT[:place] + bytes([EXPORT[place] ^ flip]) + EXPORT[place + 1 :])


def test_flipping_any_bit_of_the_beginning_is_found():
    head = EXPORT.index(b'{"actor"')  # first line, name, size, root, signature
    for place in range(head):
        for bit in range(8):
            with pytest.raises(NO):
                check(EXPORT[:place] + bytes([EXPORT[place] ^ 1 << bit]) + EXPORT[place + 1 :])


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_dropping_inserting_doubling_or_moving_entries_is_found(data):
    head, lines = EXPORT.splitlines(keepends=True)[:6], EXPORT.splitlines(keepends=True)[6:]
    changed = list(lines)
    place = data.draw(st.integers(0, SIZE - 1))
    match data.draw(st.sampled_from(["drop", "insert", "double", "move", "shuffle"])):
        case "drop":
            del changed[place : place + data.draw(st.integers(1, SIZE))]
        case "insert":
            changed.insert(place, entry(place, data.draw(st.integers())) + b"\n")
        case "double":
            changed.insert(place, changed[place])
        case "move":
            changed.insert(data.draw(st.integers(0, SIZE - 2)), changed.pop(place))
        case "shuffle":
            changed = data.draw(st.permutations(changed))
    if changed != lines:
        with pytest.raises(NO):
            check(b"".join([*head, *changed]))


@settings(max_examples=200, deadline=None)
@given(st.integers(0, len(EXPORT) - 1), st.binary(min_size=1, max_size=9))
def test_bytes_that_are_missing_or_added_are_found(place, more):
    with pytest.raises(NO):
        check(EXPORT[:place])
    with pytest.raises(NO):
        check(EXPORT + more)
    with pytest.raises(NO):
        check(EXPORT[:place] + more + EXPORT[place:])


@settings(max_examples=60, deadline=None)
@given(st.integers(0, SIZE - 1), st.sampled_from([1, 2, 3, 4]))
def test_a_log_that_was_cut_and_signed_again_is_rejected_given_a_kept_checkpoint(size, which):
    text = exported(ENTRIES[:size])
    assert check(text)  # in itself it holds: the merchant's own key signed it
    if size >= KEPT[which]:
        assert check(text, [NOTES[which]])
    else:
        with pytest.raises(NO, match="the log was cut"):
            check(text, [NOTES[which]])


@settings(max_examples=100, deadline=None)
@given(st.integers(0, SIZE - 1), st.integers(SIZE, 10**9), st.integers(0, 9), st.sampled_from([1, 2, 3, 4]))
def test_a_rewritten_log_signed_with_the_merchants_own_key_is_rejected_given_a_kept_checkpoint(place, counted, longer, which):
    rewritten = [*ENTRIES[:place], entry(place, counted), *ENTRIES[place + 1 :], *(entry(SIZE + more) for more in range(longer))]
    text = exported(rewritten)
    assert check(text)
    if place < KEPT[which]:
        with pytest.raises(NO, match=f"the log differs from the kept checkpoint of {KEPT[which]} entries"):
            check(text, [NOTES[which]])
    else:
        assert check(text, [NOTES[which]])


def test_another_key_another_name_or_another_log_is_rejected():
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    for text in (exported(ENTRIES, other), EXPORT.replace(NAME.encode(), b"elsewhere.example/ledger"), EXPORT.replace(b"21", b"021", 1)):
        with pytest.raises(NO):
            check(text)
    with pytest.raises(NO, match="signed with another key"):
        check(EXPORT, [note_of(ENTRIES, other)])
    for key in ("", "a+b", "a+b+c", PUBLIC[:-4], PUBLIC.replace("+", "+0", 1)):
        with pytest.raises(NO):
            verifier.read_key(key)
    crooked = b"\xff" * 32
    with pytest.raises(NO, match="not a point"):
        verifier.is_signed(crooked, b"", bytes(64))


def test_entries_out_of_order_in_time_or_number_are_rejected_whatever_is_signed():
    for entries in ([entry(1), entry(0)], [entry(0), entry(1).replace(b'"at":1001', b'"at":5')]):
        with pytest.raises(NO, match="out of order"):
            check(exported(entries))


def test_a_witness_may_sign_beside_the_log_on_a_kept_checkpoint_but_not_in_an_export():
    witness = "— witness.example/w1 jWbPPwAAAABkGFDLEZMHwSRaJNiIDoe9\n".encode()
    assert check(EXPORT, [NOTES[2] + witness])
    lines = EXPORT.splitlines(keepends=True)
    with pytest.raises(NO):
        check(b"".join([*lines[:6], witness, *lines[6:]]))


@settings(max_examples=40, deadline=None)
@given(st.binary(min_size=32, max_size=32), st.binary(max_size=200), st.integers(0, 511))
def test_its_signatures_are_those_of_a_library(seed, message, bit):
    key = Ed25519PrivateKey.from_private_bytes(seed)
    public, signature = key.public_key().public_bytes_raw(), key.sign(message)
    assert verifier.is_signed(public, message, signature)
    flipped = bytearray(signature)
    flipped[bit // 8] ^= 1 << bit % 8
    assert not verifier.is_signed(public, message, bytes(flipped))
    again = (int.from_bytes(signature[32:], "little") + verifier.L).to_bytes(32, "little")
    assert not verifier.is_signed(public, message, signature[:32] + again)  # the same signature written another way


@pytest.fixture
def home(tmp_path):
    """An export and a proof as the product writes them, out of a real record."""
    record = Record(f"sqlite:///{tmp_path}/record.db")
    record.create()
    for number in range(11):
        with record.transaction() as tx:
            actions.append(tx, COUNTED, {"number": number}, AT, Actor("ann"))
    with record.reading() as conn:
        export.export(conn, tmp_path / "export", NAME, KEY)
        note = checkpoint.sign(Checkpoint(NAME, queries.size(conn), queries.root(conn)), KEY)
        proof = checkpoint.proof(queries.entry(conn, 4).canonical, 4, queries.inclusion(conn, 4), note)
        with pytest.raises(Conflict, match="is there already"):
            export.export(conn, tmp_path / "export", NAME, KEY)
        (tmp_path / "file").touch()
        with pytest.raises(Invalid, match="cannot write"):
            export.export(conn, tmp_path / "file" / "export", NAME, KEY)
    record.close()
    (tmp_path / "proof").write_text(proof)
    (tmp_path / "key").write_text(PUBLIC + "\n")
    (tmp_path / "kept").write_text(note)
    return tmp_path


def test_what_the_product_writes_holds_without_the_product(home):
    assert {path.name for path in (home / "export").iterdir()} == {"ledger.txt", "verify_ledger.py"}
    assert (home / "export" / "verify_ledger.py").read_bytes() == SCRIPT.read_bytes()
    for what in (home / "export", home / "export" / "ledger.txt", home / "proof"):
        done = run(what, "--key", home / "key", "--kept", home / "kept")
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("holds: ")
    assert '"number":4' in run(home / "proof", "--key", PUBLIC).stdout


def test_a_script_in_the_export_that_is_not_the_strangers_own_is_said(home):
    copy = home / "export" / "verify_ledger.py"
    copy.write_bytes(copy.read_bytes().replace(b"holds:", b"HOLDS:"))
    done = run(home / "export", "--key", PUBLIC)
    assert done.returncode == 1
    assert "the script in the export is not this one" in done.stderr
    copy.unlink()
    assert run(home / "export", "--key", PUBLIC).returncode == 0


def test_the_script_ends_with_1_if_it_does_not_hold_and_2_if_it_cannot_look(home):
    text = (home / "export" / "ledger.txt").read_text()
    (home / "export" / "ledger.txt").write_text(text.replace('"number":7', '"number":8'))
    done = run(home / "export", "--key", PUBLIC)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("does not hold: the entries are not those of the checkpoint")
    assert run(home / "kept", "--key", PUBLIC).returncode == 1
    assert run(home / "nothing", "--key", PUBLIC).returncode == 2
    assert run(home / "export").returncode == 2


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_flipping_any_byte_of_a_proof_is_found(data):
    index = data.draw(st.integers(0, SIZE - 1))
    leaves = [tree.leaf(one) for one in ENTRIES]
    hashes = tree.inclusion(index, SIZE, lambda name: subtree(leaves, name))
    proof = checkpoint.proof(ENTRIES[index], index, hashes, NOTES[-1].decode()).encode()
    assert ENTRIES[index].decode() in check(proof, NOTES[-1:])
    place = data.draw(st.integers(0, len(proof) - 1))
    with pytest.raises(NO):
        check(proof[:place] + bytes([proof[place] ^ data.draw(st.integers(1, 255))]) + proof[place + 1 :])
    with pytest.raises(NO):
        check(proof, [note_of([*ENTRIES[:-1], entry(SIZE - 1, 99)])])


def subtree(leaves, name):
    level, position = name
    return tree.fold(edge_of(leaves[position << level : (position + 1) << level]))


def edge_of(leaves):
    edge = []
    for number, leaf in enumerate(leaves):
        tree.extend(number, edge, leaf)
    return edge


def test_main_prints_what_it_found(home, monkeypatch):
    monkeypatch.setattr(sys, "argv", ["verify_ledger.py", str(home / "export"), "--key", PUBLIC])
    with redirect_stdout(io.StringIO()) as said:
        verifier.main()
    assert "all 11 entries" in said.getvalue()


def test_a_proof_is_not_measured_against_a_kept_checkpoint_of_another_size(home):
    (home / "older").write_bytes(note_of(ENTRIES[:3]))
    done = run(home / "proof", "--key", PUBLIC, "--kept", home / "older")
    assert (done.returncode, done.stdout) == (1, "")
    assert "this proof is not of the kept checkpoint; check an export against that one" in done.stderr


def test_an_installation_hands_out_the_script_that_it_was_packed_with(tmp_path, monkeypatch):
    assert export.verifier() == SCRIPT.read_bytes()
    (tmp_path / "verify_ledger.py").write_bytes(b"packed")
    monkeypatch.setattr(export.resources, "files", {"upheld.ledger": tmp_path}.__getitem__)
    assert export.verifier() == b"packed"


def test_what_is_not_there_is_said_in_one_line(tmp_path):
    ran = run(tmp_path / "nothing", "--key", PUBLIC)
    assert (ran.returncode, ran.stdout, ran.stderr) == (2, "", f"cannot read {tmp_path / 'nothing'}: No such file or directory\n")
