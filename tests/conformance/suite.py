"""The conformance suite, against three servers and two revisions of the specification."""

import re
import shutil
import sys
from pathlib import Path

from tests.conformance.programs import BUILD, NODE, Outcome, run_tool, serving, shipped

REVISIONS = ("2026-07-28", "2025-11-25")
SUITE = NODE / "node_modules" / "@modelcontextprotocol" / "conformance"
SUITE_SECONDS = 300

SCORE = re.compile(r"^[✓✗] ([\w-]+): (\d+) passed, (\d+) failed", re.MULTILINE)
EXCUSED = re.compile(r"^  ~ ([\w-]+)", re.MULTILINE)
"""A failure or warning that the baseline lists."""


def run_suite(home: Path) -> list[Outcome]:
    """Run it against the shipped server, and against the same object with fixtures."""
    fixtures = (sys.executable, "-m", "tests.conformance.fixtures", str(home))
    servers = {
        "bare": shipped(home),
        "fixtures": (*fixtures, "shipped"),
        "sessions": (*fixtures, "sessions"),
    }
    outcomes = []
    for name, command in servers.items():
        with serving(name, *command) as url:
            outcomes += [_run(name, url, revision) for revision in REVISIONS]
    return outcomes


def required(revision: str) -> set[str]:
    """The server scenarios that a revision requires, from the list in the suite's package."""
    text = (SUITE / "requirements" / f"{revision}.yaml").read_text("utf-8")
    section = re.search(r"^server:\n((?:  .*\n|\n|#.*\n)*)", text, re.MULTILINE)
    return set(re.findall(r"^  - ([\w-]+)", section[1] if section else "", re.MULTILINE))


def _run(name: str, url: str, revision: str) -> Outcome:
    baseline = Path(__file__).with_name(f"baseline-{name}-{revision}.yml")
    results = BUILD / f"{name}-{revision}"
    shutil.rmtree(results, ignore_errors=True)
    options = ["--url", url, "--requirements", revision, "-o", str(results)]
    if baseline.exists():
        options += ["--expected-failures", str(baseline)]
    done = run_tool("conformance", "server", *options, seconds=SUITE_SECONDS)
    (BUILD / f"{name}-{revision}.txt").write_text(done.stdout + done.stderr, "utf-8")
    return _judge(name, revision, done.stdout, done.returncode)


def _judge(name: str, revision: str, said: str, status: int) -> Outcome:
    summary = said.partition("=== SUMMARY ===")[2]
    wanted = required(revision)
    scores = {
        scenario: (int(passed), int(failed))
        for scenario, passed, failed in SCORE.findall(summary)
        if scenario in wanted
    }
    excused = set(EXCUSED.findall(summary))
    whole = [name for name, (_, failed) in scores.items() if not failed and name not in excused]
    passed = sum(passed for passed, _ in scores.values())
    checks = sum(map(sum, scores.values()))
    # The suite judges by the baseline. That every scenario ran is checked here.
    return Outcome(
        f"conformance {revision}, {name}",
        f"{len(whole)} of {len(wanted)} scenarios, {passed} of {checks} checks",
        passed=status == 0 and scores.keys() == wanted,
    )
