"""Which fields of a verified document are signed, hash-bound or unbound.

Source: docs/reference/verification.md, "Coverage".
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from pydantic import JsonValue

# Found here too, by those who ask what a snapshot hash binds.
from pith_agent.protocol.canon import snapshot_sha256 as snapshot_sha256
from pith_agent.protocol.display import safe_text
from pith_agent.protocol.record import (
    ABSTRACTS,
    CLAIMS,
    CLAIMS_HASH,
    COPIES,
    TITLES,
    Exhibit,
    at,
    copies_in,
    created_payloads,
)
from pith_agent.protocol.stated import Binding, Coverage

_PLAIN = re.compile(r"\w{1,80}", re.A)

_TITLE_HASH = "canonical_record.metadata.title_canon_sha256"
_ABSTRACT_HASH = "canonical_record.metadata.abstract_canon_sha256"

EXCERPTS = ("paper.abstract_excerpt", "graph_snapshot.paper.abstract_excerpt")


def coverage_of(exhibit: Exhibit, document_bytes: int | None) -> Coverage:
    """Class every field of a document whose verdict is `verified`."""
    document = exhibit.document
    signed: list[str] = []
    _add_leaves(exhibit.canonical, "canonical_record", signed)
    repeated = list(_repeated(exhibit))
    signed += repeated
    bindings = dict(_bindings(exhibit))
    # The canonical record is signed to its last leaf, so that nothing in it is left over.
    covered = {"canonical_record", *repeated, *bindings}
    above = set().union(*map(_above, covered))
    unbound: list[str] = []
    _add_rest(document, "", covered, above, unbound)
    return Coverage(
        signed=tuple(signed),
        hash_bound=tuple(bindings),
        unbound=tuple(unbound),
        bindings=bindings,
        signed_bytes=len(exhibit.canonical_bytes),
        document_bytes=document_bytes,
    )


def nothing_covered(document: JsonValue, document_bytes: int | None) -> Coverage:
    """The coverage of a document that is not verified: every field is unbound."""
    names = document if isinstance(document, dict) else {}
    return Coverage(unbound=tuple(map(_name, names)), document_bytes=document_bytes)


def _repeated(exhibit: Exhibit) -> Iterator[str]:
    """What is equal to a signed value, or is computed from them all."""
    document = exhibit.document
    # Computed from the digest, and found equal by the checks.
    for path in ("pith_number", "short_pith_number", "canonical_sha256"):
        if document.get(path) is not None:
            yield path
    receipt = at(document, exhibit.receipt_path) if exhibit.receipt_path else None
    for name in ("signature_b64", "canonical_sha256"):
        if isinstance(receipt, dict) and receipt.get(name) is not None:
            yield f"{exhibit.receipt_path}.{name}"
    for path, _, _ in copies_in(document, COPIES):
        yield path
    for payload in created_payloads(document):
        for name in ("canonical_record", "canonical_sha256"):
            if at(document, f"{payload}.{name}") is not None:
                yield f"{payload}.{name}"


def _bindings(exhibit: Exhibit) -> Iterator[tuple[str, Binding]]:
    if exhibit.view is None:
        return
    metadata = exhibit.view.metadata
    # A short abstract may fit the excerpt whole; then the hash says so.
    for hash_path, expected, paths in (
        (_TITLE_HASH, metadata.title_canon_sha256, TITLES),
        (_ABSTRACT_HASH, metadata.abstract_canon_sha256, (*ABSTRACTS, *EXCERPTS)),
    ):
        for path in paths:
            text = at(exhibit.document, path)
            if isinstance(text, str) and exhibit.text_hash(text) == expected:
                yield path, Binding(hash_path=hash_path, hash_signed=True)
    stated = at(exhibit.document, CLAIMS_HASH)
    if stated is not None and exhibit.claims_sha256 == stated:
        yield CLAIMS, Binding(hash_path=CLAIMS_HASH, hash_signed=False)


# Kept: the same paths occur in every record.
@lru_cache(maxsize=4096)
def _above(path: str) -> tuple[str, ...]:
    """The paths that lead to a path."""
    return tuple(path[: match.start()] for match in re.finditer(r"[.\[]", path))


def _add_leaves(value: JsonValue, path: str, leaves: list[str]) -> None:
    """Add the paths of the values in an object that are no objects with members."""
    if isinstance(value, dict) and value:
        for name, item in value.items():
            _add_leaves(item, f"{path}.{_name(name)}", leaves)
    else:
        leaves.append(path)


def _add_rest(
    value: JsonValue, path: str, covered: set[str], above: set[str], rest: list[str]
) -> None:
    """Add the highest paths below a value below which nothing is covered."""
    steps: Iterable[tuple[str, JsonValue]] = ()
    if isinstance(value, dict):
        start = f"{path}." if path else ""
        steps = [(start + _name(name), item) for name, item in value.items()]
    elif isinstance(value, list):
        steps = [(f"{path}[{place}]", item) for place, item in enumerate(value)]
    for step, item in steps:
        if step in covered:
            continue
        if step in above:
            _add_rest(item, step, covered, above, rest)
        else:
            rest.append(step)


def _name(name: str) -> str:
    """A key as a step of a path; quoted when it is long, or could be taken for a longer path."""
    # Asked first, since it is quicker and true of all names that were seen.
    if name.isidentifier() and name.isascii() and len(name) <= 80:
        return name
    return name if _PLAIN.fullmatch(name) else f'"{safe_text(str(name), 80)}"'
