"""The tables of a ledger in SQLite, and how those of older versions are brought up to date."""

from collections.abc import Iterator

from pith_agent.errors import StoreDamagedError, StoreUnavailableError
from pith_agent.protocol.merkle import Frontier, Node
from pith_agent.storage.database import Connection, Database
from pith_agent.storage.ledger_entry import spoken_of_in

VERSION = 3
"""Of the schema: `PRAGMA user_version`. Version 0 had entries only, version 1 entries and tree.
Up to version 2 a ledger took one entry of each statement, whoever signed it later."""

TREE_SINCE = 1
SPOKEN_SINCE = 2
SEVERAL_SINCE = 3

_TABLE = """
CREATE TABLE entries (
    idx INTEGER PRIMARY KEY,
    leaf BLOB NOT NULL,
    leaf_hash BLOB NOT NULL UNIQUE,
    payload_sha256 TEXT NOT NULL,
    logged_at TEXT NOT NULL
);
"""

_AROUND = (
    """
CREATE INDEX entries_by_name ON entries (payload_sha256);
""",
    """
CREATE TRIGGER no_replace BEFORE INSERT ON entries
WHEN EXISTS (
    SELECT 1 FROM entries WHERE idx = NEW.idx OR leaf_hash = NEW.leaf_hash
)
BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
""",
    """
CREATE TRIGGER no_update BEFORE UPDATE ON entries
BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
""",
    """
CREATE TRIGGER no_delete BEFORE DELETE ON entries
BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
""",
)

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
)

_SPOKEN = (
    """
CREATE TABLE spoken_of (
    payload_sha256 TEXT NOT NULL,
    idx INTEGER NOT NULL,
    PRIMARY KEY (payload_sha256, idx)
) WITHOUT ROWID;
""",
    """
CREATE TRIGGER no_spoken_update BEFORE UPDATE ON spoken_of
BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
""",
    """
CREATE TRIGGER no_spoken_delete BEFORE DELETE ON spoken_of
BEGIN SELECT RAISE(ABORT, 'the ledger only grows'); END;
""",
)

_MARK = f"PRAGMA user_version = {VERSION};\n"

SCHEMA = "".join((_TABLE, *_AROUND, *_TREE, *_SPOKEN, _MARK))


def version_of(database: Database) -> int:
    """The version of the tables.

    Raises:
        StoreUnavailableError: It is newer than this program.
    """
    version = int(database.read("PRAGMA user_version")[0][0])
    if version > VERSION:
        raise StoreUnavailableError(
            f"{database.path} is a ledger of version {version}; {VERSION} is the newest known.",
            hint="Upgrade pith-agent.",
        )
    return version


def upgrade(database: Database) -> None:
    """Add what an older version had not, in one transaction.

    Raises:
        StoreDamagedError: An entry is missing.
    """
    with database.transaction() as connection:
        # Asked under the lock: another process may have been first.
        version = version_of(database)
        if version < TREE_SINCE:
            nodes = list(_nodes(connection))
            for statement in _TREE:
                connection.execute(statement)
            connection.executemany("INSERT INTO nodes VALUES (?, ?, ?)", nodes)
        if version < SPOKEN_SINCE:
            for statement in _SPOKEN:
                connection.execute(statement)
            rows = connection.execute("SELECT idx, leaf FROM entries ORDER BY idx")
            spoken = ((name, index) for index, leaf in rows for name in spoken_of_in(leaf))
            connection.executemany("INSERT INTO spoken_of VALUES (?, ?)", list(spoken))
        if version < SEVERAL_SINCE:
            connection.execute("ALTER TABLE entries RENAME TO older")
            connection.execute(_TABLE)
            connection.execute("INSERT INTO entries SELECT * FROM older ORDER BY idx")
            connection.execute("DROP TABLE older")  # With the triggers and the index on it.
            for statement in _AROUND:
                connection.execute(statement)
        connection.execute(_MARK)


def _nodes(connection: Connection) -> Iterator[Node]:
    frontier = Frontier()
    for index, hashed in connection.execute("SELECT idx, leaf_hash FROM entries ORDER BY idx"):
        if index != frontier.size or not isinstance(hashed, bytes):
            raise StoreDamagedError(f"Entry {frontier.size} of the ledger is missing.")
        yield from (node for node in frontier.append(hashed) if node.level)
