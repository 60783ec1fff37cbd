"""Whether a signed statement is in a ledger that is trusted here.

Source: docs/reference/citation.md, rule C12.
"""

from collections.abc import Iterable, Iterator, Sequence

from pith_agent.errors import (
    CitationError,
    LedgerProofError,
    LedgerRollbackError,
    UnknownLedgerError,
)
from pith_agent.protocol.checkpoint import Checkpoint, NoteKey, origin_of
from pith_agent.protocol.citation import Envelope
from pith_agent.protocol.citation_policy import INCLUSION_RULE as RULE
from pith_agent.protocol.citation_report import CitationReport
from pith_agent.protocol.citation_signer import Signer
from pith_agent.protocol.record import at
from pith_agent.protocol.report import Check
from pith_agent.protocol.tlog_proof import TlogProof
from pith_agent.storage.ledger import Ledger


def ledger_keys(
    ledger: Ledger, known: Sequence[Signer], named: Iterable[NoteKey] = ()
) -> list[NoteKey]:
    """The keys of ledgers that are trusted here.

    Those that the caller names, those of this machine's own ledger, and that of each trusted
    signer, and of each that a policy lists, for the ledger that is named after it, and for the one
    that the user said it took over.

    Args:
        ledger: This machine's own.
        known: `known_signers`, and those that a policy lists.
        named: Those of the caller.
    """
    # A key that is listed twice is held to the stricter entry.
    revoked = {one.public for one in known if one.distrust_after}
    trusted = [one for one in known if one.public not in revoked]
    theirs = {NoteKey(origin_of(one.public), one.public): None for one in trusted}
    theirs |= {NoteKey(one.ledger, one.public): None for one in trusted if one.ledger}
    return [*named, *keys_of(ledger, known), *theirs]


def keys_of(ledger: Ledger, known: Iterable[Signer]) -> list[NoteKey]:
    """The keys of this machine under the name of its ledger: after a rotation they are several.

    Whoever stole a key that was revoked could sign a ledger of their own with it.
    """
    last = ledger.last()
    if last is None:
        return []
    own = [one for one in known if one.own and not one.distrust_after]
    return [NoteKey(last.origin, one.public) for one in own]


def with_inclusion(
    report: CitationReport, envelope: Envelope, proof: bytes, keys: Iterable[NoteKey]
) -> CitationReport:
    """Add rule C12 to the report on a statement whose signature holds, decided anew. Total.

    Args:
        report: Without a signature that holds nothing is added: it is refused already.
        envelope: What the report is on.
        proof: A proof file.
        keys: The keys of the ledgers that the caller trusts.
    """
    if not report.signed_by:
        return report
    try:
        read = TlogProof.parse(proof)
        checkpoint = _verified(read, envelope, list(keys))
        _require_order(report, read, checkpoint)
    except (CitationError, UnknownLedgerError) as error:
        return report.with_checks(Check.refused(RULE, type(error), error.message))
    return report.with_checks(
        Check.passed(
            RULE, f"The citation is in the ledger {checkpoint.origin} of {checkpoint.size} entries."
        )
    )


def _verified(proof: TlogProof, envelope: Envelope, keys: list[NoteKey]) -> Checkpoint:
    """The checkpoint of the ledger that has the envelope, as it is or with fewer signatures.

    Raises:
        CitationError: It is not in that ledger, or the checkpoint is none, or altered.
        UnknownLedgerError: No key of `keys` vouches for that ledger.
    """
    wrong: LedgerProofError | None = None
    for leaf in _leaves(envelope):
        try:
            return proof.verify(leaf, keys)
        except LedgerProofError as error:
            wrong = wrong or error
    raise wrong or LedgerProofError("The envelope has no signature.")


def _leaves(envelope: Envelope) -> Iterator[bytes]:
    # Who signs later adds a signature at the end, and the ledger keeps an entry as it was.
    for count in range(len(envelope.signatures), 0, -1):
        yield envelope.model_copy(update={"signatures": envelope.signatures[:count]}).canonical()


def _require_order(report: CitationReport, proof: TlogProof, checkpoint: Checkpoint) -> None:
    """A statement names the head of its ledger when it was signed: it comes after it.

    Raises:
        LedgerRollbackError: The ledger is shorter than the statement says it was.
    """
    origin, size = (at(report.statement, f"predicate.after.{name}") for name in ("origin", "size"))
    if origin != checkpoint.origin or not isinstance(size, int):
        return
    if proof.index < size or checkpoint.size <= size:
        raise LedgerRollbackError(
            f"The ledger had {size} entries when this was signed; the proof puts it at"
            f" {proof.index} of {checkpoint.size}."
        )
