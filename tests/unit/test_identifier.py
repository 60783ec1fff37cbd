"""Text → Identifier, exact and in running text."""

import json
import string

import pytest

from pith_agent.errors import IdentifierError
from pith_agent.protocol.identifier import Identifier, parse_identifier
from pith_agent.protocol.mentions import find_identifiers
from tests.documents import SUFFIX, shared

ANSWERED_OTHERWISE = {
    "/0708.1234v1": "a path as arXiv's own server sees it, not an identifier",
    "hep-th//9901001": "a path as arXiv's own server sees it, not an identifier",
    "hep-th/9901001/extra": "arXiv's server forgives the rest; a citation must not",
    "hep-th/9901001/ExTrA": "arXiv's server forgives the rest; a citation must not",
    "HEP-TH/9901001/extra": "arXiv's server forgives the rest; a citation must not",
    "https://paperlayer.ai/abs/1706.03762/zh": "optional: a site that is not known",
    "https://www.arxiv2md.org/api/markdown?url=hep-th%2F9901001v2": (
        "optional: a site that is not known"
    ),
}


def given() -> list[dict[str, str]]:
    lines = shared("identifiers.jsonl").read_text("utf-8").splitlines()
    return [json.loads(line) for line in lines]


def parsed(text: str, context: str = "any") -> Identifier | None:
    try:
        return parse_identifier(text, context=context)  # type: ignore[arg-type]
    except IdentifierError:
        return None


def answer(row: dict[str, str]) -> tuple[str, str] | None:
    """(kind, value) as the row's mode asks for it."""
    if row["mode"] == "exact":
        found = parsed(row["input"], row.get("context", "any"))
    else:
        mentions = find_identifiers(row["input"])
        found = mentions[0].identifier if mentions else None
    return (found.kind, found.value) if found else None


def test_every_known_identifier_is_read_as_its_projects_read_it():
    differing = {
        row["input"]
        for row in given()
        if answer(row) != ((row["kind"], row["normalized"]) if row["normalized"] else None)
    }

    assert differing == set(ANSWERED_OTHERWISE)


def test_what_is_answered_otherwise_is_refused():
    rows = {row["input"]: row for row in given()}

    assert [answer(rows[text]) for text in ANSWERED_OTHERWISE] == [None] * len(ANSWERED_OTHERWISE)


PITH = f"pith:{SUFFIX}"


@pytest.mark.parametrize(
    "text",
    [
        SUFFIX,
        SUFFIX.lower(),
        PITH,
        PITH.upper(),
        PITH.lower(),
        f"  {PITH}  ",
        f"pith:2024:{SUFFIX}",
        f"PITH:2024:{SUFFIX.lower()}",
        f"https://pith.science/pith/{SUFFIX}",
        f"http://pith.science/pith/{SUFFIX}/",
        f"https://www.pith.science/pith/{SUFFIX}.json",
        f"https://PITH.SCIENCE/pith/{SUFFIX.lower()}",
        f"pith.science/pith/{SUFFIX}",
        f"https://pith.science:443/pith/{SUFFIX}",
        f"https://pith.science/pith/{SUFFIX}?utm=1#claims",
        f"https://pith.science/pith/{SUFFIX}/bundle.json",
        f"https://pith.science/pith/{SUFFIX}/state.json",
        f"https://pith.science/.well-known/pith/{SUFFIX}/bundle.json",
        f"https://pith.science/api/pith-number/{SUFFIX}/graph.json",
        f"https://pith.science/api/pith-number/{SUFFIX}/events.json",
        f"https://pith.science/pith/{SUFFIX}/action/citation_signature",
        f"https://pith.science/paper/{SUFFIX}",
    ],
)
def test_every_spelling_of_a_pith_number_names_the_same_record(text):
    found = parse_identifier(text)

    assert (found.kind, found.value, found.suffix) == ("pith", PITH, SUFFIX)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("https://pith.science/paper/2402.13116", "2402.13116"),
        ("https://pith.science/paper/2402.13116v4", "2402.13116v4"),
        ("https://pith.science/paper/2402.13116/", "2402.13116"),
        ("https://pith.science/p/2402.13116", "2402.13116"),
        ("https://www.pith.science/p/hep-th/9901001", "hep-th/9901001"),
        ("https://pith.science/paper/hep-th%2F9901001", "hep-th/9901001"),
        ("https://pith.science/paper/hep-th/9901001v2/", "hep-th/9901001v2"),
        ("https://pith.science/ref/arxiv/2402.13116", "2402.13116"),
        (
            "https://pith.science/api/pith-number/resolve?arxiv=2402.13116&json=true",
            "2402.13116",
        ),
        (
            "https://pith.science/api/pith-number/resolve?json=true&arxiv=hep-th%2F9901001",
            "hep-th/9901001",
        ),
        ("pith.science/paper/2402.13116", "2402.13116"),
        ("arXiv: 2402.13116 [cs.CL]", "2402.13116"),
        ("ARXIV:MATH.GT/0309136", "math/0309136"),
    ],
)
def test_the_forms_that_people_link_to_name_the_arxiv_paper(text, value):
    assert parse_identifier(text) == Identifier("arxiv", value)


@pytest.mark.parametrize("length", [8, 12, 16])
def test_a_short_form_is_taken_only_where_a_pith_number_is_expected(length):
    short = SUFFIX[:length]
    expected = Identifier("pith_short", f"pith:{short}")

    assert parse_identifier(f"pith:{short.lower()}") == expected
    assert parse_identifier(f"https://pith.science/paper/{short}") == expected
    assert parse_identifier(f"https://pith.science/pith/{short}") == expected
    assert parse_identifier(short, context="pith") == expected
    assert parsed(short) is None
    assert parsed("CONTRACT") is None


@pytest.mark.parametrize("length", [0, 1, 7, 9, 11, 13, 15, 17, 25, 27, 52])
def test_no_other_length_is_a_pith_number(length):
    text = (SUFFIX * 2)[:length]

    assert parsed(f"pith:{text}", "pith") is None
    assert parsed(text, "pith") is None
    assert parsed(f"https://pith.science/pith/{text}", "pith") is None


@pytest.mark.parametrize("stranger", "0189")
def test_a_digit_outside_base32_is_refused_by_name_and_never_mapped(stranger):
    with pytest.raises(IdentifierError) as caught:
        parse_identifier(f"pith:{stranger}{SUFFIX[1:]}")

    assert stranger in caught.value.message.split("holds")[1]
    assert "base32" in caught.value.message


@pytest.mark.parametrize(
    "stranger",
    [*"ſßı\u212aОАＤ２٢²Ⅾ\u200b\u00ad-_= "],
    ids=ascii,
)
def test_a_letter_that_looks_like_base32_is_refused(stranger):
    for place in (0, 12, 25):
        forged = SUFFIX[:place] + stranger + SUFFIX[place + 1 :]
        for text in (forged, f"pith:{forged}", f"https://pith.science/pith/{forged}"):
            assert parsed(text) is None
            assert parsed(text, "pith") is None
    assert parsed(f"pith:{SUFFIX}{stranger}x") is None


@pytest.mark.parametrize(
    "end", ["\n", "\r\n", "\t", "\x00", "\u2028", "\u00a0", "\u200b", "\x1b[0m"]
)
@pytest.mark.parametrize("text", [PITH, SUFFIX, "2402.13116", "10.1000/182", "hep-th/9901001"])
def test_nothing_that_cannot_be_seen_may_follow_or_precede(text, end):
    assert parsed(text) is not None
    assert parsed(text + end) is None
    assert parsed(end + text) is None


@pytest.mark.parametrize(
    "text",
    [
        f"https://pith.science.evil.example/pith/{SUFFIX}",
        f"https://evil.example/pith.science/pith/{SUFFIX}",
        f"https://evilpith.science/pith/{SUFFIX}",
        f"https://pith.science@evil.example/pith/{SUFFIX}",
        f"https://user@pith.science/pith/{SUFFIX}",
        f"https://user:secret@pith.science/pith/{SUFFIX}",
        f"https://@pith.science/pith/{SUFFIX}",
        f"https://pith.science:8443/pith/{SUFFIX}",
        f"https://pith.science:99999/pith/{SUFFIX}",
        f"https://pith.science:x/pith/{SUFFIX}",
        f"https://evil.example\\@pith.science/pith/{SUFFIX}",
        f"https://pith.science\\.evil.example/pith/{SUFFIX}",
        f"https:\\\\pith.science\\pith\\{SUFFIX}",
        f"https://evil.example/?u=https://pith.science/pith/{SUFFIX}",
        f"https://evil.example/#https://pith.science/pith/{SUFFIX}",
        f"https://pith.science/pith/{SUFFIX}/../../x",
        f"https://pith.science/pith/x/{SUFFIX}",
        f"https://pith.science/pith/{SUFFIX}.html",
        f"https://pith.science/pith/{SUFFIX}.json.exe",
        f"https://pith.science/pith/{SUFFIX}%0a",
        f"https://pith.science/pith/{SUFFIX}%00.json",
        f"https://pith.science/{SUFFIX}",
        "https://pith.science/",
        "https://pith.science",
        "https://pith.science/paper/",
        f"https://pіth.science/pith/{SUFFIX}",
        f"https://pith。science/pith/{SUFFIX}",
        f"https://pith.science./pith/{SUFFIX}",
        f"https://[::1]/pith/{SUFFIX}",
        f"https://[::1/pith/{SUFFIX}",
        f"ftp://pith.science/pith/{SUFFIX}",
        f"file:///pith/{SUFFIX}",
        f"javascript://pith.science/pith/{SUFFIX}",
        f"//pith.science/pith/{SUFFIX}",
        "https://arxiv.org.evil.example/abs/2402.13116",
        "https://evil.example/arxiv.org/abs/2402.13116",
        "https://notarxiv.org/abs/2402.13116",
        "https://arxiv.org:8080/abs/2402.13116",
        "https://arxiv.org@evil.example/abs/2402.13116",
        "https://arxiv.org/abs/2402.13116/extra",
        "https://arxiv.org/list/cs/2402.13116",
        "https://doi.org.evil.example/10.1000/182",
        "https://evil.example/10.1000/182",
        f"pith:2024:{SUFFIX}:x",
        f"pith:24:{SUFFIX}",
        f"pith:20244:{SUFFIX}",
        f"pith:٢٠٢٤:{SUFFIX}",
        f"pith::{SUFFIX}",
        f"pith: {SUFFIX}",
        f"pith:{SUFFIX}/",
        f"pith/{SUFFIX}",
        f"xpith:{SUFFIX}",
        f"{PITH} {PITH}",
        "arXiv:2402.13116 2402.13117",
        "2402.13116v0",
        "2402.13116v01",
        "2402.13116v",
        "2402.1311",
        "2402.131160",
        "1412.12345",
        "1501.1234",
        "0703.0001",
        "2413.00001",
        "2400.00001",
        "1501.00000",
        "0704.0000",
        "٢٤٠٢.١٣١١٦",
        "hep-th/9113001",
        "hep-th/9901000",
        "hep-th/9106001",
        "hep-th/0704001",
        "hep-xx/9901001",
        "10.1000",
        "10.1000/",
        "10.10/x",
        "doi:",
        "10.48550/arXiv.9999.99999",
        "",
        " ",
        "..",
        "../../etc/passwd",
        "%",
    ],
)
def test_what_only_resembles_an_identifier_is_refused(text):
    with pytest.raises(IdentifierError) as caught:
        parse_identifier(text)

    assert caught.value.code == "invalid-identifier"
    assert caught.value.message.isprintable()


@pytest.mark.parametrize("value", [None, 7, b"2402.13116", ["2402.13116"], "2" * 2049])
def test_what_is_no_text_of_sensible_length_is_refused(value):
    with pytest.raises(IdentifierError):
        parse_identifier(value)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("10.48550/arXiv.2402.13116", "arxiv_doi", "2402.13116"),
        ("10.48550/ARXIV.2402.13116v4", "arxiv_doi", "2402.13116v4"),
        ("https://doi.org/10.48550/arXiv.hep-lat/0305021", "arxiv_doi", "hep-lat/0305021"),
        ("doi:10.1016/0021-9681(87)90171-8", "doi", "10.1016/0021-9681(87)90171-8"),
        ("https://dx.doi.org/10.1000/A%3CB%3E", "doi", "10.1000/a<b>"),
        ("10.1000/Ä", "doi", "10.1000/Ä"),
        ("10/gf4gqc", "shortdoi", "10/gf4gqc"),
        ("2016arXiv161002026S", "bibcode", "2016arXiv161002026S"),
    ],
)
def test_dois_and_bibcodes_have_one_normal_form(text, kind, value):
    assert parse_identifier(text) == Identifier(kind, value)


@pytest.mark.parametrize(
    "hidden", ["%00", "%1b[31m", "%e2%80%ae", "%e2%80%8b", "%0a", "%7f", "%c2%9b"]
)
def test_a_url_smuggles_no_invisible_character_into_a_doi(hidden):
    assert parsed(f"https://doi.org/10.1000/a{hidden}b") is None


SPELLINGS = [
    Identifier("pith", PITH),
    Identifier("pith", PITH, 2024),
    Identifier("pith", PITH, 7),
    Identifier("pith_short", f"pith:{SUFFIX[:8]}"),
    Identifier("pith_short", f"pith:{SUFFIX[:16]}"),
    Identifier("arxiv", "2402.13116"),
    Identifier("arxiv", "hep-th/9901001v27"),
    Identifier("arxiv_doi", "2402.13116v4"),
    Identifier("arxiv_doi", "hep-lat/0305021"),
    Identifier("doi", "10.1016/0021-9681(87)90171-8"),
    Identifier("doi", "10.1000/a<b>c;2-#"),
    Identifier("shortdoi", "10/gf4gqc"),
    Identifier("bibcode", "2016arXiv161002026S"),
]


@pytest.mark.parametrize("identifier", SPELLINGS, ids=str)
def test_the_spelling_of_an_identifier_reads_as_the_same_identifier(identifier):
    assert parse_identifier(str(identifier)) == identifier


def test_the_year_that_was_typed_is_kept_as_a_hint():
    assert parse_identifier(f"pith:2023:{SUFFIX}").year == 2023
    assert parse_identifier(PITH).year is None
    # The year does not belong to what is looked up.
    assert parse_identifier(f"pith:2023:{SUFFIX}").value == PITH


def test_the_arxiv_paper_behind_each_kind_is_known():
    assert str(Identifier("arxiv", "2402.13116v4").arxiv) == "2402.13116v4"
    assert str(Identifier("arxiv_doi", "hep-th/9901001").arxiv) == "hep-th/9901001"
    assert str(parse_identifier("2016arXiv161002026S").arxiv) == "1610.02026"
    assert str(parse_identifier("2011arXiv110101234S").arxiv) == "1101.1234"
    assert Identifier("doi", "10.1000/182").arxiv is None
    assert Identifier("pith", PITH).arxiv is None


def test_every_base32_letter_is_taken_in_either_case():
    for letter in string.ascii_letters + "234567":
        text = letter * 26
        assert parse_identifier(text).value == f"pith:{text.upper()}"
