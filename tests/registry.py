"""A registry on this machine: our own mirror, a test key, and faults on demand.

Everything is real: HTTP over a socket, Ed25519 signatures, the store. Only the key is not the
published one, so a client has to be given `TRUST` as its trust root.
"""

import copy
import json
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvicorn
from starlette.applications import Starlette
from starlette.types import Receive, Scope, Send

from pith_agent.listening import listen, url_of
from pith_agent.mirror.serve import configure
from pith_agent.protocol.canon import text_sha256
from pith_agent.protocol.coverage import snapshot_sha256
from pith_agent.storage import cache
from pith_agent.storage.cache import Store, Stored
from pith_agent.storage.database import Database
from tests.documents import KEY, TRUST, Document, as_bytes, sign
from tests.faults import Fault

LICENSE = "http://arxiv.org/licenses/nonexclusive-distrib/1.0/"
CLAIM = "Signed records can be cited."
ABSTRACT = "We publish a record, sign it, and see whether anybody notices when it is changed."
STARTED = "2026-05-17T23:37:42"


class LoopbackRegistry:
    """A registry that listens on 127.0.0.1 and holds what was published to it.

    Use it as a context manager. `requests` lists what was asked, as `GET /pith/….json`.
    """

    def __init__(self, *, starter: bool = False) -> None:
        """Start to listen; with `starter`, hold the real records that ship with the package."""
        self.trust = TRUST
        self.store = (
            Store.open(None) if starter else Store(Database(None, cache.SCHEMA, durable=False))
        )
        self.requests: list[str] = []
        self.headers: list[dict[str, str]] = []
        self._faults: list[_Rule] = []
        self._stopped = threading.Event()
        self._listener = listen("127.0.0.1", 0)
        self.url = url_of(self._listener)
        config = configure(self.store, self.trust, self.url)
        self._app: Any = config.app
        config.app = self._serve
        config.interface, config.http = "asgi3", "h11"
        config.timeout_graceful_shutdown = 1
        config.date_header = False
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [self._listener]}, daemon=True
        )
        # Connections wait in the socket's queue until the server takes them.
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Stop, and let go of everything."""
        self.heal()
        self._server.should_exit = True
        self._thread.join(timeout=10)
        assert not self._thread.is_alive()
        self._listener.close()
        self.store.close()

    def publish(
        self,
        *,
        arxiv_id: str = "2401.00001",
        version: int = 1,
        title: str = "A record that was made for a test",
        abstract: str = ABSTRACT,
        authors: str = "Ada Example, Ben Example",
        headline: str = "Records can be tested.",
        primary_cat: str = "cs.DL",
        cross_cats: tuple[str, ...] = ("cs.CR",),
        license: str = LICENSE,
        submitted_at: str = "2024-01-01T12:00:00Z",
        claims: tuple[str, ...] = (CLAIM,),
    ) -> Document:
        """Make a whole record, sign it with the test key, and serve it.

        Returns the document as it is served, for the test to look at or to change.
        """
        metadata = {
            "license": license,
            "primary_cat": primary_cat,
            "submitted_at": submitted_at,
            "cross_cats_sorted": sorted(cross_cats),
            "title_canon_sha256": text_sha256(title),
            "abstract_canon_sha256": text_sha256(abstract),
        }
        source = {"id": arxiv_id, "kind": "arxiv", "version": version}
        paper = {
            "title": title,
            "license": license,
            "headline": headline,
            "cross_cats": sorted(cross_cats),
            "primary_cat": primary_cat,
            "authors_text": authors,
            "submitted_at": submitted_at,
            "abstract_excerpt": abstract[:600],
        }
        document: Document = {
            "record_type": "pith_number_record",
            "schema_url": "https://pith.science/schemas/pith-number/v1.json",
            "short_pith_number": "",
            "schema_version": "1.0",
            "source": dict(source),
            "attestation_state": "computed",
            "paper": paper,
            "canonical_record": {"source": source, "metadata": metadata, "schema_version": "1.0"},
            "graph_snapshot": _graph(copy.deepcopy(paper), dict(source), claims),
            "events": [],
            "created_at": f"{STARTED}.480891+00:00",
        }
        sign(document)
        suffix = document["pith_number"].rpartition(":")[2]
        document["aliases"] = _aliases(source, suffix)
        document["links"] = {
            "html": f"https://pith.science/pith/{suffix}",
            "json": f"https://pith.science/pith/{suffix}.json",
        }
        self.serve(document)
        return document

    def publish_canonical(self, canonical: Document) -> Document:
        """Sign a canonical record as it is, and serve it with nothing around it."""
        document: Document = {"canonical_record": canonical}
        self.serve(sign(document))
        return document

    def serve(self, document: Document | bytes) -> None:
        """Serve a document as it is, under the number that its canonical record hashes to."""
        body = document if isinstance(document, bytes) else as_bytes(document)
        self.store.put(Stored.received(body, "published for a test"))

    def break_(self, prefix: str, fault: Fault, *, times: int | None = None) -> None:
        """Answer requests below a path with `fault`, the next `times` of them or all."""
        self._faults.append(_Rule(prefix, fault, times))

    def replace_app(self, app: Starlette) -> None:
        """Answer with another application, as a differently configured mirror would."""
        self._app = app

    def heal(self) -> None:
        """Take all faults away, and let go of the answers that hang."""
        self._faults.clear()
        self._stopped.set()
        self._stopped = threading.Event()

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        query = scope["query_string"].decode("ascii")
        path = scope["path"]
        self.requests.append(f"{scope['method']} {path}{'?' if query else ''}{query}")
        self.headers.append({k.decode(): v.decode() for k, v in scope["headers"]})
        for rule in list(self._faults):
            if path.startswith(rule.prefix) and rule.applies():
                await rule.fault(self._app, scope, receive, send, self._stopped)
                return
        await self._app(scope, receive, send)


class _Rule:
    def __init__(self, prefix: str, fault: Fault, times: int | None) -> None:
        self.prefix = prefix
        self.fault = fault
        self._left = times

    def applies(self) -> bool:
        if self._left is None:
            return True
        self._left -= 1
        return self._left >= 0


def edited(document: Document, change: Callable[[Document], Any]) -> bytes:
    """The bytes of a copy of `document` that `change` was applied to."""
    copied = copy.deepcopy(document)
    change(copied)
    return as_bytes(copied)


def suffix_of(document: Document) -> str:
    """The 26 characters of the document's Pith Number."""
    return str(document["pith_number"]).rpartition(":")[2]


def records_of(path: Path) -> list[Document]:
    """The records of a JSON file of vectors."""
    found: list[Document] = json.loads(path.read_bytes())["records"]
    return found


def _graph(paper: Document, source: Document, claims: tuple[str, ...]) -> Document:
    items: list[Any] = [
        {
            "kind": "strongest_claim",
            "text": text,
            "source": "verdict.strongest_claim",
            "status": "machine_extracted",
            "claim_id": f"C{place}",
            "attestation": "unclaimed",
        }
        for place, text in enumerate(claims, 1)
    ]
    empty = snapshot_sha256([])
    return {
        "paper": paper,
        "claims": {
            "count": len(items),
            "items": items,
            "snapshot_sha256": snapshot_sha256(items),
        },
        "source": source,
        "references": {"count": 0, "sample": [], "snapshot_sha256": empty},
        "formal_canon": {"evidence_count": 0, "snapshot_sha256": empty},
        "author_claims": {"count": 0, "strong_count": 0, "snapshot_sha256": empty},
        "builder_version": "pith-number-builder-2026-05-17-v1",
    }


def _aliases(source: Document, suffix: str) -> list[Document]:
    pairs = (
        ("arxiv", source["id"]),
        ("arxiv_version", f"{source['id']}v{source['version']}"),
        ("doi", f"10.48550/arxiv.{source['id']}".lower()),
        *((f"pith_short_{length}", suffix[:length]) for length in (8, 12, 16)),
    )
    return [
        {"alias_kind": kind, "alias_value": value, "created_at": f"{STARTED}.480891+00:00"}
        for kind, value in pairs
    ]


__all__ = ["KEY", "LoopbackRegistry", "edited", "records_of", "suffix_of"]
