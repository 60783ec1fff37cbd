"""Statements that are signed properly and refused all the same."""

import hashlib
import json

import pytest

from tests.unit.envelopes import (
    PAYLOAD,
    RECORD,
    drop,
    examined,
    never,
    outcome,
    put,
    said,
    signed,
)


def not_canonical() -> list[bytes]:
    content = json.loads(PAYLOAD)
    text = PAYLOAD.decode()
    return [
        json.dumps(content).encode(),
        json.dumps(content, indent=1).encode(),
        PAYLOAD + b"\n",
        b" " + PAYLOAD,
        b"\xef\xbb\xbf" + PAYLOAD,
        text.replace('"supports"', '"\\u0073upports"').encode(),
        text.replace('"version":4', '"version":4.0').encode(),
        text.replace('"version":4', '"version":4,"version":4').encode(),
        text.encode("utf-16"),
        b"",
        b"{",
        b"\xff",
    ]


@pytest.mark.parametrize("payload", not_canonical(), ids=range(len(not_canonical())))
def test_a_payload_that_is_not_canonical_is_refused_though_signed_properly(payload):
    assert outcome(signed(payload), record=never) == ("failed", "citation-not-canonical")


@pytest.mark.parametrize("payload", [b"{}", b"[]", b"null", b"7", b'"text"'])
def test_a_payload_that_is_no_statement_is_refused_though_signed_properly(payload):
    assert outcome(signed(payload), record=never) == ("failed", "invalid-statement")


BAD_STATEMENTS = {
    "unknown field": put("predicate.unread", "x"),
    "unknown field at the top": put("unread", "x"),
    "unknown field in a digest": put("subject.0.digest.sha512", "0" * 128),
    "unknown field in cited": put("predicate.cited.source.doi", "10.1/x"),
    "two subjects": lambda c: c["subject"].append(c["subject"][0]),
    "no subject": put("subject", []),
    "short number": put("subject.0.name", "pith:ODXWRQYN"),
    "number without year": put("subject.0.name", f"pith:{'A' * 26}"),
    "number with newline": put("subject.0.name", RECORD.pith_number + "\n"),
    "digest in upper case": put("subject.0.digest.sha256", "A" * 64),
    "digest with newline": put("subject.0.digest.sha256", "0" * 64 + "\n"),
    "predicate type as number": put("predicateType", 1),
    "predicate type of a bibliography": put(
        "predicateType", "https://pith-agent.dev/attestation/bibliography/v1"
    ),
    "predicate type of a retraction": put(
        "predicateType", "https://pith-agent.dev/attestation/retraction/v1"
    ),
    "other type": put("_type", "https://in-toto.io/Statement/v0.1"),
    "no type": drop("_type"),
    "no predicate type": drop("predicateType"),
    "type under another name": lambda c: c.update(type_=c.pop("_type")),
    "predicate type under another name": lambda c: c.update(predicate_type=c.pop("predicateType")),
    "null for absent": put("predicate.quote", None),
    "null supersedes": put("predicate.supersedes", None),
    "supersedes no citation id": put("predicate.supersedes", "pcite:1"),
    "unknown relationship": put("predicate.relationship", "mentions"),
    "no relationship": drop("predicate.relationship"),
    "no digest of a document": drop("predicate.citing.digest"),
    "no nonce": drop("predicate.nonce"),
    "short nonce": put("predicate.nonce", "A" * 21),
    "long nonce": put("predicate.nonce", "A" * 23),
    "nonce in other base64": put("predicate.nonce", "+" * 22),
    "no time": drop("predicate.created_at"),
    "time with fraction": put("predicate.created_at", "2026-12-01T12:00:00.5Z"),
    "time with offset": put("predicate.created_at", "2026-12-01T12:00:00+00:00"),
    "time with newline": put("predicate.created_at", "2026-12-01T12:00:00Z\n"),
    "time in other digits": put("predicate.created_at", "٢٠٢٦-12-01T12:00:00Z"),
    "month 13": put("predicate.created_at", "2026-13-01T12:00:00Z"),
    "year 0": put("predicate.created_at", "0000-01-01T00:00:00Z"),
    "second 61": put("predicate.created_at", "2026-12-01T12:00:61Z"),
    "not verified by the signer": put("predicate.verification.verdict", "failed"),
    "version as text": put("predicate.cited.source.version", "4"),
    "version as truth": put("predicate.cited.source.version", True),
    "control in a line": put("predicate.citing.id", "a\x1b[31m"),
    "long statement": put("predicate.statement", "x" * 2001),
    "quote in another form": put(
        "predicate.quote", {"sha256": "0" * 64, "normalization": "nfkc", "length": 1}
    ),
}


@pytest.mark.parametrize("change", BAD_STATEMENTS.values(), ids=BAD_STATEMENTS)
def test_a_statement_that_is_not_of_this_version_is_refused_though_signed_properly(change):
    assert outcome(said(change)) == ("failed", "invalid-statement")


@pytest.mark.parametrize(
    "named",
    [
        "https://slsa.dev/provenance/v1",
        "https://pith-agent.dev/attestation/citation/v2",
        "https://pith-agent.dev/attestation/citation/v1\n",
        "",
    ],
)
def test_a_statement_of_another_kind_is_refused_by_a_code_of_its_own(named):
    assert outcome(said(put("predicateType", named)), record=never) == (
        "failed",
        "unknown-statement",
    )


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (put("subject.0.digest.sha256", "0" * 64), "cited-record-mismatch"),
        (put("predicate.cited.source.id", "2402.13117"), "cited-record-mismatch"),
        (put("predicate.cited.source.version", 5), "cited-record-mismatch"),
        (put("predicate.cited.source.kind", "ssrn"), "cited-record-mismatch"),
        (put("predicate.cited.receipt.key_fingerprint", "0" * 64), "cited-record-mismatch"),
        (put("predicate.cited.receipt.signature_sha256", "0" * 64), "cited-record-mismatch"),
        (put("predicate.claim.text_sha256", "0" * 64), "claim-mismatch"),
        (put("predicate.claim.id", "C99"), "unknown-claim"),
        (put("predicate.created_at", "2026-12-01T12:05:01Z"), "created-in-future"),
        (put("predicate.created_at", "9999-12-31T23:59:59Z"), "created-in-future"),
    ],
)
def test_a_statement_about_something_else_is_refused_though_signed_properly(change, code):
    assert outcome(said(change)) == ("failed", code)


def quote(text="Two words", **changed):
    words = {"sha256": hashlib.sha256(b"Two words").hexdigest(), "length": 9, "text": text}
    return put("predicate.quote", {"normalization": "nfc+ws1", **words, **changed})


@pytest.mark.parametrize(
    "change",
    [
        quote("Two word"),
        quote("two words"),
        quote("Two words\u200b"),
        quote("Two  words"),
        quote(length=10),
        quote(sha256="0" * 64),
    ],
    ids=["shorter", "case", "unseen", "not normalised", "length", "hash"],
)
def test_quoted_words_that_were_altered_are_refused_though_signed_properly(change):
    assert outcome(said(change)) == ("failed", "quote-mismatch")


def test_quoted_words_as_they_were_hashed_are_verified():
    assert outcome(said(quote())) == ("verified", "ok")
    assert examined(said(quote())).checks[-1].status == "pass"
    assert examined(said()).checks[-1].status == "skipped"
