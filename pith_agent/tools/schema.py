"""JSON Schemas as agents are sent them: without what repeats the names of fields."""

from pydantic import JsonValue

from pith_agent.protocol.strict_json import JsonObject

_MAPS = ("properties", "$defs")
"""Keywords whose keys are names of ours, not keywords."""


def compact(schema: JsonObject) -> JsonObject:
    """Drop generated titles, and defaults that say no more than that a field may be absent."""
    kept: JsonObject = {}
    for key, value in schema.items():
        if key in _MAPS and isinstance(value, dict):
            kept[key] = {name: _compact(part) for name, part in value.items()}
        elif key != "title" and not (key == "default" and value in (None, "", [], {})):
            kept[key] = _compact(value)
    return kept


def _compact(value: JsonValue) -> JsonValue:
    if isinstance(value, list):
        return [_compact(item) for item in value]
    return compact(value) if isinstance(value, dict) else value
