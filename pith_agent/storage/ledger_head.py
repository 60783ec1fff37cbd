"""The pinned head: the last checkpoint of a ledger, in a file beside it.

Who cuts the ledger short, exchanges it or restores an old copy has to change this file too.

The ledger is written first and the head after it. So a head never names what the ledger does not
have: after a crash it is behind, and the next writer brings it forward.

Source: docs/reference/ledger-format.md, "Pinned head".
"""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

from pith_agent.errors import (
    CheckpointError,
    SigningKeyError,
    StoreDamagedError,
    StoreUnavailableError,
)
from pith_agent.protocol.checkpoint import (
    MAX_NOTE_BYTES,
    Checkpoint,
    NoteKey,
    claimed_checkpoint,
    open_checkpoint,
)
from pith_agent.storage.private_file import staged, writing_in

Publics = Callable[[], Iterable[bytes]]
"""The raw public keys of this machine. They are asked for when a head is read."""

Stage = Callable[[bytes], None]
"""Puts the next head on the disk, where nobody looks for it yet."""


def no_keys() -> Iterable[bytes]:
    """The public keys of a machine that has none."""
    return ()


class PinnedHead:
    """The file `NAME.head` beside the ledger `NAME.sqlite3`, mode 0600."""

    def __init__(self, path: Path, publics: Publics = no_keys) -> None:
        """Say where the head is.

        Args:
            path: The file; it need not be there.
            publics: The keys whose signatures on a head must hold.
        """
        self.path = path
        self._publics = publics
        self._last: tuple[bytes, Checkpoint] | None = None

    def read(self) -> Checkpoint | None:
        """The head, or `None` where there is none.

        Raises:
            CheckpointError: The file holds something else.
            CheckpointSignatureError: It names a key of this machine, which did not sign it.
            StoreUnavailableError: It cannot be read.
        """
        try:
            with self.path.open("rb") as file:
                note = file.read(MAX_NOTE_BYTES + 1)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            raise StoreUnavailableError(f"{self.path} cannot be read: {error}.") from error
        last = self._last
        if last is not None and last[0] == note:
            return last[1]
        try:
            head = self.opened(note)
        except CheckpointError as error:
            raise CheckpointError(f"{self.path}: {error.message}") from error
        self._last = note, head
        return head

    def opened(self, note: bytes) -> Checkpoint:
        """The checkpoint in a note that this machine kept.

        One by another key is read too. Several keys may sign one ledger, and a machine that only
        reads has none of them; what the note says is compared with the ledger in any case.

        Raises:
            CheckpointError: The bytes are no checkpoint.
            CheckpointSignatureError: It names a key of this machine, which did not sign it.
        """
        checkpoint, named = claimed_checkpoint(note)
        # An unusable key file or list of keys hinders signing, and not reading.
        with suppress(SigningKeyError, StoreDamagedError):
            keys = [NoteKey(checkpoint.origin, public) for public in self._publics()]
            if any((key.name, key.key_id) in named for key in keys):
                return open_checkpoint(note, keys)
        return checkpoint

    @contextmanager
    def moving(self) -> Iterator[Stage]:
        """Hold the head against other writers, and exchange it at the end.

        What is staged is on the disk before the ledger is written, so that a full disk is noticed
        while nothing was. If the body raises, the head stays as it was.

        Raises:
            StoreUnavailableError: The directory cannot be written.
        """
        with writing_in(self.path.parent), ExitStack() as stack:
            ready: list[Path] = []
            yield lambda note: ready.append(stack.enter_context(staged(self.path.parent, note)))
            for path in ready:
                # The entries are in the ledger by now, so this is no time to fail: a head that
                # stays behind is as good as one after a crash. For the same reason the directory
                # is not put on the disk here.
                with suppress(OSError):
                    os.replace(path, self.path)
