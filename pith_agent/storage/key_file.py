"""The key file, version 1: what it holds, how its seed is encrypted, and who may see it.

Nothing here raises while it holds a seed or a passphrase: some tracebacks show variables. A
function that cannot do its work gives `None`, and its caller raises.

Source: docs/reference/citation.md, "Key file".
"""

import base64
import json
import secrets
from dataclasses import dataclass
from typing import Literal, NoReturn, TypeAlias, get_args

from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id
from nacl.secret import SecretBox
from pydantic import JsonValue

from pith_agent.errors import DocumentError
from pith_agent.protocol.citation import CitationKey
from pith_agent.protocol.strict_json import JsonObject, parse_json
from pith_agent.protocol.trust import is_public_key, keyid_of

MAX_KEY_BYTES = 4096
MAX_OPS = 10
MAX_MEMORY = 1 << 30
"""Bytes. What a file may ask for: libsodium's own strongest setting is 4 passes over 1 GiB."""

Kdf: TypeAlias = Literal["argon2id13", "none", "keyring", "retired"]
"""How the seed is kept: encrypted, plain, in the keyring of the system, or no longer."""

_PUBLIC = {"v", "kdf", "public", "keyid"}
_FIELDS: dict[str, set[str]] = {
    "argon2id13": _PUBLIC | {"ops", "mem", "salt", "box", "nonce", "ct"},
    "none": _PUBLIC | {"seed"},
    "keyring": _PUBLIC,
    "retired": _PUBLIC | {"retired_at"},
}
_BOX = "xsalsa20poly1305"


class Secret:
    """Bytes that are never shown: not by `repr`, not by `str`, not by a copy or a pickle.

    Python cannot wipe them: they may stay in memory until the process ends.
    """

    __slots__ = ("_content",)

    def __init__(self, content: bytes) -> None:
        self._content = content

    def reveal(self) -> bytes:
        """The bytes themselves. Do not keep them in a variable where something may raise."""
        return self._content

    def __repr__(self) -> str:
        return "<Secret>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a secret is not copied")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one guess of a passphrase costs."""

    ops: int
    """Passes of Argon2id over the memory."""
    memory: int
    """Bytes."""


MODERATE = Cost(argon2id.OPSLIMIT_MODERATE, argon2id.MEMLIMIT_MODERATE)
"""Three passes over 256 MiB: about half a second."""


@dataclass(frozen=True, slots=True)
class Sealed:
    """An encrypted seed."""

    cost: Cost
    salt: bytes
    nonce: bytes
    ciphertext: bytes


@dataclass(frozen=True, slots=True)
class KeyFile:
    """What a key file says, after every check that needs no passphrase."""

    kdf: Kdf
    public: bytes
    seed: Secret | None = None
    """Only in a plain file."""
    sealed: Sealed | None = None
    """Only in an encrypted file."""
    retired_at: str | None = None
    """When a retired key was retired: RFC 3339, UTC."""

    @property
    def keyid(self) -> str:
        """SHA-256 of the public key, 64 hex digits."""
        return keyid_of(self.public)


def parse_key_file(data: bytes) -> KeyFile | None:
    """Read a key file; `None` if it is none, or contradicts itself, or asks for too much."""
    try:
        content = parse_json(data, cap=MAX_KEY_BYTES)
    except DocumentError:
        return None  # The error is left out on purpose: it could quote the file.
    if not isinstance(content, dict) or content.get("v") != 1:
        return None
    kdf = next((one for one in get_args(Kdf) if one == content.get("kdf")), None)
    if kdf is None or set(content) != _FIELDS[kdf]:
        return None
    public = decode(content["public"], 32)
    if public is None or not is_public_key(public):
        return None
    seed, sealed, retired_at = _seed(content), _sealed(content), content.get("retired_at")
    file = KeyFile(
        kdf=kdf,
        public=public,
        seed=seed,
        sealed=sealed,
        retired_at=retired_at if isinstance(retired_at, str) else None,
    )
    held = {"none": seed, "argon2id13": sealed, "retired": file.retired_at}.get(kdf, file)
    if held is None or content["keyid"] != file.keyid:
        return None
    return file if seed is None or CitationKey(seed.reveal()).public == public else None


def dump_key_file(seed: Secret, passphrase: Secret | None, cost: Cost = MODERATE) -> bytes | None:
    """The bytes of a key file, plain if there is no passphrase.

    `None` if there is not as much memory as `cost` says.
    """
    public = CitationKey(seed.reveal()).public
    if passphrase is None:
        return _dump("none", public, seed=_text(seed.reveal()))
    salt, nonce = secrets.token_bytes(argon2id.SALTBYTES), secrets.token_bytes(SecretBox.NONCE_SIZE)
    key = _derive(passphrase, salt, cost)
    if key is None:
        return None
    return _dump(
        "argon2id13",
        public,
        ops=cost.ops,
        mem=cost.memory,
        salt=_text(salt),
        box=_BOX,
        nonce=_text(nonce),
        ct=_text(SecretBox(key.reveal()).encrypt(seed.reveal(), nonce).ciphertext),
    )


def dump_stub(public: bytes, kdf: Literal["keyring", "retired"], **more: str) -> bytes:
    """The bytes of a file that holds the public half only."""
    return _dump(kdf, public, **more)


def unseal(file: KeyFile, passphrase: Secret) -> Secret | None:
    """The seed of an encrypted file; `None` if the passphrase is not its own, or memory lacks."""
    if file.sealed is None:
        return None
    key = _derive(passphrase, file.sealed.salt, file.sealed.cost)
    if key is None:
        return None
    try:
        seed = SecretBox(key.reveal()).decrypt(file.sealed.ciphertext, file.sealed.nonce)
    except CryptoError:
        return None
    same = CitationKey(seed).public == file.public
    return Secret(seed) if same else None


def decode(value: JsonValue, length: int) -> bytes | None:
    """So many bytes in base64, spelled in the one right way; `None` if they are not."""
    if not isinstance(value, str):
        return None
    try:
        raw = base64.b64decode(value, validate=True)
    except ValueError:
        return None
    return raw if len(raw) == length and _text(raw) == value else None


def _seed(content: JsonObject) -> Secret | None:
    raw = decode(content.get("seed"), CitationKey.SEED_BYTES)
    return None if raw is None else Secret(raw)


def _sealed(content: JsonObject) -> Sealed | None:
    ops, memory = content.get("ops"), content.get("mem")
    salt = decode(content.get("salt"), argon2id.SALTBYTES)
    nonce = decode(content.get("nonce"), SecretBox.NONCE_SIZE)
    ciphertext = decode(content.get("ct"), CitationKey.SEED_BYTES + SecretBox.MACBYTES)
    if salt is None or nonce is None or ciphertext is None or content.get("box") != _BOX:
        return None
    # A hostile file must not make the reader allocate what the machine has not.
    if type(ops) is not int or not argon2id.OPSLIMIT_MIN <= ops <= MAX_OPS:
        return None
    if type(memory) is not int or not argon2id.MEMLIMIT_MIN <= memory <= MAX_MEMORY:
        return None
    return Sealed(Cost(ops, memory), salt, nonce, ciphertext)


def _derive(passphrase: Secret, salt: bytes, cost: Cost) -> Secret | None:
    try:
        return Secret(
            argon2id.kdf(
                SecretBox.KEY_SIZE,
                passphrase.reveal(),
                salt,
                opslimit=cost.ops,
                memlimit=cost.memory,
            )
        )
    except CryptoError:
        return None


def _dump(kdf: Kdf, public: bytes, **fields: JsonValue) -> bytes:
    known = {"public": _text(public), "keyid": keyid_of(public)}
    return json.dumps({"v": 1, "kdf": kdf, **fields, **known}).encode("ascii")


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode("ascii")
