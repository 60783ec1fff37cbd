"""A ledger as a file for others, and the ledgers of others that were read from such files.

JSON Lines: a header with the signed checkpoint, then the envelopes in order, canonical.

Source: docs/reference/ledger-format.md, "Export".
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import BinaryIO, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from pith_agent.errors import (
    CheckpointError,
    DocumentError,
    InvalidSignatureError,
    LedgerForkError,
    LedgerProofError,
    LedgerRollbackError,
    StoreUnavailableError,
)
from pith_agent.protocol.canon import canonical_bytes
from pith_agent.protocol.checkpoint import (
    MAX_NOTE_BYTES,
    Checkpoint,
    NoteKey,
    claimed_checkpoint,
    open_checkpoint,
)
from pith_agent.protocol.citation import Envelope, pae
from pith_agent.protocol.envelope_check import MAX_ENVELOPE_BYTES
from pith_agent.protocol.merkle import EMPTY_ROOT, Frontier, leaf_hash
from pith_agent.protocol.strict_json import parse_json
from pith_agent.protocol.trust import keyid_of, signature_holds
from pith_agent.storage.ledger import Ledger

MAX_HEADER_BYTES = 4 * MAX_NOTE_BYTES
MAX_LINE_BYTES = max(MAX_HEADER_BYTES, MAX_ENVELOPE_BYTES)
BATCH = 100
"""Entries that are read or written at once. One may have 1 MiB."""


class Header(BaseModel):
    """The first line. What it says besides the checkpoint is for people and must agree with it."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: Literal["pith-agent-ledger/1"] = "pith-agent-ledger/1"
    origin: str
    size: int
    root: str
    """32 bytes, base64."""
    checkpoint: str
    """The signed note."""

    @classmethod
    def of(cls, note: bytes) -> "Header":
        """The header of an export at that checkpoint."""
        said, _ = claimed_checkpoint(note)
        root = base64.b64encode(said.root).decode("ascii")
        return cls(origin=said.origin, size=said.size, root=root, checkpoint=note.decode("utf-8"))


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an import."""

    origin: str
    size: int
    added: int
    """Entries that were not there before."""
    unknown_signers: int
    """Entries that are signed by none of the keys known here."""


def export_ledger(ledger: Ledger, note: bytes) -> Iterator[bytes]:
    """The lines of an export, each with its newline.

    Args:
        ledger: The ledger.
        note: A checkpoint of it: the entries up to its size are exported.

    Raises:
        LedgerForkError: At the end: the entries are not those that the checkpoint is of.
        StoreDamagedError: An entry is missing, or not what was written.
    """
    checkpoint, _ = claimed_checkpoint(note)
    yield _line(Header.of(note).model_dump())
    tree = Frontier()
    while tree.size < checkpoint.size:
        for entry in ledger.entries(tree.size, min(BATCH, checkpoint.size - tree.size)):
            leaf = entry.envelope.canonical()
            tree.append(leaf_hash(leaf))
            yield leaf + b"\n"
        if tree.size < checkpoint.size and len(ledger) <= tree.size:
            raise LedgerRollbackError(f"The ledger has {tree.size} entries, and had more before.")
    if tree.root() != checkpoint.root:
        raise LedgerForkError("The entries of the ledger are not those that were signed.")


class ExportFile:
    """An export that was checked as far as that is possible without what was known before.

    Its header is signed by a trusted key; its entries are the ones that were signed.
    """

    def __init__(self, path: Path, keys: Iterable[NoteKey], signers: Iterable[bytes] = ()) -> None:
        """Check the whole file.

        Args:
            path: The file.
            keys: The keys of the ledgers that are trusted.
            signers: Raw public keys. A signature that names one of them must hold.

        Raises:
            CheckpointError: The file does not begin with a header of this form.
            CheckpointSignatureError: The checkpoint was altered after it was signed.
            UnknownLedgerError: The checkpoint is not signed by a key of the ledger in `keys`.
            LedgerProofError: Entries lack, or are changed, moved, doubled, or too many.
            InvalidSignatureError: An entry names a key that did not sign it.
            StoreUnavailableError: The file cannot be read.
        """
        self.path = path
        trusted = tuple(keys)
        known = {keyid_of(key): key for key in (*signers, *(one.public for one in trusted))}
        self.unknown_signers = 0
        with self._lines() as lines:
            self.note = _header(next(lines, b""))
            self.checkpoint = open_checkpoint(self.note, trusted)
            tree, leaves = Frontier(), set[bytes]()
            for line in lines:
                if tree.size == self.checkpoint.size:
                    raise LedgerProofError("The export has more entries than its checkpoint.")
                self._check(line, tree.size, known)
                leaves.add(hashed := leaf_hash(line))
                tree.append(hashed)
        if tree.size != self.checkpoint.size:
            raise LedgerProofError(
                f"The export has {tree.size} of the {self.checkpoint.size} entries it is to have."
            )
        if tree.root() != self.checkpoint.root:
            raise LedgerProofError("The entries of the export do not lead to its checkpoint.")
        if len(leaves) != tree.size:
            raise LedgerProofError("The export has an entry twice.")

    def root_at(self, size: int) -> bytes:
        """The root over the first `size` entries, of which there are as many."""
        tree = Frontier()
        for envelope in self.entries(0, size):
            tree.append(leaf_hash(envelope.canonical()))
        return tree.root()

    def entries(self, start: int, end: int) -> Iterator[Envelope]:
        """The envelopes from `start` to before `end`."""
        with self._lines() as lines:
            for line in islice(lines, 1 + start, 1 + end):
                yield Envelope.model_validate_json(line)

    def require_extends(self, known: Checkpoint) -> None:
        """See that this ledger has all that was known of it before, in the same order.

        Raises:
            LedgerRollbackError: It is shorter.
            LedgerForkError: It is another, or has another history.
        """
        if known.origin != self.checkpoint.origin:
            raise LedgerForkError("The export is of another ledger than the one known before.")
        if self.checkpoint.size < known.size:
            raise LedgerRollbackError(
                f"The export has {self.checkpoint.size} entries; {known.size} were known before."
            )
        if (self.root_at(known.size) if known.size else EMPTY_ROOT) != known.root:
            raise LedgerForkError(
                f"The export does not begin with the {known.size} entries known before."
            )

    def _lines(self) -> "_Lines":
        return _Lines(self.path)

    def _check(self, line: bytes, index: int, known: dict[str, bytes]) -> None:
        """See that a line is an envelope in canonical form, and signed as it says."""
        try:
            envelope = Envelope.model_validate_json(line)
            payload = envelope.payload_bytes
            canonical = canonical_bytes(parse_json(payload, cap=MAX_ENVELOPE_BYTES)) == payload
        except (DocumentError, ValueError, RecursionError) as error:
            raise LedgerProofError(f"Entry {index} of the export is no signed citation.") from error
        if not canonical or envelope.canonical() != line:
            raise LedgerProofError(f"Entry {index} of the export is not in canonical form.")
        named = [one for one in envelope.signatures if one.keyid in known]
        for one in named:
            if not signature_holds(known[one.keyid], pae(payload), one.sig):
                raise InvalidSignatureError(f"Entry {index} of the export names another signer.")
        self.unknown_signers += not named


class _Lines:
    """The lines of a file, without newlines, none longer than may be."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO

    def __enter__(self) -> Iterator[bytes]:
        try:
            self._file = self._path.open("rb")
        except OSError as error:
            raise StoreUnavailableError(f"{self._path} cannot be read: {error}.") from error
        return self._read()

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def _read(self) -> Iterator[bytes]:
        while True:
            try:
                line = self._file.readline(MAX_LINE_BYTES + 1)
            except OSError as error:
                raise StoreUnavailableError(f"{self._path} cannot be read: {error}.") from error
            if not line:
                return
            if not line.endswith(b"\n"):
                raise LedgerProofError("A line of the export is too long, or was cut off.")
            yield line[:-1]


def import_ledger(export: ExportFile, directory: Path) -> Imported:
    """Keep a ledger of somebody else, or what it has grown by, in a file of its own.

    Raises:
        LedgerRollbackError: It was longer at the last import.
        LedgerForkError: It has another history than at the last import.
        StoreUnavailableError: It cannot be written; nothing was.
    """
    path = foreign_path(directory, export.checkpoint.origin)
    before = 0
    kept = Ledger.reading(path)
    try:
        if (note := kept.head()) is not None:
            known, _ = claimed_checkpoint(note)
            export.require_extends(known)
            before = known.size
    finally:
        kept.close()
    size = export.checkpoint.size
    ledger = Ledger.open(path)
    try:
        ledger.follow(_batches(export.entries(before, size)), export.note)
    finally:
        ledger.close()
    return Imported(export.checkpoint.origin, size, size - before, export.unknown_signers)


def foreign_ledgers(home: Path) -> Path:
    """Where the ledgers of others are kept, apart from this machine's."""
    return home / "ledgers"


def foreign_path(directory: Path, origin: str) -> Path:
    """Where the ledger of that name is kept. The name may be any text, so it is hashed."""
    return directory / f"{hashlib.sha256(origin.encode('utf-8')).hexdigest()[:32]}.sqlite3"


def _header(line: bytes) -> bytes:
    """The signed note in the first line, which must not say otherwise itself."""
    try:
        parse_json(line, cap=MAX_HEADER_BYTES)
        header = Header.model_validate_json(line)
        note = header.checkpoint.encode("utf-8")
    except (DocumentError, ValidationError, ValueError) as error:
        raise CheckpointError("The file does not begin as the export of a ledger.") from error
    if Header.of(note) != header:
        raise CheckpointError("The header of the export says something else than its checkpoint.")
    return note


def _batches(envelopes: Iterator[Envelope]) -> Iterator[Sequence[Envelope]]:
    while batch := list(islice(envelopes, BATCH)):
        yield batch


def _line(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8") + b"\n"
