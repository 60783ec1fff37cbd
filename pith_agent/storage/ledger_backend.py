"""What a ledger needs of the storage that it is kept in.

A storage keeps what it is given, whole or not at all, and gives it back. What is written, and
whether what is read is still what was written, is the business of `storage/ledger.py`.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Protocol

from pith_agent.protocol.merkle import Node


@dataclass(frozen=True, slots=True)
class StoredEntry:
    """An entry as it is stored. Read back, nothing of it is believed yet."""

    index: int
    leaf: bytes
    """Canonical bytes of the envelope."""
    leaf_hash: bytes
    """32 bytes."""
    name: str
    """SHA-256 of the payload, 64 hex digits. Entries with other signatures may have the same."""
    logged_at: str
    """RFC 3339, UTC."""
    speaks_of: frozenset[str] = field(default=frozenset(), compare=False)
    """Names of the citations that this entry retracts or takes the place of. Told when it is
    written, for `speaking_of`; empty when it is read back."""


class LedgerBackend(Protocol):
    """Where entries, nodes of the tree and the last checkpoint are kept.

    Every method may raise `StoreUnavailableError` or `StoreDamagedError`, and no other error of
    its own. Threads share one object; other processes may use the same storage.
    """

    def transaction(self) -> AbstractContextManager[None]:
        """What is written inside is on the disk at the end, or nothing of it is.

        Only one at a time, of all processes; inside it, one's own writes are read.
        """

    def write(
        self, entries: Sequence[StoredEntry], nodes: Iterable[Node], note: bytes | None
    ) -> None:
        """Add entries and nodes, and exchange the checkpoint unless `note` is `None`.

        Called inside a transaction.

        Raises:
            StoreUnavailableError: An entry of that index or leaf is there already.
        """

    def size(self) -> int:
        """How many entries."""

    def find(self, name: str) -> list[StoredEntry]:
        """The entries of that name, in order."""

    def read(self, start: int, limit: int) -> list[StoredEntry]:
        """Entries from index `start`, in order, at most `limit`."""

    def speaking_of(self, name: str) -> list[StoredEntry]:
        """The entries that were written as speaking of that name, in order.

        Found by an index, or the like: it is asked for each citation that is verified.
        """

    def complete(self, start: str, limit: int) -> tuple[list[str], int]:
        """The newest names that begin with `start`, at most `limit`; how many there are.

        A name that several entries have is one, as new as the last of them.
        """

    def node(self, level: int, place: int) -> bytes:
        """The hash of a complete subtree; level 0 is the hashes of the entries.

        Raises:
            StoreDamagedError: It is not there.
        """

    def note(self) -> bytes | None:
        """The last checkpoint that was written, a signed note."""

    def close(self) -> None:
        """Close the storage."""
