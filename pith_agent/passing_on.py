"""Signed statements made ready for others: one more signature, or a bundle of all it takes."""

import json
from collections.abc import Container

from pith_agent.client import Client
from pith_agent.desk import known_signers
from pith_agent.errors import (
    InvalidSignatureError,
    error_class,
)
from pith_agent.judging import accepted_signers, load_policy
from pith_agent.protocol.citation import Envelope, pae
from pith_agent.protocol.citation_bundle import CitationBundle
from pith_agent.protocol.citation_report import CitationReport
from pith_agent.protocol.envelope_check import open_envelope
from pith_agent.protocol.record import at
from pith_agent.protocol.trust import signature_holds

TO_BE_MENDED = frozenset({"threshold-not-met", "citing-not-checked", "inclusion-not-checked"})
"""What further signatures, a bundle's proof and the reader's document are for."""

UNREAD = frozenset({"unknown-signer"})
"""As it came: whoever cosigns may be the first whose key is accepted."""


def cosign(client: Client, citation: bytes) -> Envelope:
    """Sign a statement that somebody else has signed, with the key of this machine.

    It is verified first, as it came and as by whoever accepts that key, so that nothing is signed
    that is refuted or unread. What is returned is in the ledger, as an entry of its own: one that
    the ledger had, with fewer signatures or others, stays as it was.

    Args:
        client: Has the key, the ledger and the records.
        citation: The envelope.

    Raises:
        CitationError: It is no envelope, or refuted.
        InvalidSignatureError: A signature in it names a key that is accepted here, and is not its.
        UndecidableError, UnreachableError: A cited record is not at hand.
        AlreadySignedError: The key has signed it.
        NoSigningKeyError: There is no key yet.
        StorageError: The ledger cannot be written; nothing was signed.
    """
    envelope = open_envelope(citation).envelope
    _require(client.verify_citation(citation), TO_BE_MENDED | UNREAD)
    _require_signatures(client, envelope)

    def examine(signed: Envelope) -> None:
        _require(client.verify_citation(signed.canonical()), TO_BE_MENDED)

    return client.statements.cosign(envelope, examine)


def make_bundle(client: Client, citation: bytes) -> CitationBundle:
    """The envelope, the records that it cites, and the proof of the ledger, if that has it so.

    Raises:
        CitationError: The envelope is none, or the statement is refuted.
        BundleError: It would be too large to be read.
        PithError: A cited record is not at hand or not verified; or as `Client.checkpoint`.
    """
    report = client.verify_citation(citation)
    _require(report, TO_BE_MENDED)
    envelope = open_envelope(citation).envelope
    proof = None
    # The ledger may have the statement with other signatures than were given.
    if (entry := client.ledger.holding(envelope)) is not None:
        client.checkpoint()  # Signed now, where it was not yet.
        proof = client.ledger.prove_entry(entry).dump()
    # A retraction is of a citation, and cites no record.
    subjects = at(report.statement, "subject") if report.kind != "retraction" else []
    numbers = [str(at(one, "name")) for one in subjects] if isinstance(subjects, list) else []
    records = tuple(client.prove(number).document for number in numbers)
    bundle = CitationBundle(json.loads(envelope.canonical()), records, proof)
    CitationBundle.parse(bundle.dump())
    return bundle


def _require(report: CitationReport, looked_past: Container[str]) -> None:
    """See that nothing stands against a statement but what is named.

    Raises:
        PithError: The first that does.
    """
    for check in report.checks:
        if check.status in ("fail", "undecidable") and check.code not in looked_past:
            raise error_class(check.code)(check.detail)


def _require_signatures(client: Client, envelope: Envelope) -> None:
    """See that each signature that names an accepted key is that key's.

    Raises:
        InvalidSignatureError: One is not.
    """
    known, _ = accepted_signers(known_signers(client.settings), load_policy(client.settings), ())
    publics = {signer.keyid: signer.public for signer in known}
    message = pae(envelope.payload_bytes)
    for one in envelope.signatures:
        public = publics.get(one.keyid)
        if public is not None and not signature_holds(public, message, one.sig):
            raise InvalidSignatureError(
                f"A signature names the key {one.keyid[:16]}, and is not its."
            )
