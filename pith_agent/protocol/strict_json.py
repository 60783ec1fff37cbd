"""Strict JSON: bytes that have one meaning, or a refusal.

`json.loads` takes NaN, lone surrogates, a byte-order mark, and the last of two equal keys;
a hash over such a text would mean different things to different programs.
"""

from __future__ import annotations

import json
from math import isfinite
from typing import TYPE_CHECKING, Any, TypeAlias

from pith_agent.errors import DocumentTooLargeError, JsonError

if TYPE_CHECKING:
    from pydantic import JsonValue

    JsonObject: TypeAlias = dict[str, JsonValue]

MAX_DEPTH = 32
"""Nesting accepted. The deepest published record has 5 levels."""

MAX_NODES = 200_000
"""Values accepted in one document. The largest published record has 338."""

MAX_SAFE_INTEGER = 2**53 - 1
"""Beyond it, readers that keep numbers as doubles change the value (RFC 8259, section 6)."""

_CONTAINERS = frozenset({dict, list})


def parse_json(data: bytes, *, cap: int, floats: bool = False, nodes: int = MAX_NODES) -> JsonValue:
    """Read one JSON text that every program would read alike.

    Refused: more than `cap` bytes, a byte-order mark, invalid UTF-8, duplicate keys, lone
    surrogates, NaN and infinities, `-0`, integers beyond ±(2^53 - 1), nesting beyond
    `MAX_DEPTH`, more than `nodes` values, and fractions unless `floats` is set.

    Raises:
        DocumentTooLargeError: More than `cap` bytes.
        JsonError: Anything else in the list above, or no JSON at all.
    """
    if len(data) > cap:
        raise DocumentTooLargeError(f"The document has {len(data)} bytes; at most {cap} are read.")
    if data.startswith(b"\xef\xbb\xbf"):
        raise JsonError("The document starts with a byte-order mark.")
    try:
        value: JsonValue = json.loads(
            data.decode("utf-8"),
            object_pairs_hook=_unique,
            parse_int=_integer,
            parse_float=_fraction if floats else _no_fraction,
            parse_constant=_constant,
        )
    except UnicodeDecodeError as error:
        raise JsonError(f"Byte {error.start} is not UTF-8.") from error
    except json.JSONDecodeError as error:
        raise JsonError(
            f"Not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from error
    except RecursionError as error:
        raise JsonError(f"Nested deeper than {MAX_DEPTH} levels.") from error
    # Decoding UTF-8 gives whole characters; only an escape can leave half of a pair.
    _check_shape(value, nodes, check_text=b"\\ud" in data or b"\\uD" in data)
    return value


def __getattr__(name: str) -> object:
    """The type `JsonObject`, for the models of pydantic that name it.

    Made when it is asked for: pydantic takes longer to load than 500 records take to verify.
    """
    if name != "JsonObject":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from pydantic import JsonValue  # noqa: PLC0415

    return dict[str, JsonValue]


def plain(value: object) -> JsonValue:
    """A copy of a Python object in the types of JSON, without calling any method of its own.

    A subclass may iterate, hash or print as it likes; only what `dict` and `list` hold counts.

    Raises:
        JsonError: Something in it is not JSON, or it is deeper or larger than a document may be.
    """
    return _plain(value, 0, [0])


def _plain(value: object, depth: int, nodes: list[int]) -> JsonValue:
    # Counted, since a list may hold itself, or one list many times.
    nodes[0] += 1
    if depth > MAX_DEPTH or nodes[0] > MAX_NODES:
        raise JsonError(f"Nested deeper than {MAX_DEPTH} levels, or more than {MAX_NODES} values.")
    if isinstance(value, dict):
        members: JsonObject = {}
        for key, item in dict.items(value):
            if type(key) is not str:
                raise JsonError("A key is not a string.")
            members[key] = _plain(item, depth + 1, nodes)
        return members
    if isinstance(value, list):
        return [_plain(item, depth + 1, nodes) for item in list.__iter__(value)]
    if value is None or type(value) in (str, int, float, bool):
        return value  # type: ignore[return-value]  # mypy does not narrow by exact types.
    raise JsonError(f"A {type(value).__name__} is not JSON.")


def _unique(pairs: list[tuple[str, JsonValue]]) -> JsonObject:
    members = dict(pairs)
    if len(members) != len(pairs):
        left = dict(pairs)
        # In linear time: each key is taken out once, so the second of two finds nothing.
        twice = next(key for key, _ in pairs if left.pop(key, left) is left)
        raise JsonError(f"The key {twice[:80]!a} occurs twice in one object.")
    return members


def _integer(text: str) -> int:
    # The length check comes first: int() of 5,000 digits is itself an error.
    if text == "-0" or len(text) > 17 or abs(int(text)) > MAX_SAFE_INTEGER:
        raise JsonError(f"The number {text[:20]} is not an integer that every reader keeps.")
    return int(text)


def _fraction(text: str) -> float:
    value = float(text)
    if not isfinite(value):
        raise JsonError(f"The number {text[:20]} is beyond the range of a double.")
    return value


def _no_fraction(text: str) -> float:
    raise JsonError(f"The number {text[:20]} is a fraction, which has no single serialisation.")


def _constant(text: str) -> float:
    raise JsonError(f"{text} is not JSON.")


def _check_shape(top: JsonValue, most: int, *, check_text: bool) -> None:
    """Bound depth and size, and refuse lone surrogates, which UTF-8 cannot carry."""
    nodes = 0
    level: list[JsonObject | list[JsonValue]] = [[top]]
    for _ in range(MAX_DEPTH + 1):
        below: list[Any] = []
        for container in level:
            values = container.values() if isinstance(container, dict) else container
            nodes += len(values)
            # By exact type, which is quicker: `json` makes no other. Empty ones have no depth.
            below += [value for value in values if type(value) in _CONTAINERS and value]
        if check_text:
            _check_text(level)
        if nodes > most:
            raise JsonError(f"More than {most} values.")
        level = below
        if not level:
            return
    raise JsonError(f"Nested deeper than {MAX_DEPTH} levels.")


def _check_text(level: list[JsonObject | list[JsonValue]]) -> None:
    texts: list[str] = []
    for container in level:
        values = container.values() if isinstance(container, dict) else container
        texts += [value for value in values if isinstance(value, str)]
        texts += container if isinstance(container, dict) else ()
    try:
        "".join(texts).encode("utf-8")
    except UnicodeEncodeError as error:
        raise JsonError("A string holds half of a surrogate pair.") from error
