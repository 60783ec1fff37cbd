"""Convert many files: read, find, ask, rewrite."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from pith_agent import PithError
from sphinx_pith.convert.files import FINDERS, Source, read
from sphinx_pith.convert.links import Link, Rules, apply
from sphinx_pith.convert.report import FileReport


def convert_text(text: str, suffix: str, rules: Rules) -> tuple[str, list[Link]]:
    """The text with its links rewritten, and all that was found.

    Args:
        suffix: Which kind of file it is, as `.rst`, `.md` or `.py`.

    Raises:
        FileError: It is no text of this kind.
    """
    if not _may_hold_links(text, rules):
        return text, []
    links = FINDERS[suffix](text, rules)
    return apply(text, links), links


def _may_hold_links(text: str, rules: Rules) -> bool:
    """Whether it is worth the time to read the structure of the text."""
    lowered = text.lower()
    words = {"arxiv", "doi.org", "lanl.gov", *(role.lower() for role in rules.roles)}
    if rules.cite_keys:
        words.add("cite")
    return any(word in lowered for word in words)


def convert_files(
    paths: Iterable[Path], rules: Rules
) -> tuple[list[FileReport], dict[str, Source]]:
    """A report for each file, and the sources of those that can be written, by name.

    Total: a file that cannot be used has an error in its report and does not stop the others.
    """
    reports: list[FileReport] = []
    sources: dict[str, Source] = {}
    for path in paths:
        report = FileReport(path.as_posix())
        reports.append(report)
        try:
            source = read(path)
            after, links = convert_text(source.text, path.suffix.lower(), rules)
        except PithError as error:
            report.error = error
            continue
        report.before, report.after, report.links = source.text, after, links
        sources[report.name] = source
    return reports, sources


def targets_of(reports: Iterable[FileReport]) -> set[str]:
    """All papers that would be cited."""
    links = (link for report in reports for link in report.links if not link.reason)
    return {name for link in links if link.target for name in link.target.split(", ")}


def keep_verified(reports: Sequence[FileReport], rules: Rules, statuses: dict[str, str]) -> None:
    """Convert again, and leave the links whose target is not `ok`."""
    refused = {target: code for target, code in statuses.items() if code != "ok"}
    rules = replace(rules, refused=refused)
    for report in reports:
        if report.error is None:
            suffix = Path(report.name).suffix.lower()
            report.after, report.links = convert_text(report.before, suffix, rules)
            report.statuses = statuses
