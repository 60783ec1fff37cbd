"""A record as an entry of a bibliography, in five formats."""

import json

import pytest
import yaml

from pith_agent import verify
from pith_agent.protocol.export import Format, export, pith_number_in
from pith_agent.protocol.titles import match_title
from pith_agent.protocol.work import NOT_AUTHENTICATED
from tests.bibliographies import printed, read_bibtex, read_ris
from tests.documents import NUMBER, REAL, TITLE, TRUST, proved, signed_compact, signed_record

FORMATS = Format.__args__
PUBLISHED = verify(REAL)
PEOPLE = [("Can", "Xu"), ("Chongyang", "Tao"), ("Dacheng", "Tao"), ("Jinyang", "Li")]
PEOPLE += [("Ming", "Li"), ("Reynold", "Cheng"), ("Tao", "Shen"), ("Tianyi", "Zhou")]
PEOPLE += [("Xiaohan", "Xu")]
AUTHORS = [" ".join(name) for name in PEOPLE]


def record(authors=None, **changes):
    """A proof, with other authors where they are given: nothing signs them."""
    document = signed_record(**changes)
    if authors is not None:
        document["paper"]["authors_text"] = authors
        document["graph_snapshot"]["paper"]["authors_text"] = authors
    return verify(document, TRUST)


def unconfirmed():
    """A record that shows a title which does not hash to the signed hash."""
    document = signed_record()
    document["paper"]["title"] = document["graph_snapshot"]["paper"]["title"] = "Über{blick"
    return verify(document, TRUST)


def bibtex(**changes):
    return read_bibtex(export(record(**changes), "bibtex"))[1]


def csl(given):
    (item,) = json.loads(export(given, "csl-json"))
    return item


def ris(given):
    return read_ris(export(given, "ris"))


def test_the_published_record_as_bibtex():
    text = export(PUBLISHED, "bibtex")
    key, fields = read_bibtex(text)

    assert text.startswith("% author: not signed\n@misc{xu2024survey,\n")
    assert key == "xu2024survey"
    assert fields == {
        "title": f"{{{TITLE}}}",
        "author": " and ".join(AUTHORS),
        "year": "2024",
        "version": "4",
        "eprint": "2402.13116",
        "archivePrefix": "arXiv",
        "eprinttype": "arxiv",
        "primaryClass": "cs.CL",
        "eprintclass": "cs.CL",
        "doi": "10.48550/arXiv.2402.13116",
        "url": "https://arxiv.org/abs/2402.13116v4",
        "note": NUMBER,
        "pith": NUMBER,
    }


def test_the_published_record_as_csl_json():
    assert csl(PUBLISHED) == {
        "id": "xu2024survey",
        "type": "article",
        "genre": "Preprint",
        "title": TITLE,
        "author": [{"given": given, "family": family} for given, family in PEOPLE],
        "issued": {"date-parts": [[2024]]},
        "submitted": {"date-parts": [[2024, 2, 20]]},
        "archive": "arXiv",
        "number": "arXiv:2402.13116",
        "version": "4",
        "DOI": "10.48550/arXiv.2402.13116",
        "URL": "https://arxiv.org/abs/2402.13116v4",
        "note": f"PITH: {NUMBER}",
        "custom": {"pith": NUMBER, "unsigned": ["author"]},
    }


def test_the_published_record_as_ris():
    assert ris(PUBLISHED) == [
        ("TY", "GEN"),
        ("ID", "xu2024survey"),
        ("TI", TITLE),
        *(("AU", f"{family}, {given}") for given, family in PEOPLE),
        ("PY", "2024"),
        ("ET", "4"),
        ("DO", "10.48550/arXiv.2402.13116"),
        ("UR", "https://arxiv.org/abs/2402.13116v4"),
        ("M1", "2402.13116"),
        ("N1", NUMBER),
        ("N1", "authors not signed"),
        ("ER", ""),
    ]


def test_the_published_record_as_cff():
    read = yaml.safe_load(export(PUBLISHED, "cff"))
    article = read.pop("preferred-citation")
    identifiers = [{"type": "other", "value": NUMBER, "description": "Pith Number"}]
    people = [{"given-names": given, "family-names": family} for given, family in PEOPLE]

    assert read == {
        "cff-version": "1.2.0",
        "message": "If you use this work, please cite it as below. Not signed: author.",
        "title": TITLE,
        "authors": people,
        "identifiers": identifiers,
    }
    assert article == {
        "type": "article",
        "status": "preprint",
        "title": TITLE,
        "authors": people,
        "year": 2024,
        "version": "4",
        "doi": "10.48550/arXiv.2402.13116",
        "url": "https://arxiv.org/abs/2402.13116v4",
        "identifiers": identifiers,
        "notes": "Not signed: author.",
    }


def test_the_published_record_as_markdown():
    assert export(PUBLISHED, "markdown") == (
        f"[{TITLE}](https://arxiv.org/abs/2402.13116v4). {', '.join(AUTHORS)}"
        f" (authors not signed). 2024. arXiv:2402.13116v4. [{NUMBER}]"
        "(https://pith.science/pith/ODXWRQYNXKOR3ZX6FVYSFXZLUC)\n"
    )


@pytest.mark.parametrize("format", FORMATS)
def test_the_number_is_read_back_from_every_format(format):
    assert str(pith_number_in(export(PUBLISHED, format))) == NUMBER


@pytest.mark.parametrize("format", FORMATS)
def test_the_same_record_gives_the_same_text(format):
    assert export(verify(REAL), format) == export(PUBLISHED, format)


def test_a_number_is_not_read_where_two_are_named_or_none():
    assert pith_number_in("A paper without a number.") is None
    assert pith_number_in(f"{NUMBER} and pith:2024:{'A' * 26}") is None
    assert pith_number_in("pith:ODXWRQYN") is None
    assert str(pith_number_in(r"\pithnumber{ODXWRQYNXKOR3ZX6FVYSFXZLUC}")).startswith("pith:ODX")


def test_a_format_that_is_not_known_is_refused():
    with pytest.raises(ValueError, match="endnote"):
        export(PUBLISHED, "endnote")


@pytest.mark.parametrize(
    ("given", "title"),
    [
        (unconfirmed(), f"Über{{blick {NOT_AUTHENTICATED}"),
        (verify(signed_compact(), TRUST), f"arXiv:2402.13116 {NOT_AUTHENTICATED}"),
    ],
    ids=["unconfirmed", "compact"],
)
def test_a_title_that_is_not_authenticated_is_marked_wherever_it_prints(given, title):
    text = export(given, "bibtex")
    key, fields = read_bibtex(text)

    assert "% title: not authenticated\n" in text
    assert key == f"pith-{given.pith_number.rpartition(':')[2][:8].lower()}"
    assert printed(fields["title"]) == f"{{{title}}}"
    assert csl(given)["title"] == title.replace("{", "")
    assert "title" in csl(given)["custom"]["unsigned"]
    assert ("N1", "title not authenticated") in ris(given)
    assert "title" in yaml.safe_load(export(given, "cff"))["message"]
    assert r"\[title not authenticated\]" in export(given, "markdown")


def test_tex_in_a_title_that_is_not_authenticated_is_text():
    document = signed_record()
    for paper in (document["paper"], document["graph_snapshot"]["paper"]):
        paper["title"] = r"Ü{ber} $\delta$"
    fields = read_bibtex(export(verify(document, TRUST), "bibtex"))[1]

    assert fields["title"].startswith(
        r"{Ü\textbraceleft{}ber\textbraceright{} \$\textbackslash{}delta\$ ["
    )


def test_without_authors_nothing_is_said_of_them():
    given = record(authors="")

    assert not export(given, "bibtex").startswith("%")
    assert "author" not in read_bibtex(export(given, "bibtex"))[1]
    assert csl(given)["custom"]["unsigned"] == []
    assert "AU" not in dict(ris(given))
    assert "not signed" not in export(given, "markdown")
    # Citation File Format demands an author.
    assert yaml.safe_load(export(given, "cff"))["authors"] == [{"name": "not stated"}]


def test_authors_left_out_are_mentioned():
    given = record(authors="Can Xu, et al.")

    assert read_bibtex(export(given, "bibtex"))[1]["author"] == "Can Xu and others"
    assert csl(given)["author"][-1] == {"literal": "others"}
    assert ris(given)[4] == ("AU", "others")
    assert yaml.safe_load(export(given, "cff"))["authors"][-1] == {"name": "others"}
    assert "Can Xu, et al. (authors" in export(given, "markdown")


@pytest.mark.parametrize(
    ("authors", "author"),
    [
        ("OpenAI", "{OpenAI}"),
        ("others, OpenAI", "{OpenAI} and others"),
        ("ATLAS Collaboration, Can Xu", "{ATLAS Collaboration} and Can Xu"),
        ("John Smith, Jr.", "Smith, Jr., John"),
        ("Vincent van Gogh", "Vincent van Gogh"),
        (r"Csaba Bal\'azs", "Csaba Balázs"),
        ("李明", "{李明}"),
        (
            "A_B C&D, 50% ~E^F, G#H $I",
            r"A\_B C\&D and 50\% \textasciitilde{}E\textasciicircum{}F and G\#H \$I",
        ),
        ("A B}, note = {x", r"A B and note = x"),
        ("A @string{x", r"A {@}stringx"),
        ("A \\relax{} B", r"A \textbackslash{}relax\textbraceleft{}\textbraceright{} B"),
    ],
)
def test_authors_are_escaped_for_tex_and_kept_from_being_taken_apart(authors, author):
    assert bibtex(authors=authors)["author"] == author


@pytest.mark.parametrize(
    ("title", "inside"),
    [
        (r"La connexit\'e rationnelle", r"La connexit\'e rationnelle"),
        (r"Formation of CH$_3$CHO", r"Formation of CH$_3$CHO"),
        (r"{\it Ab initio} $\mathcal{N}=4$", r"{\it Ab initio} $\mathcal{N}=4$"),
        (r"$\{x\}$ sets", r"$\{x\}$ sets"),
        ("AT&T at 100% of C#", r"AT\&T at 100\% of C\#"),
        (r"AT\&T at 100\%", r"AT\&T at 100\%"),
        ("foo_bar and 10^5", r"foo\_bar and 10\^{}5"),
        ("Only $5", r"Only \$5"),
        ("Users @ home", "Users {@} home"),
        (r"A\\% b", r"A\\\% b"),
        # What would leave the braces, or do more than print, is printed as it is.
        ("Unbalanced } here", r"Unbalanced \textbraceright{} here"),
        ("}, author = {Me", r"\textbraceright{}, author = \textbraceleft{}Me"),
        ("A } and { b", r"A \textbraceright{} and \textbraceleft{} b"),
        (r"Escaped \{ only", r"Escaped \textbackslash{}\textbraceleft{} only"),
        ("At the end \\", r"At the end \textbackslash{}"),
        (r"\input{x} title", r"\textbackslash{}input\textbraceleft{}x\textbraceright{} title"),
        (r"^^5cinput x", r"\textasciicircum{}\textasciicircum{}5cinput x"),
        (r"a \@string{b}", r"a \textbackslash{}{@}string\textbraceleft{}b\textbraceright{}"),
    ],
)
def test_a_title_stays_tex_where_that_is_safe(title, inside):
    assert bibtex(title=title)["title"] == f"{{{inside}}}"


@pytest.mark.parametrize(
    "title", [r"La connexit\'e rationnelle", "AT&T at 100% of C#", "Users @ home", TITLE]
)
def test_an_exported_title_is_recognised_as_the_signed_one(title):
    given = proved(title=title)
    _, fields = read_bibtex(export(given, "bibtex"))

    for exported in (fields["title"], csl(given)["title"], dict(ris(given))["TI"]):
        assert match_title(exported, given).holds


def test_formats_without_tex_have_characters_for_accents():
    given = proved(title=r"{\it Sur} un syst\`eme int\'egrable \`a bord $\delta$ \& co")

    assert csl(given)["title"] == r"Sur un système intégrable à bord $\delta$ & co"
    assert export(given, "markdown").startswith(
        r"[Sur un système intégrable à bord \$\\delta\$ \& co]("
    )


@pytest.mark.parametrize(
    ("authors", "title", "key"),
    [
        ("Can Xu", "The Impact of X", "xu2024impact"),
        ("Vincent van Gogh", "On Sunflowers", "gogh2024sunflowers"),
        (r"Csaba Bal\'azs", r"\'Etude $K$-theory", "balazs2024etude"),
        ("Łukasz Große", "10 simple rules", "grosse2024simple"),
        ("John Smith, Jr.", "Self-Consistency", "smith2024self"),
        ("李明", "A Survey", None),
        ("", "A Survey", None),
        ("Can Xu", "$\\delta$", "xu2024delta"),
        ("Can Xu", "量子", None),
        ("A }\\ß", "x", None),
    ],
)
def test_the_key_is_author_year_word_or_the_number(authors, title, key):
    given = record(authors=authors, title=title)
    expected = key or f"pith-{given.pith_number.rpartition(':')[2][:8].lower()}"

    assert read_bibtex(export(given, "bibtex"))[0] == expected
    assert csl(given)["id"] == expected


def test_an_old_arxiv_id_keeps_its_slash():
    fields = bibtex(arxiv="hep-lat/0305021", submitted_at="2003-05-20T16:17:37Z")

    assert fields["eprint"] == "hep-lat/0305021"
    assert fields["doi"] == "10.48550/arXiv.hep-lat/0305021"
    assert fields["url"] == "https://arxiv.org/abs/hep-lat/0305021v4"


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("changes", [{"arxiv": "2402.13116}\n@x{"}, {"version": 0}], ids=str)
def test_a_source_that_is_no_arxiv_paper_is_cited_by_its_number(format, changes):
    given = proved(**changes)
    text = export(given, format)

    assert "arxiv.org" not in text
    assert "10.48550" not in text
    assert f"https://pith.science/pith/{given.pith_number.rpartition(':')[2]}" in text


def test_a_category_that_is_none_is_left_out():
    assert "primaryClass" not in bibtex(primary_cat="cs.CL}, x = {")


def test_a_day_that_is_not_in_the_calendar_is_left_out():
    given = proved(submitted_at="2024-02-31T00:00:00Z")

    assert "submitted" not in csl(given)
    assert csl(given)["issued"] == {"date-parts": [[2024]]}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a [x](http://e.example)", r"a \[x\](http\://e.example)"),
        ("<b>*x*</b> `y` a_z", r"\<b\>\*x\*\</b\> \`y\` a\_z"),
        ("pith`x` www.e.example!", r"pith\`x\` www\.e.example\!"),
        ("a | b &amp; c #1 ~ ^ $x$", r"a \| b \&amp; c \#1 \~ \^ \$x\$"),
    ],
)
def test_markdown_shows_text_as_it_is(text, shown):
    assert export(record(title=text), "markdown").startswith(f"[{shown}](https://arxiv.org/")
