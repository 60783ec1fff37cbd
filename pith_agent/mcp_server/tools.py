"""The tools of `pith_agent.tools`, as the SDK registers them."""

import json
from functools import partial
from typing import Any

import anyio
import anyio.from_thread
import anyio.to_thread
from mcp.server.mcpserver import Context
from mcp.server.mcpserver.exceptions import ToolError, UnexpectedToolError
from mcp.server.mcpserver.tools.base import Tool
from mcp.server.mcpserver.utilities.func_metadata import ArgModelBase, FuncMetadata
from mcp.types import CallToolResult, TextContent, ToolAnnotations
from pydantic import PrivateAttr

from pith_agent.client import Client
from pith_agent.errors import PithError
from pith_agent.mcp_server.app import card_meta
from pith_agent.protocol.strict_json import JsonObject
from pith_agent.tools import TOOLS, ToolDefinition
from pith_agent.tools.definition import BATCH

TOOL_THREADS = 40
"""Calls that run at the same time; further ones wait."""


class DefinedTool(Tool):
    """A tool whose arguments, result and errors are its definition's, not the SDK's.

    The SDK would drop unknown arguments, quote values back at the model, and indent its text.
    """

    _definition: ToolDefinition[Any] = PrivateAttr()
    _client: Client = PrivateAttr()
    _limiter: anyio.CapacityLimiter = PrivateAttr()

    @classmethod
    def over(
        cls, client: Client, definition: ToolDefinition[Any], limiter: anyio.CapacityLimiter
    ) -> "DefinedTool":
        """The definition as a tool over `client`, on the threads that `limiter` allows."""
        tool = cls(
            fn=definition.run,
            name=definition.name,
            title=definition.title,
            description=definition.description,
            parameters=definition.input_schema,
            fn_metadata=FuncMetadata(
                arg_model=ArgModelBase, output_schema=definition.output_schema
            ),
            is_async=False,
            meta=card_meta(definition.name),
            annotations=ToolAnnotations(
                read_only_hint=definition.read_only,
                destructive_hint=False,
                idempotent_hint=definition.read_only,
                open_world_hint=definition.open_world,
            ),
        )
        tool._definition = definition
        tool._client = client
        tool._limiter = limiter
        return tool

    async def run(
        self, arguments: dict[str, Any], context: Context[Any], convert_result: bool = False
    ) -> CallToolResult:
        """Run on a worker thread. Our deliberate errors reach the model; crashes do not.

        Raises:
            ToolError: A deliberate error, in full.
            UnexpectedToolError: A crash, which names the tool and says no more.
        """

        def progress(done: int, total: int) -> None:
            if total > BATCH:
                anyio.from_thread.run(context.report_progress, done, total)

        call = partial(self._definition.call, self._client, arguments, progress)
        try:
            answer = await anyio.to_thread.run_sync(call, limiter=self._limiter)
        except PithError as error:
            raise ToolError(str(error)) from error
        except Exception as error:  # The SDK would show the text of a crash.
            raise UnexpectedToolError(f"Error executing tool {self.name}") from error
        return _result(answer)


def make_tools(client: Client) -> list[Tool]:
    """All tools over one client, in the order in which they are used."""
    # Their own, so that calls which wait for a registry leave the threads of the SDK free.
    limiter = anyio.CapacityLimiter(TOOL_THREADS)
    return [DefinedTool.over(client, definition, limiter) for definition in TOOLS]


def _result(answer: JsonObject) -> CallToolResult:
    """The same data as text and as structure: hosts show a model one or the other."""
    text = json.dumps(answer, separators=(",", ":"), ensure_ascii=False)
    return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=answer)
