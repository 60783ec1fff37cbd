"""Signing keys as files: made once, readable by their owner only, never printed.

Source: docs/reference/citation.md, "Key file".
"""

import base64
import json
import re
from dataclasses import dataclass
from pathlib import Path

from nacl.utils import random as random_bytes

from pith_agent.errors import (
    DocumentError,
    SigningKeyError,
    StoreUnavailableError,
)
from pith_agent.protocol.citation import CitationKey
from pith_agent.protocol.strict_json import JsonObject, parse_json
from pith_agent.storage.private_file import create_private, read_private

DEFAULT_NAME = "default"
MAX_KEY_BYTES = 4096


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """The public side of a key file."""

    name: str
    keyid: str
    """SHA-256 of the public key, 64 hex digits."""
    public: bytes
    path: Path


def new_key(directory: Path, name: str = DEFAULT_NAME) -> KeyEntry:
    """Make a key and write it to `directory/name.json`, mode 0600. Nothing is overwritten.

    The seed is stored unencrypted: whoever can read the file can sign as you.

    Raises:
        SigningKeyError: The name is taken, or is no name.
        StoreUnavailableError: The directory cannot be written.
    """
    path = _path(directory, name)
    seed = random_bytes(CitationKey.SEED_BYTES)
    key = CitationKey(seed)
    content = json.dumps(
        {
            "v": 1,
            "kdf": "none",
            "seed": base64.b64encode(seed).decode("ascii"),
            "public": base64.b64encode(key.public).decode("ascii"),
            "keyid": key.keyid,
        }
    )
    try:
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StoreUnavailableError(f"{directory} cannot be made: {error}.") from error
    try:
        create_private(path, content.encode("ascii"))
    except FileExistsError as error:
        raise SigningKeyError(f"There is a key named {name} already: {path}.") from error
    except OSError as error:
        raise StoreUnavailableError(f"{path} cannot be written: {error}.") from error
    return KeyEntry(name, key.keyid, key.public, path)


def load_key(path: Path) -> CitationKey:
    """Read a signing key.

    Raises:
        NoSigningKeyError: There is no such file.
        UnsafeKeyFileError: It is a link, or others than its owner may read it.
        SigningKeyError: It is no key file, or its public key is not that of its seed.
    """
    # Read in a frame that has ended before anything is raised: some tracebacks show variables.
    key = _read(path)
    if key is None:
        raise SigningKeyError(
            f"{path} is not a key file of version 1, or names another public key than its seed's."
        )
    return key


def list_keys(directory: Path) -> list[KeyEntry]:
    """The keys in a directory, by name; an absent directory has none.

    Raises:
        UnsafeKeyFileError, SigningKeyError: As `load_key`.
    """
    found = []
    for path in sorted(directory.glob("*.json")):
        key = load_key(path)
        found.append(KeyEntry(path.stem, key.keyid, key.public, path))
    return found


def key_path(directory: Path, name: str = DEFAULT_NAME) -> Path:
    """Where the key of that name lies, whether it exists or not.

    Raises:
        SigningKeyError: `name` is no name.
    """
    return _path(directory, name)


def _path(directory: Path, name: str) -> Path:
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,39}", name, re.A):
        raise SigningKeyError(
            f"{name[:40]!a} is no key name: use a-z, 0-9, '.', '_' and '-', at most 40."
        )
    return directory / f"{name}.json"


def _read(path: Path) -> CitationKey | None:
    data = read_private(path, MAX_KEY_BYTES)
    try:
        content = parse_json(data, cap=MAX_KEY_BYTES)
    except DocumentError:
        return None  # The error is left out on purpose: it could quote the file.
    if not isinstance(content, dict) or (content.get("v"), content.get("kdf")) != (1, "none"):
        return None
    seed = _bytes(content, "seed")
    if len(seed) != CitationKey.SEED_BYTES:
        return None
    key = CitationKey(seed)
    same = key.public == _bytes(content, "public") and key.keyid == content.get("keyid")
    return key if same else None


def _bytes(content: JsonObject, name: str) -> bytes:
    value = content.get(name)
    try:
        return base64.b64decode(value, validate=True) if isinstance(value, str) else b""
    except ValueError:
        return b""
