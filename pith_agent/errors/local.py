"""This machine: store, ledger, keys, settings."""

from pith_agent.errors.root import PithError


class StorageError(PithError):
    """The local store, ledger or key directory."""

    code = "storage"


class StoreDamagedError(StorageError):
    """What is stored is not what was written."""

    code = "store-damaged"
    hint = "Move the damaged file away; records can be fetched again, ledgers restored from a copy."


class StoreUnavailableError(StorageError):
    """The store cannot be opened or written."""

    code = "store-unavailable"
    hint = "Check that the directory is writable and the disk has room."


class SigningKeyError(PithError):
    """The key that citations are signed with."""

    code = "signing-key"
    hint = "Run 'pith-agent keys list'."


class NoSigningKeyError(SigningKeyError):
    """There is no key to sign with."""

    code = "no-signing-key"
    hint = "Make one with 'pith-agent keys new'."


class UnsafeKeyFileError(SigningKeyError):
    """The key file could have been read or replaced by others."""

    code = "unsafe-key-file"
    hint = "Make a new key; if you are sure nobody read this one, 'chmod 600' it."


class SettingsError(PithError):
    """An option or environment variable."""

    code = "invalid-setting"
    hint = "Correct the option or variable named above."


class ArgumentsError(PithError):
    """The arguments of a tool do not fit its schema."""

    code = "invalid-arguments"
    hint = "Correct the arguments named, and call again."
