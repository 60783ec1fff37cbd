"""Citations as an attacker, or a careless program, would write them."""

import base64
import copy
import hashlib
import json
from typing import Any

from nacl.signing import SigningKey

from pith_agent.protocol.canon import canonical_bytes
from pith_agent.protocol.citation import CitationKey, pae
from pith_agent.protocol.citation_report import examine_citation
from tests.documents import (
    CITING_KEY,
    NOW,
    lookup,
    proved,
    statement,
)

SEED = hashlib.sha256(b"pith-agent test agent").digest()
SIGNER = SigningKey(SEED)
OTHER = CitationKey(bytes(range(32)))
RECORD = proved()
STATEMENT = statement(RECORD)
ENVELOPE: dict[str, Any] = json.loads(CITING_KEY.sign(STATEMENT).canonical())
PAYLOAD = STATEMENT.payload()


def never(name: str) -> Any:
    raise AssertionError(f"{name} was looked up for something unsigned")


def examined(envelope: Any, signers=(CITING_KEY.public,), record=None, now=NOW, records=None):
    found = record or lookup(RECORD)
    return examine_citation(envelope, signers, record=found, now=now, records=records)


def outcome(envelope: Any, **given: Any) -> tuple[str, str]:
    report = examined(envelope, **given)
    return report.verdict, report.code


def signed(payload: bytes, signer: SigningKey = SIGNER) -> dict[str, Any]:
    """An envelope around any payload, signed as it is."""
    envelope = copy.deepcopy(ENVELOPE)
    envelope["payload"] = base64.b64encode(payload).decode("ascii")
    envelope["signatures"][0]["sig"] = base64.b64encode(
        signer.sign(pae(payload)).signature
    ).decode()
    return envelope


def said(change=lambda statement: None) -> dict[str, Any]:
    """The envelope of a changed statement, signed properly."""
    content = json.loads(PAYLOAD)
    change(content)
    return signed(canonical_bytes(content))


def put(path: str, value: Any):
    def change(content: dict[str, Any]) -> None:
        *above, last = (int(s) if s.isdigit() else s for s in path.split("."))
        place: Any = content
        for step in above:
            place = place[step]
        place[last] = value

    return change


def drop(path: str):
    def change(content: dict[str, Any]) -> None:
        *above, last = path.split(".")
        place: Any = content
        for step in above:
            place = place[step]
        del place[last]

    return change
