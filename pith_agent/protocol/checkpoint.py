"""The signed head of a ledger: a checkpoint, which is a C2SP signed note.

Checkpoint: origin, size and root of a ledger, one on a line. Signed note: a text, an empty line,
and lines with signatures. Witnesses and monitors of other transparency logs read both.

Source: docs/reference/ledger-format.md; C2SP signed-note and tlog-checkpoint.
"""

import base64
import binascii
import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar, NoReturn, Self

from nacl.bindings import crypto_core_ed25519_is_valid_point
from nacl.signing import SigningKey

from pith_agent.errors import (
    CheckpointError,
    CheckpointSignatureError,
    LedgerForkError,
    LedgerProofError,
    LedgerRollbackError,
    SettingsError,
    UnknownLedgerError,
)
from pith_agent.protocol.merkle import EMPTY_ROOT, HASH_BYTES, MAX_SIZE, verify_consistency
from pith_agent.protocol.trust import keyid_of, signature_holds

MAX_NOTE_BYTES = 64 << 10
MAX_SIGNATURES = 16
"""Lines with signatures. C2SP asks readers to accept as many as this."""

ED25519 = b"\x01"
"""The kind of a signature, part of what a key id is made of."""

OTHER_PURPOSE = "DSSEv1"
"""How the signed bytes of a citation begin: the same seed may have signed some."""

_CONTROL = r"\x00-\x1f\x7f-\x9f\ud800-\udfff"
_LINE = re.compile(f"[^{_CONTROL}]+")
# Python's \s in text is Unicode's White_Space, and four control characters.
_NAME = re.compile(rf"[^\s+{_CONTROL}]+")
_TEXT = re.compile(rf"(?:[^{_CONTROL}]|\n)*\n")
_SIZE = re.compile("0|[1-9][0-9]{0,18}")


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a ledger. Made or parsed, it may be anybody's: a signature is another matter.

    Raises:
        CheckpointError: The values make no checkpoint.
    """

    origin: str
    """The name of the ledger: `pith-agent.local/21fe31dfa154a261`."""
    size: int
    """How many entries."""
    root: bytes
    """32 bytes: the root of the tree over them."""
    extensions: tuple[str, ...] = ()
    """Further lines, which mean nothing here. We write none."""

    def __post_init__(self) -> None:
        if not all(map(_LINE.fullmatch, (self.origin, *self.extensions))):
            raise CheckpointError("A line of the checkpoint is empty, or no plain text.")
        if self.origin.startswith(OTHER_PURPOSE):
            raise CheckpointError("The checkpoint begins as a signed citation does.")
        if not 0 <= self.size <= MAX_SIZE:
            raise CheckpointError("The size of the checkpoint is not one that a ledger has.")
        if len(self.root) != HASH_BYTES:
            raise CheckpointError("The root of the checkpoint is not 32 bytes.")
        if self.size == 0 and self.root != EMPTY_ROOT:
            raise CheckpointError("The checkpoint of an empty ledger has another root.")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read the text of a checkpoint: what is signed, without signatures.

        Raises:
            CheckpointError: It is not the one spelling of a checkpoint.
        """
        lines = text.split("\n")
        if len(lines) < 4 or lines.pop():
            raise CheckpointError("A checkpoint is three lines or more, each ended by a newline.")
        origin, size, root, *extensions = lines
        if not _SIZE.fullmatch(size):
            raise CheckpointError("The second line of a checkpoint is its size, in plain digits.")
        return cls(origin, int(size), _decode(root), tuple(extensions))

    def text(self) -> str:
        """What is signed."""
        root = base64.b64encode(self.root).decode("ascii")
        return "".join(f"{x}\n" for x in (self.origin, self.size, root, *self.extensions))


@dataclass(frozen=True, slots=True)
class NoteKey:
    """A public key that signs notes under a name. Which ones to believe is the caller's to say.

    Raises:
        SettingsError: It is no name, or no Ed25519 key.
    """

    name: str
    """Of a ledger's key: the origin of the ledger."""
    public: bytes
    """32 bytes."""

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name) or self.name.startswith(OTHER_PURPOSE):
            raise SettingsError(f"{self.name[:80]!a} is no name for a key of checkpoints.")
        # With a key of low order, any signature can be made to hold.
        if len(self.public) != 32 or not crypto_core_ed25519_is_valid_point(self.public):
            raise SettingsError(f"{self.name[:80]!a} has a key that is no Ed25519 public key.")

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a C2SP verifier key: name, key id in hex and key in base64, with `+` between.

        Raises:
            SettingsError: It is none, or its key id is another key's.
        """
        name, _, rest = text.partition("+")
        encoded = rest.partition("+")[2]
        try:
            typed = _decode(encoded)
        except CheckpointError as error:
            raise SettingsError("The key of a checkpoint ends in base64.") from error
        key = cls(name, typed[1:])
        if str(key) != text:
            raise SettingsError(f"{name[:80]!a} has a key of another kind, or another key's id.")
        return key

    @property
    def key_id(self) -> bytes:
        """4 bytes that select the key among those of one name: a hint, never evidence."""
        named = self.name.encode("utf-8") + b"\n" + ED25519 + self.public
        return hashlib.sha256(named).digest()[:4]

    def __str__(self) -> str:
        encoded = base64.b64encode(ED25519 + self.public).decode("ascii")
        return f"{self.name}+{self.key_id.hex()}+{encoded}"


class CheckpointKey:
    """An Ed25519 key that signs checkpoints of one ledger and nothing else.

    It has no way to sign bytes of the caller's choice, and neither prints nor pickles itself. The
    seed may be that of a `CitationKey`: no checkpoint begins as a citation's signed bytes do.
    It remembers nothing: not to sign two histories is the ledger's care.

    Args:
        seed: 32 bytes.
        origin: The name of the ledger, when it is not named after this key.

    Raises:
        SettingsError: The origin cannot be the name of a key.
    """

    __slots__ = ("_key", "verifier")

    SEED_BYTES: ClassVar[int] = 32

    def __init__(self, seed: bytes, origin: str | None = None) -> None:
        self._key = SigningKey(seed)
        public = bytes(self._key.verify_key)
        self.verifier: NoteKey = NoteKey(origin or origin_of(public), public)

    @property
    def origin(self) -> str:
        """The name of the ledger whose checkpoints it signs."""
        return self.verifier.name

    def __repr__(self) -> str:
        return f"<CheckpointKey {self.verifier.name} {self.verifier.key_id.hex()}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a signing key is not copied")


def origin_of(public: bytes) -> str:
    """The name of the ledger that is signed with that key, unless it was given another."""
    return f"pith-agent.local/{keyid_of(public)[:16]}"


def sign_checkpoint(checkpoint: Checkpoint, key: CheckpointKey) -> bytes:
    """Sign a checkpoint: the note, as it is stored and handed out.

    Raises:
        CheckpointError: It is of another ledger than the key's, or longer than a note may be.
    """
    if checkpoint.origin != key.origin:
        raise CheckpointError("The checkpoint is of another ledger than the key signs for.")
    text = checkpoint.text()
    signature = key._key.sign(text.encode("utf-8")).signature
    encoded = base64.b64encode(key.verifier.key_id + signature).decode("ascii")
    note = f"{text}\n— {key.origin} {encoded}\n".encode()
    if len(note) > MAX_NOTE_BYTES:
        raise CheckpointError("The checkpoint is longer than a note may be.")
    return note


@dataclass(frozen=True, slots=True)
class SignedNote:
    """A text, and who of the keys that were asked for signed it. `open_note` makes it."""

    text: str
    signers: tuple[NoteKey, ...]
    """One or more, each once, however often it signed."""


def open_note(data: bytes, keys: Iterable[NoteKey]) -> SignedNote:
    """Read a signed note of which at least one signature is by one of `keys`.

    Total: hostile bytes raise one of the errors below, and no other. Signatures by other keys are
    passed over, as C2SP asks, once their lines are well-formed.

    Args:
        data: The note as it was received.
        keys: Those that the caller trusts. Nothing in the note adds to them.

    Raises:
        CheckpointError: The bytes are no signed note.
        CheckpointSignatureError: A signature that names one of the keys does not hold.
        UnknownLedgerError: No signature names one of them: that refutes nothing.
    """
    text, lines = _divide(data)
    known = tuple(keys)
    signers: dict[NoteKey, None] = {}
    for name, key_id, signature in lines:
        named = [key for key in known if (key.name, key.key_id) == (name, key_id)]
        if not named:
            continue
        holding = [key for key in named if _holds(key, text, signature)]
        if not holding:
            raise CheckpointSignatureError(f"The signature of {name[:80]!a} does not hold.")
        signers.update(dict.fromkeys(holding))
    if not signers:
        raise UnknownLedgerError("The checkpoint is signed by none of the keys that are trusted.")
    return SignedNote(text, tuple(signers))


def open_checkpoint(data: bytes, keys: Iterable[NoteKey]) -> Checkpoint:
    """Read a checkpoint that is signed by the ledger's own key, which is one of `keys`.

    A key is good for the ledger of its name only. Other keys of `keys` may have signed besides.

    Raises:
        CheckpointError: The bytes are no signed checkpoint.
        CheckpointSignatureError: As `open_note`.
        UnknownLedgerError: No signature is by a key of that ledger among `keys`.
    """
    note = open_note(data, keys)
    checkpoint = Checkpoint.parse(note.text)
    if checkpoint.origin not in {key.name for key in note.signers}:
        raise UnknownLedgerError("The checkpoint is signed by trusted keys of other ledgers only.")
    return checkpoint


def claimed_checkpoint(data: bytes) -> tuple[Checkpoint, frozenset[tuple[str, bytes]]]:
    """What a note says, and the names and key ids on its signatures, of which none was checked.

    It tells which keys to open the note with.

    Raises:
        CheckpointError: The bytes are no checkpoint.
    """
    text, lines = _divide(data)
    return Checkpoint.parse(text), frozenset((name, key_id) for name, key_id, _ in lines)


def advances(pinned: Checkpoint, new: Checkpoint, proof: Sequence[bytes]) -> None:
    """Check that the ledger at `new` has all that it had at `pinned`, in the same order.

    Args:
        pinned: The newest checkpoint known before, kept where the ledger is not.
        new: The checkpoint to believe next. Its signature is checked: see `open_checkpoint`.
        proof: From the size of `pinned` to that of `new`, see `merkle.consistency_proof`.

    Raises:
        LedgerRollbackError: `new` is of a shorter ledger.
        LedgerForkError: `new` is of another ledger, or of one with another history.
        LedgerProofError: Both are the same, and the proof is not empty.
    """
    if new.origin != pinned.origin:
        raise LedgerForkError("The checkpoint is of another ledger than the one known before.")
    if new.size < pinned.size:
        raise LedgerRollbackError(f"The ledger had {pinned.size} entries, and now has {new.size}.")
    try:
        verify_consistency(pinned.size, pinned.root, new.size, new.root, proof)
    except LedgerProofError as error:
        if (new.size, new.root) == (pinned.size, pinned.root):
            raise  # The ledger is as it was: this is no fork, whatever the proof is.
        raise LedgerForkError(
            f"The ledger of {new.size} entries does not begin with the {pinned.size} known before."
        ) from error


def _divide(data: bytes) -> tuple[str, list[tuple[str, bytes, bytes]]]:
    """The text, and of each signature the name, the key id and the signature."""
    if len(data) > MAX_NOTE_BYTES:
        raise CheckpointError("The note is longer than 64 KiB.")
    try:
        whole = data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise CheckpointError("The note is not UTF-8.") from error
    if not _TEXT.fullmatch(whole):
        raise CheckpointError("The note has a control character, or does not end in a newline.")
    # The last empty line divides: a text may have empty lines too.
    text, divider, signatures = whole.rpartition("\n\n")
    lines = signatures.split("\n")[:-1]
    if not divider:
        raise CheckpointError("The note has no empty line between text and signatures.")
    if not 1 <= len(lines) <= MAX_SIGNATURES:
        raise CheckpointError("The note has no signatures, or more than 16.")
    return f"{text}\n", [_signature(line) for line in lines]


def _signature(line: str) -> tuple[str, bytes, bytes]:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    if dash != "—" or not _NAME.fullmatch(name):
        raise CheckpointError("A signature is an em dash, a name and base64, one space between.")
    raw = _decode(encoded)
    if len(raw) < 5:
        raise CheckpointError("A signature of the note is too short for a key id.")
    return name, raw[:4], raw[4:]


def _holds(key: NoteKey, text: str, signature: bytes) -> bool:
    encoded = base64.b64encode(signature).decode("ascii")
    return signature_holds(key.public, text.encode("utf-8"), encoded)


def _decode(text: str) -> bytes:
    """Base64 in its one spelling: no bit of the text is free."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise CheckpointError("The checkpoint has base64 that cannot be read.") from error
    if base64.b64encode(raw).decode("ascii") != text:
        raise CheckpointError("The checkpoint has base64 in another spelling than the usual.")
    return raw
