"""Signing keys as files: made once, readable by their owner only, never printed.

Source: docs/reference/citation.md, "Key file".
"""

import os
import re
import secrets
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from pith_agent.errors import (
    KeyRetiredError,
    NoPassphraseError,
    NoSigningKeyError,
    SigningKeyError,
    StoreUnavailableError,
    WrongPassphraseError,
)
from pith_agent.protocol.citation import CitationKey
from pith_agent.protocol.moment import time_text
from pith_agent.storage.key_file import (
    MAX_KEY_BYTES,
    MODERATE,
    Cost,
    Kdf,
    KeyFile,
    Secret,
    dump_key_file,
    dump_stub,
    parse_key_file,
    unseal,
)
from pith_agent.storage.os_keyring import drop_seed, get_seed, put_seed
from pith_agent.storage.private_file import (
    check_private_directory,
    create_private,
    read_private,
    staged,
    sync_directory,
    writing_in,
)

DEFAULT_NAME = "default"

Ask = Callable[[Path], Secret]
"""Key file → its passphrase; raises a `PithError` if there is none to be had."""


@dataclass(frozen=True, slots=True)
class KeyEntry:
    """The public side of a key file."""

    name: str
    keyid: str
    """SHA-256 of the public key, 64 hex digits."""
    public: bytes
    path: Path
    kdf: Kdf = "none"
    """How the seed is kept: `argon2id13` is encrypted, `retired` is no longer there."""
    retired_at: str | None = None


@dataclass(frozen=True, slots=True)
class UnusableKey:
    """A key file that is damaged, or that others may use. Nothing in it is believed."""

    path: Path
    error: SigningKeyError


@dataclass(frozen=True, slots=True)
class Keeping:
    """How a seed is to be kept. The default is a plain file: whoever reads it can sign as you."""

    passphrase: Secret | None = None
    in_keyring: bool = False
    cost: Cost = MODERATE


PLAIN = Keeping()


def new_key(directory: Path, name: str = DEFAULT_NAME, keeping: Keeping = PLAIN) -> KeyEntry:
    """Make a key and write it to `directory/name.json`, mode 0600. Nothing is overwritten.

    Raises:
        SigningKeyError: The name is taken, or is no name.
        NoKeyringError: The keyring does not keep the seed.
        UnsafeKeyFileError: The directory is open to others.
        StoreUnavailableError: The directory cannot be written.
    """
    return add_key(directory, name, Secret(secrets.token_bytes(CitationKey.SEED_BYTES)), keeping)


def add_key(directory: Path, name: str, seed: Secret, keeping: Keeping = PLAIN) -> KeyEntry:
    """Write a key that exists already, as `new_key` does.

    Raises:
        SigningKeyError: As `new_key`.
    """
    path = key_path(directory, name)
    key = CitationKey(seed.reveal())
    content = _content(seed, keeping)
    with writing_in(directory):
        check_free(directory, name)
        if keeping.in_keyring:
            put_seed(key.keyid, seed)
        try:
            create_private(path, content)
        except OSError as error:
            if keeping.in_keyring:
                drop_seed(key.keyid)
            raise StoreUnavailableError(f"{path} cannot be written: {error}.") from error
    return _entry(path, read_key_file(path))


def rotate_key(
    directory: Path, name: str = DEFAULT_NAME, keeping: Keeping = PLAIN
) -> tuple[KeyEntry, KeyEntry]:
    """Put a new key in the place of one, and keep the public half of the old one as `NAME.1`.

    The old seed is no longer there afterwards: nothing signs with it again. Whenever this is cut
    off, one of the two keys is whole under the name.

    Returns:
        The new key, and the retired one.

    Raises:
        NoSigningKeyError: There is no such key.
        SigningKeyError: It is retired already, or as `new_key`.
    """
    path = key_path(directory, name)
    seed = Secret(secrets.token_bytes(CitationKey.SEED_BYTES))
    key = CitationKey(seed.reveal())
    content = _content(seed, keeping)
    with writing_in(directory):
        check_private_directory(directory)
        old = read_key_file(path)
        if old.kdf == "retired":
            raise KeyRetiredError(f"{name} is retired already.")
        if keeping.in_keyring:
            put_seed(key.keyid, seed)
        try:
            retired = _exchange(path, content, old)
        except OSError as error:
            if keeping.in_keyring:
                drop_seed(key.keyid)
            raise StoreUnavailableError(f"{path} cannot be replaced: {error}.") from error
        if old.kdf == "keyring":
            drop_seed(old.keyid)
    return _entry(path, read_key_file(path)), _entry(retired, read_key_file(retired))


def load_key(path: Path, passphrase: Ask | None = None) -> CitationKey:
    """Read a signing key, and decrypt it if it is encrypted.

    Raises:
        NoSigningKeyError: There is no such file.
        UnsafeKeyFileError: It is a link, or others than its owner may read or exchange it.
        NoPassphraseError: It is encrypted, and nobody is there to give the passphrase.
        WrongPassphraseError: The passphrase is that of another key.
        NoKeyringError: Its seed is in a keyring that cannot be asked.
        KeyRetiredError: Its seed is no longer kept.
        SigningKeyError: It is no key file, or its public key is not that of its seed.
    """
    return open_key(path, read_key_file(path), passphrase)


def open_key(path: Path, file: KeyFile, passphrase: Ask | None = None) -> CitationKey:
    """The signing key of a file that was read from `path`.

    Raises:
        SigningKeyError: As `load_key`.
    """
    key = CitationKey(open_seed(path, file, passphrase).reveal())
    if key.public != file.public:
        raise _no_key_file(path)
    return key


def open_seed(path: Path, file: KeyFile, passphrase: Ask | None = None) -> Secret:
    """The seed of a file that was read from `path`.

    Raises:
        SigningKeyError: As `load_key`.
    """
    if file.seed is not None:
        return file.seed
    if file.kdf == "keyring":
        return get_seed(file.keyid)
    if file.sealed is None:
        raise KeyRetiredError(f"The key in {path} was retired at {file.retired_at}.")
    if passphrase is None:
        raise NoPassphraseError(f"The key in {path} is encrypted.")
    seed = unseal(file, passphrase(path))
    if seed is None:
        mebibytes = file.sealed.cost.memory >> 20
        raise WrongPassphraseError(
            f"{path} cannot be decrypted with this passphrase and {mebibytes} MiB of memory."
        )
    return seed


def read_key_file(path: Path) -> KeyFile:
    """Read a key file; this needs no passphrase.

    Raises:
        NoSigningKeyError: There is no such file.
        UnsafeKeyFileError: As `load_key`.
        SigningKeyError: It is no key file, or asks for too much memory.
    """
    # Parsed in a frame that has ended before anything is raised: some tracebacks show variables.
    file = parse_key_file(read_private(path, MAX_KEY_BYTES))
    if file is None:
        raise _no_key_file(path)
    return file


def list_keys(directory: Path) -> list[KeyEntry]:
    """The keys in a directory, by name; an absent directory has none. No passphrase is needed.

    Raises:
        UnsafeKeyFileError, SigningKeyError: As `read_key_file`.
    """
    found, unusable = survey_keys(directory)
    for one in unusable:
        raise one.error
    return found


def survey_keys(directory: Path) -> tuple[list[KeyEntry], list[UnusableKey]]:
    """The keys in a directory, as `list_keys`, and apart from them the files that are none.

    Raises:
        UnsafeKeyFileError: The directory is open to others.
    """
    check_private_directory(directory)
    found: list[KeyEntry] = []
    unusable: list[UnusableKey] = []
    for path in sorted(directory.glob("*.json"), key=lambda path: path.stem):
        try:
            found.append(_entry(path, read_key_file(path)))
        except NoSigningKeyError:
            continue  # Removed since it was listed.
        except SigningKeyError as error:
            unusable.append(UnusableKey(path, error))
    active = {entry.keyid for entry in found if entry.kdf != "retired"}
    # A rotation that was cut off may have left the public half of a key that still signs.
    kept = [entry for entry in found if entry.kdf != "retired" or entry.keyid not in active]
    return kept, unusable


def find_key(directory: Path, name: str) -> KeyEntry:
    """The public side of the key of that name.

    Raises:
        NoSigningKeyError: There is none.
        SigningKeyError: As `read_key_file`, or `name` is no name.
    """
    check_private_directory(directory)
    path = key_path(directory, name)
    if not os.path.lexists(path):
        raise NoSigningKeyError(f"There is no key named {name}.")
    return _entry(path, read_key_file(path))


def key_path(directory: Path, name: str = DEFAULT_NAME) -> Path:
    """Where the key of that name lies, whether it exists or not.

    Raises:
        SigningKeyError: `name` is no name.
    """
    return directory / f"{check_name(name)}.json"


def check_free(directory: Path, name: str) -> Path:
    """Where a new key of that name goes.

    Raises:
        SigningKeyError: The name is taken, or is no name.
        UnsafeKeyFileError: The directory is open to others.
    """
    path = key_path(directory, name)
    check_private_directory(directory)
    if os.path.lexists(path):
        raise SigningKeyError(
            f"There is a key named {name} already: {path}.",
            hint="Choose another --name, or replace the key with 'pith-agent keys rotate'.",
        )
    return path


def check_name(name: str) -> str:
    """`name`, if a key or a signer may be called so.

    Raises:
        SigningKeyError: It may not.
    """
    if not re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,39}", name, re.A):
        raise SigningKeyError(
            f"{name[:40]!a} is no key name: use a-z, 0-9, '.', '_' and '-', at most 40.",
            hint="Choose a name like 'release-bot'.",
        )
    return name


def _content(seed: Secret, keeping: Keeping) -> bytes:
    if keeping.in_keyring:
        return dump_stub(CitationKey(seed.reveal()).public, "keyring")
    content = dump_key_file(seed, keeping.passphrase, keeping.cost)
    if content is None:
        raise SigningKeyError(
            f"Encrypting a key needs {keeping.cost.memory >> 20} MiB of memory.",
            hint="Free some memory, or keep the key in the keyring.",
        )
    return content


def _exchange(path: Path, content: bytes, old: KeyFile) -> Path:
    """Put `content` in the place of `old`, whose public half is kept beside it."""
    now = time_text(datetime.now(UTC))
    stub = dump_stub(old.public, "retired", retired_at=now)
    # The new key is on the disk before the old one is touched: a full disk changes nothing.
    with staged(path.parent, content) as temporary:
        place, made = _retired_place(path, old.keyid)
        if made:
            create_private(place, stub)
        try:
            os.replace(temporary, path)
        except OSError:
            if made:
                with suppress(OSError):
                    place.unlink()
            raise
    sync_directory(path.parent)
    return place


def _retired_place(path: Path, keyid: str) -> tuple[Path, bool]:
    """Where the public half of a key goes, and whether it has yet to be written there."""
    number = 1
    while os.path.lexists(place := key_path(path.parent, f"{path.stem}.{number}")):
        with suppress(SigningKeyError):  # One that is damaged stays where it is.
            file = read_key_file(place)
            if (file.kdf, file.keyid) == ("retired", keyid):
                return place, False  # Of a rotation that was cut off.
        number += 1
    return place, True


def _entry(path: Path, file: KeyFile) -> KeyEntry:
    return KeyEntry(path.stem, file.keyid, file.public, path, file.kdf, file.retired_at)


def _no_key_file(path: Path) -> SigningKeyError:
    return SigningKeyError(
        f"{path} is not a key file of version 1, names another public key than its seed's,"
        " or asks for more than 1 GiB of memory."
    )
