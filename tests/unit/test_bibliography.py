"""A bibliography: one statement for many papers, held to one form, and verified paper by paper."""

import base64
import hashlib
import json

import pytest
from securesystemslib.dsse import Envelope as OtherEnvelope
from securesystemslib.signer import CryptoSigner, SSlibKey

from pith_agent import verify
from pith_agent.errors import NotFoundError, RequestError, RevokedKeyError
from pith_agent.protocol.bibliography import (
    MAX_BIBLIOGRAPHY_PAYLOAD,
    MAX_PAPERS,
    BibliographyRequest,
    draft_bibliography,
)
from pith_agent.protocol.canon import canonical_bytes
from pith_agent.protocol.citation import After
from pith_agent.protocol.envelope_check import MAX_CITATION_BYTES, MAX_ENVELOPE_BYTES
from tests.documents import CITING_KEY, NOW, TRUST, lookup, proved, request, signed_compact
from tests.unit.envelopes import SEED, drop, examined, never, outcome, put, signed

RECORDS = sorted((proved(version=n) for n in (4, 5, 6)), key=lambda record: record.pith_number)
FOUND = lookup(*RECORDS)


def asked(**changes):
    said = request()
    return BibliographyRequest.read({"citing": said.citing, "agent": said.agent, **changes})


def drafted(records, **given):
    return draft_bibliography(records, asked(), created_at=NOW, nonce=bytes(16), **given)


STATEMENT = drafted(RECORDS)
PAYLOAD = STATEMENT.payload()
ENVELOPE = json.loads(CITING_KEY.sign(STATEMENT).canonical())


def said(change):
    content = json.loads(PAYLOAD)
    change(content)
    return signed(canonical_bytes(content))


def test_a_bibliography_that_was_just_signed_is_verified():
    report = examined(ENVELOPE, record=FOUND)

    assert (report.verdict, report.code, report.kind) == ("verified", "ok", "bibliography")
    assert (report.relationship, report.pith_number, report.retracts) == ("cites", None, None)
    assert [(p.pith_number, p.verdict, p.code) for p in report.papers] == [
        (record.pith_number, "verified", "ok") for record in RECORDS
    ]
    assert report.citation_id == f"pcite:{hashlib.sha256(PAYLOAD).hexdigest()}"
    assert report.statement == json.loads(PAYLOAD)
    assert [check.name for check in report.checks] == [
        "envelope",
        "citation-signature",
        "citation-payload",
        "statement",
        "citation-time",
        "cited-record",
    ]


def test_the_papers_are_sorted_and_each_is_there_once_however_they_were_given():
    assert drafted([*reversed(RECORDS), RECORDS[1]]).payload() == PAYLOAD
    assert [one.name for one in STATEMENT.subject] == [one.pith_number for one in RECORDS]
    versions = [one.source.version for one in STATEMENT.predicate.cited]
    assert versions == [record.signed.source.version for record in RECORDS]


def test_the_head_of_the_ledger_is_signed_where_there_is_one():
    root = base64.b64encode(bytes(32)).decode()
    after = After(origin="a ledger", size=7, root=root)
    statement = drafted(RECORDS, after=after)

    assert statement.predicate.after == after
    report = examined(json.loads(CITING_KEY.sign(statement).canonical()), record=FOUND)
    assert report.verdict == "verified"
    assert report.statement["predicate"]["after"]["size"] == 7
    assert "after" not in json.loads(PAYLOAD)["predicate"]


def test_a_thousand_papers_are_signed_at_once_and_one_more_is_refused():
    records = [verify(signed_compact(version=n + 1), TRUST) for n in range(MAX_PAPERS + 1)]
    statement = drafted(records[:-1])
    envelope = CITING_KEY.sign(statement).canonical()
    asked_for = []

    def found(names):
        asked_for.append(len(names))
        return [by_name[name] for name in names]

    by_name = {record.pith_number: record for record in records}
    report = examined(envelope, record=never, records=found)

    assert len(statement.payload()) <= MAX_BIBLIOGRAPHY_PAYLOAD
    assert MAX_CITATION_BYTES < len(envelope) <= MAX_ENVELOPE_BYTES
    assert (report.verdict, len(report.papers), asked_for) == ("verified", 1000, [1000])
    with pytest.raises(RequestError) as caught:
        drafted(records)
    assert caught.value.code == "invalid-request"


def test_a_bibliography_without_papers_is_not_drafted():
    with pytest.raises(RequestError):
        drafted([])


def test_a_bibliography_too_large_for_an_envelope_is_neither_drafted_nor_read():
    large = BibliographyRequest.read(
        {
            "citing": request().citing.model_copy(update={"id": "x" * MAX_BIBLIOGRAPHY_PAYLOAD}),
            "agent": request().agent,
        }
    )

    with pytest.raises(RequestError):
        draft_bibliography(RECORDS, large, created_at=NOW, nonce=bytes(16))
    huge = said(put("predicate.citing.id", "x" * MAX_BIBLIOGRAPHY_PAYLOAD))
    assert outcome(huge, record=never) == ("failed", "malformed-citation")


def test_a_citation_is_not_read_from_an_envelope_that_only_a_bibliography_may_fill():
    padding = " " * MAX_CITATION_BYTES
    large = json.dumps(ENVELOPE).encode() + padding.encode()
    assert outcome(large, record=FOUND) == ("verified", "ok")

    change = put("predicateType", "https://pith-agent.dev/attestation/citation/v1")
    large = json.dumps(said(change)).encode() + padding.encode()
    assert outcome(large, record=never) == ("failed", "malformed-citation")


@pytest.mark.parametrize("field", ["citing", "agent"])
def test_texts_that_steer_how_they_are_shown_are_not_signed(field):
    steering = {"name": "a\u202eb", "version": "1"}
    if field == "citing":
        steering = {"kind": "agent_output", "id": "a\u202eb"}

    with pytest.raises(RequestError):
        asked(**{field: steering})


def swap(content):
    content["subject"].reverse()
    content["predicate"]["cited"].reverse()


def twice(content):
    content["subject"].insert(0, content["subject"][0])
    content["predicate"]["cited"].insert(0, content["predicate"]["cited"][0])


BAD = {
    "not sorted": swap,
    "one twice": twice,
    "no subject": put("subject", []),
    "one cited too few": lambda content: content["predicate"]["cited"].pop(),
    "one subject too few": lambda content: content["subject"].pop(),
    "cited as in a citation": lambda content: content["predicate"].update(
        cited=content["predicate"]["cited"][0]
    ),
    "unknown field": put("predicate.unread", "x"),
    "a claim": put("predicate.claim", {"id": "C1", "text_sha256": "0" * 64}),
    "supersedes": put("predicate.supersedes", f"pcite:{'0' * 64}"),
    "no relationship": drop("predicate.relationship"),
    "null after": put("predicate.after", None),
    "no time": drop("predicate.created_at"),
    "year 0": put("predicate.created_at", "0000-01-01T00:00:00Z"),
    "no nonce": drop("predicate.nonce"),
    "not verified by the signer": put("predicate.verification.verdict", "failed"),
    "a retraction": put("predicateType", "https://pith-agent.dev/attestation/retraction/v1"),
}


@pytest.mark.parametrize("change", BAD.values(), ids=BAD)
def test_a_bibliography_of_another_form_is_refused_though_signed_properly(change):
    assert outcome(said(change), record=FOUND) == ("failed", "invalid-statement")


def test_a_bibliography_from_the_future_is_refused():
    future = said(put("predicate.created_at", "2026-12-01T12:05:01Z"))

    assert outcome(future, record=FOUND) == ("failed", "created-in-future")


def failing(*errors):
    """Finds the proofs, but for those in whose place an error stands."""

    def found(names):
        return [error or FOUND(name) for name, error in zip(names, errors, strict=True)]

    return found


REVOKED, MISSING = RevokedKeyError("revoked"), NotFoundError("not there")


@pytest.mark.parametrize(
    ("errors", "outcome", "verdicts"),
    [
        ((None, MISSING, None), ("undecidable", "not-found"), "vuv"),
        ((None, None, REVOKED), ("failed", "revoked-key"), "vvf"),
        ((MISSING, REVOKED, None), ("failed", "revoked-key"), "ufv"),
        ((MISSING, MISSING, MISSING), ("undecidable", "not-found"), "uuu"),
    ],
)
def test_the_first_paper_that_fails_decides_and_each_has_a_verdict(errors, outcome, verdicts):
    report = examined(ENVELOPE, record=never, records=failing(*errors))

    assert (report.verdict, report.code) == outcome
    assert "".join(paper.verdict[0] for paper in report.papers) == verdicts
    bad = [error for error in errors if error]
    same = sum(isinstance(error, type(bad[-1] if REVOKED not in bad else REVOKED)) for error in bad)
    assert report.message.startswith(f"{same} of 3 ")
    assert [paper.code for paper in report.papers] == [
        error.code if error else "ok" for error in errors
    ]


@pytest.mark.parametrize(
    "change",
    [
        put("subject.1.digest.sha256", "0" * 64),
        put("predicate.cited.1.source.version", 99),
        put("predicate.cited.1.receipt.signature_sha256", "0" * 64),
        lambda content: content["predicate"]["cited"].reverse(),
    ],
)
def test_a_paper_that_is_described_as_another_is_refused_though_signed_properly(change):
    report = examined(said(change), record=FOUND)

    assert (report.verdict, report.code) == ("failed", "cited-record-mismatch")
    assert report.papers[1].verdict == "failed" or report.papers[0].verdict == "failed"


def test_a_bibliography_by_a_stranger_makes_nobody_look_anything_up():
    report = examined(ENVELOPE, signers=(), record=never, records=never)

    assert (report.verdict, report.code) == ("undecidable", "unknown-signer")
    assert (report.kind, report.papers, report.statement) == (None, (), None)


def test_every_bit_of_the_payload_counts():
    for bit in range(0, 8 * len(PAYLOAD), 7):
        flipped = bytearray(PAYLOAD)
        flipped[bit // 8] ^= 1 << bit % 8
        envelope = {**ENVELOPE, "payload": base64.b64encode(flipped).decode("ascii")}
        assert outcome(envelope, record=never) == ("failed", "invalid-signature"), bit


def test_another_implementation_and_ours_verify_each_others_bibliographies():
    ed25519 = pytest.importorskip("cryptography.hazmat.primitives.asymmetric.ed25519")
    signer = CryptoSigner(ed25519.Ed25519PrivateKey.from_private_bytes(SEED))
    other = OtherEnvelope(PAYLOAD, "application/vnd.in-toto+json", {})
    other.sign(signer)
    assert outcome(other.to_dict(), record=FOUND) == ("verified", "ok")

    scheme = {"public": CITING_KEY.public.hex()}
    key = SSlibKey(CITING_KEY.keyid, "ed25519", "ed25519", scheme)
    OtherEnvelope.from_dict(json.loads(json.dumps(ENVELOPE))).verify([key], 1)
