"""A ledger in one SQLite file, which several processes may share."""

import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from pith_agent.errors import StoreDamagedError
from pith_agent.protocol.merkle import Node, root
from pith_agent.storage.database import Connection, Database, Row
from pith_agent.storage.ledger_backend import StoredEntry
from pith_agent.storage.ledger_entry import spoken_of_in
from pith_agent.storage.ledger_schema import (
    SCHEMA,
    SPOKEN_SINCE,
    TREE_SINCE,
    VERSION,
    upgrade,
    version_of,
)

_COLUMNS = "idx, leaf, leaf_hash, payload_sha256, logged_at"


class SqliteBackend:
    """The first `LedgerBackend`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writing: Connection
        self._version = version_of(database)
        self._lock = threading.Lock()
        self._scanned = 0
        self._spoken: dict[str, list[int]] = {}

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a ledger for writing, begin one, or bring an older one up to date.

        Raises:
            StoreUnavailableError: The file cannot be written, or is of a newer version.
            StoreDamagedError: The file is no ledger.
        """
        database = Database(path, SCHEMA, durable=True)
        try:
            if version_of(database) < VERSION:
                upgrade(database)
            return cls(database)
        except BaseException:
            database.close()
            raise

    @classmethod
    def reading(cls, path: Path) -> Self | None:
        """An existing ledger for reading; `None` while there is none.

        Raises:
            StoreUnavailableError: The file cannot be opened, or is of a newer version.
            StoreDamagedError: The file is no database.
        """
        database = Database.reading(path)
        if database is None:
            return None
        try:
            return cls(database)
        except BaseException:
            database.close()
            raise

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """See `LedgerBackend`."""
        with self._database.transaction() as connection:
            self._writing = connection
            yield

    def write(
        self, entries: Sequence[StoredEntry], nodes: Iterable[Node], note: bytes | None
    ) -> None:
        """See `LedgerBackend`."""
        rows = ((e.index, e.leaf, e.leaf_hash, e.name, e.logged_at) for e in entries)
        self._writing.executemany("INSERT INTO entries VALUES (?, ?, ?, ?, ?)", rows)
        # Level 0 is in `entries`.
        above = (node for node in nodes if node.level)
        self._writing.executemany("INSERT INTO nodes VALUES (?, ?, ?)", above)
        spoken = ((name, entry.index) for entry in entries for name in entry.speaks_of)
        self._writing.executemany("INSERT INTO spoken_of VALUES (?, ?)", spoken)
        if note is not None:
            self._writing.execute("INSERT OR REPLACE INTO checkpoint VALUES (0, ?)", (note,))

    def size(self) -> int:
        """See `LedgerBackend`."""
        # Not COUNT, which reads the whole index.
        rows = self._database.read("SELECT COALESCE(MAX(idx) + 1, 0) FROM entries")
        return int(rows[0][0])

    def find(self, name: str) -> list[StoredEntry]:
        """See `LedgerBackend`."""
        sql = f"SELECT {_COLUMNS} FROM entries WHERE payload_sha256 = ? ORDER BY idx"
        return [_entry(row) for row in self._database.read(sql, name)]

    def read(self, start: int, limit: int) -> list[StoredEntry]:
        """See `LedgerBackend`."""
        sql = f"SELECT {_COLUMNS} FROM entries WHERE idx >= ? ORDER BY idx LIMIT ?"
        return [_entry(row) for row in self._database.read(sql, start, limit)]

    def speaking_of(self, name: str) -> list[StoredEntry]:
        """See `LedgerBackend`."""
        if self._is_of(SPOKEN_SINCE):
            sql = (
                f"SELECT {_COLUMNS} FROM entries WHERE idx IN"
                " (SELECT idx FROM spoken_of WHERE payload_sha256 = ?) ORDER BY idx"
            )
            return [_entry(row) for row in self._database.read(sql, name)]
        return [entry for index in self._scan(name) for entry in self.read(index, 1)]

    def complete(self, start: str, limit: int) -> tuple[list[str], int]:
        """See `LedgerBackend`."""
        rows = self._database.read(
            "SELECT payload_sha256 AS name, COUNT(*) OVER () AS total FROM entries"
            " WHERE substr(name, 1, length(?1)) = ?1 GROUP BY name ORDER BY MAX(idx) DESC LIMIT ?2",
            start,
            limit,
        )
        return [row["name"] for row in rows], rows[0]["total"] if rows else 0

    def node(self, level: int, place: int) -> bytes:
        """See `LedgerBackend`."""
        if level == 0:
            rows = self._database.read("SELECT leaf_hash FROM entries WHERE idx = ?", place)
        elif self._is_of(TREE_SINCE):
            sql = "SELECT hash FROM nodes WHERE level = ? AND place = ?"
            rows = self._database.read(sql, level, place)
        else:
            return self._computed(level, place)
        if not rows or not isinstance(rows[0][0], bytes):
            raise StoreDamagedError(f"Node {level}.{place} of the ledger's tree is missing.")
        return rows[0][0]

    def note(self) -> bytes | None:
        """See `LedgerBackend`."""
        if not self._is_of(TREE_SINCE):
            return None
        rows = self._database.read("SELECT CAST(note AS BLOB) FROM checkpoint")
        return bytes(rows[0][0]) if rows else None

    def close(self) -> None:
        """See `LedgerBackend`."""
        self._database.close()

    def _is_of(self, version: int) -> bool:
        # Asked again while it is older: another process may bring the ledger up to date.
        if self._version < version:
            self._version = version_of(self._database)
        return self._version >= version

    def _scan(self, name: str) -> list[int]:
        """The entries that speak of a citation, in an older ledger that may not be written."""
        with self._lock:
            while rows := self._database.read(
                "SELECT idx, leaf FROM entries WHERE idx >= ? ORDER BY idx LIMIT 1000",
                self._scanned,
            ):
                for index, leaf in rows:
                    for other in spoken_of_in(leaf):
                        self._spoken.setdefault(other, []).append(index)
                    self._scanned = index + 1
            return self._spoken.get(name, [])

    def _computed(self, level: int, place: int) -> bytes:
        """A node of a ledger of version 0 that may not be written: the root over its leaves."""
        rows = self._database.read(
            "SELECT leaf_hash FROM entries WHERE idx >= ? AND idx < ? ORDER BY idx",
            place << level,
            (place + 1) << level,
        )
        if len(rows) != 1 << level:
            raise StoreDamagedError(f"Entries below {(place + 1) << level} of the ledger lack.")
        return root(bytes(row[0]) for row in rows)


def _entry(row: Row) -> StoredEntry:
    return StoredEntry(*row)
