"""Properties of trees and of checkpoints, against a list, and against whatever is sent."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith_agent.errors import (
    CheckpointError,
    CheckpointSignatureError,
    LedgerForkError,
    LedgerProofError,
    LedgerRollbackError,
    UnknownLedgerError,
)
from pith_agent.protocol.checkpoint import (
    Checkpoint,
    CheckpointKey,
    advances,
    open_checkpoint,
    open_note,
    sign_checkpoint,
)
from pith_agent.protocol.merkle import (
    MAX_SIZE,
    Frontier,
    Tree,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root,
    root_at,
    verify_consistency,
    verify_inclusion,
)
from tests.properties.strategies import ANY_TEXT, JSON, QUICK

KEY = CheckpointKey(hashlib.sha256(b"properties").digest())
LEAVES = [leaf_hash(b"%d" % n) for n in range(300)]
TREE = Tree(LEAVES)
HASHES = st.binary(min_size=32, max_size=32)
SIZES = st.integers(0, len(LEAVES))
PAIRS = st.tuples(SIZES, SIZES).map(sorted)
TEXTS = st.lists(
    st.sampled_from(["\n", "\n\n", "— ", " ", "7", "AAAA", KEY.origin, "DSSEv1", "\x00", "é"])
    | ANY_TEXT,
    max_size=12,
).map("".join)


def tampered(draw, proof: list[bytes]) -> list[bytes]:
    """The proof with one thing changed: a bit, a hash too many or too few, or the order."""
    kind = draw(st.sampled_from(["flip", "drop", "insert", "swap"] if proof else ["insert"]))
    place = draw(st.integers(0, len(proof) - (kind != "insert")))
    changed = list(proof)
    if kind == "flip":
        one = bytearray(changed[place])
        one[draw(st.integers(0, 31))] ^= 1 << draw(st.integers(0, 7))
        changed[place] = bytes(one)
    elif kind == "drop":
        del changed[place]
    elif kind == "insert":
        changed.insert(place, draw(st.sampled_from(LEAVES) | HASHES))
    else:
        other = draw(st.integers(0, len(proof) - 1))
        changed[place], changed[other] = changed[other], changed[place]
    return changed


@QUICK
@given(st.lists(HASHES, max_size=70), st.lists(HASHES, max_size=70))
def test_a_tree_that_grows_extends_what_it_was(before, after):
    frontier = Frontier()
    for leaf in before:
        frontier.append(leaf)
    old = frontier.root()
    tree = Tree([*before, *after])

    assert old == root(before) == root_at(len(before), tree.node)
    proof = consistency_proof(len(before), len(tree), tree.node)
    verify_consistency(len(before), old, len(tree), tree.root(), proof)


@QUICK
@given(st.data())
def test_an_inclusion_proof_that_was_changed_does_not_hold(data):
    size = data.draw(st.integers(1, len(LEAVES)))
    index = data.draw(st.integers(0, size - 1))
    expected = root_at(size, TREE.node)
    proof = inclusion_proof(index, size, TREE.node)
    changed = tampered(data.draw, proof)

    verify_inclusion(LEAVES[index], index, size, proof, expected)
    if changed != proof:
        with pytest.raises(LedgerProofError):
            verify_inclusion(LEAVES[index], index, size, changed, expected)


@QUICK
@given(st.data(), PAIRS)
def test_a_consistency_proof_that_was_changed_does_not_hold(data, sizes):
    old, new = sizes
    roots = [root_at(size, TREE.node) for size in sizes]
    proof = consistency_proof(old, new, TREE.node)
    changed = tampered(data.draw, proof)

    verify_consistency(old, roots[0], new, roots[1], proof)
    if changed != proof:
        with pytest.raises(LedgerProofError):
            verify_consistency(old, roots[0], new, roots[1], changed)


@QUICK
@given(PAIRS, st.data())
def test_a_ledger_of_which_one_entry_was_rewritten_does_not_advance(sizes, data):
    old, new = sizes
    if old == 0:
        return
    rewritten = list(LEAVES[:new])
    rewritten[data.draw(st.integers(0, old - 1))] = leaf_hash(b"rewritten")
    other = Tree(rewritten)
    pinned = Checkpoint("origin", old, root_at(old, TREE.node))

    advances(
        pinned,
        Checkpoint("origin", new, root_at(new, TREE.node)),
        consistency_proof(old, new, TREE.node),
    )
    for source in (TREE, other):
        with pytest.raises(LedgerForkError):
            advances(
                pinned,
                Checkpoint("origin", new, other.root()),
                consistency_proof(old, new, source.node),
            )
    if old < new:
        with pytest.raises(LedgerRollbackError):
            advances(Checkpoint("origin", new, other.root()), pinned, [])


ANYTHING = st.lists(HASHES | st.binary(max_size=40) | JSON, max_size=70)
NUMBERS = st.integers() | st.integers(-2, 300) | st.integers(MAX_SIZE - 2, MAX_SIZE + 2)


@QUICK
@given(HASHES | st.binary(), NUMBERS, NUMBERS, ANYTHING, HASHES)
def test_verifying_answers_whatever_is_sent(leaf, one, other, proof, expected):
    with pytest.raises(LedgerProofError):
        verify_inclusion(leaf, one, other, proof, expected)
    try:
        verify_consistency(one, leaf, other, expected, proof)
    except LedgerProofError:
        return
    assert one == other
    assert leaf == expected


@QUICK
@given(st.builds(lambda text: text.encode("utf-8", "surrogatepass"), TEXTS) | st.binary())
def test_a_note_is_opened_or_refused_whatever_is_sent(data):
    with pytest.raises((CheckpointError, CheckpointSignatureError, UnknownLedgerError)):
        open_note(data, [KEY.verifier])


@QUICK
@given(TEXTS)
def test_a_checkpoint_that_is_read_is_written_as_it_was(text):
    try:
        found = Checkpoint.parse(text)
    except CheckpointError:
        return
    assert found.text() == text


@QUICK
@given(st.integers(0, MAX_SIZE), HASHES, st.lists(ANY_TEXT, max_size=3))
def test_a_checkpoint_that_is_signed_is_read_back(size, top, extensions):
    try:
        made = Checkpoint(KEY.origin, size, top, tuple(extensions))
    except CheckpointError:
        return
    assert open_checkpoint(sign_checkpoint(made, KEY), [KEY.verifier]) == made
