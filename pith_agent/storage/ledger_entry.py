"""An entry of a ledger: envelope → what is stored, and back."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pith_agent.errors import StoreDamagedError
from pith_agent.protocol.citation import Envelope
from pith_agent.protocol.merkle import Frontier, Node, leaf_hash
from pith_agent.protocol.moment import time_text
from pith_agent.protocol.retraction import spoken_of
from pith_agent.storage.ledger_backend import StoredEntry


@dataclass(frozen=True, slots=True)
class Entry:
    """One signed citation and its place."""

    index: int
    """From 0, without gaps."""
    envelope: Envelope
    logged_at: str
    """When this machine wrote it: RFC 3339, UTC."""

    @property
    def citation_id(self) -> str:
        """`pcite:` and SHA-256 of the signed payload."""
        return self.envelope.citation_id


def grown(tree: Frontier, envelopes: Sequence[Envelope]) -> tuple[list[StoredEntry], list[Node]]:
    """Append envelopes to the tree; their entries, and the nodes that they complete."""
    # Read under the lock, so that times do not run backwards between processes.
    now = time_text(datetime.now(UTC))
    entries: list[StoredEntry] = []
    nodes: list[Node] = []
    for envelope in envelopes:
        leaf, index, payload = envelope.canonical(), tree.size, envelope.payload_bytes
        name = hashlib.sha256(payload).hexdigest()
        nodes += tree.append(leaf_hash(leaf))
        entries.append(StoredEntry(index, leaf, leaf_hash(leaf), name, now, spoken_of(payload)))
    return entries, nodes


def spoken_of_in(leaf: object) -> frozenset[str]:
    """Names of the citations that a stored entry speaks of. Total: a damaged one speaks of none."""
    if not isinstance(leaf, bytes):
        return frozenset()
    try:
        return spoken_of(Envelope.model_validate_json(leaf).payload_bytes)
    except ValueError:
        return frozenset()


def read_entry(stored: StoredEntry) -> Entry:
    """What was stored, compared with its own hash and name.

    Raises:
        StoreDamagedError: It is not what was written.
    """
    leaf, index = stored.leaf, stored.index
    try:
        intact = isinstance(leaf, bytes) and leaf_hash(leaf) == stored.leaf_hash
        envelope = Envelope.model_validate_json(leaf) if intact else None
        name = hashlib.sha256(envelope.payload_bytes).hexdigest() if envelope else ""
    except ValueError:
        envelope = None
    if envelope is None:
        raise StoreDamagedError(f"Entry {index} of the ledger is not what was written.")
    if name != stored.name:
        raise StoreDamagedError(f"Entry {index} of the ledger has another name than its content.")
    return Entry(index, envelope, stored.logged_at)
