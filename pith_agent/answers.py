"""What the four verbs answer: one object for each identifier, with a status of its own."""

from typing import Literal, Self, TypeAlias

from pydantic import Field, JsonValue, PrivateAttr

from pith_agent.errors import (
    AmbiguousError,
    ArgumentsError,
    DocumentError,
    IdentifierError,
    NotFoundError,
    PithError,
    StorageError,
    UndecidableError,
    UnreachableError,
)
from pith_agent.protocol.claims import ClaimReport, claim_checks
from pith_agent.protocol.display import safe_text
from pith_agent.protocol.proof import VerifiedRecord
from pith_agent.protocol.record import load_document
from pith_agent.protocol.report import Check, Report, decide
from pith_agent.protocol.stated import Coverage, Stated
from pith_agent.protocol.title_match import Match

TARGET_LENGTH = 200
"""Characters of a target that an answer repeats."""

Outcome: TypeAlias = Literal[
    "verified",
    "failed",
    "undecidable",
    "not-found",
    "ambiguous",
    "unreachable",
    "invalid",
    "damaged",
]
"""`failed` is refuted, `undecidable` cannot be proved, `not-found` was answered by every source,
`unreachable` was not checked, `invalid` is no identifier, `damaged` is this machine's store."""

_OUTCOMES: tuple[tuple[type[PithError], Outcome], ...] = (
    (IdentifierError, "invalid"),
    (ArgumentsError, "invalid"),
    (NotFoundError, "not-found"),
    (AmbiguousError, "ambiguous"),
    (UnreachableError, "unreachable"),
    (StorageError, "damaged"),
    (UndecidableError, "undecidable"),
)


def outcome_of(error: PithError) -> Outcome:
    """The status of an identifier for which `error` was raised."""
    return next((outcome for kind, outcome in _OUTCOMES if isinstance(error, kind)), "failed")


class Answer(Stated):
    """What all answers have."""

    target: str
    """What was asked, as it was typed but for characters that cannot be seen."""
    verdict: Outcome
    code: str
    """`ok`, or the stable code of what stands in the way."""
    message: str = ""
    """What happened, in one sentence; empty when all is well."""
    hint: str = ""
    """What to do next; empty when all is well."""
    pith_number: str | None = None
    """The full Pith Number, computed from the record; `None` if there is no record."""
    candidates: tuple[str, ...] = ()
    """The full Pith Numbers that an ambiguous short form may mean."""

    @classmethod
    def without_record(cls, target: str, error: PithError) -> Self:
        """The answer for an identifier that led to no single document."""
        return cls(
            target=safe_text(target[:TARGET_LENGTH]),
            verdict=outcome_of(error),
            code=error.code,
            message=error.message,
            hint=error.hint,
            candidates=error.candidates if isinstance(error, AmbiguousError) else (),
        )


class About(Answer):
    """What answers say of a record that was found."""

    title: str | None = None
    """The authenticated title: it hashes to the signed hash. `None` unless verified."""
    arxiv: str | None = None
    """The signed source, as `2402.13116v4`. `None` unless verified."""
    found_in: str | None = None
    """Where the record came from: a URL, a file, or the starter records."""
    fetched_at: str | None = None
    """When it was received, RFC 3339. Records carry no freshness of their own."""


class Resolution(About):
    """Which record an identifier names."""


class Verification(About):
    """Whether the record that an identifier names is genuine, check by check."""

    canonical_sha256: str | None = None
    """SHA-256 of the canonical record, 64 hex digits: computed."""
    policy: str | None = None
    """`name@version` of the policy that was applied."""
    trust_key: str | None = None
    """SHA-256 of the trusted key that the receipt was checked with."""
    title_match: Match | None = None
    """Where a title was claimed: how it compares with the signed one."""
    checks: tuple[Check, ...] = ()
    coverage: Coverage = Field(default_factory=Coverage)

    _record: VerifiedRecord | None = PrivateAttr(default=None)
    _fetched_now: bool = PrivateAttr(default=False)

    @property
    def record(self) -> VerifiedRecord | None:
        """The proof; `None` unless the verdict is `verified`."""
        return self._record if self.verdict == "verified" else None

    @property
    def fetched_now(self) -> bool:
        """Whether the registry was asked for this answer, and sent a document."""
        return self._fetched_now


class Fetched(About):
    """A whole document, with what is proved of it."""

    coverage: Coverage = Field(default_factory=Coverage)
    document: dict[str, JsonValue] | None = None
    """The document as it was served. Only what `coverage` names is proved."""

    _record: VerifiedRecord | None = PrivateAttr(default=None)

    @property
    def record(self) -> VerifiedRecord | None:
        """The proof; `None` unless the verdict is `verified`."""
        return self._record


def resolution(
    target: str, report: Report, found_in: str, fetched_at: str | None = None
) -> Resolution:
    """Which record was found; the arguments are those of `verification`."""
    return Resolution.model_validate(_about(target, report, found_in, fetched_at))


def fetched(
    target: str, report: Report, body: bytes, found_in: str, fetched_at: str | None = None
) -> Fetched:
    """The document that was found, read from `body`; the rest is as in `verification`."""
    try:
        document = load_document(body)
    except DocumentError:
        document = None
    about = _about(target, report, found_in, fetched_at)
    answer = Fetched.model_validate({**about, "coverage": report.coverage, "document": document})
    answer._record = report.record
    return answer


def verification(
    target: str,
    report: Report,
    found_in: str,
    fetched_at: str | None = None,
    *,
    fetched_now: bool = False,
) -> Verification:
    """What the checks say of the document that was found.

    Args:
        target: What was asked, as it was typed.
        report: The report on the document.
        found_in: Where the document came from.
        fetched_at: When it was received, RFC 3339, if that is known.
        fetched_now: Whether the registry sent it for this answer.
    """
    answer = Verification.model_validate(
        {
            **_about(target, report, found_in, fetched_at),
            "canonical_sha256": report.canonical_sha256,
            "policy": report.policy,
            "trust_key": report.trust_key,
            "checks": report.checks,
            "coverage": report.coverage,
        }
    )
    answer._record = report.record
    answer._fetched_now = fetched_now
    return answer


def with_claim(answer: Verification, claim: ClaimReport) -> Verification:
    """The answer on a verified record, less its good word if the claim names another paper.

    A genuine record behind a wrong title is how an invented reference looks.
    """
    said: dict[str, object] = {"checks": (*answer.checks, *claim_checks(claim))}
    if claim.title_match is not None:
        said["title_match"] = claim.title_match.match
    verdict, decisive = decide(claim_checks(claim))
    if decisive is not None:
        said |= {"verdict": verdict, "code": decisive.code}
        said |= {"message": decisive.detail, "hint": decisive.hint}
    return answer.model_copy(update=said)


def _about(target: str, report: Report, found_in: str, fetched_at: str | None) -> dict[str, object]:
    check, record = report.decisive, report.record
    source = record.signed.source if record else None
    return {
        "target": safe_text(target[:TARGET_LENGTH]),
        "verdict": report.verdict,
        "code": report.code,
        "message": check.detail if check else "",
        "hint": check.hint if check else "",
        "pith_number": report.pith_number,
        "title": safe_text(record.title) if record and record.title else None,
        "arxiv": f"{source.id}v{source.version}" if source and source.kind == "arxiv" else None,
        "found_in": found_in,
        "fetched_at": fetched_at,
    }
