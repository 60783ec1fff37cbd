"""What a build cites, as a file."""

import json
from pathlib import Path

import pytest

from tests.documents import TITLE, as_bytes
from tests.e2e.roots.library import BETA, SURVEY, book, pages
from tests.e2e.roots.locking import trusting, write_lock
from tests.e2e.roots.project import Project
from tests.e2e.roots.releases import CLAIMS, MANIFEST, SIGNATURE, WRITE, manifest, release
from tests.locks import locked

LOADED = """
def setup(app):
    def tell(app, error):
        import sys
        heavy = {"pydantic", "pith_agent.client"} & set(sys.modules)
        sys.stdout.write(f"LOADED:{' '.join(sorted(heavy))}\\n")
    app.connect("build-finished", tell, priority=900)
"""
"""Tells at the end of a build what it has loaded that signing needs."""


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Two pages that cite two papers, one of them with a claim; there is a key."""
    return release(tmp_path)


def test_the_manifest_names_each_paper_at_its_version_and_all_places_that_cite_it(project):
    built = project.build("-W", *WRITE)

    said = manifest(built)
    assert built.status == 0, built.log
    assert said["format"] == "https://pith-agent.dev/citations-manifest/v1"
    assert {name: said[name] for name in ("project", "version", "release", "language")} == {
        "project": "P",
        "version": "",
        "release": "",
        "language": "en",
    }
    numbers = [paper["pith_number"] for paper in said["papers"]]
    assert numbers == sorted([SURVEY["pith_number"], BETA["pith_number"]])
    (survey,) = [one for one in said["papers"] if one["pith_number"] == SURVEY["pith_number"]]
    assert survey == {
        "pith_number": SURVEY["pith_number"],
        "canonical_sha256": SURVEY["canonical_sha256"],
        "arxiv": "2402.13116v4",
        "title": TITLE,
        "verdict": "verified",
        "cited_in": [
            {"document": "index", "line": 4, "target": "2402.13116"},
            {"document": "index", "line": 6, "target": CLAIMS, "claim": "C1"},
        ],
    }
    assert said["unverified"] == []
    assert not (built.out / SIGNATURE).exists()


def test_a_title_that_is_not_proved_is_left_out(tmp_path):
    untitled = json.loads(as_bytes(SURVEY))
    del untitled["paper"]["title"], untitled["graph_snapshot"]["paper"]["title"]
    built = pages(tmp_path, (untitled,), index="On :pith:`2402.13116`.").build("-W", *WRITE)

    (paper,) = manifest(built)["papers"]
    assert "title" not in paper


def test_the_bytes_are_the_same_with_two_processes_and_in_a_build_again(tmp_path):
    project = book(tmp_path)
    one = project.build("-j1", "-E", *WRITE, out="one")
    two = project.build("-j2", "-E", *WRITE, out="two")
    written = (one.out / MANIFEST).stat().st_mtime_ns

    again = project.build("-j2", *WRITE, out="one")

    assert one.text(MANIFEST) == two.text(MANIFEST) == again.text(MANIFEST)
    assert (one.out / MANIFEST).stat().st_mtime_ns == written
    assert str(tmp_path) not in one.text(MANIFEST)
    assert b"\r" not in (one.out / MANIFEST).read_bytes()


@pytest.mark.parametrize("builder", ["dirhtml", "latex", "epub", "text", "dummy"])
def test_every_builder_writes_the_same_manifest(project, builder):
    options = ("-W", *WRITE, "-D", "copyright=C", "-D", "version=1")  # EPUB asks for them.
    html = project.build(*options)

    # Twice: EPUB collects what lies in its directory.
    built = [project.build("-j2", *options, builder=builder) for _ in range(2)][-1]

    assert built.status == 0, built.log
    assert built.text(MANIFEST) == html.text(MANIFEST)


def test_a_line_of_an_included_file_is_not_told_as_one_of_the_document(project):
    (project.path / "part.txt").write_text("Of :pith:`1706.00001`.\n")
    project.page(".. include:: part.txt", "other.rst")

    said = manifest(project.build("-W", *WRITE))

    (beta,) = [one for one in said["papers"] if one["pith_number"] == BETA["pith_number"]]
    assert beta["cited_in"] == [{"document": "other", "target": "1706.00001"}]


def test_what_is_not_verified_is_listed_with_its_code(project):
    project.page("Not :pith:`1706.00099`, nor :pith:`1706.00001#C9`.", "other.rst")

    built = project.build(*WRITE)

    place = {"document": "other", "line": 4}
    assert built.status == 1
    assert manifest(built)["unverified"] == [
        {
            "target": "1706.00001#C9",
            "code": "unknown-claim",
            "cited_in": [place | {"claim": "C9"}],
        },
        {"target": "1706.00099", "code": "unlocked", "cited_in": [place]},
    ]
    assert SURVEY["pith_number"] in {one["pith_number"] for one in manifest(built)["papers"]}


@pytest.mark.parametrize(
    ("option", "told"),
    [
        ("pith_sign=1", "pith_sign signs the manifest"),
        ("pith_manifest=", "pith_manifest is ''"),
        ("pith_policy=", "pith_policy is ''"),
        ("pith_citations=/signed/*", "pith_citations holds '/signed/*'"),
    ],
)
def test_values_that_cannot_be_used_end_the_build(project, option, told):
    built = project.build("-D", option)

    assert built.status == 2
    assert told in built.log


def test_a_manifest_without_a_signature_loads_neither_pydantic_nor_the_client(tmp_path):
    project = trusting(tmp_path, "2402.13116")
    write_lock(project, locked(SURVEY))
    with (project.path / "conf.py").open("a") as conf:
        conf.write(LOADED)

    built = project.build("-W", *WRITE)

    assert built.status == 0, built.log
    assert manifest(built)["papers"]
    assert "LOADED:\n" in built.info
