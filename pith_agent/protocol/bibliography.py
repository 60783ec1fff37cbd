"""A signed bibliography: one statement, and one signature, for all papers that a document cites.

Source: docs/reference/citation.md, "Bibliography".
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import pairwise
from typing import Annotated, Final, Literal, Self

from pydantic import Field, model_validator

from pith_agent.errors import RequestError
from pith_agent.protocol.citation import (
    After,
    Agent,
    Checked,
    Cited,
    Citing,
    InTotoStatement,
    Nonce,
    Part,
    Relationship,
    Subject,
    Time,
)
from pith_agent.protocol.citation_draft import (
    SigningRequest,
    cited,
    stated_nonce,
    subject,
)
from pith_agent.protocol.moment import time_text
from pith_agent.protocol.proof import VerifiedRecord

MAX_PAPERS = 1000
MAX_BIBLIOGRAPHY_PAYLOAD = 700_000
"""Bytes of the statement: in base64, with 16 signatures, it fits in an envelope of 1 MiB."""

BIBLIOGRAPHY_TYPE: Final = "https://pith-agent.dev/attestation/bibliography/v1"


class BibliographyPredicate(Part):
    """What is said about all of the cited records."""

    relationship: Relationship
    citing: Citing
    cited: Annotated[tuple[Cited, ...], Field(min_length=1, max_length=MAX_PAPERS)]
    """One for each subject, in the order of the subjects."""
    agent: Agent
    verification: Checked
    created_at: Time
    """When the signer says this was signed. A claim, not a proof of time."""
    nonce: Nonce
    """16 random bytes, base64url."""
    after: After | None = None


class BibliographyStatement(InTotoStatement):
    """An in-toto Statement v1 whose subjects are the cited records."""

    subject: Annotated[tuple[Subject, ...], Field(min_length=1, max_length=MAX_PAPERS)]
    """Sorted by Pith Number, each once, so that a list of papers has one form."""
    predicate_type: Literal["https://pith-agent.dev/attestation/bibliography/v1"] = Field(
        BIBLIOGRAPHY_TYPE, alias="predicateType"
    )
    predicate: BibliographyPredicate

    @model_validator(mode="after")
    def _has_one_form(self) -> Self:
        if any(one.name >= next_.name for one, next_ in pairwise(self.subject)):
            raise ValueError("the subjects are not sorted by name, or one is there twice")
        if len(self.predicate.cited) != len(self.subject):
            raise ValueError("each subject has one entry in cited")
        return self


class BibliographyRequest(SigningRequest):
    """What a caller wants to say about several papers. The rest follows from the proofs."""

    citing: Citing
    agent: Agent
    relationship: Relationship = "cites"


def draft_bibliography(
    records: Iterable[VerifiedRecord],
    request: BibliographyRequest,
    *,
    created_at: datetime,
    nonce: bytes,
    after: After | None = None,
) -> BibliographyStatement:
    """The statement that a document cites all `records`, ready to be signed.

    Args:
        records: The proofs, in any order. One that is given twice is cited once.
        request: What is said of them.
        created_at: The time to state, with a time zone.
        nonce: 16 random bytes, so that equal statements differ.
        after: The last checkpoint of the ledger.

    Raises:
        RequestError: There are no records, too many of them, or they do not fit in an envelope.
    """
    by_number = {record.pith_number: record for record in records}
    proofs = [by_number[number] for number in sorted(by_number)]
    if not 1 <= len(proofs) <= MAX_PAPERS:
        raise RequestError(
            f"Nothing was signed: a bibliography has 1 to {MAX_PAPERS} papers, not {len(proofs)}."
        )
    statement = BibliographyStatement(
        subject=tuple(map(subject, proofs)),
        predicate=BibliographyPredicate(
            relationship=request.relationship,
            citing=request.citing,
            cited=tuple(map(cited, proofs)),
            agent=request.agent,
            verification=Checked(verdict="verified", policy=proofs[0].policy),
            created_at=time_text(created_at),
            nonce=stated_nonce(nonce),
            after=after,
        ),
    )
    if (size := len(statement.payload())) > MAX_BIBLIOGRAPHY_PAYLOAD:
        raise RequestError(
            f"Nothing was signed: the statement has {size} bytes; at most"
            f" {MAX_BIBLIOGRAPHY_PAYLOAD} fit in an envelope."
        )
    return statement
