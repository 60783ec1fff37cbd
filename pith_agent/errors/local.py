"""This machine: store, ledger, keys, settings."""

from pith_agent.errors.citation import CitationError
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


class NoPassphraseError(SigningKeyError):
    """The key is encrypted, and no passphrase can be had."""

    code = "no-passphrase"
    hint = (
        "Put the passphrase in a file of mode 600 and name it with PITH_PASSPHRASE_FILE,"
        " or use a key in the keyring or one made with --no-passphrase."
    )


class WrongPassphraseError(SigningKeyError):
    """The passphrase does not open the key."""

    code = "wrong-passphrase"
    hint = "Give the passphrase that the key was made with."


class NoKeyringError(SigningKeyError):
    """The keyring of the system cannot be used."""

    code = "no-keyring"
    hint = "Install 'pith-agent[keyring]' and unlock a keyring, or keep the key in a file."


class KeyRetiredError(SigningKeyError):
    """The key was retired or revoked, so nothing is signed with it."""

    code = "key-retired"
    hint = "Make a new key with 'pith-agent keys rotate', or name another one."


class RevokedSignerError(CitationError):
    """The citation is signed by a key that was revoked by then."""

    code = "revoked-signer"
    hint = "Do not accept this citation: somebody else may have signed it."


class RevokedLaterError(CitationError):
    """The signer's key was revoked after the time that the citation states."""

    code = "revoked-later"
    hint = "Find out by another way that the citation is older than the revocation."


class ExpiredSignerError(CitationError):
    """The citation is dated after the last day on which its signer was trusted."""

    code = "expired-signer"
    hint = "Ask the signer for the new public key, and trust that one."


class SettingsError(PithError):
    """An option or environment variable."""

    code = "invalid-setting"
    hint = "Correct the option or variable named above."


class PolicyError(SettingsError):
    """The policy for signed citations cannot be used."""

    code = "malformed-policy"
    hint = (
        "Correct the rules named: https://pith-agent.readthedocs.io/reference/citation-policy.html."
    )


class ArgumentsError(PithError):
    """The arguments of a tool do not fit its schema."""

    code = "invalid-arguments"
    hint = "Correct the arguments named, and call again."


class DigestFormError(ArgumentsError):
    """The digest of the document that cites is no SHA-256 in its one spelling."""

    code = "invalid-digest"
    hint = "Give the SHA-256 of the file as sha256sum prints it: 64 digits of 0-9 and a-f."
