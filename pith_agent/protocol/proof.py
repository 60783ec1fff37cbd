"""The proof that a record is genuine: what a verification hands out, and nobody else can make."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import InitVar, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from pith_agent.protocol.record import (
    CLAIMS,
    CLAIMS_HASH,
    CanonicalRecord,
    Exhibit,
    Receipt,
    at,
)

if TYPE_CHECKING:
    from pith_agent.protocol.stated import Coverage
    from pith_agent.protocol.strict_json import JsonObject

_SEAL = object()


@dataclass(frozen=True)
class VerifiedRecord:
    """Proof that a trusted key signed this record. Only a verification hands one out."""

    pith_number: str
    """The full number: `pith:2024:ODXWRQYNXKOR3ZX6FVYSFXZLUC`."""
    canonical_bytes: bytes
    digest: bytes
    """SHA-256 of `canonical_bytes`."""
    signed: CanonicalRecord
    receipt: Receipt
    key_sha256: str
    """SHA-256 of the key that verified the receipt, 64 hex digits."""
    title: str | None
    """The title, if one was shown that hashes to the signed hash."""
    document: JsonObject
    """The whole document, as it was read. Only what `coverage` names is proved."""
    policy: str
    cover: Callable[[], Coverage] = field(repr=False, compare=False)
    """Computes `coverage`: most uses of a proof do not ask for it."""
    claims_hold: bool
    """Whether the claims are whole and hash to their (unsigned) snapshot hash."""
    seal: InitVar[object]
    """Not kept, so that `dataclasses.replace` cannot pass it on to another record."""

    def __post_init__(self, seal: object) -> None:
        if seal is not _SEAL:
            raise TypeError("a VerifiedRecord is made by a verification only")

    @property
    def canonical_sha256(self) -> str:
        """The digest as 64 lower-case hex digits."""
        return self.digest.hex()

    @cached_property
    def coverage(self) -> Coverage:
        """How each field of the document is protected."""
        return self.cover()

    @property
    def claims(self) -> list[JsonObject]:
        """The claims, if `claims_hold`."""
        items = at(self.document, CLAIMS) if self.claims_hold else None
        return [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []


def seal(
    exhibit: Exhibit,
    *,
    key_sha256: str,
    title: str | None,
    policy: str,
    cover: Callable[[], Coverage],
) -> VerifiedRecord:
    """Make the proof. Called where every rule was found to hold, and nowhere else.

    Args:
        exhibit: The document.
        key_sha256: SHA-256 of the trusted key whose signature holds, 64 hex digits.
        title: The title, if it hashes to the signed hash.
        policy: `name@version` of the policy that was applied.
        cover: Computes the coverage of the document.
    """
    if exhibit.view is None or exhibit.receipt is None or exhibit.pith_number is None:
        raise TypeError("only a verified document can be sealed")
    stated = at(exhibit.document, CLAIMS_HASH)
    return VerifiedRecord(
        pith_number=exhibit.pith_number,
        canonical_bytes=exhibit.canonical_bytes,
        digest=exhibit.digest,
        signed=exhibit.view,
        receipt=exhibit.receipt,
        key_sha256=key_sha256,
        title=title,
        document=exhibit.document,
        policy=policy,
        cover=cover,
        claims_hold=stated is not None and exhibit.claims_sha256 == stated,
        seal=_SEAL,
    )
