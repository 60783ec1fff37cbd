"""The signature of a manifest: a bibliography of all papers that a build has verified.

Loaded when a manifest is written; the client and the keys only when one is to be signed.
"""

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sphinx.application import Sphinx
from sphinx.util import logging

from pith_agent import PithError, __version__, safe_text
from sphinx_pith.config import SIGNATURE
from sphinx_pith.domain import PithDomain
from sphinx_pith.findings import Finding
from sphinx_pith.i18n import _
from sphinx_pith.problems import finding
from sphinx_pith.reports.output import write_text

if TYPE_CHECKING:
    from pith_agent import Client, VerifiedRecord

logger = logging.getLogger(__name__)

NAME_LENGTH = 400
"""Characters of the project's name and release, which the statement gives on one line."""


def signature_of(manifest: Path) -> Path:
    """`citations.json` → `citations.dsse.json` beside it."""
    return manifest.with_name(f"{manifest.stem}{SIGNATURE}")


def stated_digest(signature: Path) -> str | None:
    """The digest of the manifest that a signature says it is of. Nothing is verified.

    Returns:
        64 hex digits, or whatever else is there; `None` if there is no file, or it is none.

    Raises:
        OSError: It cannot be read.
    """
    try:
        envelope = json.loads(signature.read_bytes())
        statement = json.loads(base64.b64decode(envelope["payload"], validate=True))
        digest = statement["predicate"]["citing"]["digest"]["sha256"]
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return str(digest)


def sign_manifest(
    app: Sphinx, domain: PithDomain, manifest: dict[str, Any], digest: str, path: Path
) -> Iterator[Finding]:
    """Sign the manifest at `path`, unless the signature beside it is this machine's and holds.

    If it is not signed, no signature is left beside it that does not hold.

    Yields:
        Why it was not signed.

    Raises:
        OSError: The signature cannot be read or written.
    """
    if refused := list(_unfit(app, manifest)):
        signature_of(path).unlink(missing_ok=True)
        yield from refused
        return
    if app.statuscode:
        logger.info(_("Pith: nothing was signed, since the build fails."))
        return
    citing = {"kind": "document", "id": _name(app), "digest": {"sha256": digest}}
    try:
        envelope = _envelope(domain, citing, signature_of(path))
    except PithError as error:
        signature_of(path).unlink(missing_ok=True)
        message = _("%s is not signed: %s") % (path.name, error.message)
        yield finding(app, error.code, message, "", hint=error.hint)
        return
    if envelope is not None:
        write_text(signature_of(path), f"{json.dumps(envelope)}\n")
        logger.info(_("Pith: %s is signed: %d papers."), path.name, len(domain.papers))


def _unfit(app: Sphinx, manifest: dict[str, Any]) -> Iterator[Finding]:
    """Why a manifest is not to be signed."""
    if unverified := manifest["unverified"]:
        named = ", ".join(one["target"] for one in unverified)
        message = _("Nothing was signed, since not all that is cited is verified: %s.") % named
        hint = _("Correct these citations, or build without pith_sign.")
        yield finding(app, "not-all-verified", message, "", hint=str(hint))
    elif not manifest["papers"]:
        message = _("Nothing was signed, since the documents cite no paper.")
        hint = _("Cite a paper, or build without pith_sign.")
        yield finding(app, "nothing-to-sign", str(message), "", hint=str(hint))


def _name(app: Sphinx) -> str:
    named = safe_text(f"{app.config.project} {app.config.release}", NAME_LENGTH)
    return named or "documentation"


def _envelope(domain: PithDomain, citing: dict[str, Any], signature: Path) -> dict[str, Any] | None:
    """The signed envelope, which is in the ledger; `None` if the one that is there will do.

    Raises:
        PithError: There is no key, it cannot be used, or the ledger cannot be written.
    """
    # Imported here: a build that signs nothing loads neither the client nor the keys.
    from pith_agent import Agent, Citing, Client, RecordFiles, Settings  # noqa: PLC0415

    records = [paper.record for paper in domain.papers.values()]
    # Papers are given as proofs, and need not be looked up.
    settings = Settings.from_environment(offline=True)
    trust = domain.sources.trust if domain.sources else None
    files = RecordFiles(map(record_file, records))
    with Client(settings, trust=trust, records=files, persistent=False) as client:
        if signature.exists() and _holds(client, signature.read_bytes(), citing, records):
            return None
        signed = client.sign_bibliography(
            records,
            citing=Citing.model_validate(citing),
            agent=Agent(name="sphinx_pith", version=__version__),
        )
    return signed.envelope


def _holds(
    client: "Client", envelope: bytes, citing: dict[str, Any], records: "list[VerifiedRecord]"
) -> bool:
    """Whether a signature is of this manifest and these papers, verifies, and is in our ledger."""
    report = client.verify_citation(envelope)
    if report.verdict != "verified" or report.kind != "bibliography":
        return False
    predicate = (report.statement or {}).get("predicate")
    if not isinstance(predicate, dict) or predicate.get("citing") != citing:
        return False
    if {one.pith_number for one in report.papers} != {one.pith_number for one in records}:
        return False
    # The ledger holds what keys of this machine have signed, and nothing else.
    return client.ledger.get(report.citation_id or "") is not None


def record_file(record: "VerifiedRecord") -> tuple[bytes, str]:
    """A verified record as a file would hold it, and its name."""
    return json.dumps(record.document).encode("ascii"), record.pith_number
