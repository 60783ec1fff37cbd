"""The registry's addresses, answered from a store.

Source: docs/reference/protocol.md, "Endpoints".
"""

from collections.abc import Callable
from typing import TypeAlias
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from pith_agent.errors import AmbiguousError, IdentifierError, NotFoundError, PithError
from pith_agent.mirror import documents, page
from pith_agent.mirror.reply import (
    DAY,
    HTML,
    JSON,
    JSON_LD,
    MINUTES,
    NO_STORE,
    preferred,
    redirect,
    refuse,
    refuse_request,
    reply,
)
from pith_agent.protocol.identifier import Identifier, parse_identifier
from pith_agent.protocol.trust import TrustRoot
from pith_agent.protocol.verify import examine
from pith_agent.storage.cache import Store, Stored

Endpoint: TypeAlias = Callable[[Request], Response]


def create_app(store: Store, trust: TrustRoot, *, base_url: str) -> Starlette:
    """An application that serves what is in `store`, and asks nobody else.

    Args:
        store: What is served, byte for byte.
        trust: The keys that the HTML page judges records by.
        base_url: Where readers find this server, without a slash at the end.
    """
    mirror = _Mirror(store, trust, base_url.rstrip("/"))
    documented = (
        ("/pith/{suffix}/bundle.json", documents.bundle),
        ("/.well-known/pith/{suffix}/bundle.json", documents.bundle),
        ("/pith/{suffix}/state.json", documents.state),
        ("/api/pith-number/{suffix}/graph.json", documents.graph),
        ("/api/pith-number/{suffix}/events.json", documents.events),
    )
    return Starlette(
        routes=[
            Route("/", mirror.index),
            Route("/healthz", mirror.health),
            Route("/pith-mirrors.json", mirror.mirrors),
            Route("/pith-signing-key.json", mirror.signing_key),
            Route("/api/pith-number/resolve", mirror.resolve),
            *(Route(path, mirror.document(path, make)) for path, make in documented),
            Route("/pith/{suffix}.json", mirror.record),
            Route("/pith/{suffix}", mirror.page),
            Route("/paper/{name:path}", mirror.paper),
            Route("/p/{name:path}", mirror.paper),
        ],
        exception_handlers={PithError: refuse, HTTPException: refuse_request},
    )


class _Mirror:
    """The endpoints. They are plain functions, so they run on threads and may read the store."""

    def __init__(self, store: Store, trust: TrustRoot, base_url: str) -> None:
        self._store = store
        self._trust = trust
        self._base_url = base_url
        # Redirects and links are paths: a reader may know this machine by another name.
        self._root = urlsplit(base_url).path

    def index(self, request: Request) -> Response:
        body = page.index_page(sum(1 for _ in self._store.documents()), self._root)
        return reply(request, body, cache=NO_STORE, media_type=HTML, headers=page.HEADERS)

    def health(self, request: Request) -> Response:
        return reply(request, documents.dump({"status": "ok"}), cache=NO_STORE)

    def mirrors(self, request: Request) -> Response:
        body = documents.mirrors(self._trust, self._base_url)
        return reply(request, body, cache=MINUTES)

    def signing_key(self, request: Request) -> Response:
        return reply(request, documents.signing_key(self._trust), cache=MINUTES)

    def record(self, request: Request) -> Response:
        """The record, byte for byte; a short form leads to it."""
        asked, stored = self._one(request)
        if asked.kind == "pith_short":
            return redirect(f"{self._root}/pith/{stored.suffix}.json")
        return reply(request, stored.body)

    def page(self, request: Request) -> Response:
        """The record for people, or for programs that say so in their Accept header."""
        asked, stored = self._one(request)
        if asked.kind == "pith_short":
            return redirect(f"{self._root}/pith/{stored.suffix}")
        vary = {"Vary": "Accept"}
        liked = preferred(request.headers.get("accept", ""), (HTML, JSON_LD, JSON))
        if liked != HTML:
            return reply(request, stored.body, media_type=liked, headers=vary)
        body = page.record_page(stored, examine(stored.body, self._trust), self._root)
        headers = {**page.HEADERS, **vary}
        return reply(request, body, cache=MINUTES, media_type=HTML, headers=headers)

    def document(self, path: str, make: Callable[[Stored], bytes]) -> Endpoint:
        """The endpoint at `path` of a document that is made from the stored one."""

        def endpoint(request: Request) -> Response:
            asked, stored = self._one(request)
            if asked.kind == "pith_short":
                return redirect(self._root + path.replace("{suffix}", stored.suffix))
            return reply(request, make(stored), cache=DAY)

        return endpoint

    def resolve(self, request: Request) -> Response:
        """Which record an arXiv id names: the newest version, unless one is named."""
        text = request.query_params.get("arxiv", "")
        asked = parse_identifier(text)
        if asked.arxiv is None:
            raise IdentifierError(f"{text[:80]!a} is no arXiv id.")
        stored = self._find(asked)
        if request.query_params.get("json") != "true":
            return redirect(f"{self._root}/pith/{stored.suffix}")
        return reply(request, documents.dump({"pith_number": stored.pith_number}), cache=MINUTES)

    def paper(self, request: Request) -> Response:
        """The addresses that people link to: by arXiv id or short form."""
        asked = parse_identifier(request.path_params["name"], context="pith")
        return redirect(f"{self._root}/pith/{self._find(asked).suffix}")

    def _one(self, request: Request) -> tuple[Identifier, Stored]:
        """The document that the path names by Pith Number or short form."""
        text = request.path_params["suffix"]
        asked = parse_identifier(text, context="pith")
        if not asked.suffix:
            raise IdentifierError(f"{text[:80]!a} is no Pith Number.")
        return asked, self._find(asked)

    def _find(self, asked: Identifier) -> Stored:
        found = self._store.find(asked)
        if not found:
            raise NotFoundError(f"{asked} is not in this mirror.")
        if asked.kind == "pith_short" and len(found) > 1:
            raise AmbiguousError(
                f"{len(found)} records begin with {asked}.",
                tuple(sorted(stored.pith_number for stored in found)),
            )
        return found[0]
