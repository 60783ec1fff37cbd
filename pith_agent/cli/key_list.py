"""The keys of this machine, as `keys` lists them: those of its directory, and of variables."""

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Self

import click

from pith_agent.cli.options import dump
from pith_agent.errors import NoSigningKeyError, SigningKeyError
from pith_agent.protocol.display import safe_text
from pith_agent.protocol.trust import keyid_of
from pith_agent.settings import Settings
from pith_agent.storage.key_file import Kdf
from pith_agent.storage.keys import (
    DEFAULT_NAME,
    KeyEntry,
    UnusableKey,
    find_key,
    read_key_file,
    survey_keys,
)
from pith_agent.storage.signers import RevokedKey, read_revoked

KEPT = {
    "argon2id13": "encrypted with a passphrase",
    "none": "not encrypted",
    "keyring": "in the keyring of the system",
    "retired": "retired: only the public half is left",
    "variable": "in a variable",
}


@dataclass(frozen=True, slots=True)
class OwnKey:
    """The public side of a key of this machine, wherever it is kept."""

    name: str
    """That of a variable, for a key that it gives."""
    public: bytes
    kept: Kdf | Literal["variable"]
    path: Path | None = None
    retired_at: str | None = None

    @classmethod
    def of(cls, entry: KeyEntry) -> Self:
        """A key of the directory."""
        return cls(entry.name, entry.public, entry.kdf, entry.path, entry.retired_at)

    @property
    def keyid(self) -> str:
        """SHA-256 of the public key, 64 hex digits."""
        return keyid_of(self.public)


def own_keys(settings: Settings) -> tuple[list[OwnKey], list[UnusableKey]]:
    """All keys of this machine, and the files that are to be keys and cannot be used.

    Raises:
        UnsafeKeyFileError: The directory is open to others.
    """
    entries, unusable = survey_keys(settings.key_directory)
    keys = [OwnKey.of(entry) for entry in entries]
    # What a variable gives may lie in the directory too; it is then one key.
    known = {key.public for key in keys if key.kept != "retired"}
    try:
        named = [_of_file(settings.key_file)] if settings.key_file else []
    except SigningKeyError as error:
        named = []
        unusable = [*unusable, UnusableKey(settings.key_file or Path(), error)]
    if settings.agent_key is not None:
        named.append(_of_variable(settings.agent_key.public))
    for key in named:
        if key.public not in known:
            keys.append(key)
            known.add(key.public)
    return keys, unusable


def own_key(settings: Settings, name: str | None) -> OwnKey:
    """The key of that name; without one, the key that signs where none is named.

    Raises:
        NoSigningKeyError: There is none.
        SigningKeyError: It cannot be used, or `name` is no name.
    """
    if name == "PITH_AGENT_KEY" and settings.agent_key is not None:
        return _of_variable(settings.agent_key.public)
    if settings.key_file is not None and name in (None, "PITH_KEY_FILE"):
        return _of_file(settings.key_file)
    try:
        return OwnKey.of(find_key(settings.key_directory, name or DEFAULT_NAME))
    except NoSigningKeyError:
        if name is not None or settings.agent_key is None:
            raise
        return _of_variable(settings.agent_key.public)


def show_keys(
    keys: Sequence[OwnKey],
    settings: Settings,
    as_json: bool,
    unusable: Sequence[UnusableKey] = (),
) -> None:
    """Print keys, and what is no key."""
    revoked = {key.raw: key for key in read_revoked(settings.home)}
    signing = _signing(settings)
    shown = [_public(key, revoked.get(key.public), signing) for key in keys]
    if as_json:
        click.echo(dump({"keys": shown, "unusable": list(map(_told, unusable))}))
        return
    if not keys and not unusable:
        click.echo("There are no keys yet: make one with 'pith-agent keys new'.")
    for key, public in zip(keys, shown, strict=True):
        click.echo(f"{key.name}\n  key id      {key.keyid}")
        click.echo(f"  public key  {public['public_key_b64']}\n  kept        {KEPT[key.kept]}")
        if public["signs"]:
            click.echo("  signs       where no other key is named")
        for field, label in (("retired_at", "retired at"), ("distrust_after", "revoked")):
            if public[field]:
                click.echo(f"  {label:<11} {public[field]}")
        if key_reason := public["reason"]:
            click.echo(f"  reason      {safe_text(str(key_reason))}")
    for one in map(_told, unusable):
        click.echo(f"{safe_text(one['path'])}  cannot be used")
        click.echo(f"  {safe_text(one['message'])} [{one['code']}]\n  {safe_text(one['hint'])}")


def _of_file(path: Path) -> OwnKey:
    try:
        file = read_key_file(path)
    except NoSigningKeyError as error:
        hint = "Point PITH_KEY_FILE at a key file, or unset it."
        raise NoSigningKeyError(error.message, hint=hint) from error
    return OwnKey("PITH_KEY_FILE", file.public, file.kdf, path, file.retired_at)


def _of_variable(public: bytes) -> OwnKey:
    return OwnKey("PITH_AGENT_KEY", public, "variable")


def _signing(settings: Settings) -> bytes | None:
    try:
        key = own_key(settings, None)
    except SigningKeyError:
        return None
    return None if key.kept == "retired" else key.public


def _told(one: UnusableKey) -> dict[str, str]:
    error = one.error
    said = {"path": str(one.path), "code": error.code, "message": error.message}
    return {**said, "hint": error.hint}


def _public(
    key: OwnKey, revoked: RevokedKey | None, signing: bytes | None
) -> dict[str, str | bool | None]:
    status = "revoked" if revoked else "retired" if key.kept == "retired" else "active"
    return {
        "name": key.name,
        "keyid": key.keyid,
        "public_key_b64": base64.b64encode(key.public).decode("ascii"),
        "path": str(key.path) if key.path else None,
        "kdf": key.kept,
        "status": status,
        "signs": status == "active" and key.public == signing,
        "retired_at": key.retired_at,
        "distrust_after": revoked.distrust_after if revoked else None,
        "reason": revoked.reason if revoked else None,
    }
