"""Documents whose parts go into some outputs only, and documents that share one page."""

import re
from pathlib import Path

import pytest

from tests.documents import signed_record
from tests.e2e.roots.locking import told, trusting, write_lock
from tests.e2e.roots.project import Project
from tests.locks import locked

FIRST, SECOND = signed_record(arxiv="2401.00001"), signed_record(arxiv="2401.00002", title="Two")


@pytest.fixture
def project(tmp_path: Path) -> Project:
    project = trusting(tmp_path)
    write_lock(project, locked(FIRST, SECOND))
    return project


def test_a_label_leads_to_the_record_where_the_bibliography_is_left_out(project):
    project.page(
        "On :pith:cite:t:`2401.00001`.\n\n"
        ".. only:: latex\n\n   Also :pith:`2401.00002`.\n\n   .. pith-bibliography::\n"
    )

    page = project.build("-W", "-n")
    paper = project.build("-W", "-n", builder="latex").text("p.tex")

    assert [link[0].startswith("https://pith.science/pith/") for link in page.links()] == [True]
    assert "Two" not in page.text("pith-papers.html")
    assert "Two" in paper
    assert page.text("index.html").count("pith-bibliography") == 0
    assert paper.count("Authors are not signed") == 1


def test_what_is_left_out_is_verified_all_the_same(project):
    project.page(".. only:: latex\n\n   On :pith:`2401.00009`.\n")

    assert told(project.build()) == {"2401.00009": "unlocked"}


def test_a_condition_that_is_none_keeps_its_part_as_sphinx_does(project):
    project.page(".. only:: html and\n\n   .. pith-bibliography::\n\nOn :pith:cite:t:`2401.00001`.")

    links = project.build().links()

    assert len(links) == 2
    assert links[1][0].startswith("#pith-")


@pytest.mark.parametrize("builder", ["singlehtml", "latex"])
def test_documents_on_one_page_share_no_id(project, builder):
    names = ["größe", "größen", "a-b", "a/b", "中文", "日本"]
    project.page(".. toctree::\n\n" + "".join(f"   {name}\n" for name in names))
    (project.path / "a").mkdir()
    for name in names:
        project.page("On :pith:`2401.00001`.", f"{name}.rst")

    built = project.build("-W", builder=builder)

    text = built.text("p.tex" if builder == "latex" else "index.html")
    mark = (
        r"\\label\{\\detokenize\{(\S*?pith-cite-[^}]*)\}"
        if builder == "latex"
        else r'id="(pith-cite-[^"]*)"'
    )
    ids = [one for one in re.findall(mark, text) if "ref" not in one]
    assert len(set(ids)) == len(ids) == len(names)


def test_a_book_is_made_again_beside_the_reports_of_the_last_build(tmp_path):
    project = trusting(
        tmp_path, "2401.00001", pith_reports={"sarif": "pith.sarif"}, copyright="P", version="1"
    )
    write_lock(project, locked(FIRST))
    assert project.build("-W", builder="epub").status == 0

    again = project.build("-W", "-E", builder="epub")

    assert (again.status, again.log) == (0, "")
    assert (again.out / "pith.sarif").exists()


def test_a_name_that_nothing_cites_is_told(tmp_path):
    project = trusting(tmp_path, "2401.00001v4", "2401.00002", pith_severity={"unused": "warning"})
    write_lock(project, locked(FIRST, SECOND))

    built = project.build()

    assert built.codes == ["unused"]
    assert "pith.lock holds arxiv:2401.00001, which nothing cites." in built.log


def test_numbers_and_letters_are_those_of_what_is_shown(project):
    twins = [
        signed_record(
            arxiv=f"2402.0000{number}",
            title=f"Twin {number}",
            submitted_at=f"2024-02-0{number}T00:00:00Z",
        )
        for number in (1, 2)
    ]
    write_lock(project, locked(*twins))
    project.page(
        ".. only:: latex\n\n   On :pith:cite:t:`2402.00001`.\n\n"
        "On :pith:cite:t:`2402.00002` :pith:cite:n:`2402.00002`.\n\n.. pith-bibliography::\n"
    )

    page = project.build("-W").text("index.html")
    paper = project.build("-W", builder="latex").text("p.tex")

    assert "2024b" not in page
    assert "[2]" not in page
    assert "2024b" in paper


def test_a_footnote_is_where_its_reference_is(project):
    project.page(
        ".. only:: latex\n\n   A note :pith:cite:foot:`2401.00001`.\n\n"
        "Another :pith:cite:foot:`2401.00002`.\n\nMore\n----\n\nThe end.\n"
    )

    page = project.build("-W").text("index.html")
    paper = project.build("-W", builder="latex").text("p.tex")

    assert page.count('role="doc-footnote"') == 1
    assert paper.count("begin{footnote}") == 2
    ids = set(re.findall(r' id="([^"]+)"', page))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= ids


def test_footnotes_stand_at_the_end_of_a_document_of_two_parts(project):
    (project.path / "index.rst").write_text(
        "One\n===\n\nA note :pith:cite:foot:`2401.00001`.\n\nTwo\n===\n\nThe last words.\n"
    )

    page = project.build("-W").text("index.html")

    assert page.index("The last words") < page.index('role="doc-footnote"')


def test_a_manual_without_the_bibliography_prints_the_numbers(project):
    project.page("On :pith:cite:t:`2401.00001`.\n\n.. pith-bibliography::\n")
    (project.path / "other.rst").write_text(
        ":orphan:\n\nOther\n=====\n\nBy :pith:cite:t:`2401.00001`.\n"
    )
    conf = project.path / "conf.py"
    manuals = [("index", "m1.tex", "M", "A", "howto"), ("other", "m2.tex", "N", "A", "howto")]
    conf.write_text(f"{conf.read_text()}latex_documents = {manuals!r}\n")

    built = project.build("-W", builder="latex")

    number = FIRST["pith_number"].rpartition(":")[2]
    assert f"(pith:{number})" in built.text("m2.tex")
    assert f"(pith:{number})" not in built.text("m1.tex")
