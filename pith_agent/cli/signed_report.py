"""Signed statements as lines of text for a terminal."""

from collections.abc import Iterator

import click

from pith_agent.cli.options import dump
from pith_agent.cli.report import check_lines, coloured
from pith_agent.protocol.citation import Envelope
from pith_agent.protocol.citation_bundle import CitationBundle
from pith_agent.protocol.citation_report import CitationReport
from pith_agent.protocol.display import safe_text
from pith_agent.protocol.strict_json import parse_json
from pith_agent.signed import (
    SignedBibliography,
    SignedCitation,
    SignedRetraction,
    SignedStatement,
)
from pith_agent.storage.ledger_entry import Entry
from pith_agent.tools.results import LoggedCitation


def signed_lines(signed: SignedStatement) -> Iterator[str]:
    """One statement that was signed, or would have been."""
    word = click.style("SIGNED", fg="green", bold=True) if signed.signed else "DRY RUN"
    if isinstance(signed, SignedCitation):
        yield f"{safe_text(signed.target)}  {word}"
        if signed.title:
            yield f"  {signed.title}"
        yield f"  {signed.pith_number}"
    elif isinstance(signed, SignedBibliography):
        yield f"Bibliography  {word}"
        yield f"  {signed.relationship} {counted(len(signed.pith_numbers))}"
    elif isinstance(signed, SignedRetraction):
        yield f"Retraction  {word}"
        yield f"  of {signed.retracts}"
    if signed.citation_id:
        yield f"  {signed.citation_id}"
    if signed.ledger_index is not None:
        yield f"  entry {signed.ledger_index} of the ledger"
    if not signed.signed:
        yield dump(signed.statement)


def cosigned_lines(source: str, envelope: Envelope, index: int | None) -> Iterator[str]:
    """One statement that this machine signed too."""
    yield f"{safe_text(source)}  {click.style('SIGNED', fg='green', bold=True)}"
    yield f"  {envelope.citation_id}"
    yield f"  with the key {envelope.signatures[-1].keyid}"
    if index is not None:
        yield f"  entry {index} of the ledger"


def bundle_lines(source: str, bundle: CitationBundle) -> Iterator[str]:
    """One bundle that was written."""
    yield f"{safe_text(source)}  bundled"
    records = "1 record" if len(bundle.records) == 1 else f"{len(bundle.records)} records"
    proof = (
        "the proof of the ledger" if bundle.proof else "no proof: the ledger does not have it so"
    )
    yield f"  {records}, {proof}"


def citation_lines(source: str, report: CitationReport) -> Iterator[str]:
    """The report on one statement: verdict, what it says, checks."""
    # Of a retraction it is the signature that is verified, not what was retracted.
    word = "RETRACTION " if report.kind == "retraction" else ""
    yield f"{safe_text(source)}  {coloured(f'{word}{report.verdict.upper()}', report.verdict)}"
    if report.citation_id:
        yield f"  {report.citation_id}"
    if report.pith_number:
        yield f"  {report.relationship} {report.pith_number}"
    if report.kind == "bibliography":
        yield f"  {report.relationship} {counted(len(report.papers))}"
    if report.retracts:
        yield f"  retracts {report.retracts}"
    if report.code != "ok":
        yield f"  {report.message} [{report.code}]"
        yield f"  {report.hint}"
    yield ""
    for paper in report.papers:
        if paper.verdict != "verified":
            yield f"  {coloured(paper.verdict, paper.verdict)}  {paper.pith_number} [{paper.code}]"
    for check in report.checks:
        yield from check_lines(check)
    yield ""


def logged_lines(row: LoggedCitation) -> Iterator[str]:
    """One entry of the ledger."""
    if row.kind == "retraction":
        said = f"{'retracts':<11} {row.retracts}"
    elif row.kind is None:
        said = "a statement of a kind that this version does not know"
    else:
        what = row.pith_number or counted(row.papers or 0)
        said = f"{row.relationship:<11} {what}  in {safe_text(row.citing_id or '', 60)}"
    yield f"{row.index:>5}  {row.logged_at}  {said}"
    standing = f"  {coloured(row.standing, row.standing)}" if row.standing else ""
    yield f"       {row.citation_id}{standing}"


def entry_lines(entry: Entry) -> Iterator[str]:
    """One entry of the ledger with all that it says, which nobody has verified here."""
    yield entry.citation_id
    yield f"  entry {entry.index}, logged at {entry.logged_at}"
    for one in entry.envelope.signatures:
        yield f"  signed by {one.keyid}"
    payload = entry.envelope.payload_bytes
    for line in dump(parse_json(payload, cap=len(payload))).split("\n"):
        indent = line[: len(line) - len(line.lstrip(" "))]
        yield indent + safe_text(line)


def counted(papers: int) -> str:
    """`1 paper`, `2 papers`."""
    return f"{papers} paper" if papers == 1 else f"{papers} papers"
