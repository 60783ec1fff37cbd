"""What can be done to a genuine document."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from pith_agent import Question, Seen, TrustRoot, parse_identifier
from pith_agent.protocol.canon import canonical_bytes, sha256
from tests.documents import (
    TRUST,
    Document,
    receipt,
    sign,
    signed_record,
)


@dataclass(frozen=True)
class Tampering:
    """What is done to a genuine document, and which check has to notice."""

    check: str
    status: str
    code: str
    name: str
    tamper: Callable[[Document], Any] = lambda document: None
    make: Callable[[], Document] = signed_record
    trust: TrustRoot = TRUST
    question: Question = field(default_factory=Question)

    def document(self) -> Document:
        document = self.make()
        self.tamper(document)
        return document

    def __str__(self) -> str:
        return f"{self.check}-{self.name}".replace(" ", "-")


OTHER = "0" * 64
REVOKED = TrustRoot(version=1, keys=(replace(TRUST.keys[0], status="revoked"),))
EMPTY = TrustRoot(version=1, keys=())
DIGEST = signed_record()["canonical_sha256"]


def put(path: str, value: Any) -> Callable[[Document], None]:
    """Set a value at a dotted path; numbers are places in lists."""

    def tamper(document: Document) -> None:
        *above, last = (int(s) if s.isdigit() else s for s in path.split("."))
        place: Any = document
        for step in above:
            place = place[step]
        place[last] = value

    return tamper


def drop(path: str) -> Callable[[Document], None]:
    """Take a value away."""

    def tamper(document: Document) -> None:
        *above, last = path.split(".")
        place: Any = document
        for step in above:
            place = place[step]
        del place[last]

    return tamper


def alias(kind: str, value: Any) -> Callable[[Document], None]:
    """State one more alias."""
    return lambda document: document["aliases"].append({"alias_kind": kind, "alias_value": value})


def signature(key: Any, message: Callable[[Document], bytes]) -> Callable[[Document], None]:
    """Replace the signature by that of `key` over something."""

    def tamper(document: Document) -> None:
        signed = key.sign(message(document)).signature
        document["receipt"]["signature_b64"] = base64.b64encode(signed).decode("ascii")

    return tamper


def digest_of(document: Document) -> bytes:
    return sha256(canonical_bytes(document["canonical_record"]))


def another_schema(document: Document) -> None:
    document["canonical_record"]["schema_version"] = document["schema_version"] = "2.0"
    resign(document)


def lack_the_licence(document: Document) -> None:
    for place in (document["canonical_record"]["metadata"], document["paper"]):
        del place["license"]
    del document["graph_snapshot"]["paper"]["license"]
    resign(document)


def another_kind_of_source(document: Document) -> None:
    places = (document["canonical_record"], document, document["graph_snapshot"])
    for place in places:
        place["source"] = {**document["source"], "kind": "ssrn"}
    resign(document)


def without_a_year(document: Document) -> None:
    document["canonical_record"]["metadata"]["submitted_at"] = "in 2024"
    for place in (document["paper"], document["graph_snapshot"]["paper"]):
        place["submitted_at"] = "in 2024"
    resign(document)
    del document["pith_number"]


def resign(document: Document) -> None:
    """Sign a changed canonical record properly, and name the document after it."""
    sign(document)
    suffix = document["pith_number"].rpartition(":")[2]
    for entry in document["aliases"]:
        if entry["alias_kind"].startswith("pith_short"):
            entry["alias_value"] = suffix[: len(entry["alias_value"])]


def title_beyond_ascii(document: Document) -> None:
    for place in (document["paper"], document["graph_snapshot"]["paper"]):
        place["title"] = "Überblick"


def add_top_level_title(document: Document) -> None:
    document["title"] = "Another Title"


def asked(text: str) -> Question:
    return Question(asked=parse_identifier(text))


def seen(version: int, *digests: str, text: str | None = None) -> Question:
    identifier = parse_identifier(text) if text else None
    return Question(asked=identifier, seen=Seen(version, frozenset(digests)))


def unpadded(document: Document) -> None:
    document["receipt"]["signature_b64"] = document["receipt"]["signature_b64"].rstrip("=")


def another_event(document: Document) -> None:
    other = signed_record(version=5)
    document["events"].append(
        {
            "event_type": "record_created",
            "payload": {
                "canonical_record": other["canonical_record"],
                "receipt": receipt(bytes.fromhex(other["canonical_sha256"])),
            },
        }
    )
