"""`citations convert`: a signed citation in the vocabularies of others."""

import sys
from pathlib import Path
from typing import get_args

import click

from pith_agent.cli.exit_codes import worst
from pith_agent.cli.ledger import output, write_lines
from pith_agent.cli.options import ends_with_code, with_client
from pith_agent.cli.sources import accepted_signer, read_envelope, read_signer
from pith_agent.client import Client
from pith_agent.errors import PithError
from pith_agent.exports.forms import Form, convert_citation
from pith_agent.exports.proved import ProvedCitation, prove, require


@click.command(short_help="Convert a signed statement to RDF, or to a request.")
@click.argument("source")
@click.option("--to", "form", required=True, type=click.Choice(get_args(Form)), help="The form.")
@accepted_signer
@output("the result")
@ends_with_code
@with_client
def convert(
    source: str, form: Form, public_key: tuple[str, ...], output: Path | None, client: Client
) -> None:
    """Write a signed citation or bibliography in a vocabulary of others.

    That is CiTO in Turtle or JSON-LD, or a nanopublication in TriG. SOURCE is a file with an
    envelope or a bundle, - for standard input, or a citation id of the ledger. It is verified
    first; one that is not verified is not written. pith-request shows a request to the
    registry, and does not send it. turtle and trig need pith-agent[rdf].
    """
    signers = list(map(read_signer, public_key))
    found = prove(client, read_envelope(client, source), signers)
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
