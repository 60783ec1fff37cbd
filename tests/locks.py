"""Locks of the test key's records, and all that can be done to one entry of them."""

import copy
from collections.abc import Iterator
from typing import Any, TypeAlias

from pith_agent import Lock, parse_identifier, verify
from tests.documents import TRUST, Document

Steps: TypeAlias = tuple[str | int, ...]


def locked(*documents: Document, claims: bool = True) -> Lock:
    """A lock that holds these documents, each bound to its arXiv id."""
    lock = Lock()
    for document in documents:
        record = verify(document, TRUST)
        name = parse_identifier(document["canonical_record"]["source"]["id"])
        lock = lock.with_paper(record, [name], claims=claims)
    return lock


def values(value: Any, path: Steps = ()) -> Iterator[tuple[Steps, Any]]:
    """Every value inside a JSON value, with its path; containers before what they hold."""
    inside: Any = ()
    if isinstance(value, dict):
        inside = value.items()
    elif isinstance(value, list):
        inside = enumerate(value)
    for key, item in inside:
        yield (*path, key), item
        yield from values(item, (*path, key))


def tampered(entry: Document) -> Iterator[tuple[str, str, Document]]:
    """(path, what was done, the entry after it) for each value of an entry and each change."""
    for path, value in values(entry):
        name = ".".join(map(str, path))
        for done, other in _others(value):
            yield name, done, _with(entry, path, other)
        yield name, "deleted", _without(entry, path)
        if isinstance(path[-1], str):
            renamed = _without(entry, path)
            _at(renamed, path[:-1])[f"{path[-1]}_"] = value
            yield name, "renamed", renamed


def _others(value: Any) -> Iterator[tuple[str, Any]]:
    """Other values: first one of the same type, then null and other types."""
    if isinstance(value, str):
        first = "B" if value[:1] != "B" else "C"
        yield from (("changed", first + value[1:]), ("longer", f"{value} x"), ("empty", ""))
    elif isinstance(value, int):
        yield "changed", value + 1
    elif isinstance(value, list):
        yield from (("longer", [*value, "x"]), ("empty", []))
    else:
        yield "empty", {}
    yield "null", None
    yield "number", 7
    yield "true", True
    yield "type", {"0": value} if isinstance(value, list) else [value]


def _at(value: Any, path: Steps) -> Any:
    for step in path:
        value = value[step]
    return value


def _with(entry: Document, path: Steps, value: Any) -> Document:
    changed = copy.deepcopy(entry)
    _at(changed, path[:-1])[path[-1]] = value
    return changed


def _without(entry: Document, path: Steps) -> Document:
    changed = copy.deepcopy(entry)
    del _at(changed, path[:-1])[path[-1]]
    return changed
