"""What a verification hands out: the report, and the proof that nothing else can make."""

import copy
import dataclasses
import pickle

import pytest

from pith_agent import STANDARD, STRICT, Question, examine, parse_identifier, verify
from pith_agent.errors import (
    InvalidSignatureError,
    NoReceiptError,
    PithError,
    UndecidableError,
    VerificationError,
)
from pith_agent.protocol.proof import VerifiedRecord
from pith_agent.protocol.report import Check, Report
from tests.documents import REAL, TITLE, TRUST, as_bytes, proved, signed_record
from tests.unit.tampering import alias
from tests.unit.tamperings import rows


def unconfirmed():
    document = signed_record()
    document["paper"]["title"] = document["graph_snapshot"]["paper"]["title"] = "Überblick"
    return document


def test_a_title_that_is_not_confirmed_is_no_part_of_the_proof():
    report = examine(unconfirmed(), TRUST)

    assert report.verdict == "verified"
    assert report.require().title is None
    assert report.coverage.hash_bound == ("graph_snapshot.claims.items",)
    assert {"paper.title", "graph_snapshot.paper.title"} <= set(report.coverage.unbound)


def test_beside_a_confirmed_title_another_is_refuted_in_any_alphabet():
    document = signed_record()
    document["paper"]["title"] = "Überblick"

    assert examine(document, TRUST).code == "title-mismatch"


def test_titles_that_differ_in_case_only_are_both_confirmed_and_the_first_is_shown():
    document = signed_record()
    document["paper"]["title"] = TITLE.upper()
    record = verify(document, TRUST)

    assert record.title == TITLE.upper()
    assert {"paper.title", "graph_snapshot.paper.title"} <= set(record.coverage.hash_bound)


def test_a_title_beyond_ascii_that_hashes_as_signed_is_proved():
    record = proved(title="Überblick über große Sprachmodelle")

    assert record.title == "Überblick über große Sprachmodelle"


@pytest.mark.parametrize("row", rows(), ids=str)
@pytest.mark.parametrize("policy", [STANDARD, STRICT], ids=str)
def test_what_is_not_verified_raises_an_error_with_the_reports_own_code(row, policy):
    report = examine(row.document(), row.trust, policy, question=row.question)
    if report.verdict == "verified":
        assert report.require() is report.record
        return

    with pytest.raises(PithError) as caught:
        report.require()

    assert caught.value.code == report.code
    assert caught.value.report is report
    assert caught.value.hint
    assert report.decisive.hint == caught.value.hint


# What has not the form of a document raises a DocumentError.
READABLE = [row for row in rows() if row.code != "malformed-document"]


@pytest.mark.parametrize("row", READABLE, ids=str)
def test_who_catches_verification_errors_catches_every_judgement_of_a_readable_document(row):
    report = examine(row.document(), row.trust, STRICT, question=row.question)

    with pytest.raises(VerificationError):
        report.require()


def test_undecided_and_refuted_are_told_apart_by_class():
    document = signed_record()
    del document["receipt"]
    with pytest.raises(NoReceiptError) as undecided:
        verify(document, TRUST)
    assert isinstance(undecided.value, UndecidableError)

    document = signed_record()
    document["receipt"]["signature_b64"] = "A" * 86 + "=="
    with pytest.raises(InvalidSignatureError) as refuted:
        verify(document, TRUST)
    assert not isinstance(refuted.value, UndecidableError)


def test_the_decisive_check_is_the_one_that_decided_and_not_one_of_the_same_code():
    # The alias is mentioned with the code that the question is then refused with.
    document = signed_record()
    alias("doi", "10.1145/3292500.3330701")(document)
    question = Question(asked=parse_identifier("10.1145/3292500.3330701"))
    report = examine(document, TRUST, question=question)

    assert (report.verdict, report.code) == ("undecidable", "alias-unprovable")
    assert (report.decisive.name, report.decisive.status) == ("asked", "undecidable")


FIELDS = {field.name: getattr(proved(), field.name) for field in dataclasses.fields(VerifiedRecord)}


def test_a_proof_cannot_be_made_by_hand():
    for seal in (None, object(), True, "seal"):
        with pytest.raises(TypeError):
            VerifiedRecord(**{**FIELDS, "seal": seal})
    with pytest.raises(TypeError):
        VerifiedRecord(**{k: v for k, v in FIELDS.items() if k != "seal"})


def test_a_proof_cannot_be_turned_into_another_proof():
    record = proved()

    with pytest.raises((TypeError, ValueError)):
        dataclasses.replace(record, pith_number="pith:2024:" + "A" * 26)
    with pytest.raises(dataclasses.FrozenInstanceError):
        record.title = "Another"


def test_a_report_made_by_hand_proves_nothing():
    report = examine(REAL)
    twin = Report.model_validate(report.model_dump())

    assert twin.verdict == "verified"
    assert twin.record is None
    with pytest.raises(PithError):
        twin.require()


def test_a_report_that_was_changed_keeps_no_proof_for_another_record():
    report = examine(REAL).model_copy(update={"pith_number": "pith:2024:" + "A" * 26})

    assert report.record is None or report.record.pith_number == examine(REAL).pith_number


def test_a_proof_is_not_changed_by_changing_the_document_afterwards():
    document = signed_record()
    record = verify(document, TRUST)
    before = copy.deepcopy((record.title, record.signed, record.claims, record.coverage))

    document["paper"]["title"] = "Another"
    document["graph_snapshot"]["claims"]["items"][0]["text"] = "Another"
    document["canonical_record"]["source"]["id"] = "1234.5678"
    document.clear()

    assert (record.title, record.signed, record.claims, record.coverage) == before


def test_a_document_is_not_changed_by_being_examined():
    document = signed_record()
    before = copy.deepcopy(document)
    examine(document, TRUST)

    assert document == before


def test_a_report_survives_json():
    report = examine(REAL)

    assert Report.model_validate_json(report.model_dump_json()).checks == report.checks


def test_a_report_and_a_check_cannot_be_changed():
    report = examine(REAL)
    with pytest.raises(ValueError, match="frozen"):
        report.verdict = "failed"
    with pytest.raises(ValueError, match="frozen"):
        report.checks[0].status = "fail"
    with pytest.raises(ValueError, match="Extra"):
        Check(name="x", status="pass", code="ok", detail="", more=1)


@pytest.mark.parametrize(
    "value",
    ["\x1b[31mred\x1b[0m", "a\u202eb", "a\nb", "x" * 5000, ["\x1b]0;t\x07"], {"a": "\x9b"}],
    ids=lambda value: ascii(value)[:20],
)
def test_evidence_is_quoted_short_and_without_hidden_characters(value):
    document = signed_record()
    document["paper"]["primary_cat"] = value
    report = examine(document, TRUST)
    shown = [text for c in report.checks for text in (c.expected, c.found, c.detail) if text]

    assert report.failures == ("duplicate-mismatch",)
    assert all(text.isprintable() and len(text) <= 400 for text in shown)
    report.model_dump_json()


def test_hints_are_given_only_where_something_is_wrong():
    for check in examine(REAL).checks:
        assert check.hint == ""
    for row in rows():
        report = examine(row.document(), row.trust, question=row.question)
        for check in report.checks:
            assert bool(check.hint) == (check.status not in ("pass", "skipped")), check.code


def test_a_pickled_report_carries_no_proof_that_was_not_there():
    report = examine(as_bytes({"canonical_record": {}}))

    assert pickle.loads(pickle.dumps(report)).record is None
