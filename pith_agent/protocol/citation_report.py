"""Verify one signed citation: signature, statement, the record behind it, the claim.

Source: docs/reference/citation.md, rules C1 to C8.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Self

from pydantic import JsonValue, ValidationError

from pith_agent.errors import (
    CanonicalFormError,
    CitationError,
    CitedRecordError,
    ClaimMismatchError,
    PithError,
    QuoteMismatchError,
    SnapshotChangedError,
    StatementError,
    UnknownClaimError,
    VerificationError,
)
from pith_agent.protocol.citation import Statement
from pith_agent.protocol.citation_draft import cited, claim_of, quoted_sha256, quoted_text, subject
from pith_agent.protocol.envelope_check import (
    Opened,
    check_canonical,
    check_signature,
    check_time,
    open_envelope,
)
from pith_agent.protocol.proof import VerifiedRecord
from pith_agent.protocol.report import Check, Verdict, decide
from pith_agent.protocol.stated import Stated
from pith_agent.protocol.strict_json import JsonObject

Lookup = Callable[[str], VerifiedRecord]
"""Full Pith Number → proof, or a `PithError` that says why there is none."""


class CitationReport(Stated):
    """The answer of a citation's verification."""

    verdict: Verdict
    code: str
    """`ok`, or the code of the first check that stands in the way."""
    message: str = ""
    hint: str = ""
    citation_id: str | None = None
    pith_number: str | None = None
    """The cited record, as the statement names it."""
    relationship: str | None = None
    signed_by: tuple[str, ...] = ()
    """Key ids (SHA-256 of the key, hex) of the trusted keys whose signatures hold."""
    statement: JsonObject | None = None
    """The signed statement, once its signature holds. Agent, time and quote are claims."""
    checks: tuple[Check, ...] = ()

    def with_checks(self, *checks: Check, signed_by: tuple[str, ...] | None = None) -> Self:
        """The report with further checks, decided anew.

        Args:
            checks: What else was checked, in order.
            signed_by: The keys that may be believed after them; without it, the same as before.
        """
        every = (*self.checks, *checks)
        verdict, decisive = decide(every)
        return self.model_copy(
            update={
                "verdict": verdict,
                "code": decisive.code if decisive else "ok",
                "message": decisive.detail if decisive else "",
                "hint": decisive.hint if decisive else "",
                "signed_by": self.signed_by if signed_by is None else signed_by,
                "checks": every,
            }
        )


def examine_citation(
    envelope: JsonObject | bytes,
    signers: Iterable[bytes],
    *,
    record: Lookup,
    now: datetime,
) -> CitationReport:
    """Check a signed citation. Total: hostile input gives a failed report.

    Args:
        envelope: The DSSE envelope, as JSON bytes or as an object.
        signers: Raw 32-byte public keys of the agents whose citations you accept.
        record: Finds and verifies the cited record.
        now: The current time, with a time zone.

    Source:
        docs/reference/citation.md, rules C1 to C8.
    """
    try:
        opened = open_envelope(envelope)
    except CitationError as error:
        return _report((Check.refused("envelope", type(error), error.message),))
    signature, signed_by = check_signature(opened, tuple(signers))
    canonical = check_canonical(opened)
    form = Check.passed("envelope", "The citation is a DSSE envelope of an in-toto statement.")
    checks: tuple[Check, ...] = (form, signature, canonical)
    # Nothing unsigned is looked at: who signs nothing may not make us fetch anything.
    if signature.status != "pass" or canonical.status != "pass":
        return _report(checks, opened)
    try:
        statement = _read(opened.payload)
    except StatementError as error:
        checks += (Check.refused("statement", StatementError, error.message),)
        return _report(checks, opened, signed_by=signed_by)
    checks += (
        Check.passed("statement", "The statement is a citation of one record."),
        check_time(statement.predicate.created_at, now),
        *_check_record(statement, record),
        _check_quote(statement),
    )
    return _report(checks, opened, statement=statement, signed_by=signed_by)


def _read(payload: bytes) -> Statement:
    """C4: the statement in a payload, which has the fields of a citation and no others."""
    try:
        statement = Statement.model_validate_json(payload)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"]))
        raise StatementError(f"{where}: {first['msg']}.") from error
    if statement.payload() != payload:
        raise StatementError(
            "A field lacks, is null, or has another name than in docs/reference/citation.md."
        )
    return statement


def _check_quote(statement: Statement) -> Check:
    """C8: where the quoted words are given, they are those that the hash and length are of.

    Whether the paper has these words is not checked: records do not hold the text of papers.
    """
    quote = statement.predicate.quote
    if quote is None or quote.text is None:
        return Check.skipped("cited-quote", "The citation gives no quoted words.")
    # It cannot hold half of a surrogate pair: C3 has read the payload.
    found = quoted_sha256(quote.text)
    said = (quote.sha256, quote.text, quote.length)
    if said != (found, quoted_text(quote.text), len(quote.text)):
        return Check.refused(
            "cited-quote",
            QuoteMismatchError,
            "The quoted words are not those that were hashed.",
            expected=quote.sha256,
            found=found,
        )
    return Check.passed(
        "cited-quote", "The quoted words are those that were hashed; the paper was not looked at."
    )


def _check_record(statement: Statement, record: Lookup) -> Iterable[Check]:
    """C6 and C7: the cited record verifies, and is the one that was signed for."""
    name = statement.subject[0].name
    try:
        verified = record(name)
    except PithError as error:
        if isinstance(error, VerificationError):
            yield Check.refused("cited-record", type(error), error.message, expected=name)
        else:
            yield Check(
                name="cited-record",
                status="undecidable",
                code=error.code,
                detail=f"The cited record is not at hand: {error.message}",
                expected=name,
            )
        return
    if (statement.subject[0], statement.predicate.cited) != (subject(verified), cited(verified)):
        yield Check.refused(
            "cited-record",
            CitedRecordError,
            "The statement does not describe the record that has this Pith Number.",
            expected=verified.canonical_sha256,
            found=statement.subject[0].digest.sha256,
        )
        return
    yield Check.passed("cited-record", "The cited record is verified, and is the one described.")
    yield _check_claim(statement, verified)


def _check_claim(statement: Statement, verified: VerifiedRecord) -> Check:
    """C7: the cited claim is a claim of the record, word for word."""
    claim = statement.predicate.claim
    if claim is None:
        return Check.skipped("cited-claim", "The citation names no claim.")
    try:
        known = claim_of(verified, claim.id)
    except (UnknownClaimError, CanonicalFormError) as error:
        return Check.refused("cited-claim", type(error), error.message, expected=claim.id)
    if claim.text_sha256 != known.text_sha256:
        return Check.refused(
            "cited-claim",
            ClaimMismatchError,
            "The claim that was cited is worded otherwise in the record.",
            expected=known.text_sha256,
            found=claim.text_sha256,
        )
    if claim.snapshot_sha256 not in (None, known.snapshot_sha256):
        return Check.warned(
            "cited-claim",
            SnapshotChangedError.code,
            f"The record has claim {claim.id} in these words, but other claims changed since.",
            expected=claim.snapshot_sha256,
            found=known.snapshot_sha256,
        )
    return Check.passed(
        "cited-claim",
        f"The record has claim {claim.id} in these words. The registry signs no claims.",
    )


def _report(
    checks: tuple[Check, ...],
    opened: Opened | None = None,
    *,
    statement: Statement | None = None,
    signed_by: tuple[str, ...] = (),
) -> CitationReport:
    said: JsonValue = (
        statement.model_dump(mode="json", by_alias=True, exclude_none=True) if statement else None
    )
    report = CitationReport(
        verdict="undecidable",
        code="",
        citation_id=opened.envelope.citation_id if opened else None,
        pith_number=statement.subject[0].name if statement else None,
        relationship=statement.predicate.relationship if statement else None,
        signed_by=signed_by,
        statement=said if isinstance(said, dict) else None,
    )
    return report.with_checks(*checks)
