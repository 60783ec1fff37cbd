"""`convert` as a user and a CI job run it: files, folders, diffs, exit codes."""

import ast
import json
import os
import stat
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from sphinx_pith.convert import command, links, report

ROOT = Path(__file__).parents[2]
URL = "https://arxiv.org/abs/1706.03762"
BEFORE, AFTER = f"See `T <{URL}>`__.\n", "See :pith:`T <arXiv:1706.03762>`.\n"
NO_BIB = find_spec("bibtexparser") is None


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setenv("PITH_HOME", str(tmp_path / "home"))
    monkeypatch.delenv("PITH_OFFLINE", raising=False)
    (tmp_path / "docs").mkdir()
    monkeypatch.chdir(tmp_path / "docs")

    def run(*arguments: str) -> Result:
        return CliRunner().invoke(command.convert, list(arguments))

    return run


def test_a_diff_is_shown_and_nothing_is_changed(run):
    Path("a.rst").write_text(BEFORE)

    result = run("a.rst")

    assert result.exit_code == 0
    assert result.stdout == f"--- a/a.rst\n+++ b/a.rst\n@@ -1 +1 @@\n-{BEFORE}+{AFTER}"
    assert Path("a.rst").read_text() == BEFORE


def test_check_exits_with_1_until_all_is_converted(run):
    Path("a.rst").write_text(BEFORE)

    assert run("--check", ".").exit_code == 1
    assert run("--write", ".").exit_code == 0
    assert Path("a.rst").read_text() == AFTER
    assert run("--check", ".").exit_code == 0


def test_the_diff_is_a_patch(run):
    before = {"a.rst": BEFORE.strip(), "b.md": f"x\r\n<{URL}>\r\ny", "c.py": f'"""{BEFORE}"""\n'}
    for name, text in before.items():
        Path(name).write_bytes(text.encode())
    patch = run(".").stdout_bytes
    run("--write", ".")
    after = {name: Path(name).read_bytes() for name in before}
    for name, text in before.items():
        Path(name).write_bytes(text.encode())

    subprocess.run(["git", "apply", "--unsafe-paths", "-"], input=patch, check=True)

    assert {name: Path(name).read_bytes() for name in before} == after


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n", b"\r"])
@pytest.mark.parametrize("last", [True, False])
def test_mark_line_ends_permissions_and_the_last_line_are_kept(run, mark, end, last):
    path = Path("a.rst")
    lines = ["Zürich", "", BEFORE.strip()]
    path.write_bytes(mark + end.join(line.encode() for line in lines) + end * last)
    path.chmod(0o640)

    assert run("--write", "a.rst").exit_code == 0

    lines[2] = AFTER.strip()
    assert path.read_bytes() == mark + end.join(line.encode() for line in lines) + end * last
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
    assert [found.name for found in Path().iterdir()] == ["a.rst"]


def test_a_link_to_a_file_stays_a_link(run, tmp_path):
    real = tmp_path / "real.rst"
    real.write_text(BEFORE)
    Path("a.rst").symlink_to(real)

    run("--write", "a.rst")

    assert Path("a.rst").is_symlink()
    assert real.read_text() == AFTER


def test_an_unchanged_file_is_not_written(run):
    Path("a.rst").write_text(AFTER)
    os.utime("a.rst", (1, 1))

    run("--write", "a.rst")

    assert Path("a.rst").stat().st_mtime == 1


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.rst", b"caf\xe9 " + BEFORE.encode()),
        ("a.rst", BEFORE.encode("utf-16")),
        ("a.rst", b"\0" + BEFORE.encode()),
        ("a.py", b"# coding: latin-1\n'''" + BEFORE.encode() + b"'''\n"),
        ("a.py", b"def f(:\n    '''" + BEFORE.encode() + b"'''\n"),
    ],
)
def test_a_file_that_cannot_be_read_is_told_and_left_and_the_others_are_converted(run, name, data):
    Path(name).write_bytes(data)
    Path("good.rst").write_text(BEFORE)

    result = run("--write", "--json", ".")

    assert result.exit_code == 2
    files = {file["path"]: file for file in json.loads(result.stdout)["files"]}
    assert files[name]["error"]["code"] == "unreadable-file"
    assert Path(name).read_bytes() == data
    assert Path("good.rst").read_text() == AFTER


@pytest.mark.parametrize("name", ["missing.rst", "a.txt"])
def test_what_is_no_file_to_convert_is_an_error(run, name):
    Path("a.txt").write_text(BEFORE)

    result = run(name)

    assert result.exit_code == 2
    assert "[unreadable-file]" in result.stderr


def test_hidden_and_built_files_are_passed_over_unless_named(run):
    for folder in ("_build", ".git", "node_modules", "x.egg-info", "sub/build"):
        Path(folder).mkdir(parents=True)
        Path(folder, "a.rst").write_text(BEFORE)
    Path("sub/b.rst").write_text(BEFORE)
    Path("sub/notes.txt").write_text(BEFORE)

    found = json.loads(run("--json", ".", "sub").stdout)["files"]
    named = json.loads(run("--json", "_build/a.rst").stdout)["files"]

    assert [file["path"] for file in found] == ["sub/b.rst"]
    assert [file["path"] for file in named] == ["_build/a.rst"]


def test_the_json_tells_each_link_and_the_totals(run):
    Path("a.rst").write_text(f"{BEFORE}\n``{URL}`` *{URL}*\n")

    (file,) = json.loads(run("--json", "a.rst").stdout)["files"]
    totals = json.loads(run("--json", "a.rst").stdout)["totals"]

    assert [(link["line"], link["status"], link["reason"]) for link in file["links"]] == [
        (1, "converted", None),
        (3, "left", "in-code"),
        (3, "left", "nested-markup"),
    ]
    assert {link["target"] for link in file["links"]} == {"arXiv:1706.03762"}
    assert totals == {
        "files": 1,
        "changed": 1,
        "errors": 0,
        "found": 3,
        "converted": 1,
        "left": {"in-code": 1, "nested-markup": 1},
    }


def test_the_summary_tells_why_links_stay(run):
    Path("a.rst").write_text(f"{BEFORE}\n``{URL}``\n")

    lines = run("--summary", "a.rst").stdout.splitlines()

    assert lines[0] == "a.rst: 2 links, 1 converted, 1 left (in-code 1)"
    assert lines[1] == f"  3: in-code: {URL}"
    assert lines[2].startswith("1 files: 2 links")


def test_only_what_verifies_is_converted_on_request(run):
    Path("a.rst").write_text(f"{BEFORE}\n`U <https://arxiv.org/abs/2402.13116>`__\n")

    result = run("--verified-only", "--json", "--write", "a.rst")

    (file,) = json.loads(result.stdout)["files"]
    assert [(link["reason"], link["verification"]) for link in file["links"]] == [
        ("not-verified", "offline"),
        (None, "ok"),
    ]
    assert Path("a.rst").read_text() == f"{BEFORE}\n:pith:`U <arXiv:2402.13116>`\n"


def test_the_records_of_a_project_count(run, tmp_path):
    vectors = ROOT / "tests" / "vectors" / "complete.jsonl"
    Path("records.jsonl").write_bytes(vectors.read_bytes())
    Path("a.rst").write_text("https://arxiv.org/abs/hep-lat/0305021")

    result = run("--verified-only", "--records", "*.jsonl", "--check", "a.rst")

    assert result.exit_code == 1
    assert ":pith:`arXiv:hep-lat/0305021`" in result.stdout


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ([], ""),
        (["--online", "a.rst"], ""),
        (["--bib", "a.bib", "a.rst"], ""),
        (["--versions", "some", "a.rst"], ""),
        (["--verified-only", "--records", "/x.json", "a.rst"], "[invalid-setting]"),
        (["--cite-keys", "missing.bib", "a.rst"], "[unreadable-file]"),
    ],
)
def test_options_that_cannot_be_used_are_an_error(run, arguments, code):
    Path("a.rst").write_text(BEFORE)

    result = run(*arguments)

    assert result.exit_code == 2
    assert code in result.stderr


@pytest.mark.skipif(not NO_BIB, reason="bibtexparser is installed")
def test_without_its_parser_a_bibliography_is_an_error_that_names_it(run):
    Path("a.bib").write_text("")

    result = run("--bib", "a.bib")

    assert result.exit_code == 2
    assert "[invalid-setting]" in result.stderr
    assert "bibtexparser" in result.stderr


@pytest.mark.skipif(NO_BIB, reason="bibtexparser is not installed")
def test_a_bibliography_is_listed_and_its_keys_are_converted(run):
    Path("a.bib").write_text("@misc{a, eprint={1706.03762}}\n@misc{b, title={B}}\n")
    Path("a.rst").write_text(":cite:`a` :cite:t:`b`\n")

    listed = run("--bib", "a.bib")
    as_json = json.loads(run("--bib", "a.bib", "--json").stdout)
    run("--cite-keys", "a.bib", "--write", "a.rst")

    assert listed.stdout == "a.bib:1: a: arXiv:1706.03762\na.bib:2: b: - (no-arxiv-paper)\n"
    assert as_json["bibliographies"][0]["entries"][0] == {
        "key": "a",
        "line": 1,
        "target": "arXiv:1706.03762",
        "field": "eprint",
        "reason": None,
    }
    assert Path("a.rst").read_text() == ":pith:cite:`arXiv:1706.03762` :cite:t:`b`\n"


def test_sphinx_reads_what_was_converted_as_verified_citations(run, tmp_path):
    address = "https://arxiv.org/abs/2402.13116"
    Path("conf.py").write_text(
        "import sys; sys.path.insert(0, '.')\n"
        "extensions = ['sphinx_pith', 'myst_parser', 'sphinx.ext.autodoc', 'sphinx.ext.napoleon']\n"
    )
    title = f"Title `T1 <{address}>`_"
    Path("index.rst").write_text(
        f"{title}\n{'=' * len(title)}\n\n`T2 <{address}>`__ ({address}v4)\n\n"
        ".. toctree::\n\n   b\n\n.. automodule:: mine\n   :members:\n"
    )
    Path("b.md").write_text(f"# B\n\n[T3]({address}) <{address}>\n")
    docstring = f"Do.\n\n    Args:\n        x: As `T4\n            <{address}>`_.\n    "
    Path("mine.py").write_text(f'def f(x):\n    """{docstring}"""\n')

    assert run("--write", ".").exit_code == 0
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-W", "-b", "html", ".", str(tmp_path / "out")],
        capture_output=True,
        text=True,
    )

    assert (done.returncode, done.stderr) == (0, "")
    pages = (tmp_path / "out" / "index.html").read_text() + (tmp_path / "out/b.html").read_text()
    link = "https://pith.science/pith/ODXWRQYNXKOR3ZX6FVYSFXZLUC"
    assert pages.count(f'href="{link}"') >= 6
    assert 'href="https://arxiv.org' not in pages


def test_it_runs_as_a_program(tmp_path):
    (tmp_path / "a.rst").write_text(BEFORE)
    program = (
        "import sys; from sphinx_pith.convert.command import main; sys.exit(main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, "--check", str(tmp_path)], cwd=ROOT, capture_output=True
    )

    assert done.returncode == 1
    assert done.stderr == b""
    assert done.stdout.decode().endswith(f"-{BEFORE}+{AFTER}")


def test_every_reason_is_documented():
    page = (ROOT / "docs" / "howto" / "migrate-links.md").read_text("utf-8")

    for reason in (*links.REASONS, *command.bib.REASONS):
        assert f"`{reason}`" in page, reason


def test_every_option_is_documented():
    page = (ROOT / "docs" / "howto" / "migrate-links.md").read_text("utf-8")

    for parameter in command.convert.params:
        for option in parameter.opts:
            assert not option.startswith("--") or f"`{option}" in page, option


def test_the_converters_import_neither_sphinx_nor_docutils_and_only_the_command_imports_click():
    for path in Path(report.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            rooms = {name.partition(".")[0] for name in names}
            assert not rooms & {"sphinx", "docutils"}, path.name
            assert "click" not in rooms or path.name == "command.py"
