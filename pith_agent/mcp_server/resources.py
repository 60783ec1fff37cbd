"""Resources: a record, a citation, the trust root. All of it is reachable by tools as well."""

import json
from collections.abc import Callable
from typing import TypeVar

import anyio.to_thread
from mcp import MCPError
from mcp.server import MCPServer
from mcp.server.mcpserver.exceptions import ResourceNotFoundError
from mcp.types import (
    INTERNAL_ERROR,
    INVALID_PARAMS,
    Completion,
    CompletionArgument,
    CompletionContext,
    PromptReference,
    ResourceTemplateReference,
)
from pydantic import JsonValue

from pith_agent.client import Client
from pith_agent.errors import NotFoundError, PithError, StorageError
from pith_agent.protocol.record import at
from pith_agent.tools import call_tool

MAX_COMPLETIONS = 100
"""The specification's limit."""

MAX_NAME = 200
"""Characters of the beginning of a name; no name is longer."""

_ARXIV = "arXiv:"

_COMPLETED = {
    "pith://record/{number}": {"number": "paper"},
    "pith://citation/{citation_id}": {"citation_id": "citation"},
    "cite_paper": {"paper": "paper"},
    "check_references": {},
    "related_work": {"papers": "papers"},
}
"""Prompts and resources with the arguments that are completed, and from what."""

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
        answer = _found(lambda: call_tool(client, "fetch", {"ids": [number]}))
        _demand_record(answer["items"])
        return json.dumps(answer, separators=(",", ":"), ensure_ascii=False)

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
        return client.trust.dump()

    _add_completion(server, client)


def _found(look: Callable[[], T]) -> T:
    try:
        return look()
    except NotFoundError as error:
        raise ResourceNotFoundError(str(error)) from error
    except PithError as error:  # It may well be there: the ledger could not be opened.
        raise MCPError(code=INTERNAL_ERROR, message=str(error)) from error


def _demand_record(items: JsonValue) -> None:
    """Refuse an answer of `fetch` that is about no record.

    Raises:
        ResourceNotFoundError: There is no such record, or no single one.
        MCPError: Nobody could be asked.
    """
    (item,) = items if isinstance(items, list) else (None,)
    verdict = at(item, "verdict")
    said = f"{at(item, 'message')} [{at(item, 'code')}] {at(item, 'hint')}"
    if verdict in ("not-found", "invalid", "ambiguous", "damaged"):
        raise ResourceNotFoundError(said)
    if verdict == "unreachable":
        raise MCPError(code=INTERNAL_ERROR, message=said)


def _add_completion(server: MCPServer, client: Client) -> None:
    @server.completion()  # type: ignore[no-untyped-call, untyped-decorator]  # As in the SDK.
    async def complete(
        ref: PromptReference | ResourceTemplateReference,
        argument: CompletionArgument,
        context: CompletionContext | None,
    ) -> Completion:
        name = ref.name if isinstance(ref, PromptReference) else ref.uri
        known = _COMPLETED.get(name, {})
        if not known and name not in await _registered(server, ref):
            raise MCPError(code=INVALID_PARAMS, message="There is no such prompt or resource.")
        names, total = await anyio.to_thread.run_sync(
            _names, client, known.get(argument.name, ""), argument.value
        )
        return Completion(values=names, total=total, has_more=total > len(names))


async def _registered(
    server: MCPServer, ref: PromptReference | ResourceTemplateReference
) -> set[str]:
    """What there is of the kind of `ref`: whoever builds upon this server may add to it."""
    if isinstance(ref, PromptReference):
        return {prompt.name for prompt in await server.list_prompts()}
    return {template.uri_template for template in await server.list_resource_templates()}


def _names(client: Client, kind: str, start: str) -> tuple[list[str], int]:
    """The names that begin with `start`, as many as may be told, and how many there are."""
    if kind == "papers":  # The last of a list, which is given back whole.
        before, comma, last = start.rpartition(",")
        told = before + comma + " " * (len(last) - len(last.lstrip()))
        names, total = _names(client, "paper", last.lstrip())
        return [told + name for name in names], total
    try:
        if len(start) <= MAX_NAME and kind == "paper":
            return _papers(client, start)
        if len(start) <= MAX_NAME and kind == "citation":
            return client.ledger.complete(start, MAX_COMPLETIONS)
    except StorageError as error:
        raise MCPError(code=INTERNAL_ERROR, message=str(error)) from error
    return [], 0


def _papers(client: Client, start: str) -> tuple[list[str], int]:
    prefix = start[: len(_ARXIV)]
    if prefix.lower() != _ARXIV.lower():
        return client.store.complete(start, MAX_COMPLETIONS)
    names, total = client.store.complete(start.removeprefix(prefix), MAX_COMPLETIONS)
    return [prefix + name for name in names if not name.startswith("pith:")], total
