"""Properties of strict JSON and canonical bytes."""

import json

from hypothesis import given
from hypothesis import strategies as st

from pith_agent.errors import CanonicalFormError, DocumentError
from pith_agent.protocol.canon import canonical_bytes, normal_text, number_suffix, text_sha256
from pith_agent.protocol.strict_json import parse_json
from tests.properties.strategies import ANY_TEXT, CANONICAL, JSON, QUICK, UTF8_TEXT

CAP = 1 << 20


@QUICK
@given(CANONICAL)
def test_canonical_bytes_read_back_as_the_same_value(value):
    assert parse_json(canonical_bytes(value), cap=CAP) == value


@QUICK
@given(CANONICAL)
def test_canonical_bytes_are_a_fixed_point(value):
    data = canonical_bytes(value)

    assert canonical_bytes(parse_json(data, cap=CAP)) == data


@QUICK
@given(CANONICAL, st.randoms())
def test_no_spelling_of_a_value_changes_its_canonical_bytes(value, random):
    def shuffled(item):
        if isinstance(item, dict):
            names = list(item)
            random.shuffle(names)
            return {name: shuffled(item[name]) for name in names}
        return [shuffled(one) for one in item] if isinstance(item, list) else item

    spelled = json.dumps(
        shuffled(value), ensure_ascii=random.random() < 0.5, indent=random.choice([None, 0, 3])
    ).encode()

    assert canonical_bytes(parse_json(spelled, cap=CAP)) == canonical_bytes(value)


@QUICK
@given(JSON)
def test_every_value_is_serialised_or_refused(value):
    try:
        data = canonical_bytes(value)
    except CanonicalFormError:
        return
    assert parse_json(data, cap=CAP) == value


@QUICK
@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_read_as_the_standard_library_reads_them_or_refused(data, floats):
    try:
        value = parse_json(data, cap=CAP, floats=floats)
    except DocumentError:
        return
    assert value == json.loads(data)


@QUICK
@given(st.text(st.sampled_from('[]{}",:\\u0d8DtrfalsenNI+-eE.1 \n'), max_size=40), st.booleans())
def test_text_made_of_the_letters_of_json_is_read_or_refused(text, floats):
    try:
        value = parse_json(text.encode(), cap=CAP, floats=floats)
    except DocumentError:
        return
    assert value == json.loads(text)
    if not floats:
        canonical_bytes(value)


@QUICK
@given(UTF8_TEXT)
def test_normal_text_is_a_fixed_point_and_its_hash_forgives_white_space(text):
    once = normal_text(text)

    assert normal_text(f"  {text}\n\t") == once
    assert text_sha256(f" {text} ") == text_sha256(text)
    assert "  " not in once


@QUICK
@given(ANY_TEXT)
def test_every_text_has_a_hash_or_is_refused(text):
    try:
        assert len(text_sha256(text)) == 64
    except CanonicalFormError:
        assert any("\ud800" <= character <= "\udfff" for character in text)


@QUICK
@given(st.binary(min_size=32, max_size=32), st.integers(0, 129))
def test_every_one_of_the_first_130_bits_is_in_the_number(digest, bit):
    flipped = bytearray(digest)
    flipped[bit // 8] ^= 0x80 >> bit % 8

    assert number_suffix(bytes(flipped)) != number_suffix(digest)
