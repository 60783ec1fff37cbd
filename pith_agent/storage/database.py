"""One SQLite file, opened so that several threads and processes may share it."""

import os
import sqlite3
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Self

from pith_agent.errors import StoreDamagedError, StoreUnavailableError

Row = sqlite3.Row
Connection = sqlite3.Connection

BUSY_MILLISECONDS = 10_000
"""How long to wait for another process, unless told otherwise."""

BUSY_PAUSE = 0.005
"""Seconds between two attempts where SQLite does not wait by itself."""

_DAMAGED = ("malformed", "not a database", "no such table", "no such column", "disk image")


class Database:
    """A connection, a lock, and the translation of SQLite's errors into ours."""

    def __init__(
        self,
        path: Path | None,
        schema: str,
        *,
        durable: bool,
        busy_milliseconds: int = BUSY_MILLISECONDS,
    ) -> None:
        """Open `path`, or memory if it is `None`, and create what is missing.

        Args:
            path: The file.
            schema: The statements that create what a new file holds.
            durable: Make each commit reach the disk before it returns.
            busy_milliseconds: How long to wait while another process holds the file.

        Raises:
            StoreUnavailableError: The file cannot be opened or created.
            StoreDamagedError: The file is no database of ours.
        """
        if path is not None:
            try:
                path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise StoreUnavailableError(f"{path} cannot be opened: {error}.") from error
        self._connect(path, str(path or ":memory:"), busy_milliseconds)
        try:
            with self._translated():
                self._prepare(schema, durable=durable)
        except BaseException:
            self._connection.close()
            raise

    @classmethod
    def reading(cls, path: Path) -> Self | None:
        """An existing file, opened for reading; `None` while there is none, or nothing in it.

        Raises:
            StoreUnavailableError: The file cannot be opened.
            StoreDamagedError: The file is no database.
        """
        if not os.path.lexists(path):
            return None
        log = path.with_name(f"{path.name}-wal")
        # Where no write-ahead log is, none can be needed, and a read-only directory can have none.
        still = not os.access(path.parent, os.W_OK) and not log.exists()
        made = cls.__new__(cls)
        uri = f"{path.absolute().as_uri()}?{'immutable=1' if still else 'mode=ro'}"
        made._connect(path, uri, BUSY_MILLISECONDS)
        try:
            made._connection.row_factory = sqlite3.Row
            if made.read("SELECT 1 FROM sqlite_master LIMIT 1"):
                return made
        except BaseException:
            made.close()
            raise
        made.close()
        return None

    def _connect(self, path: Path | None, name: str, busy_milliseconds: int) -> None:
        self.path = path
        self._busy_milliseconds = busy_milliseconds
        self._lock = threading.RLock()
        try:
            self._connection = sqlite3.connect(
                name,
                timeout=busy_milliseconds / 1000,
                isolation_level=None,
                check_same_thread=False,
                uri=name.startswith("file:"),
            )
        except (OSError, sqlite3.Error) as error:
            raise StoreUnavailableError(f"{path} cannot be opened: {error}.") from error

    def _prepare(self, schema: str, *, durable: bool) -> None:
        self._connection.row_factory = sqlite3.Row
        self._connection.execute(f"PRAGMA busy_timeout = {self._busy_milliseconds}")
        self._use_write_ahead_log()
        self._connection.execute(f"PRAGMA synchronous = {'FULL' if durable else 'NORMAL'}")
        self._create(schema)

    def _use_write_ahead_log(self) -> None:
        """Switch to the write-ahead log, for whose lock SQLite does not wait by itself."""
        end = time.monotonic() + self._busy_milliseconds / 1000
        while True:
            try:
                self._connection.execute("PRAGMA journal_mode = WAL")
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                    raise
                time.sleep(BUSY_PAUSE)
            else:
                return

    def _create(self, schema: str) -> None:
        if self._connection.execute("SELECT 1 FROM sqlite_master").fetchone():
            return
        # Looked for again under the lock: another process may have been first.
        with self.transaction() as connection:
            if not connection.execute("SELECT 1 FROM sqlite_master").fetchone():
                for statement in _statements(schema):
                    connection.execute(statement)

    def read(self, sql: str, *values: object) -> list[sqlite3.Row]:
        """All rows of a query."""
        with self._lock, self._translated():
            return self._connection.execute(sql, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """A write that is done whole or not at all."""
        with self._lock, self._translated():
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
                self._connection.execute("COMMIT")
            except BaseException:
                # On a full disk SQLite may have rolled back already.
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the file; the object is of no use afterwards."""
        with self._lock:
            self._connection.close()

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if any(word in str(error) for word in _DAMAGED):
                raise StoreDamagedError(f"{self.path} is damaged: {error}.") from error
            raise StoreUnavailableError(f"{self.path} cannot be used: {error}.") from error


def _statements(schema: str) -> Iterator[str]:
    """The statements of a schema; `executescript` would commit before the first."""
    statement = ""
    for line in schema.splitlines(keepends=True):
        statement += line
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
