"""Check an exported ledger without trusting, or installing, the software that wrote it. Needs Python 3.9 or newer, nothing else.

WHAT is an export (the folder that was handed over, or its `ledger.txt`), or the proof of a single entry. KEY is the merchant's public
key, `NAME+ID+BASE64`, or a file that holds it. CHECKPOINT is one kept from earlier: without it, all may have been rewritten and signed
again. Get KEY and this script from elsewhere than the export. Exit code 0: all holds; 1: it does not; 2: wrong call.
Formats: RFC 6962 hashing; C2SP signed-note, tlog-checkpoint and tlog-proof.
"""

import argparse
import base64
import functools
import hashlib
import json
import pathlib
import sys

P, L = 2**255 - 19, 2**252 + 27742317777372353535851937790883648493  # Ed25519, RFC 8032
D, BASE = -121665 * pow(121666, -1, P) % P, (4 * pow(5, -1, P) % P).to_bytes(32, "little")


def demand(holds, words):
    if not holds:
        raise ValueError(words)


def sha(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def unbase64(text):
    raw = base64.b64decode(text, validate=True)
    demand(base64.b64encode(raw) == text, "there is more than one way to write this base64")
    return raw


def add(p, q):
    a, b, c, d = (p[1] - p[0]) * (q[1] - q[0]), (p[1] + p[0]) * (q[1] + q[0]), 2 * p[3] * q[3] * D, 2 * p[2] * q[2]
    return (b - a) * (d - c) % P, (d + c) * (b + a) % P, (d - c) * (d + c) % P, (b - a) * (b + a) % P


def unpack(packed):
    y, odd = int.from_bytes(packed, "little") & (2**255 - 1), packed[31] >> 7
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    x = x if x * x % P == square else x * pow(2, (P - 1) // 4, P) % P
    demand(y < P and x * x % P == square and (x or not odd), "the public key is not a point of Ed25519")
    x = x if x & 1 == odd else P - x
    return x, y, 1, x * y % P


def is_signed(public, message, signature):
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    k = int.from_bytes(hashlib.sha512(r + public + message).digest(), "little") % L
    total, base, minus = (0, 1, 1, 0), unpack(BASE), unpack(public[:31] + bytes([public[31] ^ 128]))
    for bit in range(255, -1, -1):  # s * base - k * public
        total = add(total, total)
        total = add(total, base) if s >> bit & 1 else total
        total = add(total, minus) if k >> bit & 1 else total
    x, y = (part * pow(total[2], -1, P) % P for part in total[:2])
    return s < L and (y | (x & 1) << 255).to_bytes(32, "little") == r


def read_key(text):
    name, id_, key = text.strip().encode().split(b"+", 2)
    raw = unbase64(key)
    demand(len(raw) == 33 and raw[0] == 1 and sha(name, b"\n", raw)[:4].hex().encode() == id_, "this is not a key `NAME+ID+BASE64`")
    return name, raw[1:]


def read_checkpoint(note, key, cosigned=False):
    """Size and root that a signed note fixes. `cosigned`: signatures of others may stand beside the log's."""
    text, _, signatures = note.partition(b"\n\n")
    *lines, end = signatures.split(b"\n")
    ours = [line for line in lines if line.startswith("— ".encode() + key[0] + b" ")]
    demand(not end and len(ours) == 1 and (cosigned or len(lines) == 1), "this is not a checkpoint signed with the key's name, once")
    raw = unbase64(ours[0].rsplit(b" ", 1)[1])
    demand(len(raw) == 68 and raw[:4] == sha(key[0], b"\n\x01", key[1])[:4], "the checkpoint is signed with another key")
    demand(is_signed(key[1], text + b"\n", raw[4:]), "the signature of the checkpoint does not hold")
    origin, size, root = text.split(b"\n")[:3]
    demand(origin == key[0] and str(int(size)).encode() == size and len(unbase64(root)) == 32, "the checkpoint is not of this log")
    return int(size), unbase64(root)


def fold(edge):
    return functools.reduce(lambda root, peak: sha(b"\x01", peak, root), reversed(edge)) if edge else sha()


def check_export(lines, key, kept):
    """Hash every entry again; the roots must be those of the export's checkpoint and of every kept one."""
    (size, root), edge, before = read_checkpoint(b"".join(lines.readline() for _ in range(5)), key), [], 0
    demand(all(at <= size for at, _ in kept), f"the log was cut: it has {size} entries, a kept checkpoint has more")
    for number in range(size):
        demand(all(fold(edge) == old for at, old in kept if at == number), f"the log differs from the kept checkpoint of {number} entries")
        line, place = lines.readline(), number
        demand(line.endswith(b"\n"), f"the export ends before entry {number}")
        entry = json.loads(line)
        demand(entry["entry"] == number and entry["at"] >= before, f"entry {number} is out of order")
        hash_, before = sha(b"\x00", line[:-1]), entry["at"]
        while place & 1:
            hash_, place = sha(b"\x01", edge.pop(), hash_), place >> 1
        edge.append(hash_)
    demand(not lines.read(1), "there is more after the last entry")
    demand(fold(edge) == root, "the entries are not those of the checkpoint: one was changed, dropped, inserted or moved")
    demand(all(root == old for at, old in kept if at == size), f"the log differs from the kept checkpoint of {size} entries")
    return f"all {size} entries are those of the checkpoint, root {base64.b64encode(root).decode()}"


def check_proof(lines, key, kept):
    """One entry (the proof's `extra` data) is in the log of the proof's checkpoint."""
    head, _, note = lines.read().partition(b"\n\n")
    extra, index, *hashes = head.split(b"\n")
    size, root = read_checkpoint(note, key, cosigned=True)
    entry, place, last = unbase64(extra[6:]), int(index[6:]), size - 1
    demand(extra[:6] == b"extra " and index == b"index %d" % place and 0 <= place <= last, "this is not a proof of an entry")
    hash_ = sha(b"\x00", entry)
    for step in map(unbase64, hashes):
        demand(last and len(step) == 32, "the proof is too long")
        right = place & 1 or place == last
        while right and not place & 1:
            place, last = place >> 1, last >> 1
        hash_, place, last = sha(b"\x01", step, hash_) if right else sha(b"\x01", hash_, step), place >> 1, last >> 1
    demand(last == 0 and hash_ == root, "the proof does not lead to the checkpoint's root")
    demand(kept in ([], [(size, root)] * len(kept)), "this proof is not of the kept checkpoint; check an export against that one")
    return f"the entry is in the log of {size} entries: {entry.decode()}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", type=pathlib.Path, metavar="WHAT")
    parser.add_argument("--key", required=True)
    parser.add_argument("--kept", action="append", default=[], type=pathlib.Path, metavar="CHECKPOINT")
    told = parser.parse_args()
    try:
        key = read_key(told.key if "+" in told.key else pathlib.Path(told.key).read_text())
        kept = [read_checkpoint(path.read_bytes(), key, cosigned=True) for path in told.kept]
        copy, this = told.what / "verify_ledger.py", pathlib.Path(__file__)
        demand(not copy.exists() or copy.read_bytes() == this.read_bytes(), "the script in the export is not this one; delete one of them")
        with (told.what / "ledger.txt" if told.what.is_dir() else told.what).open("rb") as lines:
            check = {b"upheld ledger export v1\n": check_export, b"c2sp.org/tlog-proof@v1\n": check_proof}.get(lines.readline())
            demand(check, "this is neither an export nor a proof, version 1")
            print("holds:", check(lines, key, kept))
    except OSError as problem:
        parser.exit(2, f"cannot read {problem.filename}: {problem.strerror}\n")
    except (ValueError, LookupError, TypeError, RecursionError) as problem:
        sys.exit(f"does not hold: {problem}")


if __name__ == "__main__":
    main()
