"""What we say ourselves, and of it how each field of a document is protected."""

from pydantic import BaseModel, ConfigDict


class Stated(BaseModel):
    """Something we say ourselves: closed, and unchanged once said."""

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)


class Binding(Stated):
    """The hash that a field was checked against."""

    hash_path: str
    """Where the hash stands in the document."""
    hash_signed: bool
    """Whether the signature covers that hash. If not, whoever serves the document can change
    field and hash together; the check then finds accidents, not attackers."""


class Coverage(Stated):
    """How each field of the document is protected. Every field is in exactly one class.

    Paths are dotted, as in `graph_snapshot.claims.items`. A path stands for all below it.
    Nothing is covered in a document that is not verified.
    """

    signed: tuple[str, ...] = ()
    """The signature covers the value: it is in the canonical record, or equal to a value there."""
    hash_bound: tuple[str, ...] = ()
    """The value hashes to a hash in the document; `bindings` says which, and if that is signed."""
    unbound: tuple[str, ...] = ()
    """Nothing protects the value: whoever serves the document can change it."""
    bindings: dict[str, Binding] = {}
    signed_bytes: int = 0
    """Bytes that the signature covers: those of the canonical record."""
    document_bytes: int | None = None
    """Bytes of the whole document, where it was read from bytes."""
