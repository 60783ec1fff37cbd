"""`citations convert`, as a script uses it."""

import json

import pytest
from click.testing import CliRunner

from pith_agent.cli.main import main
from pith_agent.protocol.canon import canonical_bytes
from pith_agent.storage.keys import new_key
from tests.documents import KEY_ID, NUMBER, PUBLIC_B64, SUFFIX
from tests.registry import LoopbackRegistry

NEEDS_RDFLIB = ("turtle", "trig")


class Desk:
    """A home with a key, and the command line at it."""

    def __init__(self, home):
        self.home = home
        new_key(home / "keys")

    def run(self, *arguments, code=0, given=None, **environment):
        done = CliRunner().invoke(
            main,
            [str(argument) for argument in arguments],
            input=given,
            env={"PITH_HOME": str(self.home), "PITH_OFFLINE": "1", **environment},
        )
        assert done.exit_code == code, done.output
        return done

    def cite(self, file, *more):
        self.run("cite", NUMBER, "-r", "extends", "--id", "x", "-o", file, *more)
        return json.loads(file.read_bytes())


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path / "desk")


@pytest.fixture
def stranger(tmp_path):
    return Desk(tmp_path / "stranger")


@pytest.mark.parametrize("form", ["turtle", "trig", "json-ld", "pith-request"])
def test_file_standard_input_and_ledger_give_the_same_text(desk, tmp_path, form):
    if form in NEEDS_RDFLIB:
        pytest.importorskip("rdflib")
    file, out = tmp_path / "citation.json", tmp_path / "out"
    desk.cite(file)
    listed = json.loads(desk.run("citations", "list", "--json").stdout)["citations"]

    text = desk.run("citations", "convert", file, "--to", form).stdout

    piped = desk.run("citations", "convert", "-", "--to", form, given=file.read_bytes()).stdout
    by_id = desk.run("citations", "convert", listed[0]["citation_id"], "--to", form).stdout
    assert desk.run("citations", "convert", file, "--to", form, "-o", out).stdout == ""
    assert text == piped == by_id == out.read_text("utf-8")
    assert SUFFIX in text


def test_what_a_document_cites_is_converted_at_once(desk, tmp_path):
    document, signed = tmp_path / "paper.md", tmp_path / "bibliography.json"
    document.write_text("As arXiv:2402.13116 and arXiv:hep-lat/0305021 say.", encoding="utf-8")
    desk.run("citations", "sign-bibliography", document, "-o", signed)

    text = desk.run("citations", "convert", signed, "--to", "json-ld").stdout

    sure, _ = json.loads(text)["@graph"]
    numbers = {node.get("schema:identifier") for node in sure["@graph"]} - {None}
    assert NUMBER in numbers
    assert len(numbers) == text.count('"@type": "cito:Citation"') == 2
    done = desk.run("citations", "convert", signed, "--to", "pith-request", code=2)
    assert "[invalid-setting]" in done.stderr


@pytest.mark.parametrize("form", ["turtle", "trig", "json-ld", "pith-request"])
def test_a_citation_that_does_not_verify_is_not_written_in_any_form(desk, tmp_path, form):
    file, out = tmp_path / "citation.json", tmp_path / "out"
    envelope = desk.cite(file)
    envelope["signatures"][0]["sig"] = "A" * 86 + "=="
    file.write_bytes(canonical_bytes(envelope))

    done = desk.run("citations", "convert", file, "--to", form, "-o", out, code=1)

    assert "[invalid-signature]" in done.stderr
    assert done.stdout == ""
    assert not out.exists()


def test_a_strangers_citation_is_undecidable_until_the_key_is_named(desk, stranger, tmp_path):
    file = tmp_path / "citation.json"
    stranger.cite(file)
    public = stranger.run("keys", "export-public", "--format", "base64").stdout.strip()

    done = desk.run("citations", "convert", file, "--to", "json-ld", code=3)
    known = desk.run("citations", "convert", file, "--to", "json-ld", "--public-key", public)

    assert "[unknown-signer]" in done.stderr
    assert "cito:extends" in known.stdout


def test_a_record_that_is_not_at_hand_is_undecidable_as_for_verify(desk, stranger, tmp_path):
    file, root = tmp_path / "citation.json", tmp_path / "root.json"
    keys = [{"key_id": KEY_ID, "public_key_b64": PUBLIC_B64}]
    root.write_text(json.dumps({"version": 1, "keys": keys}), encoding="utf-8")
    with LoopbackRegistry() as registry:
        number = registry.publish()["pith_number"]
        where = ("--registry", registry.url, "--trust-root", root)
        said = ("-r", "cites", "--id", "x", "-o", file)
        stranger.run("cite", number, *said, *where, PITH_OFFLINE="0")
    public = stranger.run("keys", "export-public", "--format", "base64").stdout.strip()
    given = (file, "--public-key", public, "--trust-root", root)

    done = desk.run("citations", "convert", *given, "--to", "json-ld", code=3)

    assert "[offline]" in done.stderr
    assert done.stdout == ""
    desk.run("citations", "verify", *given, code=3)


@pytest.mark.parametrize(
    ("arguments", "word", "code"),
    [
        (("missing.json", "--to", "json-ld"), "unreadable-file", 2),
        (("pcite:" + "0" * 64, "--to", "json-ld"), "not-found", 6),
        (("-", "--to", "json-ld", "--public-key", "AAAA"), "unreadable-file", 2),
        (("-", "--to", "json-ld"), "malformed-citation", 1),
    ],
)
def test_what_is_no_citation_is_told_by_its_code(
    desk, tmp_path, monkeypatch, arguments, word, code
):
    monkeypatch.chdir(tmp_path)

    done = desk.run("citations", "convert", *arguments, code=code, given=b"{}")

    assert f"[{word}" in done.stderr
    assert done.stdout == ""


def test_the_request_names_the_configured_registry_and_is_not_sent(desk, tmp_path):
    file = tmp_path / "citation.json"
    desk.cite(file)
    with LoopbackRegistry() as registry:
        done = desk.run(
            *("citations", "convert", file, "--to", "pith-request"),
            *("--registry", registry.url),
            PITH_OFFLINE="0",
        )
        asked = list(registry.requests)

    shown = json.loads(done.stdout)
    assert shown["sent"] is False
    assert shown["request"]["url"] == f"{registry.url}/pith/{SUFFIX}/action/citation_signature"
    assert not [one for one in asked if "action" in one]
