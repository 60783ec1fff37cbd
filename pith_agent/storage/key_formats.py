"""Keys in the forms that other tools write and read: PEM, base64, JSON.

Source: RFC 8410 (Ed25519 in PKCS #8 and SubjectPublicKeyInfo), RFC 7468 (PEM).
"""

import base64
import json
import re
from pathlib import Path
from typing import Literal, TypeAlias

from pith_agent.errors import DocumentError, FileError, SettingsError, SigningKeyError
from pith_agent.protocol.citation import CitationKey
from pith_agent.protocol.strict_json import JsonObject, parse_json
from pith_agent.protocol.trust import is_public_key, keyid_of
from pith_agent.storage.key_file import MAX_KEY_BYTES, Secret, decode, parse_key_file
from pith_agent.storage.keys import Ask, open_seed
from pith_agent.storage.private_file import read_private

PublicFormat: TypeAlias = Literal["pem", "base64", "json"]

PUBLIC_FORMAT = "pith-agent-public-key"
"""Value of `format` in the JSON form."""

_SPKI = bytes.fromhex("302a300506032b6570032100")
_PKCS8 = bytes.fromhex("302e020100300506032b657004220420")
# Version 2 has the public key at the end (RFC 5958).
_PKCS8_V2 = bytes.fromhex("3051020101300506032b657004220420")
_PKCS8_V2_PUBLIC = bytes.fromhex("812100")


def dump_public(public: bytes, form: PublicFormat, **about: str | None) -> str:
    """The public half of a key, with its last line end.

    Args:
        public: 32 bytes.
        form: `pem` is SubjectPublicKeyInfo, as OpenSSL and securesystemslib read it; `base64` is
            the raw key; `json` says also the key id and what `about` gives.
    """
    text = base64.b64encode(public).decode("ascii")
    if form == "base64":
        return f"{text}\n"
    if form == "pem":
        body = base64.b64encode(_SPKI + public).decode("ascii")
        return f"-----BEGIN PUBLIC KEY-----\n{body}\n-----END PUBLIC KEY-----\n"
    said = {name: value for name, value in about.items() if value is not None}
    known = {"format": PUBLIC_FORMAT, "v": 1, "keyid": keyid_of(public), "public": text}
    return json.dumps({**known, **said}, indent=2, ensure_ascii=False) + "\n"


def read_public(given: str) -> JsonObject:
    """A public key from base64, or from a file in one of the forms above.

    Returns:
        `public`, base64 of 32 bytes; of the JSON form also `distrust_after` and `until`, if there.

    Raises:
        FileError: The file cannot be read.
        SettingsError: It holds no Ed25519 public key.
    """
    if decode(given, 32) is not None:
        return _checked({"public": given})
    path = Path(given)
    try:
        with path.open("rb") as file:
            data = file.read(MAX_KEY_BYTES + 1)
    except (OSError, ValueError) as error:
        raise FileError(f"{given[:200]!a} is neither a public key in base64 nor a file.") from error
    found = _public(data)
    if found is None:
        raise SettingsError(
            f"{path} holds no Ed25519 public key.",
            hint="Give what 'pith-agent keys export-public' prints: PEM, base64 or JSON.",
        )
    return _checked(found)


def is_public(path: Path) -> bool:
    """Whether a file holds a public key and says so: base64 alone does not say of what it is."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_KEY_BYTES + 1)
    except OSError:
        return False
    return not _is_base64(data) and _public(data) is not None


def read_seed(path: Path, passphrase: Ask | None = None) -> tuple[Secret, Secret | None]:
    """The seed in a private file: a key file, PKCS #8 in PEM, or a seed of 32 bytes in base64.

    Returns:
        The seed, and the passphrase, if one was needed.

    Raises:
        NoSigningKeyError: There is no such file.
        UnsafeKeyFileError: Others than its owner may read it.
        SigningKeyError: It holds no Ed25519 private key, or as `load_key`.
    """
    # Read in a frame that has ended before anything is raised: some tracebacks show variables.
    found = _private(path)
    if isinstance(found, Secret):
        return found, None
    if found is not None:
        raise SigningKeyError(f"{path} holds no key that can be imported: {found}.", hint=_HINT)
    file = parse_key_file(read_private(path, MAX_KEY_BYTES))
    if file is None:
        raise SigningKeyError(f"{path} holds no Ed25519 private key.", hint=_HINT)
    if file.sealed is None or passphrase is None:
        return open_seed(path, file, passphrase), None
    given = passphrase(path)
    return open_seed(path, file, lambda _: given), given


_HINT = "Give a key file, an unencrypted PEM of PKCS #8, or a seed of 32 bytes in base64."


def _private(path: Path) -> Secret | str | None:
    """The seed, or what is wrong with the file; `None` for what may be a key file of our own."""
    data = read_private(path, MAX_KEY_BYTES)
    if len(data) > MAX_KEY_BYTES:
        return "it is too long"
    if data.lstrip().startswith(b"{"):
        return None
    if _is_base64(data):
        return Secret(base64.b64decode(data.strip()))
    if b"BEGIN ENCRYPTED PRIVATE KEY" in data:
        return "it is encrypted; decrypt it with 'openssl pkey'"
    if b"BEGIN OPENSSH PRIVATE KEY" in data:
        return "it is in the form of OpenSSH"
    der = _pem(data, "PRIVATE KEY") or b""
    seed, rest = der[16:48], der[48:]
    if len(der) == 48 and der.startswith(_PKCS8):
        return Secret(seed)
    whole = der.startswith(_PKCS8_V2) and rest.startswith(_PKCS8_V2_PUBLIC) and len(der) == 83
    if whole and CitationKey(seed).public == rest[3:]:
        return Secret(seed)
    return "it is no Ed25519 key"


def _public(data: bytes) -> JsonObject | None:
    if len(data) > MAX_KEY_BYTES:
        return None
    if _is_base64(data):
        return {"public": data.strip().decode("ascii")}
    der = _pem(data, "PUBLIC KEY")
    if der is not None and der.startswith(_SPKI) and len(der) == len(_SPKI) + 32:
        return {"public": base64.b64encode(der[len(_SPKI) :]).decode("ascii")}
    try:
        content = parse_json(data, cap=MAX_KEY_BYTES)
    except DocumentError:
        return None
    if not isinstance(content, dict) or (content.get("format"), content.get("v")) != (
        PUBLIC_FORMAT,
        1,
    ):
        return None
    raw = decode(content.get("public"), 32)
    if raw is None or content.get("keyid") != keyid_of(raw):
        return None
    return {n: content[n] for n in ("public", "until", "distrust_after") if n in content}


def _checked(found: JsonObject) -> JsonObject:
    raw = decode(found["public"], 32)
    if raw is None or not is_public_key(raw):
        raise SettingsError(
            "This is not an Ed25519 public key.",
            hint="Ask its owner for the output of 'pith-agent keys export-public'.",
        )
    return found


def _is_base64(data: bytes) -> bool:
    text = data.strip()
    return text.isascii() and decode(text.decode("ascii"), 32) is not None


def _pem(data: bytes, label: str) -> bytes | None:
    begin, end = f"-----BEGIN {label}-----", f"-----END {label}-----"
    shape = rf"{begin}([A-Za-z0-9+/=\s]+){end}".encode()
    found = re.fullmatch(shape, data.strip())
    if found is None:
        return None
    try:
        return base64.b64decode(b"".join(found[1].split()), validate=True)
    except ValueError:
        return None
