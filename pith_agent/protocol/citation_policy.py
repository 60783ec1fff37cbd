"""Whose signed citations count, and for what: policy.toml → rules that a citation is held against.

    policy_version = 1
    threshold = 1
    relationships = ["cites", "supports"]
    max_age_days = 365
    require_record = true
    require_citing_document = false
    require_inclusion = false

    [[signer]]
    name = "release bot"
    public_key = "…"
    relationships = ["cites"]
    until = 2027-06-30

Source: docs/reference/citation-policy.md.
"""

import base64
import binascii
import hashlib
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from pith_agent.errors import (
    CitationTooOldError,
    CitingNotCheckedError,
    InclusionNotCheckedError,
    NotFoundError,
    PithError,
    PolicyError,
    RelationshipError,
    ThresholdError,
    UnreachableError,
    error_class,
)
from pith_agent.protocol.citation import RELATIONSHIPS
from pith_agent.protocol.citation_report import CitationReport
from pith_agent.protocol.citation_signer import Signer
from pith_agent.protocol.display import safe_text
from pith_agent.protocol.moment import parse_time
from pith_agent.protocol.record import at
from pith_agent.protocol.report import Check
from pith_agent.protocol.trust import is_public_key

VERSION = 1
MAX_SIGNERS = 256
MAX_POLICY_BYTES = 256 << 10

RULE = "citation-policy"
RECORD_RULE = "cited-record"
CITING_RULE = "citing-document"
INCLUSION_RULE = "ledger-inclusion"

_FLAGS = {"require_record", "require_citing_document", "require_inclusion"}
_RULES = {"threshold", "relationships", "max_age_days"} | _FLAGS
_SIGNER = {"name", "public_key", "identity", "relationships", "until"}


@dataclass(frozen=True, slots=True)
class CitationPolicy:
    """What a citation has to meet beside its own rules."""

    signers: tuple[Signer, ...] = ()
    threshold: int = 1
    """Signers of which each has signed. A key counts once, however often it signs."""
    relationships: frozenset[str] | None = None
    """What may be said at all; `None` for all."""
    max_age: timedelta | None = None
    """The age, by the statement's own time, beyond which a citation does not count."""
    require_record: bool = True
    """Whether the cited record has to be at hand and verified."""
    require_citing_document: bool = False
    """Whether the document that cites has to be at hand, and be the one that was signed."""
    require_inclusion: bool = False
    """Whether a proof has to show the statement in a ledger that is trusted."""
    name: str = "default@1"
    """For reports: the file's name and version."""
    sha256: str = ""
    """Of the file, 64 hex digits."""


def parse_policy(data: bytes, name: str = "policy.toml") -> CitationPolicy:
    """Read a policy, strictly: a rule that is misspelt would not be held.

    Raises:
        PolicyError: Not a policy of version 1; the message names each fault.
    """
    if len(data) > MAX_POLICY_BYTES:
        raise PolicyError(f"{name} has {len(data)} bytes; at most {MAX_POLICY_BYTES} are read.")
    try:
        content = tomllib.loads(data.decode("utf-8"))
    # ValueError is that of UTF-8, of TOML, and of numbers of thousands of digits.
    except (ValueError, RecursionError) as error:
        raise PolicyError(f"{name} is not TOML: {safe_text(str(error), 200)}.") from error
    reader = _Reader()
    reader.known("", content, _RULES | {"policy_version", "signer"})
    version = content.get("policy_version")
    if type(version) is not int or version != VERSION:  # To Python, true is 1.
        reader.faults.append(f"policy_version is not {VERSION}")
    signers = reader.signers(content.get("signer", []))
    days = reader.number("max_age_days", content, least=1, most=36_500)
    policy = CitationPolicy(
        signers=signers,
        threshold=reader.number("threshold", content, least=1, most=16) or 1,
        relationships=reader.relationships("relationships", content),
        max_age=timedelta(days=days) if days else None,
        require_record=reader.flag("require_record", content, default=True),
        require_citing_document=reader.flag("require_citing_document", content, default=False),
        require_inclusion=reader.flag("require_inclusion", content, default=False),
        name=f"{safe_text(name, 80)}@{VERSION}",
        sha256=hashlib.sha256(data).hexdigest(),
    )
    faults = reader.faults + list(_faults(policy))
    if faults:
        raise PolicyError(f"{name}: {'; '.join(faults[:10])}.")
    return policy


def _faults(policy: CitationPolicy) -> Iterator[str]:
    """What is wrong with the signers as a whole."""
    count = len({signer.public for signer in policy.signers})
    if len(policy.signers) > MAX_SIGNERS:
        yield f"there are more than {MAX_SIGNERS} signers"
    if count < len(policy.signers):
        yield "two signers have one key"
    if policy.signers and policy.threshold > count:
        yield f"threshold is {policy.threshold}, and there are {count} signers"


class _Reader:
    """Reads values, and collects what is wrong with them."""

    def __init__(self) -> None:
        self.faults: list[str] = []

    def known(self, where: str, table: dict[str, Any], names: set[str]) -> None:
        for name in table.keys() - names:
            self.faults.append(f"{where}{safe_text(name, 40)!r} is no rule")

    def number(self, name: str, table: dict[str, Any], *, least: int, most: int) -> int | None:
        value = table.get(name)
        if value is None:
            return None
        if type(value) is not int or not least <= value <= most:
            self.faults.append(f"{name} is not a number from {least} to {most}")
            return None
        return value

    def flag(self, name: str, table: dict[str, Any], *, default: bool) -> bool:
        value = table.get(name, default)
        if not isinstance(value, bool):
            self.faults.append(f"{name} is neither true nor false")
        return value is True

    def relationships(self, name: str, table: dict[str, Any]) -> frozenset[str] | None:
        value = table.get("relationships")
        if value is None:
            return None
        if not isinstance(value, list) or not all(item in RELATIONSHIPS for item in value):
            self.faults.append(f"{name} may hold {', '.join(RELATIONSHIPS)}")
            return None
        return frozenset(value)

    def signers(self, entries: object) -> tuple[Signer, ...]:
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            self.faults.append("signer is not a list of tables")
            return ()
        return tuple(self.signer(place, entry) for place, entry in enumerate(entries, 1))

    def signer(self, place: int, entry: dict[str, Any]) -> Signer:
        where = f"signer {place}: "
        self.known(where, entry, _SIGNER)
        until = entry.get("until")
        if until is not None and (not isinstance(until, date) or isinstance(until, datetime)):
            self.faults.append(f"{where}until is not a date")
            until = None
        return Signer(
            public=self._key(where, entry.get("public_key")),
            name=self._text(f"{where}name", entry.get("name", "")),
            identity=self._text(f"{where}identity", entry.get("identity", "")),
            relationships=self.relationships(f"{where}relationships", entry),
            until=datetime.combine(until, time.max, UTC) if until else None,
            listed=True,
        )

    def _text(self, name: str, value: object) -> str:
        if not isinstance(value, str) or len(value) > 200:
            self.faults.append(f"{name} is not a text of at most 200 characters")
            return ""
        return safe_text(value)

    def _key(self, where: str, value: object) -> bytes:
        try:
            key = base64.b64decode(value, validate=True) if isinstance(value, str) else b""
        except (binascii.Error, ValueError):
            key = b""
        if not is_public_key(key):
            self.faults.append(f"{where}public_key is no Ed25519 key, 32 bytes in base64")
        return key


def with_policy(report: CitationReport, policy: CitationPolicy, now: datetime) -> CitationReport:
    """Add rule C11 to the report on a statement whose signature holds, decided anew.

    Args:
        report: With in `signed_by` only keys that may be believed.
        policy: What the statement has to meet.
        now: The current time, with a time zone.

    Source:
        docs/reference/citation-policy.md.
    """
    if not report.signed_by:
        return report
    if not policy.require_record:
        report = report.model_copy(update={"checks": tuple(map(_not_required, report.checks))})
    return report.with_checks(_check_policy(report, policy, now))


def _not_required(check: Check) -> Check:
    """A cited record that is not at hand is only mentioned; one that is refuted still fails."""
    if check.name != RECORD_RULE or check.status != "undecidable":
        return check
    if not issubclass(error_class(check.code), NotFoundError | UnreachableError):
        return check  # It is at hand, and nobody who is trusted vouches for it.
    return check.model_copy(update={"status": "warn"})


def _check_policy(report: CitationReport, policy: CitationPolicy, now: datetime) -> Check:
    by = f"The policy {policy.name}"
    counted = _entitled(report, policy)
    if not counted:
        return Check.refused(
            RULE,
            RelationshipError,
            f"{by} does not let its signer say '{report.relationship}' of a paper.",
            found=report.relationship,
        )
    created = parse_time(at(report.statement, "predicate.created_at"))
    if policy.max_age is not None and (created is None or now - created > policy.max_age):
        return Check.refused(
            RULE,
            CitationTooOldError,
            f"{by} accepts what is at most {policy.max_age.days} days old.",
            found=at(report.statement, "predicate.created_at"),
        )
    if counted < policy.threshold:
        return Check.refused(
            RULE,
            ThresholdError,
            f"{by} asks for {policy.threshold} signers who may say this; {counted} signed it. A key"
            " counts once.",
            expected=str(policy.threshold),
            found=str(counted),
        )
    lacking = _lacking(report, policy)
    if lacking is not None:
        error, what = lacking
        return Check.refused(RULE, error, f"{by} accepts only what {what}.")
    return Check.passed(
        RULE,
        f"{by} accepts it: it asks for {policy.threshold} of its signers, and {counted} signed.",
        expected=policy.sha256 or None,
    )


def _lacking(report: CitationReport, policy: CitationPolicy) -> tuple[type[PithError], str] | None:
    """Evidence that the policy asks for, and that was not given or does not hold."""
    held = {check.name for check in report.checks if check.status == "pass"}
    cites = report.kind in ("citation", "bibliography")  # A retraction names no document.
    if policy.require_citing_document and cites and CITING_RULE not in held:
        return CitingNotCheckedError, "is compared with the document that cites, and is of it"
    if policy.require_inclusion and INCLUSION_RULE not in held:
        return InclusionNotCheckedError, "is proved to be in a ledger that is trusted"
    return None


def _entitled(report: CitationReport, policy: CitationPolicy) -> int:
    """How many of the keys that are believed may say what the statement says."""
    said, allowed = report.relationship, policy.relationships
    if said is not None and allowed is not None and said not in allowed:
        return 0
    rights = {signer.keyid: signer for signer in policy.signers}
    return sum(keyid not in rights or rights[keyid].may(said) for keyid in report.signed_by)


def policy_lines(policy: CitationPolicy) -> list[str]:
    """What a policy asks for, in sentences. The words of its author are safe to show."""
    whose = "one signer" if policy.threshold == 1 else f"{policy.threshold} signers"
    lines = [f"{policy.name}, SHA-256 {policy.sha256}", f"A citation is signed by {whose} of:"]
    for one in policy.signers:
        until = f", up to {one.until.date()}" if one.until else ""
        name = one.name + (f" ({one.identity})" if one.identity else "")
        lines.append(f"  {one.keyid[:16]} {name}: {_words(one.relationships)}{until}")
    if not policy.signers:
        lines.append("  the keys of this machine, and the signers that are trusted on it")
    lines.append(f"It says of a paper: {_words(policy.relationships)}.")
    if policy.max_age is not None:
        lines.append(f"It is at most {policy.max_age.days} days old, by its own time.")
    needed = "has to be" if policy.require_record else "need not be"
    lines.append(f"The cited record {needed} at hand; one that is refuted is never accepted.")
    if policy.require_citing_document:
        lines.append("The document that cites is at hand, and is the one that was signed.")
    if policy.require_inclusion:
        lines.append("A proof shows it in a ledger that is trusted.")
    return lines


def _words(relationships: frozenset[str] | None) -> str:
    return "anything" if relationships is None else ", ".join(sorted(relationships)) or "nothing"
