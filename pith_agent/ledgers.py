"""Ledgers that are checked: which keys to check them with, proofs, exports of others."""

from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from pith_agent.client import Client
from pith_agent.desk import known_signers, own_publics
from pith_agent.errors import (
    CitationError,
    DocumentError,
    LedgerForkError,
    LedgerRollbackError,
    NotFoundError,
)
from pith_agent.protocol.canon import canonical_bytes
from pith_agent.protocol.checkpoint import NoteKey, claimed_checkpoint, origin_of
from pith_agent.protocol.citation_report import CitationReport
from pith_agent.protocol.envelope_check import MAX_ENVELOPE_BYTES
from pith_agent.protocol.merkle import root_at
from pith_agent.protocol.report import Check
from pith_agent.protocol.strict_json import parse_json
from pith_agent.protocol.tlog_proof import TlogProof
from pith_agent.settings import Settings
from pith_agent.storage.ledger import Ledger
from pith_agent.storage.ledger_export import (
    ExportFile,
    Imported,
    foreign_ledgers,
    foreign_path,
    import_ledger,
)

RULE = "ledger-inclusion"


def ledger_keys(client: Client, named: Iterable[NoteKey] = ()) -> list[NoteKey]:
    """The keys of ledgers that are trusted here.

    Those that the caller names, those of this machine's own ledger, and each trusted signer's for
    the ledger that is named after its key.

    Raises:
        SigningKeyError, StoreDamagedError: As `known_signers`.
    """
    keys = [*named, *own_keys(client)]
    known = known_signers(client.settings)
    return [*keys, *(NoteKey(origin_of(one.public), one.public) for one in known)]


def own_keys(client: Client) -> list[NoteKey]:
    """The keys of this machine under the name of its ledger: after a rotation they are several."""
    note = client.ledger.head()
    if note is None:
        return []
    origin = claimed_checkpoint(note)[0].origin
    return [NoteKey(origin, public) for public in own_publics(client.settings)]


def with_inclusion(
    report: CitationReport, citation: bytes, proof: bytes, keys: Iterable[NoteKey]
) -> CitationReport:
    """Add to a report whether the citation is in a ledger, decided anew. Total.

    Args:
        report: On a citation. Without a signature that holds nothing is added: it is refused.
        citation: The envelope that the report is on.
        proof: A proof file.
        keys: The keys of the ledgers that the caller trusts.
    """
    if not report.signed_by:
        return report
    try:
        leaf = canonical_bytes(parse_json(citation, cap=MAX_ENVELOPE_BYTES))
        checkpoint = TlogProof.parse(proof).verify(leaf, keys)
    except (CitationError, DocumentError) as error:
        check = Check.refused(RULE, type(error), error.message)
    else:
        check = Check.passed(
            RULE, f"The citation is in the ledger {checkpoint.origin} of {checkpoint.size} entries."
        )
    return report.with_checks(check)


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


def keep_export(client: Client, path: Path, named: Iterable[NoteKey] = ()) -> Imported:
    """Check an export, and keep it. One of this machine's own ledger is compared with it only.

    Args:
        client: Says which keys are trusted.
        path: The file.
        named: Keys of ledgers to trust beside those of `ledger_keys`.

    Raises:
        CitationError: The export is refused; nothing was written.
        StorageError: It cannot be read, or not be kept.
    """
    signers = [one.public for one in known_signers(client.settings)]
    export = ExportFile(path, ledger_keys(client, named), signers)
    own = client.ledger.head()
    if own is not None and claimed_checkpoint(own)[0].origin == export.checkpoint.origin:
        said = export.checkpoint
        if len(client.ledger) < said.size:
            raise LedgerRollbackError(
                f"This machine's ledger has {len(client.ledger)} entries, its export {said.size}."
            )
        if root_at(said.size, client.ledger.node) != said.root:
            raise LedgerForkError("This machine's ledger does not begin as its export does.")
        return Imported(said.origin, said.size, 0, export.unknown_signers)
    return import_ledger(export, foreign_directory(client.settings))
