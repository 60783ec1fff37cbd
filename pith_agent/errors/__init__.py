"""Every deliberate error: what happened, a stable code, and what to do next.

PithError
├── IdentifierError            the text names no paper
├── DocumentError              the bytes are no record, bundle or compact record
│   ├── JsonError
│   ├── DocumentTooLargeError
│   └── CanonicalFormError
├── VerificationError          a check refuted the document
│   ├── DigestMismatchError … EquivocationError
│   └── UndecidableError       nothing is refuted, but something cannot be proved
│       └── NoReceiptError … UnprovableAliasError
├── CitationError              a signed citation does not hold
├── LookupFailedError          every source answered, and no single record came of it
│   ├── NotFoundError
│   └── AmbiguousError
├── UnreachableError           a source was not asked or did not answer: nothing is known
│   └── OfflineError, RateLimitedError, ResponseError, UnsafeRedirectError
├── StorageError               the local store, ledger or key directory
│   └── StoreDamagedError, StoreUnavailableError
├── SigningKeyError            the key that citations are signed with
│   └── NoSigningKeyError, UnsafeKeyFileError
├── SettingsError              an option or environment variable
└── ArgumentsError             the arguments of a tool
"""

from pith_agent.errors.citation import (
    CitationError,
    CitationNotCanonicalError,
    CitedRecordError,
    ClaimMismatchError,
    FutureCitationError,
    StatementError,
    UnknownClaimError,
    UnknownSignerError,
)
from pith_agent.errors.document import (
    CanonicalFormError,
    DocumentError,
    DocumentTooLargeError,
    IdentifierError,
    JsonError,
    ShortIdentifierError,
)
from pith_agent.errors.local import (
    ArgumentsError,
    NoSigningKeyError,
    SettingsError,
    SigningKeyError,
    StorageError,
    StoreDamagedError,
    StoreUnavailableError,
    UnsafeKeyFileError,
)
from pith_agent.errors.lookup import (
    AmbiguousError,
    LookupFailedError,
    NotFoundError,
    OfflineError,
    RateLimitedError,
    ResponseError,
    UnreachableError,
    UnsafeRedirectError,
)
from pith_agent.errors.root import PithError
from pith_agent.errors.verification import (
    AbstractMismatchError,
    AliasMismatchError,
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
    UndecidableError,
    UnknownKeyError,
    UnprovableAliasError,
    UnsupportedReceiptError,
    UnsupportedSchemaError,
    VerificationError,
    YearMismatchError,
)

__all__ = [
    "AbstractMismatchError",
    "AliasMismatchError",
    "AmbiguousError",
    "ArgumentsError",
    "CanonicalFormError",
    "CitationError",
    "CitationNotCanonicalError",
    "CitedRecordError",
    "ClaimMismatchError",
    "DigestMismatchError",
    "DocumentError",
    "DocumentTooLargeError",
    "DuplicateMismatchError",
    "EquivocationError",
    "FutureCitationError",
    "IdMismatchError",
    "IdentifierError",
    "InvalidSignatureError",
    "JsonError",
    "LookupFailedError",
    "NoReceiptError",
    "NoSigningKeyError",
    "NotFoundError",
    "NumberMismatchError",
    "OfflineError",
    "PithError",
    "RateLimitedError",
    "ResponseError",
    "RevokedKeyError",
    "RollbackError",
    "SettingsError",
    "ShortIdentifierError",
    "SigningKeyError",
    "SnapshotMismatchError",
    "StatementError",
    "StorageError",
    "StoreDamagedError",
    "StoreUnavailableError",
    "TitleMismatchError",
    "UndecidableError",
    "UnknownClaimError",
    "UnknownKeyError",
    "UnknownSignerError",
    "UnprovableAliasError",
    "UnreachableError",
    "UnsafeKeyFileError",
    "UnsafeRedirectError",
    "UnsupportedReceiptError",
    "UnsupportedSchemaError",
    "VerificationError",
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
