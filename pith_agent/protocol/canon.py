"""Canonical bytes, digest, Pith Number and text hashes: the arithmetic of the protocol.

Source: docs/reference/protocol.md; the rule for canonical bytes is the one-liner that the
registry publishes, restricted to the values on which it agrees with RFC 8785.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

from pith_agent.errors import CanonicalFormError
from pith_agent.protocol.strict_json import MAX_DEPTH, MAX_SAFE_INTEGER

if TYPE_CHECKING:
    from pydantic import JsonValue

SUFFIX_LENGTH = 26
"""Base32 characters of the digest in a Pith Number: 130 of its 256 bits."""

SHORT_LENGTHS = (8, 12, 16)
"""Lengths of the short forms. They help to look a record up and prove nothing."""

_ENCODER = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical_bytes(value: JsonValue) -> bytes:
    """Serialise `value` in the one form that is hashed and signed.

    Keys in code-point order, no spaces, no escapes but the necessary ones, UTF-8.

    Raises:
        CanonicalFormError: `value` holds a fraction, an integer beyond ±(2^53 - 1), a key with
            a character at or above U+D800, a lone surrogate, nesting beyond 32 levels, or
            something that is not JSON: there the published rule and RFC 8785 disagree.
    """
    _require_unambiguous(value, 0)
    text = _ENCODER.encode(value)
    try:
        return text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise CanonicalFormError("A string holds half of a surrogate pair.") from error


def sha256(data: bytes) -> bytes:
    """The 32 bytes of SHA-256."""
    return hashlib.sha256(data).digest()


def snapshot_sha256(items: JsonValue) -> str:
    """The hash of a snapshot's items: SHA-256 of the canonical `{"payload": items}`, in hex.

    Raises:
        CanonicalFormError: The items have no single serialisation.
    """
    return sha256(canonical_bytes({"payload": items})).hex()


@lru_cache(maxsize=4096)
def number_suffix(digest: bytes) -> str:
    """The 26 base32 characters of a Pith Number for a 32-byte digest."""
    # 20 bytes are 32 characters without padding.
    return base64.b32encode(digest[:20]).decode("ascii")[:SUFFIX_LENGTH]


def normal_text(text: str) -> str:
    """Runs of white space become one space, ends are trimmed, letters are lowered.

    `str.lower`, not `casefold`, and no Unicode normalisation: see docs/reference/protocol.md.
    """
    # `split` and `\s` know the same white space, at every code point.
    return " ".join(text.split()).lower()


def text_sha256(text: str) -> str:
    """SHA-256 of a title or abstract in normal form, as 64 lower-case hex digits.

    Proved against published records for ASCII text. How the registry treats other text is
    unknown, so a difference there proves nothing.

    Raises:
        CanonicalFormError: `text` holds half of a surrogate pair.
    """
    try:
        data = normal_text(text).encode("utf-8")
    except UnicodeEncodeError as error:
        raise CanonicalFormError("The text holds half of a surrogate pair.") from error
    return hashlib.sha256(data).hexdigest()


def _require_unambiguous(value: JsonValue, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise CanonicalFormError(f"Nested deeper than {MAX_DEPTH} levels.")
    # Exact types: a subclass of str or int may serialise as something else.
    kind = type(value)
    if value is None or kind in (str, bool):
        return
    if isinstance(value, int) and kind is int:
        if abs(value) > MAX_SAFE_INTEGER:
            raise CanonicalFormError("An integer is beyond ±(2^53 - 1).")
    elif isinstance(value, list) and kind is list:
        for item in value:
            _require_unambiguous(item, depth + 1)
    elif isinstance(value, dict) and kind is dict:
        _require_sortable(value)
        for item in value.values():
            # Most values are texts: asked here, each saves a call.
            if type(item) is not str or depth == MAX_DEPTH:
                _require_unambiguous(item, depth + 1)
    else:
        raise CanonicalFormError(f"A {kind.__name__} has no single serialisation.")


def _require_sortable(keys: Iterable[object]) -> None:
    for key in keys:
        if not isinstance(key, str) or type(key) is not str:
            raise CanonicalFormError("A key is not a string.")
        # From U+D800 on, UTF-16 order (RFC 8785) and code-point order differ.
        if not key.isascii() and max(key) >= "\ud800":
            raise CanonicalFormError(
                "A key holds a character from U+D800 on: it sorts in two ways."
            )
