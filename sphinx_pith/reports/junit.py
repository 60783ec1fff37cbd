"""JUnit XML: one test case for each citation.

A citation that was not checked is no success: it is skipped with its reason, or an error where
the project asks for that. A refuted record is a failure at any severity, unless it is exempt.

Source: junit-10.xsd of the xUnit plugin of Jenkins. Times and host names are left out.
"""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple
from xml.etree import ElementTree

from sphinx_pith.findings import BuildReport, CitedPlace, Finding, Place
from sphinx_pith.reports.overview import (
    UNCHECKED,
    WORDS,
    Pairing,
    clean,
    paired,
    sentence,
)

PROJECT = "(project)"
"""The suite of what is not the verdict on a citation."""


class Case(NamedTuple):
    """One test case."""

    name: str
    place: Place
    outcome: str
    """`failure`, `error`, `skipped`, or empty for success."""
    code: str = ""
    text: str = ""


def junit(report: BuildReport) -> str:
    """The citations as test cases, one suite a document; problems of the project come last."""
    pairs = paired(report)
    suites: dict[str, list[Case]] = {}
    for cited in report.citations:
        suites.setdefault(cited.docname, []).append(_case(cited, pairs))
    if others := [_other(finding) for finding in pairs.others if finding.severity != "ignore"]:
        suites[PROJECT] = others
    counts = _counts(case for cases in suites.values() for case in cases)
    counts.pop("skipped")  # The schema allows it on a suite only.
    name = clean(report.project) or "sphinx_pith"
    root = ElementTree.Element("testsuites", {"name": name} | counts)
    for docname, cases in suites.items():
        _suite(root, docname, cases)
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, "unicode")}\n'


def _case(cited: CitedPlace, pairs: Pairing) -> Case:
    answer, finding = cited.answer, pairs.of(cited)
    word = WORDS[answer.verdict].text
    if answer.verdict == "verified":
        outcome, text = "", f"{word}: {answer.pith_number}"
    else:
        outcome = _outcome(answer.verdict, finding)
        why = sentence(finding) if finding else f"{answer.message} {answer.hint}"
        exempt = " It is exempt by the baseline." if finding and finding.exempt else ""
        text = f"{word}. {why}{exempt}"
    return Case(cited.target, cited.place, outcome, answer.code, text)


def _outcome(verdict: str, finding: Finding | None) -> str:
    fails = finding is not None and finding.severity == "error"
    if verdict in UNCHECKED:
        return "error" if fails else "skipped"
    exempt = finding is not None and finding.exempt
    return "failure" if fails or (verdict == "failed" and not exempt) else "skipped"


def _other(finding: Finding) -> Case:
    outcome = "failure" if finding.severity == "error" else "skipped"
    name = " ".join(filter(None, (finding.code, finding.target)))
    return Case(name, finding.place, outcome, finding.code, sentence(finding))


def _suite(root: ElementTree.Element, docname: str, cases: list[Case]) -> None:
    suite = ElementTree.SubElement(root, "testsuite", {"name": clean(docname)} | _counts(cases))
    seen: Counter[str] = Counter()
    for case in cases:
        seen[case.name] += 1
        # Services tell cases apart by name; lines move too often to be a part of it.
        again = f" ({seen[case.name]})" if seen[case.name] > 1 else ""
        element = ElementTree.SubElement(
            suite,
            "testcase",
            classname=clean(docname.replace("/", ".")),
            name=clean(case.name + again) or "(empty)",
        )
        place = clean(str(case.place))
        if case.outcome:
            told = {"type": clean(case.code), "message": clean(case.text)}
            ElementTree.SubElement(element, case.outcome, told).text = place
        else:
            ElementTree.SubElement(element, "system-out").text = f"{place}: {clean(case.text)}"


def _counts(cases: Iterable[Case]) -> dict[str, str]:
    found = Counter(case.outcome for case in cases)
    return {
        "tests": str(found.total()),
        "failures": str(found["failure"]),
        "errors": str(found["error"]),
        "skipped": str(found["skipped"]),
    }
