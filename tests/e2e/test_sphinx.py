"""Sphinx, in a process of its own, on real projects."""

import json
from pathlib import Path

import pytest

from pith_agent import Client, RecordFiles, Settings
from tests.documents import NUMBER, REAL, SUFFIX, TITLE, signed_record
from tests.e2e.roots.project import REPOSITORY, ROOTS, Project
from tests.e2e.roots.tampers import RENAME, RETITLE, TAMPERS, Tamper

PAGE = f"https://pith.science/pith/{SUFFIX}"
LINK = (PAGE, f"Verified: {NUMBER}", TITLE)
SUMMARY = "WARNING: Pith: the build fails:"

BUILDERS = [
    "html",
    "dirhtml",
    "singlehtml",
    "latex",
    "text",
    "man",
    "texinfo",
    "epub",
    "xml",
    "pseudoxml",
    "gettext",
    "dummy",
    "json",
]


@pytest.fixture
def places(tmp_path: Path) -> Project:
    """A project that cites the published record in every place that a citation may stand."""
    project = Project(tmp_path, ROOTS / "places")
    project.record(REAL)
    return project


def test_every_form_of_an_identifier_becomes_a_link_to_the_same_page(tmp_path: Path) -> None:
    project = Project.citing(
        tmp_path,
        "2402.13116",
        "arXiv:2402.13116v4",
        "https://arxiv.org/abs/2402.13116",
        "10.48550/arXiv.2402.13116",
        "https://doi.org/10.48550/arXiv.2402.13116",
        NUMBER,
        SUFFIX,
        f"https://pith.science/pith/{SUFFIX}.json",
    )

    built = project.build("-W")

    assert (built.status, built.log) == (0, "")
    assert built.links() == [LINK] * 8
    assert "8 citations" in built.info


def test_the_example_project_is_built_without_a_warning(tmp_path: Path) -> None:
    example = REPOSITORY / "examples" / "docs"
    assert (example / "records" / "2402.13116.json").read_bytes() == REAL
    project = Project(tmp_path, example)

    built = project.build("-W", "-n")

    assert (built.status, built.log) == (0, "")
    assert len(built.links("index.html")) == 4
    assert len(built.links("forms.html")) == 10


def test_an_author_may_choose_the_words_but_not_the_address(tmp_path: Path) -> None:
    project = Project.citing(tmp_path, "Any & all words <2402.13116>", "!2402.13116")

    built = project.build("-W")

    assert built.links() == [(PAGE, f"Verified: {NUMBER}", "Any & all words")]
    assert '<span class="xref pith">2402.13116</span>' in built.text("index.html")


@pytest.mark.parametrize(("tamper", "code"), TAMPERS, ids=[code for _, code in TAMPERS])
def test_a_changed_record_fails_the_build_and_loses_its_link(
    tmp_path: Path, tamper: Tamper, code: str
) -> None:
    project = Project.citing(tmp_path, NUMBER)
    project.record(tamper(REAL))
    records = RecordFiles([(tamper(REAL), "records/2402.13116.json")])
    client = Client(Settings(home=tmp_path / "home", offline=True), records=records)
    answer = client.verify(NUMBER)
    client.close()

    built = project.build()

    assert answer.code == code
    assert built.status == 1
    assert built.codes == [code]
    assert f"{project.path}/index.rst:4: WARNING: {NUMBER}: " in built.log
    assert (built.links(), built.marked()) == ([], [f"{NUMBER} [unverified]"])
    assert "pith.science" not in built.text("index.html")


@pytest.mark.parametrize("options", [("-W",), ("-q",), ("-D", "suppress_warnings=pith"), ("-j2",)])
def test_no_option_makes_a_changed_record_pass(tmp_path: Path, options: tuple[str, ...]) -> None:
    project = Project.citing(tmp_path, "2402.13116")
    project.record(RETITLE(REAL))

    for _ in range(2):
        built = project.build(*options)

        assert built.status == 1
        assert f"{SUMMARY} title-mismatch (1)." in built.log
        assert built.marked() == ["arXiv:2402.13116 [unverified]"]


def test_an_unchanged_build_repeats_its_problems_until_the_record_is_repaired(
    tmp_path: Path,
) -> None:
    project = Project.citing(tmp_path, "2402.13116")
    assert project.build().status == 0
    project.record(RETITLE(REAL))

    first, second = project.build(), project.build()

    assert (first.status, first.codes) == (second.status, second.codes) == (1, ["title-mismatch"])
    assert "0 added, 0 changed, 0 removed" in second.info
    assert second.marked() == ["arXiv:2402.13116 [unverified]"]
    project.record(REAL)
    repaired = project.build("-W")
    assert (repaired.status, repaired.links(), repaired.marked()) == (0, [LINK], [])
    assert "no targets are out of date" in project.build("-W").info


def test_every_builder_that_shares_the_doctrees_writes_what_changed(tmp_path: Path) -> None:
    project = Project.citing(tmp_path, "2402.13116")
    for builder in ("html", "text"):
        assert project.build(builder=builder).status == 0
    project.record(RETITLE(REAL))

    for builder, name in (("html", "index.html"), ("text", "index.txt"), ("html", "index.html")):
        assert "[unverified]" in project.build(builder=builder).text(name)


def test_a_newer_record_gives_the_pages_its_title(tmp_path: Path) -> None:
    project = Project.testing(tmp_path, signed_record(version=4, title="An Old Title"))
    project.page("On :pith:`2402.13116`.\n\n.. toctree::\n\n   other")
    project.page("Nothing is cited.", "other.rst")
    assert [text for _, _, text in project.build("-W").links()] == ["An Old Title"]
    project.record(json.dumps(signed_record(version=5, title="A New Title")).encode(), "1.json")

    built = project.build("-W", "-v")

    assert [text for _, _, text in built.links()] == ["A New Title"]
    assert "writing output... [100%] index" in built.info
    assert "] other" not in built.info


def test_another_base_url_rewrites_the_pages_without_reading_them(tmp_path: Path) -> None:
    project = Project.citing(tmp_path, "2402.13116")
    project.build("-W")

    built = project.build("-W", "-D", "pith_base_url=https://mirror.example/papers/")

    assert "0 added, 0 changed, 0 removed" in built.info
    assert [href for href, _, _ in built.links()] == [
        f"https://mirror.example/papers/pith/{SUFFIX}"
    ]


def test_two_processes_write_what_one_writes(places: Project) -> None:
    one = places.build("-W", "-j1", "-E", out="one")
    two = places.build("-W", "-j2", "-E", out="two")

    assert one.status == two.status == 0
    names = sorted(path.name for path in one.out.glob("*.html"))
    assert {name: one.text(name) for name in names} == {name: two.text(name) for name in names}
    assert len(two.links("places.html")) == 11


@pytest.mark.parametrize("builder", BUILDERS)
def test_a_builder_writes_citations_in_every_place_without_a_warning(
    places: Project, builder: str
) -> None:
    built = places.build("-W", "-n", builder=builder)

    assert (built.status, built.log) == (0, "")


def test_the_number_is_printed_where_links_have_no_address(places: Project) -> None:
    text = places.build("-W", builder="text").text("places.txt")
    manual = places.build("-W", builder="man").text("places.1")
    with_urls = places.build("-W", "-D", "man_show_urls=1", builder="man", out="urls")
    printed = with_urls.text("places.1").replace("\\:", "")
    latex = places.build("-W", builder="latex")

    assert f"A paragraph about *{TITLE}* (pith:{SUFFIX}) and" in " ".join(text.split())
    assert f"(pith:{SUFFIX})" in manual
    assert f"(pith:{SUFFIX})" not in printed
    assert f"<{PAGE}>" in printed.replace("\\fB", "").replace("\\fP", "")
    assert f"\\sphinxhref{{{PAGE}}}" in latex.text("places.tex")


def test_a_problem_is_told_where_the_citation_stands(places: Project) -> None:
    places.record(RETITLE(REAL))

    built = places.build("-n")

    assert set(built.codes) == {"title-mismatch"}
    for place in (
        "index.rst:1",
        "places.rst:1",
        "places.rst:4",
        "places.rst:28",
        "included.rst:1",
        "papers.py:docstring of papers.distil:3",
    ):
        assert f"/{place}: WARNING: " in built.log
    assert len(built.marked("places.html")) == 11
    assert len(built.codes) == 13


def test_markdown_cites_with_the_same_role(tmp_path: Path) -> None:
    project = Project(tmp_path, ROOTS / "myst")
    project.record(REAL)

    built = project.build("-W")

    assert (built.status, built.log) == (0, "")
    assert sorted(built.links()) == sorted([LINK] * 4 + [(*LINK[:2], "by its authors")])
    project.record(RETITLE(REAL))
    changed = project.build()
    assert (changed.status, changed.links()) == (1, [])
    assert "index.md:1: WARNING: " in changed.log


@pytest.mark.parametrize(
    ("target", "code", "said"),
    [
        ("arXiv:2301.00001", "unlocked", "arXiv:2301.00001"),
        ("doi:10.1016/j.epsl.2011.11.037", "unlocked", "doi:10.1016"),
        ("CONTRACT", "invalid-identifier", "'CONTRACT' is not an identifier."),
        ("pith:2024:ODXW", "invalid-identifier", "ODXW has 4 characters"),
        ("pith:ODXWRQYN", "short-identifier", f"Write {NUMBER}."),
        ("pith:AAAAAAAA", "short-identifier", "pith:AAAAAAAA may name several papers."),
        ("https://example.org/2402.13116", "invalid-identifier", "example.org"),
    ],
)
def test_a_citation_that_proves_nothing_is_an_error(
    tmp_path: Path, target: str, code: str, said: str
) -> None:
    project = Project.citing(tmp_path, f"The words <{target}>")

    built = project.build()

    mark = "[unchecked]" if code == "unlocked" else "[unverified]"
    assert (built.status, built.codes) == (1, [code])
    assert f"index.rst:4: WARNING: {target}: " in built.log
    assert said in built.log
    assert (built.links(), built.marked()) == ([], [f"The words {mark}"])


def test_another_version_than_the_project_has_is_not_taken_for_it(tmp_path: Path) -> None:
    built = Project.citing(tmp_path, "arXiv:2402.13116v3").build()

    assert (built.status, built.codes) == (1, ["unlocked"])
    assert built.links() == []


def test_a_registry_that_does_not_answer_is_a_warning_and_no_link(tmp_path: Path) -> None:
    # Nothing listens on port 1 of this machine.
    project = Project.citing(
        tmp_path,
        "arXiv:2301.00001",
        pith_mode="auto",
        pith_registry=["http://127.0.0.1:1"],
    )

    built = project.build()
    strict = project.build("-W")

    assert (built.status, strict.status) == (0, 1)
    assert built.codes == strict.codes == ["unreachable"]
    assert built.marked() == ["arXiv:2301.00001 [unchecked]"]


def test_severities_may_be_chosen_by_code(tmp_path: Path) -> None:
    project = Project.citing(tmp_path, "arXiv:2301.00001")

    warned = project.build("-D", "pith_severity.unlocked=warning")
    told = project.build("-W", "-D", "pith_severity.unlocked=info")
    quiet = project.build("-W", "-D", "pith_severity.unlocked=ignore")

    assert [built.status for built in (warned, told, quiet)] == [0, 0, 0]
    assert [built.codes for built in (warned, told, quiet)] == [["unlocked"], [], []]
    assert "index.rst:4: arXiv:2301.00001: " in told.info
    assert "index.rst:4: " not in quiet.info
    assert quiet.marked() == ["arXiv:2301.00001 [unchecked]"]


def test_settings_that_cannot_be_used_are_named_all_at_once(tmp_path: Path) -> None:
    project = Project.citing(
        tmp_path,
        pith_records="records/*.json",
        pith_mode="yes",
        pith_registry=["pith.science"],
        pith_trust_root="absent.json",
        pith_base_url="javascript:alert(1)",
        pith_severity={"title-mismatch": "info", "offlne": "info", "offline": "loud"},
        pith_home=7,
    )

    built = project.build()

    assert built.status == 2
    for name in ("records", "mode", "registry", "trust_root", "base_url", "home"):
        assert f"pith_{name} " in built.log
    for code in ("'title-mismatch'", "'offlne'", "'offline'"):
        assert code in built.log


def test_a_file_that_is_no_record_is_told_and_hides_no_other(tmp_path: Path) -> None:
    project = Project.citing(tmp_path, "2402.13116")
    project.record(b"{", "broken.json")
    project.record(b'{"title": "No record"}\n\n' + b'{"canonical_record": 1.5}\n', "lines.jsonl")
    project.record(b"not read", "README.txt")

    built = project.build()

    assert built.status == 1
    assert built.codes == ["malformed-json", "malformed-document", "malformed-document"]
    for place in ("broken.json:1", "lines.jsonl:1", "lines.jsonl:3"):
        assert f"{project.path}/records/{place}: WARNING: records/" in built.log
    assert built.links() == [LINK]


def test_a_refuted_record_that_no_citation_meets_is_told(tmp_path: Path) -> None:
    # By its own account it is another paper, so the citation is answered by the other file.
    project = Project.citing(tmp_path, "2402.13116")
    project.record(REAL, "good.json")
    project.record(RENAME(REAL))

    built = project.build()

    assert (built.status, built.codes) == (1, ["digest-mismatch"])
    assert "records/2402.13116.json:1: WARNING: " in built.log


def test_a_hostile_title_is_only_text(tmp_path: Path) -> None:
    title = '<script>alert("1")</script> \x1b[31mred\x1b[0m \u202egnp.exe & $x$ \\input{x}'
    project = Project.testing(tmp_path, signed_record(title=title))
    project.page("On :pith:`2402.13116`.")

    built = project.build("-W")
    latex = project.build("-W", "-E", builder="latex")

    shown = '<script>alert("1")</script> red gnp.exe & $x$ \\input{x}'
    assert [text for _, _, text in built.links()] == [shown]
    assert "&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;" in built.text("index.html")
    assert "\\input{x}" not in latex.text("p.tex")


def test_a_hostile_target_is_told_on_one_line(tmp_path: Path) -> None:
    built = Project.citing(tmp_path, "words <\x1b[31m\u202e<b>>", "2402.13116\u200b").build()

    assert built.status == 1
    assert "\x1b" not in built.log
    assert "\u202e" not in built.log
    assert "<b>" not in built.text("index.html")


def test_a_page_that_is_gone_is_forgotten(tmp_path: Path) -> None:
    project = Project.citing(tmp_path, "2402.13116")
    project.page(":orphan:\n\nOn :pith:`2301.00001`.", "other.rst")
    assert project.build().codes == ["unlocked"]
    (project.path / "other.rst").unlink()

    assert project.build("-W").status == 0


def test_nothing_is_written_outside_the_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "home"
    home.mkdir()
    for name in ("HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(home))
    project = Project.citing(tmp_path / "work", "2402.13116")
    before = _files(project.path)

    project.build("-W")

    assert _files(project.path) == before
    assert _files(home) == []


def _files(path: Path) -> list[str]:
    return sorted(str(found) for found in path.rglob("*") if "__pycache__" not in str(found))
