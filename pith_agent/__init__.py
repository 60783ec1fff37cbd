"""Citations that can be proved: verify Pith Numbers, and sign what you say of papers.

    >>> from pith_agent import Client
    >>> Client().verify("arXiv:2402.13116").verdict
    'verified'

Importing this package imports neither mcp nor sphinx nor click.
"""

from pith_agent.answers import Fetched, Resolution, SignedCitation, Verification
from pith_agent.client import Client
from pith_agent.errors import (
    DocumentError,
    IdentifierError,
    PithError,
    UndecidableError,
    VerificationError,
    error_class,
)
from pith_agent.protocol.canon import canonical_bytes, text_sha256
from pith_agent.protocol.citation import RELATIONSHIPS, Agent, Citing, Digest, Relationship
from pith_agent.protocol.citation_draft import CitationRequest
from pith_agent.protocol.citation_report import CitationReport
from pith_agent.protocol.display import safe_text
from pith_agent.protocol.identifier import Identifier, parse_identifier
from pith_agent.protocol.mentions import Mention, find_identifiers
from pith_agent.protocol.policy import STANDARD, STRICT, Policy, Question, Seen
from pith_agent.protocol.record import load_document
from pith_agent.protocol.report import Check, Coverage, Report, VerifiedRecord
from pith_agent.protocol.trust import TrustedKey, TrustRoot
from pith_agent.protocol.verify import examine, verify
from pith_agent.settings import Settings
from pith_agent.storage.files import RecordFiles

__version__ = "0.1.0"

__all__ = [
    "RELATIONSHIPS",
    "STANDARD",
    "STRICT",
    "Agent",
    "Check",
    "CitationReport",
    "CitationRequest",
    "Citing",
    "Client",
    "Coverage",
    "Digest",
    "DocumentError",
    "Fetched",
    "Identifier",
    "IdentifierError",
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
    "SignedCitation",
    "TrustRoot",
    "TrustedKey",
    "UndecidableError",
    "Verification",
    "VerificationError",
    "VerifiedRecord",
    "__version__",
    "canonical_bytes",
    "error_class",
    "examine",
    "find_identifiers",
    "load_document",
    "parse_identifier",
    "safe_text",
    "text_sha256",
    "verify",
]
