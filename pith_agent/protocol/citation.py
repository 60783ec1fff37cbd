"""A signed citation: an in-toto Statement in a DSSE envelope. The other statements build on it.

The payload is canonical JSON, and the signed bytes begin with `DSSEv1`, so that a citation can
never pass for a receipt, nor a receipt for a citation.

Source: docs/reference/citation.md.
"""

import base64
import hashlib
from typing import (
    TYPE_CHECKING,
    Annotated,
    ClassVar,
    Final,
    Literal,
    NoReturn,
    Self,
    TypeAlias,
    get_args,
)

from nacl.signing import SigningKey
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)

from pith_agent.protocol.canon import canonical_bytes
from pith_agent.protocol.trust import keyid_of

if TYPE_CHECKING:
    from pith_agent.protocol.checkpoint import CheckpointKey

MAX_PAYLOAD_BYTES = 48_000
"""Of a statement: in base64, with its signature, it fits in an envelope of 64 KiB."""

MAX_QUOTE = 20_000
"""Characters of a quote, in NFC."""

ID_START = "pcite:"
"""A citation id is this and the SHA-256 of the payload, 64 hex digits."""

MAX_SIGNATURES = 16
"""Of one envelope."""

PAYLOAD_TYPE: Final = "application/vnd.in-toto+json"
STATEMENT_TYPE: Final = "https://in-toto.io/Statement/v1"
PREDICATE_TYPE: Final = "https://pith-agent.dev/attestation/citation/v1"

Relationship: TypeAlias = Literal[
    "supports",
    "refutes",
    "extends",
    "uses_method",
    "depends_on",
    "replaces",
    "compares",
    "cites",
]
RELATIONSHIPS: tuple[str, ...] = get_args(Relationship)

# pydantic's `$` is the end of the text: unlike Python's, it takes no trailing newline.
Hex64 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
Line = Annotated[
    str, StringConstraints(min_length=1, max_length=500, pattern=r"^[^\x00-\x1f\x7f]+$")
]
CitationId = Annotated[str, StringConstraints(pattern=r"^pcite:[0-9a-f]{64}$")]
Nonce = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]{22}$")]
Time = Annotated[
    str, StringConstraints(pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$")
]


class Part(BaseModel):
    """A part of a statement. Unknown fields are refused: they would be signed unread."""

    model_config = ConfigDict(
        frozen=True, extra="forbid", strict=True, populate_by_name=True, defer_build=True
    )


class Digest(Part):
    """The SHA-256 of something, 64 hex digits."""

    sha256: Hex64


class Subject(Part):
    """The cited record: its full Pith Number and full digest."""

    name: Annotated[str, StringConstraints(pattern=r"^pith:[0-9]{4}:[A-Z2-7]{26}$")]
    digest: Digest


class CitedSource(Part):
    kind: Line
    id: Line
    version: int


class CitedReceipt(Part):
    key_fingerprint: Hex64
    """SHA-256 of the registry's key."""
    signature_sha256: Hex64
    """SHA-256 of the 64 bytes of the receipt's signature."""


class Cited(Part):
    """Copied from the signed record and its receipt."""

    source: CitedSource
    receipt: CitedReceipt


class Citing(Part):
    """What cites: the document, and where in it."""

    kind: Literal["document", "code", "dataset", "pith", "agent_output"]
    id: Line
    digest: Digest | None = None
    """SHA-256 of the citing document. Only `agent_output` may be without."""
    locator: Line | None = None
    """Where in the document: `docs/index.rst:12`."""

    @model_validator(mode="after")
    def _is_fixed(self) -> Self:
        if self.digest is None and self.kind != "agent_output":
            raise ValueError(
                f"a {self.kind} is cited from by digest; only agent_output may lack it"
            )
        return self


Page: TypeAlias = Annotated[int, Field(ge=1, le=1_000_000)]
Words: TypeAlias = Annotated[str, StringConstraints(min_length=1, max_length=MAX_QUOTE)]


class Claim(Part):
    """A claim of the cited record."""

    id: Line
    text_sha256: Hex64
    """Of the claim's text in NFC with white space as one space."""
    snapshot_sha256: Hex64 | None = None
    """The snapshot hash of the claims, when the record has them whole."""


class Quote(Part):
    """Words quoted from the paper. The words themselves stay with the signer, unless asked for."""

    sha256: Hex64
    text: Words | None = None
    """The words as they are hashed: in NFC, white space as one space."""
    normalization: Literal["nfc+ws1"] = "nfc+ws1"
    length: int
    """Characters after normalisation."""
    page: Page | None = None
    section: Line | None = None


class Agent(Part):
    """Who says so. A claim of the signer, not a proof."""

    name: Line
    version: Line
    model: Line | None = None
    session: Line | None = None
    on_behalf_of: Line | None = None


class Checked(Part):
    """What the signer knew of the record when signing."""

    verdict: Literal["verified"]
    policy: Line
    checked_at: Time | None = None


class After(Part):
    """The last checkpoint of the signer's ledger when signing."""

    origin: Line
    size: Annotated[int, Field(ge=0)]
    root: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9+/]{43}=$")]
    """32 bytes, base64."""


class Predicate(Part):
    """What is said about the cited record."""

    relationship: Relationship
    cited: Cited
    citing: Citing
    claim: Claim | None = None
    quote: Quote | None = None
    statement: Annotated[str, StringConstraints(max_length=2000)] | None = None
    agent: Agent
    verification: Checked
    created_at: Time
    """When the signer says this was signed. A claim, not a proof of time."""
    nonce: Nonce
    """16 random bytes, base64url."""
    after: After | None = None
    supersedes: CitationId | None = None
    """An earlier citation by the same signer, in whose place this one is."""


class InTotoStatement(Part):
    """What all statements have that this package signs and reads."""

    type_: Literal["https://in-toto.io/Statement/v1"] = Field(STATEMENT_TYPE, alias="_type")

    def payload(self) -> bytes:
        """The canonical bytes that are signed."""
        return canonical_bytes(self.model_dump(mode="json", by_alias=True, exclude_none=True))


class Statement(InTotoStatement):
    """A citation: an in-toto Statement v1 with exactly one subject."""

    subject: Annotated[tuple[Subject, ...], Field(min_length=1, max_length=1)]
    predicate_type: Literal["https://pith-agent.dev/attestation/citation/v1"] = Field(
        PREDICATE_TYPE, alias="predicateType"
    )
    predicate: Predicate


class Signature(Part):
    keyid: Hex64
    """SHA-256 of the signer's key: a hint that selects, never evidence."""
    sig: str
    """64 bytes, base64."""


class Envelope(Part):
    """A DSSE envelope."""

    payload: str
    """Canonical JSON of a statement, base64."""
    payload_type: Literal["application/vnd.in-toto+json"] = Field(PAYLOAD_TYPE, alias="payloadType")
    signatures: Annotated[tuple[Signature, ...], Field(min_length=1, max_length=MAX_SIGNATURES)]

    @property
    def payload_bytes(self) -> bytes:
        """The signed payload."""
        return base64.b64decode(self.payload)

    @property
    def citation_id(self) -> str:
        """`pcite:` and SHA-256 of the payload: the name of the citation."""
        return f"{ID_START}{hashlib.sha256(self.payload_bytes).hexdigest()}"

    def canonical(self) -> bytes:
        """The envelope as the ledger keeps it."""
        return canonical_bytes(self.model_dump(mode="json", by_alias=True))


class CitationKey:
    """An Ed25519 key that signs statements of this package and nothing else.

    It has no way to sign bytes of the caller's choice, and neither prints nor pickles itself.
    Python cannot wipe memory: the seed may stay in it until the process ends.
    """

    __slots__ = ("_key", "public")

    SEED_BYTES: ClassVar[int] = 32

    def __init__(self, seed: bytes) -> None:
        self._key = SigningKey(seed)
        self.public: bytes = bytes(self._key.verify_key)

    @property
    def keyid(self) -> str:
        """SHA-256 of the public key, 64 hex digits."""
        return keyid_of(self.public)

    def sign(self, statement: InTotoStatement) -> Envelope:
        """Sign a statement."""
        payload = statement.payload()
        signature = self._key.sign(pae(payload)).signature
        return Envelope(
            payload=base64.b64encode(payload).decode("ascii"),
            signatures=(
                Signature(keyid=self.keyid, sig=base64.b64encode(signature).decode("ascii")),
            ),
        )

    def checkpoint_key(self, origin: str | None = None) -> "CheckpointKey":
        """The same key for the checkpoints of a ledger, of which `origin` is the name.

        Raises:
            SettingsError: The origin cannot be the name of a key.
        """
        # Imported here: who only reads or verifies citations signs no checkpoint.
        from pith_agent.protocol.checkpoint import CheckpointKey  # noqa: PLC0415

        return CheckpointKey(bytes(self._key), origin)

    def __repr__(self) -> str:
        return f"<CitationKey {self.keyid[:16]}>"

    def __reduce__(self) -> NoReturn:
        raise TypeError("a signing key is not copied")


def pae(payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding of a payload: the bytes that are signed."""
    kind = PAYLOAD_TYPE.encode("ascii")
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)
