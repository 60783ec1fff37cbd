"""Where a command reads a signed statement from."""

import sys
from pathlib import Path

from pith_agent.client import Client
from pith_agent.errors import FileError
from pith_agent.protocol.citation import ID_START
from pith_agent.protocol.citation_bundle import MAX_BUNDLE_BYTES
from pith_agent.protocol.envelope_check import open_envelope


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


def read_citation_id(client: Client, source: str) -> str:
    """The id of a citation that is given as such, or as a file with its envelope.

    Raises:
        CitationError: The file holds no envelope.
        FileError: The file cannot be read.
    """
    if source.startswith(ID_START):
        return source
    return open_envelope(read_source(client, source)).envelope.citation_id
