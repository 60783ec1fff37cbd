"""Properties of verification: it always answers, and never too kindly."""

import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pith_agent import STRICT, Question, Seen, examine, parse_identifier
from pith_agent.protocol.canon import normal_text
from pith_agent.protocol.record import TITLES, at
from pith_agent.protocol.report import Report
from pith_agent.protocol.strict_json import MAX_DEPTH
from tests.documents import (
    REAL,
    TITLE,
    TRUST,
    real_record,
    signed_bundle,
    signed_compact,
    signed_record,
)
from tests.properties.strategies import JSON, OBJECTS, QUICK

RECORD = real_record()
HONEST = examine(REAL)
QUESTIONS = st.builds(
    Question,
    asked=st.sampled_from([None, "2402.13116", "pith:AAAAAAAA", "10.1/x", "10.1145/1"]).map(
        lambda text: parse_identifier(text) if text and text != "10.1/x" else None
    ),
    abstract=st.none() | st.text(max_size=20),
    seen=st.none() | st.builds(Seen, st.integers(0, 9), st.frozensets(st.text(max_size=3))),
)


def places(value, path=()):
    """The path of everything in a document, the document itself left out."""
    items = value.items() if isinstance(value, dict) else enumerate(value)
    for step, item in items:
        yield (*path, step)
        if isinstance(item, dict | list):
            yield from places(item, (*path, step))


def changed(document, path, value):
    document = copy.deepcopy(document)
    place = document
    for step in path[:-1]:
        place = place[step]
    if value is ...:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return document


def spelled(path):
    return "".join(f"[{s}]" if isinstance(s, int) else f".{s}" for s in path)[1:]


def whole(report):
    """A report that can be written down and does not contradict itself."""
    assert Report.model_validate_json(report.model_dump_json()).checks == report.checks
    assert (report.verdict == "verified") == (report.code == "ok") == (report.record is not None)
    if report.verdict != "verified":
        assert report.coverage.signed == report.coverage.hash_bound == ()
        assert report.decisive is not None
    return report


DOCUMENTS = [RECORD, signed_record(), signed_bundle(), signed_compact()]
MUTATIONS = st.sampled_from(DOCUMENTS).flatmap(
    lambda document: st.tuples(
        st.just(document), st.sampled_from(list(places(document))), st.just(...) | JSON
    )
)


@QUICK
@given(OBJECTS, QUESTIONS)
def test_any_object_gets_a_report(document, question):
    assert whole(examine(document, question=question)).verdict != "verified"


@QUICK
@given(st.binary(max_size=300))
def test_any_bytes_get_a_report(data):
    assert whole(examine(data)).verdict == "failed"


@QUICK
@given(st.none() | st.integers() | st.text() | st.lists(st.integers()))
def test_anything_else_gets_a_report_too(value):
    assert whole(examine(value)).code == "malformed-document"


def test_bytes_of_any_kind_are_judged_as_bytes():
    for document in (bytearray(REAL), memoryview(REAL)):
        assert whole(examine(document)).verdict == "verified"


@QUICK
@given(st.sampled_from(["canonical_record", "receipt", "events", "aliases", "paper"]), JSON)
def test_any_value_in_any_important_place_gets_a_report(name, value):
    for document in DOCUMENTS:
        whole(examine({**document, name: value}, TRUST))


@QUICK
@given(MUTATIONS, QUESTIONS, st.booleans())
def test_a_mutated_document_gets_a_report_and_keeps_no_false_coverage(mutation, question, real):
    document, path, value = mutation
    trust = None if document is RECORD or real else TRUST
    mutated = changed(document, path, value)
    report = whole(examine(mutated, trust, question=question))
    if report.verdict != "verified":
        return
    before = examine(document, trust)
    original = document
    for step in path:
        original = original[step]
    if value is ... or _same(original, value):
        return
    # Still verified: then the change was outside of everything that is said to be protected.
    for covered in report.coverage.signed:
        assert not _touches(spelled(path), covered), covered
    assert report.pith_number == before.pith_number


def _same(one, other):
    return json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True, default=repr)


def _touches(path, covered):
    return path == covered or path.startswith((f"{covered}.", f"{covered}["))


@QUICK
@given(st.integers(0, 8 * len(REAL) - 1))
def test_a_bit_that_is_flipped_in_the_bytes_never_changes_what_is_proved(bit):
    data = bytearray(REAL)
    data[bit // 8] ^= 1 << bit % 8
    report = whole(examine(bytes(data)))

    if report.verdict == "verified":
        assert report.require().canonical_bytes == HONEST.require().canonical_bytes
        assert report.require().title in (None, HONEST.require().title, *_letter_cases(data))


def _letter_cases(data):
    # The signed hash is over lower case and single spaces, so that it forgives both.
    document = json.loads(data)
    shown = [at(document, path) for path in TITLES]
    expected = normal_text(TITLE)
    return [title for title in shown if isinstance(title, str) and normal_text(title) == expected]


@QUICK
@given(st.dictionaries(st.text(max_size=20), JSON, max_size=4))
def test_more_fields_change_no_proof_and_are_never_covered(more):
    fresh = {name: value for name, value in more.items() if name not in RECORD}
    for reserved in ("title", "abstract", "bundle_type", "bundle_version", "source_aliases"):
        fresh.pop(reserved, None)
    report = whole(examine({**RECORD, **fresh}))
    if report.code == "malformed-json":  # An integer that not every reader keeps, for instance.
        return

    assert report.verdict == "verified"
    assert report.coverage.signed == HONEST.coverage.signed
    assert report.coverage.hash_bound == HONEST.coverage.hash_bound
    assert len(report.coverage.unbound) == len(HONEST.coverage.unbound) + len(fresh)


@QUICK
@given(MUTATIONS, QUESTIONS)
def test_the_strict_policy_is_never_kinder(mutation, question):
    mutated = changed(*mutation)
    strict = whole(examine(mutated, TRUST, STRICT, question=question))

    if strict.verdict == "verified":
        assert examine(mutated, TRUST, question=question).verdict == "verified"


@pytest.mark.parametrize("depth", [30, 31, 32, 33, 100, 400, 1_000, 50_000])
@pytest.mark.parametrize("name", ["canonical_record", "receipt", "unknown", "aliases"])
def test_depth_is_no_reason_to_crash(depth, name):
    for wrap in (lambda value: [value], lambda value: {"a": value}):
        value: object = 0
        for _ in range(depth):
            value = wrap(value)
        report = whole(examine({**RECORD, name: {"deep": value}}))

        # The document and the object around the value are two levels more.
        kept = depth + 2 <= MAX_DEPTH and name in ("unknown", "aliases")
        assert report.verdict == ("verified" if kept else "failed")
