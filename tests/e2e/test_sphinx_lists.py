"""Cards, bibliographies and the index of papers."""

import re
from pathlib import Path

import pytest

from tests.documents import NUMBER, TITLE
from tests.e2e.roots.library import (
    ALPHA,
    BETA,
    LATTICE,
    LIBRARY,
    NEW,
    SURVEY,
    anchor,
    book,
    pages,
    suffix,
)
from tests.e2e.roots.project import Built, Project
from tests.e2e.roots.reading import Page, dead_links, plain, read, repeated_ids, site

ALL = tuple(suffix(one) for one in LIBRARY)
NAMES = {suffix(one): name for one, name in zip(LIBRARY, "SBALN", strict=True)}
TOC = ".. toctree::\n\n   first\n   second\n   list\n"
"""The list has a page of its own: the first page is written again for its contents alone."""
BIBLIOGRAPHY = ".. pith-bibliography::\n"

ENTRY = re.compile(r'<li><p>(.*?<span class="pith-id">pith:[0-9]{4}:([A-Z2-7]{26})</span>.*?)</p>')


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The book, which has cards and lists of every kind."""
    made = book(tmp_path_factory.mktemp("book")).build("-W", "-n")
    assert (made.status, made.log) == (0, "")
    return made


@pytest.fixture(scope="module")
def html(built: Built) -> dict[str, Page]:
    """Its pages."""
    return site(built.out)


def sections(page: Page) -> dict[str, str]:
    """Heading → the papers that the list below it holds, in order, a letter each."""
    found = {}
    for part in page.source.split("<section ")[2:]:
        heading = plain(re.findall(r"<h[0-9]>(.*?)<a ", part, re.S)[0]).partition(" ")[2]
        found[heading] = listed(part)
    return found


def listed(source: str) -> str:
    """The papers of the lists of a page or a part of it, in order, a letter each."""
    return "".join(NAMES[number] for _, number in ENTRY.findall(source))


@pytest.mark.parametrize(
    ("heading", "papers"),
    [
        ("All", "SBALN"),
        ("By authors", "ABNLS"),
        ("By title", "SANBL"),
        ("Newest", "NSABL"),
        ("Of computer science", "BSN"),
        ("Of 2017", "BA"),
        ("Of a chapter", "NA"),
        ("Of nothing", ""),
    ],
)
def test_a_list_holds_what_its_options_say(
    html: dict[str, Page], heading: str, papers: str
) -> None:
    assert sections(html["lists.html"])[heading] == papers


def test_a_list_of_a_page_holds_what_that_page_cites(html: dict[str, Page]) -> None:
    assert listed(html["chapter.html"].source) == "NA"
    assert listed(html["markdown.html"].source) == "SAB"


def test_a_page_that_cites_nothing_may_list(html: dict[str, Page]) -> None:
    page = html["silent.html"]

    assert listed(page.source) == "NS"
    assert page.paragraphs().count("No verified papers are cited.") == 1


def test_an_entry_says_who_when_what_and_which(html: dict[str, Page]) -> None:
    entries = [plain(words) for words, _ in ENTRY.findall(html["lists.html"].source)]

    number = BETA["pith_number"]
    said = "Ada Abbott and Ben Bell (2017b). Beta rays of small models. arXiv:1706.00001v1."
    assert entries[1] == f"[2] {said} {number}."
    assert entries[6] == f"{said} {number}."
    assert entries[3].startswith("[4] (2003). Monopole clusters")
    assert "Ångström & <small> $\\alpha$ models_of 100%." in entries[4]


def test_authors_of_a_list_are_marked_as_not_signed(html: dict[str, Page]) -> None:
    source = html["lists.html"].source.partition("<body")[2]

    assert source.count('<span class="pith-unsigned">Ada Abbott and Ben Bell</span>') == 12
    assert source.count("Ada Abbott") == 12
    assert html["lists.html"].paragraphs().count("Authors are not signed.") == 7


def test_ids_are_given_once_and_every_link_leads_to_one(
    built: Built, html: dict[str, Page]
) -> None:
    assert repeated_ids(html) == []
    assert dead_links(built.out, html) == []
    entries = [one for page in html.values() for one in page.ids if one[5:] in ALL]
    assert sorted(entries) == sorted(map(anchor, LIBRARY))


def test_an_entry_is_where_the_first_list_in_reading_order_has_it(html: dict[str, Page]) -> None:
    for document in (SURVEY, BETA, ALPHA):
        assert anchor(document) in html["markdown.html"].ids
    for document in (LATTICE, NEW):
        assert anchor(document) in html["lists.html"].ids
    (deep, *_) = html["sub/deep.html"].verified()
    assert deep.href == f"../lists.html#{anchor(NEW)}"


def test_a_card_tells_what_is_signed_from_what_is_not(html: dict[str, Page]) -> None:
    text = " ".join(plain(html["cards.html"].source.partition("<body")[2]).split())
    card = text.partition("See the card.")[0]

    assert f"{TITLE} Record: verified Pith Number: {SURVEY['pith_number']}" in card
    assert "arXiv: 2402.13116v4 Submitted: 2024-02-20 Category: cs.CL Licence: http" in card
    assert "Authors (not signed): Can Xu, Chongyang Tao," in card
    assert "Claims, extracted by a machine and not signed: C1: KD emerges" in card
    assert re.findall(r"\bC[0-9]: ", card) == ["C1: ", "C2: ", "C3: ", "C4: "]


def test_a_card_shows_claims_only_on_request_and_one_claim_alone(html: dict[str, Page]) -> None:
    source = html["cards.html"].source
    cards = source.split('<div class="pith-card')[1:]

    assert [len(re.findall(r"<p>C[0-9]: ", card)) for card in cards] == [4, 0, 1, 0]
    assert "Authors (not signed)" not in cards[3]


def test_a_card_can_be_named_and_referred_to(html: dict[str, Page]) -> None:
    page = html["cards.html"]

    (link,) = [one for one in page.links if one.text == "the card"]
    assert (link.href, page.ids.count("the-survey")) == ("#the-survey", 1)


def test_the_index_leads_back_to_every_citation(built: Built, html: dict[str, Page]) -> None:
    index = html["pith-papers.html"]
    back = [one.href for one in index.links if "#pith-cite-" in one.href]

    assert "<h1>Papers cited</h1>" in index.source
    for number in (SURVEY["pith_number"], LATTICE["pith_number"]):
        assert index.source.count(number) == 1
    given = [
        f"{name}#{one}" for name, page in html.items() for one in page.ids if "pith-cite-" in one
    ]
    assert set(back) == set(given)
    texts = [one.text for one in index.links if one.href in back]
    assert "Places of arXiv:2402.13116 (1)" in texts
    assert 'aria-label="Places of arXiv:2402.13116 (2)">(2)</a>' in index.source
    assert "Deep" in texts


def test_the_index_files_accents_with_their_letters(html: dict[str, Page]) -> None:
    letters = re.findall(r'<a href="#cap-(.)">', html["pith-papers.html"].source)

    assert letters == ["A", "B", "M"]


def test_two_lists_on_one_page_give_an_id_once(tmp_path: Path) -> None:
    two = ".. pith-bibliography::\n\n.. pith-bibliography::\n   :style: authors\n"
    project = pages(tmp_path, index=f"By :pith:cite:t:`1706.00001`.\n\n{two}")

    page = read(project.build("-W").out / "index.html")

    assert page.ids.count(anchor(BETA)) == 1
    assert listed(page.source) == "BB"


def test_what_is_not_verified_is_marked_in_lists_too(tmp_path: Path) -> None:
    text = "On :pith:`2301.00001`, :pith:`arXiv:2301.00001` and :pith:`1706.00001`."
    project = pages(tmp_path, index=f"{text}\n\n{BIBLIOGRAPHY}")

    built = project.build()

    page = read(built.out / "index.html")
    (entries,) = re.findall(r'<ul class="pith-bibliography.*?</ul>', page.source, re.S)
    assert built.status == 1
    assert plain(entries).count("arXiv:2301.00001 [unchecked]") == 1
    assert "2301" not in "".join(link.href for link in page.links)


def test_a_list_is_written_again_when_another_page_cites_what_is_not_verified(
    growing: Project,
) -> None:
    growing.page("On :pith:`2301.00001`.", "second.rst")

    built = growing.build()

    assert "arXiv:2301.00001 [unchecked]" in plain(built.text("list.html"))


def test_a_card_of_what_is_not_verified_is_only_its_name_and_a_mark(tmp_path: Path) -> None:
    cards = ".. pith:: 2301.00001\n   :claims:\n\n.. pith:: 2402.13116#C9\n"
    built = pages(tmp_path, index=cards).build()

    cards = [plain(one) for one in built.text("index.html").split('<div class="pith-card')[1:]]
    assert sorted(built.codes) == ["unknown-claim", "unlocked"]
    assert "arXiv:2301.00001 [unchecked]" in cards[0]
    assert "arXiv:2402.13116#C9 [unverified]" in cards[1]
    assert "verified Pith Number" not in "".join(cards)


@pytest.fixture
def growing(tmp_path: Path) -> Project:
    """The first chapter cites, the second does not yet, and a third lists all."""
    project = pages(
        tmp_path,
        index=TOC,
        first="By :pith:cite:t:`1706.00001`.",
        second="None yet.",
        list=BIBLIOGRAPHY,
    )
    assert listed(project.build("-W").text("list.html")) == "B"
    return project


def test_a_list_of_all_is_written_again_when_another_page_cites(growing: Project) -> None:
    growing.page("By :pith:cite:t:`2402.13116`.", "second.rst")

    built = growing.build("-W")

    assert "1 changed" in built.info
    assert listed(built.text("list.html")) == "BS"
    assert read(built.out / "second.html").verified()[0].href == f"list.html#{anchor(SURVEY)}"


def test_a_list_of_all_is_written_again_when_the_last_citation_goes(growing: Project) -> None:
    growing.page("Nothing any more.", "first.rst")

    built = growing.build("-W")

    assert "No verified papers are cited." in built.text("list.html")
    assert anchor(BETA) not in read(built.out / "list.html").ids


def test_a_page_is_written_again_when_the_list_it_leads_to_is_gone(growing: Project) -> None:
    growing.page("No list any more.", "list.rst")

    built = growing.build("-W", "-n")

    (link,) = read(built.out / "first.html").verified()
    assert link.href == f"https://pith.science/pith/{suffix(BETA)}"


def test_nothing_is_written_again_when_nothing_changes(growing: Project) -> None:
    assert "no targets are out of date" in growing.build("-W").info


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("sort", "size"),
        ("style", "bold"),
        ("years", "2024-2019"),
        ("years", "x"),
        ("years", ""),
        ("depth", "1"),
    ],
)
def test_an_option_that_cannot_be_used_is_told_where_it_stands(
    tmp_path: Path, option: str, value: str
) -> None:
    project = Project.citing(tmp_path, NUMBER)
    project.page(f"On :pith:`{NUMBER}`.\n\n.. pith-bibliography::\n   :{option}: {value}\n")

    built = project.build(builder="dummy")

    assert "index.rst:6: ERROR: " in built.log
    assert '"pith-bibliography"' in built.log
