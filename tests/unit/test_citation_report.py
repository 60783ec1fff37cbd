"""Verification of signed citations, by someone who has every reason to doubt them."""

import base64
import copy
import hashlib
import json
from datetime import timedelta
from typing import Any

import pytest
from securesystemslib.dsse import Envelope as OtherEnvelope
from securesystemslib.signer import CryptoSigner

from pith_agent import examine, verify
from pith_agent.errors import NotFoundError, OfflineError, PithError, RevokedKeyError
from pith_agent.protocol.canon import canonical_bytes
from pith_agent.protocol.citation import CitationKey
from pith_agent.protocol.envelope_check import MAX_ENVELOPE_BYTES
from tests.documents import (
    CITING_KEY,
    KEY,
    NOW,
    NUMBER,
    REAL,
    lookup,
    proved,
    receipt,
    shared,
    signed_record,
    statement,
)
from tests.unit.envelopes import (
    ENVELOPE,
    OTHER,
    PAYLOAD,
    RECORD,
    SEED,
    STATEMENT,
    examined,
    never,
    outcome,
    put,
    said,
)


def test_a_citation_that_was_just_signed_is_verified():
    for envelope in (ENVELOPE, json.dumps(ENVELOPE).encode(), canonical_bytes(ENVELOPE)):
        report = examined(envelope)

        assert (report.verdict, report.code, report.message) == ("verified", "ok", "")
        assert report.pith_number == RECORD.pith_number
        assert report.relationship == "supports"
        assert report.signed_by == (CITING_KEY.keyid,)
        assert report.citation_id == f"pcite:{hashlib.sha256(PAYLOAD).hexdigest()}"
        assert report.statement == json.loads(PAYLOAD)
        assert [check.name for check in report.checks] == [
            "envelope",
            "citation-signature",
            "citation-payload",
            "statement",
            "citation-time",
            "cited-record",
            "cited-claim",
            "cited-quote",
        ]


def test_a_citation_without_a_claim_is_verified():
    envelope = json.loads(CITING_KEY.sign(statement(RECORD, claim_id=None)).canonical())

    assert outcome(envelope) == ("verified", "ok")


def test_the_golden_citation_of_the_published_record_is_verified():
    golden = json.loads(shared("vectors/derived/golden_citation.json").read_bytes())
    public = bytes.fromhex(golden["public_key_hex"])
    report = examined(golden["envelope"], (public,), lookup(verify(REAL)))

    assert (report.verdict, report.code) == ("verified", "ok")
    assert (report.pith_number, report.citation_id) == (NUMBER, golden["citation_id"])
    assert report.signed_by == (golden["keyid"],)


def test_an_envelope_of_another_implementation_is_verified():
    ed25519 = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ed25519")
    other = OtherEnvelope(PAYLOAD, "application/vnd.in-toto+json", {})
    other.sign(CryptoSigner(ed25519.Ed25519PrivateKey.from_private_bytes(SEED)))

    assert outcome(other.to_dict()) == ("verified", "ok")


def test_the_key_id_is_a_hint_and_no_evidence():
    envelope = copy.deepcopy(ENVELOPE)
    envelope["signatures"][0]["keyid"] = "0" * 64
    assert outcome(envelope) == ("verified", "ok")

    envelope["signatures"][0]["keyid"] = OTHER.keyid
    assert outcome(envelope, signers=(OTHER.public,))[1] == "invalid-signature"


NOT_AN_ENVELOPE = [
    b"",
    b"{}",
    b"[]",
    b"null",
    b'"text"',
    b"\xff",
    b"[" * 100_000,
    b'{"payload":"","payload":""}',
    {},
    [],
    None,
    7,
    "text",
    {"payload": object()},
    {"a": 1.5},
    {**ENVELOPE, "extra": 1},
    {**ENVELOPE, "payload": PAYLOAD.decode()},
    {**ENVELOPE, "payload": ENVELOPE["payload"] + "\n"},
    {**ENVELOPE, "payload": ENVELOPE["payload"].rstrip("=") + "!"},
    {**ENVELOPE, "payload": "é"},
    {**ENVELOPE, "payload": 7},
    {**ENVELOPE, "payloadType": "application/json"},
    {**ENVELOPE, "payloadType": "application/vnd.in-toto+json\n"},
    {**ENVELOPE, "payloadType": None},
    {k: v for k, v in ENVELOPE.items() if k != "payloadType"},
    {("payload_type" if k == "payloadType" else k): v for k, v in ENVELOPE.items()},
    {**ENVELOPE, "signatures": []},
    {**ENVELOPE, "signatures": ENVELOPE["signatures"] * 17},
    {**ENVELOPE, "signatures": ENVELOPE["signatures"][0]},
    {**ENVELOPE, "signatures": [{"keyid": "short", "sig": "x"}]},
    {**ENVELOPE, "signatures": [{"sig": ENVELOPE["signatures"][0]["sig"]}]},
    {**ENVELOPE, "signatures": [{**ENVELOPE["signatures"][0], "extra": 1}]},
    {**ENVELOPE, "signatures": [{**ENVELOPE["signatures"][0], "keyid": "A" * 64}]},
    {k: v for k, v in ENVELOPE.items() if k != "payload"},
    {**ENVELOPE, "payload": base64.b64encode(b" " * MAX_ENVELOPE_BYTES).decode()},
    json.dumps(ENVELOPE).encode() + b" " * MAX_ENVELOPE_BYTES,
]


@pytest.mark.parametrize("envelope", NOT_AN_ENVELOPE, ids=lambda e: f"{type(e).__name__}")
def test_what_is_no_envelope_is_refused_and_nothing_is_looked_up(envelope):
    report = examined(envelope, record=never)

    assert (report.verdict, report.code) == ("failed", "malformed-citation")
    assert (report.statement, report.signed_by, report.pith_number) == (None, (), None)
    assert report.hint


def test_up_to_16_signatures_are_read():
    envelope = {**ENVELOPE, "signatures": ENVELOPE["signatures"] * 16}

    assert examined(envelope).signed_by == (CITING_KEY.keyid,)


def test_one_key_counts_once_however_often_it_signed_or_is_trusted():
    envelope = {**ENVELOPE, "signatures": ENVELOPE["signatures"] * 3}
    report = examined(envelope, (CITING_KEY.public, CITING_KEY.public))

    assert report.signed_by == (CITING_KEY.keyid,)


def test_a_second_signature_of_a_trusted_key_is_enough_and_both_are_named():
    second = json.loads(OTHER.sign(STATEMENT).canonical())["signatures"]
    envelope = {**ENVELOPE, "signatures": [*second, *ENVELOPE["signatures"]]}

    assert examined(envelope).signed_by == (CITING_KEY.keyid,)
    both = examined(envelope, (CITING_KEY.public, OTHER.public)).signed_by
    assert set(both) == {CITING_KEY.keyid, OTHER.keyid}


def test_an_untrusted_signer_is_unknown_and_nothing_is_looked_up():
    for signers in ((), (OTHER.public,), (bytes(32),), (b"short",)):
        report = examined(ENVELOPE, signers, record=never)

        assert (report.verdict, report.code) == ("undecidable", "unknown-signer")
        assert (report.statement, report.pith_number) == (None, None)


def test_every_bit_of_the_payload_counts_and_nothing_is_looked_up():
    for bit in range(8 * len(PAYLOAD)):
        flipped = bytearray(PAYLOAD)
        flipped[bit // 8] ^= 1 << bit % 8
        envelope = {**ENVELOPE, "payload": base64.b64encode(flipped).decode("ascii")}
        assert outcome(envelope, record=never) == ("failed", "invalid-signature"), bit


def test_every_bit_of_the_signature_counts_and_nothing_is_looked_up():
    signature = base64.b64decode(ENVELOPE["signatures"][0]["sig"])
    for bit in range(8 * len(signature)):
        flipped = bytearray(signature)
        flipped[bit // 8] ^= 1 << bit % 8
        envelope = copy.deepcopy(ENVELOPE)
        envelope["signatures"][0]["sig"] = base64.b64encode(flipped).decode("ascii")
        assert outcome(envelope, record=never) == ("failed", "invalid-signature"), bit


@pytest.mark.parametrize("field", ["payload", "sig"])
def test_every_bit_of_the_base64_counts(field):
    # A payload whose length leaves spare bits in the last letter.
    content = next(
        said(put("predicate.statement", "x" * n))
        for n in range(3)
        if said(put("predicate.statement", "x" * n))["payload"].endswith("==")
    )
    assert outcome(content) == ("verified", "ok")
    data = json.dumps(content).encode()
    text = (content["payload"] if field == "payload" else content["signatures"][0]["sig"]).encode()
    place = data.index(text)
    # The beginning is like the rest; the end has the spare bits.
    for bit in [*range(64), *range(8 * len(text) - 64, 8 * len(text))]:
        flipped = bytearray(data)
        flipped[place + bit // 8] ^= 1 << bit % 8
        assert outcome(bytes(flipped))[0] != "verified", bit


def test_the_number_of_another_record_does_not_carry_this_statement():
    other = proved(version=5)
    envelope = said(put("subject.0.name", other.pith_number))

    assert outcome(envelope, record=lookup(other)) == ("failed", "cited-record-mismatch")


def test_a_clock_may_be_five_minutes_slow():
    stated = said(put("predicate.created_at", "2026-12-01T12:05:00Z"))

    assert outcome(stated) == ("verified", "ok")
    assert outcome(stated, now=NOW - timedelta(seconds=1))[1] == "created-in-future"
    assert outcome(ENVELOPE, now=NOW + timedelta(days=36500)) == ("verified", "ok")


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (RevokedKeyError("revoked"), "failed"),
        (NotFoundError("not found"), "undecidable"),
        (OfflineError("offline"), "undecidable"),
    ],
    ids=["revoked", "not found", "offline"],
)
def test_a_record_that_is_not_at_hand_leaves_the_citation_undecided(error: PithError, verdict):
    def raising(name: str) -> Any:
        raise error

    assert outcome(ENVELOPE, record=raising) == (verdict, error.code)


def test_the_record_is_looked_up_by_its_full_number_and_once():
    asked: list[str] = []

    def noting(name: str) -> Any:
        asked.append(name)
        return RECORD

    assert outcome(ENVELOPE, record=noting) == ("verified", "ok")
    assert asked == [RECORD.pith_number]


def test_a_receipt_does_not_pass_for_a_citation():
    # The registry's signature is over 32 bare bytes, which no envelope can contain as its PAE.
    document = signed_record()
    digest = bytes.fromhex(document["canonical_sha256"])
    registry = bytes(KEY.verify_key)
    envelope = {
        **ENVELOPE,
        "payload": base64.b64encode(digest).decode("ascii"),
        "signatures": [
            {
                "keyid": hashlib.sha256(registry).hexdigest(),
                "sig": document["receipt"]["signature_b64"],
            }
        ],
    }

    assert outcome(envelope, signers=(registry,), record=never) == ("failed", "invalid-signature")
    assert outcome(document, signers=(registry,), record=never)[1] == "malformed-citation"


def test_a_citation_does_not_pass_for_a_receipt():
    # An agent with a registry's key still signs no digest: the signed bytes begin with DSSEv1.
    from_key = CitationKey(bytes(KEY))
    envelope = json.loads(from_key.sign(STATEMENT).canonical())
    document = signed_record()
    document["receipt"] = receipt(hashlib.sha256(PAYLOAD).digest()) | {
        "signature_b64": envelope["signatures"][0]["sig"]
    }

    report = examine(document | {"canonical_record": json.loads(PAYLOAD)})
    assert report.verdict != "verified"
    assert examine(envelope).code == "malformed-document"


def test_what_a_report_says_is_shown_without_hidden_characters():
    for change in (put("predicate.\x1b[31mx", 1), put("predicate.claim.id", "C\u202e1")):
        report = examined(said(change))
        for check in report.checks:
            for text in (check.detail, check.expected, check.found, report.message):
                assert text is None or text.isprintable(), ascii(text)


def test_a_claim_whose_neighbours_changed_since_is_cited_all_the_same():
    envelope = said(put("predicate.claim.snapshot_sha256", "0" * 64))
    report = examined(envelope)

    assert (report.verdict, report.code) == ("verified", "ok")
    (claim,) = (check for check in report.checks if check.name == "cited-claim")
    assert (claim.status, claim.code) == ("warn", "snapshot-changed")
