"""Verify one signed statement: a citation, a bibliography, or the retraction of one.

Source: docs/reference/citation.md, rules C1 to C8.
"""

from collections.abc import Iterable
from datetime import datetime
from typing import Literal, Self, TypeAlias, TypeVar

from pydantic import ValidationError

from pith_agent.errors import CitationError, StatementError, UnknownStatementError
from pith_agent.protocol.bibliography import BIBLIOGRAPHY_TYPE, BibliographyStatement
from pith_agent.protocol.citation import PREDICATE_TYPE, InTotoStatement, Statement
from pith_agent.protocol.citation_check import (
    CitedPaper,
    Lookup,
    Lookups,
    check_bibliography,
    check_citation,
    one_by_one,
)
from pith_agent.protocol.display import safe_text
from pith_agent.protocol.envelope_check import (
    check_canonical,
    check_signature,
    check_time,
    open_envelope,
    stated_type,
)
from pith_agent.protocol.report import Check, Verdict, decide
from pith_agent.protocol.retraction import RETRACTION_TYPE, RetractionStatement
from pith_agent.protocol.stated import Stated
from pith_agent.protocol.strict_json import JsonObject

Kind: TypeAlias = Literal["citation", "bibliography", "retraction"]

KINDS: dict[str, Kind] = {
    PREDICATE_TYPE: "citation",
    BIBLIOGRAPHY_TYPE: "bibliography",
    RETRACTION_TYPE: "retraction",
}
"""Predicate type → what a statement of that type is."""

S = TypeVar("S", bound=InTotoStatement)


class CitationReport(Stated):
    """The answer of a statement's verification."""

    verdict: Verdict
    """Of a retraction, `verified` says that the signer retracted `retracts`, and no more."""
    code: str
    """`ok`, or the code of the first check that stands in the way."""
    message: str = ""
    hint: str = ""
    kind: Kind | None = None
    """What the statement is, once its signature holds."""
    citation_id: str | None = None
    pith_number: str | None = None
    """The record that a citation cites, as the statement names it."""
    retracts: str | None = None
    """The citation id that a retraction is of."""
    relationship: str | None = None
    signed_by: tuple[str, ...] = ()
    """Key ids (SHA-256 of the key, hex) of the trusted keys whose signatures hold."""
    signers: tuple[str, ...] = ()
    """What is known here of the keys in `signed_by`, in the same order: whose they are."""
    papers: tuple[CitedPaper, ...] = ()
    """The papers of a bibliography, in the order of the statement."""
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
        said = f"The signer retracted {self.retracts}." if self.retracts else ""
        return self.model_copy(
            update={
                "verdict": verdict,
                "code": decisive.code if decisive else "ok",
                "message": decisive.detail if decisive else said,
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
    records: Lookups | None = None,
) -> CitationReport:
    """Check a signed statement of any kind. Total: hostile input gives a failed report.

    Args:
        envelope: The DSSE envelope, as JSON bytes or as an object.
        signers: Raw 32-byte public keys of the agents whose citations you accept.
        record: Finds and verifies the cited record.
        now: The current time, with a time zone.
        records: Finds those of a bibliography at once; without it `record` is asked for each.

    Source:
        docs/reference/citation.md, rules C1 to C8.
    """
    try:
        opened = open_envelope(envelope)
    except CitationError as error:
        refused = Check.refused("envelope", type(error), error.message)
        return _UNREAD.with_checks(refused)
    signature, signed_by = check_signature(opened, tuple(signers))
    canonical = check_canonical(opened)
    form = Check.passed("envelope", "The citation is a DSSE envelope of an in-toto statement.")
    named = _UNREAD.model_copy(update={"citation_id": opened.envelope.citation_id})
    # Nothing unsigned is looked at: who signs nothing may not make us fetch anything.
    if signature.status != "pass" or canonical.status != "pass":
        return named.with_checks(form, signature, canonical)
    try:
        said, checks = _examine(opened.payload, record, records or one_by_one(record), now)
    except CitationError as error:
        said, checks = {}, (Check.refused("statement", type(error), error.message),)
    whole = named.model_copy(update=said)
    return whole.with_checks(form, signature, canonical, *checks, signed_by=signed_by)


_UNREAD = CitationReport(verdict="undecidable", code="")

Said: TypeAlias = tuple[dict[str, object], tuple[Check, ...]]
"""Fields of the report that are known once the statement is read, and the checks of it."""


def _examine(payload: bytes, record: Lookup, records: Lookups, now: datetime) -> Said:
    """C4 and what follows, by the kind of the statement.

    Raises:
        CitationError: The statement is of no known kind, or not of the form of its kind.
    """
    statement = read_statement(payload)
    if isinstance(statement, RetractionStatement):
        return _retraction(statement, now)
    if isinstance(statement, BibliographyStatement):
        return _bibliography(statement, records, now)
    return _citation(statement, record, now)


def read_statement(payload: bytes) -> Statement | BibliographyStatement | RetractionStatement:
    """C4: the statement in a payload, which has the fields of its kind and no others.

    Raises:
        UnknownStatementError: It is of no known kind.
        StatementError: It is not of the form of its kind, or not in canonical form.
    """
    named = stated_type(payload)
    kind = KINDS.get(named) if named is not None else "citation"
    if kind is None:
        raise UnknownStatementError(f"The statement is of the type {safe_text(named or '', 200)}.")
    if kind == "retraction":
        return _read(payload, RetractionStatement)
    if kind == "bibliography":
        return _read(payload, BibliographyStatement)
    return _read(payload, Statement)


def _citation(statement: Statement, record: Lookup, now: datetime) -> Said:
    predicate = statement.predicate
    said = {
        **_fields("citation", statement),
        "pith_number": statement.subject[0].name,
        "relationship": predicate.relationship,
    }
    return said, (
        Check.passed("statement", "The statement is a citation of one record."),
        check_time(predicate.created_at, now),
        *check_citation(statement, record),
    )


def _bibliography(statement: BibliographyStatement, records: Lookups, now: datetime) -> Said:
    predicate = statement.predicate
    check, papers = check_bibliography(statement, records)
    said = {
        **_fields("bibliography", statement),
        "relationship": predicate.relationship,
        "papers": papers,
    }
    return said, (
        Check.passed("statement", f"The statement is a bibliography ({len(papers)} records)."),
        check_time(predicate.created_at, now),
        check,
    )


def _retraction(statement: RetractionStatement, now: datetime) -> Said:
    retracted = statement.subject[0].name
    said = {**_fields("retraction", statement), "retracts": retracted}
    return said, (
        Check.passed("statement", f"The statement is a retraction of {retracted}."),
        check_time(statement.predicate.created_at, now),
    )


def _fields(kind: Kind, statement: InTotoStatement) -> dict[str, object]:
    said = statement.model_dump(mode="json", by_alias=True, exclude_none=True)
    return {"kind": kind, "statement": said}


def _read(payload: bytes, model: type[S]) -> S:
    """C4: the statement in a payload, which has the fields of its kind and no others."""
    try:
        statement = model.model_validate_json(payload)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(map(str, first["loc"])) or "statement"
        raise StatementError(f"{where}: {first['msg'].removeprefix('Value error, ')}.") from error
    if statement.payload() != payload:
        raise StatementError(
            "A field lacks, is null, or has another name than the format gives it."
        )
    return statement
