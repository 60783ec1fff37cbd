"""The registry's JSON documents, assembled from what is stored.

Nothing is invented: a field whose rule is unknown, as how an event is signed, is left out.

Source: docs/reference/protocol.md, "Documents".
"""

import json

from pydantic import JsonValue

from pith_agent.errors import NotFoundError
from pith_agent.protocol.canon import SHORT_LENGTHS
from pith_agent.protocol.record import Exhibit, at, load_document, read_document
from pith_agent.protocol.strict_json import JsonObject
from pith_agent.protocol.trust import TrustRoot
from pith_agent.storage.cache import Stored


def dump(value: JsonValue) -> bytes:
    """A document of ours as JSON in UTF-8. It is not canonical, and nothing signs it."""
    return json.dumps(value, ensure_ascii=False, indent=1).encode("utf-8")


def bundle(stored: Stored) -> bytes:
    """The bundle of a record; a stored bundle is given byte for byte."""
    exhibit = _read(stored)
    if exhibit.form == "bundle":
        return stored.body
    return dump(
        {
            "bundle_type": "pith_open_graph_bundle",
            "bundle_version": "1.0",
            "pith_number": stored.pith_number,
            "short_pith_number": f"pith:{stored.suffix[: SHORT_LENGTHS[0]]}",
            "canonical_record": exhibit.canonical,
            "canonical_sha256": stored.digest,
            "source": exhibit.canonical.get("source"),
            "source_aliases": _aliases(exhibit),
            "events": _events(stored, exhibit),
        }
    )


def state(stored: Stored) -> bytes:
    """What the stored document says of the record's present state.

    Left out: the version and merge rule of the registry's states, and which events are valid.
    """
    exhibit = _read(stored)
    graph = at(exhibit.document, "graph_snapshot")
    current: JsonObject = {
        "canonical_record": exhibit.canonical,
        "source_aliases": _aliases(exhibit),
        "graph_snapshots": [{"target": "graph", "payload": graph}] if graph else [],
    }
    return dump(
        {
            "state_type": "pith_open_graph_state",
            "pith_number": stored.pith_number,
            "event_count": len(_events(stored, exhibit)),
            "current": current,
        }
    )


def events(stored: Stored) -> bytes:
    """The events: those of a stored bundle, or the one that the record itself attests."""
    return dump({"pith_number": stored.pith_number, "events": _events(stored, _read(stored))})


def graph(stored: Stored) -> bytes:
    """The graph snapshot.

    Raises:
        NotFoundError: The stored document has none.
    """
    found = at(_read(stored).document, "graph_snapshot")
    if not isinstance(found, dict):
        raise NotFoundError(f"The document of {stored.pith_number} has no graph snapshot.")
    return dump(found)


def mirrors(trust: TrustRoot, base_url: str) -> bytes:
    """A list of one mirror: this one. The form of the registry's URL patterns is unknown."""
    return dump(
        {
            "manifest_type": "pith_mirror_manifest",
            "mirrors": [
                {
                    "name": "pith-agent",
                    "mirror_type": base_url.partition(":")[0],
                    "base_url": base_url,
                    "public_key": key,
                    "status": "active",
                }
                for key in _keys(trust)
            ],
        }
    )


def signing_key(trust: TrustRoot) -> bytes:
    """The keys that this mirror itself trusts: for comparison; nobody should trust them for it.

    The names of the fields are ours: the shape of the registry's document is unknown.
    """
    return dump({"keys": list(_keys(trust))})


def _read(stored: Stored) -> Exhibit:
    return read_document(load_document(stored.body))


def _events(stored: Stored, exhibit: Exhibit) -> list[JsonValue]:
    if exhibit.form == "bundle":
        found = exhibit.document.get("events")
        return found if isinstance(found, list) else []
    if exhibit.receipt_path is None:
        return []
    payload: JsonObject = {
        "canonical_record": exhibit.canonical,
        "canonical_sha256": stored.digest,
        "receipt": at(exhibit.document, exhibit.receipt_path),
    }
    return [
        {
            "event_type": "record_created",
            "subject_pith_number": stored.pith_number,
            "target": "record",
            "payload": payload,
        }
    ]


def _aliases(exhibit: Exhibit) -> list[JsonValue]:
    """Kind and value of each alias; how bundles round the time of creation is unknown."""
    document = exhibit.document
    found = document.get("source_aliases") or document.get("aliases")
    return [
        {"alias_kind": at(entry, "alias_kind"), "alias_value": at(entry, "alias_value")}
        for entry in (found if isinstance(found, list) else [])
        if isinstance(entry, dict)
    ]


def _keys(trust: TrustRoot) -> list[JsonValue]:
    return [
        {
            "key_id": key.key_id,
            "algorithm": "ed25519",
            "public_key_b64": key.public_key_b64,
            "public_key_fingerprint": key.fingerprint,
        }
        for key in trust.keys
        if key.status == "active"
    ]
