"""Signed citations."""

from pith_agent.errors.verification import UndecidableError, VerificationError


class CitationError(VerificationError):
    """The envelope is no signed citation."""

    code = "malformed-citation"
    hint = "Give the DSSE envelope as it was signed, unchanged."


class CitationNotCanonicalError(CitationError):
    """The signed payload is not in canonical form."""

    code = "citation-not-canonical"
    hint = "Do not accept this citation: its payload could be read in two ways."


class StatementError(CitationError):
    """The statement is not one that this version accepts."""

    code = "invalid-statement"
    hint = "Compare the fields: https://pith-agent.readthedocs.io/reference/citation.html."


class RequestError(StatementError):
    """What is to be signed is not what a statement may say."""

    code = "invalid-request"
    hint = "Correct what is named above, and sign again."


class AlreadyRetractedError(RequestError):
    """The key has retracted that citation before."""

    code = "already-retracted"
    hint = "Nothing needs to be done: 'citations verify' says that it is retracted."


class UnknownStatementError(CitationError):
    """The statement is of a kind that this version does not know."""

    code = "unknown-statement"
    hint = "Upgrade pith-agent, or ask the signer what the statement is."


class CitationRetractedError(CitationError):
    """One who signed the citation has retracted it."""

    code = "citation-retracted"
    hint = "Do not rely on this citation: its signer does not stand by it any more."


class CitationSupersededError(CitationError):
    """The signer has signed another citation in the place of this one."""

    code = "citation-superseded"
    hint = "Look at the newer citation."


class NotYourCitationError(CitationError):
    """A citation can be retracted or replaced only with a key that signed it."""

    code = "not-your-citation"
    hint = "Use the key that signed it; a statement by another key would count for nothing."


class CitedRecordError(CitationError):
    """The citation does not match the record that it cites."""

    code = "cited-record-mismatch"
    hint = "Do not accept this citation: it speaks of another record."


class ClaimMismatchError(CitationError):
    """The cited claim is not the claim of the record."""

    code = "claim-mismatch"
    hint = "Do not accept this citation: the claim was altered."


class QuoteMismatchError(CitationError):
    """The quoted words are not those that were hashed."""

    code = "quote-mismatch"
    hint = "Do not accept these words as its quote: others were hashed and signed."


class SnapshotChangedError(CitationError):
    """The cited claim stands as it was, but other claims of the record changed."""

    code = "snapshot-changed"
    hint = "Nothing needs to be done: the claim that was cited is the same."


class FutureCitationError(CitationError):
    """The citation claims to be made in the future."""

    code = "created-in-future"
    hint = "Check the clock of the machine that signed."


class DuplicateCitationError(RequestError):
    """One call names the same paper twice."""

    code = "duplicate"
    hint = "Sign one citation of each paper in a call; call again if you mean a second one."


class UnknownClaimError(CitationError):
    """The record has no claim with that id."""

    code = "unknown-claim"
    hint = "Fetch the record with its claims, and use one of the ids given there."


class UnknownSignerError(UndecidableError):
    """The citation is signed by a key that you have not trusted."""

    code = "unknown-signer"
    hint = "Get the signer's key by another way; then trust it with 'keys trust', or pass it."


class LedgerProofError(CitationError):
    """A proof that an entry is in a ledger, or that one ledger extends another, does not hold."""

    code = "ledger-proof"
    hint = "Do not rely on this ledger: ask for the proof again, from the ledger itself."


class CheckpointError(CitationError):
    """The text is no signed checkpoint of a ledger."""

    code = "malformed-checkpoint"
    hint = "Give the checkpoint as it was exported, with all its lines."


class CheckpointSignatureError(CitationError):
    """The checkpoint names a key that is trusted, which did not sign it."""

    code = "checkpoint-signature"
    hint = "Do not rely on this checkpoint: it was altered, or somebody else signed it."


class UnknownLedgerError(UndecidableError):
    """The checkpoint is not signed by a key that you have trusted for that ledger."""

    code = "unknown-ledger"
    hint = "Pass the ledger's key, after checking it by another way: 'citations checkpoint --key'."


class LedgerRollbackError(CitationError):
    """The ledger is shorter than it was before."""

    code = "ledger-rollback"
    hint = "Find the newer copy of the ledger: entries that were there are gone."


class LedgerForkError(CitationError):
    """The ledger is not an extension of what it was before."""

    code = "ledger-fork"
    hint = "Keep both copies, and do not append to either: the ledger was rewritten."


class RelationshipError(CitationError):
    """The signer says of the paper what the policy does not let it say."""

    code = "relationship-not-allowed"
    hint = "Ask a signer whom the policy lets say so, or change the policy."


class CitationTooOldError(CitationError):
    """By its own time the citation is older than the policy accepts."""

    code = "citation-too-old"
    hint = "Have it signed anew, after another look at the paper."


class ThresholdError(CitationError):
    """Fewer of the trusted signers have signed than the policy asks for."""

    code = "threshold-not-met"
    hint = "Have it signed by more of the signers that the policy names."


class CitingNotCheckedError(CitationError):
    """The policy asks for the document that cites, and the statement was not found to be of it."""

    code = "citing-not-checked"
    hint = "Give the document that cites, with 'citations verify --citing FILE' for instance."


class InclusionNotCheckedError(CitationError):
    """The policy asks for a proof that the statement is in a ledger, and none was found to hold."""

    code = "inclusion-not-checked"
    hint = "Give a bundle that has the proof, or the proof with 'citations verify --proof FILE'."


class BundleError(CitationError):
    """The file is no citation bundle."""

    code = "malformed-bundle"
    hint = "Give the file as 'pith-agent citations bundle' wrote it."


class CitingMismatchError(CitationError):
    """The citation was signed in another document."""

    code = "citing-mismatch"
    hint = "Do not accept this citation here: it was taken from another document."


class CitingUnboundError(UndecidableError):
    """The citation does not say in which document it was made."""

    code = "citing-unbound"
    hint = "Ask the signer to sign again, with the digest of the document."


class AlreadySignedError(CitationError):
    """That key has signed the citation before."""

    code = "already-signed"
    hint = "Sign with another key: one key counts once, however often it signs."
