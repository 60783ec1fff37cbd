"""`keys` as a user at a terminal, a CI job and a server use it."""

import base64
import json
import os
import pty
import re
import select
import subprocess
import sys
import time
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from pith_agent.cli import main
from pith_agent.storage.key_file import Cost, Secret
from pith_agent.storage.keys import Keeping, add_key
from tests.agents import HttpAgent, StdioAgent
from tests.documents import NUMBER
from tests.secrets_scan import shows

PASSPHRASE = b"staple battery horse correct"
SEED = bytes(range(60, 92))
CHEAP = Keeping(Secret(PASSPHRASE), cost=Cost(1, 8192))
SIGNING = {"ids": [NUMBER], "relationship": "cites", "citing_id": "x"}
CITE = ("cite", NUMBER, "-r", "cites", "--id", "x", "--json")


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


@pytest.fixture
def run(home, monkeypatch):
    monkeypatch.setenv("PITH_HOME", str(home))
    monkeypatch.setenv("PITH_OFFLINE", "1")

    def run(*arguments: str | Path) -> Result:
        return CliRunner().invoke(main, [str(a) for a in arguments])

    return run


@pytest.fixture
def passphrase_file(tmp_path):
    path = tmp_path / "passphrase"
    path.write_bytes(PASSPHRASE + b"\n")
    path.chmod(0o600)
    return path


def listed(run, *more: str) -> list[dict]:
    return json.loads(run("keys", "list", "--json", *more).stdout)["keys"]


def code_of(result: Result) -> str:
    return json.loads(result.stdout)["error"]["code"]


def at_a_terminal(home: Path, *arguments: str, answers: list[bytes]) -> tuple[str, int]:
    """Run a command at a terminal, answer its questions, and give what was shown, and the exit."""
    child, terminal = pty.fork()
    if child == 0:
        variables = {**os.environ, "PITH_HOME": str(home), "PITH_OFFLINE": "1"}
        os.execve(sys.executable, [sys.executable, "-m", "pith_agent", *arguments], variables)
    shown, left, deadline = b"", list(answers), time.monotonic() + 60
    try:
        while time.monotonic() < deadline:
            if not select.select([terminal], [], [], 1)[0]:
                continue
            try:
                part = os.read(terminal, 4096)
            except OSError:  # Linux says so that the other end was closed.
                break
            if not part:
                break
            shown += part
            if left and part.rstrip(b" ").endswith(b":"):
                os.write(terminal, left.pop(0) + b"\n")
    finally:
        os.close(terminal)
    return shown.decode(), os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_at_a_terminal_a_passphrase_is_asked_for_twice_and_not_shown(home, run):
    shown, status = at_a_terminal(
        home, "keys", "new", answers=[PASSPHRASE, b"a slip", PASSPHRASE, PASSPHRASE]
    )

    assert status == 0
    assert shown.count("New passphrase:") == 2
    assert "encrypted with a passphrase" in shown
    assert shows(shown, PASSPHRASE) == []
    assert [key["kdf"] for key in listed(run)] == ["argon2id13"]


def test_at_a_terminal_an_encrypted_key_is_imported_with_its_passphrase(home, run, tmp_path):
    other = add_key(tmp_path / "elsewhere", "x", Secret(SEED), CHEAP)

    shown, status = at_a_terminal(home, "keys", "import", str(other.path), answers=[PASSPHRASE])

    assert status == 0
    assert shows(shown, PASSPHRASE, SEED) == []
    (key,) = listed(run)
    assert (key["keyid"], key["kdf"]) == (other.keyid, "argon2id13")


def test_at_a_terminal_a_citation_is_signed_with_the_passphrase(home, run, passphrase_file):
    run("keys", "new", "--passphrase-file", passphrase_file)

    shown, status = at_a_terminal(home, *CITE[:-1], answers=[PASSPHRASE])

    assert (status, "SIGNED" in shown) == (0, True)
    assert shows(shown, PASSPHRASE) == []


def test_at_a_terminal_a_checkpoint_is_signed_with_the_passphrase(home, run, passphrase_file):
    run("keys", "new", "--passphrase-file", passphrase_file)

    shown, status = at_a_terminal(home, "citations", "checkpoint", answers=[PASSPHRASE])

    assert (status, shows(shown, PASSPHRASE)) == (0, [])
    assert "pith-agent.local/" in shown


def test_at_a_terminal_a_wrong_passphrase_is_refused(home, run, tmp_path):
    other = add_key(tmp_path / "elsewhere", "x", Secret(SEED), CHEAP)

    shown, status = at_a_terminal(home, "keys", "import", str(other.path), answers=[b"guess"])

    assert (status, "[wrong-passphrase]" in shown) == (2, True)
    assert listed(run) == []


def test_without_a_terminal_a_new_key_needs_a_word_on_how_it_is_kept(run, home):
    result = run("keys", "new", "--json")

    assert (result.exit_code, code_of(result)) == (2, "no-passphrase")
    assert "--no-passphrase" in json.loads(result.stdout)["error"]["hint"]
    assert not home.exists()


def test_a_plain_key_is_made_when_it_is_asked_for_and_is_said_to_be_plain(run):
    result = run("keys", "new", "--no-passphrase")

    assert result.exit_code == 0
    assert "not encrypted" in result.stdout
    assert [key["kdf"] for key in listed(run)] == ["none"]


@pytest.mark.parametrize("by", ["option", "variable"])
def test_a_key_is_made_and_used_with_a_passphrase_file(run, passphrase_file, monkeypatch, by):
    if by == "variable":
        monkeypatch.setenv("PITH_PASSPHRASE_FILE", str(passphrase_file))
        made = run("keys", "new")
    else:
        made = run("keys", "new", "--passphrase-file", passphrase_file)
        monkeypatch.setenv("PITH_PASSPHRASE_FILE", str(passphrase_file))

    assert made.exit_code == 0
    assert run(*CITE).exit_code == 0
    monkeypatch.delenv("PITH_PASSPHRASE_FILE")
    refused = run(*CITE)
    assert (refused.exit_code, code_of(refused)) == (2, "no-passphrase")
    assert listed(run)[0]["kdf"] == "argon2id13"


def test_two_ways_to_keep_a_key_are_a_usage_error(run, passphrase_file, home):
    result = run("keys", "new", "--no-passphrase", "--passphrase-file", passphrase_file)

    assert result.exit_code == 2
    assert not home.exists()


@pytest.mark.parametrize("command", ["new", "rotate", "import", "show", "revoke", "trust"])
def test_no_command_takes_a_key_or_a_passphrase_as_an_argument(run, command):
    shown = run("keys", command, "--help").stdout

    options = set(re.findall(r"--[a-z-]+", shown))
    assert not options & {"--passphrase", "--seed", "--key", "--private-key", "--secret"}


def test_a_name_that_is_taken_is_told_before_a_passphrase_is_asked_for(run):
    run("keys", "new", "--no-passphrase")

    result = run("keys", "new", "--json")
    assert (result.exit_code, code_of(result)) == (2, "signing-key")


def test_a_key_is_rotated_and_what_the_old_one_signed_verifies(run, tmp_path):
    run("keys", "new", "--no-passphrase")
    envelope = tmp_path / "citation.json"
    run(*CITE, "-o", envelope)

    result = run("keys", "rotate", "--no-passphrase", "--json")

    assert result.exit_code == 0
    made, retired = json.loads(result.stdout)["keys"]
    assert (made["status"], retired["status"], retired["name"]) == (
        "active",
        "retired",
        "default.1",
    )
    assert run("citations", "verify", envelope).exit_code == 0
    (citation,) = json.loads(run(*CITE).stdout)["citations"]
    assert citation["envelope"]["signatures"][0]["keyid"] == made["keyid"]


def test_a_revoked_key_signs_nothing_and_is_refused_and_others_are_told_by_its_export(
    run, tmp_path, monkeypatch
):
    run("keys", "new", "--no-passphrase")
    envelope, public = tmp_path / "citation.json", tmp_path / "public.json"
    run(*CITE, "-o", envelope)

    revoked = run("keys", "revoke", "default", "--distrust-after", "2026-01-01", "--reason", "lost")
    assert revoked.exit_code == 0
    assert "2026-01-01T00:00:00Z" in revoked.stdout
    (key,) = listed(run)
    assert (key["status"], key["reason"]) == ("revoked", "lost")
    run("keys", "revoke", "default")
    (again,) = listed(run)
    assert (again["reason"], again["distrust_after"]) == ("lost", key["distrust_after"])
    assert code_of(run(*CITE)) == "key-retired"
    checked = run("citations", "verify", "--json", envelope)
    assert checked.exit_code == 1
    assert json.loads(checked.stdout)["results"][0]["code"] == "revoked-signer"

    public.write_text(run("keys", "export-public", "--format", "json").stdout)
    monkeypatch.setenv("PITH_HOME", str(tmp_path / "theirs"))
    assert run("keys", "trust", "alice", "--public-key", public).exit_code == 0
    checked = run("citations", "verify", "--json", envelope)
    assert json.loads(checked.stdout)["results"][0]["code"] == "revoked-signer"


@pytest.mark.parametrize("form", ["pem", "base64", "json"])
def test_a_signer_is_trusted_by_what_export_public_prints(run, tmp_path, monkeypatch, form):
    run("keys", "new", "--no-passphrase")
    envelope, public = tmp_path / "citation.json", tmp_path / "public"
    run(*CITE, "-o", envelope)
    public.write_text(run("keys", "export-public", "--format", form).stdout)
    monkeypatch.setenv("PITH_HOME", str(tmp_path / "theirs"))
    assert run("citations", "verify", envelope).exit_code == 3

    trusted = run("keys", "trust", "alice", "--public-key", public, "--identity", "Alice's agent")

    assert trusted.exit_code == 0
    assert "Alice's agent" in run("keys", "trust", "--list").stdout
    verified = run("citations", "verify", envelope)
    assert verified.exit_code == 0
    assert "alice (Alice's agent)" in verified.stdout
    assert run("keys", "trust", "alice", "--until", "2020-01-01").exit_code == 0
    assert run("citations", "verify", envelope).exit_code == 1
    assert run("keys", "trust", "alice", "--remove").exit_code == 0
    assert run("citations", "verify", envelope).exit_code == 3


def test_a_public_key_is_not_imported_but_trusted(run, tmp_path):
    run("keys", "new", "--no-passphrase")
    public = tmp_path / "public.pem"
    public.write_text(run("keys", "export-public").stdout)

    refused = run("keys", "import", public, "--name", "alice", "--json")
    assert (refused.exit_code, code_of(refused)) == (2, "invalid-setting")
    assert "keys trust" in json.loads(refused.stdout)["error"]["hint"]
    assert "No signers" in run("keys", "trust", "--list").stdout


def test_a_registrys_key_is_not_trusted(run):
    key = "stVStoiQhXFxp4s2pdzPNoqVNBMojDU/fJ2db5S3CbM="

    result = run("keys", "trust", "pith", "--public-key", key, "--json")
    assert (result.exit_code, code_of(result)) == (2, "signing-key")


def test_a_pem_of_another_program_is_imported_if_it_is_private(run, tmp_path):
    key = Ed25519PrivateKey.from_private_bytes(SEED)
    path = tmp_path / "key.pem"
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    path.chmod(0o644)
    assert code_of(run("keys", "import", path, "--no-passphrase", "--json")) == "unsafe-key-file"

    path.chmod(0o600)
    assert run("keys", "import", path, "--no-passphrase").exit_code == 0
    assert run(*CITE).exit_code == 0


@pytest.mark.parametrize(
    "command",
    [
        ("export-public", "none"),
        ("show", "none"),
        ("rotate", "none", "--no-passphrase"),
        ("revoke", "none"),
        ("import", "none", "--no-passphrase"),
        ("trust", "none"),
        ("trust", "none", "--remove"),
        ("trust", "none", "--public-key", "none"),
        ("trust", "A", "--public-key", "none"),
        ("trust", "none", "--list"),
        ("revoke", "none", "--distrust-after", "soon"),
        ("trust", "none", "--until", "2026-02-30"),
    ],
    ids=" ".join,
)
def test_what_is_not_there_or_makes_no_sense_is_usage_and_no_crash(run, command):
    result = run("keys", *command)

    assert result.exit_code == 2
    assert "Error: " in result.stderr
    assert isinstance(result.exception, SystemExit)


def secrets_of(home: Path) -> tuple[bytes, bytes]:
    """The passphrase, and the one seed that its key is made of."""
    add_key(home / "keys", "default", Secret(SEED), CHEAP)
    return SEED, PASSPHRASE


@pytest.mark.parametrize("transport", [StdioAgent, HttpAgent])
def test_a_server_signs_with_an_encrypted_key_and_shows_neither_key_nor_passphrase(
    transport, home, passphrase_file
):
    secrets = secrets_of(home)
    variables = {"PITH_PASSPHRASE_FILE": str(passphrase_file)}

    with transport(home, "--offline", env=variables) as agent:
        replies = [agent.call("sign_citation", **SIGNING), agent.call("list_citations")]
        envelope = replies[0].items[0]["citation"]["envelope"]
        replies.append(agent.call("verify_citation", citations=[envelope]))
        assert replies[2].items[0]["verdict"] == "verified"
        passphrase_file.chmod(0o644)
        replies.append(agent.call("sign_citation", **{**SIGNING, "ids": ["nonsense"]}))
        (home / "keys" / "default.json").chmod(0o644)
        replies.append(agent.call("sign_citation", **SIGNING))
        assert "[unsafe-key-file] Run 'chmod 600 " in replies[-1].text
    log = b"".join(agent.log.queue).decode()

    for shown in (*(reply.raw for reply in replies), log):
        assert shows(shown, *secrets) == []


def test_a_server_that_cannot_ask_for_a_passphrase_says_where_it_takes_one_from(home):
    secrets_of(home)

    with StdioAgent(home, "--offline") as agent:
        reply = agent.call("sign_citation", **SIGNING)
        assert reply.code == "no-passphrase"
        assert "PITH_PASSPHRASE_FILE" in reply.text
        assert agent.call("verify", ids=[NUMBER]).items[0]["verdict"] == "verified"


def test_a_server_takes_the_key_of_a_ci_job_and_shows_it_nowhere(home):
    text = base64.b64encode(SEED).decode()

    with StdioAgent(home, "--offline", env={"PITH_AGENT_KEY": text}) as agent:
        reply = agent.call("sign_citation", **SIGNING)
        assert reply.items[0]["status"] == "signed"
        assert shows(reply.raw, SEED) == []


def test_no_command_shows_a_seed_or_a_passphrase(run, home, passphrase_file, tmp_path):
    secrets = secrets_of(home)
    variables = {"PITH_HOME": str(home), "PITH_OFFLINE": "1", "PITH_AGENT_KEY": "no seed"}
    plain = add_key(tmp_path / "plain", "x", Secret(SEED))
    outputs = [
        run("keys", *command).output
        for command in (
            ("list",),
            ("list", "--json"),
            ("show", "--json"),
            ("export-public", "--format", "json"),
            ("import", plain.path, "--name", "copy", "--no-passphrase"),
            ("import", plain.path, "--name", "copy", "--no-passphrase"),
            ("import", passphrase_file, "--name", "bad", "--no-passphrase"),
            ("trust", "x", "--public-key", plain.path),
            ("trust", "x", "--public-key", passphrase_file),
            ("revoke", "copy"),
        )
    ]
    crash = subprocess.run(
        [sys.executable, "-X", "dev", "-m", "pith_agent", "keys", "list"],
        env={**os.environ, **variables},
        capture_output=True,
        text=True,
        check=False,
    )

    assert crash.returncode == 2
    for output in (*outputs, crash.stdout, crash.stderr):
        assert shows(output, *secrets) == []
