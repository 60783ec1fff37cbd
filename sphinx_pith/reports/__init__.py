"""What a build found, written for programs and people: each writer is a pure function to text.

Nothing here judges: verdicts, severities and exemptions are those of the `BuildReport`. The same
report gives the same bytes, without times, host names or directories of the machine.
"""

from sphinx_pith.reports.annotations import annotations, job_summary
from sphinx_pith.reports.json_report import json_report
from sphinx_pith.reports.junit import junit
from sphinx_pith.reports.output import FORMATS, announce, write_reports, write_text
from sphinx_pith.reports.page import page
from sphinx_pith.reports.paths import rebased, repository_of
from sphinx_pith.reports.sarif import sarif

__all__ = [
    "FORMATS",
    "annotations",
    "announce",
    "job_summary",
    "json_report",
    "junit",
    "page",
    "rebased",
    "repository_of",
    "sarif",
    "write_reports",
    "write_text",
]
