"""The baseline: problems that a project knows and lets stay for now, each with its reason.

    baseline_version = 1

    [[exempt]]
    code = "not-found"
    target = "arXiv:1706.03762"
    reason = "Not in the registry yet."
    until = 2027-06-30

TOML, because people write the reasons: it has comments and dates, gives each entry lines of its
own in a diff, and is read by the standard library.
"""

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any, Final, TypeAlias

from pith_agent import Identifier, IdentifierError, parse_identifier, safe_text
from sphinx_pith.config import is_refutation
from sphinx_pith.findings import BuildReport, Finding, Place
from sphinx_pith.targets import parse_target

Paper: TypeAlias = tuple[Identifier | str, str]
"""An identifier, or what is none; and a claim."""

VERSION: Final = 1
UNUSED: Final = "unused-exemption"
"""The code of an exemption that nothing needs any more."""

REASON: Final = "Older than the baseline."
"""What `write_baseline` gives as the reason, for the project to replace."""

_TEXTS: Final = ("code", "target", "pith_number", "path", "reason")
_HEADER: Final = re.compile(r"^[ \t]*\[\[[ \t]*exempt[ \t]*\]\]", re.MULTILINE)


class BaselineError(ValueError):
    """The baseline cannot be used. The message names each fault on a line of its own."""


@dataclass(frozen=True, slots=True)
class Exemption:
    """One problem that may stay. All that is given must fit."""

    code: str
    reason: str
    target: str = ""
    """What is cited, in any spelling of the same identifier; empty for all targets."""
    pith_number: str = ""
    """The full Pith Number, as computed; empty for all."""
    path: str = ""
    """A pattern for the file, where `*` stands for any characters, `/` included; empty for all."""
    until: date | None = None
    """The last day on which it counts."""
    line: int | None = None
    """Where it stands in the file, from 1."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """The exemptions of a project, in the order of the file."""

    path: str = ""
    """The file, as a `Place` names it."""
    exemptions: tuple[Exemption, ...] = ()


def load_baseline(text: str, path: str) -> Baseline:
    """Read a baseline.

    Args:
        text: TOML.
        path: The file, as messages and findings name it.

    Raises:
        BaselineError: The text is no baseline; all faults are told at once.
    """
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BaselineError(f"{path} is not TOML: {error}") from error
    version = document.get("baseline_version")
    if type(version) is not int or version != VERSION:
        raise BaselineError(f"{path} says baseline_version {version!r}; it must be {VERSION}.")
    entries = document.get("exempt", [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise BaselineError(f"{path}: exemptions are written as tables [[exempt]].")
    faults = [
        f"{path} has {name!r}, which means nothing."
        for name in document
        if name not in ("baseline_version", "exempt")
    ]
    for number, entry in enumerate(entries, 1):
        faults += [f"{path}, exemption {number}: {fault}" for fault in _faults(entry)]
    if faults:
        raise BaselineError("\n".join(faults))
    lines = _lines(text, len(entries))
    made = (Exemption(**entry, line=line) for entry, line in zip(entries, lines, strict=True))
    return Baseline(path, tuple(made))


def read_baseline(here: Path, name: str) -> Baseline:
    """Read the file `name`, relative to the directory `here`.

    Raises:
        OSError: It cannot be read.
        BaselineError: It is no baseline.
    """
    try:
        text = (here / name).read_text("utf-8")
    except UnicodeDecodeError as error:
        raise BaselineError(f"{name} is not UTF-8 at byte {error.start}.") from error
    return load_baseline(text, name)


def apply(
    findings: tuple[Finding, ...],
    baseline: Baseline,
    today: date,
    *,
    complete: Collection[str] | None = None,
) -> tuple[Finding, ...]:
    """Lower what is exempt to `info`, and tell what the baseline no longer needs.

    An exemption that names the target goes before those that name none, and the first of a kind
    that is not over counts. One that is over is told in the hint of what it fits. Findings of
    `info` or `ignore` keep their severity, and count as a use. What was exempt stays as it is.

    Args:
        findings: Of a build, in order.
        baseline: The exemptions.
        today: The day on which an exemption may be over.
        complete: The codes of which no more findings will come; all, if it is not given.

    Returns:
        The findings in their order, then one `unused-exemption` for each that fits nothing.
    """
    by_paper: dict[tuple[str, Paper], list[Exemption]] = {}
    for one in baseline.exemptions:
        by_paper.setdefault((one.code, _paper(one.target)), []).append(one)
    used: set[Exemption] = set()
    judged: list[Finding] = []
    for finding in findings:
        papers = dict.fromkeys((_paper(finding.target), _paper("")))
        near = (one for paper in papers for one in by_paper.get((finding.code, paper), ()))
        fitting = [one for one in near if _fits(one, finding)]
        used.update(fitting)
        valid = next((one for one in fitting if one.until is None or today <= one.until), None)
        if finding.exempt:
            judged.append(finding)
        elif valid is not None:
            judged.append(_exempted(finding, valid))
        elif fitting and _over(fitting[0]) not in finding.hint:
            judged.append(replace(finding, hint=_joined(finding.hint, _over(fitting[0]))))
        else:
            judged.append(finding)
    unused = (
        one
        for one in baseline.exemptions
        if one not in used and (complete is None or one.code in complete)
    )
    return (*judged, *(_unused(one, baseline.path) for one in unused))


def write_baseline(report: BuildReport, keep: Baseline | None = None) -> str:
    """A baseline that exempts what `report` found: errors and warnings, each by code and target.

    Refutations are left out and named in comments: who exempts one must have looked at it. So is
    what concerns the whole project, since an exemption for it would hold everywhere.

    Args:
        report: Of a build with the baseline `keep`, so that what that exempts is not repeated.
        keep: Exemptions to go on with, with their reasons.
    """
    kept = keep.exemptions if keep else ()
    made: list[Exemption] = []
    left: list[str] = []
    for finding in report.findings:
        if finding.severity not in ("error", "warning") or finding.exempt:
            continue
        subject = safe_text(_subject(finding))
        if is_refutation(finding.code):
            left.append(f"# Refuted, not exempt: {finding.code} {subject}")
            continue
        if not finding.target and not finding.place.path:
            left.append(f"# Of the whole project, not exempt: {finding.code}")
            continue
        # A target is exempt wherever it is cited; what has none is known by its file.
        path = "" if finding.target else _literal(finding.place.path)
        made.append(Exemption(finding.code, REASON, target=finding.target, path=path))
    entries = [_toml(one) for one in (*kept, *dict.fromkeys(made))]
    head = [f"baseline_version = {VERSION}", *dict.fromkeys(left)]
    return "\n\n".join(["\n".join(head), *entries]) + "\n"


def _faults(entry: Mapping[str, Any]) -> Iterator[str]:
    for name, value in entry.items():
        if name not in (*_TEXTS, "until"):
            yield f"{name!r} means nothing."
        elif name == "until" and not _is_date(value):
            yield f"until is {value!r}; it must be a date such as 2027-06-30."
        elif name in _TEXTS and not (isinstance(value, str) and value.strip()):
            yield f"{name} is {value!r}; it must be a text that is not empty."
    for name in ("code", "reason"):
        if name not in entry:
            yield f"{name} is missing."
    code = entry.get("code")
    if code == UNUSED:
        yield f"{UNUSED} cannot be exempt: delete the exemption that it names."
    if isinstance(code, str) and is_refutation(code) and "target" not in entry:
        yield f"{code} refutes a record, so that target must name the one citation that is meant."


def _is_date(value: object) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)


def _lines(text: str, number: int) -> list[int] | list[None]:
    """The line of each table. `tomllib` tells none, and a text over several lines may look like
    a table: then no line is told rather than a wrong one."""
    lines = [text.count("\n", 0, match.start()) + 1 for match in _HEADER.finditer(text)]
    return lines if len(lines) == number else [None] * number


def _fits(exemption: Exemption, finding: Finding) -> bool:
    """Whether an exemption for this code and target, or any target, is for this finding."""
    return (
        (not exemption.pith_number or exemption.pith_number == finding.pith_number)
        and (not exemption.path or fnmatchcase(finding.place.path, exemption.path))
        and (bool(exemption.target) or not is_refutation(finding.code))
    )


def _paper(target: str) -> Paper:
    """What all spellings of an identifier have in common, and the claim; else the text."""
    parsed = parse_target(target)
    try:
        return parse_identifier(parsed.name), parsed.claim
    except IdentifierError:
        return target, ""


def _exempted(finding: Finding, exemption: Exemption) -> Finding:
    lowered = finding.severity if finding.severity == "ignore" else "info"
    hint = _joined(finding.hint, f"Exempt: {safe_text(exemption.reason)}")
    return replace(finding, severity=lowered, exempt=True, hint=hint)


def _over(exemption: Exemption) -> str:
    return f"Its exemption ended on {exemption.until}."


def _unused(exemption: Exemption, path: str) -> Finding:
    about = " ".join(filter(None, (exemption.code, exemption.target, exemption.path)))
    place = Place(path, exemption.line)
    return Finding(
        code=UNUSED,
        severity="info",
        message=f"The baseline exempts {safe_text(about)}, and nothing needs it.",
        hint="Delete the exemption.",
        place=place,
        # Without a line, Sphinx would take the file for a document.
        location=f"{path}:{exemption.line or 1}",
        target=exemption.target,
    )


def _subject(finding: Finding) -> str:
    return f"{finding.target} ({finding.place})"


def _joined(*sentences: str) -> str:
    return " ".join(filter(None, sentences))


def _literal(path: str) -> str:
    """A pattern that only `path` fits."""
    return re.sub(r"([*?\[])", r"[\1]", path)


def _toml(exemption: Exemption) -> str:
    lines = ["[[exempt]]"]
    for name in ("code", "target", "pith_number", "path", "reason"):
        if value := getattr(exemption, name):
            lines.append(f"{name} = {_quoted(value)}")
    if exemption.until:
        lines.append(f"until = {exemption.until.isoformat()}")
    return "\n".join(lines)


def _quoted(text: str) -> str:
    """A basic string of TOML. Surrogates have no place in it and become question marks."""
    text = text.encode("utf-8", "replace").decode("utf-8")
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + re.sub(r"[\x00-\x1f\x7f]", lambda match: f"\\u{ord(match[0]):04x}", escaped) + '"'
