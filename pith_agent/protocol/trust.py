"""The trust root: which keys may sign records, and one signature checked.

The keys ship with this package. A key that a registry serves is never taken from there: an
answer cannot vouch for itself.

Source: docs/explanation/trust-model.md.
"""

import base64
import binascii
import hashlib
from functools import cache, lru_cache
from importlib import resources
from typing import Literal, Self

from nacl.bindings import crypto_core_ed25519_is_valid_point
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from pith_agent.errors import DocumentError, SettingsError
from pith_agent.protocol.strict_json import parse_json

MAX_ROOT_BYTES = 64 << 10


class _StrictModel(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, defer_build=True)


class TrustedKey(_StrictModel):
    """One Ed25519 public key that we believe to be a registry's."""

    key_id: str
    """The registry's name for it: a hint that selects, never evidence."""
    public_key_b64: str
    """32 bytes, base64."""
    status: Literal["active", "revoked"] = "active"

    @field_validator("public_key_b64")
    @classmethod
    def _is_a_point(cls, value: str) -> str:
        raw = _decode(value)
        # VerifyKey takes keys of low order silently; with one, any signature can be made to hold.
        if raw is None or len(raw) != 32 or not crypto_core_ed25519_is_valid_point(raw):
            raise ValueError("not an Ed25519 public key")
        return value

    @property
    def raw(self) -> bytes:
        """The 32 bytes of the key."""
        return _raw(self.public_key_b64)

    @property
    def sha256(self) -> str:
        """SHA-256 of the key, 64 hex digits: what we store and compare."""
        return _sha256(self.public_key_b64)

    @property
    def fingerprint(self) -> str:
        """The first 16 bytes of that, as receipts write it: 32 hex digits."""
        return self.sha256[:32]


class TrustRoot(_StrictModel):
    """The keys we trust, and nothing else."""

    version: int = Field(ge=1)
    keys: tuple[TrustedKey, ...]

    @field_validator("keys")
    @classmethod
    def _are_distinct(cls, keys: tuple[TrustedKey, ...]) -> tuple[TrustedKey, ...]:
        # Twice the same key, once revoked: which of the two counted would be chance.
        if len({key.sha256 for key in keys}) < len(keys):
            raise ValueError("the same key occurs twice")
        return keys

    @classmethod
    def load(cls, data: bytes) -> Self:
        """Read a trust root file: `{"version": 1, "keys": [{"key_id", "public_key_b64"}]}`.

        Raises:
            SettingsError: The bytes are no trust root, or hold a key that is no Ed25519 key.
        """
        try:
            parse_json(data, cap=MAX_ROOT_BYTES)
            return cls.model_validate_json(data)
        except DocumentError as error:
            raise SettingsError(f"The trust root cannot be used: {error.message}") from error
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"]))
            raise SettingsError(
                f"The trust root cannot be used: {where}: {first['msg']}."
            ) from error

    @classmethod
    def bundled(cls) -> "TrustRoot":
        """The trust root that ships with this package: the one key published so far."""
        return _bundled()

    def select(self, key_id: str | None, fingerprint: str | None) -> TrustedKey | None:
        """The one key that every given hint names; `None` if there is none, or more than one."""
        if key_id is None and fingerprint is None:
            return None
        found = [
            key
            for key in self.keys
            if key_id in (None, key.key_id) and fingerprint in (None, key.fingerprint)
        ]
        return found[0] if len(found) == 1 else None


def signature_holds(public_key: bytes, message: bytes, signature_b64: str) -> bool:
    """Whether `signature_b64` is the Ed25519 signature of `message` by `public_key`.

    Only PyNaCl decides: it refuses every signature that RFC 8032 leaves open to dispute.
    Base64 must be the one spelling of its bytes, so that no bit of the text is free.
    """
    signature = _decode(signature_b64)
    if signature is None or len(signature) != 64:
        return False
    try:
        VerifyKey(public_key).verify(message, signature)
    except (BadSignatureError, ValueError, TypeError):
        return False
    return True


def _decode(text: str) -> bytes | None:
    """Base64 → bytes; `None` if it is not, or if its padding bits are not zero."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return None
    return raw if base64.b64encode(raw).decode("ascii") == text else None


# Kept by the text of the key and not by the object, which can be copied with another key.
@lru_cache(maxsize=64)
def _raw(public_key_b64: str) -> bytes:
    return base64.b64decode(public_key_b64)


@lru_cache(maxsize=64)
def _sha256(public_key_b64: str) -> str:
    return hashlib.sha256(_raw(public_key_b64)).hexdigest()


@cache
def _bundled() -> TrustRoot:
    # A part of the program, like its code: reading it is no I/O that could change an answer.
    return TrustRoot.load(
        resources.files("pith_agent.data").joinpath("trust-root.json").read_bytes()
    )
