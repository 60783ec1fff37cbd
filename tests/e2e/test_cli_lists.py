"""`citations list` and `show`: the newest first, ledgers of others, and what those may hold."""

import json

import pytest
from click.testing import CliRunner

from pith_agent import Client, Settings
from pith_agent.cli.main import main
from pith_agent.desk import SigningDesk
from pith_agent.protocol.citation import CitationKey, Envelope
from tests.citing import SEED, b64, cited, other_home, public, signed


@pytest.fixture
def run(tmp_path):
    """Run the command line at the home of a reader, and return what it prints."""

    def run(*arguments, code=0, **more):
        env = {"PITH_HOME": str(tmp_path / "reader"), "PITH_OFFLINE": "1", **more}
        done = CliRunner().invoke(main, list(map(str, arguments)), env=env)
        assert done.exit_code == code, done.output
        return done.stdout

    return run


@pytest.fixture
def imported(run, tmp_path):
    """Import the ledger of a writer, with entries of the caller's choice, and give its name."""

    def imported(*payloads):
        home = tmp_path / "writer"
        with other_home(home, SEED) as writer:
            cited(writer)
            name = next(writer.ledger.entries()).citation_id
            desk = SigningDesk(writer.settings, None)
            for payload in payloads:
                envelope = Envelope.model_validate_json(json.dumps(signed(payload, SEED)))
                desk.writable().append([envelope], desk.key())
            desk.close()
        file = tmp_path / "export.jsonl"
        run("citations", "export", "--home", home, "-o", file, PITH_AGENT_KEY=b64(SEED))
        run("keys", "trust", "writer", "--public-key", public(SEED))
        done = json.loads(run("citations", "import", file, "--json"))
        return done["origin"], name

    return imported


def test_the_newest_citations_come_first_where_that_is_asked_for(run, tmp_path):
    settings = Settings(home=tmp_path / "reader", offline=True, agent_key=CitationKey(SEED))
    with Client(settings) as client:
        for _ in range(5):
            cited(client)

    def indexes(*options):
        listed = run("citations", "list", *options, "--json", PITH_AGENT_KEY=b64(SEED))
        return [row["index"] for row in json.loads(listed)["citations"]]

    assert indexes() == [0, 1, 2, 3, 4]
    assert indexes("--newest") == [4, 3, 2, 1, 0]
    assert indexes("--newest", "--limit", 2) == [4, 3]
    assert indexes("--newest", "--limit", 2, "--start", 2) == [2, 1]
    assert indexes("--newest", "--limit", 2, "--start", 4) == [0]
    assert indexes("--newest", "--start", 5) == []
    assert indexes("--newest", "--start", 9) == []


def test_an_imported_ledger_is_listed_and_its_citations_are_shown(run, imported):
    origin, name = imported()

    (row,) = json.loads(run("citations", "list", "--ledger", origin, "--json"))["citations"]
    assert (row["citation_id"], row["kind"]) == (name, "citation")
    assert name in run("citations", "list", "--ledger", origin)
    assert '"relationship": "cites"' in run("citations", "show", name, "--ledger", origin)
    assert "payload" in json.loads(run("citations", "show", name, "--ledger", origin, "--json"))
    run("citations", "show", name, code=6)
    run("citations", "list", "--ledger", "nobody", code=6)


@pytest.mark.parametrize(
    "payload",
    [
        b"[1]",
        b"{}",
        b'{"predicateType":"https://pith-agent.dev/attestation/citation/v1"}',
        b'{"predicateType":"https://pith-agent.dev/attestation/retraction/v1","subject":[]}',
        '{"predicateType":"x","said":"\u202e\u009b31m\u2028"}'.encode(),
    ],
)
def test_whatever_the_ledger_of_another_holds_is_listed_and_shown_safely(run, imported, payload):
    origin, _ = imported(payload)

    rows = json.loads(run("citations", "list", "--ledger", origin, "--json"))["citations"]
    assert [row.get("kind") for row in rows] == ["citation", None]
    listed = run("citations", "list", "--ledger", origin)
    assert "of a kind that this version does not know" in listed
    shown = run("citations", "show", rows[1]["citation_id"], "--ledger", origin)
    assert not set(shown) & set("\x1b\x07\u202e\u009b\u2028")
