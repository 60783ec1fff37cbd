"""Strict JSON: one meaning, or a refusal."""

import base64
import json
import time

import pytest

from pith_agent.errors import DocumentError, DocumentTooLargeError, JsonError
from pith_agent.protocol.strict_json import MAX_NODES, parse_json
from tests.documents import REAL, shared

CAP = 8 << 20

REFUSED_ON_PURPOSE = {
    "a fraction or exponent has no single serialisation": {
        "y_number.json",
        "y_number_0e+1.json",
        "y_number_0e1.json",
        "y_number_double_close_to_zero.json",
        "y_number_int_with_exp.json",
        "y_number_real_capital_e.json",
        "y_number_real_capital_e_neg_exp.json",
        "y_number_real_capital_e_pos_exp.json",
        "y_number_real_exponent.json",
        "y_number_real_fraction_exponent.json",
        "y_number_real_neg_exp.json",
        "y_number_real_pos_exponent.json",
        "y_number_simple_real.json",
        "y_object_extreme_numbers.json",
        "y_structure_lonely_negative_real.json",
    },
    "readers that keep integers turn -0 into 0": {
        "y_number_minus_zero.json",
        "y_number_negative_zero.json",
    },
    "of two equal keys, programs keep different ones": {
        "y_object_duplicated_key.json",
        "y_object_duplicated_key_and_value.json",
    },
}


def suite() -> dict[str, tuple[str, bytes]]:
    data = json.loads(shared("vectors/jsontestsuite.json").read_bytes())
    found = {name: (kind, base64.b64decode(text)) for name, kind, text in data["rows"]}
    for row in data["generated"]:
        text = row["repeat"] * row["times"] + row.get("suffix", "")
        found[row["name"]] = (row["class"], text.encode("ascii"))
    return found


def accepted(data: bytes, *, floats: bool = False) -> bool:
    try:
        parse_json(data, cap=CAP, floats=floats)
    except DocumentError:
        return False
    return True


def test_the_whole_suite_is_here():
    kinds = [kind for kind, _ in suite().values()]

    assert (kinds.count("y"), kinds.count("n"), kinds.count("i")) == (95, 188, 35)


def test_everything_that_is_not_json_or_left_to_the_reader_is_refused():
    wrong = [name for name, (kind, data) in suite().items() if kind != "y" and accepted(data)]

    assert wrong == []


def test_all_json_is_accepted_but_what_is_refused_on_purpose():
    refused = {name for name, (kind, data) in suite().items() if kind == "y" and not accepted(data)}

    assert refused == set().union(*REFUSED_ON_PURPOSE.values())
    assert len(refused) == 19


def test_with_fractions_allowed_still_nothing_wrong_is_accepted():
    # Left to the reader, and a plain double once fractions are allowed.
    doubles = {"i_number_real_underflow.json", "i_number_double_huge_neg_exp.json"}
    wrong = {
        name
        for name, (kind, data) in suite().items()
        if kind != "y" and accepted(data, floats=True)
    }

    assert wrong == doubles


def test_accepted_json_reads_as_the_standard_library_reads_it():
    for name, (_, data) in suite().items():
        if accepted(data):
            assert parse_json(data, cap=CAP) == json.loads(data), name


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" ",
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        "{}".encode("utf-16-le"),
        "{}".encode("utf-32"),
        b'"\xff"',
        b'"\xc0\xaf"',
        b'"\xed\xa0\x80"',
        b'"\\ud800"',
        b'"\\udc00\\ud800"',
        b'{"\\ud800":1}',
        b"NaN",
        b"Infinity",
        b"-Infinity",
        b"1e400",
        b"-0",
        b"1.0",
        b"9007199254740992",
        b"-9007199254740992",
        b"1" * 5000,
        b"-" + b"1" * 5000,
        b"01",
        b"+1",
        b"0x10",
        b"{'a':1}",
        b"[1,]",
        b'{"a":1,}',
        b"{} {}",
        b"{}\x00",
        b"// no\n{}",
        b'{"a":1,"a":1}',
        b'{"a":1,"\\u0061":2}',
        b'[{"x":{"a":1,"b":2,"a":3}}]',
        b'"\x01"',
        b'"\\uD83D"',
        "{\u00a0}".encode(),
        "[١]".encode(),
    ],
    ids=lambda data: ascii(data)[:40],
)
def test_bytes_with_more_than_one_meaning_are_refused(data):
    with pytest.raises(JsonError) as caught:
        parse_json(data, cap=CAP)

    assert caught.value.code == "malformed-json"


@pytest.mark.parametrize("data", [b"1e400", b"-1e400", b"1" * 400 + b".5", b"NaN", b"-Infinity"])
def test_a_number_beyond_a_double_is_refused_even_where_fractions_are_allowed(data):
    with pytest.raises(JsonError):
        parse_json(data, cap=CAP, floats=True)


@pytest.mark.parametrize(
    ("data", "value"),
    [
        (b"9007199254740991", 2**53 - 1),
        (b"-9007199254740991", -(2**53) + 1),
        (b'"\\ud83d\\ude00"', "😀"),
        (b' \t\r\n{ "a" : [ ] } ', {"a": []}),
        (b'{"a":1,"A":2}', {"a": 1, "A": 2}),
        ('{"é":1,"e\u0301":2}'.encode(), {"é": 1, "e\u0301": 2}),
    ],
    ids=lambda value: ascii(value)[:30],
)
def test_bytes_with_one_meaning_are_read(data, value):
    assert parse_json(data, cap=CAP) == value


def test_a_document_may_be_as_large_as_the_cap_and_no_larger():
    data = b'"' + b"a" * 98 + b'"'

    assert parse_json(data, cap=100) == "a" * 98
    with pytest.raises(DocumentTooLargeError) as caught:
        parse_json(data, cap=99)
    assert caught.value.code == "document-too-large"


@pytest.mark.parametrize(
    ("left", "right"), [(b"[", b"]"), (b'{"a":', b"}")], ids=["list", "object"]
)
def test_nesting_is_bounded_at_32_levels(left, right):
    assert accepted(left * 32 + b"0" + right * 32)
    for levels in (33, 1_000, 100_000):
        assert not accepted(left * levels + b"0" + right * levels)


def test_the_number_of_values_is_bounded():
    assert accepted(b"[" + b",".join([b"0"] * (MAX_NODES - 1)) + b"]")
    assert not accepted(b"[" + b",".join([b"0"] * MAX_NODES) + b"]")
    assert not accepted(b"[" + b",".join([b"[0,0]"] * (MAX_NODES // 2)) + b"]")


def test_a_duplicate_among_many_keys_is_refused_in_linear_time():
    names = b",".join(b'"k%d":0' % number for number in range(20_000))
    started = time.process_time()

    assert not accepted(b"{" + names + b',"k19999":1}')
    assert time.process_time() - started < 1


def test_errors_quote_no_more_than_a_line_of_the_document():
    for data in (b'{"%b":1,"%b":2}' % (b"k" * 9999, b"k" * 9999), b"9" * 9999, b"1." + b"9" * 9999):
        with pytest.raises(JsonError) as caught:
            parse_json(data, cap=CAP)
        assert len(caught.value.message) < 200


def test_no_control_character_of_the_document_reaches_the_message():
    with pytest.raises(JsonError) as caught:
        parse_json(b'{"\\u001b[31m\\u202e":1,"\\u001b[31m\\u202e":2}', cap=CAP)

    assert caught.value.message.isprintable()


def test_the_published_record_is_strict_json_without_fractions():
    assert parse_json(REAL, cap=1 << 20) == json.loads(REAL)
