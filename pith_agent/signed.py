"""What signing a citation gives."""

import json

from pydantic import JsonValue

from pith_agent.answers import TARGET_LENGTH
from pith_agent.protocol.canon import sha256
from pith_agent.protocol.citation import Envelope, Statement
from pith_agent.protocol.display import safe_text
from pith_agent.protocol.report import Stated, VerifiedRecord


class SignedCitation(Stated):
    """A citation that was signed, or would have been."""

    target: str
    pith_number: str
    title: str | None
    """The authenticated title: it hashes to the signed hash."""
    citation_id: str
    """`pcite:` and SHA-256 of the payload."""
    statement: dict[str, JsonValue]
    """What is signed."""
    signed: bool
    """False for a dry run: then there is no envelope, and nothing was written."""
    envelope: dict[str, JsonValue] | None = None
    """The DSSE envelope."""
    ledger_index: int | None = None
    """The place in this machine's ledger."""


def signed_citation(
    target: str,
    record: VerifiedRecord,
    statement: Statement,
    envelope: Envelope | None = None,
    ledger_index: int | None = None,
) -> SignedCitation:
    """A citation that was signed, or its dry run."""
    payload = statement.payload()
    return SignedCitation(
        target=target[:TARGET_LENGTH],
        pith_number=record.pith_number,
        title=safe_text(record.title) if record.title else None,
        citation_id=f"pcite:{sha256(payload).hex()}",
        statement=json.loads(payload),
        signed=envelope is not None,
        envelope=envelope.model_dump(mode="json", by_alias=True) if envelope else None,
        ledger_index=ledger_index,
    )
