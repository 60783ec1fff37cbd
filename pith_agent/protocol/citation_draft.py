"""Draft a citation: a verified record and what is said of it → the statement to sign."""

import base64
import hashlib
import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Self

from pydantic import (
    AfterValidator,
    JsonValue,
    StringConstraints,
    ValidationError,
    model_validator,
)
from pydantic_core import ErrorDetails

from pith_agent.errors import (
    CanonicalFormError,
    DigestFormError,
    RequestError,
    UnknownClaimError,
)
from pith_agent.protocol.citation import (
    MAX_PAYLOAD_BYTES,
    MAX_QUOTE,
    After,
    Agent,
    Checked,
    CitationId,
    Cited,
    CitedReceipt,
    CitedSource,
    Citing,
    Claim,
    Digest,
    Line,
    Page,
    Part,
    Predicate,
    Quote,
    Relationship,
    Statement,
    Subject,
    Words,
)
from pith_agent.protocol.display import steers
from pith_agent.protocol.moment import time_text
from pith_agent.protocol.proof import VerifiedRecord
from pith_agent.protocol.record import CLAIMS, CLAIMS_HASH, at
from pith_agent.protocol.strict_json import JsonObject

MAX_IDS = 10
"""Claim ids that an error names."""

_CLAIM_ID = re.compile(r"[A-Za-z0-9_.-]{1,20}", re.A)
_SHA256 = re.compile(r"[0-9a-f]{64}", re.A)


def citing_digest(text: object) -> str:
    """The SHA-256 of a document that cites, as statements have it: 64 lower-case hex digits.

    Raises:
        DigestFormError: It is none. No other spelling is taken, so that what is asked, signed and
            shown is one text.
    """
    if not isinstance(text, str) or not _SHA256.fullmatch(text):
        raise DigestFormError("citing_sha256 is not 64 lower-case hex digits.")
    return text


def plain_claim_id(item: JsonValue) -> str | None:
    """The id of a claim in a record, if it is one that can be repeated and cited as it stands."""
    claim_id, text = at(item, "claim_id"), at(item, "text")
    usable = isinstance(claim_id, str) and isinstance(text, str) and _CLAIM_ID.fullmatch(claim_id)
    return str(claim_id) if usable else None


def quoted_text(text: str) -> str:
    """The form in which quotes and claims are hashed: NFC, white space as one space."""
    return re.sub(r"\s+", " ", unicodedata.normalize("NFC", text)).strip()


def quoted_sha256(text: str) -> str:
    """SHA-256 of `quoted_text`, 64 hex digits.

    Raises:
        CanonicalFormError: `text` holds half of a surrogate pair.
    """
    try:
        data = quoted_text(text).encode("utf-8")
    except UnicodeEncodeError as error:
        raise CanonicalFormError("The text holds half of a surrogate pair.") from error
    return hashlib.sha256(data).hexdigest()


def _as_hashed(text: str) -> str:
    words = quoted_text(text)
    if not 1 <= len(words) <= MAX_QUOTE:  # NFC may lengthen a text, or leave nothing but spaces.
        raise ValueError(f"a quote has 1 to {MAX_QUOTE} characters in NFC")
    return words


class SigningRequest(Part):
    """What a caller wants to have signed, whatever kind of statement it is."""

    @classmethod
    def read(cls, fields: Mapping[str, object]) -> Self:
        """The request that a caller wrote.

        Raises:
            DigestFormError: The digest of what cites is none.
            RequestError: A field lacks or does not fit; the message names the first.
        """
        try:
            return cls.model_validate(fields)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"]))
            kind = DigestFormError if where == "citing.digest.sha256" else RequestError
            said = f"{where}: {_plainly(first)}" if where else _plainly(first)
            raise kind(f"Nothing was signed: {said}.") from error

    @model_validator(mode="after")
    def _is_readable(self) -> Self:
        for name, value in _texts(self.model_dump()):
            if steers(value):
                raise ValueError(f"{name} holds characters that steer how text is shown")
        return self


class CitationRequest(SigningRequest):
    """What a caller wants to say about a paper. The rest of the statement follows from proof."""

    relationship: Relationship
    citing: Citing
    claim_id: Line | None = None
    """A claim of the cited record: `C1`."""
    quote: Annotated[Words, AfterValidator(_as_hashed)] | None = None
    """Words quoted from the paper, kept as `quoted_text`; their hash and length are stated."""
    with_quote_text: bool = False
    """Whether the words themselves enter it too, for everyone to read."""
    page: Page | None = None
    statement: Annotated[str, StringConstraints(max_length=2000)] | None = None
    agent: Agent
    supersedes: CitationId | None = None
    """An earlier citation, in whose place this one is."""

    @model_validator(mode="after")
    def _has_the_quote_it_speaks_of(self) -> Self:
        if self.quote is None and (self.page is not None or self.with_quote_text):
            raise ValueError("page and with_quote_text need a quote")
        return self


def _plainly(fault: ErrorDetails) -> str:
    """What is wrong with a field, without the terms of the library that checks it."""
    limits = fault.get("ctx", {})
    match fault["type"]:
        case "missing":
            return "this has to be said"
        case "extra_forbidden":
            return "there is no such field"
        case "string_too_long":
            return f"at most {limits['max_length']} characters"
        case "string_too_short":
            return "this is empty"
        case "string_pattern_mismatch":
            return f"this is not of the form {limits['pattern'].strip('^$')}"
    return fault["msg"].removeprefix("Value error, ").removeprefix("Input ")


def _texts(fields: JsonObject) -> Iterator[tuple[str, str]]:
    for name, value in fields.items():
        if isinstance(value, dict):
            yield from _texts(value)
        elif isinstance(value, str):
            yield name, value


def draft(
    record: VerifiedRecord,
    request: CitationRequest,
    *,
    created_at: datetime,
    nonce: bytes,
    after: After | None = None,
) -> Statement:
    """The statement that `request` makes about `record`, ready to be signed.

    Args:
        record: The proof that the cited record is genuine.
        request: What is said of it.
        created_at: The time to state, with a time zone.
        nonce: 16 random bytes, so that equal statements differ.
        after: The last checkpoint of the ledger.

    Raises:
        UnknownClaimError: The record has no such claim.
        RequestError: The statement is larger than an envelope may hold.
    """
    statement = Statement(
        subject=(subject(record),),
        predicate=Predicate(
            relationship=request.relationship,
            cited=cited(record),
            citing=request.citing,
            claim=claim_of(record, request.claim_id) if request.claim_id else None,
            quote=_quote(request),
            statement=request.statement,
            agent=request.agent,
            verification=Checked(verdict="verified", policy=record.policy),
            created_at=time_text(created_at),
            nonce=stated_nonce(nonce),
            after=after,
            supersedes=request.supersedes,
        ),
    )
    if (size := len(statement.payload())) > MAX_PAYLOAD_BYTES:
        raise RequestError(
            f"Nothing was signed: the statement has {size} bytes; at most {MAX_PAYLOAD_BYTES} fit"
            " in an envelope."
        )
    return statement


def stated_nonce(nonce: bytes) -> str:
    """16 bytes as statements have them: base64url without padding."""
    return base64.urlsafe_b64encode(nonce).rstrip(b"=").decode("ascii")


def _quote(request: CitationRequest) -> Quote | None:
    words = request.quote
    if words is None:
        return None
    return Quote(
        sha256=quoted_sha256(words),
        text=words if request.with_quote_text else None,
        length=len(words),
        page=request.page,
    )


def cited(record: VerifiedRecord) -> Cited:
    """What a statement says of the record that it cites."""
    source = record.signed.source
    signature = base64.b64decode(record.receipt.signature_b64)
    return Cited(
        source=CitedSource(kind=source.kind, id=source.id, version=source.version),
        receipt=CitedReceipt(
            key_fingerprint=record.key_sha256,
            signature_sha256=hashlib.sha256(signature).hexdigest(),
        ),
    )


def claim_of(record: VerifiedRecord, claim_id: str) -> Claim:
    """The claim of a record, with its hashes.

    Raises:
        UnknownClaimError: The record has no claim with that id.
    """
    for item in record.claims:
        if at(item, "claim_id") == claim_id and isinstance(text := at(item, "text"), str):
            stated = at(record.document, CLAIMS_HASH)
            return Claim(
                id=claim_id,
                text_sha256=quoted_sha256(text),
                snapshot_sha256=stated
                if isinstance(stated, str) and _SHA256.fullmatch(stated)
                else None,
            )
    raise UnknownClaimError(f"The record has no claim {claim_id[:40]!a}; it has {_known(record)}.")


def _known(record: VerifiedRecord) -> str:
    """The ids of a record's claims where all are few and plain, else how many claims there are.

    Nobody signs them, so they may hold anything.
    """
    if CLAIMS not in record.coverage.hash_bound:
        return "none that hash to the snapshot hash beside them"
    ids = [name for item in record.claims if (name := plain_claim_id(item))]
    if len(ids) == len(record.claims) <= MAX_IDS:
        return ", ".join(ids) or "none"
    return f"{len(record.claims)} claims"


def subject(record: VerifiedRecord) -> Subject:
    """The record as the subject of a statement."""
    return Subject(name=record.pith_number, digest=Digest(sha256=record.canonical_sha256))
