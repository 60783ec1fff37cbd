"""A citation that was verified: the only thing that is exported."""

from collections.abc import Iterable
from dataclasses import InitVar, dataclass

from pith_agent.client import Client
from pith_agent.errors import CitedRecordError, SettingsError, error_class
from pith_agent.protocol.canon import sha256
from pith_agent.protocol.citation import Envelope, Statement
from pith_agent.protocol.citation_report import CitationReport
from pith_agent.protocol.envelope_check import open_envelope
from pith_agent.protocol.proof import VerifiedRecord

_SEAL = object()


@dataclass(frozen=True)
class ProvedCitation:
    """A citation whose signature and cited record were found to hold. `prove` makes it."""

    envelope: Envelope
    statement: Statement
    """As it was signed. What it says beyond the cited record is claimed."""
    record: VerifiedRecord
    """The cited record."""
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
    """Verify a citation, and hand it out if it holds; if not, the report that says why not.

    Args:
        client: Verifies it.
        envelope: The DSSE envelope, JSON.
        signers: Raw public keys to accept beside this machine's own and the trusted ones.

    Raises:
        SettingsError: It is a statement of another kind, as a bibliography.
        PithError: As `Client.verify_citation`.
    """
    report = client.verify_citation(envelope, signers)
    if report.verdict != "verified":
        return report
    if report.kind != "citation":
        raise SettingsError(
            f"The statement is a {report.kind}, which has no form in these vocabularies.",
            hint="Give a signed citation of one paper.",
        )
    opened = open_envelope(envelope)
    statement = Statement.model_validate_json(opened.payload)
    record = client.prove(statement.subject[0].name)
    if record.canonical_sha256 != statement.subject[0].digest.sha256:
        raise CitedRecordError("The cited record was exchanged while it was looked at.")
    return ProvedCitation(
        envelope=opened.envelope,
        statement=statement,
        record=record,
        signed_by=report.signed_by,
        warnings=tuple(check.code for check in report.checks if check.status == "warn"),
        seal=_SEAL,
    )


def require(found: ProvedCitation | CitationReport) -> ProvedCitation:
    """The citation.

    Raises:
        PithError: It is not verified; the class is that of the report's code.
    """
    if isinstance(found, ProvedCitation):
        return found
    raise error_class(found.code)(found.message, hint=found.hint)
