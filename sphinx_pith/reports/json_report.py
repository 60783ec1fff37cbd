"""The whole report as JSON. docs/reference/sphinx-report.schema.json describes it."""

import json
from typing import Any

from pith_agent import __version__
from sphinx_pith.findings import BuildReport, CitedPlace, Finding, Place
from sphinx_pith.reports.overview import clean, severity_counts, statement, verdict_counts

SCHEMA_VERSION = "1.0"
"""The second number rises when fields are added, the first when a reader must change."""


def json_report(report: BuildReport) -> str:
    """The report as JSON: UTF-8 text, LF, two spaces of indentation."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "tool": {"name": "sphinx_pith", "version": __version__},
        "project": clean(report.project),
        "builder": clean(report.builder),
        "mode": report.mode,
        "failed": report.failed,
        "fetched": report.fetched,
        "summary": {
            "citations": len(report.citations),
            "findings": len(report.findings),
            "exempt": sum(finding.exempt for finding in report.findings),
            "verdicts": verdict_counts(report),
            "severities": severity_counts(report),
        },
        "citations": [_citation(cited) for cited in report.citations],
        "findings": [_finding(finding) for finding in report.findings],
    }
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _citation(cited: CitedPlace) -> dict[str, Any]:
    answer = cited.answer
    return {
        **_place(cited.place),
        "docname": clean(cited.docname),
        "target": clean(cited.target),
        "verdict": answer.verdict,
        "code": answer.code,
        "message": clean(answer.message),
        "hint": clean(answer.hint),
        "pith_number": _optional(answer.pith_number),
        "title": _optional(answer.title),
        "canonical_sha256": _optional(answer.canonical_sha256),
        "trust_key": _optional(answer.trust_key),
        "source": cited.source,
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        **_place(finding.place),
        "code": finding.code,
        "severity": finding.severity,
        "message": statement(finding),
        "hint": clean(finding.hint),
        "target": clean(finding.target),
        "pith_number": _optional(finding.pith_number),
        "check": clean(finding.check),
        "exempt": finding.exempt,
    }


def _place(place: Place) -> dict[str, Any]:
    return {"path": clean(place.path), "line": place.line, "within": clean(place.within)}


def _optional(text: str | None) -> str | None:
    return None if text is None else clean(text)
