"""A retraction: a statement about a statement."""

import json

import pytest
from securesystemslib.dsse import Envelope as OtherEnvelope
from securesystemslib.exceptions import VerificationError
from securesystemslib.signer import CryptoSigner, SSlibKey

from pith_agent.errors import RequestError
from pith_agent.protocol.canon import canonical_bytes
from pith_agent.protocol.retraction import (
    MAX_REASON,
    RetractionRequest,
    draft_retraction,
    spoken_of,
)
from tests.documents import CITING_KEY, NOW, request, statement
from tests.unit.envelopes import OTHER, RECORD, SEED, drop, examined, never, outcome, put, signed
from tests.unit.envelopes import PAYLOAD as CITATION

ID = f"pcite:{'ab' * 32}"
NEWER = f"pcite:{'cd' * 32}"


def asked(**changes):
    return RetractionRequest.read({"citation_id": ID, "agent": request().agent, **changes})


STATEMENT = draft_retraction(
    asked(reason="It was wrong.\nSorry.", superseded_by=NEWER), created_at=NOW, nonce=bytes(16)
)
PAYLOAD = STATEMENT.payload()
ENVELOPE = json.loads(CITING_KEY.sign(STATEMENT).canonical())


def said(change):
    content = json.loads(PAYLOAD)
    change(content)
    return signed(canonical_bytes(content))


def test_a_retraction_that_was_just_signed_is_verified_and_says_what_it_retracts():
    report = examined(ENVELOPE, record=never)

    assert (report.verdict, report.code, report.kind) == ("verified", "ok", "retraction")
    assert (report.retracts, report.pith_number, report.relationship) == (ID, None, None)
    assert ID in report.message
    assert report.statement == json.loads(PAYLOAD)
    assert [check.name for check in report.checks] == [
        "envelope",
        "citation-signature",
        "citation-payload",
        "statement",
        "citation-time",
    ]


def test_a_retraction_names_the_digest_of_what_it_retracts():
    assert json.loads(PAYLOAD)["subject"] == [{"name": ID, "digest": {"sha256": "ab" * 32}}]
    bare = draft_retraction(asked(), created_at=NOW, nonce=bytes(16))
    assert set(json.loads(bare.payload())["predicate"]) == {"agent", "created_at", "nonce"}


@pytest.mark.parametrize(
    "changes",
    [
        {"citation_id": "pcite:1"},
        {"citation_id": ID.upper()},
        {"citation_id": f"{ID}\n"},
        {"reason": ""},
        {"reason": "x" * (MAX_REASON + 1)},
        {"reason": "a\u202eb"},
        {"superseded_by": "x"},
        {"superseded_by": ID},
        {"unread": 1},
    ],
)
def test_what_cannot_be_stated_is_not_drafted(changes):
    with pytest.raises(RequestError) as caught:
        asked(**changes)
    assert caught.value.code == "invalid-request"


BAD = {
    "other digest": put("subject.0.digest.sha256", "0" * 64),
    "two subjects": lambda content: content["subject"].append(content["subject"][0]),
    "no subject": put("subject", []),
    "a Pith Number": put("subject.0.name", RECORD.pith_number),
    "unknown field": put("predicate.unread", "x"),
    "long reason": put("predicate.reason", "x" * (MAX_REASON + 1)),
    "empty reason": put("predicate.reason", ""),
    "null reason": put("predicate.reason", None),
    "no agent": drop("predicate.agent"),
    "no time": drop("predicate.created_at"),
    "month 13": put("predicate.created_at", "2026-13-01T12:00:00Z"),
    "no nonce": drop("predicate.nonce"),
    "superseded by a line": put("predicate.superseded_by", "the other one"),
    "a citation": put("predicateType", "https://pith-agent.dev/attestation/citation/v1"),
}


@pytest.mark.parametrize("change", BAD.values(), ids=BAD)
def test_a_retraction_of_another_form_is_refused_though_signed_properly(change):
    assert outcome(said(change), record=never) == ("failed", "invalid-statement")


def test_a_retraction_from_the_future_is_refused():
    future = said(put("predicate.created_at", "2026-12-01T12:05:01Z"))

    assert outcome(future, record=never) == ("failed", "created-in-future")


def test_a_retraction_by_a_stranger_is_not_read():
    report = examined(ENVELOPE, signers=(OTHER.public,), record=never)

    assert (report.verdict, report.code) == ("undecidable", "unknown-signer")
    assert (report.kind, report.retracts, report.message.count(ID)) == (None, None, 0)


def test_another_implementation_and_ours_verify_each_others_retractions():
    ed25519 = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ed25519")
    other = OtherEnvelope(PAYLOAD, "application/vnd.in-toto+json", {})
    other.sign(CryptoSigner(ed25519.Ed25519PrivateKey.from_private_bytes(SEED)))
    assert outcome(other.to_dict(), record=never) == ("verified", "ok")

    key = SSlibKey(CITING_KEY.keyid, "ed25519", "ed25519", {"public": CITING_KEY.public.hex()})
    OtherEnvelope.from_dict(json.loads(json.dumps(ENVELOPE))).verify([key], 1)
    stranger = SSlibKey(OTHER.keyid, "ed25519", "ed25519", {"public": OTHER.public.hex()})
    with pytest.raises(VerificationError):
        OtherEnvelope.from_dict(json.loads(json.dumps(ENVELOPE))).verify([stranger], 1)


def test_a_statement_speaks_of_what_it_retracts_or_takes_the_place_of_and_of_nothing_else():
    assert spoken_of(PAYLOAD) == {"ab" * 32}
    assert spoken_of(CITATION) == frozenset()
    assert spoken_of(statement(RECORD, supersedes=NEWER).payload()) == {"cd" * 32}
    assert spoken_of(statement(RECORD, statement=f"not like {ID}").payload()) == frozenset()


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"pcite:",
        b"[" * 100_000 + b"pcite:",
        b'{"predicate":"pcite:"}',
        b'{"predicate":{"supersedes":["pcite:"]}}',
        b'{"predicate":{"supersedes":"pcite:%s"}}' % (b"AB" * 32),
        b'{"predicate":{"supersedes":"pcite:%s\\n"}}' % (b"ab" * 32),
        b'{"predicate":{"supersedes":"pcite:\\ud800%s"}}' % (b"a" * 63),
    ],
    ids=range(8),
)
def test_what_is_no_statement_speaks_of_nothing(payload):
    assert spoken_of(payload) == frozenset()
