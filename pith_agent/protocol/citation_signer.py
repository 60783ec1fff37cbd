"""Rule C9: who signed a citation, and whether that key may still be believed.

Source: docs/reference/citation.md, "Signers".
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime

from pith_agent.errors import ExpiredSignerError, RevokedLaterError, RevokedSignerError
from pith_agent.protocol.citation_report import CitationReport
from pith_agent.protocol.moment import parse_time, time_text
from pith_agent.protocol.report import Check
from pith_agent.protocol.trust import keyid_of

RULE = "citation-signer"

FirstSeen = Callable[[str, bytes], datetime | None]
"""Citation id and raw public key → when this machine wrote the citation into its ledger with a
signature by that key; `None` if it did not."""

_BEST_FIRST = ("pass", "warn", "undecidable", "fail")


@dataclass(frozen=True, slots=True)
class Signer:
    """A key whose citations are accepted, and what is known of it."""

    name: str
    public: bytes
    own: bool = False
    """Whether it is a key of this machine."""
    identity: str | None = None
    """Who holds it, in the words of the user who trusts it."""
    until: datetime | None = None
    """Citations dated later are refused."""
    distrust_after: datetime | None = None
    """When it was revoked from: what was not seen before may be of somebody else."""
    relationships: frozenset[str] | None = None
    """What a policy lets it say; `None` for all."""
    listed: bool = False
    """Whether a policy names it."""
    ledger: str | None = None
    """The name of a ledger that it signs beside the one that is named after it."""

    @property
    def keyid(self) -> str:
        """SHA-256 of the public key, 64 hex digits."""
        return keyid_of(self.public)

    @property
    def title(self) -> str:
        """How reports name it."""
        whose = "your key" if self.own else "a signer of the policy," if self.listed else ""
        name = self.name or self.keyid[:16]
        return f"{whose or 'trusted signer'} {name}" + (
            f" ({self.identity})" if self.identity else ""
        )

    def may(self, relationship: str | None) -> bool:
        """Whether that is the signer's to say. A retraction has no relationship."""
        return None in (self.relationships, relationship) or relationship in (
            self.relationships or ()
        )


def with_signers(
    report: CitationReport, signers: Iterable[Signer], first_seen: FirstSeen
) -> CitationReport:
    """Add rule C9 to the report on a citation whose signature holds.

    Args:
        report: What `examine_citation` says.
        signers: What is known of keys. A key of `report.signed_by` that is not among them was
            named by the caller, and nothing speaks against it.
        first_seen: When this machine first had the citation. The time in it is the word of
            whoever holds the key, so it does not show that it is older than a revocation.

    Returns:
        The report, decided anew; in `signed_by` only the keys that may be believed, and in
        `signers` whose they are.
    """
    created = _created(report)
    if not report.signed_by or created is None or report.citation_id is None:
        return report  # Another rule has refused it already.
    known: dict[str, list[Signer]] = {}
    for signer in signers:
        known.setdefault(signer.keyid, []).append(signer)
    found: dict[str, Check] = {}
    for keyid in report.signed_by:
        listed = known.get(keyid, [])
        revoked = [signer.public for signer in listed if signer.distrust_after]
        # A thief can add a signature to what was logged before: then without this key's.
        seen = first_seen(report.citation_id, revoked[0]) if revoked else None
        found[keyid] = _check_key(keyid, listed, created, seen)
    best = min(found.values(), key=lambda check: _BEST_FIRST.index(check.status))
    believed = tuple(keyid for keyid, check in found.items() if check.status in ("pass", "warn"))
    names = tuple(_title(keyid, known.get(keyid, [])) for keyid in believed)
    return report.with_checks(best, signed_by=believed).model_copy(update={"signers": names})


def _created(report: CitationReport) -> datetime | None:
    predicate = (report.statement or {}).get("predicate")
    return parse_time(predicate.get("created_at")) if isinstance(predicate, dict) else None


def _title(keyid: str, signers: list[Signer]) -> str:
    """Whose key it is: the name that its holder gave it here comes before that in a policy."""
    if not signers:
        return f"a key that the caller named, {keyid[:16]}"
    return min(signers, key=lambda signer: (not signer.own, signer.listed)).title


def _check_key(
    keyid: str, signers: list[Signer], created: datetime, seen: datetime | None
) -> Check:
    """The worst that is known of one key: it may be listed twice, as one's own and as trusted."""
    checks = [_check_signer(signer, created, seen) for signer in signers]
    if not checks:
        return Check.passed(RULE, "Signed with a key that the caller named.", expected=keyid)
    return max(checks, key=lambda check: _BEST_FIRST.index(check.status))


def _check_signer(signer: Signer, created: datetime, seen: datetime | None) -> Check:
    revoked, until = signer.distrust_after, signer.until
    times = {"found": time_text(created)}
    if revoked is not None:
        times["expected"] = f"at most {time_text(revoked)}"
        if created > revoked:
            return Check.refused(
                RULE,
                RevokedSignerError,
                f"Signed with {signer.title}, which was revoked by then.",
                **times,
            )
        said = f"Signed with {signer.title}, which was revoked later"
        if seen is not None and seen <= revoked:
            return Check.warned(
                RULE,
                RevokedLaterError.code,
                f"{said}; this machine logged it before, at {time_text(seen)}.",
                **times,
            )
        return Check(
            name=RULE,
            status="undecidable",
            code=RevokedLaterError.code,
            detail=f"{said}; only the citation itself says that it is older.",
            **times,
        )
    if until is not None and created > until:
        return Check.refused(
            RULE,
            ExpiredSignerError,
            f"Signed with {signer.title}, which was trusted up to an earlier time.",
            expected=f"at most {time_text(until)}",
            **times,
        )
    return Check.passed(RULE, f"Signed with {signer.title}.", expected=signer.keyid)
