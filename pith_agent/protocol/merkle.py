"""The Merkle tree over the entries of a ledger, as in RFC 6962: roots and proofs.

A tree of n leaves has a complete subtree, or node, `(level, place)` for each run of `2**level`
leaves from leaf `place * 2**level` that is full. A node never changes once it is there. A storage
keeps all of them, level 0 being the leaf hashes; above it there are fewer nodes than leaves. A
root or a proof is then read from at most two nodes a level, however many leaves there are.

Hashes are 32 bytes, SHA-256.

Source: docs/reference/ledger-format.md.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import reduce
from typing import NamedTuple, Self, TypeAlias

from pith_agent.errors import LedgerProofError

HASH_BYTES = 32
MAX_SIZE = 2**63 - 1
"""Entries in a ledger: the largest integer that every storage and reader can hold."""

EMPTY_ROOT = hashlib.sha256(b"").digest()

ReadNode: TypeAlias = Callable[[int, int], bytes]
"""The hash of the complete subtree at `(level, place)`. It is asked for none that is not full."""


class Node(NamedTuple):
    """A complete subtree, over the leaves from `place << level` to `(place + 1) << level`."""

    level: int
    place: int
    """Its index in the level: `index` itself is a method of tuples."""
    hash: bytes


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of an entry's bytes."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two subtrees. Its prefix keeps a node from passing for a leaf."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """What must be kept of a tree so that it can grow: one hash for each bit set in its size.

    It changes as it grows. After a transaction that failed, read it anew.
    """

    __slots__ = ("_peaks", "size")

    def __init__(self) -> None:
        self._peaks: list[bytes] = []
        self.size: int = 0

    @classmethod
    def read(cls, size: int, node: ReadNode) -> Self:
        """The frontier of a stored tree of `size` leaves."""
        found = cls()
        found._peaks = _peaks(0, size, node)
        found.size = size
        return found

    def append(self, leaf: bytes) -> list[Node]:
        """Add a leaf hash, and return the nodes that it completes: its own first, then upwards."""
        place, made = self.size, [Node(0, self.size, leaf)]
        while place & 1:
            place >>= 1
            made.append(Node(len(made), place, node_hash(self._peaks.pop(), made[-1].hash)))
        self._peaks.append(made[-1].hash)
        self.size += 1
        return made

    def root(self) -> bytes:
        """The root of the tree as it is now."""
        return _join(self._peaks)


class Tree:
    """A tree in memory, with all its nodes."""

    __slots__ = ("_frontier", "_levels")

    def __init__(self, leaf_hashes: Iterable[bytes] = ()) -> None:
        self._frontier = Frontier()
        self._levels: list[list[bytes]] = []
        for leaf in leaf_hashes:
            self.append(leaf)

    def append(self, leaf: bytes) -> None:
        """Add a leaf hash."""
        for level, _, made in self._frontier.append(leaf):
            if level == len(self._levels):
                self._levels.append([])
            self._levels[level].append(made)

    def node(self, level: int, place: int) -> bytes:
        """The hash of a complete subtree: what proofs read."""
        return self._levels[level][place]

    def root(self) -> bytes:
        """The root of the tree as it is now."""
        return self._frontier.root()

    def __len__(self) -> int:
        return self._frontier.size


def root(leaf_hashes: Iterable[bytes]) -> bytes:
    """The root over leaf hashes, in O(log n) memory."""
    frontier = Frontier()
    for leaf in leaf_hashes:
        frontier.append(leaf)
    return frontier.root()


def root_at(size: int, node: ReadNode) -> bytes:
    """The root that a stored tree had when it was `size` leaves long."""
    return _join(_peaks(0, size, node))


def inclusion_proof(index: int, size: int, node: ReadNode) -> list[bytes]:
    """The proof that leaf `index` is in the tree of `size` leaves, the leaf's sibling first.

    Source: RFC 9162, 2.1.3.1.

    Raises:
        LedgerProofError: There is no such leaf in a tree of that size.
    """
    if not 0 <= index < size <= MAX_SIZE:
        raise LedgerProofError(f"A ledger of {_shown(size)} entries has no entry {_shown(index)}.")
    proof, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_join(_peaks(middle, end, node)))
            end = middle
        else:
            proof.append(_join(_peaks(start, middle, node)))
            start = middle
    return proof[::-1]


def consistency_proof(old: int, new: int, node: ReadNode) -> list[bytes]:
    """The proof that the tree of `new` leaves begins with that of `old` leaves.

    It is empty when the sizes are the same, and when `old` is 0: every tree extends the empty one.

    Source: RFC 9162, 2.1.4.1.

    Raises:
        LedgerProofError: `old` is larger than `new`, or one of them is no size.
    """
    if not 0 <= old <= new <= MAX_SIZE:
        raise LedgerProofError(
            f"A ledger of {_shown(new)} entries does not extend one of {_shown(old)}."
        )
    if old == 0:
        return []
    proof, start, end = [], 0, new
    while end != old:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(_join(_peaks(middle, end, node)))
            end = middle
        else:
            proof.append(_join(_peaks(start, middle, node)))
            start = middle
    if start:
        # Else the verifier has this hash already: it is the old root.
        proof.append(_join(_peaks(start, end, node)))
    return proof[::-1]


def verify_inclusion(
    leaf: bytes, index: int, size: int, proof: Sequence[bytes], expected: bytes
) -> None:
    """Check that the leaf hash `leaf` is at `index` in the tree of `size` leaves.

    Total: whatever the values, it returns or raises `LedgerProofError`.

    Args:
        leaf: Hash of the entry, made by the caller from the entry itself.
        index, size: The place of the entry; the size that the checkpoint states.
        proof: As `inclusion_proof` gives it.
        expected: The root that the checkpoint states.

    Source:
        RFC 9162, 2.1.3.2.
    """
    _require_size(size)
    _require_size(index)
    if index >= size:
        raise LedgerProofError(f"A ledger of {size} entries has no entry {index}.")
    _require_hashes((leaf, *proof))
    place, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise LedgerProofError("The proof has more hashes than the tree has levels.")
        if place & 1 or place == last:
            found = node_hash(sibling, found)
            place, last = _skip(place, last)
        else:
            found = node_hash(found, sibling)
        place, last = place >> 1, last >> 1
    if last:
        raise LedgerProofError("The proof has fewer hashes than the tree has levels.")
    if found != expected:
        raise LedgerProofError("The proof does not lead from the entry to the root.")


def verify_consistency(
    old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> None:
    """Check that the tree with `new_root` begins with the leaves of the one with `old_root`.

    Total: whatever the values, it returns or raises `LedgerProofError`. Every tree extends the
    empty one; the proof of that is empty.

    Source: RFC 9162, 2.1.4.2.
    """
    _require_size(old_size)
    _require_size(new_size)
    if old_size > new_size:
        raise LedgerProofError(f"A ledger of {new_size} entries does not extend one of {old_size}.")
    if old_size == 0 and old_root != EMPTY_ROOT:
        raise LedgerProofError("An empty ledger has another root.")
    if old_size == new_size and old_root != new_root:
        raise LedgerProofError("Two ledgers of one size have different roots.")
    if old_size in (0, new_size):
        # Nothing is computed here, so nothing else would notice a new root that is no hash.
        _require_hashes((new_root,) if old_size < new_size else ())
        if len(proof):
            raise LedgerProofError("There is nothing to prove, and the proof is not empty.")
        return
    _require_hashes(proof)
    found_old, found_new = _consistent_roots(old_size, new_size, proof, old_root)
    if found_old != old_root:
        raise LedgerProofError("The proof does not lead to the old root.")
    if found_new != new_root:
        raise LedgerProofError("The proof does not lead to the new root.")


def _consistent_roots(
    old_size: int, new_size: int, proof: Sequence[bytes], old_root: bytes
) -> tuple[bytes, bytes]:
    place, last = old_size - 1, new_size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    # An old tree that is complete is a node of the new one: its root is left out of the proof.
    hashes = [old_root, *proof] if place == 0 else list(proof)
    if not proof:
        raise LedgerProofError("The proof is empty, and the ledger has grown.")
    old = new = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            raise LedgerProofError("The proof has more hashes than the tree has levels.")
        if place & 1 or place == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            place, last = _skip(place, last)
        else:
            new = node_hash(new, sibling)
        place, last = place >> 1, last >> 1
    if last:
        raise LedgerProofError("The proof has fewer hashes than the tree has levels.")
    return old, new


def _skip(place: int, last: int) -> tuple[int, int]:
    """Pass the levels at which the right edge of the tree has no sibling."""
    while place and not place & 1:
        place, last = place >> 1, last >> 1
    return place, last


def _split(count: int) -> int:
    """The largest power of two below `count`, which is 2 or more."""
    return 1 << ((count - 1).bit_length() - 1)


def _runs(start: int, end: int) -> Iterator[tuple[int, int]]:
    """Level and place of the nodes that make up leaves `start` to `end`, from the left.

    The start must be one at which RFC 6962 splits: 0, or a multiple of the first node's leaves.
    """
    while start < end:
        level = (end - start).bit_length() - 1
        yield level, start >> level
        start += 1 << level


def _peaks(start: int, end: int, node: ReadNode) -> list[bytes]:
    return [node(level, place) for level, place in _runs(start, end)]


def _join(peaks: list[bytes]) -> bytes:
    if not peaks:
        return EMPTY_ROOT
    return reduce(lambda right, left: node_hash(left, right), reversed(peaks))


def _require_size(size: object) -> None:
    # bool is an int, and true in a document is no size.
    if type(size) is not int or not 0 <= size <= MAX_SIZE:
        raise LedgerProofError("The proof states a size or an index that no ledger has.")


def _require_hashes(hashes: Sequence[object]) -> None:
    if not all(isinstance(one, bytes) and len(one) == HASH_BYTES for one in hashes):
        raise LedgerProofError("The proof holds something that is no hash.")


def _shown(number: int) -> str:
    # The caller's own numbers, of which Python would refuse to print the largest.
    return str(number) if -MAX_SIZE <= number <= MAX_SIZE else "that many"
