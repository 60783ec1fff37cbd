"""JSON Schemas as agents are sent them: without what only repeats the names of fields.

The schemas of the tools lie ready in `schemas.json`, since computing them would cost each start of
the server 30 ms. `make schemas` renews the file; a test keeps it equal to the models.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from importlib import resources
from typing import TypeAlias

from pydantic import JsonValue

from pith_agent.protocol.strict_json import JsonObject

Noise: TypeAlias = Callable[[str, JsonValue], bool]
"""Whether a keyword with a value is left out."""

_MAPS = ("properties", "$defs")
"""Keywords whose keys are names of ours, not keywords."""

_OPAQUE: dict[str, JsonValue] = {
    name: {"type": "object"} for name in ("Check", "CitedPaper", "Coverage", "LoggedCitation")
}
"""Definitions sent as no more than an object: long, and explained by the answers themselves."""


def argument_noise(keyword: str, value: JsonValue) -> bool:
    """Generated titles, and defaults that say no more than that an argument may be left out."""
    return keyword == "title" or (keyword == "default" and value in (None, "", 0, [], {}))


def result_noise(keyword: str, value: JsonValue) -> bool:
    """What an agent does not need to read an answer; the documentation explains the fields.

    A result may gain fields, so it is not closed.
    """
    closes = keyword == "additionalProperties" and value is False
    return closes or keyword in ("title", "description", "default")


def compact(schema: JsonObject, noise: Noise) -> JsonObject:
    """The schema without noise, and with each definition in the one place that uses it.

    A definition that several places use stays where it is. One that allows everything is left out,
    unless a property has it: that stays by its name.
    """
    found = schema.get("$defs")
    definitions = {**found, **_OPAQUE} if isinstance(found, dict) else {}
    uses = Counter(_references({**schema, "$defs": definitions}))
    shared = {name for name in definitions if uses[name] > 1 and name not in _OPAQUE}
    shared -= {name for name, definition in definitions.items() if definition == {}}
    inline = {n: d for n, d in definitions.items() if n not in shared}
    placed = _place(schema, inline)
    placed.pop("$defs", None)
    if shared:
        placed["$defs"] = {name: _part(definitions[name], inline) for name in sorted(shared)}
    return _quiet(placed, noise)


def _references(schema: JsonValue) -> Iterator[str]:
    if isinstance(schema, list):
        for item in schema:
            yield from _references(item)
    elif isinstance(schema, dict):
        for key, value in schema.items():
            if key == "$ref" and isinstance(value, str):
                yield value.rpartition("/")[2]
            else:
                yield from _references(value)


def _place(schema: JsonObject, definitions: dict[str, JsonValue]) -> JsonObject:
    """The schema with `definitions` in place of the references to them."""
    name = str(schema.get("$ref", "")).rpartition("/")[2]
    definition = definitions.get(name)
    if isinstance(definition, dict):
        # What a model is called and says of itself is for readers of the code.
        bare = {key: value for key, value in definition.items() if key != "description"}
        beside = {key: value for key, value in schema.items() if key != "$ref"}
        return _place({**bare, **beside}, definitions)
    placed: JsonObject = {}
    for key, value in schema.items():
        if key in _MAPS and isinstance(value, dict):
            placed[key] = {name: _part(part, definitions) for name, part in value.items()}
        elif (part := _part(value, definitions)) or not value:
            placed[key] = part  # Elsewhere an empty schema allows everything, as does none.
    return placed


def _part(value: JsonValue, definitions: dict[str, JsonValue]) -> JsonValue:
    if isinstance(value, list):
        return [_part(item, definitions) for item in value]
    return _place(value, definitions) if isinstance(value, dict) else value


def _quiet(schema: JsonObject, noise: Noise) -> JsonObject:
    """The schema without noise, and without the `null` of fields that may be left out instead.

    Some model providers take no list of types, so one is kept only where `null` does occur.
    """
    required = schema.get("required")
    needed = required if isinstance(required, list) else []
    kept: JsonObject = {}
    for key, value in schema.items():
        if key in _MAPS and isinstance(value, dict):
            parts = {name: _compact(part, noise) for name, part in value.items()}
            kept[key] = {n: p if n in needed else _without_null(p) for n, p in parts.items()}
        elif not noise(key, value):
            kept[key] = _compact(value, noise)
    entry = kept.get("items")
    if isinstance(entry, dict) and "properties" in entry:
        entry.pop("description", None)  # As in `_place`; one that is not referred to has it too.
    return kept


def _compact(value: JsonValue, noise: Noise) -> JsonValue:
    if isinstance(value, list):
        return [_compact(item, noise) for item in value]
    return _quiet(value, noise) if isinstance(value, dict) else value


def _without_null(schema: JsonValue) -> JsonValue:
    """`{"anyOf": [X, {"type": "null"}]}` is `X`, with what stands beside the `anyOf`."""
    choices = schema.get("anyOf") if isinstance(schema, dict) else None
    if not isinstance(schema, dict) or not isinstance(choices, list):
        return schema
    left = [choice for choice in choices if choice != {"type": "null"}]
    rest = {key: value for key, value in schema.items() if key != "anyOf"}
    if len(left) == 1 and isinstance(left[0], dict):
        return {**left[0], **rest}
    return {"anyOf": left, **rest}


@cache
def stored_schemas() -> dict[str, dict[str, JsonObject]]:
    """Tool name → `input` and `output` schema, as they were computed last."""
    text = resources.files("pith_agent.tools").joinpath("schemas.json").read_text("utf-8")
    schemas: dict[str, dict[str, JsonObject]] = json.loads(text)
    return schemas
