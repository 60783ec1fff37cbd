"""Record files that a project keeps beside its sources."""

import json

import pytest

from pith_agent import RecordFiles, parse_identifier
from pith_agent.errors import CanonicalFormError, DocumentError, JsonError, StoreUnavailableError
from pith_agent.storage.cache import Stored
from tests.documents import (
    NUMBER,
    REAL,
    SUFFIX,
    VECTORS,
    as_bytes,
    real_record,
    signed_bundle,
    signed_record,
)


def find(records: RecordFiles, text: str) -> list[str]:
    return [stored.pith_number for stored in records.find(parse_identifier(text, context="pith"))]


@pytest.fixture
def records(tmp_path):
    (tmp_path / "one.json").write_bytes(REAL)
    return RecordFiles.load([tmp_path / "one.json", VECTORS / "records.jsonl"])


def test_a_record_is_found_by_all_that_names_it(records):
    for text in (
        NUMBER,
        SUFFIX,
        SUFFIX[:8],
        "2402.13116",
        "2402.13116v4",
        "10.48550/arXiv.2402.13116",
    ):
        assert NUMBER in find(records, text), text
    assert find(records, "hep-th/9301074") == ["pith:1993:ZL4K6BRL73BJCIAEOQDPUT3V4L"]


@pytest.mark.parametrize(
    "text",
    [
        "A" * 26,
        "A" * 8,
        "2402.13117",
        "2402.13116v3",
        "10.1145/1.2",
        "10/gf4gqc",
        "2011arXiv110101234S",
    ],
)
def test_what_is_in_no_file_is_not_found(records, text):
    assert find(records, text) == []


def test_a_document_comes_as_the_bytes_of_the_file_with_its_name(tmp_path):
    (tmp_path / "one.json").write_bytes(REAL)
    (stored,) = RecordFiles.load([tmp_path / "one.json"]).find(parse_identifier(NUMBER))

    assert stored.body == REAL
    assert stored.fetched_from == str(tmp_path / "one.json")


def test_a_tampered_document_is_found_by_what_it_claims_to_be():
    document = real_record()
    document["canonical_record"]["metadata"]["primary_cat"] = "cs.AI"
    records = RecordFiles([(as_bytes(document), "forged.json")])

    for text in (NUMBER, SUFFIX[:8], "2402.13116"):
        (stored,) = records.find(parse_identifier(text, context="pith"))
        assert stored.pith_number != NUMBER


def test_versions_are_found_newest_first():
    records = RecordFiles((as_bytes(signed_record(version=n)), f"{n}.json") for n in (2, 10, 1, 3))

    found = records.find(parse_identifier("2402.13116"))
    assert [stored.source[2] for stored in found] == [10, 3, 2, 1]


def test_lines_of_a_jsonl_file_are_documents_and_empty_lines_are_none(tmp_path):
    path = tmp_path / "many.jsonl"
    lines = [as_bytes(signed_record(version=n)) for n in (1, 2)]
    path.write_bytes(b"\n" + lines[0] + b"\r\n  \n" + lines[1])

    assert len(RecordFiles.load([path]).find(parse_identifier("2402.13116"))) == 2


def test_a_line_separator_inside_a_text_does_not_end_a_line(tmp_path):
    document = signed_record()
    document["paper"]["headline"] = "a\u2028b\u0085c\x0bd"
    (tmp_path / "x.jsonl").write_bytes(as_bytes(document))

    assert find(RecordFiles.load([tmp_path / "x.jsonl"]), "2402.13116")


def test_bundles_are_taken(tmp_path):
    (tmp_path / "b.json").write_bytes(as_bytes(signed_bundle()))

    assert find(RecordFiles.load([tmp_path / "b.json"]), "2402.13116")


@pytest.mark.parametrize(
    ("content", "error"),
    [
        (b"", JsonError),
        (b"{", JsonError),
        (b"[]", DocumentError),
        (b"{}", DocumentError),
        (b'{"canonical_record":{"a":0.5}}', CanonicalFormError),
        (REAL + REAL, JsonError),
    ],
)
def test_a_file_that_is_no_document_is_named(tmp_path, content, error):
    path = tmp_path / "bad.json"
    path.write_bytes(content)

    with pytest.raises(error) as caught:
        RecordFiles.load([path])
    assert type(caught.value) is error
    assert str(path) in caught.value.message


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    (tmp_path / "directory.json").mkdir()

    for name in ("absent.json", "directory.json"):
        with pytest.raises(StoreUnavailableError) as caught:
            RecordFiles.load([tmp_path / name])
        assert name in caught.value.message


@pytest.mark.parametrize(
    "change",
    [
        {"pith_number": None, "short_pith_number": 7},
        {"pith_number": ["x"], "short_pith_number": {}},
        {"pith_number": "nonsense"},
        {"canonical_record": {}},
        {"canonical_record": {"source": 7}},
        {"canonical_record": {"source": {"version": "4"}}},
        {"canonical_record": {"source": {"id": ["x"], "version": 4}}},
    ],
    ids=json.dumps,
)
def test_a_document_with_odd_names_is_kept_for_its_digest(change):
    body = as_bytes(real_record() | change)
    suffix = Stored.received(body, "odd.json").suffix

    (stored,) = RecordFiles([(body, "odd.json")]).find(parse_identifier(suffix))
    assert stored.body == body


@pytest.mark.parametrize(
    "change",
    [
        {"pith_number": "arXiv:2402.13117"},
        {"pith_number": "10.1145/1.2"},
        {"pith_number": "10/gf4gqc"},
        {"canonical_record": {}},
        {"canonical_record": {"source": {"id": "None", "version": 1}}},
        {"canonical_record": {"source": {"id": "", "version": 1}}},
    ],
    ids=json.dumps,
)
def test_a_document_with_another_kind_of_name_or_none_answers_to_no_doi(change):
    records = RecordFiles([(as_bytes(signed_record() | change), "odd.json")])

    for text in ("10.1145/3292500.3330701", "10/abc", "2402.13117"):
        assert find(records, text) == []
