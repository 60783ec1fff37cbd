"""The documents that a registry serves, laid open."""

import json
from dataclasses import FrozenInstanceError

import pytest

from pith_agent.errors import CanonicalFormError, DocumentError, DocumentTooLargeError, JsonError
from pith_agent.protocol.record import (
    MAX_BUNDLE_BYTES,
    MAX_RECORD_BYTES,
    CanonicalRecord,
    at,
    created_payloads,
    load_document,
    read_document,
)
from tests.documents import (
    NUMBER,
    REAL,
    SUFFIX,
    as_bytes,
    real_record,
    signed_bundle,
    signed_compact,
    signed_record,
)


def test_the_published_record_is_laid_open():
    exhibit = read_document(load_document(REAL))

    assert (exhibit.form, exhibit.pith_number, exhibit.suffix) == ("record", NUMBER, SUFFIX)
    assert exhibit.digest.hex() == real_record()["canonical_sha256"]
    assert exhibit.receipt_path == "receipt"
    assert exhibit.receipt_fault is None
    assert exhibit.view.source.id == "2402.13116"
    assert exhibit.view.year == "2024"


@pytest.mark.parametrize(
    ("make", "form", "path"),
    [
        (signed_record, "record", "receipt"),
        (signed_bundle, "bundle", "events[0].payload.receipt"),
        (signed_compact, "compact", "receipt"),
    ],
)
def test_each_form_carries_the_same_two_things(make, form, path):
    exhibit, whole = read_document(make()), read_document(signed_record())

    assert (exhibit.form, exhibit.receipt_path) == (form, path)
    assert exhibit.canonical_bytes == whole.canonical_bytes
    assert exhibit.receipt == whole.receipt


def test_the_canonical_record_is_hashed_as_received_with_fields_that_are_unknown():
    document = signed_record()
    plain = read_document(document).digest
    document["canonical_record"]["metadata"]["new_field"] = {"any": [1, None, True]}

    assert read_document(document).digest != plain
    assert b'"new_field":{"any":[1,null,true]}' in read_document(document).canonical_bytes


@pytest.mark.parametrize(
    "value", [None, [], "text", 7, True, [{"source": {}}]], ids=lambda value: ascii(value)
)
def test_a_document_without_an_object_canonical_record_is_refused(value):
    with pytest.raises(DocumentError) as caught:
        read_document(signed_record() | {"canonical_record": value})
    assert caught.value.code == "malformed-document"


def test_a_canonical_record_that_could_be_hashed_in_two_ways_is_refused():
    for value in (1.0, 2**53, "\ud800", {"\ue000": 1}):
        document = signed_record()
        document["canonical_record"]["metadata"]["odd"] = value
        with pytest.raises(CanonicalFormError):
            read_document(document)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"[]", "malformed-document"),
        (b"null", "malformed-document"),
        (b'"text"', "malformed-document"),
        (b"{", "malformed-json"),
        (b'{"a":1,"a":1}', "malformed-json"),
        (b"\xef\xbb\xbf{}", "malformed-json"),
        (b"", "malformed-json"),
        (b"<html></html>", "malformed-json"),
    ],
)
def test_bytes_that_are_no_object_are_refused(data, code):
    with pytest.raises(DocumentError) as caught:
        load_document(data)
    assert caught.value.code == code


def test_fractions_are_read_outside_the_canonical_record_only():
    document = json.loads(REAL) | {"score": 0.5}
    assert load_document(as_bytes(document))["score"] == 0.5

    document["canonical_record"]["metadata"]["score"] = 0.5
    with pytest.raises(CanonicalFormError):
        read_document(load_document(as_bytes(document)))


def test_a_record_is_at_most_1_mib_and_a_bundle_8_mib():
    def padded(document, size):
        data = as_bytes(document)
        return data + b" " * (size - len(data))

    assert load_document(padded({"a": 1}, MAX_RECORD_BYTES))
    assert load_document(padded({"bundle_type": "b"}, MAX_BUNDLE_BYTES))
    for data in (
        padded({"a": 1}, MAX_RECORD_BYTES + 1),
        padded({"bundle_type": "b"}, MAX_BUNDLE_BYTES + 1),
    ):
        with pytest.raises(DocumentTooLargeError):
            load_document(data)


@pytest.mark.parametrize(
    "damage",
    [
        lambda c: c.pop("source"),
        lambda c: c.pop("metadata"),
        lambda c: c.pop("schema_version"),
        lambda c: c["source"].pop("version"),
        lambda c: c["source"].update(version="4"),
        lambda c: c["source"].update(version=True),
        lambda c: c["source"].update(version=None),
        lambda c: c["source"].update(id=2402),
        lambda c: c["metadata"].pop("title_canon_sha256"),
        lambda c: c["metadata"].update(license=None),
        lambda c: c["metadata"].update(cross_cats_sorted="cs.IR"),
        lambda c: c["metadata"].update(cross_cats_sorted=[1]),
        lambda c: c["metadata"].update(submitted_at=2024),
        lambda c: c.update(schema_version=1),
    ],
)
def test_a_canonical_record_of_another_shape_has_no_view(damage):
    document = signed_record()
    damage(document["canonical_record"])

    assert read_document(document).view is None
    assert read_document(document).pith_number is None


@pytest.mark.parametrize("time", ["", "24", "2024", "abcd-01-01", "٢٠٢٤-01-01T00:00:00Z", "20\n4"])
def test_only_four_ascii_digits_are_a_year(time):
    document = signed_record()
    document["canonical_record"]["metadata"]["submitted_at"] = time

    number = read_document(document).pith_number
    assert (number is not None) == (time == "2024")


@pytest.mark.parametrize(
    ("receipt", "fault"),
    [
        ([], "receipt: it"),
        ("text", "receipt: it"),
        ({}, "receipt: kind"),
        ({"kind": 7}, "receipt: kind"),
    ],
    ids=ascii,
)
def test_what_is_in_the_place_of_a_receipt_and_is_none_is_named(receipt, fault):
    exhibit = read_document(signed_record() | {"receipt": receipt})

    assert exhibit.receipt is None
    assert exhibit.receipt_path == "receipt"
    assert exhibit.receipt_fault.startswith(fault)


def test_a_malformed_receipt_is_not_passed_over_for_another():
    document = signed_bundle() | {"receipt": {"kind": "pith_receipt"}}

    assert read_document(document).receipt is None


def test_a_document_without_a_receipt_has_none():
    exhibit = read_document(signed_record() | {"receipt": None})

    assert (exhibit.receipt, exhibit.receipt_path, exhibit.receipt_fault) == (None, None, None)


def test_payloads_are_found_in_events_of_creation_only():
    document = {
        "events": [
            {"event_type": "other", "payload": {}},
            "text",
            None,
            {"event_type": "record_created"},
            {"event_type": ["record_created"]},
        ]
    }

    assert list(created_payloads(document)) == ["events[3].payload"]
    assert list(created_payloads({"events": {"event_type": "record_created"}})) == []
    assert list(created_payloads({})) == []


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("a", {"b": {"c": 1}, "b.c": 2}),
        ("a.b.c", 1),
        ("a.b.c.d", None),
        ("a.x", None),
        ("list[0].name", "first"),
        ("list[1].name", None),
        ("list[9].name", None),
        ("text.name", None),
        ("missing[0].name", None),
        ("a.b.c[0]", 1),
    ],
)
def test_a_path_leads_to_one_value_or_none(path, value):
    document = {"a": {"b": {"c": 1}, "b.c": 2}, "list": [{"name": "first"}, 7], "text": "t"}

    assert at(document, path) == value


def test_a_view_is_a_view_and_cannot_be_changed():
    view = CanonicalRecord.read(signed_record()["canonical_record"])

    with pytest.raises(FrozenInstanceError):
        view.schema_version = "2.0"


def test_duplicate_keys_are_refused_anywhere_in_a_document():
    for place in range(REAL.count(b'"kind":')):
        before, middle = b'"kind":'.join(REAL.split(b'"kind":')[: place + 1]), b'"kind":1,"kind":'
        with pytest.raises(JsonError):
            load_document(before + middle + REAL[len(before) + len(b'"kind":') :])
