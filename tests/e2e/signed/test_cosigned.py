"""What a machine cosigns is in its ledger, beside what it signed, and can be retracted."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from click.testing import CliRunner

from pith_agent import Agent, Client, Settings
from pith_agent.cli.main import main
from pith_agent.errors import NotYourCitationError
from pith_agent.ledgers import keep_export
from pith_agent.passing_on import cosign, make_bundle
from pith_agent.protocol.checkpoint import origin_of
from pith_agent.protocol.citation import CitationKey
from pith_agent.protocol.envelope_check import open_envelope
from pith_agent.storage.key_file import Secret
from pith_agent.storage.keys import add_key
from pith_agent.storage.ledger_export import export_ledger
from pith_agent.storage.signers import now_text
from pith_agent.tools import call_tool
from tests.citing import SECOND, SEED, STRANGER, cited, other_home, policy, trust

AGENT = Agent(name="a", version="1")


def data(envelope):
    return json.dumps(envelope).encode()


def run(home, key, *arguments, code=0):
    env = {"PITH_HOME": str(home), "PITH_OFFLINE": "1", "PITH_KEY_FILE": str(path_of(home, key))}
    done = CliRunner().invoke(main, [str(one) for one in arguments], env=env)
    assert done.exit_code == code, done.output
    return done.stdout


def path_of(home, key):
    return home / "keys" / f"{key}.json"


@pytest.fixture
def client(home):
    """A machine with two keys, of which it signs with the first."""
    for name, seed in (("default", SEED), ("second", SECOND)):
        add_key(home / "keys", name, Secret(seed))
    with Client(Settings(home=home, offline=True)) as client:
        yield client


@pytest.fixture
def second(home, client):
    """The same machine, where it signs with its second key: it logged what `client` signed."""
    key = path_of(home, "second")
    with Client(Settings(home=home, offline=True, key_file=key)) as second:
        yield second


def entries(client, envelope):
    return [
        (entry.index, entry.envelope.canonical())
        for entry in client.ledger.all_of(open_envelope(envelope).envelope.citation_id)
    ]


def test_what_was_cosigned_is_an_entry_of_its_own_and_the_first_stays(client, second):
    envelope = cited(client)
    cited(client)
    before = entries(client, envelope)

    both = cosign(second, data(envelope))

    assert entries(client, envelope) == [*before, (2, both.canonical())]
    assert both.citation_id == open_envelope(envelope).envelope.citation_id
    # Handed out a second time, it is the same, and logged once.
    assert cosign(second, data(envelope)) == both
    assert len(client.ledger) == 3


def test_every_envelope_that_was_cosigned_is_in_the_ledger(client, second, home, tmp_path):
    envelopes = [data(cited(client)) for _ in range(6)]
    with other_home(tmp_path / "third", STRANGER) as third:
        trust(tmp_path / "third", SEED)
        envelopes += [cosign(third, one).canonical() for one in envelopes[:3]]
    trust(home, STRANGER, name="third")

    with ThreadPoolExecutor(4) as pool:
        done = list(pool.map(lambda one: cosign(second, one), envelopes * 2))

    for both in done:
        assert both.canonical() in [
            leaf for _, leaf in entries(second, json.loads(both.canonical()))
        ]
    assert len(second.ledger) == 6 + 9


def test_who_cosigned_retracts_his_own_signature_by_the_ledger(client, second, home, tmp_path):
    envelope = cited(client)
    entry = open_envelope(envelope).envelope.citation_id
    with pytest.raises(NotYourCitationError):
        second.retract_citation(entry, agent=AGENT)
    both = json.loads(cosign(second, data(envelope)).canonical())

    run(home, "second", "citations", "retract", entry, "--reason", "not so")

    report = second.verify_citation(both)
    assert (report.verdict, report.code) == ("failed", "citation-retracted")
    # The signature of the first one stands: his key has retracted nothing.
    assert client.verify_citation(envelope).verdict == "verified"
    rows = call_tool(client, "list_citations", {})["items"]
    assert [(row["index"], row["citation_id"], row.get("standing")) for row in rows[:2]] == [
        (0, entry, None),
        (1, entry, "retracted"),
    ]


def test_both_keys_of_a_machine_may_retract_what_both_signed(client, second):
    both = json.loads(cosign(second, data(cited(client))).canonical())
    name = open_envelope(both).envelope.citation_id

    client.retract_citation(name, agent=AGENT)
    second.retract_citation(name, agent=AGENT)

    assert len(client.ledger.about(name)) == 2
    assert client.verify_citation(both).code == "citation-retracted"


def test_a_proof_and_a_bundle_are_of_the_entry_that_fits(client, second, home, tmp_path):
    envelope = cited(client)
    both = json.loads(cosign(second, data(envelope)).canonical())
    name = open_envelope(both).envelope.citation_id
    files = {"one": envelope, "both": both}
    proofs = {}
    for label, given in files.items():
        (tmp_path / label).write_bytes(data(given))
        said = json.loads(run(home, "default", "citations", "prove", tmp_path / label, "--json"))
        run(home, "default", "citations", "prove", tmp_path / label, "-o", tmp_path / f"{label}.p")
        proofs[label] = said["index"], (tmp_path / f"{label}.p").read_bytes()
    assert (proofs["one"][0], proofs["both"][0]) == (0, 1)
    assert json.loads(run(home, "default", "citations", "prove", name, "--json"))["index"] == 1
    assert json.loads(run(home, "default", "citations", "show", name, "--json")) == both

    def code(given, label):
        return client.verify_citation(given, proof=proofs[label][1]).code

    assert code(envelope, "one") == code(both, "one") == code(both, "both") == "ok"
    assert code(envelope, "both") == "ledger-proof"
    for given in (envelope, both):
        bundle = make_bundle(client, data(given))
        assert bundle.proof is not None
        assert client.verify_citation(bundle.dump()).verdict == "verified"
    (tmp_path / "second").write_bytes(data({**both, "signatures": both["signatures"][1:]}))
    refused = run(home, "default", "citations", "prove", tmp_path / "second", "--json", code=6)
    assert json.loads(refused)["error"]["code"] == "not-found"


def test_a_ledger_with_cosigned_entries_is_exported_and_imported(client, second, tmp_path):
    both = json.loads(cosign(second, data(cited(client))).canonical())
    file = tmp_path / "e.jsonl"
    file.write_bytes(b"".join(export_ledger(client.ledger, client.checkpoint())))
    with other_home(tmp_path / "reader", STRANGER) as reader:
        trust(tmp_path / "reader", SEED, name="one")
        ledger = origin_of(CitationKey(SEED).public)
        trust(tmp_path / "reader", SECOND, name="two", ledger=ledger)
        done = keep_export(reader, file)
        assert (done.size, done.added) == (2, 2)
        second.retract_citation(open_envelope(both).envelope.citation_id, agent=AGENT)
        assert reader.verify_citation(both).verdict == "verified"
        file.write_bytes(b"".join(export_ledger(client.ledger, client.checkpoint())))
        assert keep_export(reader, file).added == 1
        assert reader.verify_citation(both).code == "citation-retracted"
    assert keep_export(client, file).added == 0, "an export of one's own is compared"


def test_a_revoked_key_is_believed_from_when_its_own_signature_was_logged(client, second, home):
    """The first entry is older than the signature of the key that was revoked later."""
    envelope = cited(client)
    both = json.loads(cosign(second, data(envelope)).canonical())
    policy(home, "", SECOND)
    moment = "2999-01-01T00:00:00Z"
    trust(home, SECOND, name="me", distrust_after=moment)

    report = client.verify_citation(both)

    assert now_text() < moment
    assert (report.verdict, report.signed_by) == ("verified", (CitationKey(SECOND).keyid,))
    assert "revoked-later" in [check.code for check in report.checks]
