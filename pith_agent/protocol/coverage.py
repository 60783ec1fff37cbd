"""Which fields of a verified document are signed, hash-bound or unbound.

Source: docs/reference/verification.md, "Coverage".
"""

import re
from collections.abc import Iterator
from functools import lru_cache

from pydantic import JsonValue

from pith_agent.errors import CanonicalFormError
from pith_agent.protocol.canon import canonical_bytes, sha256, text_sha256
from pith_agent.protocol.display import safe_text
from pith_agent.protocol.record import (
    ABSTRACTS,
    CLAIMS,
    CLAIMS_HASH,
    COPIES,
    TITLES,
    Exhibit,
    at,
    created_payloads,
)
from pith_agent.protocol.report import Binding, Coverage
from pith_agent.protocol.strict_json import JsonObject

_PLAIN = re.compile(r"\w{1,80}", re.A)

EXCERPTS = ("paper.abstract_excerpt", "graph_snapshot.paper.abstract_excerpt")


def coverage_of(exhibit: Exhibit, document_bytes: int | None) -> Coverage:
    """Class every field of a document whose verdict is `verified`."""
    document = exhibit.document
    signed = list(_signed(exhibit))
    bindings = dict(_bindings(exhibit))
    covered = {*signed, *bindings}
    above = set().union(*map(_above, covered))
    return Coverage(
        signed=tuple(signed),
        hash_bound=tuple(bindings),
        unbound=tuple(_rest(document, "", covered, above)),
        bindings=bindings,
        signed_bytes=len(exhibit.canonical_bytes),
        document_bytes=document_bytes,
    )


def nothing_covered(document: JsonValue, document_bytes: int | None) -> Coverage:
    """The coverage of a document that is not verified: every field is unbound."""
    names = document if isinstance(document, dict) else {}
    return Coverage(unbound=tuple(map(_name, names)), document_bytes=document_bytes)


def snapshot_sha256(items: JsonValue) -> str:
    """The hash of a snapshot's items: SHA-256 of the canonical `{"payload": items}`, in hex.

    Raises:
        CanonicalFormError: The items have no single serialisation.
    """
    return sha256(canonical_bytes({"payload": items})).hex()


def whole_claims(document: JsonObject) -> list[JsonValue] | None:
    """The claims, if all of them are in the document; `None` otherwise."""
    items, count = at(document, CLAIMS), at(document, "graph_snapshot.claims.count")
    return items if isinstance(items, list) and count in (None, len(items)) else None


def _signed(exhibit: Exhibit) -> Iterator[str]:
    document = exhibit.document
    yield from _leaves(exhibit.canonical, "canonical_record")
    # Computed from the digest, and found equal by the checks.
    for path in ("pith_number", "short_pith_number", "canonical_sha256"):
        if at(document, path) is not None:
            yield path
    for path in ("signature_b64", "canonical_sha256"):
        if exhibit.receipt_path and at(document, f"{exhibit.receipt_path}.{path}") is not None:
            yield f"{exhibit.receipt_path}.{path}"
    for path, _ in COPIES:
        if at(document, path) is not None:
            yield path
    for payload in created_payloads(document):
        for name in ("canonical_record", "canonical_sha256"):
            if at(document, f"{payload}.{name}") is not None:
                yield f"{payload}.{name}"


def _bindings(exhibit: Exhibit) -> Iterator[tuple[str, Binding]]:
    if exhibit.view is None:
        return
    metadata = exhibit.view.metadata
    title = Binding(hash_path="canonical_record.metadata.title_canon_sha256", hash_signed=True)
    abstract = Binding(
        hash_path="canonical_record.metadata.abstract_canon_sha256", hash_signed=True
    )
    for path in TITLES:
        if _hashes_to(at(exhibit.document, path), metadata.title_canon_sha256):
            yield path, title
    # A short abstract may fit the excerpt whole; then the hash says so.
    for path in (*ABSTRACTS, *EXCERPTS):
        if _hashes_to(at(exhibit.document, path), metadata.abstract_canon_sha256):
            yield path, abstract
    claims = whole_claims(exhibit.document)
    if claims is not None and _is_snapshot(claims, at(exhibit.document, CLAIMS_HASH)):
        yield CLAIMS, Binding(hash_path=CLAIMS_HASH, hash_signed=False)


def _is_snapshot(items: JsonValue, stated: JsonValue) -> bool:
    try:
        return snapshot_sha256(items) == stated
    except CanonicalFormError:
        return False


def _hashes_to(text: JsonValue, expected: str) -> bool:
    try:
        return isinstance(text, str) and text_sha256(text) == expected
    except CanonicalFormError:
        return False


# Kept: the same paths occur in every record.
@lru_cache(maxsize=4096)
def _above(path: str) -> tuple[str, ...]:
    """The paths that lead to a path."""
    return tuple(path[: match.start()] for match in re.finditer(r"[.\[]", path))


def _leaves(value: JsonValue, path: str) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for name, item in value.items():
            yield from _leaves(item, f"{path}.{_name(name)}")
    else:
        yield path


def _rest(value: JsonValue, path: str, covered: set[str], above: set[str]) -> Iterator[str]:
    """The highest paths below which nothing is covered."""
    if path in covered:
        return
    if path and path not in above:
        yield path
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _rest(item, f"{path}.{_name(name)}" if path else _name(name), covered, above)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _rest(item, f"{path}[{place}]", covered, above)


def _name(name: str) -> str:
    """A key as a step of a path; quoted when it is long, or could be taken for a longer path."""
    return name if _PLAIN.fullmatch(name) else f'"{safe_text(str(name), 80)}"'
