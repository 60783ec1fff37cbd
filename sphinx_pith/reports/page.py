"""pith-report.html: the whole report for people, in one file that needs no script and no network.

Every text is shown through `_text`. The policy in the page allows its own style and nothing else.
"""

import base64
import hashlib
import html
from collections.abc import Iterable, Iterator
from importlib import resources
from typing import Final

from pith_agent import __version__
from sphinx_pith.findings import BuildReport, CitedPlace, Finding
from sphinx_pith.reports.overview import (
    SEVERITIES,
    UNCHECKED,
    WORDS,
    clean,
    counted,
    headline,
    statement,
    verdict_counts,
)

STYLE: Final = resources.files("sphinx_pith.reports").joinpath("page.css").read_text("utf-8")
_STYLE_HASH = base64.b64encode(hashlib.sha256(STYLE.encode("utf-8")).digest()).decode("ascii")
POLICY: Final = f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'"

ERRORS: Final = "https://pith-agent.readthedocs.io/en/latest/reference/errors.html"

_SOURCES: Final = {
    "lock": "pith.lock",
    "records": "record files",
    "store": "local store",
    "registry": "registry",
    "none": "no record",
}
_MODES: Final = {
    "locked": "locked: no connection was opened",
    "auto": "auto: the registry is asked for what is missing",
    "update": "update: the registry is asked for what is missing, and the lock is written",
}
_KINDS: Final = {"error": "bad", "warning": "warn", "info": "none"}


def page(report: BuildReport) -> str:
    """The page: the outcome, problems first, then all citations, and how to read them."""
    name = _text(report.project) or "this project"
    told = [finding for finding in report.findings if finding.severity in _KINDS]
    told.sort(key=lambda finding: SEVERITIES.index(finding.severity))
    problems = [finding for finding in told if not finding.exempt]
    exempt = [finding for finding in told if finding.exempt]
    body = [
        f'<header><p class="soft">Citations of</p><h1>{name}</h1></header>',
        "<main>",
        _outcome(report),
        _tally(report),
        *_problems("Problems", "Errors fail the build.", problems),
        *_problems("In the baseline", "Known, and allowed to stay for now.", exempt),
        *_citations(report),
        _reading(report),
        "</main>",
        _footer(report),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n<meta name="robots" content="noindex">\n'
        f"<title>Citations of {name}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        + "\n".join(body)
        + "\n</body>\n</html>\n"
    )


def _outcome(report: BuildReport) -> str:
    counts = verdict_counts(report)
    unproved = len(report.citations) - counts["verified"]
    unchecked = sum(counts[verdict] for verdict in UNCHECKED)
    kind = "bad" if report.failed or unproved > unchecked else "warn" if unproved else "good"
    if not report.citations and not report.failed:
        kind = "none"
    return f'<p class="outcome {kind}">{_text(headline(report))}</p>'


def _tally(report: BuildReport) -> str:
    items = [
        f'<li><span class="number">{count}</span> {_badge(WORDS[verdict].kind, verdict)}</li>'
        for verdict, count in verdict_counts(report).items()
        if count
    ]
    return f'<ul class="tally" aria-label="Citations by verdict">{"".join(items)}</ul>'


def _problems(title: str, meaning: str, findings: list[Finding]) -> Iterator[str]:
    if not findings:
        return
    yield f'<h2>{title} <span class="soft">({len(findings)})</span></h2>'
    yield f'<p class="soft">{meaning}</p>'
    yield _table(
        title,
        ("Severity", "Problem", "Cited as", "Where"),
        (
            [_severity(found), _wrong(found), _code(found.target), _place(found)]
            for found in findings
        ),
    )


def _severity(finding: Finding) -> str:
    word = finding.severity.capitalize()
    return f'<span class="badge {_KINDS[finding.severity]}">{word}</span>'


def _wrong(finding: Finding) -> str:
    check = f", check {_code(finding.check)}" if finding.check else ""
    hint = f"<p>{_text(finding.hint)}</p>" if finding.hint else ""
    return (
        f"<p>{_text(statement(finding))}</p>{hint}"
        f'<p class="soft">Code {_code(finding.code)}{check}</p>'
    )


def _citations(report: BuildReport) -> Iterator[str]:
    if not report.citations:
        return
    worst = list(WORDS)
    cited = sorted(report.citations, key=lambda one: worst.index(one.answer.verdict))
    yield f'<h2>Citations <span class="soft">({len(cited)})</span></h2>'
    yield _table(
        "Citations",
        ("Verdict", "Paper", "Cited as", "Where"),
        (
            [_badge(WORDS[one.answer.verdict].kind, one.answer.verdict), *_paper(one), _place(one)]
            for one in cited
        ),
    )


def _paper(cited: CitedPlace) -> tuple[str, str]:
    answer = cited.answer
    if answer.verdict != "verified":
        shown = f'<p class="soft">{_text(answer.message)} {_code(answer.code)}</p>'
        if answer.title:  # The record is genuine, and what was said of it is wrong.
            shown += f"<p>Signed title: {_text(answer.title)}</p>"
    elif answer.title:
        shown = f'<p class="title">{_text(answer.title)}</p>'
    else:
        shown = '<p class="soft">No title is proved.</p>'
    if answer.pith_number:
        shown += f"<p>{_code(answer.pith_number)}</p>"
    proof = [
        (name, value)
        for name, value in (
            ("Record SHA-256", answer.canonical_sha256),
            ("Key SHA-256", answer.trust_key),
            ("Policy", answer.policy),
            ("Taken from", _SOURCES[cited.source] if answer.pith_number else None),
        )
        if value
    ]
    if proof:
        rows = "".join(f"<dt>{name}</dt><dd>{_code(value)}</dd>" for name, value in proof)
        shown += f"<details><summary>Evidence</summary><dl>{rows}</dl></details>"
    return shown, _code(cited.target)


def _place(item: CitedPlace | Finding) -> str:
    place = item.place
    line = f":{place.line}" if place.line else ""
    within = f'<p class="soft">{_text(place.within)}</p>' if place.within else ""
    return f"{_code((place.path or 'the project') + line)}{within}"


def _table(caption: str, heads: tuple[str, ...], rows: Iterable[list[str]]) -> str:
    """A table that turns into one card a row on a narrow screen.

    The roles are told again, since a table whose cells are laid out as blocks loses them in
    some browsers.
    """
    head = "".join(f'<th role="columnheader" scope="col">{name}</th>' for name in heads)
    body = "\n".join(
        '<tr role="row">'
        + "".join(
            f'<td role="cell" data-name="{name}"><div>{cell}</div></td>'
            if cell
            else '<td role="cell"></td>'
            for name, cell in zip(heads, row, strict=True)
        )
        + "</tr>"
        for row in rows
    )
    return (
        f'<table role="table"><caption>{caption}</caption>\n'
        f'<thead role="rowgroup"><tr role="row">{head}</tr></thead>\n'
        f'<tbody role="rowgroup">\n{body}\n</tbody></table>'
    )


def _reading(report: BuildReport) -> str:
    used = [verdict for verdict, count in verdict_counts(report).items() if count]
    meanings = "".join(
        f"<dt>{_badge(WORDS[verdict].kind, verdict)}</dt><dd>{WORDS[verdict].meaning}</dd>"
        for verdict in used
    )
    return (
        f'<h2>How to read this</h2>\n<dl class="words">{meanings}</dl>\n'
        "<p>A verified record is one that the registry signed, unchanged. It does not say that the"
        " paper is right, or that it supports the sentence that cites it. A title stands here only"
        " if it hashes to the signed title.</p>\n"
        "<p>This page is a report and proves nothing by itself: build the documents again to check"
        f' it. <a href="{ERRORS}">What the codes mean</a>.</p>'
    )


def _footer(report: BuildReport) -> str:
    fetched = counted(report.fetched, "record")
    return (
        f'<footer><p class="soft">Mode {_text(_MODES[report.mode])}. {fetched} sent by a registry.'
        f" Builder {_text(report.builder)}. sphinx_pith {__version__}.</p></footer>"
    )


def _badge(kind: str, verdict: str) -> str:
    return f'<span class="badge {kind}">{WORDS[verdict].text}</span>'


def _code(text: str) -> str:
    # Paths and URLs break where people read a pause, and not in the middle of a name.
    shown = _text(text).replace("/", "/<wbr>")
    return f"<code>{shown}</code>" if text else ""


def _text(text: str) -> str:
    return html.escape(clean(text))
