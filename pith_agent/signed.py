"""What is signed about a paper, and what signing it gives."""

import json
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import JsonValue

from pith_agent.answers import TARGET_LENGTH
from pith_agent.errors import DuplicateCitationError, PithError
from pith_agent.protocol.canon import sha256
from pith_agent.protocol.citation import ID_START, After, Envelope, InTotoStatement, Statement
from pith_agent.protocol.citation_draft import CitationRequest, draft
from pith_agent.protocol.display import safe_text
from pith_agent.protocol.proof import VerifiedRecord
from pith_agent.protocol.stated import Stated


class SignedStatement(Stated):
    """A statement that was signed, or would have been."""

    citation_id: str | None = None
    """`pcite:` and SHA-256 of the payload; `None` for a dry run, as it changes with the nonce."""
    statement: dict[str, JsonValue]
    """What is signed."""
    signed: bool
    """False for a dry run: then there is no envelope, and nothing was written."""
    envelope: dict[str, JsonValue] | None = None
    """The DSSE envelope."""
    ledger_index: int | None = None
    """The place in this machine's ledger."""


class SignedCitation(SignedStatement):
    """A citation that was signed, or would have been."""

    target: str
    pith_number: str
    title: str | None = None
    """The authenticated title: it hashes to the signed hash."""


class SignedBibliography(SignedStatement):
    """A bibliography that was signed, or would have been."""

    relationship: str
    pith_numbers: tuple[str, ...]
    """The cited records, sorted, each once."""


class SignedRetraction(SignedStatement):
    """A retraction that was signed, or would have been."""

    retracts: str
    """The id of the citation that is retracted."""


@dataclass(frozen=True, slots=True)
class Draft:
    """What is said about one paper, ready to be signed."""

    target: str
    record: VerifiedRecord
    statement: Statement


def drafted(
    target: str, record: VerifiedRecord, request: CitationRequest, after: After | None = None
) -> Draft:
    """What `request` says about a paper, dated now, and after that checkpoint of the ledger.

    Raises:
        CitationError: The record has no such claim, or the statement is too large.
    """
    now, nonce = datetime.now(UTC), secrets.token_bytes(16)
    return Draft(target, record, draft(record, request, created_at=now, nonce=nonce, after=after))


def once_each(said: Iterable[Draft | PithError]) -> list[Draft | PithError]:
    """The drafts of one call, with an error in place of one of a paper that an earlier one is of.

    The names of a paper may differ: what counts is the record that each of them led to.
    """
    seen: set[str] = set()
    checked: list[Draft | PithError] = []
    for one in said:
        number = one.record.pith_number if isinstance(one, Draft) else ""
        if number in seen:
            one = DuplicateCitationError(f"This is {number}, which an earlier entry names.")
        elif number:
            seen.add(number)
        checked.append(one)
    return checked


def signed_citation(
    said: Draft, envelope: Envelope | None = None, ledger_index: int | None = None
) -> SignedCitation:
    """A citation that was signed, or its dry run."""
    title = said.record.title
    return SignedCitation(
        **outcome(said.statement, envelope, ledger_index),
        target=safe_text(said.target[:TARGET_LENGTH]),
        pith_number=said.record.pith_number,
        title=safe_text(title) if title else None,
    )


def outcome(
    statement: InTotoStatement, envelope: Envelope | None = None, ledger_index: int | None = None
) -> dict[str, Any]:
    """The fields of a `SignedStatement`: signed, or of its dry run."""
    payload = statement.payload()
    return {
        "citation_id": f"{ID_START}{sha256(payload).hex()}" if envelope else None,
        "statement": json.loads(payload),
        "signed": envelope is not None,
        "envelope": envelope.model_dump(mode="json", by_alias=True) if envelope else None,
        "ledger_index": ledger_index,
    }
