"""What a reference claims about a paper, against the record of that paper.

Only the title, the version and the year of the first submission can be compared with something
signed. Authors are compared too, and a difference there is never more than a warning.

Source: docs/reference/title-matching.md, "The whole claim".
"""

from typing import Annotated, Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from pith_agent.errors import ClaimedTitleError, ConflictingIdentifiersError, IdentifierError
from pith_agent.protocol.authors import are_same, read_author, read_authors, stated_authors
from pith_agent.protocol.display import safe_text
from pith_agent.protocol.identifier import MAX_LENGTH, Identifier, parse_identifier
from pith_agent.protocol.proof import VerifiedRecord
from pith_agent.protocol.report import Check
from pith_agent.protocol.stated import Stated
from pith_agent.protocol.title_match import MAX_TITLE_LENGTH, TitleMatch

Agreement: TypeAlias = Literal["equal", "differs", "not-claimed", "unknown"]
"""`unknown`: the record says nothing to compare with."""
Level: TypeAlias = Literal["ok", "warning", "error"]

MAX_AUTHORS = 500
SHOWN_LENGTH = 200
"""Characters of a compared value that a report repeats."""

_LEVELS: dict[str, Level] = {
    "exact": "ok",
    "variant": "ok",
    "truncated": "warning",
    "unconfirmed": "warning",
    "near-miss": "error",
    "different": "error",
}


class PaperClaim(BaseModel):
    """What a reference says of one paper. Only `id` is needed."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    id: Annotated[str, Field(min_length=1, max_length=MAX_LENGTH)]
    """Pith Number, arXiv id, DOI, or a URL of one."""
    title: Annotated[str, Field(max_length=MAX_TITLE_LENGTH)] | None = None
    authors: (
        Annotated[
            tuple[Annotated[str, Field(max_length=SHOWN_LENGTH)], ...],
            Field(max_length=MAX_AUTHORS),
        ]
        | None
    ) = None
    """Names, `Can Xu` or `Xu, Can`. `others` and `et al.` stand for those left out."""
    year: Annotated[int, Field(ge=1000, le=9999)] | None = None
    version: Annotated[int, Field(ge=1)] | None = None
    doi: Annotated[str, Field(max_length=MAX_LENGTH)] | None = None


class Comparison(Stated):
    """One claimed value beside the record's."""

    agreement: Agreement
    signed: bool
    """Whether the record's value is signed. An unsigned value proves nothing either way."""
    claimed: str | None = None
    recorded: str | None = None
    detail: str
    """One sentence for people."""

    @property
    def level(self) -> Level:
        """A difference is a warning: the paper may be right and this version another."""
        return "warning" if self.agreement == "differs" else "ok"


class ClaimReport(Stated):
    """What one record says of one claim."""

    pith_number: str
    arxiv: str | None
    """The signed source, as `2402.13116v4`."""
    level: Level
    """The gravest of all that follows."""
    conflict: str | None
    """Why the claimed identifiers name another paper than this record; `None` if they do not."""
    title_match: TitleMatch | None
    """`None` if no title is claimed."""
    version_match: Comparison
    year: Comparison
    authors: Comparison


def check_claim_ids(claim: PaperClaim) -> Identifier:
    """The identifier of a claim whose `id`, `doi` and `version` do not contradict each other.

    An arXiv id or DOI without a version gets the claimed one: that version is looked up.
    Pure: it needs no record, so it comes before any look-up. An arXiv id and a publisher's DOI
    may well be one paper; only the two ids of one kind can contradict each other.

    Raises:
        IdentifierError: `id` or `doi` is no identifier, or `doi` is no DOI.
        ConflictingIdentifiersError: They name two papers, or two versions of one.
    """
    named = parse_identifier(claim.id)
    if claim.doi is not None:
        doi = parse_identifier(claim.doi)
        if doi.kind not in ("doi", "arxiv_doi", "shortdoi"):
            raise IdentifierError(f"{claim.doi[:80]!a} is not a DOI.")
        if _conflict(named, doi):
            raise ConflictingIdentifiersError(f"{named} and {doi} name two papers.")
    paper = named.arxiv
    if paper and None not in (paper.version, claim.version) and paper.version != claim.version:
        raise ConflictingIdentifiersError(
            f"{named} and version {claim.version} name two versions of one paper."
        )
    if paper and paper.version is None and claim.version is not None:
        return parse_identifier(f"arXiv:{paper.id}v{claim.version}")
    return named


def examine_claim(claim: PaperClaim, record: VerifiedRecord) -> ClaimReport:
    """Compare each part of a claim with the record that its `id` led to.

    The record has to be the one that was asked for; `verify` with a `Question` sees to that.
    What `doi` adds is checked here.

    Raises:
        IdentifierError: As `check_claim_ids`.
    """
    check_claim_ids(claim)
    source = record.signed.source
    conflict = _elsewhere(claim, record)
    # White space is what a model sends for a title that it does not know.
    # Imported here: most of what is verified claims no title.
    from pith_agent.protocol.titles import match_title  # noqa: PLC0415

    title = match_title(claim.title, record) if claim.title and claim.title.strip() else None
    compared = (_version(claim, record), _year(claim, record), _authors(claim, record))
    levels = [comparison.level for comparison in compared]
    levels += [_LEVELS[title.match]] if title else []
    levels += ["error"] if conflict else []
    version, year, authors = compared
    return ClaimReport(
        pith_number=record.pith_number,
        arxiv=f"{source.id}v{source.version}" if source.kind == "arxiv" else None,
        level=max(levels, key=("ok", "warning", "error").index),
        conflict=conflict,
        title_match=title,
        version_match=version,
        year=year,
        authors=authors,
    )


def claim_checks(claim: ClaimReport) -> tuple[Check, ...]:
    """The comparisons as checks, to stand in a report after those of the record.

    Only the title and the identifiers can fail. Where the record's value is unsigned, or may
    differ between versions, a difference is a warning.
    """
    checks = []
    if claim.conflict is not None:
        checks.append(Check.refused("claimed-ids", ConflictingIdentifiersError, claim.conflict))
    if (title := claim.title_match) is not None:
        checks.append(_title_check(title))
    for name in ("version", "year", "authors"):
        compared = claim.version_match if name == "version" else getattr(claim, name)
        checks.append(_comparison_check(f"claimed-{name}", compared))
    return tuple(checks)


def _title_check(title: TitleMatch) -> Check:
    name, level = "claimed-title", _LEVELS[title.match]
    if level == "ok":
        return Check.passed(name, title.detail, expected=title.signed_title)
    if level == "warning":
        return Check.warned(
            name, f"claimed-title-{title.match}", title.detail, expected=title.signed_title
        )
    return Check.refused(
        name,
        ClaimedTitleError,
        title.detail,
        expected=title.signed_title,
        found=title.difference or None,
    )


def _comparison_check(name: str, compared: Comparison) -> Check:
    if compared.agreement == "differs":
        return Check.warned(
            name,
            f"{name}-differs",
            compared.detail,
            expected=compared.recorded,
            found=compared.claimed,
        )
    if compared.agreement == "equal":
        return Check.passed(name, compared.detail, expected=compared.claimed)
    return Check.skipped(name, compared.detail)


def _conflict(one: Identifier, other: Identifier) -> bool:
    """Whether two identifiers of one kind name two papers."""
    if one.arxiv and other.arxiv:
        # The version in an arXiv DOI is a hint only: such DOIs are not registered.
        return one.arxiv.id != other.arxiv.id
    return one.kind == other.kind and one.value != other.value


def _elsewhere(claim: PaperClaim, record: VerifiedRecord) -> str | None:
    source = record.signed.source
    for text in filter(None, (claim.id, claim.doi)):
        named = parse_identifier(text)
        if named.arxiv and source.kind == "arxiv" and named.arxiv.id != source.id:
            return f"{named} is another paper than the signed arXiv:{source.id}."
        if named.suffix and not record.pith_number.rpartition(":")[2].startswith(named.suffix):
            return f"{named} is another record than {record.pith_number}."
    if claim.version not in (None, source.version):
        return f"The record is of version {source.version}, and not {claim.version}."
    return None


def _version(claim: PaperClaim, record: VerifiedRecord) -> Comparison:
    named = parse_identifier(claim.id).arxiv
    claimed = claim.version or (named.version if named else None)
    recorded = record.signed.source.version
    if claimed is None:
        detail = f"No version is claimed; the record is of version {recorded}."
        return _compared("not-claimed", None, recorded, detail, signed=True)
    if claimed == recorded:
        return _compared("equal", claimed, recorded, "The version is the signed one.", signed=True)
    detail = f"The record is of version {recorded}. Title and text may differ between versions."
    return _compared("differs", claimed, recorded, detail, signed=True)


def _year(claim: PaperClaim, record: VerifiedRecord) -> Comparison:
    recorded = record.signed.year
    if claim.year is None:
        return _compared("not-claimed", None, recorded, "No year is claimed.", signed=True)
    if str(claim.year) == recorded:
        detail = "The year is that of the signed first submission."
        return _compared("equal", claim.year, recorded, detail, signed=True)
    detail = "The year is not that of the first submission. A later version, or the publication,"
    detail += " has a year of its own, which nothing signs."
    return _compared("differs", claim.year, recorded, detail, signed=True)


def _authors(claim: PaperClaim, record: VerifiedRecord) -> Comparison:
    stated = stated_authors(record.document)
    known, _ = read_authors(stated)
    # Joined by semicolons, since a name may be written with a comma; read one by one.
    claimed = [name for name in claim.authors or () if read_authors(name)[0]]
    shown = "; ".join(claimed)
    if not claimed:
        return _compared("not-claimed", None, stated, "No authors are claimed.", signed=False)
    if not known:
        return _compared("unknown", shown, None, "The record states no authors.", signed=False)
    strange = [name for name in claimed if not any(are_same(read_author(name), k) for k in known)]
    if strange:
        detail = f"Not among the authors of the record: {safe_text('; '.join(strange), 200)}."
        return _compared(
            "differs", shown, stated, f"{detail} The authors are unsigned.", signed=False
        )
    detail = "Each claimed author is among those of the record. The authors are unsigned."
    return _compared("equal", shown, stated, detail, signed=False)


def _compared(
    agreement: Agreement, claimed: object, recorded: object, detail: str, *, signed: bool
) -> Comparison:
    texts = [
        None if value in (None, "") else safe_text(str(value), SHOWN_LENGTH)
        for value in (claimed, recorded)
    ]
    return Comparison(
        agreement=agreement, signed=signed, claimed=texts[0], recorded=texts[1], detail=detail
    )
