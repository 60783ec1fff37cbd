"""What the revision of 2025-11-25 has and that of 2026-07-28 has not: requests to the client
while a tool runs, the level of logging, and subscriptions to single resources.
"""

import asyncio
import json
from typing import Any

from mcp.server import MCPServer
from mcp.server.context import ServerRequestContext
from mcp.server.mcpserver import Context
from mcp.types import (
    ElicitResult,
    EmptyResult,
    SamplingMessage,
    SetLevelRequestParams,
    SubscribeRequestParams,
    TextContent,
    UnsubscribeRequestParams,
)

from tests.conformance.contents import PAUSE, text

CHOICES = ["option1", "option2", "option3"]

PERSON = {
    "type": "object",
    "properties": {
        "username": {"type": "string", "description": "User's response"},
        "email": {"type": "string", "description": "User's email address"},
    },
    "required": ["username", "email"],
}

DEFAULTS = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "default": "John Doe"},
        "age": {"type": "integer", "default": 30},
        "score": {"type": "number", "default": 95.5},
        "status": {
            "type": "string",
            "enum": ["active", "inactive", "pending"],
            "default": "active",
        },
        "verified": {"type": "boolean", "default": True},
    },
}


def _titled(*titles: str) -> list[dict[str, str]]:
    return [{"const": f"value{n}", "title": title} for n, title in enumerate(titles, 1)]


ENUMS = {
    "type": "object",
    "properties": {
        "untitledSingle": {"type": "string", "enum": CHOICES},
        "titledSingle": {
            "type": "string",
            "oneOf": _titled("First Option", "Second Option", "Third Option"),
        },
        "legacyEnum": {
            "type": "string",
            "enum": ["opt1", "opt2", "opt3"],
            "enumNames": ["Option One", "Option Two", "Option Three"],
        },
        "untitledMulti": {"type": "array", "items": {"type": "string", "enum": CHOICES}},
        "titledMulti": {
            "type": "array",
            "items": {"anyOf": _titled("First Choice", "Second Choice", "Third Choice")},
        },
    },
}


def add_handshake(server: MCPServer) -> None:
    """Register them."""
    for tool in (
        test_tool_with_logging,
        test_sampling,
        test_elicitation,
        test_elicitation_sep1034_defaults,
        test_elicitation_sep1330_enums,
    ):
        server.add_tool(tool, structured_output=False)
    # The SDK's own server class has no public way to these three methods.
    low = server._lowlevel_server
    low.add_request_handler("logging/setLevel", SetLevelRequestParams, _accept)
    low.add_request_handler("resources/subscribe", SubscribeRequestParams, _accept)
    low.add_request_handler("resources/unsubscribe", UnsubscribeRequestParams, _accept)


async def _accept(ctx: ServerRequestContext[Any, Any], params: Any) -> EmptyResult:
    return EmptyResult()


async def test_tool_with_logging(ctx: Context) -> list[TextContent]:
    """Three entries of a log, then a text."""
    for said in ("Tool execution started", "Tool processing data", "Tool execution completed"):
        await ctx.info(said)
        await asyncio.sleep(PAUSE)
    return text("Three entries were logged.")


async def test_sampling(prompt: str, ctx: Context) -> list[TextContent]:
    """What the client's model says."""
    message = SamplingMessage(role="user", content=TextContent(type="text", text=prompt))
    answer = await ctx.session.create_message(
        [message], max_tokens=100, related_request_id=ctx.request_id
    )
    return text(f"LLM response: {getattr(answer.content, 'text', '')}")


async def test_elicitation(message: str, ctx: Context) -> list[TextContent]:
    """What the user says."""
    answer = await _ask(ctx, message, PERSON)
    return text(f"User response: {_said(answer)}")


async def test_elicitation_sep1034_defaults(ctx: Context) -> list[TextContent]:
    """What the user says to a form with defaults."""
    answer = await _ask(ctx, "Please check the defaults.", DEFAULTS)
    return text(f"Elicitation completed: {_said(answer)}")


async def test_elicitation_sep1330_enums(ctx: Context) -> list[TextContent]:
    """What the user says to a form of choices."""
    answer = await _ask(ctx, "Please choose.", ENUMS)
    return text(f"Elicitation completed: {_said(answer)}")


async def _ask(ctx: Context, message: str, schema: dict[str, Any]) -> ElicitResult:
    answer: ElicitResult = await ctx.session.elicit_form(
        message, schema, related_request_id=ctx.request_id
    )
    return answer


def _said(answer: ElicitResult) -> str:
    return f"action={answer.action}, content={json.dumps(answer.content)}"
