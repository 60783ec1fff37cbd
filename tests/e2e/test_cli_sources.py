"""What commands take for a signed statement, and for the key of a signer; what they say of it."""

import json

import pytest
from click.testing import CliRunner

from pith_agent.cli.main import main
from pith_agent.storage.keys import new_key
from tests.documents import NUMBER


@pytest.fixture
def run(tmp_path):
    """Run the command line at a home, and return what it prints."""
    for name in ("alice", "bob"):
        new_key(tmp_path / name / "keys")

    def run(*arguments, at="alice", code=0):
        env = {"PITH_HOME": str(tmp_path / at), "PITH_OFFLINE": "1"}
        done = CliRunner().invoke(main, list(map(str, arguments)), env=env)
        assert done.exit_code == code, done.output
        return done.stdout

    return run


@pytest.fixture
def bundle(run, tmp_path):
    """Alice's citation as a bundle."""
    citation, bundle = tmp_path / "citation.json", tmp_path / "bundle.json"
    run("cite", NUMBER, "-r", "cites", "--id", "x", "-o", citation)
    shown = run("citations", "bundle", citation, "-o", bundle)
    assert "1 record, the proof of the ledger" in shown
    return bundle


def refusal(shown):
    return json.loads(shown)["error"]["code"]


def test_the_envelope_in_a_bundle_is_cosigned_and_that_is_said(run, bundle, tmp_path):
    public, both = tmp_path / "alice.pem", tmp_path / "both.json"
    public.write_text(run("keys", "export-public"))
    run("keys", "trust", "alice", "--public-key", public, at="bob")

    shown = run("citations", "cosign", bundle, "-o", both, at="bob")

    keyid = json.loads(run("keys", "show", "--json", at="bob"))["keys"][0]["keyid"]
    (row,) = json.loads(run("citations", "list", "--json", at="bob"))["citations"]
    assert [keyid in shown, row["citation_id"] in shown, "entry 0 of" in shown] == [True] * 3
    assert len(json.loads(both.read_text())["signatures"]) == 2
    printed = run("citations", "cosign", bundle, at="alice", code=1)
    assert printed == "", "nothing but an envelope goes to standard output"


@pytest.mark.parametrize("command", [("bundle",), ("prove",), ("convert", "--to", "json-ld")])
def test_the_envelope_in_a_bundle_is_taken(run, bundle, tmp_path, command):
    envelope = tmp_path / "citation.json"

    assert run("citations", *command, bundle) == run("citations", *command, envelope)


def test_a_citation_is_retracted_by_its_bundle(run, bundle):
    assert json.loads(run("citations", "retract", bundle, "--json"))["signed"] is True


def test_what_says_it_is_a_bundle_and_is_none_is_refused(run, bundle):
    bundle.write_text(bundle.read_text().replace('"records"', '"papers"'))

    run("citations", "cosign", bundle, code=1)
    assert refusal(run("citations", "retract", bundle, "--json", code=1)) == "malformed-bundle"


@pytest.mark.parametrize("form", ["pem", "base64", "json"])
@pytest.mark.parametrize("command", [("verify",), ("convert", "--to", "json-ld")])
def test_a_signer_is_named_by_whatever_export_public_prints(run, bundle, tmp_path, form, command):
    public = tmp_path / "public"
    public.write_text(run("keys", "export-public", "--format", form))
    citation = tmp_path / "citation.json"

    run("citations", *command, citation, at="bob", code=3)
    run("citations", *command, citation, "--public-key", public, at="bob")
    if form == "base64":
        key = public.read_text().strip()
        run("citations", *command, citation, "--public-key", key, at="bob")


@pytest.mark.parametrize("key", ["x", "AAAA", "A" * 43 + "="])
def test_what_is_no_public_key_is_a_mistake_of_the_caller(run, bundle, key):
    run("citations", "verify", bundle, "--public-key", key, code=2)
    run("citations", "convert", bundle, "--to", "json-ld", "--public-key", key, code=2)


def test_a_public_key_that_says_it_was_revoked_is_not_accepted_without_that(run, bundle, tmp_path):
    run("keys", "revoke", "default", "--distrust-after", "2026-01-01")
    public = tmp_path / "public.json"
    public.write_text(run("keys", "export-public", "--format", "json"))
    verify = ("citations", "verify", tmp_path / "citation.json", "--json")

    refused = run(*verify, "--public-key", public, at="bob", code=2)
    assert refusal(refused) == "invalid-setting"
    run("keys", "trust", "alice", "--public-key", public, at="bob")
    assert json.loads(run(*verify, at="bob", code=1))["results"][0]["code"] == "revoked-signer"
