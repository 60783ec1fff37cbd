"""How long an answer may get: a model can read only so much of it, and hosts cut the rest."""

import json

from pydantic import JsonValue

from pith_agent.protocol.record import at
from pith_agent.protocol.strict_json import JsonObject

MAX_ANSWER = 80_000
"""Characters of JSON in one answer; a host cuts an answer of 25,000 tokens."""

KEPT = ("target", "verdict", "status", "code", "pith_number", "citation_id", "message", "hint")
"""Fields of an item that are given in any case."""

AGAIN = "This item was left out, as the answer was too long: ask for it again, with fewer others."
LOGGED = "It is signed and in the ledger: read pith://citation/ with the citation_id."


def within_budget(answer: JsonObject, limit: int = MAX_ANSWER) -> JsonObject:
    """The answer with its first items whole, as many as fit in `limit` characters as JSON.

    Of each later one the short fields are kept, and in `omitted` stands its whole length.
    """
    items = answer.get("items")
    if not isinstance(items, list):
        return answer
    lengths = [_length(item) for item in items]
    if sum(lengths) <= limit:
        return answer
    briefs = [_brief(item, length) for item, length in zip(items, lengths, strict=True)]
    left = limit - sum(map(_length, briefs))
    given: list[JsonValue] = []
    for item, brief, length in zip(items, briefs, lengths, strict=True):
        more = length - _length(brief)
        given.append(item if more <= left else brief)
        left -= max(more, 0) if more <= left else 0
    return {**answer, "items": given}


def _brief(item: JsonValue, length: int) -> JsonObject:
    fields = item if isinstance(item, dict) else {}
    kept: JsonObject = {name: fields[name] for name in KEPT if name in fields}
    signed = at(item, "citation.citation_id")
    if signed is not None:
        kept["citation_id"] = signed
    hint = AGAIN if signed is None else LOGGED
    return {**kept, "omitted": length, "hint": kept.get("hint") or hint}


def _length(value: JsonValue) -> int:
    return len(json.dumps(value, ensure_ascii=False, separators=(",", ":")))
