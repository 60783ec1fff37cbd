"""Client: find, verify and cite papers. Everything above behind a few verbs."""

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Self, TypeAlias, TypeVar, Unpack, overload

from pith_agent.answers import Answer, Fetched, Resolution, Verification, verification
from pith_agent.errors import PithError, SettingsError
from pith_agent.finder import Finder, Found
from pith_agent.found import (
    found_claim,
    found_document,
    found_resolution,
    found_verification,
)
from pith_agent.protocol.citation_draft import CitationRequest
from pith_agent.protocol.citation_report import CitationReport
from pith_agent.protocol.claims import PaperClaim
from pith_agent.protocol.export import Format, export
from pith_agent.protocol.identifier import Identifier, parse_identifier
from pith_agent.protocol.policy import STANDARD, Policy, Question
from pith_agent.protocol.proof import VerifiedRecord
from pith_agent.protocol.strict_json import JsonObject
from pith_agent.protocol.trust import TrustRoot
from pith_agent.protocol.verify import examine
from pith_agent.settings import Settings
from pith_agent.signed import SignedBibliography, SignedCitation, SignedRetraction
from pith_agent.storage.cache import Store, Stored
from pith_agent.storage.files import RecordFiles

if TYPE_CHECKING:
    from pith_agent.desk import SigningDesk
    from pith_agent.judging import Asked, Judge
    from pith_agent.protocol.citation import Agent, Citing, Relationship
    from pith_agent.statements import Statements
    from pith_agent.storage.keys import Ask
    from pith_agent.storage.ledger import Ledger

WORKERS = 8
"""Records fetched at the same time."""

Name: TypeAlias = str | Identifier
A = TypeVar("A", bound=Answer)
Q = TypeVar("Q")
R = TypeVar("R")
T = TypeVar("T")


class Client:
    """The library's verbs. One object may serve several threads.

    `resolve`, `fetch` and `verify` take one identifier and return one answer, or take several
    and return as many answers in the same order. A bad identifier, an outage or a refuted record
    is the answer for that identifier; it never ends the others.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        trust: TrustRoot | None = None,
        policy: Policy = STANDARD,
        records: RecordFiles | None = None,
        refresh: bool = False,
        persistent: bool = True,
        passphrase: "Ask | None" = None,
    ) -> None:
        """Open the store.

        Args:
            settings: Where things are; from `PITH_*` variables if not given.
            trust: The keys to trust; the file in `settings`, or else the bundled root.
            policy: What to demand beyond a valid receipt.
            records: Documents to look at first. A paper that is found there is not looked up
                elsewhere, even if its document is refuted.
            refresh: Ask the registry even for what is in the store, as for a newer version.
            persistent: Keep records, and what was seen of them, on disk. If not, the store is in
                memory, begins with the starter records, and the answers depend on nothing else.
            passphrase: Asks a person for the passphrase of a key file, when something is to be
                signed. Not used if the settings name a file with it.

        Raises:
            SettingsError: A setting cannot be used.
            StoreDamagedError: The store is no store.
        """
        self.settings = settings or Settings.from_environment()
        self.trust = trust or self.settings.load_trust()
        self.policy = policy
        self._passphrase = passphrase
        self._opened_desk: SigningDesk | None = None
        self._lock = threading.Lock()
        self._finder = Finder(
            self.settings,
            self.trust,
            policy,
            records=records,
            refresh=refresh,
            persistent=persistent,
        )

    @overload
    def resolve(  # type: ignore[overload-overlap]  # A str is an Iterable[str]; it is one name.
        self, names: Name
    ) -> Resolution: ...
    @overload
    def resolve(self, names: Iterable[Name]) -> list[Resolution]: ...
    def resolve(self, names: Name | Iterable[Name]) -> Resolution | list[Resolution]:
        """Say which record each identifier names, and whether it is genuine."""
        return self._answer(Resolution, names, found_resolution)

    @overload
    def fetch(  # type: ignore[overload-overlap]  # A str is an Iterable[str]; it is one name.
        self, names: Name
    ) -> Fetched: ...
    @overload
    def fetch(self, names: Iterable[Name]) -> list[Fetched]: ...
    def fetch(self, names: Name | Iterable[Name]) -> Fetched | list[Fetched]:
        """Get each whole document, with what is proved of it."""
        return self._answer(Fetched, names, found_document)

    def fetch_bytes(self, name: Name) -> bytes:
        """The record of one identifier, byte for byte as it was served, verified or not.

        Raises:
            PithError: There is no single record.
        """
        return self._finder.find(_parse(name)).stored.body

    @overload
    def verify(  # type: ignore[overload-overlap]  # A str is an Iterable[str]; it is one name.
        self, names: Name
    ) -> Verification: ...
    @overload
    def verify(self, names: Iterable[Name]) -> list[Verification]: ...
    def verify(self, names: Name | Iterable[Name]) -> Verification | list[Verification]:
        """Run every check on each record, and report check by check."""
        return self._answer(Verification, names, found_verification)

    def verify_claims(self, claims: Iterable[PaperClaim]) -> list[Verification]:
        """Verify the records that references name, and compare what the references say of them.

        The verdict is `failed` if the title is not the signed one, or the reference names two
        papers; authors and year are unsigned, so a difference there is told and decides nothing.
        """
        return self._each(lambda claim: found_claim(claim, self._finder), list(claims))

    def verify_document(self, document: bytes, target: str = "-") -> Verification:
        """Run every check on a document that the caller has, without looking anything up."""
        report = examine(document, self.trust, self.policy)
        return verification(target, report, target)

    def add_document(self, document: bytes, origin: str) -> Verification:
        """Keep a document that the caller has, unless it is refuted.

        One that cannot be decided, as without a receipt, is kept if there is no other of the same
        record. It is verified again each time it is used.

        Args:
            document: A record, bundle or compact record.
            origin: Where it came from, to be shown with it.

        Raises:
            VerificationError: A check refutes it; it was not kept.
            StoreUnavailableError: The store cannot be written.
        """
        stored = Stored.received(document, origin)
        report = self._finder.check(stored, Question())
        if report.verdict == "failed":
            report.require()
        if report.verdict == "verified" or self.store.get(stored.digest) is None:
            self._finder.keep(Found(stored, report))
        return verification(origin, report, origin, stored.fetched_at)

    def export(self, name: Name, format: Format) -> str:
        """The paper as an entry of a bibliography; what is not signed is marked as such.

        Args:
            name: The paper.
            format: `bibtex`, `csl-json`, `ris`, `cff` or `markdown`.

        Raises:
            PithError: The record is not verified, or there is none.
        """
        return export(self.prove(name), format)

    def prove(self, name: Name) -> VerifiedRecord:
        """The proof for one identifier.

        Raises:
            PithError: There is none; the class and its `code` say why.
        """
        return self._finder.find(_parse(name)).report.require()

    def sign_citation(
        self, names: Name | Iterable[Name], request: CitationRequest, *, dry_run: bool = False
    ) -> list[SignedCitation]:
        """Sign what `request` says about each paper, and write it to the ledger first.

        All or nothing: if one paper is not verified, none is signed.

        Args:
            names: Full identifiers; short forms are refused.
            request: What is said.
            dry_run: Show the statements, and neither sign nor write.

        Raises:
            ShortIdentifierError: A short form names a paper by chance only.
            VerificationError: A record is not verified.
            NoSigningKeyError: There is no key yet.
            StoreUnavailableError: The ledger cannot be written; nothing was signed.
            CitationError: The record has no such claim, or the statement is too large.
            PithError: As `prove`.
        """
        return self.statements.cite(_listed(names), request, dry_run=dry_run)

    def sign_bibliography(
        self,
        papers: "Name | Iterable[Name | VerifiedRecord]",
        *,
        citing: "Citing",
        agent: "Agent",
        relationship: "Relationship" = "cites",
        dry_run: bool = False,
    ) -> SignedBibliography:
        """Sign that `citing` cites all these papers, with one signature, and log it first.

        Args:
            papers: 1 to 1,000 full identifiers or proofs. Those of one record are one paper.
            citing, agent, relationship: Which document, who says so, how it uses all of them.
            dry_run: Show the statement, and neither sign nor write.

        Raises:
            RequestError: There are no papers, or too many.
            PithError: As `sign_citation`; of several papers the message names those at fault.
        """
        said = {"citing": citing, "agent": agent, "relationship": relationship}
        return self.statements.list_papers(_listed(papers), said, dry_run=dry_run)

    def retract_citation(
        self,
        citation_id: str,
        *,
        agent: "Agent",
        reason: str | None = None,
        superseded_by: str | None = None,
        dry_run: bool = False,
    ) -> SignedRetraction:
        """Sign that a citation of the ledger is not to be relied on any more, and log it first.

        Args:
            citation_id: Of a citation or bibliography.
            agent: Who says so.
            reason: At most 2,000 characters.
            superseded_by: The id of the one to rely on instead.
            dry_run: Show the statement, and neither sign nor write.

        Raises:
            NotFoundError: The ledger does not have it.
            NotYourCitationError: The key that signs here did not sign it.
            PithError: As `sign_citation`.
        """
        said = {"citation_id": citation_id, "reason": reason, "superseded_by": superseded_by}
        return self.statements.retract({**said, "agent": agent}, dry_run=dry_run)

    def checkpoint(self) -> bytes:
        """The signed head of this machine's ledger, with all its entries: a C2SP signed note.

        Raises:
            SigningKeyError: It has to be signed, anew if its key was revoked; and there is no key.
            StorageError: The ledger cannot be read or written.
        """
        return self._desk.head()

    def verify_citation(
        self, citation: JsonObject | bytes, signers: Iterable[bytes] = (), **asked: "Unpack[Asked]"
    ) -> CitationReport:
        """Check a signed statement, the records behind it, who signed it, and whether it stands.

        Args:
            citation: The DSSE envelope, or a bundle, which is verified with its own records.
            signers: Raw public keys to accept beside those of this machine and the trusted ones.
                Where a policy names the signers, only those count.
            asked: A policy, a ledger proof, the document that cites: see `judging.Asked`.

        Raises:
            SigningKeyError, StoreDamagedError: The keys of this machine or a list cannot be used.
            PolicyError, DigestFormError: The policy, or the SHA-256 that is asked for, is none.
        """
        return self._judge.examine(citation, signers, asked)

    def verify_citations(
        self,
        citations: Iterable[JsonObject | bytes],
        signers: Iterable[bytes] = (),
        **asked: "Unpack[Asked]",
    ) -> list[CitationReport]:
        """Check several citations as `verify_citation` does; their records are found at once.

        The same is asked of each. A ledger proof is of one citation, so it may be given with one
        only; a bundle brings its own.

        Raises:
            PithError: As `verify_citation`; `ArgumentsError` if a proof was given for several.
        """
        given = list(citations)
        return self._each(self._judge.same_for_each(len(given), signers, asked), given)

    @property
    def _judge(self) -> "Judge":
        from pith_agent.judging import Judge  # noqa: PLC0415  # As the desk is.

        return Judge(self._desk, self.trust, self.policy, self.prove, self._proofs)

    @property
    def statements(self) -> "Statements":
        """What is signed here, step by step: drafts from proofs, then signatures."""
        # Imported here, as the desk is.
        from pith_agent.statements import Statements  # noqa: PLC0415

        return Statements(self._desk, self._proofs)

    @property
    def ledger(self) -> "Ledger":
        """This machine's signed citations, for reading. Only signing writes, and begins it."""
        return self._desk.ledger

    @property
    def _desk(self) -> "SigningDesk":
        # Imported here: keys and ledger take as long to load as all that looks papers up.
        from pith_agent.desk import SigningDesk  # noqa: PLC0415

        with self._lock:
            if self._opened_desk is None:
                self._opened_desk = SigningDesk(self.settings, self._passphrase)
            return self._opened_desk

    @property
    def store(self) -> Store:
        """The records on this machine."""
        return self._finder.store

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close the store and the ledger; the object is of no use afterwards."""
        self._finder.close()
        if self._opened_desk is not None:
            self._opened_desk.close()

    def _answer(
        self,
        kind: type[A],
        names: Name | Iterable[Name],
        answer: Callable[[str, Found], A],
    ) -> A | list[A]:
        def one(name: Name) -> A:
            try:
                found = self._finder.find(_parse(name))
            except SettingsError:
                raise  # The user's fault; it says nothing about a paper.
            except PithError as error:
                return kind.without_record(str(name), error)
            return answer(str(name), found)

        if isinstance(names, str | Identifier):
            return one(names)
        return self._each(one, list(names))

    def _proofs(self, names: Sequence[Name]) -> list[VerifiedRecord | PithError]:
        """The proof for each name, or why there is none."""

        def one(name: Name) -> VerifiedRecord | PithError:
            try:
                return self.prove(name)
            except SettingsError:
                raise  # As in `_answer`.
            except PithError as error:
                return error

        return self._each(one, list(names))

    def _each(self, ask: Callable[[Q], R], questions: list[Q]) -> list[R]:
        """Ask each question, several at once where an answer may come over the network."""
        if self.settings.offline or len(questions) < 2:
            return [ask(question) for question in questions]
        with ThreadPoolExecutor(WORKERS) as pool:
            return list(pool.map(ask, questions))


def _parse(name: Name) -> Identifier:
    return name if isinstance(name, Identifier) else parse_identifier(name)


def _listed(names: "Name | Iterable[T]") -> "list[Name | T]":
    return [names] if isinstance(names, str | Identifier) else list(names)
