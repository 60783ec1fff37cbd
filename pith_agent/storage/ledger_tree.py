"""What is stored of a ledger, held against its tree and against what was known of it."""

from pith_agent.errors import LedgerForkError, LedgerProofError
from pith_agent.protocol.checkpoint import Checkpoint, advances
from pith_agent.protocol.merkle import (
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    verify_inclusion,
)
from pith_agent.storage.ledger_backend import LedgerBackend, StoredEntry


def require_extends(now: Checkpoint, known: Checkpoint, backend: LedgerBackend | None) -> None:
    """See that a ledger as it is now has all that was known of it, in the same order.

    Args:
        now: What the storage holds.
        known: What was known before.
        backend: The storage; `None` if there is none.

    Raises:
        LedgerRollbackError, LedgerForkError: It has not.
    """
    proof = []
    if backend is not None and known.size < now.size:
        proof = consistency_proof(known.size, now.size, backend.node)
    advances(known, now, proof)


def require_in_tree(
    backend: LedgerBackend, stored: StoredEntry, size: int, expected: bytes
) -> tuple[bytes, ...]:
    """The proof that an entry is in the tree of `size` entries and root `expected`.

    Raises:
        LedgerForkError: It is not the one that the tree was made of.
    """
    hashes = inclusion_proof(stored.index, size, backend.node)
    try:
        verify_inclusion(leaf_hash(stored.leaf), stored.index, size, hashes, expected)
    except LedgerProofError as error:
        raise LedgerForkError(
            f"Entry {stored.index} of the ledger is not the one that its tree was made of."
        ) from error
    return tuple(hashes)
