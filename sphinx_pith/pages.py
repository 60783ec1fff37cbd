"""HTML pages whose readers can check the citations themselves, and find the papers.

A page that cites carries the evidence of each verified paper, and the script that checks it; and
for programs JSON-LD and COinS. A page that does not cite is left as it was.

Sources: docs/explanation/reader-side-check.md; https://schema.org/citation; COinS: Z39.88-2004
(OpenURL 1.0), the Dublin Core format as key/value pairs.
"""

import html
import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote

from docutils import nodes
from sphinx.application import Sphinx

from pith_agent import safe_text
from sphinx_pith.i18n import _
from sphinx_pith.papers import toctree

ASSETS = Path(__file__).parent / "assets"
EVIDENCE_VERSION = 1

WITHOUT_READERS = frozenset({"epub", "json", "pickle"})
"""Builders of the format `html` whose output is not read in a browser, or not as it is."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One verified paper, with all that a reader needs to verify it again."""

    suffix: str
    """26 characters of base32: the last part of the Pith Number."""
    pith_number: str
    canonical: str
    """The canonical bytes, decoded from UTF-8."""
    sha256: str
    """Their digest: 64 lower-case hex digits."""
    signature_b64: str
    """Ed25519 over the 32 bytes of the digest."""
    key_id: str
    key_sha256: str
    """SHA-256 of the 32 bytes of the public key: 64 lower-case hex digits."""
    public_key_b64: str
    title: str
    """As it was hashed; empty if no title is proved."""
    authors: str
    """Unsigned; may be empty."""
    arxiv: str
    """With the version: `2402.13116v4`. Empty if the source is not on arXiv."""
    url: str
    """The record's page."""
    year: str
    """Four digits, of the signed time of the first submission."""


READER_TEXTS = {
    "evidence": _("Evidence"),
    "verified": _("Verified in your browser"),
    "failed": _("FAILED"),
    "unchecked": _("Not checked"),
    "built": _("The build of this page verified it. Your browser did not."),
    "claimed": _("Unconfirmed, as this page says:"),
    "unconfirmed": _("title not confirmed"),
    "number": _("Pith Number"),
    "arxiv": _("arXiv"),
    "submitted": _("First submitted"),
    "authors": _("Authors"),
    "unsigned": _("not signed"),
    "key": _("Key"),
    "steps": _("Checked in your browser"),
    "step-digest": _("SHA-256 of the canonical record = digest"),
    "step-number": _("Digest and year = Pith Number of the link"),
    "step-key": _("Fingerprint of the key"),
    "step-signature": _("Ed25519 signature of the 32-byte digest by this key"),
    "step-title": _("SHA-256 of the title = signed hash"),
    "pass": _("passed"),
    "fail-digest": _("The record is not the one that was signed."),
    "fail-number": _("The record is not the one of the link."),
    "fail-key": _("The key does not have its fingerprint."),
    "fail-signature": _("The signature is not by this key."),
    "fail-title": _("The title is not the signed one."),
    "no-evidence": _("This page has no evidence that can be read."),
    "no-webcrypto": _("Browsers do this on secure pages only (https:)."),
    "no-ed25519": _("This browser does not know Ed25519."),
    "no-key": _("This page has no key for it."),
    "error": _("Your browser could not run the check."),
}
"""The texts of `pith.js`, which has the same in English."""

EvidenceOf: TypeAlias = Callable[[Sphinx, str], Iterable[Evidence]]
"""The verified papers that a document cites."""


def evidence_block(papers: Iterable[Evidence], messages: Mapping[str, str] | None = None) -> str:
    """The script element with all that `pith.js` reads.

    Args:
        papers: In any order: the output depends on what they are only.
        messages: Texts for the ids in `pith.js`, for those that are not shown in English.
    """
    papers = _sorted(papers)
    keys = {
        paper.key_sha256: {"id": paper.key_id, "public": paper.public_key_b64} for paper in papers
    }
    block = {
        "keys": _script_json(keys),
        "messages": _script_json(dict(messages or {})),
        "papers": "{" + ",".join(map(_entry, papers)) + "}",
        "version": _script_json(EVIDENCE_VERSION),
    }
    members = ",".join(f'"{name}":{value}' for name, value in block.items())
    return f'<script type="application/json" id="pith-evidence">{{{members}}}</script>'


@lru_cache(maxsize=4096)  # A paper is often cited on many pages.
def _entry(paper: Evidence) -> str:
    """The member of `papers` in the evidence: its name, and all that is to be checked."""
    entry = {
        "number": paper.pith_number,
        "canonical": paper.canonical,
        "sha256": paper.sha256,
        "signature": paper.signature_b64,
        "key": paper.key_sha256,
        "title": paper.title,
        "authors": paper.authors,
    }
    return f"{_script_json(paper.suffix)}:{_script_json(entry)}"


def json_ld(page_url: str | None, page_title: str, papers: Iterable[Evidence]) -> str:
    """The script element that names the cited papers to search engines and reference managers.

    Authors are left out: schema.org has no way to say that they are not signed.

    Args:
        page_url: The page's own address; `None` if the project has not said it.
        page_title: As plain text.
        papers: In any order.
    """
    page = {"@context": "https://schema.org", "@type": "WebPage", "name": page_title}
    if page_url:
        page |= {"@id": page_url, "url": page_url}
    members = [f"{_script_json(name)}:{_script_json(value)}" for name, value in page.items()]
    members.append(f'"citation":[{",".join(map(_article, _sorted(papers)))}]')
    return f'<script type="application/ld+json">{{{",".join(members)}}}</script>'


@lru_cache(maxsize=4096)  # A paper is often cited on many pages.
def coins(paper: Evidence) -> str:
    """An empty span whose title describes the paper, as reference managers read it.

    Without authors, which are not signed; Zotero then asks for the whole entry by the DOI.
    """
    fields = [
        ("ctx_ver", "Z39.88-2004"),
        ("rft_val_fmt", "info:ofi/fmt:kev:mtx:dc"),
        ("rft.type", "preprint"),
        ("rft.title", safe_text(paper.title)),
        ("rft.date", _submitted(paper)),
        ("rft.identifier", paper.pith_number),
        ("rft_id", paper.url),
        # Readers of COinS keep the last address, which shall be the paper's own.
        *(("rft_id", address) for address in _addresses(paper, doi_as="info:doi/")),
    ]
    pairs = "&".join(f"{name}={quote(value, safe='')}" for name, value in fields if value)
    return f'<span class="Z3988" title="{html.escape(pairs)}"></span>'


def setup_pages(app: Sphinx, evidence_of: EvidenceOf) -> None:
    """Connect the pages of an application.

    Args:
        app: The application; its builder need not be an HTML builder.
        evidence_of: Asked while a page is written, perhaps in a process of its own.
    """
    app.connect("builder-inited", add_assets)
    app.connect("html-page-context", partial(add_to_page, evidence_of))


def add_assets(app: Sphinx) -> None:
    """Copy script and style sheets, where they are not there as they are.

    Not by `html_static_path`: a changed setting would make each build finish as if something had
    to be written. Before the builder copies, so that the project's own files of these names win.
    """
    if not _has_readers(app):
        return
    static = Path(app.outdir) / "_static"
    static.mkdir(parents=True, exist_ok=True)
    for asset in sorted(ASSETS.iterdir()):
        content, copy = asset.read_bytes(), static / asset.name
        if not copy.exists() or copy.read_bytes() != content:
            copy.write_bytes(content)


def add_to_page(
    evidence_of: EvidenceOf,
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> None:
    """`html-page-context`: evidence, JSON-LD and COinS for a page that cites; else nothing."""
    if doctree is None or not _has_readers(app):
        return
    papers = _sorted(
        paper for docname in _documents(app, pagename) for paper in evidence_of(app, docname)
    )
    if not papers:
        return
    title = app.env.titles[pagename].astext() if pagename in app.env.titles else ""
    url = (context.get("pageurl") or "").partition("#")[0]
    app.add_css_file("pith-cite.css")
    head = [json_ld(url or None, title, papers)]
    if app.config.pith_reader_check:
        head.append(evidence_block(papers, _texts(app)))
        app.add_js_file("pith.js", loading_method="defer")
        app.add_css_file("pith.css")
    context["metatags"] = "\n".join([context.get("metatags") or "", *head])
    context["body"] = "\n".join([context.get("body") or "", *map(coins, papers)])


def _texts(app: Sphinx) -> dict[str, str]:
    """None for English pages: the script has those."""
    if app.config.language.startswith("en"):
        return {}
    return {name: str(text) for name, text in READER_TEXTS.items()}


def _has_readers(app: Sphinx) -> bool:
    builder = app.builder
    if builder.format != "html" or builder.name in WITHOUT_READERS:
        return False
    return not getattr(builder, "embedded", False)


def _documents(app: Sphinx, pagename: str) -> list[str]:
    """What is on the page: one document, or with `singlehtml` all that the root leads to."""
    if app.builder.name != "singlehtml":
        return [pagename]
    return sorted(toctree(app.env, pagename))


def _sorted(papers: Iterable[Evidence]) -> list[Evidence]:
    """Each once, so that the output depends on what they are only."""
    return [paper for _suffix, paper in sorted({one.suffix: one for one in papers}.items())]


@lru_cache(maxsize=4096)
def _article(paper: Evidence) -> str:
    """A member of `citation`, as JSON."""
    identifiers = [("Pith Number", paper.pith_number), ("arXiv", paper.arxiv)]
    article: dict[str, Any] = {
        "@type": "ScholarlyArticle",
        "name": safe_text(paper.title),
        "datePublished": _submitted(paper),
        "identifier": [
            {"@type": "PropertyValue", "propertyID": name, "value": value}
            for name, value in identifiers
            if value
        ],
        "url": paper.url,
        "sameAs": _addresses(paper, doi_as="https://doi.org/"),
    }
    return _script_json({name: value for name, value in article.items() if value})


def _addresses(paper: Evidence, *, doi_as: str) -> list[str]:
    """DOI and page of the paper itself; a DOI names all versions."""
    if not paper.arxiv:
        return []
    unversioned = re.sub(r"v[0-9]+\Z", "", paper.arxiv)
    return [
        f"{doi_as}10.48550/arXiv.{unversioned}",
        f"https://arxiv.org/abs/{paper.arxiv}",
    ]


def _submitted(paper: Evidence) -> str:
    """`2024-02-20`, of the first version: the only time that is signed."""
    submitted: str = json.loads(paper.canonical)["metadata"]["submitted_at"]
    return submitted[:10]


def _script_json(value: object) -> str:
    """JSON that no HTML parser takes for markup, whatever its strings hold."""
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
