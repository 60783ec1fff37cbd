"""A signed retraction: whoever signed a citation says that it is not to be relied on any more.

Source: docs/reference/citation.md, "Retraction".
"""

import re
from datetime import datetime
from typing import Annotated, Final, Literal, Self, TypeAlias

from pydantic import Field, StringConstraints, model_validator

from pith_agent.errors import DocumentError
from pith_agent.protocol.citation import (
    ID_START,
    Agent,
    CitationId,
    Digest,
    InTotoStatement,
    Nonce,
    Part,
    Time,
)
from pith_agent.protocol.citation_draft import SigningRequest, stated_nonce
from pith_agent.protocol.moment import time_text
from pith_agent.protocol.record import at
from pith_agent.protocol.strict_json import parse_json

RETRACTION_TYPE: Final = "https://pith-agent.dev/attestation/retraction/v1"

Standing: TypeAlias = Literal["retracted", "superseded"]
"""What is said of a citation that its signer stands by no more, or not as it was."""

MAX_REASON = 2000
"""Characters of a reason."""

Reason: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=MAX_REASON)]

_ID = re.compile(rf"{ID_START}[0-9a-f]{{64}}", re.A)


class RetractedStatement(Part):
    """The citation or bibliography that is retracted: its id, and the digest of its payload."""

    name: CitationId
    digest: Digest

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if self.name != f"{ID_START}{self.digest.sha256}":
            raise ValueError("name and digest are of two citations")
        return self


class RetractionPredicate(Part):
    """Why, and who says so."""

    reason: Reason | None = None
    agent: Agent
    created_at: Time
    """When the signer says this was signed. A claim, not a proof of time."""
    nonce: Nonce
    """16 random bytes, base64url."""
    superseded_by: CitationId | None = None
    """The citation that is to be relied on instead."""


class RetractionStatement(InTotoStatement):
    """An in-toto Statement v1 with exactly one subject."""

    subject: Annotated[tuple[RetractedStatement, ...], Field(min_length=1, max_length=1)]
    predicate_type: Literal["https://pith-agent.dev/attestation/retraction/v1"] = Field(
        RETRACTION_TYPE, alias="predicateType"
    )
    predicate: RetractionPredicate


class RetractionRequest(SigningRequest):
    """What a caller wants to retract, and why."""

    citation_id: CitationId
    reason: Reason | None = None
    superseded_by: CitationId | None = None
    agent: Agent

    @model_validator(mode="after")
    def _names_another(self) -> Self:
        if self.superseded_by == self.citation_id:
            raise ValueError("superseded_by: a citation does not take its own place")
        return self


def draft_retraction(
    request: RetractionRequest, *, created_at: datetime, nonce: bytes
) -> RetractionStatement:
    """The statement that a citation is retracted, ready to be signed.

    Args:
        request: Which one, and why.
        created_at: The time to state, with a time zone.
        nonce: 16 random bytes, so that equal statements differ.
    """
    digest = request.citation_id.removeprefix(ID_START)
    return RetractionStatement(
        subject=(RetractedStatement(name=request.citation_id, digest=Digest(sha256=digest)),),
        predicate=RetractionPredicate(
            reason=request.reason,
            agent=request.agent,
            created_at=time_text(created_at),
            nonce=stated_nonce(nonce),
            superseded_by=request.superseded_by,
        ),
    )


def spoken_of(payload: bytes) -> frozenset[str]:
    """The citations of which a statement says that they are retracted or superseded. Total.

    Args:
        payload: Any bytes; nothing of them is believed.

    Returns:
        SHA-256 of their payloads, 64 hex digits.
    """
    # Most citations speak of no other, and need not be parsed again to know that.
    if ID_START.encode("ascii") not in payload:
        return frozenset()
    try:
        value = parse_json(payload, cap=len(payload))
    except DocumentError:
        return frozenset()
    named = [at(value, "predicate.supersedes")]
    if at(value, "predicateType") == RETRACTION_TYPE:
        named.append(at(value, "subject[0].name"))
    ids = (one for one in named if isinstance(one, str) and _ID.fullmatch(one))
    return frozenset(one.removeprefix(ID_START) for one in ids)
