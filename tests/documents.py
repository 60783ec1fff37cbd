"""Test documents, signed with a test key, in the shape of the published ones.

The key is made from a fixed seed: it signs nothing outside these tests.
"""

import base64
import copy
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from nacl.signing import SigningKey

from pith_agent import Agent, CitationRequest, Citing, Digest, TrustedKey, TrustRoot, verify
from pith_agent.protocol.canon import canonical_bytes, number_suffix, sha256, text_sha256
from pith_agent.protocol.citation import CitationKey, Statement
from pith_agent.protocol.citation_draft import draft
from pith_agent.protocol.proof import VerifiedRecord

VECTORS = Path(__file__).parent / "vectors"
SHARED = Path(__file__).parents[2] / "shared" / "data"

REAL = (VECTORS / "record-2402.13116.json").read_bytes()
"""A whole record as it was served, byte for byte."""
SUFFIX = "ODXWRQYNXKOR3ZX6FVYSFXZLUC"
NUMBER = f"pith:2024:{SUFFIX}"
TITLE = "A Survey on Knowledge Distillation of Large Language Models"

KEY = SigningKey(hashlib.sha256(b"pith-agent test registry").digest())
KEY_ID = "test-key"
PUBLIC_B64 = base64.b64encode(bytes(KEY.verify_key)).decode("ascii")
TRUST = TrustRoot(version=1, keys=(TrustedKey(key_id=KEY_ID, public_key_b64=PUBLIC_B64),))
OTHER_KEY = SigningKey(hashlib.sha256(b"pith-agent another registry").digest())

ABSTRACT = "We survey  what is known.\nNothing is new."
NOW = datetime(2026, 12, 1, 12, 0, 0, tzinfo=UTC)

Document = dict[str, Any]


def shared(name: str) -> Path:
    """A vector file of another project, which is read in place and never copied."""
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{name} of the shared vectors is not here")
    return path


def rows(path: Path) -> list[Document]:
    """The objects of a JSON Lines file."""
    return [json.loads(line) for line in path.read_text("utf-8").splitlines() if line]


def real_record() -> Document:
    """The published record, fresh for each caller."""
    document: Document = json.loads(REAL)
    return document


def canonical_record(
    *,
    title: str = TITLE,
    abstract: str = ABSTRACT,
    arxiv: str = "2402.13116",
    version: int = 4,
    submitted_at: str = "2024-02-20T16:17:37Z",
    **metadata: Any,
) -> Document:
    """A canonical record of schema 1.0."""
    return {
        "metadata": {
            "abstract_canon_sha256": text_sha256(abstract),
            "cross_cats_sorted": ["cs.AI", "cs.LG"],
            "license": "http://arxiv.org/licenses/nonexclusive-distrib/1.0/",
            "primary_cat": "cs.CL",
            "submitted_at": submitted_at,
            "title_canon_sha256": text_sha256(title),
            **metadata,
        },
        "schema_version": "1.0",
        "source": {"id": arxiv, "kind": "arxiv", "version": version},
    }


def sign(document: Document, key: SigningKey = KEY) -> Document:
    """Name, hash and sign the canonical record of `document` anew, in place."""
    canonical = document["canonical_record"]
    digest = sha256(canonical_bytes(canonical))
    suffix = number_suffix(digest)
    year = canonical["metadata"]["submitted_at"][:4]
    document["pith_number"] = f"pith:{year}:{suffix}"
    document["canonical_sha256"] = digest.hex()
    document["receipt"] = receipt(digest, key)
    if "short_pith_number" in document:
        document["short_pith_number"] = f"pith:{suffix[:8]}"
    return document


def receipt(digest: bytes, key: SigningKey = KEY) -> Document:
    """The receipt that the test registry gives for a digest."""
    made: Document = copy.deepcopy(real_record()["receipt"])
    fingerprint = hashlib.sha256(bytes(key.verify_key)).hexdigest()[:32]
    made |= {
        "key_id": KEY_ID,
        "public_key_fingerprint": fingerprint,
        "signature_b64": base64.b64encode(key.sign(digest).signature).decode("ascii"),
        "canonical_sha256": digest.hex(),
    }
    return made


def signed_record(**changes: Any) -> Document:
    """A whole record in the shape of `vectors/record-2402.13116.json`, signed by `KEY`.

    `changes` are those of `canonical_record`; the copies in the document follow them.
    """
    document = real_record()
    canonical = document["canonical_record"] = canonical_record(**changes)
    source, metadata = canonical["source"], canonical["metadata"]
    shown = {
        "title": changes.get("title", TITLE),
        "license": metadata["license"],
        "primary_cat": metadata["primary_cat"],
        "submitted_at": metadata["submitted_at"],
        "cross_cats": list(metadata["cross_cats_sorted"]),
    }
    document["source"] = dict(source)
    document["paper"] |= copy.deepcopy(shown)
    document["graph_snapshot"]["paper"] |= copy.deepcopy(shown)
    document["graph_snapshot"]["source"] = dict(source)
    sign(document)
    suffix = document["pith_number"].rpartition(":")[2]
    document["aliases"] = [
        {"alias_kind": kind, "alias_value": value, "created_at": "2026-05-17T23:37:42Z"}
        for kind, value in (
            ("arxiv", source["id"]),
            ("arxiv_version", f"{source['id']}v{source['version']}"),
            ("doi", f"10.48550/arxiv.{source['id']}".lower()),
            ("pith_short_8", suffix[:8]),
            ("pith_short_12", suffix[:12]),
            ("pith_short_16", suffix[:16]),
        )
    ]
    return document


def signed_bundle(**changes: Any) -> Document:
    """A bundle of the same record: its receipt is in the event of its creation."""
    record = signed_record(**changes)
    return {
        "bundle_type": "pith_open_graph_bundle",
        "bundle_version": "1.0",
        **{
            name: record[name]
            for name in (
                "pith_number",
                "short_pith_number",
                "canonical_record",
                "canonical_sha256",
                "source",
            )
        },
        "source_aliases": record["aliases"],
        "events": [
            {
                "event_type": "record_created",
                "subject_pith_number": record["pith_number"],
                "target": "record",
                "payload": {
                    "canonical_record": copy.deepcopy(record["canonical_record"]),
                    "canonical_sha256": record["canonical_sha256"],
                    "receipt": record["receipt"],
                },
            }
        ],
    }


def receipted_bundle(**changes: Any) -> Document:
    """A bundle with the receipt at its top as well."""
    bundle = signed_bundle(**changes)
    return {**bundle, "receipt": copy.deepcopy(bundle["events"][0]["payload"]["receipt"])}


def signed_compact(**changes: Any) -> Document:
    """Nothing but the canonical record and its receipt."""
    record = signed_record(**changes)
    return {name: record[name] for name in ("canonical_record", "receipt")}


def as_bytes(document: Document) -> bytes:
    """The document as a registry would send it."""
    return json.dumps(document, ensure_ascii=False).encode("utf-8")


def proved(**changes: Any) -> VerifiedRecord:
    """The proof of `signed_record(**changes)`."""
    return verify(signed_record(**changes), TRUST)


CITING_KEY = CitationKey(hashlib.sha256(b"pith-agent test agent").digest())


def request(**changes: Any) -> CitationRequest:
    """What a caller says of a paper."""
    said: Document = {
        "relationship": "supports",
        "citing": Citing(
            kind="document",
            id="docs/index.rst",
            digest=Digest(sha256="9e" * 32),
            locator="docs/index.rst:12",
        ),
        "claim_id": "C1",
        "agent": Agent(name="test", version="1"),
    }
    return CitationRequest(**(said | changes))


def statement(record: VerifiedRecord, **changes: Any) -> Statement:
    """The statement of `request(**changes)` about a record."""
    return draft(record, request(**changes), created_at=NOW, nonce=bytes(16))


def lookup(*records: VerifiedRecord) -> Callable[[str], VerifiedRecord]:
    """Find the proof of a full Pith Number among `records`."""
    known = {record.pith_number: record for record in records}
    return known.__getitem__
