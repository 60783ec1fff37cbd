"""Identifier → record, and the registry's other documents.

What is returned is bytes and where they came from. Whether they are genuine, and whether they
are what was asked for, is decided by `protocol.verify`. Addresses are built from a configured
base and a validated identifier, never taken from a document.

Source: docs/reference/protocol.md, "Endpoints".
"""

import re
import time
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import quote, urlsplit

from pydantic import JsonValue

from pith_agent.errors import (
    AmbiguousError,
    DocumentError,
    IdentifierError,
    NotFoundError,
    ResponseError,
    ShortIdentifierError,
    UnprovableAliasError,
    UnreachableError,
)
from pith_agent.network.address import BaseUrl, parse_bases
from pith_agent.network.deadline import Deadline
from pith_agent.network.fetch import Fetcher, Page
from pith_agent.protocol.arxiv import ArxivId
from pith_agent.protocol.canon import SUFFIX_LENGTH
from pith_agent.protocol.identifier import Identifier, parse_identifier
from pith_agent.protocol.record import MAX_BUNDLE_BYTES, MAX_RECORD_BYTES, at
from pith_agent.protocol.strict_json import JsonObject, parse_json
from pith_agent.storage.cache import Stored

MAX_MANIFEST_BYTES = 64 << 10
"""Bytes read of the list of mirrors and of the published key."""

MAX_CANDIDATES = 20
"""Pith Numbers named for an ambiguous short form."""

_RECORD_PATH = re.compile(rf"/pith/(?P<suffix>[A-Z2-7]{{{SUFFIX_LENGTH}}})(?:\.json)?", re.A)

T = TypeVar("T")


class Registry:
    """A registry and its mirrors, asked in order. One object may serve several threads.

    A mirror is asked when those before it did not answer, or answered that they have nothing.
    All of them together have the time of one document. If that passes and none of them has said
    anything, nobody is asked again until as much time has passed once more.
    """

    def __init__(
        self,
        bases: tuple[str, ...],
        *,
        timeout: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Open nothing yet.

        Args:
            bases: Base URLs, in the order in which they are asked.
            timeout: Seconds for one document, all tries, redirects and mirrors included.
            clock: Seconds of a clock that only goes forward.

        Raises:
            SettingsError: A base URL is not https (or http on this machine), or there is none.
        """
        self._bases = parse_bases(bases)
        self._timeout = timeout
        self._clock = clock
        self._fetcher = Fetcher(self._bases, timeout=timeout, clock=clock)
        self._silent_since: float | None = None
        """When it was found that nobody answers."""

    def record(self, asked: Identifier) -> Stored:
        """The record that `asked` names, as it was served.

        Raises:
            NotFoundError: Every registry answered that it has no such record.
            AmbiguousError: Several records share the short form.
            UnreachableError: A registry did not answer, and no other has the record.
            UnprovableAliasError: Nothing is known that finds a record by a publisher's DOI.
        """
        if asked.suffix:
            return self._record(asked.suffix, str(asked))
        paper = asked.arxiv
        if paper is None:
            raise UnprovableAliasError(f"No registry is known to look up {asked}.")

        def resolved(base: BaseUrl, deadline: Deadline) -> Stored:
            suffix = self._resolve(base, paper, deadline)
            return self._stored(base, suffix, deadline)

        return self._first(str(asked), resolved)

    def bundle(self, suffix: str) -> bytes:
        """The bundle of a record, for use without a network. Errors are those of `record`."""
        return self._document(suffix, "/pith/{}/bundle.json", MAX_BUNDLE_BYTES)

    def state(self, suffix: str) -> bytes:
        """What the registry says its events add up to: not verified, the rule is unknown."""
        return self._document(suffix, "/pith/{}/state.json", MAX_BUNDLE_BYTES)

    def graph(self, suffix: str) -> bytes:
        """The graph snapshot of a record."""
        return self._document(suffix, "/api/pith-number/{}/graph.json", MAX_RECORD_BYTES)

    def events(self, suffix: str) -> bytes:
        """The events of a record: not verified, how they are signed is unknown."""
        return self._document(suffix, "/api/pith-number/{}/events.json", MAX_BUNDLE_BYTES)

    def mirrors(self) -> bytes:
        """The list of mirrors. None of them is asked unless it is configured."""
        return self._get("/pith-mirrors.json", MAX_MANIFEST_BYTES)

    def signing_key(self) -> bytes:
        """The key that the registry publishes: to compare with the trust root, never to trust."""
        return self._get("/pith-signing-key.json", MAX_MANIFEST_BYTES)

    def close(self) -> None:
        """Close all connections."""
        self._fetcher.close()

    def _record(self, suffix: str, name: str) -> Stored:
        return self._first(name, lambda base, deadline: self._stored(base, suffix, deadline))

    def _stored(self, base: BaseUrl, suffix: str, deadline: Deadline) -> Stored:
        """One record by its suffix or short form.

        Whether the real registry answers to short forms at this path is unknown; our mirror
        does: with a redirect, or with status 300 and the candidates.
        """
        url = f"{base}/pith/{suffix}.json"
        page = self._fetcher.get(url, cap=MAX_RECORD_BYTES, deadline=deadline)
        if page.status == 300:
            raise _ambiguous(page, base, suffix)
        return Stored.received(page.body, page.url)

    def _resolve(self, base: BaseUrl, paper: ArxivId, deadline: Deadline) -> str:
        """The suffix that an arXiv id leads to.

        The answer's shape is unknown, so a redirect to a record, a record, and any object with a
        `pith_number` are accepted; nothing else in it is used.
        """
        path = f"/api/pith-number/resolve?arxiv={quote(str(paper), safe='')}&json=true"
        page = self._page(base, path, MAX_RECORD_BYTES, deadline)
        local = urlsplit(page.url).path.removeprefix(base.path)
        if match := _RECORD_PATH.fullmatch(local):
            return match["suffix"]
        number = at(_object(page, base), "pith_number")
        suffix = _suffix(number)
        if suffix is None:
            raise ResponseError(f"{base.origin.host} resolves {paper} to no Pith Number.")
        return suffix

    def _document(self, suffix: str, path: str, cap: int) -> bytes:
        identifier = parse_identifier(suffix, context="pith")
        if identifier.kind == "pith_short":
            raise ShortIdentifierError(f"{identifier} may name several records.")
        if identifier.kind != "pith":
            raise IdentifierError(f"{identifier} is no Pith Number.")
        return self._get(path.format(identifier.suffix), cap, str(identifier))

    def _get(self, path: str, cap: int, name: str = "") -> bytes:
        return self._first(
            name or path, lambda base, deadline: self._page(base, path, cap, deadline).body
        )

    def _page(self, base: BaseUrl, path: str, cap: int, deadline: Deadline) -> Page:
        page = self._fetcher.get(f"{base}{path}", cap=cap, deadline=deadline)
        if page.status == 300:
            raise ResponseError(f"{base.origin.host} answers with several documents.")
        return page

    def _first(self, name: str, ask: Callable[[BaseUrl, Deadline], T]) -> T:
        """The first answer; without one, what the registries' silence or denial adds up to."""
        self._refuse_in_silence()
        begun, deadline = self._clock(), self._fetcher.deadline()
        unreachable: UnreachableError | None = None
        silent = True
        for place, base in enumerate(self._bases):
            try:
                # An equal part of what is left, so that one that hangs leaves time for others.
                return ask(base, deadline.share(len(self._bases) - place))
            except NotFoundError:
                silent = False
            except UnreachableError as error:
                unreachable = unreachable or error
                silent = silent and error.silent
        if silent and self._fetcher.heard < begun:
            self._silent_since = self._clock()
        if unreachable is not None:
            raise unreachable
        raise NotFoundError(f"{name} is not known to {self._hosts}.")

    def _refuse_in_silence(self) -> None:
        """End at once while nobody answers: a hundred papers would wait a hundred times.

        Raises:
            UnreachableError: A look-up was in vain less than `timeout` ago.
        """
        since = self._silent_since
        if since is None or self._fetcher.heard >= since:
            return
        ago = self._clock() - since
        if ago < self._timeout:
            raise UnreachableError(
                f"{self._hosts} did not answer {ago:.0f} s ago, and was not asked again."
            )

    @property
    def _hosts(self) -> str:
        return ", ".join(base.origin.host for base in self._bases)


def _suffix(number: JsonValue) -> str | None:
    """The suffix of a full Pith Number; `None` for anything else."""
    if not isinstance(number, str):
        return None
    try:
        identifier = parse_identifier(number)
    except IdentifierError:
        return None
    return identifier.suffix if identifier.kind == "pith" else None


def _object(page: Page, base: BaseUrl) -> JsonObject:
    try:
        found = parse_json(page.body, cap=MAX_RECORD_BYTES, floats=True)
    except DocumentError as error:
        raise ResponseError(f"{base.origin.host} does not answer in strict JSON.") from error
    if not isinstance(found, dict):
        raise ResponseError(f"{base.origin.host} does not answer with a JSON object.")
    return found


def _ambiguous(page: Page, base: BaseUrl, short: str) -> AmbiguousError | ResponseError:
    """The candidates of an ambiguous short form, those that begin with it."""
    named = at(_object(page, base), "candidates")
    numbers = [(number, _suffix(number)) for number in named] if isinstance(named, list) else []
    candidates = tuple(
        str(parse_identifier(str(number)))
        for number, suffix in numbers
        if suffix and suffix.startswith(short)
    )
    if not candidates:
        return ResponseError(f"{base.origin.host} names no candidates for pith:{short}.")
    return AmbiguousError(
        f"{len(candidates)} records begin with pith:{short}.",
        tuple(sorted(set(candidates)))[:MAX_CANDIDATES],
    )
