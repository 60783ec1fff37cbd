"""`mcp` and `mirror`: programs that serve others. Each loads what it needs when it is run."""

import json
from pathlib import Path

import click

from pith_agent.cli.loading import kept_for_good
from pith_agent.cli.options import (
    as_json,
    dump,
    ends_with_code,
    list_by_default,
    sign_with,
    with_unattended_client,
)
from pith_agent.client import Client
from pith_agent.errors import StoreUnavailableError
from pith_agent.tools.catalogue import Format, definitions


@click.command(short_help="Serve the tools to an agent over MCP.")
@click.option("--http", is_flag=True, help="Serve Streamable HTTP instead of standard input.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(0, 65535))
@click.option(
    "--allow-host", multiple=True, metavar="HOST[:PORT]", help="A Host to answer; * for any port."
)
@click.option("--allow-origin", multiple=True, metavar="URL", help="An Origin to answer.")
@click.option(
    "--token-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Demand the bearer token in this file, mode 0600.",
)
@sign_with
@ends_with_code
@with_unattended_client
def mcp(
    http: bool,
    host: str,
    port: int,
    allow_host: tuple[str, ...],
    allow_origin: tuple[str, ...],
    token_file: Path | None,
    client: Client,
) -> None:
    """Serve the tools to an agent over MCP.

    On standard input and output, or with --http at /mcp, where loopback names are answered
    without --allow-host.
    """
    # Imported here: the other commands start without the SDK, and stdio without a web server.
    if not http:
        with kept_for_good():
            from pith_agent.mcp_server.server import run_stdio  # noqa: PLC0415

        run_stdio(client)
        return
    with kept_for_good():
        from pith_agent.mcp_server.http import HttpOptions, run_http  # noqa: PLC0415

    run_http(client, HttpOptions(host, port, allow_host, allow_origin, token_file))


@click.command(short_help="Print the tools as function definitions.")
@click.option(
    "--format",
    "shape",
    type=click.Choice(["openai", "anthropic", "json"]),
    default="json",
    show_default=True,
    help="Whose function-calling API the definitions are for.",
)
@as_json
def tools(shape: Format, as_json: bool) -> None:
    """Print the tools as JSON Schema function definitions; --json changes nothing.

    Any function-calling API can use them; pith_agent.tools.call_tool runs the calls.
    """
    click.echo(dump(definitions(shape)))


@click.group(
    invoke_without_command=True, short_help="Serve the registry's URLs from this machine's store."
)
@as_json
@click.pass_context
def mirror(context: click.Context, as_json: bool) -> None:
    """Serve the registry's own URLs from this machine's store, and fill that store.

    Without a command: list what is in it.
    """
    list_by_default(context, as_json=as_json)


@mirror.command(short_help="Serve records, bundles and pages over HTTP.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8765, show_default=True, type=click.IntRange(0, 65535))
@as_json
@ends_with_code
@with_unattended_client
def serve(host: str, port: int, as_json: bool, client: Client) -> None:
    """Serve records, bundles, look-ups and pages over HTTP until interrupted.

    With --json, a line {"url": ...} on standard output says when and where.
    """
    from pith_agent.mirror.serve import serve as run  # noqa: PLC0415

    def ready(url: str) -> None:
        if as_json:
            click.echo(json.dumps({"url": url}))
        else:
            click.echo(f"The mirror serves {url}", err=True)

    run(client.store, client.trust, host=host, port=port, ready=ready)


@mirror.command(short_help="Add documents to the store.")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)
@as_json
@ends_with_code
@with_unattended_client
def add(files: tuple[Path, ...], as_json: bool, client: Client) -> None:
    """Add documents to the store: .json files, or .jsonl files of one on each line.

    A document that a check refutes is not added, nor any after it. One without a receipt is
    added, and is undecidable whenever it is used.
    """
    added = [
        client.add_document(document, str(path)) for path in files for document in _documents(path)
    ]
    if as_json:
        click.echo(dump({"added": [answer.model_dump(mode="json") for answer in added]}))
        return
    for answer in added:
        click.echo(f"added {answer.pith_number}  {answer.verdict}")


@mirror.command("list")
@as_json
@ends_with_code
@with_unattended_client
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
