"""Locks of the test key's records, and all that can be done to one entry of them."""

import copy
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from pith_agent import Lock, parse_identifier, verify
from tests.documents import TRUST, Document

Steps: TypeAlias = tuple[str | int, ...]
Tamper: TypeAlias = Callable[[Document], Document]


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


def tampers(entry: Document) -> Iterator[tuple[str, str, Tamper]]:
    """(path, what is done, what does it) for each value of an entry and each change of it.

    Each takes an entry of the same shape, and gives a changed copy.
    """
    for path, value in values(entry):
        name = ".".join(map(str, path))
        for done, other in _others(value):
            yield name, done, _putting(path, other)
        yield name, "deleted", _deleting(path)
        if isinstance(path[-1], str):
            yield name, "renamed", _renaming(path)


def tampered(entry: Document) -> Iterator[tuple[str, str, Document]]:
    """The same with the changed entry itself."""
    for name, done, tamper in tampers(entry):
        yield name, done, tamper(entry)


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


def _putting(path: Steps, value: Any) -> Tamper:
    def tamper(entry: Document) -> Document:
        changed = copy.deepcopy(entry)
        _at(changed, path[:-1])[path[-1]] = value
        return changed

    return tamper


def _deleting(path: Steps) -> Tamper:
    def tamper(entry: Document) -> Document:
        changed = copy.deepcopy(entry)
        del _at(changed, path[:-1])[path[-1]]
        return changed

    return tamper


def _renaming(path: Steps) -> Tamper:
    def tamper(entry: Document) -> Document:
        changed = copy.deepcopy(entry)
        place = _at(changed, path[:-1])
        place[f"{path[-1]}_"] = place.pop(path[-1])
        return changed

    return tamper
