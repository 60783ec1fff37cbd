"""The page of the index is written when a page is, and left as it is when none is."""

import os
from pathlib import Path

import pytest

from tests.documents import signed_record
from tests.e2e.roots.locking import read_lock, trusting, write_lock
from tests.e2e.roots.project import Built, Project
from tests.locks import locked

FIRST, SECOND = signed_record(arxiv="2401.00001"), signed_record(arxiv="2401.00002", title="Two")
LONG_AGO = 1_000_000_000
"""Seconds since 1970."""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Two pages, each with a citation of its own, built."""
    project = trusting(tmp_path, "2401.00001")
    project.page("On :pith:`2401.00001`.\n\n.. toctree::\n\n   other\n")
    project.page("Other\n=====\n\nOn :pith:`2401.00002`.", "other.rst")
    write_lock(project, locked(FIRST, SECOND))
    assert project.build("-W").status == 0
    return project


def index(built: Built) -> Path:
    return built.out / "pith-papers.html"


def aged(project: Project, index: int = LONG_AGO) -> None:
    """Let documents have been read, and the index written, long ago."""
    os.utime(project.work / "doctrees" / "environment.pickle", (LONG_AGO, LONG_AGO))
    os.utime(project.work / "html" / "pith-papers.html", (index, index))


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


def test_a_build_that_writes_a_page_writes_it(project):
    aged(project)
    project.page("On :pith:`2401.00001`, and :pith:`2401.00002`.", "other.rst")

    built = project.build("-W", "-j2")

    assert is_anew(built)
    assert built.text("pith-papers.html").count("other.html#") == 1 + 1


def test_it_is_written_where_it_is_missing(project):
    aged(project)
    (project.work / "html" / "pith-papers.html").unlink()

    assert is_anew(project.build("-W"))


def test_it_is_written_where_the_last_build_was_stopped_before_it(project):
    aged(project, index=LONG_AGO - 1)

    assert is_anew(project.build("-W"))


def test_a_build_of_one_page_takes_what_is_refuted_on_another_from_it(project):
    lock = read_lock(project)
    gone = lock.aliases["arxiv:2401.00002"]
    write_lock(project, lock.only(set(lock.papers) - {gone}, lock.aliases))
    aged(project)
    target = project.work / "html"
    command = project.command(builder="html", target=target)

    built = project._run([*command, str(project.path / "index.rst")], target, {})

    assert (built.status, built.codes) == (1, ["unlocked"])
    assert is_anew(built)
    assert "Two" not in index(built).read_text()


def test_a_builder_of_data_has_its_entries(project):
    built = project.build("-W", builder="json")

    assert "Two" in built.text("pith-papers.fjson")
