"""What this machine signs: citations, bibliographies, retractions.

Loaded when something is to be signed, as the desk is.
"""

import base64
import secrets
from collections.abc import Callable, Container, Mapping, Sequence
from datetime import UTC, datetime
from typing import TypeAlias, TypedDict

from pith_agent.desk import SigningDesk, own_publics
from pith_agent.errors import (
    AlreadyRetractedError,
    AlreadySignedError,
    NotYourCitationError,
    PithError,
    RequestError,
    ShortIdentifierError,
    StatementError,
    StorageError,
)
from pith_agent.protocol.bibliography import (
    MAX_PAPERS,
    BibliographyRequest,
    draft_bibliography,
)
from pith_agent.protocol.citation import MAX_SIGNATURES, After, Envelope, InTotoStatement, pae
from pith_agent.protocol.citation_draft import CitationRequest
from pith_agent.protocol.citation_report import read_statement
from pith_agent.protocol.display import safe_text
from pith_agent.protocol.envelope_check import signed_with, stated_type
from pith_agent.protocol.identifier import Identifier, parse_identifier
from pith_agent.protocol.proof import VerifiedRecord
from pith_agent.protocol.retraction import RETRACTION_TYPE, RetractionRequest, draft_retraction
from pith_agent.protocol.trust import keyid_of, signature_holds
from pith_agent.signed import (
    Draft,
    SignedBibliography,
    SignedCitation,
    SignedRetraction,
    drafted,
    once_each,
    outcome,
    signed_citation,
)
from pith_agent.storage.ledger_entry import Entry

NAMED = 5
"""Papers that cannot be signed for and that an error names; of more it gives the number."""

Name: TypeAlias = str | Identifier
Found: TypeAlias = VerifiedRecord | PithError


class Statements:
    """Drafts statements from proofs, signs them at a desk and logs them there.

    What is returned as signed is in the ledger.
    """

    def __init__(self, desk: SigningDesk, prove: Callable[[Sequence[Name]], list[Found]]) -> None:
        """Use a desk.

        Args:
            desk: Has the keys and the ledger.
            prove: Names → as many proofs, with an error where there is none.
        """
        self._desk = desk
        self._prove = prove

    def draft(self, names: Sequence[Name], request: CitationRequest) -> list[Draft | PithError]:
        """What `request` says about each paper, or the error that says why it is not to be said.

        Raises:
            NotFoundError: The ledger has no citation that `request` could take the place of.
            NotYourCitationError: That citation is signed by no key of this machine.
            StorageError: The ledger cannot be read.
        """
        if request.supersedes is not None:
            self._require_own(request.supersedes)
        after = self._after()

        def one(name: Name, found: Found) -> Draft | PithError:
            if isinstance(found, PithError):
                return found
            try:
                return drafted(str(name), found, request, after)
            except PithError as error:
                return error

        return list(map(one, names, self._prove_full(names)))

    def sign(self, drafts: Sequence[Draft]) -> list[SignedCitation]:
        """Sign all drafts, or none; errors as `_sign`."""
        signed = self._sign([said.statement for said in drafts])
        return [signed_citation(said, *one) for said, one in zip(drafts, signed, strict=True)]

    def cite(
        self, names: Sequence[Name], request: CitationRequest, *, dry_run: bool
    ) -> list[SignedCitation]:
        """See `Client.sign_citation`."""
        for name in names:
            require_full(name)  # Before anything is looked up.
        drafts = []
        for said in once_each(self.draft(names, request)):
            if isinstance(said, PithError):
                raise said
            drafts.append(said)
        return list(map(signed_citation, drafts)) if dry_run else self.sign(drafts)

    def list_papers(
        self,
        papers: Sequence[Name | VerifiedRecord],
        said: Mapping[str, object],
        *,
        dry_run: bool,
    ) -> SignedBibliography:
        """See `Client.sign_bibliography`; `said` has the fields of a `BibliographyRequest`."""
        request = BibliographyRequest.read(said)
        if not 1 <= len(papers) <= MAX_PAPERS:
            raise RequestError(
                f"Nothing was signed: a bibliography has 1 to {MAX_PAPERS} papers,"
                f" not {len(papers)}."
            )
        names = [paper for paper in papers if not isinstance(paper, VerifiedRecord)]
        for name in names:
            require_full(name)
        records = [paper for paper in papers if isinstance(paper, VerifiedRecord)]
        found = self._prove_full(names)
        refused = [one for one in zip(names, found, strict=True) if isinstance(one[1], PithError)]
        if refused:
            raise _refusal(refused, len(papers))
        records += [one for one in found if isinstance(one, VerifiedRecord)]
        statement = draft_bibliography(records, request, **_moment(), after=self._after())
        signed = () if dry_run else self._sign([statement])[0]
        return SignedBibliography(
            **outcome(statement, *signed),
            relationship=request.relationship,
            pith_numbers=tuple(one.name for one in statement.subject),
        )

    def retract(self, said: Mapping[str, object], *, dry_run: bool) -> SignedRetraction:
        """See `Client.retract_citation`; `said` has the fields of a `RetractionRequest`."""
        request = RetractionRequest.read(said)
        entry, keyids = self._require_own(request.citation_id)
        if stated_type(entry.envelope.payload_bytes) == RETRACTION_TYPE:
            raise RequestError("Nothing was signed: a retraction cannot be retracted.")
        spent = self._retracted_by(request.citation_id)
        if (keyids <= spent) if dry_run else (self._desk.key().keyid in spent):
            raise AlreadyRetractedError(f"Nothing was signed: {request.citation_id} is retracted.")
        statement = draft_retraction(request, **_moment())
        signed = () if dry_run else self._sign([statement], only=keyids)[0]
        return SignedRetraction(**outcome(statement, *signed), retracts=request.citation_id)

    def cosign(self, envelope: Envelope, examine: Callable[[Envelope], None]) -> Envelope:
        """Add this machine's signature to a statement, and log the envelope with it.

        It is an entry of its own beside those with other signatures, so that whoever cosigned can
        retract his signature.

        Args:
            envelope: What others have signed.
            examine: Refuses, by raising, what is not to be signed. It is given the envelope with
                the signature on it, which is not handed out before.

        Raises:
            AlreadySignedError: The key has signed it.
            StatementError: It has as many signatures as it may have, or is no statement of ours.
            PithError: As `_sign`, or as `examine`.
        """
        key = self._desk.key()
        if signed_with(envelope, key.public):
            raise AlreadySignedError(f"The key {key.keyid[:16]} has signed this.")
        if len(envelope.signatures) >= MAX_SIGNATURES:
            raise StatementError(f"Nothing was signed: it has {MAX_SIGNATURES} signatures.")
        # Signed as a statement of ours, as each signature is: a key signs no bytes of others.
        signed = key.sign(read_statement(envelope.payload_bytes))
        signatures = (*envelope.signatures, *signed.signatures)
        cosigned = envelope.model_copy(update={"signatures": signatures})
        examine(cosigned)
        if not self._has(cosigned):
            try:
                self._desk.writable().append([cosigned], key)
            except StorageError:
                # Another process may have logged it in the meantime; then that is as good.
                if not self._has(cosigned):
                    raise
        return cosigned

    def _has(self, envelope: Envelope) -> bool:
        """Whether the ledger has an envelope with exactly these signatures."""
        entries = self._desk.ledger.all_of(envelope.citation_id)
        return any(entry.envelope == envelope for entry in entries)

    def _sign(
        self, statements: Sequence[InTotoStatement], only: Container[str] | None = None
    ) -> list[tuple[Envelope, int]]:
        """Sign statements, all or none: they are in the ledger before one is handed out.

        Raises:
            NoSigningKeyError: There is no key yet.
            NotYourCitationError: The key is not among the key ids in `only`.
            StorageError: The ledger cannot be written; nothing was signed.
        """
        key = self._desk.key()
        if only is not None and key.keyid not in only:
            raise NotYourCitationError(f"The key {key.keyid[:16]} did not sign that citation.")
        envelopes = [key.sign(statement) for statement in statements]
        places = self._desk.writable().append(envelopes, key)
        return list(zip(envelopes, places, strict=True))

    def _prove_full(self, names: Sequence[Name]) -> list[Found]:
        """The proof of each paper; a short form, or no identifier, is an error of its own."""
        found = iter(self._prove([name for name in names if _fault(name) is None]))
        return [_fault(name) or next(found) for name in names]

    def _after(self) -> After | None:
        """The last checkpoint of the ledger, as statements name it; `None` if it is empty."""
        last = self._desk.ledger.last()
        if last is None:
            return None
        root = base64.b64encode(last.root).decode("ascii")
        return After(origin=last.origin, size=last.size, root=root)

    def _require_own(self, citation_id: str) -> tuple[Entry, frozenset[str]]:
        """A citation of the ledger, and the key ids of this machine that signed it.

        Raises:
            NotFoundError: The ledger does not have it.
            NotYourCitationError: No key of this machine signed it.
        """
        entry = self._desk.ledger.require(citation_id)
        message = pae(entry.envelope.payload_bytes)
        keyids = frozenset(
            keyid_of(public)
            for public in own_publics(self._desk.settings)
            for logged in self._desk.ledger.all_of(citation_id)
            for signature in logged.envelope.signatures
            if signature_holds(public, message, signature.sig)
        )
        if not keyids:
            raise NotYourCitationError(f"No key of this machine signed {citation_id}.")
        return entry, keyids

    def _retracted_by(self, citation_id: str) -> frozenset[str]:
        """The key ids of this machine by which the ledger has a retraction of a citation."""
        retractions = [
            entry.envelope
            for entry in self._desk.ledger.about(citation_id)
            if stated_type(entry.envelope.payload_bytes) == RETRACTION_TYPE
        ]
        return frozenset(
            keyid_of(public)
            for public in own_publics(self._desk.settings)
            if any(signed_with(envelope, public) for envelope in retractions)
        )


def require_full(name: Name) -> None:
    """See that a name is a whole identifier.

    Raises:
        IdentifierError: It names no paper.
        ShortIdentifierError: It is a short form, which names a paper by chance only.
    """
    identifier = name if isinstance(name, Identifier) else parse_identifier(name)
    if identifier.kind == "pith_short":
        raise ShortIdentifierError(f"{identifier} may name several papers.")


def _fault(name: Name) -> PithError | None:
    try:
        require_full(name)
    except PithError as error:
        return error
    return None


class _Moment(TypedDict):
    created_at: datetime
    nonce: bytes


def _moment() -> _Moment:
    return {"created_at": datetime.now(UTC), "nonce": secrets.token_bytes(16)}


def _refusal(refused: Sequence[tuple[Name, Found]], papers: int) -> PithError:
    """The error of the first paper, which names the others too."""
    errors = [(str(name), one) for name, one in refused if isinstance(one, PithError)]
    first = errors[0][1]
    named = "; ".join(f"{safe_text(name, 90)} [{one.code}]" for name, one in errors[:NAMED])
    more = f"; and {len(errors) - NAMED} more" if len(errors) > NAMED else ""
    return type(first)(
        f"Nothing was signed: {len(errors)} of {papers} papers are not verified: {named}{more}."
        f" The first: {first.message}",
        hint=first.hint,
    )
