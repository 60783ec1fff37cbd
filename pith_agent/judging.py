"""A signed statement is held against all that is asked of it: rules, policy, document, ledger.

Source: docs/reference/citation.md, rules C1 to C14.
"""

import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TypedDict

from pith_agent.desk import SigningDesk, known_signers, unusable_keys
from pith_agent.errors import (
    ArgumentsError,
    BundleError,
    CitingMismatchError,
    CitingUnboundError,
    JsonError,
    PithError,
    PolicyError,
    UnknownSignerError,
)
from pith_agent.inclusion import ledger_keys, with_inclusion
from pith_agent.protocol.checkpoint import NoteKey
from pith_agent.protocol.citation_bundle import BundledRecords, CitationBundle, is_bundle
from pith_agent.protocol.citation_check import Lookup, Lookups, one_by_one
from pith_agent.protocol.citation_draft import citing_digest
from pith_agent.protocol.citation_policy import (
    CITING_RULE,
    MAX_POLICY_BYTES,
    CitationPolicy,
    parse_policy,
    with_policy,
)
from pith_agent.protocol.citation_report import CitationReport
from pith_agent.protocol.citation_signer import Signer
from pith_agent.protocol.envelope_check import open_envelope
from pith_agent.protocol.policy import Policy
from pith_agent.protocol.quote_check import check_words
from pith_agent.protocol.record import at
from pith_agent.protocol.report import Check
from pith_agent.protocol.strict_json import JsonObject, plain
from pith_agent.protocol.trust import TrustRoot
from pith_agent.settings import Settings
from pith_agent.standing import verify_statement

OWN_KEYS = "own-keys"


class Asked(TypedDict, total=False):
    """What is asked of a statement beyond its own rules. All of it may be absent."""

    policy: CitationPolicy | None
    """Instead of the policy of the settings."""
    citing_sha256: str | None
    """SHA-256 of the document in which the citation stands, 64 lower-case hex digits."""
    quote: str | None
    """The words that the citation is to quote."""
    proof: bytes | None
    """A C2SP tlog-proof that it is in a ledger; without one, that of the bundle."""
    ledger_keys: Iterable[NoteKey]
    """Keys of ledgers to trust beside those of this machine and of trusted signers."""


@dataclass(frozen=True, slots=True)
class Judge:
    """Checks signed statements for one client."""

    desk: SigningDesk
    trust: TrustRoot
    policy: Policy
    """What is demanded of records; a `CitationPolicy` is of citations."""
    record: Lookup
    records: Lookups

    def same_for_each(
        self, count: int, signers: Iterable[bytes], asked: Asked
    ) -> Callable[[JsonObject | bytes], CitationReport]:
        """`examine` with the same questions for `count` citations.

        Raises:
            ArgumentsError: A proof was given for several; or a `DigestFormError`.
        """
        _require_digest(asked)
        if asked.get("proof") is not None and count > 1:
            raise ArgumentsError(
                f"A ledger proof is of one citation, and {count} were given.",
                hint="Verify each citation with its own proof, or give bundles.",
            )
        # What can be read only once is read once, and used for each.
        fixed: Asked = {**asked, "ledger_keys": tuple(asked.get("ledger_keys", ()))}
        named = tuple(signers)
        return lambda citation: self.examine(citation, named, fixed)

    def examine(
        self, citation: JsonObject | bytes, signers: Iterable[bytes], asked: Asked
    ) -> CitationReport:
        """See `Client.verify_citation`."""
        settings = self.desk.settings
        digest = _require_digest(asked)
        policy = asked.get("policy")
        policy = load_policy(settings) if policy is None else policy
        bundle: CitationBundle | None = None
        here = self
        if is_bundle(citation):
            try:
                bundle = CitationBundle.parse(citation_bytes(citation))
            except BundleError as error:
                refused = Check.refused("envelope", BundleError, error.message)
                return CitationReport(verdict="failed", code="").with_checks(refused)
            citation = bundle.envelope
            prove = BundledRecords(bundle.records, self.trust, self.policy).prove
            here = replace(self, record=prove, records=one_by_one(prove))
        known_here = known_signers(settings)
        known, named = accepted_signers(known_here, policy, signers)
        report = verify_statement(citation, known, named, self.desk, here.record, here.records)
        report = with_own_keys(report, settings)
        proof = asked.get("proof")
        if proof is None and bundle is not None:
            proof = bundle.proof
        if proof is not None and report.signed_by:
            every = [*known_here, *known]
            keys = ledger_keys(self.desk.ledger, every, asked.get("ledger_keys", ()))
            report = with_inclusion(report, open_envelope(citation).envelope, proof, keys)
        if digest is not None:
            report = with_document(report, digest)
        if (words := asked.get("quote")) is not None:
            report = with_quote(report, words, here.record)
        return with_policy(report, policy, datetime.now(UTC)) if policy else report


def _require_digest(asked: Asked) -> str | None:
    digest = asked.get("citing_sha256")
    return None if digest is None else citing_digest(digest)


def citation_bytes(citation: JsonObject | bytes) -> bytes:
    """A bundle that was given as an object, as its file would be."""
    if isinstance(citation, bytes):
        return citation
    try:
        return json.dumps(plain(citation), ensure_ascii=False).encode("utf-8")
    except (ValueError, JsonError):
        return b""  # Half of a surrogate pair, say: it is no bundle.


def load_policy(settings: Settings) -> CitationPolicy | None:
    """The policy of the settings; `None` if there is none.

    Raises:
        PolicyError: The file cannot be read, or is no policy. It is never taken for no policy.
    """
    # A link that leads nowhere is there: whoever put it meant a policy to hold.
    return read_policy(settings.policy_path) if os.path.lexists(settings.policy_path) else None


def read_policy(path: Path) -> CitationPolicy:
    """The policy in a file.

    Raises:
        PolicyError: It cannot be read, or is no policy.
    """
    try:
        if not path.is_file():
            raise PolicyError(f"The policy {path} is no file.", hint="Check the path.")
        with path.open("rb") as file:
            data = file.read(MAX_POLICY_BYTES + 1)
    except OSError as error:
        raise PolicyError(f"The policy {path} cannot be read: {error.strerror}.") from error
    return parse_policy(data, path.name)


def accepted_signers(
    known: list[Signer], policy: CitationPolicy | None, named: Iterable[bytes]
) -> tuple[list[Signer], list[bytes]]:
    """The signers whose statements count here; and further raw keys, of which nothing is known.

    A policy that names signers names all of them: then neither this machine's keys nor those that
    the caller names count beside it. What is known against a key holds all the same.

    Args:
        known: `known_signers`.
        policy: What the statement has to meet.
        named: Raw keys of the caller.
    """
    if policy is None or not policy.signers:
        return known, list(named)
    listed = {signer.public for signer in policy.signers}
    return [*policy.signers, *(signer for signer in known if signer.public in listed)], []


def with_own_keys(report: CitationReport, settings: Settings) -> CitationReport:
    """Say of a statement that no accepted key signed which key files could not be used.

    One of them may be the signer's. It is told, and decides nothing.
    """
    if report.code != UnknownSignerError.code:
        return report
    told = (
        Check.warned(OWN_KEYS, one.error.code, one.error.message) for one in unusable_keys(settings)
    )
    return report.with_checks(*told)


def with_document(report: CitationReport, sha256: str) -> CitationReport:
    """Add rule C13 to a report: the statement was signed in that document, decided anew.

    Without a signature that holds nothing is added: it is refused already.
    """
    if not report.signed_by or report.kind not in ("citation", "bibliography"):
        return report
    found = at(report.statement, "predicate.citing.digest.sha256")
    if found is None:
        check = Check.refused(
            CITING_RULE,
            CitingUnboundError,
            "The statement gives no digest of the document that cites.",
            expected=sha256,
        )
    elif found != sha256:
        check = Check.refused(
            CITING_RULE,
            CitingMismatchError,
            "The statement was signed in another document, or another version of it.",
            expected=sha256,
            found=found,
        )
    else:
        check = Check.passed(
            CITING_RULE, "The statement was signed in this document.", expected=sha256
        )
    return report.with_checks(check)


def with_quote(report: CitationReport, words: str, record: Lookup) -> CitationReport:
    """Add rule C14 to a report: the statement quotes these words, decided anew.

    Without a signature that holds nothing is added: it is refused already. `record` is asked again
    for the cited record, if it was found: where that has the words, the check says so.
    """
    if not report.signed_by or report.kind not in ("citation", "bibliography"):
        return report
    found = None
    if any(check.name == "cited-record" and check.status == "pass" for check in report.checks):
        try:
            found = record(report.pith_number) if report.pith_number else None
        except PithError:
            found = None  # It is gone since; the hash of the words can be compared all the same.
    return report.with_checks(check_words(report.statement, words, found))
