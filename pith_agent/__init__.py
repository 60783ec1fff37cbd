"""Citations that can be proved: verify Pith Numbers, and sign what you say of papers.

    >>> from pith_agent import Client
    >>> Client().verify("arXiv:2402.13116").verdict
    'verified'

Importing this package imports neither mcp nor sphinx nor click. Names are loaded as they are used.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pith_agent.answers import Fetched, Resolution, Verification, verification
    from pith_agent.client import Client
    from pith_agent.errors import (
        DocumentError,
        IdentifierError,
        PithError,
        UndecidableError,
        VerificationError,
        error_class,
    )
    from pith_agent.judging import read_policy
    from pith_agent.protocol.authors import Author, stated_authors
    from pith_agent.protocol.canon import canonical_bytes, text_sha256
    from pith_agent.protocol.citation import RELATIONSHIPS, Agent, Citing, Digest, Relationship
    from pith_agent.protocol.citation_draft import CitationRequest
    from pith_agent.protocol.citation_report import CitationReport
    from pith_agent.protocol.display import safe_text
    from pith_agent.protocol.export import Format, export
    from pith_agent.protocol.identifier import Identifier, parse_identifier
    from pith_agent.protocol.lock import Lock, alias_of, dump_lock, is_floating, parse_lock
    from pith_agent.protocol.mentions import Mention, find_identifiers
    from pith_agent.protocol.policy import STANDARD, STRICT, Policy, Question, Seen
    from pith_agent.protocol.proof import VerifiedRecord
    from pith_agent.protocol.record import load_document
    from pith_agent.protocol.report import Check, Report
    from pith_agent.protocol.stated import Coverage
    from pith_agent.protocol.tex import readable
    from pith_agent.protocol.trust import TrustedKey, TrustRoot
    from pith_agent.protocol.verify import examine, verify
    from pith_agent.protocol.work import Work, work_of
    from pith_agent.settings import Settings
    from pith_agent.signed import SignedBibliography, SignedCitation, SignedRetraction
    from pith_agent.storage.files import RecordFiles

__version__ = "0.1.0"

__all__ = [
    "RELATIONSHIPS",
    "STANDARD",
    "STRICT",
    "Agent",
    "Author",
    "Check",
    "CitationReport",
    "CitationRequest",
    "Citing",
    "Client",
    "Coverage",
    "Digest",
    "DocumentError",
    "Fetched",
    "Format",
    "Identifier",
    "IdentifierError",
    "Lock",
    "Mention",
    "PithError",
    "Policy",
    "Question",
    "RecordFiles",
    "Relationship",
    "Report",
    "Resolution",
    "Seen",
    "Settings",
    "SignedBibliography",
    "SignedCitation",
    "SignedRetraction",
    "TrustRoot",
    "TrustedKey",
    "UndecidableError",
    "Verification",
    "VerificationError",
    "VerifiedRecord",
    "Work",
    "__version__",
    "alias_of",
    "canonical_bytes",
    "dump_lock",
    "error_class",
    "examine",
    "export",
    "find_identifiers",
    "is_floating",
    "load_document",
    "parse_identifier",
    "parse_lock",
    "read_policy",
    "readable",
    "safe_text",
    "stated_authors",
    "text_sha256",
    "verification",
    "verify",
    "work_of",
]

_HOMES = {
    "pith_agent.answers": ("Fetched", "Resolution", "Verification", "verification"),
    "pith_agent.signed": ("SignedBibliography", "SignedCitation", "SignedRetraction"),
    "pith_agent.client": ("Client",),
    "pith_agent.judging": ("read_policy",),
    "pith_agent.errors": (
        "DocumentError",
        "IdentifierError",
        "PithError",
        "UndecidableError",
        "VerificationError",
        "error_class",
    ),
    "pith_agent.protocol.canon": ("canonical_bytes", "text_sha256"),
    "pith_agent.protocol.citation": ("Agent", "Citing", "Digest", "RELATIONSHIPS", "Relationship"),
    "pith_agent.protocol.citation_draft": ("CitationRequest",),
    "pith_agent.protocol.citation_report": ("CitationReport",),
    "pith_agent.protocol.display": ("safe_text",),
    "pith_agent.protocol.identifier": ("Identifier", "parse_identifier"),
    "pith_agent.protocol.lock": ("Lock", "alias_of", "dump_lock", "is_floating", "parse_lock"),
    "pith_agent.protocol.mentions": ("Mention", "find_identifiers"),
    "pith_agent.protocol.policy": ("Policy", "Question", "STANDARD", "STRICT", "Seen"),
    "pith_agent.protocol.record": ("load_document",),
    "pith_agent.protocol.proof": ("VerifiedRecord",),
    "pith_agent.protocol.report": ("Check", "Report"),
    "pith_agent.protocol.stated": ("Coverage",),
    "pith_agent.protocol.authors": ("Author", "stated_authors"),
    "pith_agent.protocol.export": ("Format", "export"),
    "pith_agent.protocol.tex": ("readable",),
    "pith_agent.protocol.work": ("Work", "work_of"),
    "pith_agent.protocol.trust": ("TrustRoot", "TrustedKey"),
    "pith_agent.protocol.verify": ("examine", "verify"),
    "pith_agent.settings": ("Settings",),
    "pith_agent.storage.files": ("RecordFiles",),
}
"""Module → the public names that it defines."""

_MODULES = {name: module for module, names in _HOMES.items() for name in names}


def __getattr__(name: str) -> object:
    """Load a public name. A docs build, for one, has no use for the client."""
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value: object = getattr(import_module(_MODULES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
