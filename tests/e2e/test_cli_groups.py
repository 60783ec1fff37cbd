"""Groups of commands, and programs that serve, as a script uses them."""

import json
import os
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest
from click.testing import CliRunner

from pith_agent.cli import main


@pytest.mark.parametrize(
    ("group", "field"), [("keys", "keys"), ("citations", "citations"), ("mirror", "records")]
)
def test_a_group_without_a_command_lists(tmp_path, monkeypatch, group, field):
    monkeypatch.setenv("PITH_HOME", str(tmp_path))

    result = CliRunner().invoke(main, [group, "--json"])

    assert result.exit_code == 0
    assert field in json.loads(result.stdout)


@pytest.mark.parametrize("group", [(), ("keys",), ("citations",), ("mirror",)])
def test_the_summary_of_each_command_is_whole(group):
    shown = CliRunner().invoke(main, [*group, "--help"]).stdout

    summaries = shown.partition("Commands:")[2].splitlines()
    assert [line for line in summaries if line.endswith("...")] == []


def test_a_brief_report_still_tells_a_warning(tmp_path, monkeypatch):
    monkeypatch.setenv("PITH_HOME", str(tmp_path))
    number = "pith:2023:ODXWRQYNXKOR3ZX6FVYSFXZLUC"

    result = CliRunner().invoke(main, ["verify", "--offline", "--brief", number])

    assert result.exit_code == 0
    assert "code: year-hint" in result.stdout


def test_the_mirror_says_where_it_serves_and_ends_on_a_signal(tmp_path):
    command = [sys.executable, "-m", "pith_agent", "mirror", "serve", "--port", "0", "--json"]
    environment = {**os.environ, "PITH_HOME": str(tmp_path)}

    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as mirror:
        url = json.loads(mirror.stdout.readline())["url"]
        with urllib.request.urlopen(f"{url}/healthz", timeout=30) as answer:
            status = answer.status
        mirror.send_signal(signal.SIGTERM)
        ended = mirror.wait(timeout=30)

    assert (status, ended) == (200, 0)


def test_a_token_file_that_is_missing_is_a_setting_and_no_missing_key(tmp_path):
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pith_agent", "mcp", "--http"),
            *("--port", "0", "--token-file", str(tmp_path / "none")),
        ],
        env={**os.environ, "PITH_HOME": str(tmp_path), "PITH_OFFLINE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "[invalid-setting]" in done.stderr


def test_the_transcript_in_the_readme_is_what_the_command_prints(tmp_path, monkeypatch):
    monkeypatch.setenv("PITH_HOME", str(tmp_path))
    readme = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
    shown = readme.split("<!-- transcript -->")[1].split("```")[1].splitlines()[2:]

    printed = CliRunner().invoke(main, ["verify", "arXiv:2402.13116", "--offline"]).stdout

    lines = [line for line in shown if line.strip() not in ("", "…")]
    assert len(lines) > 10
    assert [line for line in lines if line not in printed.splitlines()] == []
