"""Identifier → document and report: where records are looked for, in which order, and kept."""

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pith_agent.errors import (
    AmbiguousError,
    EquivocationError,
    NotFoundError,
    OfflineError,
    PithError,
    SettingsError,
    StoreDamagedError,
    StoreUnavailableError,
)
from pith_agent.network.address import parse_bases
from pith_agent.protocol.claims import PaperClaim, check_claim_ids
from pith_agent.protocol.identifier import Identifier, parse_identifier
from pith_agent.protocol.policy import Policy, Question
from pith_agent.protocol.report import Report
from pith_agent.protocol.trust import TrustRoot
from pith_agent.protocol.verify import examine
from pith_agent.settings import Settings
from pith_agent.storage.cache import Store, Stored
from pith_agent.storage.files import RecordFiles

if TYPE_CHECKING:
    from pith_agent.network.registry import Registry

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Found:
    """A document, and what the checks say of it."""

    stored: Stored
    report: Report
    fetched: bool = False
    """Whether the registry was asked for it just now."""
    remembered: bool = False
    """Whether it was verified before, and the store knows."""


class Finder:
    """Looks in the project's records, then the store, then the registry.

    What comes from the registry and is verified is kept; what is refuted is shown and forgotten.
    """

    def __init__(
        self,
        settings: Settings,
        trust: TrustRoot,
        policy: Policy,
        *,
        records: RecordFiles | None,
        refresh: bool,
        persistent: bool,
    ) -> None:
        if refresh and settings.offline:
            raise SettingsError("A refresh asks the registry, but the network is switched off.")
        # A bad address is the user's fault, not a paper's: it is told before anything is asked.
        parse_bases(settings.registry)
        self.store = _open_store(settings) if persistent else Store.open(None)
        self._settings = settings
        self._trust = trust
        self._policy = policy
        self._records = records
        self._refresh = refresh
        self._registry: Registry | None = None
        self._lock = threading.Lock()

    def find(self, asked: Identifier) -> Found:
        """The document that `asked` names, and its report, whatever the verdict.

        Raises:
            AmbiguousError: Several records share the short form.
            NotFoundError: The registry has no such record.
            UnreachableError: It could not be asked.
            StoreDamagedError: A stored document is not what was written.
        """
        local = self._records.find(asked) if self._records else []
        if asked.kind == "pith_short" or not (local or self._refresh):
            local = local + self.store.find(asked)
        if local:
            return self._choose(asked, local)
        if self._settings.offline:
            message = f"{asked} is not in the local store."
            raise OfflineError(f"{message}{self._other_versions(asked)}")
        try:
            stored = self._connected().record(asked)
        except NotFoundError as error:
            raise NotFoundError(f"{error.message}{self._other_versions(asked)}") from error
        found = replace(self._examine(asked, stored), fetched=True)
        if found.report.verdict == "verified":
            self._try(self.keep, found)
        return found

    def find_claimed(self, claim: PaperClaim) -> Found:
        """The record of the claimed version; without one, that of the version there is.

        The comparison then says that the version is another. Errors are those of `find`.

        Raises:
            IdentifierError: The identifiers of the claim cannot be read, or conflict.
        """
        asked = check_claim_ids(claim)
        try:
            return self.find(asked)
        except (NotFoundError, OfflineError) as error:
            named = parse_identifier(claim.id)
            if named == asked:
                raise
            try:
                return self.find(named)
            except PithError:
                raise error from None

    def _other_versions(self, asked: Identifier) -> str:
        """A sentence on the versions of the paper that are at hand; empty if there is none."""
        paper = asked.arxiv
        if paper is None or paper.version is None:
            return ""
        any_version = Identifier("arxiv", paper.id)
        records = self._records.find(any_version) if self._records else []
        others = {
            stored.source[2] for stored in records + self.store.find(any_version) if stored.source
        }
        there = ", ".join(f"{paper.id}v{version}" for version in sorted(others))
        return f" At hand is {there}." if there else ""

    def _choose(self, asked: Identifier, documents: list[Stored]) -> Found:
        """The newest verified document; the newest at all if none is verified."""
        if asked.kind == "pith_short" and len({stored.digest for stored in documents}) > 1:
            numbers = sorted({stored.pith_number for stored in documents})
            raise AmbiguousError(f"{len(numbers)} records begin with {asked}.", tuple(numbers))
        found = [self._examine(asked, stored) for stored in documents]
        verified = [one for one in found if one.report.verdict == "verified"]
        for one in verified:
            if not one.remembered:
                self._try(self._remember, one)
        refused = any(one.report.code == EquivocationError.code for one in found)
        if refused or len({one.stored.source for one in verified}) < len(verified):
            # Two signed records of one version: now that both are remembered, the check says so.
            found = [self._examine(asked, stored) for stored in documents]
            verified = [one for one in found if one.report.verdict == "verified"]
        return (verified or found)[0]

    def _examine(self, asked: Identifier, stored: Stored) -> Found:
        seen = self.store.seen(*stored.source) if stored.source else None
        report = self.check(stored, Question(asked=asked, seen=seen))
        if stored.digest and report.canonical_sha256 != stored.digest:
            raise StoreDamagedError(f"The stored record {stored.suffix} has another's place.")
        if report.code == EquivocationError.code:
            # Remembered too, so that from now on the other one is refused as well.
            alone = Found(stored, self.check(stored, Question(asked=asked)))
            if alone.report.verdict == "verified":
                self._try(self._remember, alone)
        return Found(stored, report, remembered=seen is not None and stored.digest in seen.digests)

    def check(self, stored: Stored, question: Question) -> Report:
        """The report on a document that is at hand."""
        return examine(stored.body, self._trust, self._policy, question=question)

    def keep(self, found: Found) -> None:
        """Store a document, unless a verified one that says more of the same record is there."""
        old = self.store.get(found.stored.digest)
        richer = old is not None and old.richness > found.stored.richness
        if not (old and richer and self.check(old, Question()).verdict == "verified"):
            self.store.put(found.stored)
        if found.report.verdict == "verified":
            self.store.remember(found.report.require())

    def _try(self, keep: Callable[[Found], None], found: Found) -> None:
        """Keep or remember; a store that cannot be written does not unsay what was verified."""
        try:
            keep(found)
        except StoreUnavailableError as error:
            logger.warning("The record is verified, but this is not kept: %s", error)

    def _remember(self, found: Found) -> None:
        self.store.remember(found.report.require())

    def close(self) -> None:
        """Close the store and the connections."""
        self.store.close()
        if self._registry is not None:
            self._registry.close()

    def _connected(self) -> "Registry":
        with self._lock:
            if self._registry is None:
                # Imported here: httpx costs more to load than most calls take to answer.
                from pith_agent.network.registry import Registry  # noqa: PLC0415

                self._registry = Registry(self._settings.registry, timeout=self._settings.timeout)
            return self._registry


def _open_store(settings: Settings) -> Store:
    """The store on disk; one in memory where the disk cannot be written, as in a sandbox."""
    try:
        return Store.open(settings.store_path)
    except StoreUnavailableError as error:
        logger.warning("Records are kept in memory only: %s", error)
        return Store.open(None)
