"""Third-party text made safe to show."""

import unicodedata

import pytest

from pith_agent import safe_text
from pith_agent.protocol.display import steers

HIDDEN = {
    "controls": [*range(0x09), 0x0B, 0x0C, *range(0x0E, 0x20)],
    "DEL and C1": range(0x7F, 0xA0),
    "bidirectional": [0x200E, 0x200F, 0x061C, *range(0x202A, 0x202F), *range(0x2066, 0x206A)],
    "zero width": [0x200B, 0x200C, 0x200D, 0x2060, 0xFEFF, 0x00AD, 0x180E, 0x2061, 0x2062, 0x2063],
    "annotations": range(0xFFF9, 0xFFFC),
    "tags": range(0xE0000, 0xE0080),
    "surrogates": [0xD800, 0xDBFF, 0xDC00, 0xDFFF],
    "private use": [0xE000, 0xF8FF, 0xF0000, 0x10FFFD],
}


@pytest.mark.parametrize("kind", HIDDEN)
def test_what_hides_or_reorders_text_is_dropped(kind):
    kept = [code for code in HIDDEN[kind] if chr(code) in safe_text(f"a{chr(code)}b")]

    assert [hex(code) for code in kept] == []


@pytest.mark.parametrize("space", "\t\n\r\u2028\u2029\u00a0\u3000 ", ids=ascii)
def test_every_white_space_becomes_one_space(space):
    assert safe_text(f" a{space}{space}b{space}") == "a b"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;https://evil.example\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x1bcplain", "plain"),
        ("\x1b[?25l\x1b[2Jgone", "gone"),
        ("a\x1b", "a"),
        ("évêque 中文 עברית 😀", "évêque 中文 עברית 😀"),
        ("<script>&amp;", "<script>&amp;"),
        ("", ""),
    ],
    ids=ascii,
)
def test_escape_sequences_are_dropped_and_other_text_is_kept(text, shown):
    assert safe_text(text) == shown


@pytest.mark.parametrize("limit", [1, 2, 10, 80])
def test_text_is_cut_at_the_limit(limit):
    for text in ("x" * 1000, "x " * 1000, "\u200b" * 1000 + "x" * 1000, "é" * 1000):
        assert len(safe_text(text, limit)) <= limit
    assert safe_text("x" * 11, 10) == "x" * 9 + "…"
    assert safe_text("x" * 10, 10) == "x" * 10


def test_nothing_that_is_shown_is_invisible():
    for code in range(0x110000):
        shown = safe_text(chr(code))
        assert unicodedata.category(shown) not in ("Cc", "Cf", "Cs", "Co") if shown else True


@pytest.mark.parametrize(
    "character", ["\x00", "\x1b", "\x7f", "\x9b", "\u202e", "\u2069", "\U000e0041"]
)
def test_a_character_that_reorders_or_commands_steers(character):
    assert steers(f"a{character}b")


@pytest.mark.parametrize(
    "text", ["", "a\tb\nc", "é 漢字 \U0001f600", "می\u200cخواهم", "a\u200fb", "so\u00adft"]
)
def test_words_of_any_script_do_not_steer(text):
    assert not steers(text)
