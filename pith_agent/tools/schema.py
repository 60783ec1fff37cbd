"""JSON Schemas as agents are sent them: without what only repeats the names of fields.

The schemas of the tools lie ready in `schemas.json`, since computing them would cost each start of
the server 30 ms. `make schemas` renews the file; a test keeps it equal to the models.
"""

import json
from collections.abc import Callable
from functools import cache
from importlib import resources
from typing import TypeAlias

from pydantic import JsonValue

from pith_agent.protocol.strict_json import JsonObject

Noise: TypeAlias = Callable[[str, JsonValue], bool]
"""Whether a keyword with a value is left out."""

_MAPS = ("properties", "$defs")
"""Keywords whose keys are names of ours, not keywords."""


def argument_noise(keyword: str, value: JsonValue) -> bool:
    """Generated titles, and defaults that say no more than that an argument may be left out."""
    return keyword == "title" or (keyword == "default" and value in (None, "", [], {}))


def result_noise(keyword: str, value: JsonValue) -> bool:
    """What an agent does not need to read an answer; the documentation explains the fields.

    A result may gain fields, so it is not closed.
    """
    closes = keyword == "additionalProperties" and value is False
    return closes or keyword in ("title", "description", "default")


def compact(schema: JsonObject, noise: Noise) -> JsonObject:
    """The schema without noise, and with `anyOf` of plain types as one `type`."""
    kept: JsonObject = {}
    for key, value in schema.items():
        if key in _MAPS and isinstance(value, dict):
            kept[key] = {name: _compact(part, noise) for name, part in value.items()}
        elif not noise(key, value):
            kept[key] = _compact(value, noise)
    return _join_types(kept)


def _compact(value: JsonValue, noise: Noise) -> JsonValue:
    if isinstance(value, list):
        return [_compact(item, noise) for item in value]
    return compact(value, noise) if isinstance(value, dict) else value


def _join_types(schema: JsonObject) -> JsonObject:
    """`{"anyOf": [{"type": "string"}, {"type": "null"}]}` is `{"type": ["string", "null"]}`."""
    choices = schema.get("anyOf")
    if not isinstance(choices, list):
        return schema
    types = [c["type"] for c in choices if isinstance(c, dict) and set(c) == {"type"}]
    if len(types) < len(choices):
        return schema
    return {"type": types, **{key: value for key, value in schema.items() if key != "anyOf"}}


@cache
def stored_schemas() -> dict[str, dict[str, JsonObject]]:
    """Tool name → `input` and `output` schema, as they were computed last."""
    text = resources.files("pith_agent.tools").joinpath("schemas.json").read_text("utf-8")
    schemas: dict[str, dict[str, JsonObject]] = json.loads(text)
    return schemas
