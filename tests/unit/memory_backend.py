"""A second storage of ledgers: lists in memory. It shows how much a backend is."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from pith_agent.errors import StoreDamagedError, StoreUnavailableError
from pith_agent.storage.ledger_backend import StoredEntry


class MemoryBackend:
    """A `LedgerBackend` for one process, which forgets at its end."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._entries: list[StoredEntry] = []
        self._nodes: dict[tuple[int, int], bytes] = {}
        self._note: bytes | None = None

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._lock:
            before = self._entries.copy(), self._nodes.copy(), self._note
            try:
                yield
            except BaseException:
                self._entries, self._nodes, self._note = before
                raise

    def write(self, entries, nodes, note) -> None:
        leaves = {entry.leaf for entry in self._entries}
        for entry in entries:
            if entry.index != len(self._entries) or entry.leaf in leaves:
                raise StoreUnavailableError("The ledger only grows.")
            leaves.add(entry.leaf)
            self._entries.append(entry)
        for level, place, made in nodes:
            self._nodes[level, place] = made
        self._note = self._note if note is None else note

    def size(self) -> int:
        with self._lock:
            return len(self._entries)

    def find(self, name: str) -> list[StoredEntry]:
        with self._lock:
            return [entry for entry in self._entries if entry.name == name]

    def read(self, start: int, limit: int) -> list[StoredEntry]:
        with self._lock:
            return self._entries[start : start + limit]

    def speaking_of(self, name: str) -> list[StoredEntry]:
        with self._lock:
            return [entry for entry in self._entries if name in entry.speaks_of]

    def complete(self, start: str, limit: int) -> tuple[list[str], int]:
        with self._lock:
            found = (e.name for e in reversed(self._entries) if e.name.startswith(start))
            names = list(dict.fromkeys(found))
        return names[:limit], len(names)

    def node(self, level: int, place: int) -> bytes:
        with self._lock:
            if (level, place) not in self._nodes:
                raise StoreDamagedError(f"Node {level}.{place} is missing.")
            return self._nodes[level, place]

    def note(self) -> bytes | None:
        with self._lock:
            return self._note

    def close(self) -> None:
        """There is nothing to close."""
