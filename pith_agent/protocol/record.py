"""The documents that a registry serves, as they came.

A record JSON, a bundle and the compact form carry the same two things: the canonical record,
which is hashed, and the receipt, which signs the hash. `read_document` finds them, and what
repeats them, without believing any of it.

Source: docs/reference/protocol.md.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError

from pith_agent.errors import CanonicalFormError, DocumentError, DocumentTooLargeError
from pith_agent.protocol.canon import canonical_bytes, number_suffix, sha256
from pith_agent.protocol.strict_json import JsonObject, parse_json

MAX_RECORD_BYTES = 1 << 20
MAX_BUNDLE_BYTES = 8 << 20

Form: TypeAlias = Literal["record", "bundle", "compact"]


class WireModel(BaseModel):
    """A document a registry sent us. Unknown fields are kept, not judged."""

    # Built on first use: most programs need few of the models.
    model_config = ConfigDict(frozen=True, extra="allow", strict=True, defer_build=True)


class Source(WireModel):
    """The paper and version that a record is about."""

    kind: str
    """`arxiv` is the only kind seen."""
    id: str
    """`2402.13116`, or old style with a slash: `hep-lat/0305021`."""
    version: int


class Metadata(WireModel):
    """What is signed about the paper."""

    title_canon_sha256: str
    abstract_canon_sha256: str
    primary_cat: str
    cross_cats_sorted: list[str]
    license: str
    """A URL, or empty for old papers."""
    submitted_at: str
    """Time of version 1: `YYYY-MM-DDTHH:MM:SSZ`."""


class CanonicalRecord(WireModel):
    """A typed view of schema 1.0. Hash the object it was read from, never this model."""

    schema_version: str
    source: Source
    metadata: Metadata

    @property
    def year(self) -> str:
        """The year of a Pith Number: the first four characters of `submitted_at`."""
        return self.metadata.submitted_at[:4]


class Receipt(WireModel):
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

SOURCE_COPIES = (
    ("source", "source"),
    ("schema_version", "schema_version"),
    ("graph_snapshot.source", "source"),
)
PAPER_COPIES = tuple((f"paper.{name}", signed) for name, signed in _PAPER)
GRAPH_COPIES = tuple((f"graph_snapshot.paper.{name}", signed) for name, signed in _PAPER)
COPIES = SOURCE_COPIES + PAPER_COPIES + GRAPH_COPIES
"""Where a document repeats a signed value, and where that value stands in the canonical record."""

TITLES = ("title", "paper.title", "graph_snapshot.paper.title")
ABSTRACTS = ("abstract", "paper.abstract", "graph_snapshot.paper.abstract")
"""Where a document shows the title, or the whole abstract."""

CLAIMS = "graph_snapshot.claims.items"
CLAIMS_HASH = "graph_snapshot.claims.snapshot_sha256"
"""The claims, and the unsigned hash that binds them."""


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One document laid open: what it says, beside what we computed from it."""

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

    @property
    def suffix(self) -> str:
        """The 26 characters that the canonical record hashes to."""
        return number_suffix(self.digest)

    @property
    def pith_number(self) -> str | None:
        """The Pith Number that the canonical record hashes to, when it states a year."""
        year = self.view.year if self.view else ""
        return f"pith:{year}:{self.suffix}" if re.fullmatch("[0-9]{4}", year) else None


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
    try:
        view = CanonicalRecord.model_validate(canonical)
    except ValidationError:
        view = None
    return Exhibit(
        document=document,
        form=_form(document),
        canonical=canonical,
        canonical_bytes=data,
        digest=sha256(data),
        view=view,
        receipt=receipt,
        receipt_path=receipt_path,
        receipt_fault=fault,
    )


def at(document: JsonValue, path: str) -> JsonValue:
    """The value at a dotted path; `None` where there is none. `events[0].payload` reads a list."""
    value = document
    for name, place in _steps(path):
        value = value.get(name) if isinstance(value, dict) else None
        if place is not None and isinstance(value, list):
            value = value[place] if place < len(value) else None
    return value


@lru_cache(maxsize=1024)
def _steps(path: str) -> tuple[tuple[str, int | None], ...]:
    """The names of a dotted path, each with its index. Kept: one verification reads 100 paths."""
    parts = [step.partition("[") for step in path.split(".")]
    return tuple((name, int(index[:-1]) if index else None) for name, _, index in parts)


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
        try:
            return Receipt.model_validate(found), path, None
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"])) or "it"
            return None, path, f"{path}: {where}: {first['msg']}"
    return None, None, None
