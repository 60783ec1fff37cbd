"""Signed statements made ready for others: one more signature, or a bundle of all it takes."""

import json

from pith_agent.client import Client
from pith_agent.errors import NotFoundError, PithError, error_class
from pith_agent.protocol.citation import Envelope
from pith_agent.protocol.citation_bundle import CitationBundle
from pith_agent.protocol.citation_report import CitationReport
from pith_agent.protocol.envelope_check import open_envelope
from pith_agent.protocol.record import at

TO_BE_MENDED = "threshold-not-met"
"""What further signatures are for."""


def cosign(client: Client, citation: bytes) -> Envelope:
    """Sign a statement that somebody else has signed, with the key of this machine.

    It is verified first, as by whoever accepts that key, so that nothing is signed unread. The
    ledger keeps one entry of each statement: if it has this one, that entry stays as it was.

    Args:
        client: Has the key, the ledger and the records.
        citation: The envelope.

    Raises:
        CitationError: It is no envelope, or refuted.
        UndecidableError, UnreachableError: A cited record is not at hand.
        AlreadySignedError: The key has signed it.
        NoSigningKeyError: There is no key yet.
        StorageError: The ledger cannot be written; nothing was signed.
    """
    envelope = open_envelope(citation).envelope

    def examine(signed: Envelope) -> None:
        report = client.verify_citation(signed.canonical())
        if report.verdict != "verified" and report.code != TO_BE_MENDED:
            raise refusal(report)

    return client.statements.cosign(envelope, examine)


def make_bundle(client: Client, citation: bytes) -> CitationBundle:
    """The envelope, the records that it cites, and the proof of the ledger, if that has it.

    Raises:
        CitationError: The envelope is none, or the statement is refuted.
        PithError: A cited record is not at hand or not verified; or as `Client.checkpoint`.
    """
    report = client.verify_citation(citation)
    if report.verdict != "verified" and report.code != TO_BE_MENDED:
        raise refusal(report)
    if report.kind == "retraction":
        raise NotFoundError("A retraction cites no record, so there is nothing to bundle with it.")
    envelope = open_envelope(citation).envelope
    proof = None
    if client.ledger.get(envelope.citation_id) is not None:
        client.checkpoint()  # Signed now, where it was not yet.
        proof = client.ledger.prove(envelope.citation_id).dump()
    subjects = at(report.statement, "subject")
    numbers = [str(at(one, "name")) for one in subjects] if isinstance(subjects, list) else []
    records = tuple(client.prove(number).document for number in numbers)
    return CitationBundle(json.loads(envelope.canonical()), records, proof)


def refusal(report: CitationReport) -> PithError:
    """Why a statement is not passed on."""
    return error_class(report.code)(report.message)
