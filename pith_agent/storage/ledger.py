"""The ledger: signed citations, appended and never changed.

An entry is on the disk before its citation is handed out. A tree over the entries (RFC 6962) and
a signed checkpoint of it are written with them; the checkpoint is pinned outside the storage too.

Source: docs/reference/ledger-format.md.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Self

from pith_agent.errors import (
    LedgerProofError,
    NotFoundError,
    StoreDamagedError,
    StoreUnavailableError,
)
from pith_agent.protocol.checkpoint import Checkpoint, claimed_checkpoint, sign_checkpoint
from pith_agent.protocol.citation import ID_START, CitationKey, Envelope
from pith_agent.protocol.merkle import Frontier, root_at
from pith_agent.protocol.retraction import spoken_of
from pith_agent.protocol.tlog_proof import TlogProof
from pith_agent.storage.ledger_backend import LedgerBackend
from pith_agent.storage.ledger_entry import Entry, grown, read_entry
from pith_agent.storage.ledger_head import PinnedHead, Publics, no_keys
from pith_agent.storage.ledger_sqlite import SqliteBackend
from pith_agent.storage.ledger_tree import require_extends, require_in_tree

PAGE = 100
"""Entries that are read at once. One may have 1 MiB."""

Sign = Callable[[str | None, Frontier], bytes]
"""The name of the ledger, if it has one, and its tree → the checkpoint, a signed note."""


class Ledger:
    """An append-only list of envelopes; several threads and processes may append.

    When it is opened, it must extend the pinned head and the checkpoint that it holds itself.
    """

    def __init__(
        self, reach: Callable[[], LedgerBackend | None], head: PinnedHead, *, writable: bool
    ) -> None:
        """Use a storage.

        Args:
            reach: Opens the storage; `None` while there is none.
            head: Where the head is pinned.
            writable: Whether entries may be appended.
        """
        self._reach = reach
        self._head = head
        self._writable = writable
        self._backend: LedgerBackend | None = None
        self._lock = threading.Lock()

    @classmethod
    def open(cls, path: Path, publics: Publics = no_keys) -> Self:
        """Open the ledger, or begin one.

        Raises:
            StoreUnavailableError: The file cannot be opened or written, or is of a newer version.
            StoreDamagedError: The file is no ledger.
            LedgerRollbackError, LedgerForkError: It does not extend what was pinned.
            CheckpointError, CheckpointSignatureError: What was pinned is no head of this machine's.
        """
        return cls.over(lambda: SqliteBackend.open(path), _head(path, publics))

    @classmethod
    def over(cls, reach: Callable[[], LedgerBackend], head: PinnedHead) -> Self:
        """Open the ledger in any storage.

        Raises:
            CitationError, StorageError: As `open`.
        """
        ledger = cls(reach, head, writable=True)
        ledger._bring_head_forward()
        return ledger

    @classmethod
    def reading(cls, path: Path, publics: Publics = no_keys) -> Self:
        """The ledger for reading: nothing is created, and one that is not there yet is empty.

        It is opened when it is first asked; see `open` for what may be wrong with it then.
        """
        return cls(lambda: SqliteBackend.reading(path), _head(path, publics), writable=False)

    def append(self, envelopes: Sequence[Envelope], key: CitationKey | None = None) -> list[int]:
        """Write envelopes, all or none, and return their indexes once they are on the disk.

        Args:
            envelopes: In the order in which they are numbered.
            key: Signs the new checkpoint. Without it, the last one stays and covers less.

        Raises:
            StoreUnavailableError: The disk is full or read-only, or the ledger was opened for
                reading; nothing was written.
            LedgerRollbackError, LedgerForkError: The ledger is not what was pinned.
        """
        self._to_write()
        if not envelopes:
            return []
        size = self._extend([envelopes], None if key is None else partial(_signed, key))
        return list(range(size - len(envelopes), size))

    def follow(self, batches: Iterable[Sequence[Envelope]], note: bytes) -> None:
        """Append what another ledger has appended, if that leads to the checkpoint in `note`.

        Args:
            batches: All entries that are new, in order.
            note: The other ledger's checkpoint. Its signature was checked by the caller.

        Raises:
            LedgerProofError: The entries do not lead to the checkpoint; nothing was written.
            StorageError, CitationError: As `append`.
        """
        checkpoint, _ = claimed_checkpoint(note)

        def reached(origin: str | None, tree: Frontier) -> bytes:
            if (tree.size, tree.root()) != (checkpoint.size, checkpoint.root):
                raise LedgerProofError("The entries do not lead to the checkpoint.")
            return note

        self._extend(batches, reached)

    def sign_head(self, key: CitationKey) -> bytes:
        """Sign a checkpoint of all entries, and keep it as the last one.

        Raises:
            StorageError, CitationError: As `append`.
        """
        self._extend([], partial(_signed, key))
        note = self._to_write().note()
        if note is None:
            raise StoreDamagedError("The checkpoint that was written is not there.")
        return note

    def head(self) -> bytes | None:
        """The last checkpoint, a signed note; `None` if there is none, or it lacks an entry."""
        backend = self._opened()
        note = backend.note() if backend else None
        if backend is None or note is None:
            return None
        return note if self._head.opened(note).size == backend.size() else None

    def last(self) -> Checkpoint | None:
        """What the last checkpoint says; `None` for a ledger without one, or without entries.

        Other processes may have appended since.
        """
        backend = self._opened()
        note = backend.note() if backend else None
        checkpoint = claimed_checkpoint(note)[0] if note else None
        return checkpoint if checkpoint and checkpoint.size else None

    def get(self, citation_id: str) -> Entry | None:
        """The newest entry with that citation id, or `None`: it has the signatures added last.

        Raises:
            StoreDamagedError, LedgerForkError: As `all_of`.
        """
        return next(reversed(self.all_of(citation_id)), None)

    def all_of(self, citation_id: str) -> list[Entry]:
        """The entries with that citation id, in order: each is the statement with other signatures.

        Raises:
            StoreDamagedError: An entry is not what was written.
            LedgerForkError: An entry is not the one that the tree was made of.
        """
        backend = self._opened()
        if backend is None or not citation_id.isascii():
            return []  # SQLite could not be given half of a surrogate pair.
        found = backend.find(citation_id.removeprefix(ID_START))
        entries = [read_entry(stored) for stored in found]
        size = backend.size() if found else 0
        root = root_at(size, backend.node)
        for stored in found:
            require_in_tree(backend, stored, size, root)
        return entries

    def holding(self, envelope: Envelope) -> Entry | None:
        """The newest entry that an envelope was made from: as it is, or with fewer signatures.

        Raises:
            StoreDamagedError, LedgerForkError: As `all_of`.
        """
        for entry in reversed(self.all_of(envelope.citation_id)):
            signatures = entry.envelope.signatures
            if signatures == envelope.signatures[: len(signatures)]:
                return entry
        return None

    def about(self, citation_id: str) -> list[Entry]:
        """The entries that retract a citation, or take its place, in order.

        Whether they may is not judged: anybody may have signed them.

        Raises:
            StoreDamagedError, LedgerForkError: As `get`.
        """
        backend = self._opened()
        if backend is None or not citation_id.isascii():
            return []
        name = citation_id.removeprefix(ID_START)
        found = backend.speaking_of(name)
        entries = [read_entry(stored) for stored in found]
        size = backend.size() if found else 0
        root = root_at(size, backend.node)
        for stored, entry in zip(found, entries, strict=True):
            require_in_tree(backend, stored, size, root)
            if name not in spoken_of(entry.envelope.payload_bytes):
                raise StoreDamagedError(f"Entry {entry.index} of the ledger speaks of another.")
        return entries

    def require(self, citation_id: str) -> Entry:
        """The entry with that citation id.

        Raises:
            NotFoundError: There is none.
            StoreDamagedError, LedgerForkError: As `get`.
        """
        entry = self.get(citation_id)
        if entry is None:
            raise NotFoundError(
                f"The ledger of this machine has no citation {citation_id!a:.90}.",
                hint="Give the envelope itself, or an id from the list of citations.",
            )
        return entry

    def prove(self, citation_id: str) -> TlogProof:
        """The proof of the newest entry with that citation id; see `prove_entry`.

        Raises:
            NotFoundError: It is not in the ledger.
            LedgerProofError, StoreDamagedError, LedgerForkError: As `prove_entry`.
        """
        return self.prove_entry(self.require(citation_id))

    def prove_entry(self, entry: Entry) -> TlogProof:
        """The proof that an entry is in the ledger of the last checkpoint.

        Raises:
            LedgerProofError: It is newer than the last checkpoint.
            StoreDamagedError, LedgerForkError: As `get`.
        """
        index = entry.index
        backend = self._opened()
        note = backend.note() if backend else None
        checkpoint = self._head.opened(note) if note else None
        if backend is None or note is None or checkpoint is None or index >= checkpoint.size:
            raise LedgerProofError(
                f"Entry {index} of the ledger is newer than the last checkpoint.",
                hint="Run 'pith-agent citations checkpoint', and ask again.",
            )
        stored = backend.read(index, 1)[0]
        hashes = require_in_tree(backend, stored, checkpoint.size, checkpoint.root)
        return TlogProof(index, hashes, note)

    def complete(self, start: str, limit: int) -> tuple[list[str], int]:
        """The newest citation ids that begin with `start`, at most `limit`; how many there are."""
        backend = self._opened()
        if backend is None or not (start.startswith(ID_START) or ID_START.startswith(start)):
            return [], 0
        names, total = backend.complete(start.removeprefix(ID_START[: len(start)]), limit)
        return [f"{ID_START}{name}" for name in names], total

    def entries(self, start: int = 0, limit: int = 1000) -> Iterator[Entry]:
        """Entries from index `start`, in order. Each is compared with its hash, not with the tree.

        Raises:
            StoreDamagedError: One is missing, or is not what was written.
        """
        backend = self._opened()
        end = start + limit
        while backend is not None and start < end:
            page = backend.read(start, min(PAGE, end - start))
            for index, stored in enumerate(page, start):
                if stored.index != index:
                    raise StoreDamagedError(f"Entry {index} of the ledger is missing.")
                yield read_entry(stored)
            start += len(page)
            if not page:
                return

    def node(self, level: int, place: int) -> bytes:
        """The hash of a complete subtree: what proofs are made of."""
        backend = self._opened()
        if backend is None:
            raise StoreDamagedError("There is no ledger yet.")
        return backend.node(level, place)

    def __len__(self) -> int:
        backend = self._opened()
        return backend.size() if backend else 0

    def close(self) -> None:
        """Close the storage."""
        with self._lock:
            if self._backend is not None:
                self._backend.close()

    def _to_write(self) -> LedgerBackend:
        backend = self._opened()
        if backend is None or not self._writable:
            raise StoreUnavailableError(f"{self._head.path.stem} is opened for reading only.")
        return backend

    def _extend(self, batches: Iterable[Sequence[Envelope]], sign: Sign | None) -> int:
        """Write envelopes in one transaction; the size of the ledger afterwards."""
        backend = self._to_write()
        with self._head.moving() as stage, backend.transaction():
            origin, tree = self._state(backend)
            for envelopes in batches:
                backend.write(*grown(tree, envelopes), None)
            if sign is not None:
                note = sign(origin, tree)
                backend.write((), (), note)
                stage(note)
        return tree.size

    def _opened(self) -> LedgerBackend | None:
        """The storage, opened for reading as soon as another ledger has begun it."""
        with self._lock:
            if self._backend is None and (backend := self._checked()) is not None:
                self._backend = backend
            return self._backend

    def _checked(self) -> LedgerBackend | None:
        # Read first: another process may append meanwhile, and the storage may only be ahead.
        pinned = self._head.read()
        backend = self._reach()
        if backend is None:
            if pinned is not None and pinned.size:
                require_extends(Checkpoint(pinned.origin, 0, Frontier().root()), pinned, None)
            return None
        try:
            self._require_known(backend, pinned)
        except BaseException:
            backend.close()
            raise
        return backend

    def _require_known(self, backend: LedgerBackend, pinned: Checkpoint | None) -> str | None:
        """See that the storage extends all that is known of it; the name of the ledger, if any."""
        note = backend.note()
        known = [one for one in (pinned, self._head.opened(note) if note else None) if one]
        if not known:
            return None
        size = backend.size()
        # The storage says itself which ledger it is, if it can: another one was put in its place.
        now = Checkpoint(known[-1].origin, size, root_at(size, backend.node))
        for one in known:
            require_extends(now, one, backend)
        return now.origin

    def _state(self, backend: LedgerBackend) -> tuple[str | None, Frontier]:
        """The name of the ledger, if it has one, and its tree, inside a transaction."""
        origin = self._require_known(backend, self._head.read())
        return origin, Frontier.read(backend.size(), backend.node)

    def _bring_head_forward(self) -> None:
        """Pin the last checkpoint of a ledger that was written, and whose writer then crashed."""
        backend = self._opened()
        if backend is None or (note := backend.note()) is None:
            return
        pinned, own = self._head.read(), self._head.opened(note)
        if pinned is None or pinned.size < own.size:
            with self._head.moving() as stage, backend.transaction():
                self._state(backend)
                stage(backend.note() or note)


def _head(path: Path, publics: Publics) -> PinnedHead:
    return PinnedHead(path.with_suffix(".head"), publics)


def _signed(key: CitationKey, origin: str | None, tree: Frontier) -> bytes:
    signer = key.checkpoint_key(origin)
    return sign_checkpoint(Checkpoint(signer.origin, tree.size, tree.root()), signer)
