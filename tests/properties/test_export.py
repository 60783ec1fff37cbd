"""No text in a record leaves the field that it is put in."""

import json
import re

import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from pith_agent import verify
from pith_agent.protocol.display import safe_text
from pith_agent.protocol.export import export
from pith_agent.protocol.tex import readable
from tests.bibliographies import printed, read_bibtex, read_ris
from tests.documents import TRUST, signed_record
from tests.properties.strategies import QUICK

PIECES = st.sampled_from(
    [
        *(
            "}",
            "{",
            "\\{",
            "\\}",
            "\\\\",
            "\\",
            "$",
            "$$",
            "@string{a = {b}}",
            "@",
            "%",
            "\n",
            "\r",
        ),
        *("},\n  note = {x", "\x1b[31m", "\u202e", "\u2028", "\x85", "\ufffe", "\ufeff", '"', "'"),
        *(
            "\nER  - \nTY  - GEN\n",
            "\n- a: b",
            "': ",
            " # ",
            "&a *a",
            "](javascript:x)",
            "<script>",
        ),
        *("\\input{x}", "^^40", "\\'e", "\\v s", " and ", ", ", "Jr.", "李", "ß", "word", " ", "~"),
    ]
)
HOSTILE = st.lists(PIECES | st.text(st.characters(exclude_categories=["Cs"]), max_size=4)).map(
    "".join
)
FIELDS = ["title", "author", "year", "version", "eprint", "archivePrefix", "eprinttype"]
FIELDS += ["primaryClass", "eprintclass", "doi", "url", "note", "pith"]
HOSTILE_RECORDS = st.fixed_dictionaries(
    {"title": HOSTILE, "arxiv": HOSTILE | st.just("2402.13116"), "primary_cat": HOSTILE}
)


def hostile(authors, shown=None, **changes):
    """A record that the test key signed, whatever it holds."""
    document = signed_record(**changes)
    for paper in (document["paper"], document["graph_snapshot"]["paper"]):
        paper["authors_text"] = authors
        # A title beyond ASCII that misses its hash is a warning, so that it may be anything.
        if shown is not None:
            paper["title"] = f"Ü{shown}"
    return verify(document, TRUST)


@QUICK
@given(authors=HOSTILE, shown=st.none() | HOSTILE, changes=HOSTILE_RECORDS)
@example(authors="A B", shown=None, changes={"title": "\\\\{a}"})
@example(authors="A B", shown=None, changes={"title": "a\\\\"})
@example(authors="A B", shown=None, changes={"title": "{\\}"})
def test_bibtex_has_one_entry_and_the_fields_of_every_other(authors, shown, changes):
    record = hostile(authors, shown, **changes)
    text = export(record, "bibtex")
    _, fields = read_bibtex(text)

    assert [name for name in FIELDS if name in fields] == list(fields)
    assert re.findall(r"@\w+\s*\{", text) == ["@misc{"]
    assert "%" not in re.sub(r"\\.|\A(% .*\n)*", "", text)
    assert fields["note"] == fields["pith"] == record.pith_number
    assert text.replace("\n", "").isprintable() or not safe_text(text).isprintable()


@QUICK
@given(title=HOSTILE)
def test_a_title_that_is_not_signed_prints_as_it_is(title):
    record = hostile("A B", shown=title)
    _, fields = read_bibtex(export(record, "bibtex"))

    expected = safe_text(f"Ü{title}", 500)
    assert record.title is not None or printed(fields["title"]).startswith(f"{{{expected}")


@QUICK
@given(authors=HOSTILE, shown=st.none() | HOSTILE, changes=HOSTILE_RECORDS)
def test_csl_json_has_its_members_and_the_titles_text(authors, shown, changes):
    record = hostile(authors, shown, **changes)
    (item,) = json.loads(export(record, "csl-json"))

    assert item["custom"]["pith"] == record.pith_number
    assert item["type"] == "article"
    assert set(item) <= {
        *("id", "type", "genre", "title", "author", "issued", "submitted", "archive", "number"),
        *("version", "DOI", "URL", "note", "custom"),
    }
    assert ("author" in item) == ("author" in item["custom"]["unsigned"])
    for name in item.get("author", []):
        assert set(name) in ({"literal"}, {"family", "given"}, {"family", "given", "suffix"})
        assert all(name.values())
    if record.title and readable(record.title):
        assert item["title"] == readable(record.title)


@QUICK
@given(authors=HOSTILE, shown=st.none() | HOSTILE, changes=HOSTILE_RECORDS)
def test_ris_is_one_entry_with_its_number(authors, shown, changes):
    record = hostile(authors, shown, **changes)
    entries = read_ris(export(record, "ris"))

    known = {"TY", "ID", "TI", "AU", "PY", "ET", "DO", "UR", "M1", "N1", "ER"}
    assert {tag for tag, _ in entries} <= known
    assert next(value for tag, value in entries if tag == "N1") == record.pith_number


@QUICK
@given(authors=HOSTILE, shown=st.none() | HOSTILE, changes=HOSTILE_RECORDS)
def test_cff_is_yaml_of_the_same_shape(authors, shown, changes):
    record = hostile(authors, shown, **changes)
    read = yaml.safe_load(export(record, "cff"))

    assert set(read) == {
        *("cff-version", "message", "title", "authors", "identifiers", "preferred-citation"),
    }
    article = read["preferred-citation"]
    assert article["identifiers"] == read["identifiers"]
    assert read["identifiers"][0]["value"] == record.pith_number
    assert article["authors"] == read["authors"]
    assert all(isinstance(value, str) for name in read["authors"] for value in name.values())
    assert isinstance(article["title"], str)


@QUICK
@given(authors=HOSTILE, shown=st.none() | HOSTILE, changes=HOSTILE_RECORDS)
def test_markdown_is_one_line_with_two_links(authors, shown, changes):
    record = hostile(authors, shown, **changes)
    text = export(record, "markdown")

    assert len(text.splitlines()) == 1
    bare = re.sub(r"\\.", "", text)
    assert len(re.findall(r"\]\(https://[^()\s]+\)", bare)) == 2
    assert bare.count("[") == bare.count("]") == 2
    assert not re.search(r"[<>`*{}!|&#$]", bare)
