"""The GitHub Action, the pre-commit hooks and the examples: read as their services read them.

The steps of the action run in a real shell, with a `python` that notes its arguments.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from sphinx_pith.commands import main

yaml = pytest.importorskip("yaml", reason="PyYAML comes with myst-parser")

ROOT = Path(__file__).parents[2]
BASH = shutil.which("bash")
WORKFLOWS = sorted((ROOT / "examples" / "github").glob("*.yml"))
VERSION = re.compile(r"[\w.-]+(/[\w.-]+)+@v\d+(\.\d+\.\d+)?")
HOSTILE = "a b\"; touch pwned; $(touch pwned) `touch pwned` '*"


def load(path: Path) -> Any:
    # `on` is a truth value of YAML 1.1; GitHub reads it as a word.
    return yaml.load(path.read_text("utf-8"), yaml.BaseLoader)


ACTION = load(ROOT / "action.yml")
STEPS = ACTION["runs"]["steps"]
SCRIPTS = {step["name"]: step for step in STEPS if "run" in step}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_of_the_action_is_bash_and_holds_no_expression(name: str, tmp_path: Path) -> None:
    script = SCRIPTS[name]["run"]
    file = tmp_path / "step.sh"
    file.write_text(script, "utf-8")

    assert SCRIPTS[name]["shell"] == "bash"
    assert "${{" not in script
    assert bash(["-n", str(file)], tmp_path).returncode == 0


def test_every_input_is_used_and_every_input_that_is_used_exists() -> None:
    used = set(re.findall(r"inputs\.([\w-]+)", (ROOT / "action.yml").read_text("utf-8")))

    assert used == set(ACTION["inputs"])
    assert all(one["description"] and "default" in one for one in ACTION["inputs"].values())


def test_every_variable_of_a_script_is_set_by_its_step() -> None:
    for step in SCRIPTS.values():
        named = set(re.findall(r"VERIFY_[A-Z]+", step["run"]))
        assert named == set(step["env"])


def test_outputs_come_from_a_step_that_writes_them() -> None:
    value = ACTION["outputs"]["status"]["value"]

    step, name = re.fullmatch(r"\${{ steps\.(\w+)\.outputs\.(\w+) }}", value).groups()
    script = next(one["run"] for one in STEPS if one.get("id") == step)
    assert f'echo "{name}=$' in script


@pytest.mark.parametrize("path", [ROOT / "action.yml", *WORKFLOWS], ids=lambda path: path.name)
def test_actions_are_pinned_by_version(path: Path) -> None:
    used = re.findall(r"uses: (\S+)", path.read_text("utf-8"))

    assert used or path.name == "action.yml"
    assert [one for one in used if not VERSION.fullmatch(one)] == []


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_an_example_gives_only_inputs_that_exist_and_asks_for_few_rights(path: Path) -> None:
    workflow = load(path)

    assert workflow["permissions"]["contents"] == "read"
    for job in workflow["jobs"].values():
        for step in job["steps"]:
            if step.get("uses", "").startswith("pith-agent/pith-agent@"):
                assert set(step["with"]) <= set(ACTION["inputs"])


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.name)
def test_an_example_gives_the_commands_options_that_they_have(path: Path) -> None:
    scripts = re.findall(r"python -m sphinx_pith (\w+)(.*)", path.read_text("utf-8"))

    for name, rest in scripts:
        given = main.commands[name].make_context(name, rest.split(), resilient_parsing=True)
        assert given.params.get("sphinx_options") in (None, ())


def test_the_hooks_say_what_runs_and_the_example_uses_hooks_that_exist() -> None:
    hooks = load(ROOT / ".pre-commit-hooks.yaml")
    (repository,) = load(ROOT / "examples" / "pre-commit-config.yaml")["repos"]

    assert [hook["id"] for hook in hooks] == ["pith-lock-check", "pith-convert-check"]
    for hook in hooks:
        assert hook["entry"].startswith("python -m sphinx_pith ")
        re.compile(hook.get("files", ""))
    assert {hook["id"] for hook in repository["hooks"]} == {hook["id"] for hook in hooks}


def test_the_recipe_for_read_the_docs_is_of_its_second_version_and_fails_on_warnings() -> None:
    recipe = load(ROOT / "examples" / "readthedocs.yaml")

    assert recipe["version"] == "2"
    assert recipe["sphinx"] == {"configuration": "docs/conf.py", "fail_on_warning": "true"}


# The scripts, run


def bash(arguments: list[str], where: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    if BASH is None:
        pytest.skip("there is no bash on this machine")
    return subprocess.run(
        [BASH, *arguments],
        cwd=where,
        env={"PATH": f"{where / 'bin'}:/usr/bin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture
def run(tmp_path: Path) -> Any:
    """Run a script of the action; returns its status and what each `python` was given."""
    bin_ = tmp_path / "bin"
    bin_.mkdir()
    told = tmp_path / "told"
    python = bin_ / "python"
    python.write_text(
        f"#!{sys.executable}\nimport json, os, sys\n"
        f"with open({str(told)!r}, 'a') as file:\n"
        "    file.write(json.dumps(sys.argv[1:]) + '\\n')\n"
        "sys.exit(int(os.environ.get('STATUS', '0')))\n"
    )
    python.chmod(0o755)

    def run(name: str, **given: str) -> tuple[int, list[list[str]]]:
        step = SCRIPTS[name]
        defaults = {
            variable: ACTION["inputs"][value.split("inputs.")[1].split(" ")[0]]["default"]
            for variable, value in step["env"].items()
            if "inputs." in value
        }
        output = {"GITHUB_OUTPUT": str(tmp_path / "output")}
        done = bash(["-e", "-c", step["run"]], tmp_path, **(defaults | output | given))
        assert done.stderr == ""
        lines = told.read_text().splitlines() if told.exists() else []
        return done.returncode, [json.loads(line) for line in lines]

    return run


def test_the_action_installs_its_own_source_unless_told_otherwise(run: Any) -> None:
    run("Install", VERIFY_SOURCE="/action")
    _, (own, told) = run("Install", VERIFY_SOURCE="/", VERIFY_PACKAGE="x", VERIFY_REQUIREMENTS="r")

    assert own[-1] == "/action[sphinx]"
    assert told[-3:] == ["x", "--requirement", "r"]


def test_the_defaults_verify_docs_without_a_network_and_write_no_file(run: Any) -> None:
    status, (given,) = run("Verify citations")

    assert status == 0
    assert given == [
        *("-m", "sphinx_pith", "verify", "--format", "github"),
        *("--mode", "locked", "--builder", "dummy", "--", "docs"),
    ]


def test_reports_and_options_are_passed_on_each_as_one_argument(run: Any, tmp_path: Path) -> None:
    _, (given,) = run(
        "Verify citations",
        VERIFY_DOCS=HOSTILE,
        VERIFY_SARIF=HOSTILE,
        VERIFY_PAGE="-p",
        VERIFY_OPTIONS=f"-W\n\n-D{HOSTILE}\n",
    )

    start = given.index("--sarif")
    assert given[start:] == [
        *("--sarif", HOSTILE, "--page", "-p", "--", HOSTILE, "-W", f"-D{HOSTILE}"),
    ]
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("status", [0, 1, 2])
def test_the_status_of_the_build_is_the_step_s_and_an_output(run, status, tmp_path: Path) -> None:
    assert run("Verify citations", STATUS=str(status))[0] == status
    assert (tmp_path / "output").read_text() == f"status={status}\n"
