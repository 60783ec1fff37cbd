"""Resources: a record, a citation, the trust root. All of it is reachable by tools as well."""

import json

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
        try:
            item = call_tool(client, "fetch", {"ids": [number]})
        except PithError as error:
            raise ResourceNotFoundError(str(error)) from error
        return json.dumps(item, separators=(",", ":"), ensure_ascii=False)

    @server.resource(
        "pith://citation/{citation_id}",
        name="citation",
        title="A signed citation of this machine's ledger",
        description="The DSSE envelope; `citation_id` is what sign_citation returned.",
        mime_type="application/json",
    )
    def citation(citation_id: str) -> str:
        try:
            entry = client.ledger.get(citation_id)
        except PithError as error:
            raise ResourceNotFoundError(str(error)) from error
        if entry is None:
            raise ResourceNotFoundError(f"The ledger has no citation {citation_id!a:.90}.")
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

    @server.completion()  # type: ignore[no-untyped-call, untyped-decorator]  # As in the SDK.
    async def complete(
        ref: PromptReference | ResourceTemplateReference,
        argument: CompletionArgument,
        context: CompletionContext | None,
    ) -> Completion:
        names = await anyio.to_thread.run_sync(_names, client, argument.name, argument.value)
        return Completion(
            values=names[:MAX_COMPLETIONS],
            total=len(names) if len(names) <= MAX_COMPLETIONS else None,
            has_more=len(names) > MAX_COMPLETIONS,
        )


def _names(client: Client, argument: str, start: str) -> list[str]:
    if len(start) > MAX_NAME:
        return []
    if argument in ("number", "paper"):
        return client.store.complete(start, MAX_COMPLETIONS + 1)
    if argument == "citation_id":
        newest = max(0, len(client.ledger) - MAX_COMPLETIONS - 1)
        ids = [entry.citation_id for entry in client.ledger.entries(newest)]
        return [name for name in reversed(ids) if name.startswith(start)]
    return []
