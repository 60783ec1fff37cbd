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
└── SettingsError              an option or environment variable
"""

from typing import ClassVar


class PithError(Exception):
    """Base of every deliberate error.

    `code` is public API: stable, unique, kebab-case.
    `hint` is one imperative sentence: what to do next.
    """

    code: ClassVar[str] = "pith-error"
    hint: ClassVar[str] = ""

    def __str__(self) -> str:
        return " ".join(filter(None, [super().__str__(), f"[{self.code}]", self.hint]))

    @property
    def message(self) -> str:
        """What happened, without code and hint."""
        return super().__str__()


def error_class(code: str) -> type[PithError]:
    """The class that owns `code`; `PithError` itself for a code that no class owns."""
    return _OWNERS.get(code, PithError)


# --- What was typed or sent -------------------------------------------------------------


class IdentifierError(PithError):
    """The text is no Pith Number, arXiv id, DOI, or URL of one."""

    code = "invalid-identifier"
    hint = "Give a Pith Number, an arXiv id, a DOI, or a URL of one of them."


class DocumentError(PithError):
    """The JSON is no record, bundle or compact record."""

    code = "malformed-document"
    hint = "Give a record, a bundle, or an object with canonical_record and receipt."


class JsonError(DocumentError):
    """The bytes are not the strict JSON that can be hashed without ambiguity."""

    code = "malformed-json"
    hint = "Fetch the document again, and do not pass it through a program that rewrites JSON."


class DocumentTooLargeError(DocumentError):
    """The document is larger than any genuine one."""

    code = "document-too-large"
    hint = "Do not use this document: records are at most 1 MiB, bundles 8 MiB."


class CanonicalFormError(DocumentError):
    """The value has no single canonical serialisation."""

    code = "canonical-ambiguous"
    hint = "Do not use this record: two programs could hash it differently."


# --- What the checks say ----------------------------------------------------------------


class VerificationError(PithError):
    """A check refuted the document."""

    code = "verification-failed"
    hint = "Do not cite this record."


class DigestMismatchError(VerificationError):
    """The canonical record does not hash to the digest that the document states."""

    code = "digest-mismatch"
    hint = "Do not cite this record: its content is not what was hashed and signed."


class NumberMismatchError(VerificationError):
    """The Pith Number is not the one that the canonical record hashes to."""

    code = "number-mismatch"
    hint = "Do not cite this record under that Pith Number."


class YearMismatchError(VerificationError):
    """The year in the Pith Number is not the year of the first submission."""

    code = "year-mismatch"
    hint = "Use the Pith Number with the year of metadata.submitted_at."


class DuplicateMismatchError(VerificationError):
    """A field that repeats a signed value says something else."""

    code = "duplicate-mismatch"
    hint = "Do not show this document: it contradicts what was signed."


class AliasMismatchError(VerificationError):
    """An alias names another paper than the signed source."""

    code = "alias-mismatch"
    hint = "Do not follow this alias: it belongs to another paper."


class InvalidSignatureError(VerificationError):
    """The signature is not the trusted key's signature over this content."""

    code = "invalid-signature"
    hint = "Do not trust this document: fetch it again from the registry."


class RevokedKeyError(VerificationError):
    """The receipt was made with a key that the trust root has revoked."""

    code = "revoked-key"
    hint = "Fetch the record again: the registry may have signed it anew."


class TitleMismatchError(VerificationError):
    """The title shown does not hash to the signed title hash."""

    code = "title-mismatch"
    hint = "Do not show this title: it is not the title that was signed."


class AbstractMismatchError(VerificationError):
    """The abstract does not hash to the signed abstract hash."""

    code = "abstract-mismatch"
    hint = "Do not quote this abstract: it is not the abstract that was signed."


class SnapshotMismatchError(VerificationError):
    """The items do not hash to the snapshot hash beside them."""

    code = "snapshot-mismatch"
    hint = "Do not cite the claims of this record: they changed after the snapshot."


class IdMismatchError(VerificationError):
    """The record is genuine or not, but it is not the one that was asked for."""

    code = "id-mismatch"
    hint = "Check the identifier: the answer is about another paper or version."


class RollbackError(VerificationError):
    """An older version was served than one that was verified before."""

    code = "rollback"
    hint = "Ask for the version you want by name, or ask another mirror."


class EquivocationError(VerificationError):
    """Two signed records exist for the same version of the same paper."""

    code = "equivocation"
    hint = "Cite neither, and report both to the registry."


class UndecidableError(VerificationError):
    """Nothing is refuted, but something that must be proved cannot be."""

    code = "undecidable"
    hint = "Do not cite this record as verified."


class NoReceiptError(UndecidableError):
    """The document carries no receipt, so nothing in it is signed."""

    code = "no-receipt"
    hint = "Fetch the whole record: its receipt is needed to verify it."


class UnsupportedReceiptError(UndecidableError):
    """The receipt is of a kind that this version cannot check."""

    code = "unsupported-receipt"
    hint = "Upgrade pith-agent, or fetch the record again."


class UnsupportedSchemaError(UndecidableError):
    """The canonical record follows a schema that this version does not know."""

    code = "unsupported-schema"
    hint = "Upgrade pith-agent."


class UnknownKeyError(UndecidableError):
    """The receipt names no key of the trust root."""

    code = "unknown-key"
    hint = "Upgrade pith-agent for new registry keys; never take a key from the answer itself."


class UnprovableAliasError(UndecidableError):
    """The alias is not derived from signed fields, so nothing ties it to the record."""

    code = "alias-unprovable"
    hint = "Ask by Pith Number, arXiv id or arXiv DOI: those can be proved."


# --- Signed citations -------------------------------------------------------------------


class CitationError(VerificationError):
    """The envelope is no signed citation."""

    code = "malformed-citation"
    hint = "Give the DSSE envelope that sign_citation returned, unchanged."


class CitationNotCanonicalError(CitationError):
    """The signed payload is not in canonical form."""

    code = "citation-not-canonical"
    hint = "Do not accept this citation: its payload could be read in two ways."


class StatementError(CitationError):
    """The statement is not one that this version accepts."""

    code = "invalid-statement"
    hint = "Compare the fields with docs/reference/citation.md."


class CitedRecordError(CitationError):
    """The citation does not match the record that it cites."""

    code = "cited-record-mismatch"
    hint = "Do not accept this citation: it speaks of another record."


class ClaimMismatchError(CitationError):
    """The cited claim is not the claim of the record."""

    code = "claim-mismatch"
    hint = "Do not accept this citation: the claim was altered."


class FutureCitationError(CitationError):
    """The citation claims to be made in the future."""

    code = "created-in-future"
    hint = "Check the clock of the machine that signed."


class UnknownSignerError(UndecidableError):
    """The citation is signed by a key that you have not trusted."""

    code = "unknown-signer"
    hint = "Pass the signer's public key, after checking it by another way."


class UnknownClaimError(CitationError):
    """The record has no claim with that id."""

    code = "unknown-claim"
    hint = "Fetch the record with its claims, and use one of the ids given there."


class ShortIdentifierError(IdentifierError):
    """A short form was given where only a full identifier may stand."""

    code = "short-identifier"
    hint = "Resolve the short form, and use the full Pith Number."


# --- Finding records --------------------------------------------------------------------


class LookupFailedError(PithError):
    """Every source answered, and no single record came of it."""

    code = "lookup-failed"


class NotFoundError(LookupFailedError):
    """Every source that was asked answered that it has no such record."""

    code = "not-found"
    hint = "Check the identifier: a paper may exist without a Pith Number."


class AmbiguousError(LookupFailedError):
    """Several records share the short form."""

    code = "ambiguous"
    hint = "Use one of the full Pith Numbers listed."

    def __init__(self, message: str, candidates: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.candidates = candidates


class UnreachableError(PithError):
    """A source did not answer, so nothing is known."""

    code = "unreachable"
    hint = "Try again later; this says nothing about the paper."


class OfflineError(UnreachableError):
    """The record is not in the local store and the network is switched off."""

    code = "offline"
    hint = "Allow the network, or add the record with 'pith-agent mirror add'."


class RateLimitedError(UnreachableError):
    """The registry asked for fewer requests."""

    code = "rate-limited"
    hint = "Wait as long as stated, then ask again; this says nothing about the paper."


class ResponseError(UnreachableError):
    """The registry's answer cannot be used."""

    code = "bad-response"
    hint = "Ask another mirror, or try again later; this says nothing about the paper."


class UnsafeRedirectError(UnreachableError):
    """The answer leads to an address that may not be asked."""

    code = "unsafe-address"
    hint = "Use the registry's own address, and list mirrors in PITH_REGISTRY."


# --- This machine -----------------------------------------------------------------------


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


def _owners() -> dict[str, type[PithError]]:
    found: dict[str, type[PithError]] = {}
    waiting = [PithError]
    while waiting:
        error = waiting.pop()
        found[error.code] = error
        waiting.extend(error.__subclasses__())
    return found


_OWNERS = _owners()
