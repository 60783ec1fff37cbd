"""What a build cites, as a file that programs read and that can be signed.

The same documents, lock and settings give the same bytes, with any builder and at any `-j`.

Source: docs/reference/sphinx.md, "The manifest".
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from sphinx.application import Sphinx

from pith_agent import safe_text
from sphinx_pith.config import ABSENT
from sphinx_pith.domain import Citation, PithDomain, domain_of
from sphinx_pith.findings import Finding
from sphinx_pith.i18n import _
from sphinx_pith.papers import Paper
from sphinx_pith.places import place_of
from sphinx_pith.problems import finding, tell_all
from sphinx_pith.reports.output import write_text
from sphinx_pith.signature import sign_manifest, signature_of, stated_digest
from sphinx_pith.targets import parse_target

FORMAT: Final = "https://pith-agent.dev/citations-manifest/v1"


def write_manifest(app: Sphinx) -> None:
    """Write the manifest, and sign it if `pith_sign` says so. It never raises.

    A signature of another manifest is removed first, so that none stands beside this one.
    """
    domain = domain_of(app.env)
    report = domain.report
    if report is None:
        return
    path = Path(app.outdir) / app.config.pith_manifest
    manifest = manifest_of(app, domain)
    text = json.dumps(manifest, indent=2, sort_keys=True, ensure_ascii=False) + "\n"
    found = tuple(_written(app, domain, manifest, path, text))
    tell_all(app, found)
    domain.report = replace(report, findings=report.findings + found)


def _written(
    app: Sphinx, domain: PithDomain, manifest: dict[str, Any], path: Path, text: str
) -> Iterator[Finding]:
    """Write and sign the manifest, and say what kept that from being done."""
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()
    try:
        if stated_digest(signature_of(path)) != digest:
            signature_of(path).unlink(missing_ok=True)
        if not path.exists() or path.read_bytes() != text.encode("utf-8"):
            write_text(path, text)
        # Without a format there are no pages to publish, as with `dummy` and `linkcheck`.
        if app.config.pith_sign and app.builder.format:
            yield from sign_manifest(app, domain, manifest, digest, path)
    except OSError as error:
        message = _("The manifest or its signature cannot be written: %s.") % error.strerror
        yield finding(app, "store-unavailable", message, "")


def manifest_of(app: Sphinx, domain: PithDomain) -> dict[str, Any]:
    """What the documents cite: papers by Pith Number, and what is not verified by target."""
    papers = {paper.pith_number: _paper(paper) for paper in domain.papers.values()}
    unverified: dict[tuple[str, str], dict[str, Any]] = {}
    for docname in sorted(domain.cites):
        for cite in domain.cites[docname]:
            suffix, target = domain.suffix(cite.target), parse_target(cite.target)
            place = _place(app, docname, cite)
            code = _fault(domain, cite)
            if suffix:
                paper = domain.papers[suffix]
                _add(papers[paper.pith_number], place)
            if code:
                entry = {"target": place["target"], "code": code, "cited_in": []}
                where = {name: place[name] for name in ("document", "line") if name in place}
                claim = {"claim": target.claim} if target.claim else {}
                _add(unverified.setdefault((entry["target"], code), entry), where | claim)
    config = app.config
    return {
        "format": FORMAT,
        "project": safe_text(config.project),
        "version": safe_text(config.version),
        "release": safe_text(config.release),
        "language": safe_text(config.language),
        "papers": [papers[number] for number in sorted(papers)],
        "unverified": [unverified[key] for key in sorted(unverified)],
    }


def _paper(paper: Paper) -> dict[str, Any]:
    record, source = paper.record, paper.record.signed.source
    said = {
        "pith_number": record.pith_number,
        "canonical_sha256": record.canonical_sha256,
        "verdict": "verified",
        "cited_in": [],
    }
    if source.kind == "arxiv":
        said["arxiv"] = f"{source.id}v{source.version}"
    if record.title is not None:
        said["title"] = safe_text(record.title)
    return said


def _place(app: Sphinx, docname: str, cite: Citation) -> dict[str, Any]:
    target = parse_target(cite.target)
    said: dict[str, Any] = {"document": docname, "target": safe_text(cite.target)}
    place = place_of(app, cite.location)
    # A line of another file, as of a docstring or an included file, is no line of the document.
    own = Path(app.confdir) / place.path == Path(app.env.doc2path(docname))
    if place.line and own and not place.within:
        said["line"] = place.line
    if target.claim:
        said["claim"] = target.claim
    return said


def _fault(domain: PithDomain, cite: Citation) -> str:
    """The code of what is not verified of a citation; empty if all of it is."""
    suffix, one = domain.suffix(cite.target), domain.answers[cite.target]
    if not suffix:
        # What was a plain link, and is one again, is no citation.
        code = one.answer.code
        return "" if cite.fallback and code in ABSENT else code
    claim = parse_target(cite.target).claim
    return "unknown-claim" if claim and domain.papers[suffix].claim(claim) is None else ""


def _add(entry: dict[str, Any], place: dict[str, Any]) -> None:
    if place not in entry["cited_in"]:
        entry["cited_in"].append(place)
