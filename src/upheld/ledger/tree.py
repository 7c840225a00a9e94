"""RFC 6962 hashing: leaves, nodes, roots and proofs. Pure functions on 32-byte hashes; no database.

A *node* is named by `(level, index)`: it stands over the leaves `index * 2**level` up to `(index + 1) * 2**level`. Only nodes over a whole
power of two have names; they never change once written. The *edge* of a tree is its largest such nodes, from left to right.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from hashlib import sha256

Name = tuple[int, int]
EMPTY = sha256(b"").digest()
"""The root of the empty log."""


def leaf(entry: bytes) -> bytes:
    """The hash of one entry."""
    return sha256(b"\x00" + entry).digest()


def node(left: bytes, right: bytes) -> bytes:
    """The hash over two neighbours."""
    return sha256(b"\x01" + left + right).digest()


def extend(size: int, edge: list[bytes], hash_: bytes) -> list[tuple[Name, bytes]]:
    """Add one leaf to the edge of a tree of `size` leaves, in place; return the nodes that became whole (levels from 1 up)."""
    whole = []
    level = 0
    while size >> level & 1:
        hash_ = node(edge.pop(), hash_)
        level += 1
        whole.append(((level, size >> level), hash_))
    edge.append(hash_)
    return whole


def fold(edge: Sequence[bytes]) -> bytes:
    """The root over an edge."""
    if not edge:
        return EMPTY
    root = edge[-1]
    for peak in reversed(edge[:-1]):
        root = node(peak, root)
    return root


def edge_names(begin: int, end: int) -> list[Name]:
    """The names of the largest nodes that together stand over the leaves from `begin` up to `end` of an RFC 6962 subtree."""
    names = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        names.append((level, begin >> level))
        begin += 1 << level
    return names


def subtree(begin: int, end: int, get: Callable[[Name], bytes]) -> bytes:
    """The RFC 6962 hash over the leaves `begin` up to `end`."""
    return fold([get(name) for name in edge_names(begin, end)])


def inclusion(index: int, size: int, get: Callable[[Name], bytes]) -> list[bytes]:
    """PATH(index, D[size]): the hashes that lead from a leaf to the root, from the bottom up."""
    proof = []
    begin, end = 0, size
    while end - begin > 1:
        split = begin + _split(end - begin)
        if index < split:
            proof.append(subtree(split, end, get))
            end = split
        else:
            proof.append(subtree(begin, split, get))
            begin = split
    return proof[::-1]


def consistency(old: int, size: int, get: Callable[[Name], bytes]) -> list[bytes]:
    """PROOF(old, D[size]): the hashes that show a tree of `old` leaves to be the beginning of one of `size`."""
    if not 0 < old < size:
        return []
    proof = []
    begin, end, complete = 0, size, True
    while old != end:
        split = begin + _split(end - begin)
        if old <= split:
            proof.append(subtree(split, end, get))
            end = split
        else:
            proof.append(subtree(begin, split, get))
            begin, complete = split, False
    if not complete:
        proof.append(subtree(begin, end, get))
    return proof[::-1]


def root_of_inclusion(hash_: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes | None:
    """The root that an inclusion proof leads to (RFC 9162, 2.1.3.2); None if the proof has the wrong length."""
    if not 0 <= index < size:
        return None
    place, last = index, size - 1
    for step in proof:
        if last == 0:
            return None
        if place & 1 or place == last:
            hash_ = node(step, hash_)
            while not place & 1 and place:
                place >>= 1
                last >>= 1
        else:
            hash_ = node(hash_, step)
        place >>= 1
        last >>= 1
    return hash_ if last == 0 else None


def is_consistent(old: int, size: int, old_root: bytes, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether a consistency proof holds (RFC 9162, 2.1.4.2): the tree of `size` begins with the tree of `old`."""
    if old == size:
        return old_root == root and not proof
    if old == 0:
        return old_root == EMPTY and not proof
    if old > size or not proof:
        return False
    steps = list(proof) if old & (old - 1) else [old_root, *proof]
    place, last = old - 1, size - 1
    while place & 1:
        place >>= 1
        last >>= 1
    older = newer = steps[0]
    for step in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            older, newer = node(step, older), node(step, newer)
            while not place & 1 and place:
                place >>= 1
                last >>= 1
        else:
            newer = node(newer, step)
        place >>= 1
        last >>= 1
    return last == 0 and older == old_root and newer == root


def _split(size: int) -> int:
    return 1 << (size - 1).bit_length() - 1
