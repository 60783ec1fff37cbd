"""Unknown names, answered as the specification says: with an error of the protocol.

The SDK answers an unknown tool as if the tool had failed, and an unknown prompt, or one without
an argument it needs, as if the server had.
"""

from typing import Any

from mcp import MCPError
from mcp.server import MCPServer
from mcp.server.context import CallNext, HandlerResult, ServerRequestContext
from mcp.types import INVALID_PARAMS, Prompt


class UnknownNames:
    """Middleware that refuses calls of tools and prompts that the server does not have."""

    def __init__(self, server: MCPServer) -> None:
        self._server = server

    async def __call__(
        self, ctx: ServerRequestContext[Any, Any], call_next: CallNext
    ) -> HandlerResult:
        params = ctx.params or {}
        name = params.get("name")
        if ctx.method == "tools/call":
            _demand("tool", name, [tool.name for tool in await self._server.list_tools()])
        elif ctx.method == "prompts/get":
            prompts = {prompt.name: prompt for prompt in await self._server.list_prompts()}
            _demand("prompt", name, list(prompts))
            _demand_arguments(prompts[str(name)], params.get("arguments"))
        return await call_next(ctx)


def _demand_arguments(prompt: Prompt, given: object) -> None:
    given = {} if given is None else given
    known = {argument.name for argument in prompt.arguments or ()}
    if not isinstance(given, dict) or not all(isinstance(text, str) for text in given.values()):
        raise MCPError(
            code=INVALID_PARAMS,
            message=f"The arguments of the prompt {prompt.name} are an object of strings.",
        )
    if strange := sorted(given.keys() - known):
        raise MCPError(
            code=INVALID_PARAMS,
            message=f"The prompt {prompt.name} has no argument {strange[0][:80]!a}.",
        )
    for argument in prompt.arguments or ():
        if argument.required and argument.name not in given:
            raise MCPError(
                code=INVALID_PARAMS,
                message=f"The prompt {prompt.name} needs the argument {argument.name}.",
            )


def _demand(kind: str, name: object, known: list[str]) -> None:
    if name not in known:
        raise MCPError(
            code=INVALID_PARAMS,
            message=f"Unknown {kind}: {str(name)[:80]!a}. Known: {', '.join(known)}.",
        )
