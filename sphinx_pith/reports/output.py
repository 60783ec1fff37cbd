"""The one place where reports leave the process: files, and the log of GitHub Actions."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final, TextIO

from sphinx_pith.findings import BuildReport
from sphinx_pith.reports.annotations import annotations, job_summary
from sphinx_pith.reports.json_report import json_report
from sphinx_pith.reports.junit import junit
from sphinx_pith.reports.page import page
from sphinx_pith.reports.paths import rebased, repository_of
from sphinx_pith.reports.sarif import sarif
from sphinx_pith.writing import replace_file

FORMATS: Final[Mapping[str, Callable[[BuildReport], str]]] = {
    "json": json_report,
    "sarif": sarif,
    "junit": junit,
    "github": annotations,
    "summary": job_summary,
    "page": page,
}
"""Name of a format → its writer."""


def write_reports(report: BuildReport, outdir: Path, wanted: Mapping[str, str]) -> list[Path]:
    """Write the reports that are wanted, each as a whole or not at all.

    Args:
        report: What the build found.
        outdir: The directory that names of files are relative to.
        wanted: Name of a format → name of a file; missing directories are made.

    Returns:
        The files, in the order of `wanted`.

    Raises:
        ValueError: `wanted` names no format of `FORMATS`. Then nothing is written.
        OSError: A file cannot be written.
    """
    if unknown := sorted(set(wanted) - set(FORMATS)):
        raise ValueError(f"no format of a report: {', '.join(unknown)}; there are {_names()}")
    moved = _from_repository(report)
    texts = {outdir / name: FORMATS[kind](moved) for kind, name in wanted.items()}
    for path, text in texts.items():
        write_text(path, text)
    return list(texts)


def announce(
    report: BuildReport, environment: Mapping[str, str], out: TextIO, *, asked: bool = False
) -> bool:
    """Tell GitHub Actions, if the build runs there or the caller asks for it.

    Args:
        report: What the build found.
        environment: `GITHUB_ACTIONS` says that the build runs there; `GITHUB_STEP_SUMMARY` names
            the file that the summary is appended to.
        out: Standard output, where workflow commands are read.
        asked: Write the annotations wherever the build runs.

    Returns:
        Whether annotations were written, of which there may be none.

    Raises:
        OSError: The summary cannot be appended.
    """
    if not asked and environment.get("GITHUB_ACTIONS") != "true":
        return False
    moved = _from_repository(report)
    # A console may have less than Unicode; a build must not end for want of a letter.
    encoding = out.encoding or "utf-8"
    out.write(annotations(moved).encode(encoding, "replace").decode(encoding))
    out.flush()
    if summary := environment.get("GITHUB_STEP_SUMMARY"):
        with Path(summary).open("a", encoding="utf-8", newline="\n") as file:
            file.write(job_summary(moved))
    return True


def _from_repository(report: BuildReport) -> BuildReport:
    return rebased(report, repository_of(Path(report.root)))


def write_text(path: Path, text: str) -> None:
    """Write a file of the output, as a whole or not at all; missing directories are made.

    Raises:
        OSError: It cannot be written; what was there is left as it was.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    replace_file(path, text.encode("utf-8"))


def _names() -> str:
    return ", ".join(FORMATS)
