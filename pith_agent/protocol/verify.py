"""Record + trust root + policy → Report. `Report.require()` → VerifiedRecord.

Source: docs/reference/verification.md, rules V1 to V20.
"""

import json
from collections.abc import Callable
from typing import TypeAlias

from pith_agent.errors import DocumentError, JsonError
from pith_agent.protocol import check_content as content
from pith_agent.protocol import check_proof as proof
from pith_agent.protocol.case import Case
from pith_agent.protocol.coverage import coverage_of, nothing_covered
from pith_agent.protocol.policy import NO_QUESTION, STANDARD, Policy, Question
from pith_agent.protocol.proof import VerifiedRecord, seal
from pith_agent.protocol.record import TITLES, Exhibit, at, load_document, read_document
from pith_agent.protocol.report import Check, Report, attach, decide
from pith_agent.protocol.strict_json import JsonObject, plain
from pith_agent.protocol.trust import TrustRoot

CHECKS: tuple[Callable[[Case], Check], ...] = (
    proof.check_schema,
    proof.check_digest,
    proof.check_number,
    proof.check_year,
    proof.check_short_forms,
    proof.check_aliases,
    proof.check_receipt,
    proof.check_key,
    proof.check_signature,
    proof.check_receipt_digest,
    content.check_source_copies,
    content.check_paper_copies,
    content.check_graph_copies,
    content.check_event_copies,
    content.check_title,
    content.check_abstract,
    content.check_snapshots,
    content.check_asked,
    content.check_seen,
)
"""Rules V2 to V20, in the order of the report. V1, the form, is decided by reading."""

Document: TypeAlias = JsonObject | bytes


def examine(
    document: Document,
    trust: TrustRoot | None = None,
    policy: Policy = STANDARD,
    *,
    question: Question = NO_QUESTION,
) -> Report:
    """Run every check on `document` and say which of its fields are proved.

    Total: hostile input gives a failed report, never an exception.

    Args:
        document: A record, bundle or compact record, as the bytes that were received or as
            `load_document` read them. Nothing in it is trusted.
        trust: The trusted Ed25519 keys; the bundled root if not given. The receipt's `key_id`
            only selects among them.
        policy: What is demanded beyond a valid receipt.
        question: What was asked for, and what is known from elsewhere.

    Returns:
        The verdict, one `Check` per rule in a fixed order, and the coverage of each field.

    Source:
        docs/reference/verification.md, rules V1 to V20.
    """
    size = len(document) if isinstance(document, bytes) else None
    try:
        own = _own(document)
    except DocumentError as error:
        return _unreadable(error, policy, size)
    return examine_owned(own, trust, policy, question=question, size=size)


def examine_owned(
    document: JsonObject,
    trust: TrustRoot | None = None,
    policy: Policy = STANDARD,
    *,
    question: Question = NO_QUESTION,
    size: int | None = None,
) -> Report:
    """`examine` for an object that `parse_json` has read, and that nobody else can change.

    Args:
        document: As in `examine`.
        trust: As in `examine`.
        policy: As in `examine`.
        question: As in `examine`.
        size: The bytes that it was read from, where they are known.
    """
    try:
        exhibit = read_document(document)
    except DocumentError as error:
        return _unreadable(error, policy, size)
    case = Case(exhibit, TrustRoot.bundled() if trust is None else trust, question)
    form = Check.passed("json-form", f"The document is a {exhibit.form} in strict JSON.")
    checks = (form, *(check(case) for check in CHECKS))
    return _report(case, checks, policy, size)


def verify(
    document: Document,
    trust: TrustRoot | None = None,
    policy: Policy = STANDARD,
    *,
    question: Question = NO_QUESTION,
) -> VerifiedRecord:
    """`examine(…).require()`: the proof, or an exception that says why there is none.

    Raises:
        VerificationError: A check failed; the subclass and its `code` say which.
        UndecidableError: Nothing failed, but something cannot be proved.
    """
    return examine(document, trust, policy, question=question).require()


def _own(document: Document) -> JsonObject:
    """The document as an object that nobody else can change while, or after, it is checked."""
    if isinstance(document, bytes | bytearray | memoryview):
        return load_document(bytes(document))
    if not isinstance(document, dict):
        raise DocumentError("The document is not a JSON object.")
    # Written and read again, so that an object is judged as its bytes would be.
    try:
        data = json.dumps(plain(document), ensure_ascii=False).encode("utf-8")
    except ValueError as error:
        raise JsonError("The object is not JSON.") from error
    return load_document(data)


def _report(case: Case, checks: tuple[Check, ...], policy: Policy, size: int | None) -> Report:
    exhibit, key = case.exhibit, case.key
    verdict, decisive = decide(checks, warnings_fail=policy.warnings_fail)
    verified = verdict == "verified"
    report = Report(
        verdict=verdict,
        code=decisive.code if decisive else "ok",
        pith_number=exhibit.pith_number,
        canonical_sha256=exhibit.digest.hex(),
        policy=str(policy),
        trust_key=key.sha256 if key else None,
        checks=checks,
        coverage=coverage_of(exhibit, size)
        if verified
        else nothing_covered(exhibit.document, size),
    )
    if verified and key:
        attach(
            report,
            seal(
                exhibit,
                key_sha256=key.sha256,
                title=_title(exhibit, report),
                policy=report.policy,
                cover=lambda: report.coverage,
            ),
        )
    return report


def _title(exhibit: Exhibit, report: Report) -> str | None:
    """The first title that the coverage calls hash-bound."""
    for path in TITLES:
        title = at(exhibit.document, path)
        if path in report.coverage.hash_bound and isinstance(title, str):
            return title
    return None


def _unreadable(error: DocumentError, policy: Policy, size: int | None) -> Report:
    """V1: the document cannot be read, so there is nothing to apply the other rules to."""
    return Report(
        verdict="failed",
        code=error.code,
        pith_number=None,
        canonical_sha256=None,
        policy=str(policy),
        trust_key=None,
        checks=(Check.refused("json-form", type(error), error.message),),
        coverage=nothing_covered(None, size),
    )
