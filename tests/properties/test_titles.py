"""No respelling loses a title, and no other title is ever taken for it."""

import re
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from pith_agent import safe_text
from pith_agent.protocol import tex
from pith_agent.protocol.tex import STYLES, readable, tex_to_unicode, unicode_to_tex
from pith_agent.protocol.titles import match_title
from tests.documents import proved
from tests.properties.strategies import QUICK

WORDS = st.text("abcdeABCDEéüßçšőñÅØł", min_size=1, max_size=8)
TITLES = st.lists(WORDS, min_size=1, max_size=8).map(" ".join)
PLAIN = st.text("abAB12 -:.,'\"{}$_^~\\", min_size=1, max_size=30)
ANY = st.text(max_size=60)
STORED = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)

RESPELLINGS = st.sampled_from(
    [
        lambda title: f"{{{{{title}}}}}",
        lambda title: title.replace(" ", " \n\t"),
        lambda title: " ".join(f"{{{word}}}" for word in title.split()),
        lambda title: re.sub(r"(\w)", r"{\1}", title, count=2),
        lambda title: unicodedata.normalize("NFD", title),
        lambda title: f"{title}.",
        *(lambda title, style=style: unicode_to_tex(title, style) for style in STYLES),
    ]
)


@QUICK
@given(title=TITLES, respell=RESPELLINGS, style=st.sampled_from([None, *STYLES]))
def test_a_respelled_title_holds_however_the_signed_one_is_spelled(title, respell, style):
    record = proved(title=unicode_to_tex(title, style) if style else title)

    assert match_title(respell(title), record).holds


@QUICK
@given(title=TITLES, style=st.sampled_from(STYLES))
def test_tex_accents_are_read_as_they_are_written(title, style):
    written = unicode_to_tex(title, style)

    assert written.isascii()
    read = tex_to_unicode(written).replace("{", "").replace("}", "")
    assert read.replace(" ", "") == unicodedata.normalize("NFC", title).replace(" ", "")


@QUICK
@given(words=st.lists(WORDS, min_size=2, max_size=8), other=st.text("xyzXYZ", min_size=1))
def test_a_title_with_a_word_replaced_never_holds(words, other):
    record = proved(title=" ".join(words))
    for place in range(len(words)):
        claimed = " ".join([*words[:place], other, *words[place + 1 :]])

        assert not match_title(claimed, record).holds


@settings(QUICK, max_examples=300)
@given(claimed=PLAIN, title=PLAIN)
def test_two_titles_that_are_one_have_the_same_letters_and_digits(claimed, title):
    found = match_title(claimed, proved(title=title))

    if found.holds:
        assert letters(claimed) == letters(title)


def letters(text: str) -> str:
    """What is left when all signs are gone, and TeX's accents over letters with them."""
    text = unicodedata.normalize("NFD", tex_to_unicode(text)).lower()
    return "".join(c for c in text if c.isalnum())


@QUICK
@given(claimed=ANY, title=STORED)
def test_any_text_gets_an_answer(claimed, title):
    found = match_title(claimed, proved(title=title))

    assert found.detail
    assert found.difference == "" or found.match in ("near-miss", "truncated")


@QUICK
@given(title=STORED)
def test_a_title_made_readable_is_still_that_title(title):
    if any(map(str.isalnum, readable(title))):
        assert match_title(readable(title), proved(title=title)).holds


@QUICK
@given(ANY | st.text("\\\\{}$&%a é'^", max_size=30))
def test_text_without_tex_is_read_as_the_long_way_reads_it(text):
    assert tex.readable(text) == tex.outside_math(tex._readable, safe_text(text))


@QUICK
@given(st.text(st.characters(codec="ascii")))
def test_ascii_has_no_accents(text):
    assert tex.unaccented(text) == text
    assert unicodedata.normalize("NFD", text.translate(tex._ASCII)) == text
