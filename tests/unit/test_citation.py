"""Signing: the key that cannot leak, the statement that follows from proof."""

import base64
import copy
import hashlib
import json
import pickle
import traceback
from datetime import timedelta, timezone

import pytest
from nacl.signing import VerifyKey
from pydantic import ValidationError
from securesystemslib.dsse import Envelope as OtherEnvelope
from securesystemslib.signer import SSlibKey

from pith_agent import RELATIONSHIPS, Citing, Digest, verify
from pith_agent.errors import CanonicalFormError, UnknownClaimError
from pith_agent.protocol import citation as citation_module
from pith_agent.protocol.canon import canonical_bytes
from pith_agent.protocol.citation import PAYLOAD_TYPE, CitationKey, Envelope, Statement, pae
from pith_agent.protocol.citation_draft import draft, quoted_sha256, quoted_text
from tests.documents import (
    CITING_KEY,
    NOW,
    TRUST,
    proved,
    request,
    shared,
    signed_record,
    statement,
)

SEED = hashlib.sha256(b"a seed that must not be seen").digest()
KEY = CitationKey(SEED)
RECORD = proved()
SPELLINGS = (
    repr(SEED)[2:-1],
    SEED.hex(),
    base64.b64encode(SEED).decode("ascii"),
    base64.urlsafe_b64encode(SEED).decode("ascii"),
    str(list(SEED))[1:-1],
)


def leaks(text: str) -> bool:
    return any(spelling in text for spelling in SPELLINGS)


def test_a_key_does_not_print_itself():
    for text in (repr(KEY), str(KEY), f"{KEY}", f"{KEY!r}", f"{[KEY]}", f"{{{KEY!s}}}"):
        assert not leaks(text)
    assert KEY.keyid[:16] in repr(KEY)
    assert not hasattr(KEY, "__dict__")


@pytest.mark.parametrize(
    "copied",
    [pickle.dumps, copy.copy, copy.deepcopy, lambda key: key.__reduce_ex__(4)],
    ids=["pickle", "copy", "deepcopy", "reduce"],
)
def test_a_key_is_not_copied(copied):
    with pytest.raises(TypeError):
        copied(KEY)


def test_a_key_is_not_copied_inside_something_else():
    for value in ([KEY], {"key": KEY}, (KEY,)):
        for copied in (pickle.dumps, copy.deepcopy):
            with pytest.raises(TypeError):
                copied(value)


def test_a_key_is_not_written_as_json():
    with pytest.raises(TypeError):
        json.dumps(KEY)
    assert not leaks(json.dumps({"key": KEY}, default=repr))


def test_a_traceback_with_local_variables_does_not_show_the_seed():
    def fails(key: CitationKey) -> None:
        raise ValueError(f"failed with {key}")

    with pytest.raises(ValueError, match="failed") as caught:
        fails(KEY)
    shown = traceback.TracebackException.from_exception(caught.value, capture_locals=True)

    frames = [frame.locals for frame in shown.stack if frame.name == "fails"]
    assert not leaks(str(frames))


@pytest.mark.parametrize("seed", [b"", bytes(31), bytes(33), bytes(64)], ids=len)
def test_a_key_is_made_of_32_bytes(seed):
    with pytest.raises(ValueError, match="32"):
        CitationKey(seed)


def test_a_key_signs_statements_and_nothing_else():
    public = {name for name in dir(KEY) if not name.startswith("_")}

    assert public == {"SEED_BYTES", "public", "keyid", "sign", "checkpoint_key"}
    for value in (b"bytes", "text", {}, None):
        with pytest.raises(AttributeError):
            KEY.sign(value)


def test_what_is_signed_begins_with_the_name_of_its_purpose():
    said = statement(RECORD)
    envelope = KEY.sign(said)
    signature = base64.b64decode(envelope.signatures[0].sig)
    signed = b"DSSEv1 28 application/vnd.in-toto+json %d " % len(said.payload()) + said.payload()

    assert VerifyKey(KEY.public).verify(signed, signature) == signed
    assert pae(said.payload()) == signed
    assert KEY.keyid == hashlib.sha256(KEY.public).hexdigest()
    assert len(PAYLOAD_TYPE) == 28


def test_the_encoding_is_that_of_dsse(monkeypatch):
    (row,) = json.loads(shared("vectors/dsse_pae.json").read_bytes())["tests"]
    monkeypatch.setattr(citation_module, "PAYLOAD_TYPE", row["payload_type"])

    assert pae(row["payload"].encode()) == row["pae"].encode()


def test_lengths_in_the_encoding_are_bytes_and_not_characters():
    assert pae("é".encode()) == b"DSSEv1 28 application/vnd.in-toto+json 2 \xc3\xa9"
    assert pae(b"") == b"DSSEv1 28 application/vnd.in-toto+json 0 "


def test_signing_twice_gives_the_same_envelope():
    assert KEY.sign(statement(RECORD)) == KEY.sign(statement(RECORD))


def test_the_statement_follows_from_the_proof():
    said = json.loads(statement(RECORD, quote="  Two\n words ", page=3).payload())
    signature = base64.b64decode(RECORD.receipt.signature_b64)
    predicate = said["predicate"]

    assert said["_type"] == "https://in-toto.io/Statement/v1"
    assert said["predicateType"] == "https://pith-agent.dev/attestation/citation/v1"
    assert said["subject"] == [
        {"name": RECORD.pith_number, "digest": {"sha256": RECORD.canonical_sha256}}
    ]
    assert predicate["cited"] == {
        "source": {"kind": "arxiv", "id": "2402.13116", "version": 4},
        "receipt": {
            "key_fingerprint": RECORD.key_sha256,
            "signature_sha256": hashlib.sha256(signature).hexdigest(),
        },
    }
    claim = signed_record()["graph_snapshot"]["claims"]["items"][0]
    assert predicate["claim"]["text_sha256"] == quoted_sha256(claim["text"])
    assert predicate["quote"] == {
        "sha256": hashlib.sha256(b"Two words").hexdigest(),
        "normalization": "nfc+ws1",
        "length": 9,
        "page": 3,
    }
    assert predicate["verification"] == {"verdict": "verified", "policy": "standard@1"}
    assert (predicate["created_at"], predicate["nonce"]) == ("2026-12-01T12:00:00Z", "A" * 22)
    assert "model" not in predicate["agent"]


def test_quoted_words_are_stated_only_on_request():
    asked = json.loads(statement(RECORD, quote=" Two\n words", with_quote_text=True).payload())
    silent = statement(RECORD, quote=" Two\n words").payload()

    assert asked["predicate"]["quote"]["text"] == "Two words"
    assert b"Two words" not in silent


def test_a_time_in_another_zone_is_stated_in_utc():
    local = NOW.astimezone(timezone(timedelta(hours=-9)))
    said = draft(RECORD, request(), created_at=local, nonce=bytes(16))

    assert said.predicate.created_at == "2026-12-01T12:00:00Z"


def test_the_payload_is_canonical_and_reads_back_as_the_same_statement():
    said = statement(RECORD, statement='Ünïcode \u2028 "quoted" \\ 😀', quote="q")

    assert canonical_bytes(json.loads(said.payload())) == said.payload()
    assert Statement.model_validate_json(said.payload()) == said


@pytest.mark.parametrize("relationship", RELATIONSHIPS)
def test_every_relationship_can_be_signed(relationship):
    said = statement(RECORD, relationship=relationship)

    assert said.predicate.relationship == relationship


@pytest.mark.parametrize(
    "changes",
    [
        {"relationship": "mentions"},
        {"relationship": ""},
        {"agent": {"name": "", "version": "1"}},
        {"agent": {"name": "a\nb", "version": "1"}},
        {"agent": {"name": "a\x1b[31m", "version": "1"}},
        {"agent": {"name": "a" * 501, "version": "1"}},
        {"agent": {"name": "a", "version": "1", "key": "x"}},
        {"citing": {"kind": "document", "id": "x"}},
        {"citing": {"kind": "code", "id": "x", "digest": None}},
        {"citing": {"kind": "document", "id": "x", "digest": {"sha256": "0" * 63}}},
        {"citing": {"kind": "document", "id": "x", "digest": {"sha256": "A" * 64}}},
        {"citing": {"kind": "document", "id": "x", "digest": {"sha256": "0" * 64 + "\n"}}},
        {"citing": {"kind": "other", "id": "x", "digest": {"sha256": "0" * 64}}},
        {"claim_id": ""},
        {"claim_id": "C1\n"},
        {"quote": ""},
        {"quote": " "},
        {"quote": "\u0958" * 20_000},  # In NFC each of these is two characters.
        {"with_quote_text": True},
        {"quote": "x" * 20_001},
        {"quote": "\ud800"},
        {"statement": "x" * 2001},
        {"page": "3"},
        {"page": 3.0},
        {"unknown": 1},
    ],
    ids=lambda changes: ascii(changes)[:60],
)
def test_a_request_that_could_be_read_in_two_ways_is_refused(changes):
    with pytest.raises(ValidationError):
        request(**changes)


def test_only_the_output_of_an_agent_may_be_without_a_digest():
    assert Citing(kind="agent_output", id="answer 7").digest is None
    assert Citing(kind="dataset", id="x", digest=Digest(sha256="0" * 64)).digest


def test_a_claim_that_the_record_has_not_cannot_be_cited():
    for claim_id in ("C99", "c1", "C1 "):
        with pytest.raises(UnknownClaimError) as caught:
            statement(RECORD, claim_id=claim_id)
        assert caught.value.code == "unknown-claim"
        assert "C1" in caught.value.message


def test_claims_that_are_not_bound_cannot_be_cited():
    document = signed_record()
    document["graph_snapshot"]["claims"]["count"] = 99

    with pytest.raises(UnknownClaimError):
        statement(verify(document, TRUST))


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("  a \n\t b ", "a b"),
        ("e\u0301", "é"),
        ("A\u00a0B", "A B"),
        ("ﬁ", "ﬁ"),
        ("Case Stays", "Case Stays"),
    ],
)
def test_quoted_words_are_hashed_in_nfc_with_single_spaces(text, normal):
    assert quoted_text(text) == normal
    assert quoted_sha256(text) == hashlib.sha256(normal.encode()).hexdigest()


def test_half_a_surrogate_pair_is_no_quote():
    with pytest.raises(CanonicalFormError):
        quoted_sha256("\ud800")


def test_another_implementation_accepts_our_envelope():
    envelope = CITING_KEY.sign(statement(RECORD))
    other = OtherEnvelope.from_dict(json.loads(envelope.canonical()))
    key = SSlibKey(CITING_KEY.keyid, "ed25519", "ed25519", {"public": CITING_KEY.public.hex()})

    assert list(other.verify([key], 1)) == [CITING_KEY.keyid]
    assert other.pae() == pae(envelope.payload_bytes)


def test_the_golden_citation_is_reproduced_byte_for_byte():
    golden = json.loads(shared("vectors/derived/golden_citation.json").read_bytes())
    said = Statement.model_validate_json(json.dumps(golden["statement"]))
    envelope = Envelope.model_validate_json(json.dumps(golden["envelope"]))

    assert said.payload() == envelope.payload_bytes
    assert hashlib.sha256(pae(said.payload())).hexdigest() == golden["pae_sha256"]
    assert envelope.citation_id == golden["citation_id"]
    leaf = hashlib.sha256(b"\x00" + envelope.canonical()).hexdigest()
    assert leaf == golden["ledger_leaf_sha256"]


def test_the_golden_signature_is_made_again_by_its_key():
    golden = json.loads(shared("vectors/derived/golden_citation.json").read_bytes())
    vectors = json.loads(shared("vectors/ed25519_rfc8032.json").read_bytes())["tests"]
    (seed,) = {row["seed"] for row in vectors if row["public"] == golden["public_key_hex"]}
    key = CitationKey(bytes.fromhex(seed))
    said = Statement.model_validate_json(json.dumps(golden["statement"]))

    assert json.loads(key.sign(said).canonical()) == golden["envelope"]
