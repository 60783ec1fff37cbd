"""What the checks of a record say."""

from pith_agent.errors.root import PithError


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
    hint = "Do not trust this: it is not what the key signed."


class RevokedKeyError(VerificationError):
    """The receipt was made with a key that the trust root has revoked."""

    code = "revoked-key"
    hint = "Fetch the record again: the registry may have signed it anew."


class TitleMismatchError(VerificationError):
    """The title shown does not hash to the signed title hash."""

    code = "title-mismatch"
    hint = "Do not show this title: it is not the title that was signed."


class ClaimedTitleError(VerificationError):
    """A reference gives the paper another title than the one that was signed."""

    code = "claimed-title-mismatch"
    hint = "Do not cite it so: use the signed title, or find the paper that is meant."


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


class TitleUnconfirmedError(VerificationError):
    """A title that is not ASCII does not hash to the signed hash, which decides nothing."""

    code = "title-unconfirmed"
    hint = "Compare the title with arXiv's own: it can neither be proved nor refuted."


class AbstractUnconfirmedError(VerificationError):
    """An abstract that is not ASCII does not hash to the signed hash, which decides nothing."""

    code = "abstract-unconfirmed"
    hint = "Compare the abstract with arXiv's own: it can neither be proved nor refuted."


class YearHintError(VerificationError):
    """The record has the number asked for, but another year than was typed."""

    code = "year-hint"
    hint = "Correct the year in the Pith Number."
