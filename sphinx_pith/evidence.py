"""What a page carries for its readers to check: see `pages`."""

import base64

from sphinx.application import Sphinx

from pith_agent import TrustedKey
from sphinx_pith.domain import domain_of
from sphinx_pith.pages import Evidence
from sphinx_pith.papers import Paper


def evidence_of(app: Sphinx, docname: str) -> list[Evidence]:
    """The verified papers that a document cites or lists, each once, in order."""
    domain = domain_of(app.env)
    suffixes = domain.cited_by([docname])
    for options in domain.lists_here.get(docname, ()):
        suffixes += domain.listed(docname, options)
    trust = domain.sources.trust if domain.sources else None
    keys = {key.sha256: key for key in trust.keys} if trust else {}
    found = []
    for suffix in dict.fromkeys(suffixes):
        paper = domain.papers[suffix]
        if suffix not in domain.evidence:
            domain.evidence[suffix] = _evidence(paper, keys[paper.record.key_sha256])
        found.append(domain.evidence[suffix])
    return found


def _evidence(paper: Paper, key: TrustedKey) -> Evidence:
    record, work = paper.record, paper.work
    return Evidence(
        suffix=paper.suffix,
        pith_number=work.pith_number,
        canonical=record.canonical_bytes.decode("utf-8"),
        sha256=record.canonical_sha256,
        signature_b64=record.receipt.signature_b64,
        key_id=key.key_id,
        key_sha256=key.sha256,
        public_key_b64=base64.b64encode(key.raw).decode("ascii"),
        title=record.title or "",
        authors=", ".join(author.name for author in work.authors),
        arxiv=f"{work.arxiv}v{work.version}" if work.arxiv else "",
        url=paper.url,
        year=work.year,
    )
