"""A bundle, however it is written: what is in it is judged as what is looked up."""

import base64
import copy
import json
from pathlib import Path

import pytest

from pith_agent import STRICT, Client, Settings
from pith_agent.errors import BundleError
from pith_agent.passing_on import make_bundle
from pith_agent.protocol.citation import CitationKey
from pith_agent.protocol.citation_bundle import CitationBundle, is_bundle
from pith_agent.storage.signers import now_text
from tests.citing import (
    SECOND,
    SEED,
    STRANGER,
    Envelope,
    cited,
    other_home,
    policy,
    signed,
    trust,
)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def settings(home: Path) -> Settings:
    return Settings(home=home, offline=True, agent_key=CitationKey(SEED))


@pytest.fixture
def client(settings: Settings):
    with Client(settings) as client:
        yield client


@pytest.fixture
def envelope(client: Client) -> Envelope:
    return cited(client)


@pytest.fixture
def bundle(client: Client, envelope: Envelope) -> Envelope:
    return dict(json.loads(make_bundle(client, json.dumps(envelope).encode()).dump()))


def test_what_is_written_is_read_again(bundle):
    read = CitationBundle.parse(json.dumps(bundle).encode())

    assert json.loads(read.dump()) == bundle
    assert CitationBundle.parse(read.dump()) == read


@pytest.mark.parametrize(
    "spell",
    [
        json.dumps,
        lambda whole: json.dumps(whole, indent=4, ensure_ascii=False),
        lambda whole: json.dumps(whole, sort_keys=True),
        lambda whole: json.dumps(whole).replace("/", "\\/"),
        lambda whole: " " * 1000 + json.dumps(whole),
    ],
)
def test_a_bundle_that_another_program_wrote_again_is_the_same(client, bundle, spell):
    data = spell(bundle).encode()

    assert is_bundle(data)
    assert client.verify_citation(data) == client.verify_citation(bundle)
    assert client.verify_citation(data).code == "ok"


def test_an_envelope_is_no_bundle(envelope):
    assert not is_bundle(envelope)
    assert not is_bundle(json.dumps(envelope).encode())
    assert not is_bundle(b"")


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"null",
        b"\xff",
        b'{"format": "https://pith-agent.dev/citation-bundle/v1"}',
        b'{"format": "https://pith-agent.dev/citation-bundle/v1", "format": 1}',
        b'{"format": ' + b"[" * 100_000,
        b'{"format": "\\ud800"}',
        b'{"format": NaN}',
    ],
)
def test_hostile_bytes_are_a_malformed_bundle(client, data):
    with pytest.raises(BundleError):
        CitationBundle.parse(data)
    if is_bundle(data):
        assert client.verify_citation(data).code == "malformed-bundle"


def test_a_record_of_a_bundle_is_held_against_the_policy_of_the_client(settings, client, bundle):
    alias = {
        "alias_kind": "doi",
        "alias_value": "10.1145/1.2",
        "created_at": "2026-01-01T00:00:00Z",
    }
    bundle["records"][0]["aliases"].append(alias)

    assert client.verify_citation(bundle).code == "ok"
    with Client(settings, policy=STRICT) as strict:
        report = strict.verify_citation(bundle)
    assert (report.verdict, report.code) == ("undecidable", "alias-unprovable")


def test_a_record_under_the_name_of_another_is_not_taken_for_it(client, bundle):
    other = client.prove("hep-lat/0305021")
    posing = {**copy.deepcopy(other.document), "pith_number": bundle["records"][0]["pith_number"]}
    report = client.verify_citation({**bundle, "records": [posing]})

    assert report.verdict == "failed"


def test_who_is_listed_by_a_policy_vouches_for_the_ledger_of_that_key(bundle, tmp_path):
    far = tmp_path / "far"
    far.mkdir(mode=0o700)
    policy(far, "", SEED)
    with other_home(far, SECOND) as reader:
        report = reader.verify_citation(bundle)
        assert report.code == "ok"
        assert ("ledger-inclusion", "pass") in {(one.name, one.status) for one in report.checks}
        policy(far, "", SECOND)
        assert reader.verify_citation(bundle).code == "unknown-signer"


def test_a_revoked_key_vouches_for_no_ledger_whoever_else_lists_it(bundle, envelope, tmp_path):
    both = signed(base64.b64decode(envelope["payload"]), SEED, STRANGER)
    far = tmp_path / "far"
    far.mkdir(mode=0o700)
    policy(far, "", SEED, STRANGER)
    with other_home(far, SECOND) as reader:
        assert reader.verify_citation({**bundle, "envelope": both}).code == "ok"
        trust(far, SEED, distrust_after=now_text())
        report = reader.verify_citation({**bundle, "envelope": both})
    assert report.signed_by == (CitationKey(STRANGER).keyid,)
    assert (report.verdict, report.code) == ("undecidable", "unknown-ledger")


def test_a_report_says_whose_the_keys_are(client, home, envelope):
    both = signed(base64.b64decode(envelope["payload"]), SEED, STRANGER)
    named = client.verify_citation(both, [CitationKey(STRANGER).public])

    assert client.verify_citation(envelope).signers == ("your key PITH_AGENT_KEY",)
    assert named.signers == (
        "your key PITH_AGENT_KEY",
        f"a key that the caller named, {CitationKey(STRANGER).keyid[:16]}",
    )
    assert len(named.signers) == len(named.signed_by)
    policy(home, "", STRANGER, more='name = "ann"\nidentity = "release"')
    assert client.verify_citation(both).signers == ("a signer of the policy, ann (release)",)
    # One's own name for a key comes before that in a policy.
    policy(home, "", SEED, more='name = "bot"')
    assert client.verify_citation(both).signers == ("your key PITH_AGENT_KEY",)
    policy(home, "", SECOND)
    assert client.verify_citation(both).signers == ()
    assert client.verify_citation(both).signed_by == ()
