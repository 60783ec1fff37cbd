"""IRIs of an exported statement: made from hashes and validated identifiers, never from free text.

A document is named by its URL if that is an https URL, else by its digest as RFC 6920 writes it,
else by a fragment of the statement's own name. What the signer calls it stays a text.
"""

import base64
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from pith_agent.errors import IdentifierError
from pith_agent.exports.proved import ProvedCitation
from pith_agent.protocol.arxiv import parse_arxiv
from pith_agent.protocol.bibliography import BibliographyStatement
from pith_agent.protocol.identifier import parse_identifier
from pith_agent.protocol.proof import VerifiedRecord

SITE = "https://pith-agent.dev/"
TERMS = SITE + "ns#"
PAPERS = "https://pith.science/pith/"
DOIS = "https://doi.org/"

_HOST = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
# RFC 3986, without user name and IP literals; a percent sign only before two hex digits.
_HTTPS = re.compile(
    rf"https://{_HOST}(?:\.{_HOST})*(?::[0-9]{{1,5}})?"
    r"(?:/(?:[A-Za-z0-9._~!$&'()*+,;=:@/-]|%[0-9A-Fa-f]{2})*)?"
    r"(?:\?(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?"
    r"(?:\#(?:[A-Za-z0-9._~!$&'()*+,;=:@/?-]|%[0-9A-Fa-f]{2})*)?",
    re.A,
)


@dataclass(frozen=True, slots=True)
class PaperNames:
    """The IRIs of one cited paper."""

    record: str
    """The cited record: `https://pith.science/pith/ODXWRQYNXKOR3ZX6FVYSFXZLUC`."""
    doi: str | None
    """The cited paper in any version; `None` if the signed source is not on arXiv."""
    citation: str
    """That it is cited, as a resource."""


@dataclass(frozen=True, slots=True)
class Names:
    """The IRIs of one citation or bibliography."""

    base: str
    """The nanopublication: `https://pith-agent.dev/np/` and the payload's SHA-256 in hex."""
    about: str
    """The statement as a whole. Of a citation, the same as `PaperNames.citation`."""
    papers: tuple[PaperNames, ...]
    """In the order of the statement."""
    citing: str

    def part(self, name: str) -> str:
        """A part of the export, as `assertion`."""
        return f"{self.base}#{name}"


def names_of(citation: ProvedCitation) -> Names:
    """The IRIs of a citation or bibliography."""
    base = f"{SITE}np/{citation.payload_sha256}"
    several = isinstance(citation.statement, BibliographyStatement)
    about = f"{base}#bibliography" if several else f"{base}#citation"
    papers = tuple(_paper_names(record, base, several=several) for record in citation.records)
    cited = {name for one in papers for name in (one.record, one.doi)}
    return Names(base, about, papers, _citing(citation, base, cited))


def _paper_names(record: VerifiedRecord, base: str, *, several: bool) -> PaperNames:
    source = record.signed.source
    paper = parse_arxiv(source.id) if source.kind == "arxiv" else None
    suffix = record.pith_number.rpartition(":")[2]
    return PaperNames(
        record=PAPERS + suffix,
        doi=f"{DOIS}10.48550/arXiv.{paper.id}" if paper else None,
        citation=f"{base}#citation-{suffix}" if several else f"{base}#citation",
    )


def https_iri(text: str) -> str | None:
    """`text` if it is an https URL, as RFC 3986 has it, with a lower-case host; else `None`."""
    if not _HTTPS.fullmatch(text):
        return None
    try:
        port = urlsplit(text).port
    except ValueError:  # A port above 65535.
        return None
    return None if port == 0 else text


def hash_iri(sha256_hex: str) -> str:
    """The name of content by its SHA-256, RFC 6920: `ni:///sha-256;` and base64url."""
    digest = base64.urlsafe_b64encode(bytes.fromhex(sha256_hex)).decode("ascii")
    return f"ni:///sha-256;{digest.rstrip('=')}"


def _citing(citation: ProvedCitation, base: str, cited: set[str | None]) -> str:
    citing = citation.statement.predicate.citing
    iri = _paper(citing.id) if citing.kind == "pith" else https_iri(citing.id)
    # What the signer says of the citing document must not be read as said of a cited record, nor
    # of what we name.
    if iri is not None and iri not in cited and not iri.startswith(SITE):
        return iri
    return hash_iri(citing.digest.sha256) if citing.digest else f"{base}#citing"


def _paper(text: str) -> str | None:
    try:
        identifier = parse_identifier(text)
    except IdentifierError:
        return None
    return PAPERS + identifier.suffix if identifier.kind == "pith" else None
