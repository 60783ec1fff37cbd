"""Canonical bytes, digests, Pith Numbers and text hashes."""

import base64
import hashlib
import json
import random
from typing import Any

import pytest

from pith_agent.errors import CanonicalFormError
from pith_agent.protocol.canon import (
    canonical_bytes,
    normal_text,
    number_suffix,
    sha256,
    text_sha256,
)
from tests.documents import NUMBER, VECTORS, real_record, rows, shared

REAL_ROWS = rows(VECTORS / "records.jsonl") + rows(VECTORS / "complete.jsonl")


@pytest.mark.parametrize("row", REAL_ROWS, ids=lambda row: row["pith_number"])
def test_a_published_record_hashes_to_its_digest_and_pith_number(row):
    digest = sha256(canonical_bytes(row["canonical_record"]))

    assert digest.hex() == row["canonical_sha256"]
    assert row["pith_number"].endswith(f":{number_suffix(digest)}")


def test_the_canonical_bytes_are_those_of_the_registrys_own_one_liner():
    canonical = real_record()["canonical_record"]
    published = json.dumps(canonical, sort_keys=True, separators=(",", ":"), ensure_ascii=False)

    assert canonical_bytes(canonical) == published.encode("utf-8")


def test_the_order_of_keys_does_not_change_the_bytes():
    def shuffled(value: Any, order: random.Random) -> Any:
        if not isinstance(value, dict):
            return value
        names = list(value)
        order.shuffle(names)
        return {name: shuffled(value[name], order) for name in names}

    canonical = real_record()["canonical_record"]
    expected = canonical_bytes(canonical)

    for seed in range(20):
        assert canonical_bytes(shuffled(canonical, random.Random(seed))) == expected


@pytest.mark.parametrize(
    "row", rows(VECTORS / "title_pairs.jsonl"), ids=lambda row: row["pith_number"]
)
def test_a_published_title_hashes_as_signed(row):
    assert text_sha256(row["title"]) == row["title_canon_sha256"]


@pytest.mark.parametrize("row", rows(VECTORS / "abstract_pairs.jsonl"), ids=lambda r: r["arxiv"])
def test_a_published_abstract_hashes_as_signed(row):
    assert text_sha256(row["abstract"]) == row["abstract_canon_sha256"]


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("  A\n\t Survey ", "a survey"),
        ("A\u00a0B\u2028C\x1cD", "a b c d"),
        ("A\u200bB", "a\u200bb"),
        ("STRASSE ß", "strasse ß"),
        ("\u0130", "i\u0307"),
        ("e\u0301 É", "e\u0301 é"),
        ("Syst\\`eme {Int\\'egrable}", "syst\\`eme {int\\'egrable}"),
        ("", ""),
    ],
)
def test_text_is_lowered_and_its_white_space_joined_and_nothing_else(text, normal):
    assert normal_text(text) == normal
    assert text_sha256(text) == hashlib.sha256(normal.encode("utf-8")).hexdigest()


def test_half_a_surrogate_pair_has_no_text_hash():
    with pytest.raises(CanonicalFormError):
        text_sha256("\ud800")


class Text(str):
    """A str that a program could have passed."""


class Number(int):
    """An int that a program could have passed."""


@pytest.mark.parametrize(
    "value",
    [
        1.0,
        0.5,
        -0.0,
        float("nan"),
        float("inf"),
        2**53,
        -(2**53),
        10**400,
        "\ud800",
        {"\ud800": 1},
        {"\ue000": 1},
        {"\U0001f600": 1},
        {"a\uffff": 1},
        {1: 2},
        {None: 1},
        {True: 1},
        (1, 2),
        {1, 2},
        b"bytes",
        pytest.param(object(), id="object"),
        Text("a"),
        Number(1),
        {Text("a"): 1},
        [[1.5]],
        {"a": [{"b": 2**53}]},
    ],
    ids=lambda value: ascii(value)[:24],
)
def test_a_value_without_one_serialisation_is_refused(value):
    with pytest.raises(CanonicalFormError) as caught:
        canonical_bytes(value)

    assert caught.value.code == "canonical-ambiguous"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null"),
        (True, "true"),
        (0, "0"),
        (2**53 - 1, "9007199254740991"),
        (-(2**53) + 1, "-9007199254740991"),
        ("\x00\x1f\x7f\u2028é😀/", '"\\u0000\\u001f\x7f\u2028é😀/"'),
        ({"\ud7ff": 1, "b": 2, "B": 3, "": 4}, '{"":4,"B":3,"b":2,"\ud7ff":1}'),
        ([], "[]"),
        ({}, "{}"),
        ([[], {}, ""], '[[],{},""]'),
    ],
    ids=lambda value: ascii(value)[:24],
)
def test_a_value_inside_the_domain_has_exactly_these_bytes(value, text):
    assert canonical_bytes(value) == text.encode("utf-8")


def nested(levels: int) -> Any:
    value: Any = 0
    for _ in range(levels):
        value = [value]
    return value


def test_nesting_is_bounded_at_32_levels():
    assert canonical_bytes(nested(32)) == b"[" * 32 + b"0" + b"]" * 32
    for levels in (33, 500):
        with pytest.raises(CanonicalFormError):
            canonical_bytes(nested(levels))


def test_an_object_that_contains_itself_is_refused():
    circle: dict[str, Any] = {}
    circle["self"] = circle

    with pytest.raises(CanonicalFormError):
        canonical_bytes(circle)


def test_the_suffix_is_the_beginning_of_base32():
    digest = bytes.fromhex(real_record()["canonical_sha256"])

    assert number_suffix(digest) == NUMBER.rpartition(":")[2]
    assert len(number_suffix(bytes(32))) == 26


def test_base32_is_that_of_rfc_4648():
    for plain, encoded in json.loads(shared("vectors/base32_rfc4648.json").read_bytes())["tests"]:
        assert number_suffix(plain.encode("ascii")) == encoded


def test_where_the_published_rule_and_rfc_8785_differ_the_value_is_refused():
    data = json.loads(shared("vectors/derived/pith_vs_jcs.json").read_bytes())
    differing = 0
    for row in data["rows"]:
        value = json.loads(row["json"])
        if row["same"] and not isinstance(value, float):
            assert canonical_bytes(value) == base64.b64decode(row["rfc8785_b64"]), row["name"]
        else:
            # Floats are refused even where the two rules agree (1e21, 1e-7).
            differing += not row["same"]
            with pytest.raises(CanonicalFormError):
                canonical_bytes(value)
    assert differing == 14


def test_documents_of_rfc_8785_inside_the_domain_have_its_bytes():
    met, refused = [], []
    data = json.loads(shared("vectors/jcs_rfc8785.json").read_bytes())
    for row in data["documents"]:
        value = json.loads(base64.b64decode(row["input_b64"]))
        expected = base64.b64decode(row["output_b64"])
        try:
            assert canonical_bytes(value) == expected, row["name"]
            met.append(row["name"])
        except CanonicalFormError:
            refused.append(row["name"])

    assert met == ["arrays.json", "french.json", "unicode.json"]
    # They hold fractions, and keys beyond U+D800 that the two rules sort differently.
    assert refused == ["structures.json", "values.json", "weird.json"]


def test_every_number_of_rfc_8785_that_is_a_float_is_refused():
    data = json.loads(shared("vectors/jcs_rfc8785.json").read_bytes())
    for _, text in data["numbers"]:
        if text is not None and any(mark in text for mark in ".e"):
            with pytest.raises(CanonicalFormError):
                canonical_bytes(float(text))
