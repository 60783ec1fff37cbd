"""GitHub Actions: annotations beside the lines, and a summary of the job.

Source: GitHub, Workflow commands for GitHub Actions.
"""

from pathlib import PurePath
from typing import Final

from pith_agent import safe_text
from sphinx_pith.findings import BuildReport, Finding
from sphinx_pith.reports.overview import (
    SEVERITIES,
    WORDS,
    announcement,
    clean,
    headline,
    sentence,
    verdict_counts,
)

COMMANDS: Final = {"error": "error", "warning": "warning", "info": "notice"}

SUMMARY_ROWS = 100
"""Problems that the summary lists: a step's summary may have 1 MiB."""

_PROPERTY: Final = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A", ":": "%3A", ",": "%2C"})
_DATA: Final = str.maketrans({"%": "%25", "\r": "%0D", "\n": "%0A"})

# Each of these starts markup somewhere in GitHub's Markdown, HTML and mentions included.
_MARKUP: Final = str.maketrans(
    {
        "&": "&amp;",
        "<": "&lt;",
        ">": "&gt;",
        "@": "&#64;",
        "#": "&#35;",
        **{character: "\\" + character for character in "\\`*_{}[]()!|~$"},
    }
)


def annotations(report: BuildReport) -> str:
    """One workflow command a line, errors first: GitHub shows ten of each kind for a step.

    What is exempt or ignored is not annotated.
    """
    lines = [_command(finding) for finding in _told(report) if not finding.exempt]
    return "".join(f"{line}\n" for line in lines)


def job_summary(report: BuildReport) -> str:
    """The outcome in Markdown, for the file that `GITHUB_STEP_SUMMARY` names."""
    parts = ["## Pith citations", "", _markdown(headline(report)), ""]
    parts += ["| verdict | citations |", "| --- | ---: |"]
    for verdict, count in verdict_counts(report).items():
        if count:
            parts.append(f"| {WORDS[verdict].text} ({verdict}) | {count} |")
    if told := _told(report):
        parts += ["", "| severity | where | citation | problem |", "| --- | --- | --- | --- |"]
        parts += [_row(finding) for finding in told[:SUMMARY_ROWS]]
    if len(told) > SUMMARY_ROWS:
        parts += ["", f"{len(told) - SUMMARY_ROWS} more problems are in the reports."]
    mode = f"Mode {report.mode}, builder {_markdown(report.builder)}"
    return "\n".join([*parts, "", f"{mode}, records sent by a registry: {report.fetched}.", ""])


def _told(report: BuildReport) -> list[Finding]:
    told = [finding for finding in report.findings if finding.severity in COMMANDS]
    return sorted(told, key=lambda finding: SEVERITIES.index(finding.severity))


def _command(finding: Finding) -> str:
    place, message = finding.place, announcement(finding)
    properties = {"title": f"Pith: {finding.code}"}
    # GitHub finds only files of the repository; a name that was cleaned is no name of a file.
    if (
        place.path
        and not PurePath(place.path).is_absolute()
        and safe_text(place.path) == place.path
    ):
        properties = {"file": place.path} | properties
        if place.line:
            properties = {"file": place.path, "line": str(place.line)} | properties
    elif place.path:
        message = f"{clean(str(place))}: {message}"
    told = ",".join(f"{name}={value.translate(_PROPERTY)}" for name, value in properties.items())
    return f"::{COMMANDS[finding.severity]} {told}::{message.translate(_DATA)}"


def _row(finding: Finding) -> str:
    exempt = " (exempt)" if finding.exempt else ""
    cells = (
        f"{finding.severity}{exempt}",
        _markdown(str(finding.place)),
        _markdown(finding.target),
        f"{_markdown(sentence(finding))} `{finding.code}`",
    )
    return f"| {' | '.join(cells)} |"


def _markdown(text: str) -> str:
    # A URL would become a link although nothing in it is marked up.
    return clean(text).translate(_MARKUP).replace("://", ":&#47;&#47;").replace("www.", "www&#46;")
