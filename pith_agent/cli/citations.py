"""`cite` and `citations`: sign what you say of papers, and check what others signed."""

import hashlib
import sys
from pathlib import Path

import click

from pith_agent import __version__
from pith_agent.cli.citation_exports import convert
from pith_agent.cli.exit_codes import worst
from pith_agent.cli.ledger import (
    checkpoint,
    export,
    import_,
    ledger_key,
    ledger_name,
    output,
    prove,
    read_proof,
)
from pith_agent.cli.options import (
    as_json,
    dump,
    ends_with_code,
    list_by_default,
    sign_with,
    with_client,
)
from pith_agent.cli.passing_on import bundle, cosign
from pith_agent.cli.passing_on import policy as policy_
from pith_agent.cli.signed_report import (
    citation_lines,
    entry_lines,
    logged_lines,
    signed_lines,
)
from pith_agent.cli.signing import (
    agent,
    dry_run,
    model,
    retract,
    sign_bibliography,
    write_envelopes,
)
from pith_agent.cli.sources import accepted_signer, read_signer, read_source
from pith_agent.client import Client
from pith_agent.errors import RequestError
from pith_agent.judging import Asked, read_policy
from pith_agent.ledgers import ledger_of
from pith_agent.protocol.checkpoint import NoteKey
from pith_agent.protocol.citation import RELATIONSHIPS
from pith_agent.protocol.citation_draft import CitationRequest
from pith_agent.tools.results import logged


@click.command()
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@click.option(
    "-r", "--relationship", required=True, type=click.Choice(RELATIONSHIPS), help="How it is used."
)
@click.option(
    "--in",
    "citing_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The file that cites; its SHA-256 is signed.",
)
@click.option("--id", "citing_id", help="What cites, if it is no file, or the file's public name.")
@click.option(
    "--kind",
    type=click.Choice(["document", "code", "dataset", "pith", "agent_output"]),
    help="What the citing thing is.  [document with --in, else agent_output]",
)
@click.option("--locator", help="Where in it: docs/index.rst:12.")
@click.option("--claim", "claim_id", help="A claim of the cited record: C1.")
@click.option("--quote", help="Words quoted from the paper; their hash is signed.")
@click.option("--with-quote-text", is_flag=True, help="Sign the quoted words too, for all to read.")
@click.option("--page", type=click.IntRange(1), help="The page of the quote.")
@click.option("--statement", help="What you say about the paper.")
@click.option("--supersedes", metavar="ID", help="The earlier citation that this one replaces.")
@agent
@model
@sign_with
@output("the signed envelopes")
@dry_run
@as_json
@ends_with_code
@with_client
def cite(
    targets: tuple[str, ...],
    citing_file: Path | None,
    citing_id: str | None,
    kind: str | None,
    locator: str | None,
    agent: str,
    model: str | None,
    output: Path | None,
    dry_run: bool,
    as_json: bool,
    client: Client,
    **said: object,
) -> None:
    """Sign a citation of each TARGET, and append it to the ledger.

    All or nothing: if one TARGET is not verified, none is signed. Short forms are refused.
    """
    citing = {**_citing(citing_file, citing_id, kind), "locator": locator}
    speaker = {"name": agent, "version": __version__, "model": model}
    request = CitationRequest.read({"citing": citing, "agent": speaker, **said})
    signed = client.sign_citation(targets, request, dry_run=dry_run)
    if output is not None:
        write_envelopes(output, signed)
    if as_json:
        click.echo(dump({"citations": [citation.model_dump(mode="json") for citation in signed]}))
        return
    for citation in signed:
        for line in signed_lines(citation):
            click.echo(line)


@click.group(invoke_without_command=True)
@as_json
@click.pass_context
def citations(context: click.Context, as_json: bool) -> None:
    """List, show, verify and prove signed citations. Without a command: list."""
    list_by_default(context, as_json=as_json)


@citations.command("list", short_help="List the citations of a ledger.")
@click.option("--limit", default=100, show_default=True, type=click.IntRange(1, 10_000))
@click.option("--start", default=0, show_default=True, type=click.IntRange(0), help="First index.")
@click.option("--newest", is_flag=True, help="Begin with the newest; --start counts from there.")
@ledger_name
@as_json
@ends_with_code
@with_client
def list_(
    limit: int, start: int, newest: bool, origin: str | None, as_json: bool, client: Client
) -> None:
    """List the citations in this machine's ledger, or in one that was imported."""
    with ledger_of(client, origin) as ledger:
        size = len(ledger)
        if newest:
            end = max(size - start, 0)
            start, limit = max(end - limit, 0), min(end, limit)
        rows = [logged(entry, ledger) for entry in ledger.entries(start, limit)]
    if newest:
        rows.reverse()
    if as_json:
        click.echo(
            dump({"size": size, "citations": [row.model_dump(exclude_none=True) for row in rows]})
        )
        return
    for row in rows:
        for line in logged_lines(row):
            click.echo(line)
    click.echo(f"{len(rows)} of {size} citations.")


@citations.command("show", short_help="Print what one citation says.")
@click.argument("citation_id")
@ledger_name
@as_json
@ends_with_code
@with_client
def show(citation_id: str, origin: str | None, as_json: bool, client: Client) -> None:
    """Print what one citation of the ledger says; with --json, its envelope."""
    with ledger_of(client, origin) as ledger:
        entry = ledger.require(citation_id)
    if as_json:
        click.echo(entry.envelope.canonical().decode("utf-8"))
        return
    for line in entry_lines(entry):
        click.echo(line)


@citations.command("verify", short_help="Check signed citations, rule by rule.")
@click.argument("sources", nargs=-1, required=True, metavar="SOURCE...")
@accepted_signer
@click.option(
    "--proof",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The proof that the one SOURCE is in a ledger.",
)
@click.option(
    "--citing",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The document that cites: a SOURCE that was signed in another is refused.",
)
@click.option("--quote", metavar="TEXT", help="The words that a SOURCE has to quote.")
@click.option(
    "--policy",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Who may sign what.  [policy.toml in --home, if it is there]",
)
@ledger_key
@as_json
@ends_with_code
@with_client
def verify(
    sources: tuple[str, ...],
    public_key: tuple[str, ...],
    proof: Path | None,
    citing: Path | None,
    quote: str | None,
    policy: Path | None,
    ledger_key: tuple[str, ...],
    as_json: bool,
    client: Client,
) -> None:
    """Check signed citations: signature, statement, cited record, claim, quote, policy.

    A SOURCE is a file with an envelope or a bundle, - for standard input, or a citation id of the
    ledger. A bundle is verified with the records in it.
    """
    signers = list(map(read_signer, public_key))
    asked: Asked = {
        "policy": read_policy(policy) if policy else None,
        "citing_sha256": _sha256(citing) if citing else None,
        "quote": quote,
        "proof": read_proof(proof) if proof else None,
        "ledger_keys": list(map(NoteKey.parse, ledger_key)),
    }
    citations = [read_source(client, source) for source in sources]
    reports = client.verify_citations(citations, signers, **asked)
    if as_json:
        results = [
            {"target": source, **report.model_dump(mode="json")}
            for source, report in zip(sources, reports, strict=True)
        ]
        click.echo(dump({"results": results}))
    else:
        for source, report in zip(sources, reports, strict=True):
            for line in citation_lines(source, report):
                click.echo(line)
    sys.exit(worst(report.verdict for report in reports))


_OTHERS = (
    *(retract, sign_bibliography, cosign, bundle, policy_),
    *(prove, export, import_, checkpoint, convert),
)
for _command in _OTHERS:
    citations.add_command(_command)


def _citing(path: Path | None, name: str | None, kind: str | None) -> dict[str, object]:
    """What cites: a file, by its hash, or something else, by its name."""
    if path is None:
        if name is None:
            raise click.UsageError("Say what cites: --in FILE or --id TEXT.")
        if kind not in (None, "agent_output"):
            hint = "Give --in FILE, or leave --kind out."
            raise RequestError(f"Of a {kind} that cites, the SHA-256 is signed.", hint=hint)
        return {"kind": "agent_output", "id": name}
    digest = {"sha256": _sha256(path)}
    return {"kind": kind or "document", "id": name or path.as_posix(), "digest": digest}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
