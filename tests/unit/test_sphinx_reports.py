"""What the reports of a build say to programs, and that nothing unproved looks proved."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any
from xml.etree import ElementTree

import jsonschema
import pytest

from pith_agent import Client, Verification
from sphinx_pith.findings import BuildReport, Finding, Place
from sphinx_pith.reports import FORMATS, json_report, junit, rebased, sarif, write_reports
from tests.documents import NUMBER, TITLE
from tests.unit.sphinx_builds import (
    KNOWN,
    cited,
    finding,
    hostile_build,
    mixed_build,
    real_answers,
    report,
)

SCHEMA = json.loads(
    (Path(__file__).parents[2] / "docs/reference/sphinx-report.schema.json").read_bytes()
)


@pytest.fixture
def answers(offline: Callable[..., Client]) -> dict[str, Verification]:
    return real_answers(offline)


@pytest.fixture
def mixed(answers: dict[str, Verification]) -> BuildReport:
    return mixed_build(answers)


@pytest.fixture
def hostile(answers: dict[str, Verification]) -> BuildReport:
    return hostile_build(answers)


# All formats


@pytest.mark.parametrize("kind", FORMATS)
def test_a_report_is_the_same_text_every_time_and_has_no_place_of_this_machine(kind, mixed) -> None:
    text = FORMATS[kind](rebased(mixed, PurePosixPath("/repo")))

    assert text == FORMATS[kind](rebased(mixed, PurePosixPath("/repo")))
    assert "/repo" not in text
    assert "\r" not in text
    assert text.endswith("\n")


@pytest.mark.parametrize("kind", FORMATS)
def test_hostile_text_leaves_no_control_no_reordering_and_no_line_of_its_own(kind, hostile) -> None:
    text = FORMATS[kind](hostile)

    text.encode("utf-8")
    assert not {"\x1b", "\u202e", "\u2066", "\r", "\ud800"} & set(text)
    assert not any(line.startswith("::error file=x") for line in text.splitlines())


@pytest.mark.parametrize("kind", FORMATS)
def test_a_build_without_citations_has_reports_too(kind) -> None:
    FORMATS[kind](report())


def test_paths_are_told_from_the_repository_and_the_project_is_told_at_conf_py(mixed) -> None:
    moved = rebased(mixed, PurePosixPath("/repo"))

    assert [one.place.path for one in moved.citations] == [
        "docs/guide/intro.rst",
        "docs/guide/intro.rst",
        "docs/index.rst",
        "src/mod.py",
    ]
    assert moved.findings[4].place.path == "docs/conf.py"
    assert rebased(mixed, PurePosixPath("/other")).citations[3].place.path == "/repo/src/mod.py"


# JSON


@pytest.mark.parametrize("name", ["mixed", "hostile"])
def test_the_json_report_fits_its_schema(name, request) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)

    document = json.loads(json_report(request.getfixturevalue(name)))

    jsonschema.Draft202012Validator(SCHEMA).validate(document)


def test_the_schema_names_every_field_of_the_json_report(mixed) -> None:
    document = json.loads(json_report(mixed))
    definitions = SCHEMA["$defs"]

    for made, said in (
        (document, SCHEMA),
        (document["summary"], SCHEMA["properties"]["summary"]),
        (document["citations"][0], definitions["citation"]),
        (document["findings"][0], definitions["finding"]),
    ):
        assert set(made) == set(said["properties"]) == set(said["required"])


def test_the_json_report_counts_and_repeats_what_was_computed(mixed) -> None:
    document = json.loads(json_report(mixed))

    assert document["failed"] is True
    assert document["summary"] == {
        "citations": 4,
        "findings": 6,
        "exempt": 1,
        "verdicts": {
            "failed": 1,
            "invalid": 1,
            "not-found": 0,
            "ambiguous": 0,
            "undecidable": 0,
            "unreachable": 1,
            "damaged": 0,
            "verified": 1,
        },
        "severities": {"error": 2, "warning": 1, "info": 2, "ignore": 1},
    }
    good, bad, *_ = document["citations"]
    assert (good["code"], good["pith_number"], good["title"]) == ("ok", NUMBER, TITLE)
    assert (bad["code"], bad["title"]) == ("digest-mismatch", None)
    assert document["findings"][1]["check"] == "canonical-hash"


# SARIF


def run_of(built: BuildReport) -> dict[str, Any]:
    log = json.loads(sarif(built))
    assert (log["version"], len(log["runs"])) == ("2.1.0", 1)
    run: dict[str, Any] = log["runs"][0]
    return run


def test_sarif_has_a_rule_for_each_code_and_each_result_points_to_its_own(mixed) -> None:
    run = run_of(mixed)
    rules = run["tool"]["driver"]["rules"]

    assert [rule["id"] for rule in rules] == sorted({r["ruleId"] for r in run["results"]})
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    for rule in rules:
        assert rule["shortDescription"]["text"].endswith(".")
        assert rule["helpUri"].startswith("https://")
        assert rule["help"]["text"]
    levels = {rule["id"]: rule["defaultConfiguration"]["level"] for rule in rules}
    assert (levels["digest-mismatch"], levels["unused"]) == ("error", "warning")


def test_sarif_levels_follow_the_severities_and_what_is_ignored_is_no_result(mixed) -> None:
    levels = {result["ruleId"]: result["level"] for result in run_of(mixed)["results"]}

    assert levels == {
        "offline": "warning",
        "digest-mismatch": "error",
        "invalid-identifier": "note",
        "unused": "note",
        "malformed-lock": "error",
    }


def test_sarif_places_are_relative_to_the_repository_and_every_result_has_one(mixed) -> None:
    run = run_of(rebased(mixed, PurePosixPath("/repo")))
    places = {
        result["ruleId"]: result["locations"][0]["physicalLocation"] for result in run["results"]
    }

    assert places["digest-mismatch"] == {
        "artifactLocation": {"uri": "docs/guide/intro.rst", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 5},
    }
    assert places["malformed-lock"]["artifactLocation"]["uri"] == "docs/conf.py"
    assert "%SRCROOT%" in run["originalUriBaseIds"]


@pytest.mark.parametrize(
    ("path", "uri"),
    [
        ("a b/ü#?.rst", "a%20b/%C3%BC%23%3F.rst"),
        ("a:b.rst", "a%3Ab.rst"),
        ("/usr/lib/mod.py", "file:///usr/lib/mod.py"),
        ("latin-\udce9.rst", "latin-%E9.rst"),
    ],
)
def test_a_sarif_uri_is_escaped_and_absolute_only_outside_the_repository(path, uri) -> None:
    problem = Finding("unused", "error", "Message.", "", Place(path, 1))

    (result,) = run_of(report(findings=(problem,)))["results"]

    artifact = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert artifact["uri"] == uri
    assert ("uriBaseId" in artifact) is not uri.startswith("file:")


def test_a_sarif_message_holds_no_placeholder_and_no_link_of_others(hostile) -> None:
    (result,) = run_of(hostile)["results"]

    text = result["message"]["text"]
    assert "](" not in text
    assert "{{0}}" in text
    assert "[a] (javascript:x)" in text


def test_a_problem_of_the_whole_project_has_a_file_in_sarif(mixed) -> None:
    (result,) = [r for r in run_of(mixed)["results"] if r["ruleId"] == "malformed-lock"]

    artifact = result["locations"][0]["physicalLocation"]["artifactLocation"]
    assert artifact["uri"] == "conf.py"


def fingerprints(built: BuildReport) -> list[str]:
    return [next(iter(r["partialFingerprints"].values())) for r in run_of(built)["results"]]


def test_fingerprints_survive_moved_lines_and_tell_results_apart(mixed) -> None:
    moved = replace(
        mixed,
        findings=tuple(
            replace(one, place=replace(one.place, line=(one.place.line or 0) + 40))
            for one in mixed.findings
        ),
    )
    twice = replace(mixed, findings=mixed.findings * 2)

    assert fingerprints(moved) == fingerprints(mixed)
    assert len(set(fingerprints(twice))) == len(fingerprints(twice))


def test_what_the_baseline_exempts_is_a_suppressed_result(mixed) -> None:
    suppressed = {r["ruleId"]: r.get("suppressions") for r in run_of(mixed)["results"]}

    (suppression,) = suppressed.pop("invalid-identifier")
    assert (suppression["kind"], suppression["status"]) == ("external", "accepted")
    assert set(suppressed.values()) == {None}


# JUnit


def cases_of(built: BuildReport) -> dict[str, str]:
    """Name of a test case → its outcome."""
    root = ElementTree.fromstring(junit(built))
    return {
        case.attrib["name"]: next((c.tag for c in case if c.tag != "system-out"), "passed")
        for case in root.iter("testcase")
    }


def test_junit_passes_only_what_is_verified(mixed) -> None:
    assert cases_of(mixed) == {
        KNOWN: "passed",
        f"{KNOWN} (2)": "failure",
        "arXiv:1706.03762": "skipped",
        "nonsense": "skipped",
        "unused": "skipped",
        "malformed-lock": "failure",
    }


@pytest.mark.parametrize(
    ("name", "severity", "exempt", "outcome"),
    [
        ("missing", "error", False, "error"),
        ("missing", "warning", False, "skipped"),
        ("missing", None, False, "skipped"),
        ("invalid", "error", False, "failure"),
        ("invalid", "warning", False, "skipped"),
        ("failed", "error", False, "failure"),
        ("failed", "warning", False, "failure"),
        ("failed", None, False, "failure"),
        ("failed", "info", True, "skipped"),
    ],
)
def test_the_junit_outcome_of_what_is_not_verified(
    answers, name, severity, exempt, outcome
) -> None:
    one = cited(answers[name])
    told = () if severity is None else (finding(one, severity, exempt=exempt),)

    assert list(cases_of(report(one, findings=told)).values()) == [outcome]


def test_junit_counts_are_those_of_its_cases(mixed) -> None:
    root = ElementTree.fromstring(junit(mixed))

    assert [suite.attrib["name"] for suite in root] == ["guide/intro", "index", "(project)"]
    assert root.attrib["tests"] == str(len(list(root.iter("testcase"))))
    for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
        for suite in root:
            assert suite.attrib[name] == str(len(list(suite.iter(tag))))


# Files


def test_reports_are_written_whole_and_paths_are_told_from_the_repository(
    mixed, tmp_path: Path
) -> None:
    docs = tmp_path / "docs"
    (tmp_path / ".git").mkdir()
    docs.mkdir()
    built = replace(mixed, root=docs)
    out = tmp_path / "out"
    wanted = {"json": "pith.json", "sarif": str(tmp_path / "sarif/pith.sarif"), "page": "p/r.html"}

    written = write_reports(built, out, wanted)

    assert written == [out / "pith.json", tmp_path / "sarif/pith.sarif", out / "p/r.html"]
    assert json.loads(written[0].read_bytes())["citations"][0]["path"] == "docs/guide/intro.rst"
    assert {path.stat().st_mode & 0o777 for path in written} == {0o644}
    assert sorted(path.name for path in out.iterdir()) == ["p", "pith.json"]


def test_an_unknown_format_writes_nothing(mixed, tmp_path: Path) -> None:
    out = tmp_path / "out"

    with pytest.raises(ValueError, match="pdf"):
        write_reports(mixed, out, {"json": "pith.json", "pdf": "pith.pdf"})

    assert not out.exists()


def test_a_report_that_cannot_be_written_leaves_the_old_one_and_no_other_file(
    mixed, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    (out / "pith.json").mkdir(parents=True)

    with pytest.raises(OSError, match=r"pith\.json"):
        write_reports(mixed, out, {"json": "pith.json"})

    assert [path.name for path in out.iterdir()] == ["pith.json"]
