"""Where this machine signs: its keys, its ledger, and whose signatures it accepts.

Loaded when it is needed: most calls neither sign nor look at what was signed.
"""

import shlex
import threading
from datetime import UTC, datetime
from functools import partial

from pith_agent.errors import KeyRetiredError, NoSigningKeyError, SigningKeyError
from pith_agent.protocol.checkpoint import NoteKey, claimed_checkpoint
from pith_agent.protocol.citation import CitationKey
from pith_agent.protocol.citation_signer import Signer
from pith_agent.protocol.envelope_check import CLOCK_SKEW, signed_with
from pith_agent.protocol.moment import parse_time
from pith_agent.settings import Settings
from pith_agent.storage.key_sources import KeyOpener
from pith_agent.storage.keys import Ask, UnusableKey, key_path, read_key_file, survey_keys
from pith_agent.storage.ledger import Ledger
from pith_agent.storage.private_file import check_private_directory
from pith_agent.storage.signers import as_signer, read_revoked, read_signers, read_withdrawn


class SigningDesk:
    """The keys and the ledger of one home. Several threads may use it."""

    def __init__(self, settings: Settings, passphrase: Ask | None) -> None:
        """Open nothing yet; `passphrase` asks a person for that of a key file."""
        self.settings = settings
        self._opener = KeyOpener(settings.passphrase_file, passphrase)
        self._publics = partial(own_publics, settings)
        self.ledger = Ledger.reading(settings.ledger_path, self._publics)
        """For reading. Only signing writes, and begins it."""
        self._written: Ledger | None = None
        self._lock = threading.Lock()

    def key(self) -> CitationKey:
        """The key to sign with; see `signing_key` for what it raises."""
        return signing_key(self.settings, self._opener)

    def writable(self) -> Ledger:
        """The ledger, for appending.

        Raises:
            StorageError: It cannot be opened or begun.
        """
        with self._lock:
            if self._written is None:
                self._written = Ledger.open(self.settings.ledger_path, self._publics)
            return self._written

    def first_seen(self, citation_id: str, public: bytes) -> datetime | None:
        """When this machine logged a citation with a signature by a key; `None` if it did not."""
        for entry in self.ledger.all_of(citation_id):
            if signed_with(entry.envelope, public):
                return parse_time(entry.logged_at)
        return None

    def head(self) -> bytes:
        """The signed head of the ledger, with all its entries.

        It is signed now, where it was not yet, or by a key that was revoked since: nobody would
        believe that one.

        Raises:
            SigningKeyError: It has to be signed, and there is no key that may.
            StorageError: The ledger cannot be read or written.
        """
        note = self.ledger.head()
        if note is None or self._is_disowned(note):
            note = self.writable().sign_head(self.key())
        return note

    def _is_disowned(self, note: bytes) -> bool:
        """Whether a head of this machine's is signed by keys that were revoked, and no other."""
        said, named = claimed_checkpoint(note)
        revoked = [
            signer.distrust_after is not None
            for signer in known_signers(self.settings)
            if signer.own and (said.origin, NoteKey(said.origin, signer.public).key_id) in named
        ]
        return any(revoked) and all(revoked)

    def close(self) -> None:
        """Close the ledger."""
        self.ledger.close()
        if self._written is not None:
            self._written.close()


def signing_key(settings: Settings, opener: KeyOpener) -> CitationKey:
    """The key that this machine signs with: a key file, or else that of `PITH_AGENT_KEY`.

    Raises:
        NoSigningKeyError: There is none; the hint says how to make one there.
        KeyRetiredError: It was retired or revoked.
        SigningKeyError: It cannot be used.
    """
    named = settings.key_file
    try:
        if named is None:
            check_private_directory(settings.key_directory)
        key = opener.open(named or key_path(settings.key_directory))
    except NoSigningKeyError as error:
        if named is None and settings.agent_key is not None:
            return _not_revoked(settings.agent_key, settings)
        raise NoSigningKeyError(error.message, hint=_where_a_key_is(settings)) from error
    return _not_revoked(key, settings)


def _where_a_key_is(settings: Settings) -> str:
    """What to do where the key that signs is not there."""
    if settings.key_file is not None:
        return "Point PITH_KEY_FILE at a key file, or unset it."
    try:
        found, _ = survey_keys(settings.key_directory)
    except SigningKeyError:  # There is no such directory.
        found = []
    if others := [entry for entry in found if entry.retired_at is None]:
        names = ", ".join(entry.name for entry in others)
        path = shlex.quote(str(others[0].path))
        return f"Name one with --key: {names}; or point PITH_KEY_FILE at its file, as {path}."
    # The shell in which the command is run may know of no other home than the default.
    return f"Make one with 'pith-agent keys new --home {shlex.quote(str(settings.home))}'."


def known_signers(settings: Settings) -> list[Signer]:
    """The keys whose citations this machine accepts: its own, old ones too, and trusted ones.

    A key file that cannot be used adds none; `unusable_keys` tells.

    Raises:
        UnsafeKeyFileError: A list of keys can be written by others.
        StoreDamagedError: A list of keys is damaged.
    """
    own, _ = _own_keys(settings)
    listed = read_withdrawn(settings.home)
    revoked = {key.raw: parse_time(key.distrust_after) for key in listed.revoked}
    # A rotation that was cut off, or a key that was imported again: that key still signs.
    active = {public for _, public, retired_at in own if retired_at is None}
    retired = {key.raw: key.retired_at for key in listed.retired if key.raw not in active}
    # A key file may be damaged or gone; what was said of its key holds on.
    held = {public for _, public, _ in own}
    gone = {key.raw: key.name for key in listed.retired}
    gone |= {key.raw: key.name for key in listed.revoked}
    own += [(name, public, None) for public, name in gone.items() if public not in held]
    signers = [
        Signer(
            name=name,
            public=public,
            own=True,
            until=_end(min(filter(None, (retired_at, retired.get(public))), default=None)),
            distrust_after=revoked.get(public),
        )
        for name, public, retired_at in own
    ]
    return signers + [as_signer(trusted) for trusted in read_signers(settings.home)]


def unusable_keys(settings: Settings) -> list[UnusableKey]:
    """The key files of this machine, or the whole directory of them, that cannot be used."""
    _, unusable = _own_keys(settings)
    return unusable


def _own_keys(
    settings: Settings,
) -> tuple[list[tuple[str, bytes, str | None]], list[UnusableKey]]:
    """Name, raw public key and time of retirement of each key; and what is no key."""
    try:
        entries, unusable = survey_keys(settings.key_directory)
    except SigningKeyError as error:
        entries, unusable = [], [UnusableKey(settings.key_directory, error)]
    own = [(entry.name, entry.public, entry.retired_at) for entry in entries]
    if settings.key_file is not None:
        try:
            file = read_key_file(settings.key_file)
        except SigningKeyError as error:
            unusable.append(UnusableKey(settings.key_file, error))
        else:
            own.append((settings.key_file.stem, file.public, file.retired_at))
    if settings.agent_key is not None:
        own.append(("PITH_AGENT_KEY", settings.agent_key.public, None))
    return own, unusable


def own_publics(settings: Settings) -> list[bytes]:
    """The raw public keys of this machine, old ones too.

    Raises:
        SigningKeyError, StoreDamagedError: As `known_signers`.
    """
    return [signer.public for signer in known_signers(settings) if signer.own]


def _end(retired_at: str | None) -> datetime | None:
    """What was begun with a key while it was retired still counts."""
    time = parse_time(retired_at)
    if time is None or time > datetime.max.replace(tzinfo=UTC) - CLOCK_SKEW:
        return time
    return time + CLOCK_SKEW


def _not_revoked(key: CitationKey, settings: Settings) -> CitationKey:
    if any(revoked.raw == key.public for revoked in read_revoked(settings.home)):
        raise KeyRetiredError(f"The key {key.keyid[:16]} was revoked.")
    return key
