"""`mcp` and `mirror`: programs that serve others. Each loads what it needs when it is run."""

from pathlib import Path

import click

from pith_agent.cli.options import as_json, dump, ends_with_code, with_client, with_settings
from pith_agent.client import Client
from pith_agent.errors import DocumentError, StoreUnavailableError
from pith_agent.protocol.record import load_document, read_document
from pith_agent.settings import Settings
from pith_agent.storage.cache import Store, Stored


@click.command(short_help="Serve the tools to an agent over MCP.")
@ends_with_code
@with_client
def mcp(client: Client) -> None:
    """Serve the tools to an agent over MCP, on standard input and output."""
    # Imported here: the other commands start without the SDK.
    from pith_agent.mcp_server.server import run_stdio  # noqa: PLC0415

    run_stdio(client)


@click.group(short_help="Serve the registry's URLs from this machine's store.")
def mirror() -> None:
    """Serve the registry's own URLs from this machine's store, and fill that store."""


@mirror.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8765, show_default=True, type=click.IntRange(0, 65535))
@ends_with_code
@with_client
def serve(host: str, port: int, client: Client) -> None:
    """Serve records, bundles, look-ups and pages over HTTP until interrupted."""
    from pith_agent.mirror.serve import serve as run  # noqa: PLC0415

    run(client.store, client.trust, host=host, port=port)


@mirror.command()
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@as_json
@ends_with_code
@with_settings
def add(files: tuple[Path, ...], as_json: bool, settings: Settings) -> None:
    """Add documents to the store: .json files, or .jsonl files of one on each line.

    They are added as they are, and verified each time they are used.
    """
    documents = [(line, path) for path in files for line in _documents(path)]
    for body, path in documents:
        try:
            read_document(load_document(body))
        except DocumentError as error:
            raise type(error)(f"Nothing was added: {path}: {error.message}") from error
    store = Store.open(settings.store_path)
    try:
        added = [Stored.received(body, str(path)) for body, path in documents]
        for stored in added:
            store.put(stored)
    finally:
        store.close()
    if as_json:
        click.echo(dump({"added": [stored.pith_number for stored in added]}))
    else:
        for stored in added:
            click.echo(f"added {stored.pith_number}")


@mirror.command("list")
@as_json
@ends_with_code
@with_client
def list_(as_json: bool, client: Client) -> None:
    """List the documents in the store."""
    rows = [
        {"pith_number": s.pith_number, "from": s.fetched_from, "at": s.fetched_at}
        for s in client.store.documents()
    ]
    if as_json:
        click.echo(dump({"records": rows}))
        return
    for row in rows:
        click.echo(f"{row['pith_number']}  {row['at']}  {row['from']}")


def _documents(path: Path) -> list[bytes]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise StoreUnavailableError(f"{path} cannot be read: {error.strerror}.") from error
    return (
        [line for line in data.splitlines() if line.strip()] if path.suffix == ".jsonl" else [data]
    )
