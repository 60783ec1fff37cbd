"""Properties of bibliographies and retractions: each gets an answer, whatever was done to it."""

import base64
import copy
import json

from hypothesis import given
from hypothesis import strategies as st
from nacl.signing import SigningKey

from pith_agent.protocol.bibliography import BibliographyRequest, draft_bibliography
from pith_agent.protocol.canon import canonical_bytes
from pith_agent.protocol.citation import pae
from pith_agent.protocol.citation_report import KINDS, CitationReport, examine_citation
from pith_agent.protocol.retraction import RetractionRequest, draft_retraction, spoken_of
from tests.documents import CITING_KEY, NOW, lookup, proved, request, statement
from tests.properties.strategies import ANY_TEXT, CANONICAL, JSON, QUICK
from tests.properties.test_verify import changed, places

RECORDS = [proved(version=n) for n in (4, 5)]
KEY = SigningKey(bytes(range(32)))
PUBLIC = bytes(KEY.verify_key)
SAID = {"agent": request().agent}
BIBLIOGRAPHY = draft_bibliography(
    RECORDS,
    BibliographyRequest.read({**SAID, "citing": request().citing}),
    created_at=NOW,
    nonce=bytes(16),
)
RETRACTION = draft_retraction(
    RetractionRequest.read({**SAID, "citation_id": f"pcite:{'ab' * 32}", "reason": "why"}),
    created_at=NOW,
    nonce=bytes(16),
)
CITATION = statement(RECORDS[0], supersedes=f"pcite:{'cd' * 32}")
SIGNED = [json.loads(CITING_KEY.sign(one).canonical()) for one in (BIBLIOGRAPHY, RETRACTION)]
STATEMENTS = [json.loads(one.payload()) for one in (BIBLIOGRAPHY, RETRACTION, CITATION)]


def whole(envelope):
    signers = (PUBLIC, CITING_KEY.public)
    report = examine_citation(envelope, signers, record=lookup(*RECORDS), now=NOW)
    assert CitationReport.model_validate_json(report.model_dump_json()) == report
    assert (report.verdict == "verified") == (report.code == "ok")
    assert bool(report.statement) <= bool(report.signed_by)
    assert bool(report.kind) == bool(report.statement)
    assert bool(report.papers) == (report.kind == "bibliography")
    assert bool(report.retracts) == (report.kind == "retraction")
    return report


def signed(payload: bytes):
    envelope = copy.deepcopy(SIGNED[0])
    envelope["payload"] = base64.b64encode(payload).decode()
    envelope["signatures"][0]["sig"] = base64.b64encode(KEY.sign(pae(payload)).signature).decode()
    return envelope


def some_place(documents):
    return st.sampled_from([(one, path) for one in documents for path in places(one)])


@QUICK
@given(some_place(SIGNED), st.just(...) | JSON | ANY_TEXT)
def test_a_mutated_envelope_gets_a_report(place, value):
    envelope, path = place
    mutated = changed(envelope, path, value)

    if whole(mutated).verdict == "verified":
        # The key id is a hint; everything else is signed or has one spelling.
        assert mutated == envelope or path[-1] == "keyid"


@QUICK
@given(some_place(STATEMENTS), st.just(...) | CANONICAL)
def test_a_mutated_statement_that_is_signed_gets_a_report_of_its_own_bytes(place, value):
    payload = canonical_bytes(changed(*place, value))
    report = whole(signed(payload))

    if report.verdict == "verified":
        # What is reported as said is what was signed, to the byte.
        assert canonical_bytes(report.statement) == payload
        assert report.kind == KINDS[report.statement["predicateType"]]


@QUICK
@given(some_place(STATEMENTS), st.just(...) | CANONICAL)
def test_what_a_mutated_statement_speaks_of_is_found_without_judging_it(place, value):
    names = spoken_of(canonical_bytes(changed(*place, value)))

    assert all(len(bytes.fromhex(name)) == 32 for name in names)


@QUICK
@given(st.binary(max_size=300) | st.binary(max_size=300).map(lambda data: b"pcite:" + data))
def test_what_any_bytes_speak_of_is_nothing(payload):
    assert spoken_of(payload) == frozenset()
