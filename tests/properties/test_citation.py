"""Properties of the verification of citations: it always answers."""

import base64
import copy
import json

from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from pith_agent.errors import UnknownClaimError
from pith_agent.protocol.canon import canonical_bytes
from pith_agent.protocol.citation import pae
from pith_agent.protocol.citation_draft import quoted_sha256, quoted_text
from pith_agent.protocol.citation_report import CitationReport, examine_citation
from tests.documents import CITING_KEY, NOW, lookup, proved, statement
from tests.properties.strategies import ANY_TEXT, CANONICAL, JSON, OBJECTS, QUICK, UTF8_TEXT
from tests.properties.test_verify import changed, places

RECORD = proved()
KEY = SigningKey(bytes(range(32)))
PUBLIC = bytes(KEY.verify_key)
ENVELOPE = json.loads(CITING_KEY.sign(statement(RECORD)).canonical())
STATEMENT = json.loads(statement(RECORD).payload())


def whole(envelope, signers=(PUBLIC, CITING_KEY.public)):
    report = examine_citation(envelope, signers, record=lookup(RECORD), now=NOW)
    assert CitationReport.model_validate_json(report.model_dump_json()) == report
    assert (report.verdict == "verified") == (report.code == "ok")
    assert bool(report.statement) <= bool(report.signed_by)
    return report


def signed(payload: bytes):
    envelope = copy.deepcopy(ENVELOPE)
    envelope["payload"] = base64.b64encode(payload).decode()
    envelope["signatures"][0]["sig"] = base64.b64encode(KEY.sign(pae(payload)).signature).decode()
    return envelope


@QUICK
@given(OBJECTS | JSON | st.binary(max_size=200))
def test_anything_gets_a_report(envelope):
    assert whole(envelope).verdict == "failed"


@QUICK
@given(st.sampled_from(list(places(ENVELOPE))), st.just(...) | JSON | ANY_TEXT)
def test_a_mutated_envelope_gets_a_report(path, value):
    mutated = changed(ENVELOPE, path, value)

    if whole(mutated).verdict == "verified":
        # The key id is a hint; everything else is signed or has one spelling.
        assert mutated == ENVELOPE or path[-1] == "keyid"


@QUICK
@given(st.binary(max_size=300))
def test_any_payload_that_is_signed_gets_a_report(payload):
    assert whole(signed(payload)).verdict == "failed"


@QUICK
@given(st.sampled_from(list(places(STATEMENT))), st.just(...) | CANONICAL)
def test_a_mutated_statement_that_is_signed_gets_a_report_of_its_own_bytes(path, value):
    payload = canonical_bytes(changed(STATEMENT, path, value))
    report = whole(signed(payload))

    if report.verdict == "verified":
        # What is reported as said is what was signed, to the byte.
        assert canonical_bytes(report.statement) == payload


@QUICK
@given(UTF8_TEXT, UTF8_TEXT)
def test_no_two_payloads_have_the_same_signed_bytes(one, other):
    assert (pae(one.encode()) == pae(other.encode())) == (one == other)


@QUICK
@given(UTF8_TEXT)
def test_quoted_text_is_a_fixed_point(text):
    assert quoted_text(quoted_text(text)) == quoted_text(text)
    assert quoted_sha256(f" {text}\n") == quoted_sha256(text)


@QUICK
@given(ANY_TEXT)
def test_a_claim_is_found_by_its_exact_id_or_not_at_all(text):
    try:
        said = statement(RECORD, claim_id=text)
    except (UnknownClaimError, ValueError):
        return
    assert said.predicate.claim.id == text
