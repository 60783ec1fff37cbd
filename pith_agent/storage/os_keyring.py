"""Seeds in the keyring of the operating system, through the package `keyring` if it is there."""

import base64
from importlib import import_module
from types import ModuleType

from pith_agent.errors import NoKeyringError, SigningKeyError
from pith_agent.protocol.citation import CitationKey
from pith_agent.storage.key_file import Secret, decode

SERVICE = "pith-agent"
"""Under this name, and the key id as user, the keyring keeps the seed in base64."""


def put_seed(keyid: str, seed: Secret) -> None:
    """Give a seed to the keyring.

    Raises:
        NoKeyringError: There is none, it is locked, or it does not keep what it is given.
    """
    keyring = _keyring()
    failed = _ask(keyring, "set_password", keyid, seed)
    # Some backends take everything and keep nothing.
    if failed is None and (found := _find(keyring, keyid)) is not None:
        failed = "" if found.reveal() == seed.reveal() else "It gives back something else."
    if failed != "":
        raise NoKeyringError(f"The keyring does not keep the key: {failed or 'it is not there.'}")


def get_seed(keyid: str) -> Secret:
    """Take a seed from the keyring; it stays there.

    Raises:
        NoKeyringError: The package 'keyring' is not installed.
        SigningKeyError: It has no such entry, is locked, or is not there.
    """
    keyring = _keyring()
    seed = _find(keyring, keyid)
    if seed is None:
        raise SigningKeyError(
            f"The keyring has no seed for key {keyid[:16]}, or may not give it.",
            hint="Unlock the keyring, or run this as the user who made the key.",
        )
    return seed


def drop_seed(keyid: str) -> bool:
    """Remove a seed from the keyring; whether it could be done."""
    try:
        keyring = _keyring()
    except NoKeyringError:
        return False
    return _ask(keyring, "delete_password", keyid, None) is None


def _keyring() -> ModuleType:
    try:
        import_module("keyring.errors")
        return import_module("keyring")
    except ImportError as error:
        raise NoKeyringError("The package 'keyring' is not installed.") from error


def _ask(keyring: ModuleType, verb: str, keyid: str, seed: Secret | None) -> str | None:
    """Do something to the keyring; what it says against it, or `None`."""
    more = () if seed is None else (base64.b64encode(seed.reveal()).decode("ascii"),)
    try:
        getattr(keyring, verb)(SERVICE, keyid, *more)
    # Its errors are told by their kind only: what else they say is not ours to answer for.
    except (keyring.errors.KeyringError, OSError, RuntimeError) as error:
        return type(error).__name__
    return None


def _find(keyring: ModuleType, keyid: str) -> Secret | None:
    try:
        found = keyring.get_password(SERVICE, keyid)
    except (keyring.errors.KeyringError, OSError, RuntimeError):
        return None
    raw = decode(found, CitationKey.SEED_BYTES)
    return None if raw is None else Secret(raw)
