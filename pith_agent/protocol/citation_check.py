"""What is checked of a statement against the records that it cites.

Source: docs/reference/citation.md, rules C6 to C8.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeAlias

from pith_agent.errors import (
    CanonicalFormError,
    CitedRecordError,
    ClaimMismatchError,
    PithError,
    SnapshotChangedError,
    UnknownClaimError,
    VerificationError,
)
from pith_agent.protocol.bibliography import BibliographyStatement
from pith_agent.protocol.citation import Cited, Statement, Subject
from pith_agent.protocol.citation_draft import cited, claim_of, subject
from pith_agent.protocol.proof import VerifiedRecord
from pith_agent.protocol.quote_check import check_quote
from pith_agent.protocol.report import Check, Verdict
from pith_agent.protocol.stated import Stated

Lookup: TypeAlias = Callable[[str], VerifiedRecord]
"""Full Pith Number → proof, or a `PithError` that says why there is none."""

Lookups: TypeAlias = Callable[[Sequence[str]], Sequence[VerifiedRecord | PithError]]
"""Several full Pith Numbers → as many proofs, in the same order, with an error where there is
none."""


class CitedPaper(Stated):
    """A paper of a bibliography."""

    pith_number: str
    verdict: Verdict
    code: str
    """`ok`, or why its record does not bear the statement out."""


def one_by_one(lookup: Lookup) -> Lookups:
    """A look-up of several records that asks for each in turn."""

    def found(name: str) -> VerifiedRecord | PithError:
        try:
            return lookup(name)
        except PithError as error:
            return error

    return lambda names: [found(name) for name in names]


def check_citation(statement: Statement, record: Lookup) -> Iterable[Check]:
    """C6 to C8: the cited record verifies, and is the one that was signed for, in its words."""
    named = statement.subject[0]
    (found,) = one_by_one(record)([named.name])
    check = _check_record(named, statement.predicate.cited, found)
    yield check
    proved = found if check.status == "pass" and isinstance(found, VerifiedRecord) else None
    if proved is not None:
        yield _check_claim(statement, proved)
    yield check_quote(statement, proved)


def check_bibliography(
    statement: BibliographyStatement, records: Lookups
) -> tuple[Check, tuple[CitedPaper, ...]]:
    """C6 for each cited record: the first that fails decides, or else the first that is not at
    hand."""
    subjects, said = statement.subject, statement.predicate.cited
    found = records([one.name for one in subjects])
    checks = list(map(_check_record, subjects, said, found))
    papers = tuple(_paper(one, check) for one, check in zip(subjects, checks, strict=True))
    wrong = [check for check in checks if check.status != "pass"]
    first = next((check for check in wrong if check.status == "fail"), next(iter(wrong), None))
    if first is None:
        return Check.passed(
            "cited-record", f"All cited records are verified ({len(papers)})."
        ), papers
    alike = sum(check.status == first.status for check in wrong)
    what = "refuted" if first.status == "fail" else "not at hand"
    detail = f"{alike} of {len(papers)} cited records: {what}. The first: {first.detail}"
    return first.model_copy(update={"detail": detail}), papers


def _paper(named: Subject, check: Check) -> CitedPaper:
    verdicts: dict[str, Verdict] = {"pass": "verified", "fail": "failed"}
    return CitedPaper(
        pith_number=named.name,
        verdict=verdicts.get(check.status, "undecidable"),
        code=check.code,
    )


def _check_record(named: Subject, said: Cited, found: VerifiedRecord | PithError) -> Check:
    """C6: the cited record verifies, and is the one that was signed for."""
    if isinstance(found, VerificationError):
        return Check.refused("cited-record", type(found), found.message, expected=named.name)
    if isinstance(found, PithError):
        return Check(
            name="cited-record",
            status="undecidable",
            code=found.code,
            detail=f"The cited record is not at hand: {found.message}",
            expected=named.name,
        )
    if (named, said) != (subject(found), cited(found)):
        return Check.refused(
            "cited-record",
            CitedRecordError,
            "The statement does not describe the record that has this Pith Number.",
            expected=found.canonical_sha256,
            found=named.digest.sha256,
        )
    return Check.passed("cited-record", "The cited record is verified, and is the one described.")


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
