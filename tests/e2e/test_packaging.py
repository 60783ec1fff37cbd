"""What is published beside the code: the wheel, the registry entry, the bundle, the snippets."""

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
import zipfile
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import anyio
import jsonschema
import pytest
from mcp import Client as McpClient
from mcp.client.stdio import StdioServerParameters

import pith_agent
from pith_agent.tools import TOOLS

ROOT = Path(pith_agent.__file__).resolve().parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
BUNDLE = tomllib.loads((ROOT / "mcpb" / "pyproject.toml").read_text("utf-8"))["project"]
MANIFEST = json.loads((ROOT / "mcpb" / "manifest.json").read_text("utf-8"))
SERVER = json.loads((ROOT / "server.json").read_text("utf-8"))
README = (ROOT / "README.md").read_text("utf-8")
HOSTS = (ROOT / "docs" / "howto" / "agents-mcp.md").read_text("utf-8")

NAMES = [tool.name for tool in TOOLS]
UVX = ("uvx", ["pith-agent", "mcp"])

# The part of the MCP registry's schema of 2025-12-11 that this file uses. The whole is at the URL
# in `$schema`, and tests ask no network.
SERVER_SCHEMA = {
    "type": "object",
    "required": ["$schema", "name", "description", "version", "packages"],
    "properties": {
        "$schema": {
            "const": "https://static.modelcontextprotocol.io/schemas/2025-12-11/server.schema.json"
        },
        "name": {"type": "string", "pattern": r"^[a-zA-Z0-9.-]+/[a-zA-Z0-9._-]+$"},
        "title": {"type": "string", "minLength": 1, "maxLength": 100},
        "description": {"type": "string", "minLength": 1, "maxLength": 100},
        "version": {"type": "string", "pattern": r"^\d+\.\d+\.\d+$"},
        "websiteUrl": {"type": "string", "pattern": "^https://"},
        "repository": {
            "type": "object",
            "required": ["url", "source"],
            "properties": {"url": {"pattern": "^https://"}, "source": {"const": "github"}},
            "additionalProperties": False,
        },
        "packages": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["registryType", "identifier", "version", "transport"],
                "properties": {
                    "registryType": {"const": "pypi"},
                    "identifier": {"type": "string"},
                    "version": {"type": "string", "pattern": r"^\d+\.\d+\.\d+$"},
                    "runtimeHint": {"const": "uvx"},
                    "packageArguments": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["type", "value"],
                            "properties": {
                                "type": {"const": "positional"},
                                "value": {"type": "string"},
                            },
                            "additionalProperties": False,
                        },
                    },
                    "environmentVariables": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "required": ["name", "description"],
                            "properties": {
                                "name": {"type": "string"},
                                "description": {"type": "string"},
                                "default": {"type": "string"},
                                "choices": {"type": "array", "items": {"type": "string"}},
                                "format": {"enum": ["string", "number", "boolean", "filepath"]},
                            },
                            "additionalProperties": False,
                        },
                    },
                    "transport": {
                        "type": "object",
                        "required": ["type"],
                        "properties": {"type": {"const": "stdio"}},
                        "additionalProperties": False,
                    },
                },
                "additionalProperties": False,
            },
        },
    },
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel, built from this tree."""
    if find_spec("hatchling") is None:
        pytest.skip("hatchling is not installed, and nothing is downloaded here")
    directory = tmp_path_factory.mktemp("wheel")
    build = [
        sys.executable,
        "-m",
        "build",
        "--wheel",
        "--no-isolation",
        "--outdir",
        directory,
        ROOT,
    ]
    subprocess.run(build, check=True, capture_output=True, timeout=300)
    (path,) = directory.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def unpacked(wheel, tmp_path_factory):
    """The wheel's files, where Python can import them."""
    directory = tmp_path_factory.mktemp("unpacked")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(directory)
    return directory


def snippets(text: str, language: str) -> list[str]:
    """The fenced blocks in a language."""
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def section(title: str) -> str:
    """What the page of hosts says under one heading."""
    found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", HOSTS, re.MULTILINE | re.DOTALL)
    assert found, title
    return found[1]


def tools_of(*command: str, home: Path, **variables: str) -> list[str]:
    """The names of the tools that a server on stdio lists after `initialize`."""
    environment = {**os.environ, "PITH_HOME": str(home), "PITH_OFFLINE": "1", **variables}
    server = StdioServerParameters(command=command[0], args=list(command[1:]), env=environment)

    async def once() -> list[str]:
        async with McpClient(server, mode="legacy") as session:
            return [tool.name for tool in (await session.list_tools()).tools]

    return anyio.run(once)


def test_one_version_is_stated_everywhere():
    (package,) = SERVER["packages"]
    (requirement,) = BUNDLE["dependencies"]

    stated = {
        pith_agent.__version__,
        SERVER["version"],
        package["version"],
        MANIFEST["version"],
        BUNDLE["version"],
        requirement.removeprefix("pith-agent=="),
    }

    assert stated == {PROJECT["version"]}


def test_the_console_script_has_the_name_that_uvx_looks_for():
    assert PROJECT["scripts"] == {PROJECT["name"]: "pith_agent.cli:run"}


def test_the_registry_entry_fits_the_registrys_schema():
    jsonschema.validate(SERVER, SERVER_SCHEMA)


def test_the_registry_entry_runs_the_published_package_with_the_sub_command():
    (package,) = SERVER["packages"]

    assert package["identifier"] == PROJECT["name"]
    assert [part["value"] for part in package["packageArguments"]] == ["mcp"]


def test_the_variables_of_the_registry_entry_are_documented_settings():
    settings = (ROOT / "docs" / "reference" / "settings.md").read_text("utf-8")
    (package,) = SERVER["packages"]

    for variable in package["environmentVariables"]:
        assert f"`{variable['name']}`" in settings


def test_the_readme_names_the_registry_entry():
    assert SERVER["name"] == "io.github.pith-agent/pith-agent"
    assert f"<!-- mcp-name: {SERVER['name']} -->" in README.splitlines()
    assert PROJECT["readme"] == "README.md"


def test_the_bundles_manifest_is_one_that_hosts_with_uv_can_start():
    server = MANIFEST["server"]

    assert MANIFEST["manifest_version"] == "0.4"
    assert server["type"] == "uv"
    assert (ROOT / "mcpb" / server["entry_point"]).is_file()
    assert server["mcp_config"] == {
        "command": "uv",
        "args": ["run", "--directory", "${__dirname}", server["entry_point"]],
    }
    assert BUNDLE["requires-python"] == PROJECT["requires-python"]
    assert MANIFEST["compatibility"]["runtimes"]["python"] == PROJECT["requires-python"]
    assert MANIFEST["license"] == PROJECT["license"]


def test_the_bundles_manifest_lists_the_tools_of_the_server():
    listed = {tool["name"]: tool["description"] for tool in MANIFEST["tools"]}

    assert listed == {tool.name: f"{tool.title}." for tool in TOOLS}


def test_the_bundle_serves_the_tools_over_stdio(tmp_path):
    entry = ROOT / "mcpb" / MANIFEST["server"]["entry_point"]

    assert tools_of(sys.executable, str(entry), home=tmp_path, PYTHONPATH=str(ROOT)) == NAMES


@pytest.mark.parametrize(
    ("title", "key", "more"),
    [
        ("Claude Code", "mcpServers", {"type": "stdio"}),
        ("Claude Desktop, Cursor, Gemini CLI", "mcpServers", {}),
        ("VS Code", "servers", {"type": "stdio"}),
        ("Settings", "mcpServers", {"env": {"PITH_OFFLINE": "1"}}),
    ],
)
def test_a_hosts_json_starts_the_server_under_the_key_that_the_host_reads(title, key, more):
    (snippet,) = snippets(section(title), "json")

    command, arguments = UVX
    assert json.loads(snippet) == {key: {"pith": {"command": command, "args": arguments, **more}}}


def test_codex_toml_starts_the_server_under_the_key_that_codex_reads():
    (snippet,) = snippets(section("Codex"), "toml")

    command, arguments = UVX
    expected = {"mcp_servers": {"pith": {"command": command, "args": arguments}}}
    assert tomllib.loads(snippet) == expected


def test_claude_codes_command_starts_the_server_after_the_two_dashes():
    (snippet,) = snippets(section("Claude Code"), "console")
    words = shlex.split(snippet.removeprefix("$ "))

    end = words.index("--")
    assert words[:3] == ["claude", "mcp", "add"]
    assert words[end - 1] == "pith"
    assert (words[end + 1], words[end + 2 :]) == UVX


def test_claude_codes_command_for_http_names_the_url_that_the_server_says():
    served, added = (
        shlex.split(line.removeprefix("$ "))
        for snippet in snippets(section("Over HTTP"), "console")
        for line in snippet.splitlines()
    )

    assert served == ["pith-agent", "mcp", "--http"]
    assert added[:5] == ["claude", "mcp", "add", "--transport", "http"]
    assert added[-2:] == ["pith", "http://127.0.0.1:8000/mcp"]


def test_every_snippet_of_the_hosts_is_one_of_those_checked_here():
    languages = re.findall(r"^```(\w*)$", HOSTS, re.MULTILINE)[::2]

    assert sorted(languages) == ["console"] * 4 + ["json"] * 4 + ["toml"]


def test_the_readmes_snippet_starts_the_server():
    (snippet,) = snippets(README, "json")

    command, arguments = UVX
    assert json.loads(snippet) == {"mcpServers": {"pith": {"command": command, "args": arguments}}}


def test_the_wheel_holds_the_trust_root_the_starter_records_and_the_marks_of_types(wheel):
    data = ROOT / "pith_agent" / "data"
    starters = {f"pith_agent/data/starter/{path.name}" for path in data.glob("starter/*.json")}
    wanted = {"pith_agent/data/trust-root.json", "pith_agent/py.typed", "sphinx_pith/py.typed"}

    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        root = archive.read("pith_agent/data/trust-root.json")

    assert starters
    assert wanted | starters <= names
    assert root == (data / "trust-root.json").read_bytes()
    assert {name.partition("/")[0].partition("-")[0] for name in names} == {
        "pith_agent",
        "sphinx_pith",
    }


def test_the_wheel_serves_the_tools_over_stdio(unpacked, tmp_path):
    found = subprocess.run(
        [sys.executable, "-c", "import pith_agent; print(pith_agent.__file__)"],
        env={**os.environ, "PYTHONPATH": str(unpacked)},
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )
    command: tuple[Any, ...] = (sys.executable, "-P", "-m", "pith_agent", "mcp")

    assert Path(found.stdout.strip()).parents[1] == unpacked
    assert tools_of(*command, home=tmp_path, PYTHONPATH=str(unpacked)) == NAMES
