"""The documents that a registry serves, as they came.

A record JSON, a bundle and the compact form carry the same two things: the canonical record,
which is hashed, and the receipt, which signs the hash. `read_document` finds them, and what
repeats them, without believing any of it.

Source: docs/reference/protocol.md.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, fields
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING, Any, Literal, Self, TypeAlias

from pith_agent.errors import CanonicalFormError, DocumentError, DocumentTooLargeError
from pith_agent.protocol.canon import (
    canonical_bytes,
    number_suffix,
    sha256,
    snapshot_sha256,
    text_sha256,
)
from pith_agent.protocol.strict_json import parse_json

if TYPE_CHECKING:
    from pydantic import JsonValue

    from pith_agent.protocol.strict_json import JsonObject

MAX_RECORD_BYTES = 1 << 20
MAX_BUNDLE_BYTES = 8 << 20

Form: TypeAlias = Literal["record", "bundle", "compact"]


@dataclass(frozen=True, slots=True)
class Source:
    """The paper and version that a record is about."""

    kind: str
    """`arxiv` is the only kind seen."""
    id: str
    """`2402.13116`, or old style with a slash: `hep-lat/0305021`."""
    version: int


@dataclass(frozen=True, slots=True)
class Metadata:
    """What is signed about the paper."""

    title_canon_sha256: str
    abstract_canon_sha256: str
    primary_cat: str
    cross_cats_sorted: tuple[str, ...]
    license: str
    """A URL, or empty for old papers."""
    submitted_at: str
    """Time of version 1: `YYYY-MM-DDTHH:MM:SSZ`."""


@dataclass(frozen=True, slots=True)
class CanonicalRecord:
    """A typed view of schema 1.0. Hash the object it was read from, never this view.

    Unknown fields of that object are signed as well, and not judged.
    """

    schema_version: str
    source: Source
    metadata: Metadata

    @property
    def year(self) -> str:
        """The year of a Pith Number: the first four characters of `submitted_at`."""
        return self.metadata.submitted_at[:4]

    @classmethod
    def read(cls, value: JsonObject) -> Self | None:
        """The view of a canonical record; `None` if it does not have the shape of schema 1.0."""
        source, metadata = value.get("source"), value.get("metadata")
        if not isinstance(source, dict) or not isinstance(metadata, dict):
            return None
        categories = metadata.get("cross_cats_sorted")
        version = source.get("version")
        # By type: to Python, true is a number.
        if not isinstance(categories, list) or type(version) is not int:
            return None
        said: dict[str, Any] = {name: metadata.get(name) for name in _METADATA_TEXTS}
        texts: list[Any] = [value.get("schema_version"), source.get("kind"), source.get("id")]
        if not all(isinstance(text, str) for text in (*texts, *said.values(), *categories)):
            return None
        schema, kind, name = texts
        view = Metadata(**said, cross_cats_sorted=tuple(map(str, categories)))
        return cls(schema, Source(kind, name, version), view)


_METADATA_TEXTS = (
    "title_canon_sha256",
    "abstract_canon_sha256",
    "primary_cat",
    "license",
    "submitted_at",
)


@dataclass(frozen=True, slots=True)
class Receipt:
    """The registry's signature over the digest. All but the signature is unsigned."""

    kind: str
    algorithm: str
    signed_message: str
    signature_b64: str
    key_id: str | None = None
    public_key_fingerprint: str | None = None
    receipt_version: str | None = None
    signature_status: str | None = None
    canonical_sha256: str | None = None

    @classmethod
    def read(cls, value: JsonValue) -> Self | str:
        """The receipt; or, where it is none, what is wrong with it."""
        if not isinstance(value, dict):
            return "it is no object"
        said: dict[str, Any] = {name: value.get(name) for name in _RECEIPT_TEXTS}
        for place, (name, text) in enumerate(said.items()):
            if not isinstance(text, str) and (text is not None or place < _DEMANDED):
                return f"{name} is no text"
        return cls(**said)


_RECEIPT_TEXTS = tuple(one.name for one in fields(Receipt))
_DEMANDED = 4
"""Of these, the first have to be there."""


SCHEMA = "1.0"
"""The schema of canonical records that is understood."""

RECEIPT = (
    ("kind", "pith_receipt"),
    ("algorithm", "ed25519"),
    ("signed_message", "canonical_sha256_bytes"),
    ("receipt_version", "0.3"),
    ("signature_status", "signed_v1"),
)
"""What a receipt that can be checked says, where it says anything."""

_PAPER = (
    ("license", "metadata.license"),
    ("primary_cat", "metadata.primary_cat"),
    ("submitted_at", "metadata.submitted_at"),
    ("cross_cats", "metadata.cross_cats_sorted"),
    # Not seen there, and judged if they are: a hash that lies would bind a false title.
    ("cross_cats_sorted", "metadata.cross_cats_sorted"),
    ("title_canon_sha256", "metadata.title_canon_sha256"),
    ("abstract_canon_sha256", "metadata.abstract_canon_sha256"),
)

Copies: TypeAlias = tuple[str, tuple[tuple[str, str], ...]]
"""An object of a document, `""` for the document itself; and the names in it that repeat a signed
value, each with the place of that value in the canonical record."""

SOURCE_COPIES: tuple[Copies, ...] = (
    ("", (("source", "source"), ("schema_version", "schema_version"))),
    ("graph_snapshot", (("source", "source"),)),
)
PAPER_COPIES: tuple[Copies, ...] = (("paper", _PAPER),)
GRAPH_COPIES: tuple[Copies, ...] = (("graph_snapshot.paper", _PAPER),)
COPIES = SOURCE_COPIES + PAPER_COPIES + GRAPH_COPIES

TITLES = ("title", "paper.title", "graph_snapshot.paper.title")
ABSTRACTS = ("abstract", "paper.abstract", "graph_snapshot.paper.abstract")
"""Where a document shows the title, or the whole abstract."""

_YEAR = re.compile("[0-9]{4}")

CLAIMS = "graph_snapshot.claims.items"
CLAIMS_HASH = "graph_snapshot.claims.snapshot_sha256"
"""The claims, and the unsigned hash that binds them."""


@dataclass(frozen=True)
class Exhibit:
    """One document laid open: what it says, beside what we computed from it.

    What several checks need is computed once. It depends on the document alone, which nobody
    else can change.
    """

    document: JsonObject
    form: Form
    canonical: JsonObject
    canonical_bytes: bytes
    digest: bytes
    """SHA-256 of `canonical_bytes`: computed here, never read from the document."""
    view: CanonicalRecord | None
    """`None` when the canonical record does not have the shape of schema 1.0."""
    receipt: Receipt | None
    receipt_path: str | None
    receipt_fault: str | None
    """Why there is something in the place of the receipt that is none."""
    _hashes: dict[str, str | None] = field(default_factory=dict, init=False, repr=False)

    @property
    def canonical_sha256(self) -> str:
        """The digest as 64 lower-case hex digits."""
        return self.digest.hex()

    @property
    def suffix(self) -> str:
        """The 26 characters that the canonical record hashes to."""
        return number_suffix(self.digest)

    @cached_property
    def pith_number(self) -> str | None:
        """The Pith Number that the canonical record hashes to, when it states a year."""
        year = self.view.year if self.view else ""
        return f"pith:{year}:{self.suffix}" if _YEAR.fullmatch(year) else None

    @cached_property
    def claims_sha256(self) -> str | None:
        """The snapshot hash of the claims; `None` if they are not whole or have no hash."""
        items = at(self.document, CLAIMS)
        count = at(self.document, "graph_snapshot.claims.count")
        if not isinstance(items, list) or count not in (None, len(items)):
            return None
        try:
            return snapshot_sha256(items)
        except CanonicalFormError:
            return None

    def text_hash(self, text: str) -> str | None:
        """The hash of a title or abstract; `None` if the text has none.

        A record shows its title three times and its abstract twice: each is hashed once.
        """
        if text not in self._hashes:
            try:
                self._hashes[text] = text_sha256(text)
            except CanonicalFormError:
                self._hashes[text] = None
        return self._hashes[text]


def load_document(data: bytes) -> JsonObject:
    """Read the bytes of a record, bundle or compact record, strictly.

    Fractions are allowed outside the canonical record, since nothing there is hashed.

    Raises:
        DocumentTooLargeError: More than 1 MiB, or 8 MiB for a bundle.
        JsonError: Not strict JSON; see `parse_json`.
        DocumentError: JSON, but not an object.
    """
    document = parse_json(data, cap=MAX_BUNDLE_BYTES, floats=True)
    if not isinstance(document, dict):
        raise DocumentError("The document is not a JSON object.")
    if len(data) > MAX_RECORD_BYTES and "bundle_type" not in document:
        raise DocumentTooLargeError(
            f"The record has {len(data)} bytes; at most {MAX_RECORD_BYTES} are read."
        )
    return document


def read_document(document: JsonObject) -> Exhibit:
    """Find the canonical record and the receipt, and hash the former.

    Raises:
        DocumentError: There is no canonical record.
        CanonicalFormError: The canonical record has no single serialisation.
    """
    canonical = document.get("canonical_record")
    if not isinstance(canonical, dict):
        raise DocumentError("The document has no object canonical_record.")
    try:
        data = canonical_bytes(canonical)
    except RecursionError as error:  # A cyclic object, which only a program could pass.
        raise CanonicalFormError("The canonical record contains itself.") from error
    receipt, receipt_path, fault = _receipt(document)
    return Exhibit(
        document=document,
        form=_form(document),
        canonical=canonical,
        canonical_bytes=data,
        digest=sha256(data),
        view=CanonicalRecord.read(canonical),
        receipt=receipt,
        receipt_path=receipt_path,
        receipt_fault=fault,
    )


def at(document: JsonValue, path: str) -> JsonValue:
    """The value at a dotted path; `None` where there is none. `events[0].payload` reads a list."""
    value = document
    for name, place in _steps(path):
        if not isinstance(value, dict):
            return None
        value = value.get(name)
        if place is not None and isinstance(value, list):
            value = value[place] if place < len(value) else None
    return value


@lru_cache(maxsize=1024)
def _steps(path: str) -> tuple[tuple[str, int | None], ...]:
    """The names of a dotted path, each with its index. Kept: one verification reads 100 paths."""
    parts = [step.partition("[") for step in path.split(".")]
    return tuple((name, int(index[:-1]) if index else None) for name, _, index in parts)


def copies_in(
    document: JsonObject, copies: Iterable[Copies]
) -> Iterator[tuple[str, JsonValue, str]]:
    """The path of each repetition that is present, what it says, and where that is signed."""
    for path, names in copies:
        shown = at(document, path) if path else document
        if not isinstance(shown, dict):
            continue
        for name, signed in names:
            if (found := shown.get(name)) is not None:
                yield f"{path}.{name}" if path else name, found, signed


def created_events(document: JsonObject) -> Iterator[str]:
    """Paths of the events in a bundle that record the creation of the record."""
    events = document.get("events")
    if not isinstance(events, list):
        return
    for place, event in enumerate(events):
        if isinstance(event, dict) and event.get("event_type") == "record_created":
            yield f"events[{place}]"


def created_payloads(document: JsonObject) -> Iterator[str]:
    """Paths of the payloads of those events."""
    return (f"{event}.payload" for event in created_events(document))


def _form(document: JsonObject) -> Form:
    if "bundle_type" in document:
        return "bundle"
    return "record" if "record_type" in document or "paper" in document else "compact"


def _receipt(document: JsonObject) -> tuple[Receipt | None, str | None, str | None]:
    """The first receipt of the document, its path, or what is wrong with it."""
    paths = ["receipt", *(f"{payload}.receipt" for payload in created_payloads(document))]
    for path in paths:
        found = at(document, path)
        if found is None:
            continue
        receipt = Receipt.read(found)
        if isinstance(receipt, Receipt):
            return receipt, path, None
        return None, path, f"{path}: {receipt}"
    return None, None, None
