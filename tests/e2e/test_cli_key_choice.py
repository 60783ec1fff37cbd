"""Which key signs, and which keys this machine has: directory, variables, `--key`."""

import base64
import json

import pytest
from click.testing import CliRunner

from pith_agent.cli import main
from pith_agent.protocol.citation import CitationKey
from pith_agent.storage.keys import new_key
from tests.documents import NUMBER

SEED = bytes(range(60, 92))
IN_VARIABLE = CitationKey(SEED)


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def run(home, monkeypatch):
    """Run the command line, and return what it prints."""
    monkeypatch.setenv("PITH_HOME", str(home))
    monkeypatch.setenv("PITH_OFFLINE", "1")

    def run(*arguments, code=0):
        done = CliRunner().invoke(main, list(map(str, arguments)))
        assert done.exit_code == code, done.output
        return done.stdout

    return run


@pytest.fixture
def in_variable(monkeypatch):
    monkeypatch.setenv("PITH_AGENT_KEY", base64.b64encode(SEED).decode())


def signed_by(run, *arguments):
    done = json.loads(run("cite", NUMBER, "-r", "cites", "--id", "x", *arguments, "--json"))
    return done["citations"][0]["envelope"]["signatures"][0]["keyid"]


def listed(run):
    return {key["name"]: key for key in json.loads(run("keys", "list", "--json"))["keys"]}


def signing(run):
    return [name for name, key in listed(run).items() if key["signs"]]


def test_a_key_that_is_named_signs_instead_of_the_default_and_of_variables(
    run, home, tmp_path, monkeypatch, in_variable
):
    default, other = new_key(home / "keys"), new_key(home / "keys", "ci")
    assert signed_by(run) == default.keyid
    monkeypatch.setenv("PITH_KEY_FILE", str(new_key(tmp_path / "elsewhere").path))

    assert signed_by(run, "--key", "ci") == other.keyid
    assert json.loads(run("citations", "list", "--json"))["size"] == 2


def test_where_no_default_key_is_there_the_hint_names_the_others(run, home):
    new_key(home / "keys", "ci")

    error = json.loads(run("cite", NUMBER, "-r", "cites", "--id", "x", "--json", code=2))["error"]

    assert error["code"] == "no-signing-key"
    assert "--key: ci" in error["hint"]
    assert signing(run) == []


@pytest.mark.parametrize(("name", "code"), [("none", "no-signing-key"), ("No name", "signing-key")])
def test_a_key_that_is_not_there_is_not_replaced_by_another(run, home, in_variable, name, code):
    new_key(home / "keys")
    command = ("cite", NUMBER, "-r", "cites", "--id", "x", "--key", name, "--json")

    assert json.loads(run(*command, code=2))["error"]["code"] == code


@pytest.mark.parametrize("command", ["checkpoint", "bundle", "cosign", "retract"])
def test_all_that_signs_can_be_told_by_which_key(run, home, tmp_path, command):
    """But `checkpoint`, whose --key prints the verifier key."""
    new_key(home / "keys", "ci")
    new_key(tmp_path / "other" / "keys", "ci")
    file = tmp_path / "citation.json"
    run("cite", NUMBER, "-r", "cites", "--id", "x", "--key", "ci", "-o", file)
    if command == "cosign":
        public = run("keys", "export-public", "ci", "--format", "base64").strip()
        there = ("--home", tmp_path / "other")
        run("keys", "trust", "writer", "--public-key", public, *there)
        run("citations", "cosign", file, "--key", "ci", *there)
    elif command == "checkpoint":
        assert run("citations", "checkpoint", "--key").startswith("pith-agent.local/")
    else:
        run("citations", command, file, "--key", "ci")


def test_keys_of_variables_are_listed_and_the_one_that_signs_is_marked(
    run, home, tmp_path, monkeypatch, in_variable
):
    assert signing(run) == ["PITH_AGENT_KEY"]
    assert listed(run)["PITH_AGENT_KEY"]["keyid"] == IN_VARIABLE.keyid == signed_by(run)
    assert "signs" in run("keys", "list")
    new_key(home / "keys")
    assert signing(run) == ["default"]
    file = new_key(tmp_path / "elsewhere", "mine")
    monkeypatch.setenv("PITH_KEY_FILE", str(file.path))
    assert signing(run) == ["PITH_KEY_FILE"]
    assert set(listed(run)) == {"default", "PITH_KEY_FILE", "PITH_AGENT_KEY"}
    assert listed(run)["PITH_KEY_FILE"]["keyid"] == file.keyid == signed_by(run)


def test_a_key_of_the_directory_that_a_variable_names_is_listed_once(run, home, monkeypatch):
    new_key(home / "keys")
    monkeypatch.setenv("PITH_KEY_FILE", str(new_key(home / "keys", "ci").path))

    assert set(listed(run)) == {"default", "ci"}
    assert signing(run) == ["ci"]


def test_a_variable_that_names_no_file_is_told_in_the_list(run, home, tmp_path, monkeypatch):
    new_key(home / "keys")
    monkeypatch.setenv("PITH_KEY_FILE", str(tmp_path / "none"))

    told = json.loads(run("keys", "list", "--json", code=2))

    assert [one["code"] for one in told["unusable"]] == ["no-signing-key"]
    assert [(key["name"], key["signs"]) for key in told["keys"]] == [("default", False)]


def test_the_public_half_of_a_key_in_a_variable_is_exported(run, in_variable):
    public = base64.b64encode(IN_VARIABLE.public).decode()

    for name in ((), ("PITH_AGENT_KEY",)):
        assert run("keys", "export-public", *name, "--format", "base64").strip() == public
        assert public in run("keys", "show", *name)


def test_a_revoked_key_is_not_marked_as_the_one_that_signs(run, home):
    new_key(home / "keys")
    run("keys", "revoke", "default")

    assert signing(run) == []


def test_a_key_that_was_revoked_from_an_earlier_moment_stays_so_and_that_is_said(run, home):
    new_key(home / "keys")
    run("keys", "revoke", "default", "--distrust-after", "2026-03-01", "--reason", "lost")

    shown = run("keys", "revoke", "default", "--distrust-after", "2026-04-01")
    assert "It was revoked from 2026-03-01T00:00:00Z already, which stays." in shown
    assert listed(run)["default"]["reason"] == "lost"
    shown = run("keys", "revoke", "default", "--distrust-after", "2026-02-01", "--reason", "sold")
    assert "already" not in shown
    key = listed(run)["default"]
    assert (key["distrust_after"], key["reason"]) == ("2026-02-01T00:00:00Z", "sold")


def test_hints_say_what_to_do_with_the_file_or_the_name_in_question(run, home, tmp_path):
    entry = new_key(tmp_path / "elsewhere", "mine")
    entry.path.chmod(0o644)
    said = json.loads(run("keys", "import", entry.path, "--no-passphrase", "--json", code=2))
    assert said["error"]["code"] == "unsafe-key-file"
    assert f"chmod 600 {entry.path}" in said["error"]["hint"]

    said = json.loads(run("keys", "new", "--name", "No name", "--json", code=2))
    assert said["error"]["code"] == "signing-key"
    assert "release-bot" in said["error"]["hint"]

    passphrase = tmp_path / "passphrase"
    passphrase.write_text("x")
    passphrase.chmod(0o644)
    said = json.loads(run("keys", "new", "--passphrase-file", passphrase, "--json", code=2))
    assert f"chmod 600 {passphrase}" in said["error"]["hint"]
