"""RFC 6962: the fast forms agree with the definitions of the RFC, written out here word for word."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from upheld.ledger import tree


def mth(leaves):
    """2.1: the Merkle tree hash."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    split = split_of(len(leaves))
    return sha256(b"\x01" + mth(leaves[:split]) + mth(leaves[split:])).digest()


def path(index, leaves):
    """2.1.1: the audit path."""
    if len(leaves) == 1:
        return []
    split = split_of(len(leaves))
    if index < split:
        return [*path(index, leaves[:split]), mth(leaves[split:])]
    return [*path(index - split, leaves[split:]), mth(leaves[:split])]


def subproof(old, leaves, whole):
    """2.1.2: the consistency proof."""
    if old == len(leaves):
        return [] if whole else [mth(leaves)]
    split = split_of(len(leaves))
    if old <= split:
        return [*subproof(old, leaves[:split], whole), mth(leaves[split:])]
    return [*subproof(old - split, leaves[split:], False), mth(leaves[:split])]


def split_of(size):
    split = 1
    while split * 2 < size:
        split *= 2
    return split


class Log:
    """A tree grown leaf by leaf, with the nodes it stored on the way."""

    def __init__(self, size):
        self.leaves = [tree.leaf(b"%d" % number) for number in range(size)]
        self.edge, self.nodes = [], {(0, number): leaf for number, leaf in enumerate(self.leaves)}
        for number, leaf in enumerate(self.leaves):
            self.nodes.update(tree.extend(number, self.edge, leaf))

    def get(self, name):
        return self.nodes[name]


LOG = Log(131)


def test_the_empty_log_and_the_empty_leaf_hash_as_the_rfc_says():
    assert tree.fold([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert tree.leaf(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"


@pytest.mark.parametrize("size", [*range(18), 31, 32, 33, 63, 64, 65, 100, 127, 128, 129, 131])
def test_a_tree_grown_leaf_by_leaf_has_the_root_of_the_definition(size):
    log = Log(size)
    assert tree.fold(log.edge) == mth(log.leaves)
    assert tree.subtree(0, size, LOG.get) == mth(log.leaves)
    assert len(log.nodes) - size == size - size.bit_count()


@given(st.data())
def test_inclusion_proofs_are_those_of_the_definition_and_lead_to_the_root(data):
    size = data.draw(st.integers(1, 131))
    index = data.draw(st.integers(0, size - 1))
    proof = tree.inclusion(index, size, LOG.get)
    assert proof == path(index, LOG.leaves[:size])
    assert tree.root_of_inclusion(LOG.leaves[index], index, size, proof) == mth(LOG.leaves[:size])


@given(st.data())
def test_consistency_proofs_are_those_of_the_definition_and_hold(data):
    size = data.draw(st.integers(1, 131))
    old = data.draw(st.integers(1, size))
    proof = tree.consistency(old, size, LOG.get)
    assert proof == subproof(old, LOG.leaves[:size], True)
    assert tree.is_consistent(old, size, mth(LOG.leaves[:old]), mth(LOG.leaves[:size]), proof)


@given(st.data())
def test_no_other_proof_of_inclusion_leads_to_the_root(data):
    size = data.draw(st.integers(1, 131))
    index, other = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size - 1))
    proof, root, leaf = tree.inclusion(index, size, LOG.get), mth(LOG.leaves[:size]), LOG.leaves[index]
    assert tree.root_of_inclusion(leaf, index, size, [*proof, root]) != root
    if proof:
        assert tree.root_of_inclusion(leaf, index, size, proof[:-1]) != root
        changed = data.draw(st.integers(0, len(proof) - 1))
        assert tree.root_of_inclusion(leaf, index, size, [*proof[:changed], root, *proof[changed + 1 :]]) != root
    if other != index:
        assert tree.root_of_inclusion(LOG.leaves[other], index, size, proof) != root
    assert tree.root_of_inclusion(leaf, size, size, proof) is None


@given(st.data())
def test_no_other_proof_of_consistency_holds(data):
    size = data.draw(st.integers(2, 131))
    old = data.draw(st.integers(1, size - 1))
    proof, old_root, root = tree.consistency(old, size, LOG.get), mth(LOG.leaves[:old]), mth(LOG.leaves[:size])
    assert not tree.is_consistent(old, size, root, root, proof)
    assert not tree.is_consistent(old, size, old_root, old_root, proof)
    assert not tree.is_consistent(old, size, old_root, root, [])
    assert not tree.is_consistent(old, size, old_root, root, proof[:-1])
    assert not tree.is_consistent(old, size, old_root, root, [*proof, root])
    assert not tree.is_consistent(size, old, root, old_root, proof)
    changed = data.draw(st.integers(0, len(proof) - 1))
    assert not tree.is_consistent(old, size, old_root, root, [*proof[:changed], root, *proof[changed + 1 :]])


def test_the_empty_log_is_the_beginning_of_every_log():
    root = mth(LOG.leaves)
    assert tree.consistency(0, 131, LOG.get) == []
    assert tree.is_consistent(0, 131, tree.EMPTY, root, [])
    assert not tree.is_consistent(0, 131, root, root, [])
    assert tree.is_consistent(131, 131, root, root, [])
    assert not tree.is_consistent(131, 131, tree.EMPTY, root, [])
