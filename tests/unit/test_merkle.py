"""The Merkle tree: published vectors, RFC 6962 written out, and what hostile proofs lead to."""

import base64
import hashlib
import json

import pytest

from pith_agent.errors import LedgerProofError, PithError
from pith_agent.protocol.merkle import (
    EMPTY_ROOT,
    MAX_SIZE,
    Frontier,
    Tree,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root,
    root_at,
    verify_consistency,
    verify_inclusion,
)
from tests.documents import shared

SIZES = range(40)
LEAVES = [leaf_hash(b"entry %d" % n) for n in range(max(SIZES) + 1)]
TREE = Tree(LEAVES)
OTHER = leaf_hash(b"other")
CERTIFICATE_LEAVES = [
    bytes.fromhex(text) for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657")
] + [bytes(range(0x60, 0x70))]
"""The entries that every implementation of RFC 6962 is tried on."""


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def split(count: int) -> int:
    k = 1
    while k * 2 < count:
        k *= 2
    return k


def tree_hash(leaves):
    """MTH of RFC 6962, 2.1, as it is written there; of leaves that are hashed already."""
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return sha256(b"\x01" + tree_hash(leaves[:k]) + tree_hash(leaves[k:]))


def path(m, leaves):
    """PATH of RFC 6962, 2.1.1."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), tree_hash(leaves[k:])]
    return [*path(m - k, leaves[k:]), tree_hash(leaves[:k])]


def subproof(m, leaves, whole):
    """SUBPROOF of RFC 6962, 2.1.2."""
    if m == len(leaves):
        return [] if whole else [tree_hash(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], whole), tree_hash(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), tree_hash(leaves[:k])]


def decoded(text: str) -> bytes:
    return base64.b64decode(text)


def proof_of(row) -> list[bytes]:
    return [decoded(text) for text in row["proof"] or ()]


def refuses(check, *arguments) -> bool:
    try:
        check(*arguments)
    except LedgerProofError:
        return True
    return False


def vectors(kind: str):
    return json.loads(shared("vectors/merkle_rfc6962.json").read_bytes())[kind]


def test_hashes_are_those_of_rfc_6962():
    rows = {name: (value, digest) for name, value, digest in vectors("hashes")}

    assert EMPTY_ROOT.hex() == rows.pop("empty root")[1]
    assert leaf_hash(b"").hex() == rows.pop("leaf of empty")[1]
    assert leaf_hash(b"L123456").hex() == rows.pop("leaf of L123456")[1]
    assert node_hash(b"N123", b"N456").hex() == rows.pop("node N123,N456")[1]
    assert rows == {}


def test_every_published_inclusion_proof_is_judged_as_stated():
    rows = vectors("inclusion")
    refused = [
        refuses(
            verify_inclusion,
            decoded(row["leafHash"]),
            row["leafIdx"],
            row["treeSize"],
            proof_of(row),
            decoded(row["root"]),
        )
        for row in rows
    ]

    assert refused == [row["wantErr"] for row in rows]
    assert (len(rows), sum(refused)) == (98, 92)


def test_every_published_consistency_proof_is_judged_as_stated():
    rows = vectors("consistency")
    refused = [
        refuses(
            verify_consistency,
            row["size1"],
            decoded(row["root1"]),
            row["size2"],
            decoded(row["root2"]),
            proof_of(row),
        )
        for row in rows
    ]

    assert refused == [row["wantErr"] for row in rows]
    assert (len(rows), sum(refused)) == (98, 92)


def test_the_proofs_that_others_made_are_made_here_byte_for_byte():
    tree = Tree(map(leaf_hash, CERTIFICATE_LEAVES))
    included = [r for r in vectors("inclusion") if r["desc"] == "happy path"]
    consistent = [r for r in vectors("consistency") if r["desc"] == "happy path"]

    assert len(included) == len(consistent) == 5
    for row in included:
        assert root_at(row["treeSize"], tree.node) == decoded(row["root"])
        assert inclusion_proof(row["leafIdx"], row["treeSize"], tree.node) == proof_of(row)
    for row in consistent:
        assert root_at(row["size1"], tree.node) == decoded(row["root1"])
        assert consistency_proof(row["size1"], row["size2"], tree.node) == proof_of(row)


@pytest.mark.parametrize("size", SIZES)
def test_a_root_is_the_same_however_it_is_computed(size):
    expected = tree_hash(LEAVES[:size])

    assert root(LEAVES[:size]) == expected
    assert root_at(size, TREE.node) == expected
    assert Tree(LEAVES[:size]).root() == expected
    assert Frontier.read(size, TREE.node).root() == expected


@pytest.mark.parametrize("size", SIZES)
def test_a_tree_that_was_read_back_grows_as_if_it_had_never_been_left(size):
    frontier = Frontier.read(size, TREE.node)
    assert [frontier.append(leaf)[0].hash for leaf in LEAVES[size:]] == LEAVES[size:]
    assert frontier.size == len(LEAVES) == len(TREE)
    assert frontier.root() == TREE.root() == tree_hash(LEAVES)


@pytest.mark.parametrize("size", SIZES)
def test_every_leaf_is_proved_to_be_where_it_is_and_nowhere_else(size):
    top = tree_hash(LEAVES[:size])
    for index in range(size):
        proof = inclusion_proof(index, size, TREE.node)
        holding = [
            place
            for place in range(size + 2)
            if not refuses(verify_inclusion, LEAVES[index], place, size, proof, top)
        ]

        assert proof == path(index, LEAVES[:size])
        assert holding == [index]


@pytest.mark.parametrize("new", SIZES)
def test_every_earlier_tree_is_proved_to_be_a_beginning(new):
    top = tree_hash(LEAVES[:new])
    for old in range(new + 1):
        proof = consistency_proof(old, new, TREE.node)

        assert proof == (subproof(old, LEAVES[:new], True) if old else [])
        verify_consistency(old, tree_hash(LEAVES[:old]), new, top, proof)
        assert refuses(verify_consistency, old, OTHER, new, top, proof)
        assert not old or refuses(
            verify_consistency, old, tree_hash(LEAVES[:old]), new, OTHER, proof
        )


def test_a_storage_needs_the_nodes_that_appending_names_and_each_only_once():
    stored: dict[tuple[int, int], bytes] = {}
    frontier = Frontier()
    for count, leaf in enumerate(LEAVES, 1):
        for level, place, made in frontier.append(leaf):
            assert (level, place) not in stored
            assert (place + 1) << level <= count
            stored[level, place] = made

    def node(level: int, place: int) -> bytes:
        return stored[level, place]

    assert len(stored) < 2 * len(LEAVES)
    assert stored == {
        (level, place): tree_hash(LEAVES[place << level : (place + 1) << level])
        for level in range(6)
        for place in range(len(LEAVES) >> level)
    }
    for size in SIZES:
        assert root_at(size, node) == tree_hash(LEAVES[:size])
        for part in range(size):
            assert inclusion_proof(part, size, node) == inclusion_proof(part, size, TREE.node)
            assert consistency_proof(part, size, node) == consistency_proof(part, size, TREE.node)


class Uniform:
    """A tree of any size in which every leaf is the same, so that no leaf need be kept."""

    def __init__(self) -> None:
        self.levels = [leaf_hash(b"same")]
        for _ in range(63):
            self.levels.append(node_hash(self.levels[-1], self.levels[-1]))
        self.reads = 0

    def node(self, level: int, place: int) -> bytes:
        self.reads += 1
        return self.levels[level]


@pytest.mark.parametrize("size", [1_000_000, 2**40 + 1, 2**62, 2**62 + 1, MAX_SIZE - 1, MAX_SIZE])
def test_a_proof_reads_at_most_two_nodes_a_level_however_large_the_tree(size):
    tree = Uniform()
    top = root_at(size, tree.node)
    for place in (0, 1, size // 3, size // 2, size - 2, size - 1):
        tree.reads = 0
        proof = inclusion_proof(place, size, tree.node)
        assert tree.reads <= 2 * size.bit_length()
        verify_inclusion(tree.levels[0], place, size, proof, top)

        tree.reads = 0
        proof = consistency_proof(place, size, tree.node)
        assert tree.reads <= 2 * size.bit_length()
        verify_consistency(place, root_at(place, tree.node), size, top, proof)


HUGE = 10**5000
"""More digits than Python agrees to print."""


def named(value) -> str:
    return hex(value)[:8] if isinstance(value, int) else type(value).__name__


SEVEN = tree_hash(LEAVES[:7])
THREE = tree_hash(LEAVES[:3])
INCLUDED = inclusion_proof(2, 7, TREE.node)
CONSISTENT = consistency_proof(3, 7, TREE.node)


@pytest.mark.parametrize(
    ("leaf", "index", "size", "proof"),
    [
        (LEAVES[2], -1, 7, INCLUDED),
        (LEAVES[2], 7, 7, INCLUDED),
        (LEAVES[2], 2, 0, INCLUDED),
        (LEAVES[2], 2, -7, INCLUDED),
        (LEAVES[2], 2, 2, INCLUDED),
        (LEAVES[2], HUGE, 7, INCLUDED),
        (LEAVES[2], 2, HUGE, INCLUDED),
        (LEAVES[2], 2, MAX_SIZE + 1, INCLUDED),
        (LEAVES[2], 2, MAX_SIZE, INCLUDED),
        (LEAVES[2], 2, 7, []),
        (LEAVES[2], 2, 7, INCLUDED[:-1]),
        (LEAVES[2], 2, 7, INCLUDED[1:]),
        (LEAVES[2], 2, 7, [*INCLUDED, SEVEN]),
        (LEAVES[2], 2, 7, INCLUDED * 1000),
        (LEAVES[2], 2, 7, INCLUDED[::-1]),
        (LEAVES[2], 2, 7, [b"", *INCLUDED[1:]]),
        (LEAVES[2], 2, 7, [INCLUDED[0][:31], *INCLUDED[1:]]),
        (LEAVES[2], 2, 7, [INCLUDED[0] + b"\0", *INCLUDED[1:]]),
        (LEAVES[2], 2, 7, [INCLUDED[0].hex(), *INCLUDED[1:]]),
        (LEAVES[2], 2, 7, [None, *INCLUDED[1:]]),
        (LEAVES[2], 2, 7, b"".join(INCLUDED)),
        (LEAVES[2], True, 7, INCLUDED),
        (LEAVES[2], 2.0, 7, INCLUDED),
        (LEAVES[2], 2, "7", INCLUDED),
        (LEAVES[2], 2, None, INCLUDED),
        (LEAVES[3], 2, 7, INCLUDED),
        (b"", 2, 7, INCLUDED),
        (None, 2, 7, INCLUDED),
        (SEVEN, 0, 1, [SEVEN]),
    ],
    ids=named,
)
def test_an_inclusion_proof_is_refused_when_a_part_of_it_is_not_as_it_must_be(
    leaf, index, size, proof
):
    verify_inclusion(LEAVES[2], 2, 7, INCLUDED, SEVEN)

    with pytest.raises(PithError) as caught:
        verify_inclusion(leaf, index, size, proof, SEVEN)
    assert caught.value.code == "ledger-proof"
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize(
    ("old", "old_root", "new", "new_root", "proof"),
    [
        (-3, THREE, 7, SEVEN, CONSISTENT),
        (3, THREE, -7, SEVEN, CONSISTENT),
        (7, SEVEN, 3, THREE, CONSISTENT),
        (7, SEVEN, 3, THREE, []),
        (HUGE, THREE, 7, SEVEN, CONSISTENT),
        (3, THREE, HUGE, SEVEN, CONSISTENT),
        (3, THREE, MAX_SIZE, SEVEN, CONSISTENT),
        (3, THREE, MAX_SIZE + 1, SEVEN, CONSISTENT),
        (3, THREE, 7, SEVEN, []),
        (4, tree_hash(LEAVES[:4]), 7, SEVEN, []),
        (3, THREE, 7, SEVEN, CONSISTENT[:-1]),
        (3, THREE, 7, SEVEN, CONSISTENT[1:]),
        (3, THREE, 7, SEVEN, [*CONSISTENT, SEVEN]),
        (3, THREE, 7, SEVEN, CONSISTENT * 1000),
        (3, THREE, 7, SEVEN, CONSISTENT[::-1]),
        (3, THREE, 7, SEVEN, [CONSISTENT[0][:31], *CONSISTENT[1:]]),
        (3, THREE, 7, SEVEN, [CONSISTENT[0].hex(), *CONSISTENT[1:]]),
        (3, THREE, 7, SEVEN, b"".join(CONSISTENT)),
        (3, SEVEN, 7, SEVEN, CONSISTENT),
        (3, THREE, 7, THREE, CONSISTENT),
        (3, b"", 7, SEVEN, CONSISTENT),
        (3, THREE, 7, b"", CONSISTENT),
        (3, None, 7, SEVEN, CONSISTENT),
        (True, THREE, 7, SEVEN, CONSISTENT),
        (3.0, THREE, 7, SEVEN, CONSISTENT),
        (3, THREE, None, SEVEN, CONSISTENT),
        (7, SEVEN, 7, THREE, []),
        (7, SEVEN, 7, SEVEN, CONSISTENT),
        (0, THREE, 7, SEVEN, []),
        (0, EMPTY_ROOT, 7, SEVEN, CONSISTENT),
        (0, EMPTY_ROOT, 7, b"no root", []),
        (0, THREE, 0, THREE, []),
        (0, EMPTY_ROOT, 0, THREE, []),
        (0, EMPTY_ROOT, 0, EMPTY_ROOT, [EMPTY_ROOT]),
    ],
    ids=named,
)
def test_a_consistency_proof_is_refused_when_a_part_of_it_is_not_as_it_must_be(
    old, old_root, new, new_root, proof
):
    verify_consistency(3, THREE, 7, SEVEN, CONSISTENT)

    with pytest.raises(PithError) as caught:
        verify_consistency(old, old_root, new, new_root, proof)
    assert caught.value.code == "ledger-proof"
    assert len(str(caught.value)) < 300


def test_a_tree_extends_itself_and_the_empty_one_without_a_proof():
    verify_consistency(7, SEVEN, 7, SEVEN, [])
    verify_consistency(0, EMPTY_ROOT, 0, EMPTY_ROOT, [])
    verify_consistency(0, EMPTY_ROOT, 7, SEVEN, [])


@pytest.mark.parametrize(
    ("make", "part", "size"),
    [(inclusion_proof, index, size) for index, size in [(7, 7), (-1, 7), (0, 0), (HUGE, 7)]]
    + [(consistency_proof, old, new) for old, new in [(8, 7), (-1, 7), (HUGE, HUGE), (0, HUGE)]],
    ids=named,
)
def test_no_proof_is_made_of_a_leaf_or_a_tree_that_is_not_there(make, part, size):
    with pytest.raises(PithError) as caught:
        make(part, size, TREE.node)
    assert caught.value.code == "ledger-proof"


def test_a_proof_made_for_the_purpose_does_not_climb_above_the_root():
    a, b, c, d, over = LEAVES[:5]
    old, new = node_hash(node_hash(a, b), c), node_hash(node_hash(a, b), node_hash(c, d))
    above = [node_hash(over, one) for one in (old, new)]

    verify_consistency(3, old, 4, new, [c, d, node_hash(a, b)])
    assert refuses(verify_consistency, 3, above[0], 4, above[1], [c, d, node_hash(a, b), over])
    assert refuses(verify_consistency, 3, a, 2, node_hash(a, b), [a, b])
    assert refuses(verify_inclusion, b, 0, 1, [a], node_hash(a, b))


def test_a_node_does_not_pass_for_an_entry():
    assert leaf_hash(OTHER + OTHER) != node_hash(OTHER, OTHER)
