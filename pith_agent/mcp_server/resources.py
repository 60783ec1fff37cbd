"""Resources: a record, a citation, the trust root. All of it is reachable by tools as well."""

import json
from collections.abc import Callable
from typing import TypeVar

import anyio.to_thread
from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ResourceNotFoundError
from mcp.types import (
    Completion,
    CompletionArgument,
    CompletionContext,
    PromptReference,
    ResourceTemplateReference,
)

from pith_agent.client import Client
from pith_agent.errors import PithError
from pith_agent.tools import call_tool

MAX_COMPLETIONS = 100
"""The specification's limit."""

MAX_NAME = 200
"""Characters of the beginning of a name; no name is longer."""

T = TypeVar("T")


def add_resources(server: MCPServer, client: Client) -> None:
    """Register the resources, and the completion of their names from the store."""

    @server.resource(
        "pith://record/{number}",
        name="record",
        title="A paper's record, as `fetch` gives it",
        description="`number` is a Pith Number or its 26 characters. Unsigned text is `untrusted`.",
        mime_type="application/json",
    )
    def record(number: str) -> str:
        item = _found(lambda: call_tool(client, "fetch", {"ids": [number]}))
        return json.dumps(item, separators=(",", ":"), ensure_ascii=False)

    @server.resource(
        "pith://citation/{citation_id}",
        name="citation",
        title="A signed citation of this machine's ledger",
        description="The DSSE envelope; `citation_id` is what sign_citation returned.",
        mime_type="application/json",
    )
    def citation(citation_id: str) -> str:
        entry = _found(lambda: client.ledger.require(citation_id))
        return entry.envelope.canonical().decode("utf-8")

    @server.resource(
        "pith://trust-root",
        name="trust-root",
        title="The registry keys that are trusted",
        description="They come with this software, never from a registry's answer.",
        mime_type="application/json",
    )
    def trust_root() -> str:
        return client.trust.model_dump_json()

    _add_completion(server, client)


def _found(look: Callable[[], T]) -> T:
    try:
        return look()
    except PithError as error:
        raise ResourceNotFoundError(str(error)) from error


def _add_completion(server: MCPServer, client: Client) -> None:
    @server.completion()  # type: ignore[no-untyped-call, untyped-decorator]  # As in the SDK.
    async def complete(
        ref: PromptReference | ResourceTemplateReference,
        argument: CompletionArgument,
        context: CompletionContext | None,
    ) -> Completion:
        names, total = await anyio.to_thread.run_sync(_names, client, argument.name, argument.value)
        return Completion(values=names, total=total, has_more=total > len(names))


def _names(client: Client, argument: str, start: str) -> tuple[list[str], int]:
    """The names that begin with `start`, as many as may be told, and how many there are."""
    if len(start) <= MAX_NAME:
        if argument in ("number", "paper"):
            return client.store.complete(start, MAX_COMPLETIONS)
        if argument == "citation_id":
            return client.ledger.complete(start, MAX_COMPLETIONS)
    return [], 0
