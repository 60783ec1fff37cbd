"""Every form of a citation, in every place, in reStructuredText, Markdown and docstrings."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.documents import TITLE, as_bytes
from tests.e2e.roots.library import ALPHA, BETA, SURVEY, anchor, book, pages, suffix
from tests.e2e.roots.project import REPOSITORY, Built
from tests.e2e.roots.reading import Page, read, read_text, site

BOOK = f"pith:{suffix(SURVEY)}"
CLAIM = SURVEY["graph_snapshot"]["claims"]["items"][0]["text"]
BETA_TITLE, ALPHA_TITLE = "Beta rays of small models", "Alpha rays of small models"
URL = "https://pith.science/pith"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The book, which cites in every form; a warning would fail it."""
    made = book(tmp_path_factory.mktemp("book")).build("-W", "-n")
    assert (made.status, made.log) == (0, "")
    return made


@pytest.fixture(scope="module")
def html(built: Built) -> dict[str, Page]:
    """Its pages."""
    return site(built.out)


@pytest.mark.parametrize(
    ("role", "said"),
    [
        ("Title:", f"{TITLE}."),
        ("Reference:", f"{TITLE}."),
        ("Default style:", "Xu et al. (2024)."),
        ("Narrative:", "Xu et al. (2024)."),
        ("Parenthetical:", "(Xu et al., 2024)."),
        ("Numeric:", "[1]."),
        ("Footnote:", "foot [1]."),
        ("Words:", "a survey."),
        ("Mention:", "2402.13116."),
        ("Several narrative:", "Xu et al. (2024), Abbott and Bell (2017b)."),
        (
            "Several parenthetical:",
            "(see Xu et al., 2024, p. 3; also Abbott and Bell, 2017a, ch. 2, 4).",
        ),
        ("Several numeric:", "[1; 2, p. 7]."),
        ("Several titles:", f"{BETA_TITLE}, {ALPHA_TITLE}."),
        ("Several in a footnote:", "foot [2]."),
        ("Claim:", f"{TITLE}, C1: “{CLAIM}”."),
        ("Narrative claim:", f"Xu et al. (2024), C1: “{CLAIM}”."),
        ("Words for a claim:", "what they claim."),
        ("No authors:", "“Monopole clusters at short…” (2003)."),
        ("Twins:", "Abbott and Bell (2017a) and Abbott and Bell (2017b)."),
        ("Again in a footnote:", "foot [1]."),
        ("Words and a footnote:", "the survey[3]."),
    ],
)
def test_each_role_says_what_its_style_is(html: dict[str, Page], role: str, said: str) -> None:
    assert html["roles.html"].said(role) == said


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ("Title:", f"{TITLE}."),
        ("Narrative:", "Xu et al. (2024)."),
        ("Parenthetical:", "(see Xu et al., 2024, p. 3; Abbott and Bell, 2017a)."),
        ("Numeric:", "[1]."),
        ("Footnote:", "[2]."),
        ("Words:", "a survey."),
        ("Autolink:", f"{TITLE}."),
        ("Full number:", f"{TITLE}."),
        ("Scheme link:", "a fine survey."),
        ("Claim:", f"{TITLE}, C1: “{CLAIM}”."),
        ("A note on", f"{TITLE}."),
        ("cell", ""),
    ],
)
def test_markdown_says_the_same(html: dict[str, Page], form: str, said: str) -> None:
    assert html["markdown.html"].said(form) == said


def test_emphasis_in_the_words_of_a_markdown_link_is_kept(html: dict[str, Page]) -> None:
    assert "a <em>fine</em> survey" in html["markdown.html"].source


@pytest.mark.parametrize(
    "said",
    [
        f"{TITLE}",
        "A paragraph on (Xu et al., 2024).",
        "An item on [1].",
        "A table of Xu et al. (2024)",
        "Head [1]",
        "A figure of (Xu et al., 2024)",
        f"A legend of {TITLE}.",
        "A note on Xu et al. (2024).",
        "An admonition of Xu et al. (2024)",
        "A term of Xu et al. (2024)",
        f"Its definition by {TITLE}.",
        "Substituted: the paper Abbott and Bell (2017b).",
        "Of (Xu et al., 2024).",
        "Included: Xu et al. (2024).",
        "Code of Xu et al. (2024)",
        "Xu et al. (2024)",
        "A footnote on (Xu et al., 2024).",
    ],
)
def test_a_citation_may_stand_wherever_text_may(html: dict[str, Page], said: str) -> None:
    text = " ".join(read_text(html["places.html"]).split())

    assert said in text


def test_all_places_are_links_and_none_is_marked(html: dict[str, Page]) -> None:
    links = html["places.html"].verified()

    assert len(links) == 20
    assert {link.title for link in links} == {
        f"Verified: {SURVEY['pith_number']}",
        f"Verified: {BETA['pith_number']}",
    }
    assert not any("[un" in page.source for page in html.values())


@pytest.mark.parametrize(
    "said",
    [
        "A module after Xu et al. (2024).",
        "teacher – As in (Xu et al., 2024, p. 2).",
        f"A student, as in {TITLE}.",
        "By the method of Abbott and Bell (2017b).",
        "A student after [1].",
        f"Small, as in {ALPHA_TITLE}.",
    ],
)
def test_docstrings_cite_through_autodoc_and_napoleon(html: dict[str, Page], said: str) -> None:
    assert said in " ".join(read_text(html["code.html"]).split())


def test_a_heading_shows_the_title_and_the_contents_the_identifier(
    html: dict[str, Page],
) -> None:
    heading = html["places.html"].source

    assert f">{TITLE}</a> and <strong>bold</strong>" in heading
    (link,) = [one for one in html["index.html"].links if one.text.startswith("2.1.")]
    assert link.text == "2.1. After arXiv:2402.13116 and bold"
    assert (link.href, "pith" in link.classes) == (
        "places.html#after-arxiv-2402-13116-and-bold",
        False,
    )


def test_a_label_leads_to_the_entry_and_a_title_to_the_record(html: dict[str, Page]) -> None:
    (narrative, *_) = [
        one for one in html["roles.html"].verified() if one.text == "Xu et al. (2024)"
    ]
    (title, *_) = [one for one in html["roles.html"].verified() if one.text == TITLE]

    assert narrative.href == f"markdown.html#{anchor(SURVEY)}"
    assert title.href == f"{URL}/{suffix(SURVEY)}"


def test_the_words_of_an_author_lead_to_the_record(html: dict[str, Page]) -> None:
    found = {link.text: link.href for link in html["roles.html"].verified()}

    assert found["a survey"] == found["what they claim"] == f"{URL}/{suffix(SURVEY)}"


def test_authors_are_never_styled_as_signed(html: dict[str, Page]) -> None:
    for name in ("roles.html", "places.html", "lists.html", "cards.html"):
        source = html[name].source
        assert source.count("Xu et al.") == source.count('<span class="pith-unsigned">Xu et al.')


def test_a_footnote_is_shared_by_all_citations_of_one_text(html: dict[str, Page]) -> None:
    notes = html["roles.html"].source.partition('<aside class="footnote-list')[2]

    assert notes.count('role="doc-footnote"') == 3
    assert f"Xu et al. (2024). {TITLE}. arXiv:2402.13116v4." in read_text(html["roles.html"])
    assert (
        f"Abbott and Bell (2017b). {BETA_TITLE}. arXiv:1706.00001v1; "
        f"Abbott and Bell (2017a). {ALPHA_TITLE}. arXiv:1706.00002v2."
    ) in " ".join(read_text(html["roles.html"]).split())


def test_one_paper_by_all_its_spellings_is_one_entry(tmp_path: Path) -> None:
    number = SURVEY["pith_number"]
    spellings = [
        "2402.13116",
        "arXiv:2402.13116v4",
        "https://arxiv.org/abs/2402.13116",
        "https://arxiv.org/pdf/2402.13116v4.pdf",
        "10.48550/arXiv.2402.13116",
        "https://doi.org/10.48550/ARXIV.2402.13116",
        number,
        number.lower(),
        suffix(SURVEY),
        f"https://pith.science/pith/{suffix(SURVEY)}.json",
    ]
    cites = "\n\n".join(f"On :pith:cite:n:`{one}`." for one in spellings)
    project = pages(tmp_path, index=f"{cites}\n\n.. pith-bibliography::\n")

    built = project.build("-W")

    page = read(built.out / "index.html")
    assert (built.status, built.log) == (0, "")
    assert [link.text for link in page.verified()] == ["1"] * 10 + [TITLE]
    assert page.ids.count(anchor(SURVEY)) == 1
    assert {link.href for link in page.verified()[:10]} == {f"#{anchor(SURVEY)}"}


@pytest.mark.parametrize("style", ["narrative", "parenthetical", "numeric", "title", "full"])
def test_the_default_style_is_a_setting(tmp_path: Path, style: str) -> None:
    said = {
        "narrative": "Xu et al. (2024)",
        "parenthetical": "(Xu et al., 2024)",
        "numeric": "[1]",
        "title": TITLE,
        "full": f"Xu et al. (2024). {TITLE}. arXiv:2402.13116v4.",
    }
    project = pages(tmp_path, index="On :pith:cite:`2402.13116`")

    built = project.build("-W", "-D", f"pith_cite_style={style}")

    assert read(built.out / "index.html").said("On") == said[style]


def test_what_is_not_verified_is_marked_in_every_style_and_verified_neighbours_stay_links(
    tmp_path: Path,
) -> None:
    roles = ("pith", "pith:cite:t", "pith:cite:p", "pith:cite:n", "pith:cite:foot")
    lines = [f"{role} cites :{role}:`2301.00001, 1706.00001`." for role in roles]
    lines.append("claim cites :pith:`2402.13116#C9`.")
    built = pages(tmp_path, index="\n\n".join(lines)).build()

    page = read(built.out / "index.html")
    mark = "arXiv:2301.00001 [unchecked]"
    assert built.status == 1
    assert page.said("pith cites") == f"{mark}, {BETA_TITLE}."
    assert page.said("pith:cite:t cites") == f"{mark}, Abbott and Bell (2017)."
    assert page.said("pith:cite:p cites") == f"({mark}; Abbott and Bell, 2017)."
    assert page.said("pith:cite:n cites") == f"[{mark}, 1]."
    assert f"{mark}; Abbott and Bell (2017). {BETA_TITLE}." in read_text(page)
    assert page.said("claim cites") == "arXiv:2402.13116#C9 [unverified]."
    assert not any("2301" in link.href for link in page.links)
    assert sorted(built.codes) == ["unknown-claim"] + ["unlocked"] * 5


def test_the_inventory_holds_each_paper_once_where_it_is_listed_first(built: Built) -> None:
    command = [sys.executable, "-m", "sphinx.ext.intersphinx", str(built.out / "objects.inv")]
    done = subprocess.run(
        command, capture_output=True, text=True, check=True, cwd=REPOSITORY, timeout=60
    )
    papers = done.stdout.partition("pith:paper\n")[2].partition("\npy:")[0].splitlines()

    assert len(papers) == 5
    assert [line.split()[0] for line in papers] == sorted(line.split()[0] for line in papers)
    (survey,) = [line for line in papers if SURVEY["pith_number"] in line]
    assert survey.endswith(f"{TITLE}: markdown.html#{anchor(SURVEY)}")


def test_a_search_finds_pages_by_title_and_by_the_papers_they_cite(built: Built) -> None:
    index = built.text("searchindex.js")

    assert f'"Markdown on {TITLE}"' in index
    assert f'"{anchor(SURVEY)}","{TITLE}"' in index
    assert f'"{anchor(BETA)}","{BETA_TITLE}"' in index
    assert '"distil"' in index


def test_a_page_that_is_added_first_moves_numbers_on_all_pages_that_show_them(
    tmp_path: Path,
) -> None:
    toc = ".. toctree::\n\n   first\n   second\n"
    project = pages(tmp_path, index=toc, first="No cite.", second="On :pith:cite:n:`2402.13116`.")
    assert read(project.build("-W").out / "second.html").said("On") == "[1]."
    project.page("On :pith:cite:n:`1706.00001`.", "first.rst")

    built = project.build("-W")

    assert read(built.out / "first.html").said("On") == "[1]."
    assert read(built.out / "second.html").said("On") == "[2]."


def test_a_twin_that_is_cited_later_gives_both_their_letters_everywhere(tmp_path: Path) -> None:
    toc = ".. toctree::\n\n   first\n   second\n"
    project = pages(tmp_path, index=toc, first="By :pith:cite:t:`1706.00001`.", second="None.")
    assert read(project.build("-W").out / "first.html").said("By") == "Abbott and Bell (2017)."
    project.page("By :pith:cite:t:`1706.00002`.", "second.rst")

    built = project.build("-W", "-j2")

    assert read(built.out / "first.html").said("By") == "Abbott and Bell (2017b)."
    assert read(built.out / "second.html").said("By") == "Abbott and Bell (2017a)."


def test_a_claim_that_the_record_does_not_hold_is_marked(tmp_path: Path) -> None:
    without_claims = {**SURVEY, "graph_snapshot": None}
    project = pages(tmp_path, (), index="Claim: :pith:`2402.13116#C1`.")
    project.record(as_bytes(without_claims))

    built = project.build()

    assert (built.status, built.codes) == (1, ["unknown-claim"])
    assert read(built.out / "index.html").said("Claim:").endswith("[unverified].")


def test_a_substitution_that_nobody_uses_is_no_citation(tmp_path: Path) -> None:
    project = pages(tmp_path, index=".. |it| replace:: :pith:`2402.13116`\n\nNothing.\n")

    built = project.build("-W", "-n")

    assert (built.status, built.log) == (0, "")
    assert built.links() == []


@pytest.mark.parametrize("words", ["their entry <{}>", "{}"])
def test_a_second_project_finds_the_papers_through_intersphinx(
    built: Built, tmp_path: Path, words: str
) -> None:
    number = ALPHA["pith_number"]
    role = f":external+book:pith:ref:`{words.format(number)}`"
    second = pages(tmp_path, (), index=f"See {role}.\n")
    second.conf(
        extensions=["sphinx.ext.intersphinx", "sphinx_pith"],
        pith_trust_root="trust.json",
        intersphinx_mapping={"book": ("https://book.example/", str(built.out / "objects.inv"))},
    )

    made = second.build("-W", "-n", PYTHONWARNINGS="error::DeprecationWarning")

    assert (made.status, made.log) == (0, "")
    assert f"markdown.html#{anchor(ALPHA)}" in made.text("index.html")
