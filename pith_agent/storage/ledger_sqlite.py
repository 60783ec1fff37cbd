"""A ledger in one SQLite file, which several processes may share."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from pith_agent.errors import StoreDamagedError, StoreUnavailableError
from pith_agent.protocol.merkle import Frontier, Node, root
from pith_agent.storage.database import Connection, Database, Row
from pith_agent.storage.ledger_backend import StoredEntry

VERSION = 1
"""Of the schema: `PRAGMA user_version`. Version 0 had entries and no tree."""

_ENTRIES = """
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

_TREE = (
    """
CREATE TABLE nodes (
    level INTEGER NOT NULL,
    place INTEGER NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (level, place)
) WITHOUT ROWID;
""",
    """
CREATE TRIGGER no_node_replace BEFORE INSERT ON nodes
WHEN EXISTS (SELECT 1 FROM nodes WHERE level = NEW.level AND place = NEW.place)
BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
""",
    """
CREATE TRIGGER no_node_update BEFORE UPDATE ON nodes
BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
""",
    """
CREATE TRIGGER no_node_delete BEFORE DELETE ON nodes
BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
""",
    """
CREATE TABLE checkpoint (only_one INTEGER PRIMARY KEY CHECK (only_one = 0), note BLOB NOT NULL);
""",
    f"PRAGMA user_version = {VERSION};\n",
)

SCHEMA = _ENTRIES + "".join(_TREE)

_COLUMNS = "idx, leaf, leaf_hash, payload_sha256, logged_at"


class SqliteBackend:
    """The first `LedgerBackend`."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._writing: Connection
        self._tree = _version(database) > 0

    @classmethod
    def open(cls, path: Path) -> Self:
        """Open a ledger for writing, begin one, or bring one of version 0 up to date.

        Raises:
            StoreUnavailableError: The file cannot be written, or is of a newer version.
            StoreDamagedError: The file is no ledger.
        """
        database = Database(path, SCHEMA, durable=True)
        try:
            if _version(database) < VERSION:
                _upgrade(database)
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
        if note is not None:
            self._writing.execute("INSERT OR REPLACE INTO checkpoint VALUES (0, ?)", (note,))

    def size(self) -> int:
        """See `LedgerBackend`."""
        # Not COUNT, which reads the whole index.
        rows = self._database.read("SELECT COALESCE(MAX(idx) + 1, 0) FROM entries")
        return int(rows[0][0])

    def find(self, name: str) -> StoredEntry | None:
        """See `LedgerBackend`."""
        rows = self._database.read(f"SELECT {_COLUMNS} FROM entries WHERE payload_sha256 = ?", name)
        return _entry(rows[0]) if rows else None

    def read(self, start: int, limit: int) -> list[StoredEntry]:
        """See `LedgerBackend`."""
        sql = f"SELECT {_COLUMNS} FROM entries WHERE idx >= ? ORDER BY idx LIMIT ?"
        return [_entry(row) for row in self._database.read(sql, start, limit)]

    def complete(self, start: str, limit: int) -> tuple[list[str], int]:
        """See `LedgerBackend`."""
        rows = self._database.read(
            "SELECT payload_sha256 AS name, COUNT(*) OVER () AS total FROM entries"
            " WHERE substr(name, 1, length(?1)) = ?1 ORDER BY idx DESC LIMIT ?2",
            start,
            limit,
        )
        return [row["name"] for row in rows], rows[0]["total"] if rows else 0

    def node(self, level: int, place: int) -> bytes:
        """See `LedgerBackend`."""
        if level == 0:
            rows = self._database.read("SELECT leaf_hash FROM entries WHERE idx = ?", place)
        elif self._has_tree():
            sql = "SELECT hash FROM nodes WHERE level = ? AND place = ?"
            rows = self._database.read(sql, level, place)
        else:
            return self._computed(level, place)
        if not rows or not isinstance(rows[0][0], bytes):
            raise StoreDamagedError(f"Node {level}.{place} of the ledger's tree is missing.")
        return rows[0][0]

    def note(self) -> bytes | None:
        """See `LedgerBackend`."""
        if not self._has_tree():
            return None
        rows = self._database.read("SELECT CAST(note AS BLOB) FROM checkpoint")
        return bytes(rows[0][0]) if rows else None

    def close(self) -> None:
        """See `LedgerBackend`."""
        self._database.close()

    def _has_tree(self) -> bool:
        # Asked again while there is none: another process may bring the ledger up to date.
        self._tree = self._tree or _version(self._database) > 0
        return self._tree

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


def _version(database: Database) -> int:
    version = int(database.read("PRAGMA user_version")[0][0])
    if version > VERSION:
        raise StoreUnavailableError(
            f"{database.path} is a ledger of version {version}; {VERSION} is the newest known.",
            hint="Upgrade pith-agent.",
        )
    return version


def _upgrade(database: Database) -> None:
    """Add the tree to a ledger that has entries only, in one transaction."""
    with database.transaction() as connection:
        if _version(database) == VERSION:
            return  # Another process was first.
        rows = connection.execute("SELECT idx, leaf_hash FROM entries ORDER BY idx")
        frontier, nodes = Frontier(), []
        for index, hashed in rows:
            if index != frontier.size or not isinstance(hashed, bytes):
                raise StoreDamagedError(f"Entry {frontier.size} of the ledger is missing.")
            nodes += [node for node in frontier.append(hashed) if node.level]
        for statement in _TREE:
            connection.execute(statement)
        connection.executemany("INSERT INTO nodes VALUES (?, ?, ?)", nodes)


def _entry(row: Row) -> StoredEntry:
    return StoredEntry(*row)
