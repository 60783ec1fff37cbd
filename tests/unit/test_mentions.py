"""Identifiers in running text, and where they stand."""

import time

import pytest

from pith_agent.protocol.identifier import Identifier, doi_identifier
from pith_agent.protocol.mentions import find_identifiers
from tests.documents import SUFFIX

PITH = f"pith:{SUFFIX}"


@pytest.mark.parametrize(
    "hidden", ["\x00", "\x1b[31m", "\u202e", "\u200b", "\x7f", "\x9b"], ids=ascii
)
def test_running_text_smuggles_no_invisible_character_into_an_identifier(hidden):
    found = find_identifiers(f"see 10.1000/a{hidden}b and arXiv:2402.13116")

    assert all(mention.identifier.value.isprintable() for mention in found)
    assert found[-1].identifier == Identifier("arxiv", "2402.13116")
    assert doi_identifier(f"10.1000/a{hidden}b") is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            f"We follow pith:2024:{SUFFIX}, and arXiv:2402.13116v4.",
            [(f"pith:2024:{SUFFIX}", PITH), ("arXiv:2402.13116v4", "2402.13116v4")],
        ),
        (
            f"(https://pith.science/pith/{SUFFIX}).",
            [(f"https://pith.science/pith/{SUFFIX}", PITH)],
        ),
        (f"\\pithnumber{{{SUFFIX}}}", [(f"\\pithnumber{{{SUFFIX}}}", PITH)]),
        ("arXiv:2301.\n12345", [("arXiv:2301.\n12345", "2301.12345")]),
        (
            "<https://doi.org/10.1016/0021-9681(87)90171-8>",
            [
                (
                    "https://doi.org/10.1016/0021-9681(87)90171-8",
                    "10.1016/0021-9681(87)90171-8",
                )
            ],
        ),
        ("JD 2453527.87455, version 1.2402.13116, x2402.13116", []),
        (f"pith:{SUFFIX}A pith:{SUFFIX[:-1]}0 xpith:{SUFFIX}", []),
        (f"https://evil.example/?u=https://pith.science/pith/{SUFFIX}", []),
        ("https://pith.science.evil.example/pith/2402.13116", []),
        ("CONTRACT QUESTION", []),
    ],
)
def test_mentions_are_found_where_they_stand(text, expected):
    found = find_identifiers(text)

    assert [(text[m.start : m.end], m.identifier.value) for m in found] == expected


@pytest.mark.parametrize("end", [")", "]", ">", ".", ").).", "'"])
def test_a_text_that_ends_in_many_brackets_is_read_in_linear_time(end):
    text = f"https://pith.science/pith/{SUFFIX}" + end * 60_000
    started = time.process_time()

    find_identifiers(text)
    assert time.process_time() - started < 2
