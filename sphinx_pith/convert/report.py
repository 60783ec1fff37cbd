"""What was found, file by file: as a diff, as lines and as JSON."""

import difflib
import re
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from pith_agent import PithError, safe_text
from sphinx_pith.convert.links import REASONS, Link

_LINE_END = re.compile(r"\r\n|\r|\n")
TEXT_LENGTH = 200
"""Characters of a link that a report repeats."""


@dataclass(slots=True)
class FileReport:
    """One file before and after."""

    name: str
    before: str = ""
    after: str = ""
    links: Sequence[Link] = ()
    error: PithError | None = None
    statuses: dict[str, str] = field(default_factory=dict)
    """Target → `ok`, or the code for which its record did not verify; empty if nobody asked."""

    @property
    def changed(self) -> bool:
        """Whether there is something to write."""
        return self.before != self.after

    @property
    def converted(self) -> int:
        """Links that become citations."""
        return sum(not link.reason for link in self.links)

    @property
    def left(self) -> Counter[str]:
        """Reason → links that stay for it."""
        return Counter(link.reason for link in self.links if link.reason)


def diff(report: FileReport) -> str:
    """A unified diff that `patch -p1` and `git apply` take."""
    before, after = (_LINES.findall(text) for text in (report.before, report.after))
    name = report.name.lstrip("/")
    lines = difflib.unified_diff(before, after, f"a/{name}", f"b/{name}")
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


_LINES = re.compile(r"[^\n]*\n|[^\n]+")


def summary(reports: Iterable[FileReport]) -> Iterator[str]:
    """A line for each file with links, one for each link that stays, and the totals."""
    reports = list(reports)
    for report in reports:
        if report.error:
            yield f"{safe_text(report.name)}: {safe_text(str(report.error), 1000)}"
        elif report.links:
            yield f"{safe_text(report.name)}: {_counts(report.converted, report.left)}"
            starts = line_starts(report.before)
            for link in report.links:
                if link.reason:
                    text = safe_text(_text(report, link))
                    status = report.statuses.get(link.target or "", "")
                    why = f"{link.reason} ({status})" if status not in ("", "ok") else link.reason
                    yield f"  {bisect_right(starts, link.start)}: {why}: {text}"
    total = totals(reports)
    left = Counter(total["left"])
    yield f"{total['files']} files: {_counts(total['converted'], left)}"
    for reason, _ in left.most_common():
        yield f"  {reason}: {REASONS[reason]}"


def as_json(reports: Iterable[FileReport]) -> dict[str, Any]:
    """The same as an object. docs/howto/migrate-links.md describes it."""
    reports = list(reports)
    return {"files": [_file(report) for report in reports], "totals": totals(reports)}


def totals(reports: Sequence[FileReport]) -> dict[str, Any]:
    """The sums over all files."""
    left: Counter[str] = Counter()
    for report in reports:
        left += report.left
    converted = sum(report.converted for report in reports)
    return {
        "files": len(reports),
        "changed": sum(report.changed for report in reports),
        "errors": sum(report.error is not None for report in reports),
        "found": converted + left.total(),
        "converted": converted,
        "left": dict(sorted(left.items())),
    }


def line_starts(text: str) -> list[int]:
    """Where each line begins."""
    return [0, *(match.end() for match in _LINE_END.finditer(text))]


def _file(report: FileReport) -> dict[str, Any]:
    error = report.error
    starts = line_starts(report.before)
    return {
        "path": report.name,
        "changed": report.changed,
        "found": len(report.links),
        "converted": report.converted,
        "left": dict(sorted(report.left.items())),
        "links": [
            {
                "line": bisect_right(starts, link.start),
                "text": _text(report, link),
                "target": link.target,
                "status": "left" if link.reason else "converted",
                "reason": link.reason or None,
                "verification": report.statuses.get(link.target or ""),
            }
            for link in report.links
        ],
        "error": error and {"code": error.code, "message": error.message, "hint": error.hint},
    }


def _text(report: FileReport, link: Link) -> str:
    return " ".join(report.before[link.start : link.end].split())[:TEXT_LENGTH]


def _counts(converted: int, left: Counter[str]) -> str:
    line = f"{converted + left.total()} links, {converted} converted, {left.total()} left"
    reasons = ", ".join(f"{reason} {count}" for reason, count in sorted(left.items()))
    return f"{line} ({reasons})" if reasons else line
