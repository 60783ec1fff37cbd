"""The proof that an entry is in a ledger, as a file: C2SP's tlog-proof.

A line that names the format, the index, the inclusion proof, an empty line, the signed checkpoint.
Verifiers of other transparency logs read it.

Source: docs/reference/ledger-format.md, "Proof file"; C2SP tlog-proof.
"""

import base64
import binascii
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from pith_agent.errors import LedgerProofError, UnknownLedgerError
from pith_agent.protocol.checkpoint import (
    MAX_NOTE_BYTES,
    Checkpoint,
    NoteKey,
    claimed_checkpoint,
    open_checkpoint,
)
from pith_agent.protocol.merkle import HASH_BYTES, leaf_hash, verify_inclusion

FORMAT = "c2sp.org/tlog-proof@v1"
MAX_HASHES = 64
"""Levels of the largest tree, and one more."""
MAX_PROOF_BYTES = MAX_NOTE_BYTES + (16 << 10)

_INDEX = re.compile("index (0|[1-9][0-9]{0,18})")


@dataclass(frozen=True, slots=True)
class TlogProof:
    """Where an entry is, and what leads from it to a checkpoint. Nothing of it is proved."""

    index: int
    hashes: tuple[bytes, ...]
    """32 bytes each, the entry's sibling first."""
    checkpoint: bytes
    """A signed note."""

    @classmethod
    def parse(cls, data: bytes) -> Self:
        """Read a proof file. Total: hostile bytes raise the error below.

        Raises:
            LedgerProofError: It is none. Whether its checkpoint is one is not looked at here.
        """
        if len(data) > MAX_PROOF_BYTES:
            raise LedgerProofError("The proof is longer than 80 KiB.")
        top, divider, checkpoint = data.partition(b"\n\n")
        try:
            lines = top.decode("ascii").split("\n")
        except UnicodeDecodeError as error:
            raise LedgerProofError("The proof is not ASCII.") from error
        if not divider or lines[0] != FORMAT:
            raise LedgerProofError(f"The proof does not begin with {FORMAT}.")
        lines = lines[1:]
        if lines and lines[0].startswith("extra "):
            lines = lines[1:]  # Not authenticated, so it says nothing.
        found = _INDEX.fullmatch(lines[0]) if lines else None
        if found is None or len(lines) > 1 + MAX_HASHES:
            raise LedgerProofError("The proof states no index, or has too many hashes.")
        return cls(int(found[1]), tuple(map(_hash, lines[1:])), checkpoint)

    def dump(self) -> bytes:
        """The proof as a file."""
        hashes = "".join(f"{base64.b64encode(one).decode('ascii')}\n" for one in self.hashes)
        return f"{FORMAT}\nindex {self.index}\n{hashes}\n".encode("ascii") + self.checkpoint

    def verify(self, leaf: bytes, keys: Iterable[NoteKey]) -> Checkpoint:
        """Check that the ledger of one of `keys` has the entry `leaf`, and return its checkpoint.

        Args:
            leaf: The entry's bytes, which are not taken from the proof.
            keys: The keys of the ledgers that the caller trusts.

        Raises:
            CheckpointError: The checkpoint is none.
            CheckpointSignatureError: A signature that names one of the keys does not hold.
            UnknownLedgerError: The proof leads to the checkpoint, which none of the keys signed.
            LedgerProofError: The entry is not at that place in that ledger.
        """
        try:
            checkpoint = open_checkpoint(self.checkpoint, keys)
        except UnknownLedgerError:
            # Whoever signed it, a proof that does not lead to it is none.
            self._require_leads(leaf, claimed_checkpoint(self.checkpoint)[0])
            raise
        self._require_leads(leaf, checkpoint)
        return checkpoint

    def _require_leads(self, leaf: bytes, head: Checkpoint) -> None:
        verify_inclusion(leaf_hash(leaf), self.index, head.size, self.hashes, head.root)


def _hash(line: str) -> bytes:
    try:
        raw = base64.b64decode(line, validate=True)
    except (binascii.Error, ValueError) as error:
        raise LedgerProofError("A hash of the proof is not base64.") from error
    if len(raw) != HASH_BYTES or base64.b64encode(raw).decode("ascii") != line:
        raise LedgerProofError("A hash of the proof is not 32 bytes in their one spelling.")
    return raw
