"""Properties of identifiers, alone and in text."""

import string

from hypothesis import given
from hypothesis import strategies as st

from pith_agent import find_identifiers, parse_identifier, safe_text
from pith_agent.errors import IdentifierError
from pith_agent.protocol import identifier
from pith_agent.protocol.arxiv import parse_arxiv
from tests.properties.strategies import ANY_TEXT, QUICK

BASE32 = string.ascii_uppercase + "234567"
SUFFIXES = st.sampled_from([8, 12, 16, 26]).flatmap(
    lambda length: st.text(BASE32, min_size=length, max_size=length)
)
NEW_IDS = st.builds(
    lambda year, month, number: f"{year:02}{month:02}.{number:05}",
    st.integers(15, 90),
    st.integers(1, 12),
    st.integers(1, 99999),
)
OLD_IDS = st.builds(
    lambda archive, year, month, number: f"{archive}/{year:02}{month:02}{number:03}",
    st.sampled_from(["hep-th", "math", "math.GT", "q-bio", "supr-con"]),
    st.integers(92, 99) | st.integers(0, 6),
    st.integers(1, 12),
    st.integers(1, 999),
)
VERSIONS = st.sampled_from(["", "v1", "v9", "v12"])
ARXIV = st.builds(str.__add__, NEW_IDS | OLD_IDS, VERSIONS)
DOIS = st.builds(
    "10.{}/{}".format,
    st.integers(1000, 999999999),
    st.text(st.characters(exclude_categories=("Z", "C")), min_size=1, max_size=20),
)
SPELLED = st.one_of(
    st.builds("pith:{}".format, SUFFIXES),
    st.builds("pith:{:04}:{}".format, st.integers(0, 9999), SUFFIXES),
    st.builds("https://pith.science/pith/{}".format, SUFFIXES),
    st.builds("https://www.pith.science/paper/{}".format, ARXIV),
    ARXIV,
    st.builds("arXiv:{}".format, ARXIV),
    st.builds("https://arxiv.org/pdf/{}.pdf".format, ARXIV),
    st.builds("10.48550/arXiv.{}".format, ARXIV),
    DOIS,
    st.builds("https://doi.org/{}".format, DOIS),
)
NOISE = st.text(
    st.sampled_from("pith:arXv/.0123456789ABCDEFGHabc-_()[]{}<>%\\#?&=@ \n\u200b\u0430ſ\x1b"),
    max_size=60,
)


def parsed(text):
    try:
        return parse_identifier(text)
    except IdentifierError as error:
        said = error.message
    assert said.isprintable()
    return None


@QUICK
@given(ANY_TEXT | NOISE | SPELLED | st.binary(max_size=20))
def test_any_text_is_an_identifier_or_refused_with_one_error(text):
    found = parsed(text)

    if found is not None:
        assert found.value.isprintable()
        assert safe_text(found.value) == found.value


@QUICK
@given(SPELLED)
def test_the_spelling_of_an_identifier_reads_as_the_same_identifier(text):
    found = parsed(text)

    if found is not None:
        assert parse_identifier(str(found)) == found


@QUICK
@given(ARXIV, st.sampled_from(["{}", "arXiv:{}", "https://arxiv.org/abs/{}", "10.48550/arxiv.{}"]))
def test_every_arxiv_id_is_read_in_every_usual_form(paper, form):
    plain = paper.replace(".GT", "")

    assert str(parse_identifier(form.format(paper)).arxiv) == plain
    assert str(parse_identifier(form.format(paper.upper())).arxiv).lower() == plain


@QUICK
@given(st.text(BASE32, min_size=26, max_size=26), st.integers(0, 25), ANY_TEXT)
def test_no_letter_but_its_own_case_makes_the_same_number(suffix, place, other):
    text = suffix[:place] + other + suffix[place + 1 :]
    found = parsed(f"pith:{text}")

    if found is not None and found.suffix == suffix:
        assert text.isascii()
        assert text.upper() == suffix


@QUICK
@given(ANY_TEXT | NOISE, SPELLED, ANY_TEXT | NOISE)
def test_mentions_stand_in_the_text_in_order_and_apart(before, spelled, after):
    text = f"{before} {spelled} {after}"
    last = 0
    for mention in find_identifiers(text):
        assert last <= mention.start < mention.end <= len(text)
        assert mention.identifier.value.isprintable()
        last = mention.end


@QUICK
@given(st.builds("arXiv:{}".format, ARXIV) | st.builds("pith:{}".format, SUFFIXES))
def test_what_is_marked_is_found_where_it_stands(spelled):
    text = f"As shown in {spelled}, it holds."
    (mention,) = find_identifiers(text)

    assert text[mention.start : mention.end] == spelled
    assert mention.identifier == parse_identifier(spelled)


DIGITS = st.builds(str.__add__, st.sampled_from("0123456789"), ANY_TEXT | SUFFIXES | DOIS)


@QUICK
@given(ARXIV | DIGITS)
def test_what_begins_with_a_digit_and_is_an_arxiv_id_is_nothing_else(text):
    # It is read before the other forms, which are more work.
    if identifier._arxiv_text(text) and text[:1].isdigit():
        others = (identifier._in_url, identifier._pith_text, identifier._doi_text)
        assert [read(text) for read in others] == [None, None, None]
        assert identifier._pith_bare(text, short=True) is None


@QUICK
@given(ARXIV, st.integers(60, 2000))
def test_an_archive_of_any_length_is_no_archive(text, length):
    assert parse_arxiv(f"{'a' * length}/{text}") is None
