"""Parts of a record that `fetch` gives on request, page by page, made safe to show."""

import json
from typing import Literal, TypeAlias

from pydantic import JsonValue

from pith_agent.protocol.display import safe_text
from pith_agent.protocol.record import CLAIMS, at
from pith_agent.protocol.strict_json import JsonObject

Section: TypeAlias = Literal[
    "paper",
    "claims",
    "verdict",
    "references",
    "cited_by",
    "aliases",
    "status",
    "receipt",
    "canonical",
]

PLACES: dict[Section, tuple[str, ...]] = {
    "paper": ("paper",),
    "claims": (CLAIMS,),
    "verdict": ("graph_snapshot.verdict",),
    "references": ("graph_snapshot.references.sample",),
    "cited_by": ("inbound_citations.sample",),
    "aliases": ("aliases", "source_aliases"),
    "status": ("verification_status",),
    "receipt": ("receipt", "events[0].payload.receipt"),
    "canonical": ("canonical_record",),
}
"""Where each section stands in a record, or in a bundle."""

COUNTS: dict[Section, str] = {
    "references": "graph_snapshot.references.count",
    "cited_by": "inbound_citations.count",
}
"""Where the record says how many there are, when it holds a sample only."""

SIGNED: frozenset[Section] = frozenset({"canonical"})
"""Sections that the signature covers whole."""

MAX_STRING = 1000
"""Characters of one string in a section."""

MAX_SECTION = 20_000
"""Characters of JSON in one section, or in one page of it: hosts cut an answer of 25,000 tokens."""


def section(document: JsonObject, name: Section, offset: int, limit: int) -> JsonObject:
    """One section: `value`, and for a list the page of it, `in_record`, `total`, `next_offset`.

    `in_record` is how many the record holds, `total` how many it says there are; both may differ
    where the registry serves a sample. A page ends before it exceeds `MAX_SECTION`. In place of a
    value or an entry that exceeds it alone stands `{"omitted": length}`.
    """
    value = next((found for place in PLACES[name] if (found := at(document, place))), None)
    if not isinstance(value, list):
        return {"value": _sized(value)[0]}
    entries: list[JsonValue] = []
    page: JsonObject = {"value": entries, "in_record": len(value)}
    left = MAX_SECTION
    for item in value[offset : offset + limit]:
        shown, length = _sized(item)
        if length > left:
            break
        entries.append(shown)
        left -= length
    total = at(document, COUNTS[name]) if name in COUNTS else None
    if isinstance(total, int):
        page["total"] = total
    if offset + len(entries) < len(value):
        page["next_offset"] = offset + len(entries)
    return page


def _sized(value: JsonValue) -> tuple[JsonValue, int]:
    """A value made safe to show, or what stands in its place, and the length of that as JSON."""
    shown = safe_value(value)
    length = _length(shown)
    if length > MAX_SECTION:
        shown = {"omitted": length}
        length = _length(shown)
    return shown, length


def _length(value: JsonValue) -> int:
    return len(json.dumps(value, ensure_ascii=False))


def safe_value(value: JsonValue) -> JsonValue:
    """A value with every string, keys included, made safe to show and cut."""
    if isinstance(value, str):
        return safe_text(value, MAX_STRING)
    if isinstance(value, list):
        return [safe_value(item) for item in value]
    if isinstance(value, dict):
        return {safe_text(key, 100): safe_value(item) for key, item in value.items()}
    return value
