"""The ledger: signed citations, appended and never changed.

An entry is on the disk before its citation is handed out. Leaves are hashed as in RFC 6962,
so that a tree can be built over them.
"""

import hashlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from pith_agent.errors import NotFoundError, StoreDamagedError, StoreUnavailableError
from pith_agent.protocol.citation import Envelope
from pith_agent.storage.database import Database, Row

SCHEMA = """
CREATE TABLE entries (
    idx INTEGER PRIMARY KEY,
    leaf BLOB NOT NULL,
    leaf_hash BLOB NOT NULL,
    payload_sha256 TEXT NOT NULL UNIQUE,
    logged_at TEXT NOT NULL
);
CREATE TRIGGER no_replace BEFORE INSERT ON entries
WHEN EXISTS (
    SELECT 1 FROM entries WHERE idx = NEW.idx OR payload_sha256 = NEW.payload_sha256
)
BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
CREATE TRIGGER no_update BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
CREATE TRIGGER no_delete BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
"""


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


class Ledger:
    """An append-only list of envelopes in one file; several processes may append."""

    def __init__(self, path: Path, database: Database | None = None) -> None:
        self._path = path
        self._database = database
        self._lock = threading.Lock()

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open the ledger, or begin one.

        Raises:
            StoreUnavailableError: The file cannot be opened or written.
            StoreDamagedError: The file is no ledger.
        """
        return cls(path, Database(path, SCHEMA, durable=True))

    @classmethod
    def reading(cls, path: Path) -> Self:
        """The ledger for reading: nothing is created, and one that is not there yet is empty."""
        return cls(path)

    def append(self, envelopes: list[Envelope]) -> list[int]:
        """Write envelopes, all or none, and return their indexes once they are on the disk.

        Raises:
            StoreUnavailableError: The disk is full or read-only, or the ledger was opened for
                reading; nothing was written.
        """
        database = self._opened()
        if database is None:
            raise StoreUnavailableError(f"{self._path} is opened for reading only.")
        with database.transaction() as connection:
            # Read under the lock, so that times do not run backwards between processes.
            now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
            row = connection.execute("SELECT COALESCE(MAX(idx) + 1, 0) FROM entries").fetchone()
            first = int(row[0])
            for index, envelope in enumerate(envelopes, first):
                leaf = envelope.canonical()
                digest = hashlib.sha256(envelope.payload_bytes).hexdigest()
                connection.execute(
                    "INSERT INTO entries VALUES (?, ?, ?, ?, ?)",
                    (index, leaf, _leaf_hash(leaf), digest, now),
                )
        return list(range(first, first + len(envelopes)))

    def get(self, citation_id: str) -> Entry | None:
        """The entry with that citation id, or `None`.

        Raises:
            StoreDamagedError: The entry is not what was written.
        """
        if not citation_id.isascii():
            return None  # SQLite could not be given half of a surrogate pair.
        rows = self._rows(
            "SELECT * FROM entries WHERE payload_sha256 = ?", citation_id.removeprefix("pcite:")
        )
        return _entry(*rows[0]) if rows else None

    def require(self, citation_id: str) -> Entry:
        """The entry with that citation id.

        Raises:
            NotFoundError: There is none.
            StoreDamagedError: The entry is not what was written.
        """
        entry = self.get(citation_id)
        if entry is None:
            raise NotFoundError(
                f"The ledger of this machine has no citation {citation_id!a:.90}.",
                hint="Give the envelope itself, or an id from the list of citations.",
            )
        return entry

    def complete(self, start: str, limit: int) -> tuple[list[str], int]:
        """The newest citation ids that begin with `start`, at most `limit`; how many there are."""
        rows = self._rows(
            "SELECT 'pcite:' || payload_sha256 AS name, COUNT(*) OVER () AS total FROM entries"
            " WHERE substr(name, 1, length(?1)) = ?1 ORDER BY idx DESC LIMIT ?2",
            start,
            limit,
        )
        return [row["name"] for row in rows], rows[0]["total"] if rows else 0

    def entries(self, start: int = 0, limit: int = 1000) -> Iterator[Entry]:
        """Entries from index `start`, in order."""
        rows = self._rows("SELECT * FROM entries WHERE idx >= ? ORDER BY idx LIMIT ?", start, limit)
        for expected, row in enumerate(rows, start):
            if row["idx"] != expected:
                raise StoreDamagedError(f"Entry {expected} of the ledger is missing.")
            yield _entry(*row)

    def __len__(self) -> int:
        rows = self._rows("SELECT COUNT(*) FROM entries")
        return int(rows[0][0]) if rows else 0

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            if self._database is not None:
                self._database.close()

    def _rows(self, sql: str, *values: object) -> list[Row]:
        database = self._opened()
        return database.read(sql, *values) if database else []

    def _opened(self) -> Database | None:
        """The file, opened for reading as soon as another ledger has begun it."""
        with self._lock:
            if self._database is None:
                self._database = Database.reading(self._path)
            return self._database


def _leaf_hash(leaf: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + leaf).digest()


def _entry(index: int, leaf: bytes, leaf_hash: bytes, digest: str, logged_at: str) -> Entry:
    try:
        intact = isinstance(leaf, bytes) and _leaf_hash(leaf) == leaf_hash
        envelope = Envelope.model_validate_json(leaf) if intact else None
        name = hashlib.sha256(envelope.payload_bytes).hexdigest() if envelope else ""
    except ValueError:
        envelope = None
    if envelope is None:
        raise StoreDamagedError(f"Entry {index} of the ledger is not what was written.")
    if name != digest:
        raise StoreDamagedError(f"Entry {index} of the ledger has another name than its content.")
    return Entry(index, envelope, logged_at)
