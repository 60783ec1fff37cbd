"""The rules of the house: sizes, names, and that everything public is written down."""

import ast
import importlib
import inspect
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

import pith_agent
from pith_agent import errors
from pith_agent.cli import main
from pith_agent.protocol.verify import CHECKS, examine
from tests.documents import REAL

ROOT = Path(__file__).parents[1]
MODULES = sorted(
    path for package in ("pith_agent", "sphinx_pith") for path in (ROOT / package).rglob("*.py")
)
TESTS = sorted((ROOT / "tests").rglob("*.py"))
HEAVY = ("mcp", "sphinx", "click", "starlette", "uvicorn", "httpx")
REFERENCE = ROOT / "docs" / "reference"


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def text_of(path: Path) -> str:
    assert path.exists(), f"{name_of(path)} is not written yet"
    return path.read_text("utf-8")


@pytest.mark.parametrize("path", [*MODULES, *TESTS], ids=name_of)
def test_a_module_is_at_most_400_lines_and_says_what_it_is(path):
    source = path.read_text("utf-8")

    assert len(source.splitlines()) <= 400
    if "roots" not in path.parts:  # The configuration files of Sphinx test projects.
        assert ast.get_docstring(ast.parse(source)) or not source.strip()


def lines_of(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines of a function's own code: without its docstring, and the functions inside."""
    body = function.body[1:] if ast.get_docstring(function) else function.body
    own = sum((node.end_lineno or 0) - node.lineno + 1 for node in body)
    inner = [n for n in body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)]
    return own - sum((node.end_lineno or 0) - node.lineno + 1 for node in inner)


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_function_is_under_40_lines(path):
    functions = [
        node
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]

    assert [node.name for node in functions if lines_of(node) >= 40] == []


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_no_module_is_named_after_nothing(path):
    banned = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}

    assert path.stem not in banned


@pytest.mark.parametrize("package", ["pith_agent", "pith_agent.errors"])
def test_what_is_exported_is_sorted_exists_and_is_documented(package):
    module = importlib.import_module(package)
    assert len(set(module.__all__)) == len(module.__all__)

    # `if TYPE_CHECKING` in the package itself, whose names are loaded as they are used.
    imported = {
        alias.asname or alias.name
        for top in ast.parse(inspect.getsource(module)).body
        for node in (top.body if isinstance(top, ast.If) else [top])
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    } - {"TYPE_CHECKING", "import_module"}
    own = {
        node.name
        for node in ast.parse(inspect.getsource(module)).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")
    }
    for home, names in getattr(module, "_HOMES", {}).items():
        assert all(hasattr(importlib.import_module(home), name) for name in names)
    assert imported | own | {"__version__"} == {*module.__all__, "__version__"}
    for name in module.__all__:
        value = getattr(module, name)
        if inspect.isclass(value) or inspect.isfunction(value):
            assert inspect.getdoc(value), name
            assert value.__doc__, name


def test_every_public_name_of_every_module_is_documented():
    bare = []
    for path in MODULES:
        for node in ast.parse(path.read_text("utf-8")).body:
            if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
                fields_only = isinstance(node, ast.ClassDef) and not any(
                    isinstance(part, ast.FunctionDef) for part in node.body
                )
                if not ast.get_docstring(node) and not fields_only:
                    bare.append(f"{name_of(path)}: {node.name}")

    assert bare == []


@pytest.mark.parametrize("module", ["pith_agent", "pith_agent.client", "pith_agent.errors"])
def test_importing_the_package_imports_nothing_heavy(module):
    program = f"import sys, {module}\nprint(*sorted(set(sys.modules) & set({HEAVY!r})))"
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.split() == []


def test_the_protocol_imports_nothing_that_touches_the_world():
    banned = {"os", "time", "pathlib", "socket", "sqlite3", "httpx", "subprocess", "random"}
    for path in (ROOT / "pith_agent" / "protocol").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            assert not {name.partition(".")[0] for name in names} & banned, name_of(path)


def test_the_version_is_one():
    project = tomllib.loads(text_of(ROOT / "pyproject.toml"))["project"]

    assert project["version"] == pith_agent.__version__


def family(root: type[errors.PithError]) -> list[type[errors.PithError]]:
    return [root, *(found for child in root.__subclasses__() for found in family(child))]


CODES = sorted({error.code for error in family(errors.PithError)} - {"pith-error"})


def documented(word: str, page: Path) -> bool:
    return re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text_of(page)) is not None


@pytest.mark.parametrize("code", CODES)
def test_every_error_code_is_documented(code):
    assert documented(code, REFERENCE / "errors.md")


def test_every_code_that_a_check_gives_is_documented():
    given = set()
    for path in MODULES:
        tree = ast.parse(path.read_text("utf-8"))
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr == "warned"
            ):
                code = node.args[1]
                if isinstance(code, ast.Constant):
                    given.add(code.value)
                elif isinstance(code, ast.JoinedStr):
                    given |= {"title-unconfirmed", "abstract-unconfirmed"}

    missing = {code for code in given if not documented(code, REFERENCE / "errors.md")}
    assert missing == set()


def test_no_code_is_documented_that_does_not_exist():
    page = text_of(REFERENCE / "errors.md")
    listed = set(re.findall(r"^\| `([a-z]+(?:-[a-z]+)+)`", page, re.M))
    # What a reference claims and the record says otherwise: protocol/claims.py puts these together.
    mentions = {f"claimed-{name}-differs" for name in ("version", "year", "authors")}
    mentions |= {f"claimed-title-{match}" for match in ("truncated", "unconfirmed")}

    assert listed - set(CODES) - mentions <= {"pith-error", "not-checked"}


def test_every_check_is_documented():
    names = [check.name for check in examine(REAL).checks]

    assert len(names) == len(CHECKS) + 1
    missing = [n for n in names if not documented(n, REFERENCE / "verification.md")]
    assert missing == []


def test_every_variable_is_documented_and_every_documented_variable_is_read():
    read = {
        name
        for path in MODULES
        for name in re.findall(r"\"(PITH_[A-Z_]+)\"", path.read_text("utf-8"))
    }
    page = text_of(REFERENCE / "settings.md")

    assert read
    assert {name for name in read if not documented(name, REFERENCE / "settings.md")} == set()
    assert set(re.findall(r"PITH_[A-Z_]+\b", page)) - read == set()


SHARED = {"--home", "--registry", "--trust-root", "--offline", "--json"}


def option_rows() -> list[tuple[list[str], set[str]]]:
    """The rows of the table of options: commands, as `keys new`, and the options named there."""
    table = text_of(REFERENCE / "cli.md").partition("## Options of single commands")[2]
    rows = []
    for row in re.findall(r"^\| (`.+?) \| (.+) \|$", table.partition("\n## ")[0], re.M):
        commands = []
        for part in row[0].split(";"):
            first, *more = re.findall(r"`([a-z -]+)`", part)
            group = f"{first.rpartition(' ')[0]} ".lstrip()
            commands += [first, *(f"{group}{name}" for name in more)]
        rows.append((commands, set(re.findall(r"`(--?[a-z-]+)", row[1]))))
    return rows


def commands_of(group: click.Group, prefix: str = "") -> Iterator[tuple[str, click.Command]]:
    for name in group.commands:
        command = group.commands[name]
        if isinstance(command, click.Group):
            yield from commands_of(command, f"{prefix}{name} ")
        else:
            yield f"{prefix}{name}", command


def test_every_option_of_the_command_line_is_documented_and_exists():
    spelled = {
        name: [set(option.opts) for option in command.params if isinstance(option, click.Option)]
        for name, command in commands_of(main)
    }
    missing, invented = [], []
    for name, options in spelled.items():
        told = SHARED.union(*(options for commands, options in option_rows() if name in commands))
        missing += [(name, option) for option in options if not option & told]
    for commands, told in option_rows():
        known = set().union(*(option for name in commands for option in spelled[name]))
        invented += [(commands, option) for option in told - known]

    assert len(spelled) > 20
    assert (missing, invented) == ([], [])


def tracked() -> list[Path]:
    try:
        done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("this is no git checkout")
    return [ROOT / name for name in done.stdout.decode().split("\0") if name]


def test_no_file_names_the_host_of_a_package_registry():
    hosts = ["pypi" + ".org", "pythonhosted" + ".org", "npmjs" + ".org", "npmjs" + ".com"]
    naming = [
        name_of(path)
        for path in tracked()
        if path.is_file() and any(host.encode() in path.read_bytes() for host in hosts)
    ]

    assert naming == []


def test_vectors_of_other_projects_are_not_committed():
    names = {path.name for path in tracked()}

    assert not names & {
        "jsontestsuite.json",
        "ed25519_wycheproof.json",
        "ed25519_rfc8032.json",
        "jcs_rfc8785.json",
        "identifiers.jsonl",
        "near_miss_titles.jsonl",
        "golden_citation.json",
    }


@pytest.mark.parametrize("path", [*MODULES, *TESTS], ids=name_of)
def test_no_file_knows_the_machine_it_was_written_on(path):
    source = path.read_text("utf-8")

    for place in ("/work" + "/", "/home" + "/", "/Users" + "/", "/root" + "/"):
        assert place not in source


@pytest.mark.parametrize("path", MODULES, ids=name_of)
def test_a_mark_to_ignore_something_says_what(path):
    source = path.read_text("utf-8")

    assert not re.search(r"#\s*type:\s*ignore(?!\[)", source)
    assert not re.search(r"#\s*noqa(?!:)", source)
    assert not re.search(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b", source)
