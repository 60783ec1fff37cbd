"""`citations convert`: a signed citation in the vocabularies of others."""

import sys
from pathlib import Path
from typing import get_args

import click

from pith_agent.cli.exit_codes import worst
from pith_agent.cli.ledger import output, write_lines
from pith_agent.cli.options import ends_with_code, with_client
from pith_agent.client import Client
from pith_agent.errors import FileError, PithError, SettingsError
from pith_agent.exports.forms import Form, convert_citation
from pith_agent.exports.proved import ProvedCitation, prove, require
from pith_agent.protocol.citation import ID_START
from pith_agent.protocol.envelope_check import MAX_ENVELOPE_BYTES
from pith_agent.storage.key_file import decode


@click.command(short_help="Convert a signed statement to RDF, or to a request.")
@click.argument("source")
@click.option("--to", "form", required=True, type=click.Choice(get_args(Form)), help="The form.")
@click.option(
    "--public-key",
    multiple=True,
    metavar="BASE64",
    help="A signer whose citations you accept, beside yourself; repeat for several.",
)
@output
@ends_with_code
@with_client
def convert(
    source: str, form: Form, public_key: tuple[str, ...], output: Path | None, client: Client
) -> None:
    """Write a signed citation or bibliography in a vocabulary of others.

    That is CiTO in Turtle or JSON-LD, or a nanopublication in TriG. SOURCE is a file with an
    envelope, - for standard input, or a citation id of the ledger. It is verified first; one that
    is not verified is not written. pith-request shows a request to the registry, and does not send
    it. turtle and trig need pith-agent[rdf].
    """
    signers = [_public_key(key) for key in public_key]
    found = prove(client, _envelope(client, source), signers)
    if not isinstance(found, ProvedCitation):
        try:
            require(found)
        except PithError as error:
            click.echo(f"Error: {error}", err=True)
        # As `citations verify` ends: a record that is not at hand is undecidable here.
        sys.exit(worst([found.verdict]))
    text = convert_citation(found, form, client.settings).encode("utf-8")
    if output is not None:
        write_lines(output, [text])
    else:
        sys.stdout.buffer.write(text)


def _envelope(client: Client, source: str) -> bytes:
    """The envelope that is named, cut off above its largest size.

    Raises:
        FileError: The file cannot be read.
        NotFoundError: The ledger has no such citation.
    """
    if source == "-":
        return sys.stdin.buffer.read(MAX_ENVELOPE_BYTES + 1)
    if source.startswith(ID_START):
        return client.ledger.require(source).envelope.canonical()
    try:
        with Path(source).open("rb") as file:
            return file.read(MAX_ENVELOPE_BYTES + 1)
    except OSError as error:
        raise FileError(f"{source} cannot be read: {error.strerror}.") from error


def _public_key(text: str) -> bytes:
    if (key := decode(text, 32)) is None:
        raise SettingsError("A public key is base64 of 32 bytes.")
    return key
