"""Ledgers that are checked: which keys to check them with, proofs, exports of others."""

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from pith_agent.client import Client
from pith_agent.desk import known_signers
from pith_agent.errors import NotFoundError
from pith_agent.inclusion import keys_of, ledger_keys
from pith_agent.protocol.checkpoint import (
    Checkpoint,
    NoteKey,
    advances,
    claimed_checkpoint,
    open_checkpoint,
)
from pith_agent.protocol.merkle import consistency_proof, root_at
from pith_agent.settings import Settings
from pith_agent.storage.ledger import Ledger
from pith_agent.storage.ledger_export import (
    ExportFile,
    Imported,
    foreign_ledgers,
    foreign_path,
    import_ledger,
)


def own_keys(client: Client) -> list[NoteKey]:
    """The keys of this machine under the name of its ledger: after a rotation they are several."""
    return keys_of(client.ledger, known_signers(client.settings))


@contextmanager
def ledger_of(client: Client, origin: str | None) -> Iterator[Ledger]:
    """This machine's ledger, or the one of that name that was imported.

    Raises:
        NotFoundError: None of that name was imported.
    """
    if origin is None:
        yield client.ledger
        return
    path = foreign_path(foreign_directory(client.settings), origin)
    if not path.exists():
        raise NotFoundError(
            f"No ledger named {origin!a:.90} was imported.",
            hint="Import its export with 'pith-agent citations import'.",
        )
    with closing(Ledger.reading(path)) as ledger:
        yield ledger


def foreign_directory(settings: Settings) -> Path:
    """Where the ledgers of others are kept, apart from this machine's."""
    return foreign_ledgers(settings.home)


def extension(
    client: Client, ledger: Ledger, note: bytes, kept: bytes, named: Iterable[NoteKey] = ()
) -> tuple[Checkpoint, list[bytes]]:
    """Check that a ledger has all that it had when a checkpoint of it was kept elsewhere.

    Args:
        client: Says which keys are trusted.
        ledger: The ledger as it is now.
        note: Its signed head.
        kept: The checkpoint of then, a C2SP signed note.
        named: Keys of ledgers to trust beside those of `ledger_keys`.

    Returns:
        The checkpoint of then, and the consistency proof (RFC 6962) from it to the head.

    Raises:
        CheckpointError, UnknownLedgerError: `kept` is none that a trusted key signed.
        LedgerRollbackError: Entries that were there are gone.
        LedgerForkError: It is another ledger, or one with another history.
    """
    keys = ledger_keys(client.ledger, known_signers(client.settings), named)
    then = open_checkpoint(kept, keys)
    now, _ = claimed_checkpoint(note)
    return then, _extended(then, now, ledger)


def _extended(then: Checkpoint, now: Checkpoint, ledger: Ledger) -> list[bytes]:
    """The consistency proof between two checkpoints of a ledger, of which `now` is what it is.

    Raises:
        LedgerRollbackError, LedgerForkError: As `extension`.
    """
    is_longer = then.size <= now.size
    proof = consistency_proof(then.size, now.size, ledger.node) if is_longer else []
    advances(then, now, proof)
    return proof


def keep_export(client: Client, path: Path, named: Iterable[NoteKey] = ()) -> Imported:
    """Check an export, and keep it. One of this machine's own ledger is compared with it only.

    Args:
        client: Says which keys are trusted.
        path: The file.
        named: Keys of ledgers to trust beside those of `ledger_keys`.

    Raises:
        CitationError: The export is refused; nothing was written.
        UnknownLedgerError: No key for it is trusted here; nothing was written.
        StorageError: It cannot be read, or not be kept.
    """
    known = known_signers(client.settings)
    keys = ledger_keys(client.ledger, known, named)
    export = ExportFile(path, keys, [one.public for one in known])
    own, said = client.ledger.last(), export.checkpoint
    if own is not None and own.origin == said.origin:
        size = len(client.ledger)
        now = Checkpoint(own.origin, size, root_at(size, client.ledger.node))
        _extended(said, now, client.ledger)
        return Imported(said.origin, said.size, 0, export.unknown_signers)
    return import_ledger(export, foreign_directory(client.settings))
