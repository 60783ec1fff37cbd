"""Where a command reads a signed statement from, and the keys of those who signed it."""

import base64
import sys
from pathlib import Path

import click

from pith_agent.client import Client
from pith_agent.errors import FileError, SettingsError
from pith_agent.protocol.canon import canonical_bytes
from pith_agent.protocol.citation import ID_START
from pith_agent.protocol.citation_bundle import MAX_BUNDLE_BYTES, CitationBundle, is_bundle
from pith_agent.protocol.envelope_check import open_envelope
from pith_agent.storage.key_formats import read_public

accepted_signer = click.option(
    "--public-key",
    multiple=True,
    metavar="KEY",
    help="A signer whose citations you accept, beside yourself: base64 or a file; repeat it.",
)


def read_source(client: Client, source: str) -> bytes:
    """An envelope or a bundle: a file, `-` for standard input, or a citation id of the ledger.

    Raises:
        FileError: The file cannot be read.
        NotFoundError: The ledger does not have the citation.
    """
    if source == "-":
        return sys.stdin.buffer.read(MAX_BUNDLE_BYTES + 1)
    if source.startswith(ID_START):
        return client.ledger.require(source).envelope.canonical()
    try:
        with Path(source).open("rb") as file:
            return file.read(MAX_BUNDLE_BYTES + 1)
    except OSError as error:
        raise FileError(f"{source} cannot be read: {error.strerror}.") from error


def read_envelope(client: Client, source: str) -> bytes:
    """As `read_source`; of a bundle it is the envelope in it.

    Raises:
        BundleError: It is no bundle, though it says that it is one.
        FileError, NotFoundError: As `read_source`.
    """
    given = read_source(client, source)
    return canonical_bytes(CitationBundle.parse(given).envelope) if is_bundle(given) else given


def read_citation_id(client: Client, source: str) -> str:
    """The id of a citation that is given as such, or as a file with its envelope.

    Raises:
        CitationError: The file holds no envelope.
        FileError: The file cannot be read.
    """
    if source.startswith(ID_START):
        return source
    return open_envelope(read_envelope(client, source)).envelope.citation_id


def read_signer(given: str) -> bytes:
    """The public key of a signer, 32 bytes: from base64, or a file in PEM, base64 or JSON.

    Raises:
        FileError, SettingsError: As `read_public`; or the file says that the key is not to be
            accepted after a moment, which only a signer who is trusted is held to.
    """
    said = read_public(given)
    if len(said) > 1:
        raise SettingsError(
            f"{given} says from when on the key counts no more.",
            hint=f"Have that heeded: 'pith-agent keys trust NAME --public-key {given}'.",
        )
    return base64.b64decode(str(said["public"]))
