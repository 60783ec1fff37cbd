"""`citations retract` and `citations sign-bibliography`."""

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import click

from pith_agent import __version__
from pith_agent.cli.ledger import output
from pith_agent.cli.options import as_json, dump, ends_with_code, sign_with, with_client
from pith_agent.cli.signed_report import signed_lines
from pith_agent.cli.sources import read_citation_id
from pith_agent.client import Client
from pith_agent.errors import FileError, StorageError
from pith_agent.protocol.citation import RELATIONSHIPS, Agent, Citing, Digest
from pith_agent.protocol.mentions import find_identifiers
from pith_agent.signed import SignedStatement

agent = click.option("--agent", default="pith-agent", show_default=True, help="Who says it.")
model = click.option("--model", help="The model that the agent runs on.")
dry_run = click.option("--dry-run", is_flag=True, help="Show what would be signed; write nothing.")


@click.command("retract", short_help="Sign that a citation is not to be relied on.")
@click.argument("source")
@click.option("--reason", help="Why, for everyone to read.")
@click.option("--superseded-by", metavar="ID", help="The citation to rely on instead.")
@agent
@model
@sign_with
@output("the signed envelope")
@dry_run
@as_json
@ends_with_code
@with_client
def retract(
    source: str,
    reason: str | None,
    superseded_by: str | None,
    agent: str,
    model: str | None,
    output: Path | None,
    dry_run: bool,
    as_json: bool,
    client: Client,
) -> None:
    """Sign that a citation of the ledger is not to be relied on any more.

    Only the key that signed it can retract it. The ledger keeps both. SOURCE is a citation id, a
    file with the envelope, or - for standard input.
    """
    signed = client.retract_citation(
        read_citation_id(client, source),
        agent=Agent(name=agent, version=__version__, model=model),
        reason=reason,
        superseded_by=superseded_by,
        dry_run=dry_run,
    )
    _show(signed, output, as_json=as_json)


@click.command("sign-bibliography", short_help="Sign that a document cites all its papers.")
@click.argument("document", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.argument("targets", nargs=-1, metavar="[TARGET]...")
@click.option(
    "--ids",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="A file that names the papers, one a line.",
)
@click.option(
    "-r",
    "--relationship",
    default="cites",
    show_default=True,
    type=click.Choice(RELATIONSHIPS),
    help="How they are used.",
)
@click.option("--id", "citing_id", help="The document's public name.  [its path]")
@click.option(
    "--kind",
    default="document",
    show_default=True,
    type=click.Choice(["document", "code", "dataset"]),
    help="What the document is.",
)
@agent
@model
@sign_with
@output("the signed envelope")
@dry_run
@as_json
@ends_with_code
@with_client
def sign_bibliography(
    document: Path,
    targets: tuple[str, ...],
    ids: Path | None,
    relationship: str,
    citing_id: str | None,
    kind: str,
    agent: str,
    model: str | None,
    output: Path | None,
    dry_run: bool,
    as_json: bool,
    client: Client,
) -> None:
    """Sign that DOCUMENT cites papers: all of them with one signature.

    The papers are each TARGET and those of --ids, or else all that DOCUMENT mentions. If one is not
    verified, nothing is signed.
    """
    content = _bytes(document)
    papers = [*targets, *(_lines(ids) if ids else [])] or _mentioned(document, content)
    digest = Digest(sha256=hashlib.sha256(content).hexdigest())
    said = {"kind": kind, "id": citing_id or document.as_posix(), "digest": digest}
    signed = client.sign_bibliography(
        list(dict.fromkeys(papers)),
        citing=Citing.model_validate(said),
        agent=Agent(name=agent, version=__version__, model=model),
        relationship=relationship,  # type: ignore[arg-type]  # One of RELATIONSHIPS.
        dry_run=dry_run,
    )
    _show(signed, output, as_json=as_json)


def write_envelopes(path: Path, signed: Sequence[SignedStatement]) -> None:
    """Write one envelope as JSON, several as JSON Lines.

    Raises:
        StorageError: The file cannot be written.
    """
    lines = [json.dumps(one.envelope) for one in signed if one.envelope]
    try:
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    except OSError as error:
        raise StorageError(
            f"What was signed is in the ledger, but {path} cannot be written: {error.strerror}."
        ) from error


def _show(signed: SignedStatement, output: Path | None, *, as_json: bool) -> None:
    if output is not None:
        write_envelopes(output, [signed])
    if as_json:
        click.echo(dump(signed.model_dump(mode="json")))
        return
    for line in signed_lines(signed):
        click.echo(line)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise FileError(f"{path} cannot be read: {error.strerror}.") from error


def _text(path: Path, content: bytes) -> str:
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise FileError(f"{path} is not UTF-8 at byte {error.start}.") from error


def _lines(path: Path) -> list[str]:
    lines = (line.strip() for line in _text(path, _bytes(path)).splitlines())
    return [line for line in lines if line and not line.startswith("#")]


def _mentioned(path: Path, content: bytes) -> list[str]:
    found = [str(mention.identifier) for mention in find_identifiers(_text(path, content))]
    if not found:
        raise click.UsageError(f"{path} mentions no paper that is known by an identifier.")
    return found
