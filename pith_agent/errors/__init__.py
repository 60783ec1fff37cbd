"""Every deliberate error: what happened, a stable code, and what to do next.

PithError
├── IdentifierError            the text names no paper
│   └── ShortIdentifierError, ConflictingIdentifiersError, FileError
├── DocumentError              the bytes are no record, bundle or compact record
│   ├── JsonError
│   ├── DocumentTooLargeError, LockError
│   └── CanonicalFormError
├── VerificationError          a check refuted the document
│   ├── DigestMismatchError … EquivocationError, ClaimedTitleError
│   ├── TitleUnconfirmedError … YearHintError    only mentioned, unless the policy is strict
│   ├── UndecidableError       nothing is refuted, but something cannot be proved
│   │   ├── NoReceiptError … UnprovableAliasError
│   │   └── UnknownSignerError, UnknownLedgerError, CitingUnboundError
│   └── CitationError          a signed citation does not hold
│       ├── CitationNotCanonicalError … UnknownClaimError
│       ├── CitationRetractedError … NotYourCitationError
│       ├── RevokedSignerError … ExpiredSignerError
│       ├── LedgerProofError … InclusionNotCheckedError
│       └── BundleError, CitingMismatchError, AlreadySignedError
├── LookupFailedError          every source answered, and no single record came of it
│   ├── NotFoundError
│   └── AmbiguousError
├── UnreachableError           a source was not asked or did not answer: nothing is known
│   └── OfflineError, UnlockedError, RateLimitedError, ResponseError, UnsafeRedirectError
├── StorageError               the local store, ledger or key directory
│   └── StoreDamagedError, StoreUnavailableError
├── SigningKeyError            the key that citations are signed with
│   └── NoSigningKeyError … KeyRetiredError
├── SettingsError              an option or environment variable
│   └── PolicyError
└── ArgumentsError             what a caller passed
    └── DigestFormError
"""

from pith_agent.errors.citation import (
    AlreadyRetractedError,
    AlreadySignedError,
    BundleError,
    CheckpointError,
    CheckpointSignatureError,
    CitationError,
    CitationNotCanonicalError,
    CitationRetractedError,
    CitationSupersededError,
    CitationTooOldError,
    CitedRecordError,
    CitingMismatchError,
    CitingNotCheckedError,
    CitingUnboundError,
    ClaimMismatchError,
    DuplicateCitationError,
    FutureCitationError,
    InclusionNotCheckedError,
    LedgerForkError,
    LedgerProofError,
    LedgerRollbackError,
    NotYourCitationError,
    QuoteMismatchError,
    RelationshipError,
    RequestError,
    SnapshotChangedError,
    StatementError,
    ThresholdError,
    UnknownClaimError,
    UnknownLedgerError,
    UnknownSignerError,
    UnknownStatementError,
)
from pith_agent.errors.document import (
    CanonicalFormError,
    ConflictingIdentifiersError,
    DocumentError,
    DocumentTooLargeError,
    FileError,
    IdentifierError,
    JsonError,
    LockError,
    ShortIdentifierError,
)
from pith_agent.errors.local import (
    ArgumentsError,
    DigestFormError,
    ExpiredSignerError,
    KeyRetiredError,
    NoKeyringError,
    NoPassphraseError,
    NoSigningKeyError,
    PolicyError,
    RevokedLaterError,
    RevokedSignerError,
    SettingsError,
    SigningKeyError,
    StorageError,
    StoreDamagedError,
    StoreUnavailableError,
    UnsafeKeyFileError,
    WrongPassphraseError,
)
from pith_agent.errors.lookup import (
    AmbiguousError,
    LookupFailedError,
    NotFoundError,
    OfflineError,
    RateLimitedError,
    ResponseError,
    UnlockedError,
    UnreachableError,
    UnsafeRedirectError,
)
from pith_agent.errors.root import PithError
from pith_agent.errors.verification import (
    AbstractMismatchError,
    AbstractUnconfirmedError,
    AliasMismatchError,
    ClaimedTitleError,
    DigestMismatchError,
    DuplicateMismatchError,
    EquivocationError,
    IdMismatchError,
    InvalidSignatureError,
    NoReceiptError,
    NumberMismatchError,
    RevokedKeyError,
    RollbackError,
    SnapshotMismatchError,
    TitleMismatchError,
    TitleUnconfirmedError,
    UndecidableError,
    UnknownKeyError,
    UnprovableAliasError,
    UnsupportedReceiptError,
    UnsupportedSchemaError,
    VerificationError,
    YearHintError,
    YearMismatchError,
)

__all__ = [
    "AbstractMismatchError",
    "AbstractUnconfirmedError",
    "AliasMismatchError",
    "AlreadyRetractedError",
    "AlreadySignedError",
    "AmbiguousError",
    "ArgumentsError",
    "BundleError",
    "CanonicalFormError",
    "CheckpointError",
    "CheckpointSignatureError",
    "CitationError",
    "CitationNotCanonicalError",
    "CitationRetractedError",
    "CitationSupersededError",
    "CitationTooOldError",
    "CitedRecordError",
    "CitingMismatchError",
    "CitingNotCheckedError",
    "CitingUnboundError",
    "ClaimMismatchError",
    "ClaimedTitleError",
    "ConflictingIdentifiersError",
    "DigestFormError",
    "DigestMismatchError",
    "DocumentError",
    "DocumentTooLargeError",
    "DuplicateCitationError",
    "DuplicateMismatchError",
    "EquivocationError",
    "ExpiredSignerError",
    "FileError",
    "FutureCitationError",
    "IdMismatchError",
    "IdentifierError",
    "InclusionNotCheckedError",
    "InvalidSignatureError",
    "JsonError",
    "KeyRetiredError",
    "LedgerForkError",
    "LedgerProofError",
    "LedgerRollbackError",
    "LockError",
    "LookupFailedError",
    "NoKeyringError",
    "NoPassphraseError",
    "NoReceiptError",
    "NoSigningKeyError",
    "NotFoundError",
    "NotYourCitationError",
    "NumberMismatchError",
    "OfflineError",
    "PithError",
    "PolicyError",
    "QuoteMismatchError",
    "RateLimitedError",
    "RelationshipError",
    "RequestError",
    "ResponseError",
    "RevokedKeyError",
    "RevokedLaterError",
    "RevokedSignerError",
    "RollbackError",
    "SettingsError",
    "ShortIdentifierError",
    "SigningKeyError",
    "SnapshotChangedError",
    "SnapshotMismatchError",
    "StatementError",
    "StorageError",
    "StoreDamagedError",
    "StoreUnavailableError",
    "ThresholdError",
    "TitleMismatchError",
    "TitleUnconfirmedError",
    "UndecidableError",
    "UnknownClaimError",
    "UnknownKeyError",
    "UnknownLedgerError",
    "UnknownSignerError",
    "UnknownStatementError",
    "UnlockedError",
    "UnprovableAliasError",
    "UnreachableError",
    "UnsafeKeyFileError",
    "UnsafeRedirectError",
    "UnsupportedReceiptError",
    "UnsupportedSchemaError",
    "VerificationError",
    "WrongPassphraseError",
    "YearHintError",
    "YearMismatchError",
    "error_class",
]


def error_class(code: str) -> type[PithError]:
    """The class that owns `code`; `PithError` itself for a code that no class owns."""
    return _OWNERS.get(code, PithError)


def _owners() -> dict[str, type[PithError]]:
    found: dict[str, type[PithError]] = {}
    waiting = [PithError]
    while waiting:
        error = waiting.pop()
        found[error.code] = error
        waiting.extend(error.__subclasses__())
    return found


_OWNERS = _owners()
