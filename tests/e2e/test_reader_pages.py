"""What a build puts on pages that cite: the evidence, JSON-LD and COinS; and nothing elsewhere."""

import base64
import hashlib
import html
import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest

from sphinx_pith.pages import READER_TEXTS, coins, evidence_block, json_ld
from tests.browser import Browser
from tests.documents import NUMBER, SUFFIX, TITLE, signed_record
from tests.e2e.reader_site import DECIDED, RESULT, SCRIPT, Reader, evidence_of, real_evidence
from tests.e2e.roots.project import Project

HOSTILE = "</script><!-- ]]> & \u2028 \"'<script>"
ASSETS = ("pith.js", "pith.css")


def blocks(page: str) -> dict[str, Any]:
    """The data blocks of a page by their type."""
    found = re.findall(r'<script type="application/([a-z+]+)"[^>]*>(.*?)</script>', page, re.S)
    return {kind: json.loads(text) for kind, text in found}


def spans(page: str) -> list[list[tuple[str, str]]]:
    """The fields of each COinS span."""
    found = re.findall(r'<span class="Z3988" title="([^"]*)"></span>', page)
    return [parse_qsl(html.unescape(title), strict_parsing=True) for title in found]


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A page that cites twice, one below it that cites once, and one that does not cite."""
    made = Project.citing(tmp_path_factory.mktemp("reader"), html_theme="furo", language="en")
    toc = ".. toctree::\n\n   sub/citing\n   plain\n"
    made.page(f"On :pith:`2402.13116` and :pith:`the survey <arXiv:2402.13116v4>`.\n\n{toc}")
    (made.path / "sub").mkdir()
    made.page("See :pith:`2402.13116`.", "sub/citing.rst")
    made.page("Nothing is cited.", "plain.rst")
    return made


def test_evidence_is_safe_in_html_whatever_it_holds():
    paper = real_evidence(title=HOSTILE, authors=HOSTILE, key_id=HOSTILE)

    block = evidence_block([paper], {"verified": HOSTILE})

    assert block.isascii()
    assert (block.count("<"), block.count(">")) == (2, 2)
    found = blocks(block)["json"]
    assert found["papers"][SUFFIX]["title"] == HOSTILE
    assert found["messages"]["verified"] == HOSTILE


def test_the_order_of_the_papers_changes_nothing():
    papers = [evidence_of(signed_record(version=number)) for number in (1, 2, 3)]

    assert evidence_block(papers) == evidence_block([*papers[::-1], papers[0]])
    assert json_ld(None, "Page", papers) == json_ld(None, "Page", papers[::-1])


def test_the_evidence_is_enough_to_compute_the_number_again():
    paper = blocks(evidence_block([real_evidence()]))["json"]["papers"][SUFFIX]

    digest = hashlib.sha256(paper["canonical"].encode("utf-8"))
    assert digest.hexdigest() == paper["sha256"]
    assert base64.b32encode(digest.digest()).decode("ascii")[:26] == SUFFIX


def test_json_ld_names_the_paper_by_all_its_identifiers_and_no_author():
    text = json_ld("https://example.org/page.html", f"Page {HOSTILE}", [real_evidence()])

    page = blocks(text)["ld+json"]
    assert (page["@type"], page["url"]) == ("WebPage", "https://example.org/page.html")
    assert page["name"] == f"Page {HOSTILE}"
    assert page["citation"] == [
        {
            "@type": "ScholarlyArticle",
            "name": TITLE,
            "datePublished": "2024-02-20",
            "identifier": [
                {"@type": "PropertyValue", "propertyID": "Pith Number", "value": NUMBER},
                {"@type": "PropertyValue", "propertyID": "arXiv", "value": "2402.13116v4"},
            ],
            "url": f"https://pith.science/pith/{SUFFIX}",
            "sameAs": [
                "https://doi.org/10.48550/arXiv.2402.13116",
                "https://arxiv.org/abs/2402.13116v4",
            ],
        }
    ]


def test_json_ld_leaves_out_what_is_not_known():
    page = blocks(json_ld(None, "Page", [real_evidence(title="", arxiv="")]))["ld+json"]

    assert "url" not in page
    assert set(page["citation"][0]) == {"@type", "datePublished", "identifier", "url"}


def test_coins_describes_the_paper_for_reference_managers():
    (fields,) = spans(coins(real_evidence()))

    assert fields == [
        ("ctx_ver", "Z39.88-2004"),
        ("rft_val_fmt", "info:ofi/fmt:kev:mtx:dc"),
        ("rft.type", "preprint"),
        ("rft.title", TITLE),
        ("rft.date", "2024-02-20"),
        ("rft.identifier", NUMBER),
        ("rft_id", f"https://pith.science/pith/{SUFFIX}"),
        ("rft_id", "info:doi/10.48550/arXiv.2402.13116"),
        ("rft_id", "https://arxiv.org/abs/2402.13116v4"),
    ]


def test_coins_is_safe_in_an_attribute_whatever_the_title_holds():
    span = coins(real_evidence(title=f"{HOSTILE} + 100% & more = less; ü"))

    ((_, title),) = [field for field in spans(span)[0] if field[0] == "rft.title"]
    assert title == "</script><!-- ]]> & \"'<script> + 100% & more = less; ü"
    assert span.count("<") == 2


def test_an_old_arxiv_id_keeps_its_slash():
    paper = real_evidence(arxiv="hep-lat/0305021v1")

    assert ("rft_id", "info:doi/10.48550/arXiv.hep-lat/0305021") in spans(coins(paper))[0]


@pytest.mark.parametrize(
    ("builder", "citing", "plain"),
    [
        ("html", ("index.html", "sub/citing.html"), ("plain.html", "genindex.html", "search.html")),
        ("dirhtml", ("index.html", "sub/citing/index.html"), ("plain/index.html",)),
        ("singlehtml", ("index.html",), ()),
    ],
)
def test_a_page_has_the_evidence_once_if_it_cites_and_else_nothing(project, builder, citing, plain):
    built = project.build("-W", "-D", "html_baseurl=https://example.org/", builder=builder)

    assert built.status == 0, built.log
    for name in citing:
        page = built.text(name)
        found = blocks(page)
        assert list(found["json"]["papers"]) == [SUFFIX]
        assert found["json"]["messages"] == {}
        assert len(found["ld+json"]["citation"]) == 1
        assert found["ld+json"]["url"].startswith("https://example.org/")
        assert "#" not in found["ld+json"]["url"]
        assert len(spans(page)) == 1
        assert all(page.count(f"_static/{asset}?v=") == 1 for asset in ASSETS)
    for name in plain:
        page = built.text(name)
        assert not blocks(page)
        assert "Z3988" not in page
        assert not any(asset in page for asset in ASSETS)


def test_pages_are_the_same_however_many_processes_write_them(project):
    one = project.build("-E", "-j1", out="one")
    two = project.build("-E", "-j2", out="two")

    for name in ("index.html", "sub/citing.html", "plain.html"):
        assert one.text(name) == two.text(name)


@pytest.mark.parametrize(
    ("builder", "page"), [("epub", "index.xhtml"), ("json", "index.fjson"), ("text", "index.txt")]
)
def test_output_that_no_browser_shows_carries_no_evidence(project, builder, page):
    built = project.build("-D", "epub_copyright=x", "-D", "version=1", builder=builder)

    text = built.text(page)
    assert "2402.13116" in text or TITLE in text
    assert not any(word in text for word in ("pith-evidence", "Z3988", "ld+json", *ASSETS))
    assert not (built.out / "_static" / "pith.js").exists()


def test_a_project_can_do_without_the_check_and_keeps_what_programs_read(project):
    built = project.build("-D", "pith_reader_check=0", out="without")

    page = built.text("index.html")
    assert list(blocks(page)) == ["ld+json"]
    assert len(spans(page)) == 1
    assert not any(asset in page for asset in ASSETS)


def test_pages_in_another_language_bring_the_texts(project):
    built = project.build("-D", "language=de", out="german")

    messages = blocks(built.text("index.html"))["json"]["messages"]
    assert set(messages) == set(READER_TEXTS)
    assert all(messages.values())


def test_the_script_and_the_catalogue_have_the_same_english_texts():
    block = SCRIPT[SCRIPT.index("ENGLISH = {") : SCRIPT.index("};")]
    english = re.findall(r'^\s+"?([a-z0-9-]+)"?: "(.*)",?$', block, re.M)

    assert english == [(name, str(text)) for name, text in READER_TEXTS.items()]


@pytest.fixture
def built_page(browser: Browser) -> Iterator[Any]:
    """Open a page of a build from its file."""
    opened: list[Reader] = []

    def built_page(path: Path, **looks: Any) -> Reader:
        opened.append(Reader(browser, None, path.as_uri(), **looks))
        return opened[-1]

    yield built_page
    for reader in opened:
        reader.close()


@pytest.mark.parametrize("theme", ["alabaster", "furo"])
@pytest.mark.parametrize(
    ("builder", "page"),
    [
        ("html", "sub/citing.html"),
        ("dirhtml", "sub/citing/index.html"),
        ("singlehtml", "index.html"),
    ],
)
def test_the_reader_of_a_built_page_checks_it(project, built_page, theme, builder, page):
    built = project.build("-D", f"html_theme={theme}", builder=builder, out=f"{builder}-{theme}")
    assert built.status == 0, built.log

    reader = built_page(built.out / page)
    reader.value("document.querySelector('a.pith-verified').focus({ focusVisible: true })")
    reader.until(DECIDED)

    assert reader.value(RESULT) == "Verified in your browser"
    assert reader.steps() == ["passed"] * 5


def test_a_built_page_that_was_edited_afterwards_fails(project, built_page):
    built = project.build(out="edited")
    path = built.out / "index.html"
    edited = built.text("index.html").replace("2024-02-20T16", "2024-02-20T17")
    path.write_text(edited, "utf-8")

    reader = built_page(path)

    reader.until("document.querySelectorAll('a.pith-failed').length === 2")
    assert reader.value("document.querySelectorAll('a.pith-verified').length") == 0
