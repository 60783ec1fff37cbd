"""A citation or a bibliography that was verified: the only thing that is exported."""

from collections.abc import Iterable
from dataclasses import InitVar, dataclass

from pith_agent.client import Client
from pith_agent.errors import CitedRecordError, SettingsError, error_class
from pith_agent.protocol.bibliography import BibliographyStatement
from pith_agent.protocol.canon import sha256
from pith_agent.protocol.citation import Envelope, Statement
from pith_agent.protocol.citation_report import CitationReport, read_statement
from pith_agent.protocol.envelope_check import open_envelope
from pith_agent.protocol.proof import VerifiedRecord

_SEAL = object()


@dataclass(frozen=True)
class ProvedCitation:
    """A citation or a bibliography whose signature and cited records were found to hold.

    `prove` makes it.
    """

    envelope: Envelope
    statement: Statement | BibliographyStatement
    """As it was signed. What it says beyond the cited records is claimed."""
    records: tuple[VerifiedRecord, ...]
    """The cited records, in the order of the statement; of a citation one."""
    signed_by: tuple[str, ...]
    """Key ids (SHA-256 of the key, hex) of the trusted keys that signed."""
    warnings: tuple[str, ...]
    """Codes of what the verification mentions though it decides nothing, in order."""
    seal: InitVar[object]

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("a ProvedCitation is made by a verification only")

    @property
    def citation_id(self) -> str:
        """`pcite:` and SHA-256 of the payload."""
        return self.envelope.citation_id

    @property
    def payload_sha256(self) -> str:
        """SHA-256 of the signed payload, 64 hex digits: the citation id without its beginning."""
        return self.citation_id.partition(":")[2]

    @property
    def envelope_sha256(self) -> str:
        """SHA-256 of the canonical envelope, signatures included, 64 hex digits."""
        return sha256(self.envelope.canonical()).hex()


def prove(
    client: Client, envelope: bytes, signers: Iterable[bytes] = ()
) -> ProvedCitation | CitationReport:
    """Verify a citation or a bibliography, and hand it out if it holds; if not, the report.

    Args:
        client: Verifies it.
        envelope: The DSSE envelope, JSON.
        signers: Raw public keys to accept beside this machine's own and the trusted ones.

    Raises:
        SettingsError: It is a retraction.
        PithError: As `Client.verify_citation`.
    """
    report = client.verify_citation(envelope, signers)
    if report.verdict != "verified":
        return report
    opened = open_envelope(envelope)
    statement = read_statement(opened.payload)
    if not isinstance(statement, Statement | BibliographyStatement):
        raise SettingsError(
            f"The statement is a {report.kind}, which has no form in these vocabularies.",
            hint="Give a signed citation or bibliography.",
        )
    records = tuple(client.prove(one.name) for one in statement.subject)
    if [one.canonical_sha256 for one in records] != [
        one.digest.sha256 for one in statement.subject
    ]:
        raise CitedRecordError("A cited record was exchanged while it was looked at.")
    return ProvedCitation(
        envelope=opened.envelope,
        statement=statement,
        records=records,
        signed_by=report.signed_by,
        warnings=tuple(check.code for check in report.checks if check.status == "warn"),
        seal=_SEAL,
    )


def require(found: ProvedCitation | CitationReport) -> ProvedCitation:
    """What was proved.

    Raises:
        PithError: It is not verified; the class is that of the report's code.
    """
    if isinstance(found, ProvedCitation):
        return found
    raise error_class(found.code)(found.message, hint=found.hint)
