"""Which fields are signed, hash-bound or unbound."""

import copy
import re
from typing import Any

import pytest

from pith_agent import Question, examine
from pith_agent.protocol.record import load_document
from tests.documents import (
    REAL,
    TRUST,
    as_bytes,
    real_record,
    signed_bundle,
    signed_compact,
    signed_record,
)

SIGNED = (
    "canonical_record.source.id",
    "canonical_record.source.kind",
    "canonical_record.source.version",
    "canonical_record.metadata.license",
    "canonical_record.metadata.primary_cat",
    "canonical_record.metadata.submitted_at",
    "canonical_record.metadata.cross_cats_sorted",
    "canonical_record.metadata.title_canon_sha256",
    "canonical_record.metadata.abstract_canon_sha256",
    "canonical_record.schema_version",
    "pith_number",
    "short_pith_number",
    "canonical_sha256",
    "receipt.signature_b64",
    "receipt.canonical_sha256",
    "source",
    "schema_version",
    "graph_snapshot.source",
    "paper.license",
    "paper.primary_cat",
    "paper.submitted_at",
    "paper.cross_cats",
    "graph_snapshot.paper.license",
    "graph_snapshot.paper.primary_cat",
    "graph_snapshot.paper.submitted_at",
    "graph_snapshot.paper.cross_cats",
)
HASH_BOUND = ("paper.title", "graph_snapshot.paper.title", "graph_snapshot.claims.items")
UNBOUND = (
    "record_type",
    "schema_url",
    "attestation_state",
    "paper.headline",
    "paper.authors_text",
    "paper.abstract_excerpt",
    "verification_status",
    "receipt.kind",
    "receipt.key_id",
    "receipt.algorithm",
    "receipt.signed_at",
    "receipt.signed_message",
    "receipt.builder_version",
    "receipt.receipt_version",
    "receipt.last_reissued_at",
    "receipt.signature_status",
    "receipt.first_computed_at",
    "receipt.public_key_fingerprint",
    "graph_snapshot.paper.headline",
    "graph_snapshot.paper.authors_text",
    "graph_snapshot.paper.abstract_excerpt",
    "graph_snapshot.claims.count",
    "graph_snapshot.claims.snapshot_sha256",
    "graph_snapshot.verdict",
    "graph_snapshot.references",
    "graph_snapshot.formal_canon",
    "graph_snapshot.author_claims",
    "graph_snapshot.builder_version",
    "aliases",
    "events",
    "event_summary",
    "paper_claims",
    "inbound_citations",
    "formal_canon",
    "links",
    "agent_actions",
    "created_at",
    "updated_at",
)


def test_the_published_record_has_exactly_these_classes():
    coverage = examine(REAL).coverage

    assert coverage.signed == SIGNED
    assert coverage.hash_bound == HASH_BOUND
    assert coverage.unbound == UNBOUND
    assert (coverage.signed_bytes, coverage.document_bytes) == (419, len(REAL))
    assert 100 * coverage.signed_bytes // coverage.document_bytes == 2


def test_a_binding_says_which_hash_and_whether_that_is_signed():
    bindings = examine(REAL).coverage.bindings

    assert {path: (b.hash_path, b.hash_signed) for path, b in bindings.items()} == {
        "paper.title": ("canonical_record.metadata.title_canon_sha256", True),
        "graph_snapshot.paper.title": ("canonical_record.metadata.title_canon_sha256", True),
        "graph_snapshot.claims.items": ("graph_snapshot.claims.snapshot_sha256", False),
    }


def leaves(value: Any, path: str = "") -> list[str]:
    """The path of every value that holds no other."""
    if isinstance(value, dict) and value:
        return [
            leaf
            for name, item in value.items()
            for leaf in leaves(item, f"{path}.{step(name)}" if path else step(name))
        ]
    if isinstance(value, list) and value:
        return [leaf for n, item in enumerate(value) for leaf in leaves(item, f"{path}[{n}]")]
    return [path]


def step(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_]+", name) else f'"{name}"'


def covers(path: str, leaf: str) -> bool:
    return leaf == path or leaf.startswith((f"{path}.", f"{path}["))


@pytest.mark.parametrize(
    "document",
    [real_record(), signed_record(), signed_bundle(), signed_compact()],
    ids=["real", "record", "bundle", "compact"],
)
def test_every_field_is_in_exactly_one_class(document):
    trust = None if document == real_record() else TRUST
    report = examine(document, trust)
    coverage = report.coverage
    paths = [*coverage.signed, *coverage.hash_bound, *coverage.unbound]

    assert report.verdict == "verified"
    assert len(set(paths)) == len(paths)
    for leaf in leaves(document):
        assert [path for path in paths if covers(path, leaf)] != [], leaf
        assert len([path for path in paths if covers(path, leaf)]) == 1, leaf
    for path in paths:
        assert any(covers(path, leaf) for leaf in leaves(document)), path


def test_a_bundle_has_these_signed_fields():
    coverage = examine(signed_bundle(), TRUST).coverage

    assert [path for path in coverage.signed if not path.startswith("canonical_record.")] == [
        "pith_number",
        "short_pith_number",
        "canonical_sha256",
        "events[0].payload.receipt.signature_b64",
        "events[0].payload.receipt.canonical_sha256",
        "source",
        "events[0].payload.canonical_record",
        "events[0].payload.canonical_sha256",
    ]
    assert "source_aliases" in coverage.unbound
    assert "events[0].event_type" in coverage.unbound


def test_the_receipt_of_a_second_event_is_not_covered():
    bundle = signed_bundle()
    second = copy.deepcopy(bundle["events"][0])
    second["payload"]["receipt"] |= {"key_id": "another key", "signature_b64": "never looked at"}
    bundle["events"].append(second)
    report = examine(bundle, TRUST)

    assert report.verdict == "verified"
    assert "events[1].payload.receipt" in report.coverage.unbound


def test_nothing_is_covered_in_a_document_that_is_not_verified():
    for damage in (
        lambda d: d.pop("receipt"),
        lambda d: d.update(canonical_sha256="0" * 64),
        lambda d: d["receipt"].update(key_id="other"),
        lambda d: d.update(canonical_record=None),
    ):
        document = real_record()
        damage(document)
        coverage = examine(document).coverage

        assert coverage.signed == coverage.hash_bound == ()
        assert coverage.bindings == {}
        assert coverage.signed_bytes == 0
        if document["canonical_record"]:
            assert coverage.unbound == tuple(document)


def alter(value: Any) -> Any:
    """Another value of the same type that no hash and no order of a list forgives."""
    match value:
        case bool():
            return not value
        case int():
            return value + 1
        case str():
            return value + "x"
        case list():
            return [*value, "x"]
        case dict():
            return {**value, "x": "x"}


def replaced(document: dict[str, Any], path: str) -> dict[str, Any]:
    document = copy.deepcopy(document)
    steps = [int(s) if s.isdigit() else s for s in re.findall(r"\w+", path)]
    place: Any = document
    for name in steps[:-1]:
        place = place[name]
    place[steps[-1]] = alter(place[steps[-1]])
    return document


@pytest.mark.parametrize("make", [signed_record, signed_bundle, signed_compact])
def test_a_covered_field_that_changes_is_never_covered_any_more(make):
    document = make()
    coverage = examine(document, TRUST).coverage
    assert coverage.signed
    for path in (*coverage.signed, *coverage.hash_bound):
        report = examine(replaced(document, path), TRUST)

        covered = (*report.coverage.signed, *report.coverage.hash_bound)
        assert path not in covered, path
        # A claim more than the count says makes a sample of the claims, which nothing binds.
        assert report.verdict != "verified" or path == "graph_snapshot.claims.items", path


@pytest.mark.parametrize(
    "name",
    [
        "paper.title",
        "canonical_record.source.id",
        "graph_snapshot.claims.items",
        "events[0].payload.canonical_sha256",
        "events[0]",
        '"title"',
        "title ",
        " title",
        "titl\u0435",
        "ｔｉｔｌｅ",
        "title\u200b",
        "",
        ".",
        "[0]",
    ],
    ids=ascii,
)
def test_a_key_cannot_pose_as_another_path(name):
    document = signed_record() | {name: "forged"}
    coverage = examine(document, TRUST).coverage
    honest = examine(signed_record(), TRUST).coverage

    assert (coverage.signed, coverage.hash_bound) == (honest.signed, honest.hash_bound)
    (posed,) = set(coverage.unbound) - set(honest.unbound)
    assert posed.startswith('"')
    assert posed.endswith('"')
    assert posed.isprintable()


@pytest.mark.parametrize(
    "name", ["\x1b[31m", "a\u202eb", "\u2028", "a\nb", "x" * 900_000], ids="ca2nx"
)
def test_a_key_is_shown_without_hidden_characters_and_short(name):
    for document in (signed_record() | {name: 1}, {name: 1}):
        for path in examine(document, TRUST).coverage.unbound:
            assert path.isprintable()
            assert len(path) <= 200


def test_an_excerpt_that_holds_the_whole_abstract_is_bound_to_its_hash():
    document = signed_record(abstract="Short.")
    document["paper"]["abstract_excerpt"] = "Short."
    coverage = examine(document, TRUST).coverage

    assert "paper.abstract_excerpt" in coverage.hash_bound
    assert "graph_snapshot.paper.abstract_excerpt" in coverage.unbound


def test_an_abstract_that_was_given_beside_the_document_covers_no_field():
    document = signed_record(abstract="Short.")
    report = examine(document, TRUST, question=Question(abstract="Short."))

    assert report.coverage == examine(document, TRUST).coverage


def test_claims_that_are_not_whole_are_not_bound():
    document = signed_record()
    document["graph_snapshot"]["claims"]["count"] = 5
    report = examine(document, TRUST)

    assert report.verdict == "verified"
    assert "graph_snapshot.claims" in report.coverage.unbound
    assert report.require().claims == []


def test_the_size_of_a_document_is_known_only_where_it_came_as_bytes():
    document = signed_record()

    assert examine(document, TRUST).coverage.document_bytes is None
    data = as_bytes(document)
    assert examine(data, TRUST).coverage.document_bytes == len(data)
    assert load_document(data) == document
