"""Answers as lines of text for a terminal."""

from collections.abc import Iterator

import click

from pith_agent.answers import About, Answer, Fetched, Resolution, Verification
from pith_agent.protocol.display import safe_text
from pith_agent.protocol.record import at
from pith_agent.protocol.report import Check
from pith_agent.protocol.stated import Coverage

_COLOURS: dict[str, str] = {
    "verified": "green",
    "pass": "green",
    "failed": "red",
    "fail": "red",
    "damaged": "red",
    "undecidable": "yellow",
    "warn": "yellow",
    "skipped": "bright_black",
    "retracted": "red",
    "superseded": "yellow",
}

UNSIGNED = (
    ("authors", "paper.authors_text"),
    ("headline", "paper.headline"),
    ("excerpt", "paper.abstract_excerpt"),
)


def resolution_lines(answer: Resolution) -> Iterator[str]:
    """One identifier: the record it names, or why there is none."""
    yield from _head(answer)
    yield ""


def fetched_lines(answer: Fetched) -> Iterator[str]:
    """One document: what is proved first, what is not after a line that says so."""
    yield from _head(answer)
    if answer.document is not None:
        yield "  Not signed; whoever serves the record can change it:"
        for name, path in UNSIGNED:
            if isinstance(value := at(answer.document, path), str) and value:
                yield f"    {name:<10} {safe_text(value, 300)}"
    yield ""


def verification_lines(answer: Verification, *, brief: bool = False) -> Iterator[str]:
    """One report: verdict, checks, coverage."""
    yield from _head(answer)
    if brief and answer.verdict == "verified":
        for check in answer.checks:
            if check.status == "warn":
                yield from check_lines(check)
        return
    if answer.checks:
        yield ""
    for check in answer.checks:
        yield from check_lines(check)
    if answer.verdict == "verified":
        yield ""
        yield from coverage_lines(answer.coverage)
    yield ""


def check_lines(check: Check) -> Iterator[str]:
    """One check; with its evidence if something is wrong."""
    status = click.style(f"{check.status:<11}", fg=_COLOURS.get(check.status))
    yield f"  {status} {check.name:<18} {check.detail}"
    if check.status in ("pass", "skipped"):
        return
    yield f"  {'':<30} code: {check.code}"
    if check.expected is not None:
        yield f"  {'':<30} expected: {check.expected}"
    if check.found is not None:
        yield f"  {'':<30} found:    {check.found}"


def coloured(word: str, status: str) -> str:
    """A word in the colour of a verdict, or the standing of a citation."""
    return click.style(word, fg=_COLOURS.get(status, "yellow"), bold=True)


def coverage_lines(coverage: Coverage) -> Iterator[str]:
    """Which fields are protected, and by what."""
    if coverage.document_bytes:
        share = 100 * coverage.signed_bytes / coverage.document_bytes
        yield (
            f"  Coverage: {coverage.signed_bytes} of {coverage.document_bytes} bytes"
            f" are signed ({share:.1f} %)"
        )
    else:
        yield "  Coverage"
    yield f"    signed      {_fields(_without(coverage.signed, 'canonical_record.'))}"
    for path in coverage.hash_bound:
        binding = coverage.bindings[path]
        sort = "signed" if binding.hash_signed else "unsigned: finds damage, not attackers"
        yield f"    hash-bound  {path}, by {binding.hash_path} ({sort})"
    yield f"    unbound     {_fields(coverage.unbound)}"


def _head(answer: About | Answer) -> Iterator[str]:
    word = answer.verdict.replace("-", " ").upper()
    yield f"{safe_text(answer.target)}  {coloured(word, answer.verdict)}"
    if isinstance(answer, About):
        if answer.title:
            yield f"  {answer.title}"
        place = [answer.pith_number, answer.arxiv and f"arXiv:{answer.arxiv}", answer.found_in]
        if any(place):
            yield f"  {' · '.join(safe_text(part) for part in place if part)}"
    if answer.message:
        yield f"  {answer.message} [{answer.code}]"
        yield f"  {answer.hint}"
    for candidate in answer.candidates:
        yield f"    {candidate}"


def _without(paths: tuple[str, ...], prefix: str) -> list[str]:
    """The signed paths, with the canonical record named once instead of leaf by leaf."""
    rest = [path for path in paths if not path.startswith(prefix)]
    return ["canonical_record", *rest] if len(rest) < len(paths) else rest


def _fields(paths: list[str] | tuple[str, ...]) -> str:
    indent = " " * 16
    text = click.wrap_text(", ".join(paths), 100, initial_indent=indent, subsequent_indent=indent)
    return text.removeprefix(indent)
