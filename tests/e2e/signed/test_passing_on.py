"""Bundles, several signers and policies: what is handed on, and what is accepted of it."""

import base64
import copy
import json
import subprocess
import sys

import pytest

from pith_agent import Agent, Citing, Client, Settings
from pith_agent.errors import PithError
from pith_agent.passing_on import cosign, make_bundle
from pith_agent.protocol.citation import CitationKey
from pith_agent.storage.key_file import Secret
from pith_agent.storage.keys import add_key
from pith_agent.storage.signers import now_text
from tests.citing import (
    DOCUMENT,
    ELSEWHERE,
    SECOND,
    SEED,
    STRANGER,
    altered,
    answers,
    cited,
    other_home,
    policy,
    resigned,
    sha256,
    signed,
    trust,
)


def test_a_bundle_is_verified_with_what_is_in_it_and_nothing_else(client, home, tmp_path):
    bundle = make_bundle(client, json.dumps(cited(client)).encode())
    whole = json.loads(bundle.dump())
    assert bundle.proof is not None
    far = tmp_path / "far"
    with Client(Settings(home=far, offline=True), persistent=False) as reader:
        signers = [CitationKey(SEED).public]
        assert reader.verify_citation(whole, signers).code == "unknown-ledger"
        far.mkdir(exist_ok=True)
        policy(far, "", SEED)
        without = {**whole, "proof": None}
        assert reader.verify_citation(without).verdict == "verified"
        lacking = reader.verify_citation({**without, "records": []})
        assert (lacking.verdict, lacking.code) == ("undecidable", "not-found")
        tampered = copy.deepcopy(without)
        tampered["records"][0]["canonical_record"]["source"]["version"] = 1
        assert reader.verify_citation(tampered).verdict == "failed"


@pytest.mark.parametrize(
    "change",
    [
        {"format": "https://pith-agent.dev/citation-bundle/v2"},
        {"more": 1},
        {"records": {}},
        {"records": ["x"]},
        {"envelope": []},
        {"proof": 7},
        {"proof": "x" * 200_000},
    ],
)
def test_what_is_no_bundle_is_refused(client, home, change):
    whole = json.loads(make_bundle(client, json.dumps(cited(client)).encode()).dump())

    assert answers(client, home, {**whole, **change}) == ("failed", "malformed-bundle")


def test_who_cosigns_has_verified_it_and_signs_once(client, home, tmp_path):
    envelope = cited(client)
    data = json.dumps(envelope).encode()
    key = CitationKey(SECOND)
    with Client(Settings(home=tmp_path / "second", offline=True, agent_key=key)) as second:
        twice = cosign(second, data)
        assert second.ledger.get(twice.citation_id) is not None
        with pytest.raises(PithError) as caught:
            cosign(second, twice.canonical())
        assert caught.value.code == "already-signed"
        changed = resigned(
            envelope, lambda said: said["subject"][0]["digest"].update(sha256="0" * 64)
        )
        with pytest.raises(PithError) as caught:
            cosign(second, json.dumps(changed).encode())
        assert caught.value.code == "cited-record-mismatch"
        assert len(second.ledger) == 1
    policy(home, "threshold = 2", SEED, SECOND)
    both = json.loads(twice.canonical())
    assert answers(client, home, envelope) == ("failed", "threshold-not-met")
    assert answers(client, home, both) == ("verified", "ok")
    # The ledger has it with the first signature only.
    bundle = make_bundle(client, twice.canonical())
    assert answers(client, home, json.loads(bundle.dump())) == ("verified", "ok")


def test_a_revoked_key_is_not_believed_for_a_signature_that_was_added_later(client, home):
    envelope = cited(client)
    trust(home, SECOND, distrust_after=now_text())
    payload = base64.b64decode(envelope["payload"])
    policy(home, "threshold = 2", SEED, SECOND)

    assert answers(client, home, signed(payload, SEED, SECOND)) == ("failed", "threshold-not-met")
    policy(home, "", SECOND)
    assert answers(client, home, signed(payload, SECOND)) == ("undecidable", "revoked-later")


def test_who_cosigns_is_not_misled_by_a_signature_that_does_not_hold(client, home, tmp_path):
    envelope = cited(client, statement="It weakly supports this.")
    there = tmp_path / "second"
    wrong = altered(envelope, lambda said: said["predicate"].update(statement="It proves this."))
    absent = resigned(
        envelope, lambda said: said["subject"][0].update(name="pith:2024:" + "A" * 26)
    )
    old = resigned(
        envelope, lambda said: said["predicate"].update(created_at="2001-01-01T00:00:00Z")
    )
    with other_home(there, SECOND) as second:
        trust(there, SEED)
        policy(there, "threshold = 3\nmax_age_days = 1", SEED, SECOND, STRANGER)
        tried = ((wrong, "invalid-signature"), (absent, "offline"), (old, "citation-too-old"))
        for refused, code in tried:
            with pytest.raises(PithError) as caught:
                cosign(second, json.dumps(refused).encode())
            assert caught.value.code == code
        assert len(second.ledger) == 0


def test_a_ledger_that_cannot_be_read_hides_no_retraction(client, home):
    envelope = cited(client)
    name = str(client.verify_citation(envelope).citation_id)
    client.retract_citation(name, agent=Agent(name="a", version="1"))
    (home / "ledgers").mkdir()
    (home / "ledgers" / "bad.sqlite3").write_bytes(b"no database" * 1000)

    assert answers(client, home, envelope) == ("failed", "citation-retracted")


@pytest.mark.parametrize("proof", [b"", b"\n", b"c2sp.org/tlog-proof@v1\n"])
def test_an_empty_proof_is_a_proof_that_does_not_hold(client, home, proof):
    file = home.parent / "proof"
    file.write_bytes(proof)

    said = answers(client, home, cited(client), "--proof", str(file), proof=proof)
    assert said == ("failed", "ledger-proof")


def test_a_policy_that_is_a_link_to_nowhere_or_no_file_is_an_error(client, home):
    envelope, path = cited(client), home / "policy.toml"
    path.symlink_to(home / "none")
    with pytest.raises(PithError) as nowhere:
        client.verify_citation(envelope)
    path.unlink()
    path.mkdir()
    with pytest.raises(PithError) as directory:
        client.verify_citation(envelope)

    assert nowhere.value.code == directory.value.code == "malformed-policy"


def test_a_revoked_key_vouches_for_no_ledger(client, home, tmp_path):
    envelope = cited(client)
    trust(home, SECOND)
    with other_home(tmp_path / "second", SECOND) as thief:
        trust(tmp_path / "second", SEED)
        both = json.loads(cosign(thief, json.dumps(envelope).encode()).canonical())
        thief.checkpoint()
        proof = thief.ledger.prove(str(client.verify_citation(both).citation_id)).dump()
    assert client.verify_citation(both, proof=proof).verdict == "verified"
    trust(home, SECOND, distrust_after=now_text())

    assert client.verify_citation(both, proof=proof).code == "unknown-ledger"


def test_a_bundle_without_its_proof_is_refused_where_the_policy_asks_for_one(client, home):
    envelope = cited(client)
    data = json.dumps(envelope).encode()
    policy(home, "require_inclusion = true", SEED)
    whole = json.loads(make_bundle(client, data).dump())
    other = json.loads(make_bundle(client, json.dumps(cited(client)).encode()).dump())

    assert answers(client, home, whole) == ("verified", "ok")
    refused = ("failed", "inclusion-not-checked")
    assert answers(client, home, {**whole, "proof": None}) == refused
    assert answers(client, home, envelope) == refused
    assert answers(client, home, {**whole, "proof": other["proof"]}) == ("failed", "ledger-proof")


def test_a_citation_is_refused_unless_its_document_is_at_hand_where_the_policy_asks(client, home):
    envelope, file = cited(client), home.parent / "paper.md"
    file.write_bytes(DOCUMENT)
    unbound = cited(client, citing=Citing(kind="agent_output", id="answer 7"))
    policy(home, "require_citing_document = true", SEED)
    here = {"citing_sha256": sha256(DOCUMENT)}

    refused = ("failed", "citing-not-checked")
    assert answers(client, home, envelope) == refused
    assert answers(client, home, envelope, "--citing", str(file), **here) == ("verified", "ok")
    assert answers(client, home, unbound, "--citing", str(file), **here) == refused
    file.write_bytes(ELSEWHERE)
    here = {"citing_sha256": sha256(ELSEWHERE)}
    said = answers(client, home, envelope, "--citing", str(file), **here)
    assert said == ("failed", "citing-mismatch")


def test_a_retraction_needs_no_document_that_cites(client, home):
    name = str(client.verify_citation(cited(client)).citation_id)
    retraction = client.retract_citation(name, agent=Agent(name="a", version="1"))
    policy(home, "require_citing_document = true", SEED)

    assert answers(client, home, retraction.envelope) == ("verified", "ok")


def test_what_the_reader_has_to_check_is_not_asked_of_who_cosigns_or_bundles(
    client, home, tmp_path
):
    data = json.dumps(cited(client)).encode()
    both = "require_citing_document = true\nrequire_inclusion = true"
    with other_home(tmp_path / "second", SECOND) as second:
        policy(tmp_path / "second", both, SEED, SECOND)
        assert len(cosign(second, data).signatures) == 2
    policy(home, both, SEED)
    assert make_bundle(client, data).proof is not None


def test_a_record_that_nobody_vouches_for_is_not_waived(client, home):
    whole = json.loads(make_bundle(client, json.dumps(cited(client)).encode()).dump())
    whole["records"][0]["receipt"]["key_id"] = "another"
    policy(home, "require_record = false", SEED)

    assert answers(client, home, whole) == ("undecidable", "unknown-key")


COUNTING = """
import sys
from collections import Counter
from pathlib import Path
from pith_agent import Client, Settings

home, bundle, opened = Path(sys.argv[1]), sys.stdin.buffer.read(), Counter()
with Client(Settings(home=home, offline=True)) as client:
    client.verify_citation(bundle)  # Opens the ledger.
    sys.addaudithook(lambda event, said: event == "open" and opened.update([str(said[0])]))
    assert client.verify_citation(bundle).verdict == "verified"
print(opened[str(home / "keys" / "default.json")], opened[str(home / "signers.json")])
"""


def test_keys_and_signers_are_read_once_for_a_verification(home, tmp_path):
    add_key(home / "keys", "default", Secret(SEED))
    with Client(Settings(home=home, offline=True)) as client:
        trust(home, SECOND)
        bundle = make_bundle(client, json.dumps(cited(client)).encode()).dump()

    counted = subprocess.run(
        [sys.executable, "-c", COUNTING, str(home)], input=bundle, capture_output=True, check=True
    )
    assert counted.stdout.split() == [b"1", b"1"]


def test_a_policy_that_cannot_be_read_is_an_error_and_never_no_policy(client, home):
    envelope = cited(client)
    (home / "policy.toml").write_text("policy_version = 1\nthreshhold = 2\n")

    with pytest.raises(PithError) as caught:
        client.verify_citation(envelope)
    assert caught.value.code == "malformed-policy"


def test_a_record_that_is_not_at_hand_may_be_let_pass_and_an_old_citation_not(client, home):
    envelope = cited(client)
    policy(home, "require_record = false", SEED)
    bundle = json.loads(make_bundle(client, json.dumps(envelope).encode()).dump())

    assert answers(client, home, {**bundle, "records": []}) == ("verified", "ok")
    old = resigned(
        envelope, lambda said: said["predicate"].update(created_at="2024-01-01T00:00:00Z")
    )
    policy(home, "max_age_days = 30", SEED)
    assert answers(client, home, old) == ("failed", "citation-too-old")
    assert answers(client, home, envelope) == ("verified", "ok")


def test_a_retraction_is_bundled_without_a_record(client, home):
    name = str(client.verify_citation(cited(client)).citation_id)
    retraction = client.retract_citation(name, agent=Agent(name="a", version="1"))

    bundle = make_bundle(client, json.dumps(retraction.envelope).encode())
    whole = json.loads(bundle.dump())

    assert (whole["records"], bundle.proof is not None) == ([], True)
    assert answers(client, home, whole) == ("verified", "ok")
