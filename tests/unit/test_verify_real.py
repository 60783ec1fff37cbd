"""Published records, and every single bit of the one that is here whole."""

import base64
import copy
import json

import pytest

from pith_agent import Question, TrustRoot, examine, parse_identifier
from pith_agent.protocol.canon import canonical_bytes, text_sha256
from tests.documents import NUMBER, REAL, SUFFIX, TITLE, VECTORS, as_bytes, real_record, rows

KEY_SHA256 = TrustRoot.bundled().keys[0].sha256
RECORD = real_record()
CANONICAL = canonical_bytes(RECORD["canonical_record"])


def test_the_published_record_is_verified():
    report = examine(REAL)

    assert (report.verdict, report.code, report.pith_number) == ("verified", "ok", NUMBER)
    assert report.canonical_sha256 == RECORD["canonical_sha256"]
    assert report.trust_key == KEY_SHA256
    assert {check.name for check in report.checks if check.status == "skipped"} == {
        "event-copies",
        "abstract-hash",
        "asked",
        "history",
    }
    assert report.require().title == TITLE
    assert report.require().canonical_bytes == CANONICAL


@pytest.mark.parametrize("row", rows(VECTORS / "complete.jsonl"), ids=lambda r: r["pith_number"])
def test_a_published_record_with_its_receipt_is_verified(row):
    report = examine(as_bytes(row))

    assert (report.verdict, report.pith_number) == ("verified", row["pith_number"])
    assert report.require().title == row["title"]
    assert "title" in report.coverage.hash_bound
    for text in (row["pith_number"], f"arXiv:{row['canonical_record']['source']['id']}"):
        question = Question(asked=parse_identifier(text))
        assert examine(as_bytes(row), question=question).verdict == "verified"


@pytest.mark.parametrize("row", rows(VECTORS / "records.jsonl"), ids=lambda r: r["pith_number"])
def test_a_published_record_without_a_receipt_is_named_and_not_verified(row):
    report = examine(as_bytes(row))

    assert (report.verdict, report.code) == ("undecidable", "no-receipt")
    assert report.failures == ()
    assert (report.pith_number, report.canonical_sha256) == (
        row["pith_number"],
        row["canonical_sha256"],
    )
    assert report.coverage.signed == report.coverage.hash_bound == ()


@pytest.mark.parametrize("row", rows(VECTORS / "receipts.jsonl"), ids=lambda r: r["pith_number"])
def test_a_published_receipt_verifies_its_record_and_no_other(row):
    receipt = RECORD["receipt"] | {
        "signature_b64": row["signature_b64"],
        "canonical_sha256": row["canonical_sha256"],
    }
    known = {r["pith_number"]: r for r in rows(VECTORS / "records.jsonl")}
    own = known.get(row["pith_number"])
    for record in known.values():
        document = {"canonical_record": record["canonical_record"], "receipt": receipt}
        assert (examine(document).verdict == "verified") == (record is own)


@pytest.mark.parametrize("row", rows(VECTORS / "abstract_pairs.jsonl"), ids=lambda r: r["arxiv"])
def test_a_published_abstract_is_held_against_its_record(row):
    complete = {r["pith_number"]: r for r in rows(VECTORS / "complete.jsonl")}
    records = {r["pith_number"]: r for r in rows(VECTORS / "records.jsonl")}
    found = complete.get(row["pith_number"]) or records.get(row["pith_number"])
    if found is None:
        assert text_sha256(row["abstract"]) == row["abstract_canon_sha256"]
        return

    def status(abstract: str) -> str:
        report = examine(found, question=Question(abstract=abstract))
        return next(c.status for c in report.checks if c.name == "abstract-hash")

    assert status(row["abstract"]) == "pass"
    assert status(row["abstract"].upper().replace(" ", "\n ")) == "pass"
    assert status(row["abstract"][:-1]) == "fail"
    assert status(row["abstract"] + " é") == "warn"


def whole_text() -> tuple[bytes, bytes]:
    """The text of the whole record before and after the value of its canonical record."""
    marked = as_bytes({**RECORD, "canonical_record": "\u0001HERE"})
    before, after = marked.split(b'"\\u0001HERE"')
    return before, after


def test_the_canonical_bytes_stand_in_the_document_as_they_are():
    before, after = whole_text()

    assert examine(before + CANONICAL + after).verdict == "verified"


def test_every_bit_of_the_canonical_record_counts():
    before, after = whole_text()
    survivors = []
    for bit in range(8 * len(CANONICAL)):
        flipped = bytearray(CANONICAL)
        flipped[bit // 8] ^= 1 << bit % 8
        if examine(before + flipped + after).verdict == "verified":
            survivors.append(bit)

    assert survivors == []


def signed_with(text: str) -> dict[str, object]:
    return {**RECORD, "receipt": {**RECORD["receipt"], "signature_b64": text}}


def test_every_bit_of_the_signature_counts():
    signature = base64.b64decode(RECORD["receipt"]["signature_b64"])
    survivors = []
    for bit in range(8 * len(signature)):
        flipped = bytearray(signature)
        flipped[bit // 8] ^= 1 << bit % 8
        report = examine(signed_with(base64.b64encode(flipped).decode("ascii")))
        if (report.verdict, report.code) != ("failed", "invalid-signature"):
            survivors.append(bit)

    assert survivors == []


def test_every_bit_of_the_text_of_the_signature_counts():
    text = RECORD["receipt"]["signature_b64"].encode("ascii")
    place = REAL.index(text)
    survivors = []
    for bit in range(8 * len(text)):
        flipped = bytearray(REAL)
        flipped[place + bit // 8] ^= 1 << bit % 8
        if examine(bytes(flipped)).verdict == "verified":
            survivors.append(bit)

    assert survivors == []


def test_no_receipt_of_another_record_fits():
    others = [row for row in rows(VECTORS / "receipts.jsonl") if row["pith_number"] != NUMBER]
    for row in others:
        assert examine(signed_with(row["signature_b64"])).code == "invalid-signature"


def test_a_version_that_was_raised_is_another_record():
    document = copy.deepcopy(RECORD)
    for place in (document["canonical_record"], document, document["graph_snapshot"]):
        place["source"]["version"] = 5
    report = examine(document)

    assert report.verdict == "failed"
    assert report.failures == (
        "digest-mismatch",
        "number-mismatch",
        "duplicate-mismatch",
        "alias-mismatch",
        "invalid-signature",
    )
    assert report.pith_number != NUMBER


def test_renaming_an_altered_record_properly_leaves_only_the_signature():
    document = json.loads(json.dumps(RECORD).replace(SUFFIX, "X" * 26))
    document["canonical_record"]["metadata"]["primary_cat"] = "cs.AI"
    document["paper"]["primary_cat"] = document["graph_snapshot"]["paper"]["primary_cat"] = "cs.AI"
    report = examine(document)
    document |= {
        "pith_number": report.pith_number,
        "canonical_sha256": report.canonical_sha256,
        "short_pith_number": f"pith:{report.pith_number[10:18]}",
        "aliases": [],
    }
    document["receipt"]["canonical_sha256"] = report.canonical_sha256

    assert examine(document).failures == ("invalid-signature",)


def test_a_change_of_what_is_unbound_changes_no_verdict():
    document, coverage = copy.deepcopy(RECORD), examine(REAL).coverage
    # Unbound too, but judged: the kind of document, of receipt, and the hash beside the claims.
    judged = {"record_type", *(binding.hash_path for binding in coverage.bindings.values())}
    for path in set(coverage.unbound) - judged:
        place, (*above, last) = document, path.split(".")
        for step in above:
            place = place[step]
        if above != ["receipt"] and isinstance(place[last], str):
            place[last] = "changed"

    assert document["paper"]["authors_text"] == "changed"
    assert examine(document).verdict == "verified"
