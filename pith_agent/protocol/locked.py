"""The quick proof of a paper that has the one form in which a lock keeps it.

A build of documentation verifies hundreds of papers, of which all but a few are in order. What has
exactly this form repeats nothing beside what is compared here, so that the other rules of
docs/reference/verification.md have nothing to apply to. Anything else is no reason to refuse, only
to let `verify.examine` look: it applies every rule and says what is wrong.

Source: docs/reference/lock.md, "Verification".
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pith_agent.errors import DocumentError
from pith_agent.protocol.proof import VerifiedRecord, seal
from pith_agent.protocol.record import (
    CLAIMS_HASH,
    RECEIPT,
    SCHEMA,
    Exhibit,
    Receipt,
    at,
    read_document,
)
from pith_agent.protocol.trust import TrustRoot, signature_holds

if TYPE_CHECKING:
    from pith_agent.protocol.identifier import Identifier
    from pith_agent.protocol.policy import Policy
    from pith_agent.protocol.stated import Coverage
    from pith_agent.protocol.strict_json import JsonObject

_NAMES = frozenset({"pith_number", "canonical_sha256", "canonical_record", "receipt", "paper"})
_SNAPSHOT = "graph_snapshot"
_PAPER = frozenset({"authors_text", "title"})
_CLAIMS = frozenset({"count", "items", "snapshot_sha256"})


def prove_locked(
    document: JsonObject, asked: Identifier, trust: TrustRoot, policy: Policy
) -> VerifiedRecord | None:
    """The proof for a document, if it has the form of a lock and every rule holds without a word.

    Args:
        document: A paper of a lock, as `parse_json` has read it.
        asked: The name that it was found by.
        trust: The trusted keys.
        policy: Named in the proof. Where nothing is to be said, all policies agree.

    Returns:
        The proof; `None` if anything at all is otherwise.
    """
    if not _has_form(document):
        return None
    try:
        exhibit = read_document(document)
    except DocumentError:
        return None
    receipt = exhibit.receipt
    if receipt is None or not _is_named(exhibit, asked) or not _texts_hold(exhibit):
        return None
    key = trust.select(receipt.key_id, receipt.public_key_fingerprint)
    if key is None or key.status != "active" or not _is_known(exhibit, receipt):
        return None
    if not signature_holds(key.raw, exhibit.digest, receipt.signature_b64):
        return None
    title = at(document, "paper.title")
    return seal(
        exhibit,
        key_sha256=key.sha256,
        title=title if isinstance(title, str) else None,
        policy=str(policy),
        cover=lambda: _coverage(exhibit),
    )


def _has_form(document: JsonObject) -> bool:
    """Whether all names are known ones: then nothing else repeats a signed value."""
    names = document.keys()
    if names != _NAMES:
        snapshot = document.get(_SNAPSHOT)
        claims = snapshot.get("claims") if isinstance(snapshot, dict) else None
        if names != _NAMES | {_SNAPSHOT} or not isinstance(snapshot, dict) or len(snapshot) != 1:
            return False
        if not isinstance(claims, dict) or claims.keys() != _CLAIMS:
            return False
    paper = document["paper"]
    return isinstance(paper, dict) and paper.keys() <= _PAPER


def _is_named(exhibit: Exhibit, asked: Identifier) -> bool:
    """V3 to V5 and V19: the document is what it says it is, and what was asked for."""
    document, view, number = exhibit.document, exhibit.view, exhibit.pith_number
    if view is None or number is None or document["pith_number"] != number:
        return False
    if document["canonical_sha256"] != exhibit.canonical_sha256:
        return False
    if asked.suffix:
        known_year = asked.year is None or view.year == f"{asked.year:04d}"
        return known_year and exhibit.suffix.startswith(asked.suffix)
    paper, source = asked.arxiv, view.source
    if paper is None or source.kind != "arxiv" or paper.id != source.id:
        return False
    return paper.version in (None, source.version)


def _is_known(exhibit: Exhibit, receipt: Receipt) -> bool:
    """V2, V8 and V11: schema and receipt are of the kind that is understood."""
    if exhibit.view is None or exhibit.view.schema_version != SCHEMA:
        return False
    if receipt.canonical_sha256 not in (None, exhibit.canonical_sha256):
        return False
    return all(getattr(receipt, name) in (None, known) for name, known in RECEIPT)


def _texts_hold(exhibit: Exhibit) -> bool:
    """V16 and V18: the title is absent or the signed one; the claims hash as they state."""
    title, view = at(exhibit.document, "paper.title"), exhibit.view
    if title is not None:
        if not title or not isinstance(title, str) or view is None:
            return False
        if exhibit.text_hash(title) != view.metadata.title_canon_sha256:
            return False
    if _SNAPSHOT not in exhibit.document:
        return True
    return exhibit.claims_sha256 is not None and exhibit.claims_sha256 == at(
        exhibit.document, CLAIMS_HASH
    )


def _coverage(exhibit: Exhibit) -> Coverage:
    from pith_agent.protocol.coverage import coverage_of  # noqa: PLC0415  # It needs pydantic.

    return coverage_of(exhibit, None)
