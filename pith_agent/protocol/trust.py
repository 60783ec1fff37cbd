"""The trust root: which keys may sign records, and one signature checked.

The keys ship with this package. A key that a registry serves is never taken from there: an
answer cannot vouch for itself.

Source: docs/explanation/trust-model.md.
"""

import base64
import binascii
import hashlib
import json
from dataclasses import asdict, dataclass
from functools import cache, lru_cache
from importlib import resources
from typing import Literal, Self

from nacl.bindings import crypto_core_ed25519_is_valid_point
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey

from pith_agent.errors import DocumentError, SettingsError
from pith_agent.protocol.display import safe_text
from pith_agent.protocol.strict_json import parse_json

MAX_ROOT_BYTES = 64 << 10


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """One Ed25519 public key that we believe to be a registry's.

    Raises:
        SettingsError: It is no Ed25519 key, or a key with which any signature can be made to hold.
    """

    key_id: str
    """The registry's name for it: a hint that selects, never evidence."""
    public_key_b64: str
    """32 bytes, base64."""
    status: Literal["active", "revoked"] = "active"

    def __post_init__(self) -> None:
        raw = _decode(self.public_key_b64)
        if raw is None or not is_public_key(raw):
            raise SettingsError(f"{safe_text(self.key_id, 80)!a} is no Ed25519 public key.")
        if self.status not in ("active", "revoked"):
            raise SettingsError("The status of a trusted key is not active or revoked.")

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


@dataclass(frozen=True, slots=True)
class TrustRoot:
    """The keys we trust, and nothing else.

    Raises:
        SettingsError: A key occurs twice, or the version is no version.
    """

    version: int
    keys: tuple[TrustedKey, ...]

    def __post_init__(self) -> None:
        if self.version < 1:
            raise SettingsError("The trust root has no version.")
        # Twice the same key, once revoked: which of the two counted would be chance.
        if len({key.sha256 for key in self.keys}) < len(self.keys):
            raise SettingsError("The trust root has the same key twice.")

    @classmethod
    def load(cls, data: bytes) -> Self:
        """Read a trust root file: `{"version": 1, "keys": [{"key_id", "public_key_b64"}]}`.

        Raises:
            SettingsError: The bytes are no trust root, or hold a key that is no Ed25519 key.
        """
        try:
            value = parse_json(data, cap=MAX_ROOT_BYTES)
        except DocumentError as error:
            raise SettingsError(f"The trust root cannot be used: {error.message}") from error
        root = _closed("trust root", value, {"version", "keys"})
        version, keys = root.get("version"), root.get("keys")
        # By type: to Python, true is a number.
        if type(version) is not int or not isinstance(keys, list):
            raise SettingsError("The trust root lacks its version or its keys.")
        return cls(version, tuple(map(_key, keys)))

    def dump(self) -> str:
        """The trust root as a file that `load` reads: JSON."""
        return json.dumps(asdict(self), separators=(",", ":"))

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


def _key(value: object) -> TrustedKey:
    key = _closed("key", value, {"key_id", "public_key_b64", "status"})
    name, text, status = key.get("key_id"), key.get("public_key_b64"), key.get("status", "active")
    if not isinstance(name, str) or not isinstance(text, str):
        raise SettingsError("A key of the trust root lacks key_id or public_key_b64.")
    if status not in ("active", "revoked"):
        raise SettingsError("The status of a key in the trust root is not active or revoked.")
    return TrustedKey(name, text, "revoked" if status == "revoked" else "active")


def _closed(what: str, value: object, names: set[str]) -> dict[str, object]:
    """An object with no other names: what is misspelt would not be held to."""
    if not isinstance(value, dict):
        raise SettingsError(f"The {what} is no object.")
    if unknown := sorted(value.keys() - names):
        raise SettingsError(f"The {what} has an unknown field {unknown[0][:40]!a}.")
    return value


def is_public_key(raw: bytes) -> bool:
    """Whether bytes are an Ed25519 public key under which no signature can be made up.

    `VerifyKey` takes keys of low order silently.
    """
    return len(raw) == 32 and bool(crypto_core_ed25519_is_valid_point(raw))


def keyid_of(public: bytes) -> str:
    """SHA-256 of a public key, 32 bytes, as 64 hex digits: how signatures and lists name it."""
    return hashlib.sha256(public).hexdigest()


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
    return keyid_of(_raw(public_key_b64))


@cache
def _bundled() -> TrustRoot:
    # A part of the program, like its code: reading it is no I/O that could change an answer.
    return TrustRoot.load(
        resources.files("pith_agent.data").joinpath("trust-root.json").read_bytes()
    )
