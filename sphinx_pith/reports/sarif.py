"""SARIF 2.1.0, for code scanning services and editors.

Source: OASIS, Static Analysis Results Interchange Format, version 2.1.0.
"""

import hashlib
import inspect
import json
import re
from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any, Final
from urllib.parse import quote

from pith_agent import PithError, __version__, error_class
from sphinx_pith.config import is_refutation
from sphinx_pith.findings import BuildReport, Finding
from sphinx_pith.reports.overview import announcement, clean
from sphinx_pith.reports.paths import CONF

SCHEMA: Final = "https://json.schemastore.org/sarif-2.1.0.json"
DOCS: Final = "https://pith-agent.readthedocs.io/en/latest"
ERRORS: Final = f"{DOCS}/reference/errors.html"
BASE: Final = "%SRCROOT%"
"""The name by which services know the root of the repository."""

FINGERPRINT: Final = "pithFinding/v1"
"""A name of our own: `primaryLocationLineHash` is computed by the service from the source."""

_NO_NAME: Final = re.compile("[\ud800-\udc7f\udd00-\udfff]")
_LEVELS: Final = {"error": "error", "warning": "warning", "info": "note"}


def sarif(report: BuildReport) -> str:
    """The findings as one SARIF run; those with severity `ignore` are left out.

    What the baseline exempts stays a result and carries a suppression.
    """
    findings = [finding for finding in report.findings if finding.severity in _LEVELS]
    codes = sorted({finding.code for finding in findings})
    driver = {
        "name": "sphinx_pith",
        "version": __version__,
        "semanticVersion": __version__,
        "informationUri": f"{DOCS}/reference/sphinx.html",
        "rules": [_rule(code, findings) for code in codes],
    }
    run = {
        "tool": {"driver": driver},
        # Two projects of one repository must not replace each other's results.
        "automationDetails": {"id": f"sphinx_pith/{clean(report.project)}/"},
        "originalUriBaseIds": {BASE: {"description": {"text": "The root of the repository."}}},
        "columnKind": "unicodeCodePoints",
        "results": _results(findings, codes),
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def _rule(code: str, findings: Sequence[Finding]) -> dict[str, Any]:
    kind = error_class(code)
    owned = kind is not PithError
    words = code.replace("-", " ")
    meaning = (inspect.getdoc(kind) or "").partition("\n")[0] if owned else ""
    # A code of the extension has no class, but its findings carry the hint.
    hint = kind.hint if owned else next(found.hint for found in findings if found.code == code)
    text = clean(f"{meaning or words.capitalize() + '.'} {hint}")
    return {
        "id": code,
        "name": words.title().replace(" ", ""),
        "shortDescription": {"text": clean(meaning) or f"{words.capitalize()}."},
        "fullDescription": {"text": text},
        "help": {"text": f"{text} See {ERRORS}."},
        "helpUri": ERRORS,
        "defaultConfiguration": {"level": "error" if is_refutation(code) else "warning"},
        "properties": {"tags": ["citation"]},
    }


def _results(findings: Sequence[Finding], codes: list[str]) -> list[dict[str, Any]]:
    seen: Counter[tuple[str, ...]] = Counter()
    results: list[dict[str, Any]] = []
    for finding in findings:
        about = _identity(finding)
        seen[about] += 1
        result: dict[str, Any] = {
            "ruleId": finding.code,
            "ruleIndex": codes.index(finding.code),
            "kind": "fail",
            "level": _LEVELS[finding.severity],
            "message": {"text": _message(finding)},
            "locations": [_location(finding)],
            "partialFingerprints": {FINGERPRINT: _fingerprint(about, seen[about])},
            "properties": {
                "target": clean(finding.target),
                "pith_number": clean(finding.pith_number or ""),
                "check": clean(finding.check),
            },
        }
        if finding.exempt:
            suppression = {"kind": "external", "status": "accepted"}
            result["suppressions"] = [suppression | {"justification": "Listed in the baseline."}]
        results.append(result)
    return results


def _message(finding: Finding) -> str:
    """The sentence as plain text, in which SARIF reads `{0}` and `[text](target)`: 3.11.5, 3.11.6.

    A space after the bracket is used, since viewers differ in what they take for an escape.
    """
    text = announcement(finding) or finding.code
    return text.replace("](", "] (").replace("{", "{{").replace("}", "}}")


def _location(finding: Finding) -> dict[str, Any]:
    place = finding.place
    physical: dict[str, Any] = {"artifactLocation": _artifact(place.path or CONF)}
    if place.line:
        physical["region"] = {"startLine": place.line}
    location: dict[str, Any] = {"physicalLocation": physical}
    if place.within:
        location["logicalLocations"] = [{"fullyQualifiedName": clean(place.within)}]
    return location


def _artifact(path: str) -> dict[str, str]:
    # Bytes of a file name that are no UTF-8 are surrogates; no other surrogate is in a name.
    uri = quote(_NO_NAME.sub("?", path).encode("utf-8", "surrogateescape"))
    if PurePath(path).is_absolute():
        return {"uri": f"file://{'' if uri.startswith('/') else '/'}{uri}"}
    return {"uri": uri, "uriBaseId": BASE}


def _identity(finding: Finding) -> tuple[str, ...]:
    """What makes two findings the same when lines have moved."""
    place = finding.place
    return finding.code, place.path, place.within, finding.target, finding.check


def _fingerprint(about: tuple[str, ...], occurrence: int) -> str:
    text = json.dumps([*about, occurrence])
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:32]
