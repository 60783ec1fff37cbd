"""The page of the index is left as it is where it would be the same."""

import os
from pathlib import Path

import pytest

from tests.documents import signed_record
from tests.e2e.roots.locking import read_lock, trusting, write_lock
from tests.e2e.roots.project import Built, Project
from tests.locks import locked

FIRST, SECOND = signed_record(arxiv="2401.00001"), signed_record(arxiv="2401.00002", title="Two")
TREE = ".. toctree::\n\n   other\n   third\n"
LONG_AGO = 1_000_000_000
"""Seconds since 1970."""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Two pages with a citation of its own each, and one without, built."""
    project = trusting(tmp_path, "2401.00001")
    project.page(f"On :pith:`2401.00001`.\n\n{TREE}")
    project.page("No citation.", "third.rst")
    project.page("Other\n=====\n\nOn :pith:`2401.00002`.", "other.rst")
    write_lock(project, locked(FIRST, SECOND))
    assert project.build("-W").status == 0
    return project


def index(built: Built) -> Path:
    return built.out / "pith-papers.html"


def aged(project: Project) -> None:
    """Let the index have been written long ago."""
    os.utime(project.work / "html" / "pith-papers.html", (LONG_AGO, LONG_AGO))


def is_anew(built: Built) -> bool:
    return index(built).stat().st_mtime > LONG_AGO


def test_a_build_with_nothing_to_do_leaves_it(project):
    classic = ("-W", "-D", "html_theme=classic")
    project.build(*classic)
    aged(project)

    built = project.build(*classic)

    assert not is_anew(built)
    assert "Two" in index(built).read_text()
    # Other pages lead to it all the same.
    assert 'href="pith-papers.html"' in built.text("genindex.html")


def test_a_build_that_changes_no_citation_leaves_it(project):
    aged(project)
    project.page("Other words.\n\nOn :pith:`2401.00002`.", "other.rst")

    built = project.build("-W", "-j2")

    assert "Other words" in built.text("other.html")
    assert not is_anew(built)


@pytest.mark.parametrize(
    "page",
    [
        "On :pith:`2401.00002`, and :pith:`2401.00001`.",
        "On :pith:`2401.00001`.",
        "On :pith:`2401.00002`.\n\n.. pith:: 2401.00002\n",
    ],
)
def test_a_build_with_other_citations_writes_it(project, page):
    aged(project)
    project.page(page, "other.rst")

    assert is_anew(project.build())


def test_a_build_with_another_title_of_a_page_writes_it(project):
    aged(project)
    (project.path / "other.rst").write_text("Renamed\n=======\n\nOn :pith:`2401.00002`.\n")

    assert "Renamed" in project.build("-W").text("pith-papers.html")


@pytest.mark.parametrize("jobs", ["-j1", "-j2"])
def test_a_build_that_writes_all_pages_writes_it(project, jobs):
    aged(project)

    assert is_anew(project.build("-W", jobs, "-D", "html_short_title=Short"))


def test_it_is_written_where_it_is_missing(project):
    aged(project)
    (project.work / "html" / "pith-papers.html").unlink()

    assert is_anew(project.build("-W"))


def test_a_build_of_one_page_takes_what_is_refuted_on_another_from_it(project):
    lock = read_lock(project)
    gone = lock.aliases["arxiv:2401.00002"]
    write_lock(project, lock.only(set(lock.papers) - {gone}, lock.aliases))
    aged(project)

    built = project.build(only="index.rst")

    assert (built.status, built.codes) == (1, ["unlocked"])
    assert is_anew(built)
    assert "Two" not in index(built).read_text()


def test_a_builder_of_data_has_its_entries(project):
    built = project.build("-W", builder="json")

    assert "Two" in built.text("pith-papers.fjson")


def test_what_a_page_that_is_gone_cited_goes_from_it(project):
    orphan = project.path / "orphan.rst"
    project.page("On :pith:`2401.00002`.", "orphan.rst")
    orphan.write_text(f":orphan:\n\n{orphan.read_text()}")
    project.page("No more.", "other.rst")
    assert "orphan.html" in project.build("-W").text("pith-papers.html")
    orphan.unlink()

    built = project.build("-D", "pith_severity.unused=ignore")

    assert "orphan.html" not in built.text("pith-papers.html")
    assert "Two" not in built.text("pith-papers.html")


def test_it_goes_when_all_that_is_cited_is_for_other_outputs(project):
    project.page(
        ".. only:: latex\n\n   On :pith:`2401.00001`.\n\n.. toctree::\n\n   other\n   third\n"
    )
    project.page(".. only:: latex\n\n   On :pith:`2401.00002`.", "other.rst")

    assert not index(project.build("-W")).exists()


def test_it_has_the_style_of_the_other_pages(project):
    assert "pith-cite.css" in project.build("-W").text("pith-papers.html")


@pytest.mark.parametrize(("builder", "name"), [("latex", "p.tex"), ("texinfo", "p.texi")])
def test_a_manual_has_an_index_that_names_the_papers(project, builder, name):
    project.page(
        "On :pith:`2401.00001`, :pith:`2401.00001`.\n\n.. toctree::\n\n   other\n   third\n"
    )
    project.page(".. pith:: 2401.00002", "other.rst")

    text = project.build("-W", builder=builder).text(name)

    listed = text[text.rindex("Papers cited") :]
    for title in (FIRST["paper"]["title"], "Two"):
        assert title in listed
