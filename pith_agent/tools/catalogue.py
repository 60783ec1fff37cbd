"""All tools, their definitions for several APIs, and one dispatcher."""

import copy
import json
from typing import Any, Literal, TypeAlias, get_args

from pith_agent.client import Client
from pith_agent.errors import ArgumentsError
from pith_agent.protocol.strict_json import JsonObject
from pith_agent.tools.citing import LIST_CITATIONS, SIGN_CITATION, VERIFY_CITATION
from pith_agent.tools.definition import ToolDefinition
from pith_agent.tools.reading import FETCH, RESOLVE, VERIFY

Format: TypeAlias = Literal["openai", "anthropic", "json"]

TOOLS: tuple[ToolDefinition[Any], ...] = (
    RESOLVE,
    FETCH,
    VERIFY,
    SIGN_CITATION,
    VERIFY_CITATION,
    LIST_CITATIONS,
)
"""In the order in which they are used."""


def definitions(format: Format = "json") -> list[JsonObject]:
    """The tools as JSON Schema function definitions.

    `openai` is the shape of OpenAI's chat completions, `anthropic` that of Anthropic's messages;
    `json` holds name, description, input and output schema. The caller may change what is given.

    Raises:
        ValueError: There is no such format.
    """
    if format not in get_args(Format):
        raise ValueError(f"there is no format {format!r}; there are {', '.join(get_args(Format))}")
    return [copy.deepcopy(_definition(tool, format)) for tool in TOOLS]


def computed_schemas() -> str:
    """What `schemas.json` has to hold: the schemas of all tools, computed from their models."""
    schemas = {tool.name: tool.computed_schemas() for tool in TOOLS}
    return json.dumps(schemas, indent=1, sort_keys=True) + "\n"


def call_tool(client: Client, name: str, arguments: JsonObject | str) -> JsonObject:
    """Run the tool that a model asked for; the result is JSON for the model.

    The arguments may be the JSON text that some APIs hand out.

    Raises:
        ArgumentsError: There is no such tool, or the arguments do not fit it.
        PithError: Nothing could be done for any entry. Give the model `str(error)`.
    """
    for tool in TOOLS:
        if tool.name == name:
            return tool.call(client, _object(arguments))
    known = ", ".join(tool.name for tool in TOOLS)
    raise ArgumentsError(f"There is no tool {name!a:.80}; there are {known}.")


def _object(arguments: JsonObject | str) -> JsonObject:
    if isinstance(arguments, str):
        try:
            found = json.loads(arguments)
        except (ValueError, RecursionError) as error:
            raise ArgumentsError("The arguments are no JSON.") from error
        if not isinstance(found, dict):
            raise ArgumentsError("The arguments are no JSON object.")
        return found
    return arguments


def _definition(tool: ToolDefinition[Any], format: Format) -> JsonObject:
    if format == "openai":
        function: JsonObject = {
            "name": tool.name,
            "description": tool.description,
            "parameters": tool.input_schema,
        }
        return {"type": "function", "function": function}
    if format == "anthropic":
        return {
            "name": tool.name,
            "description": tool.description,
            "input_schema": tool.input_schema,
        }
    return {
        "name": tool.name,
        "title": tool.title,
        "description": tool.description,
        "input_schema": tool.input_schema,
        "output_schema": tool.output_schema,
    }
