"""What an attacker may try with signed citations: each is refused, with a code of its own.

By the library, the command line and the tools of agents alike.
"""

import base64
import copy
import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import CliRunner

from pith_agent import Agent, Citing, Client, Settings, examine
from pith_agent.cli.main import main
from pith_agent.passing_on import make_bundle
from pith_agent.protocol.citation import CitationKey, Envelope
from pith_agent.protocol.citation_bundle import CitationBundle
from pith_agent.protocol.citation_draft import quoted_sha256
from pith_agent.storage.ledger import Ledger
from tests.citing import (
    DOCUMENT,
    ELSEWHERE,
    OTHER,
    SECOND,
    SEED,
    STRANGER,
    altered,
    answers,
    b64,
    cited,
    other_home,
    payload_of,
    policy,
    resigned,
    sha256,
    signed,
)
from tests.documents import real_record


def test_what_was_signed_here_is_verified_by_all(client, home):
    assert answers(client, home, cited(client)) == ("verified", "ok")


def test_another_record_in_the_place_of_the_cited_one_is_refused(client, home):
    other = payload_of(cited(client, OTHER))
    swapped = resigned(cited(client), lambda said: said.update(subject=other["subject"]))

    assert answers(client, home, swapped) == ("failed", "cited-record-mismatch")


@pytest.mark.parametrize(
    "change",
    [
        lambda said: said["predicate"].update(relationship="supports"),
        lambda said: said["predicate"]["claim"].update(text_sha256="0" * 64),
        lambda said: said["predicate"]["quote"].update(sha256="0" * 64),
        lambda said: said["predicate"].update(statement="It is wrong."),
        lambda said: said["subject"][0]["digest"].update(sha256="0" * 64),
    ],
)
def test_what_is_altered_after_signing_is_refused(client, home, change):
    envelope = cited(client, claim_id="C1", quote="knowledge distillation", statement="It is.")

    assert answers(client, home, altered(envelope, change)) == ("failed", "invalid-signature")


def test_a_signer_cannot_reword_a_claim_of_the_record(client, home):
    envelope = resigned(
        cited(client, claim_id="C1"),
        lambda said: said["predicate"]["claim"].update(text_sha256=quoted_sha256("It is wrong.")),
    )

    assert answers(client, home, envelope) == ("failed", "claim-mismatch")


def test_a_signer_cannot_give_other_words_than_were_hashed(client, home):
    envelope = resigned(
        cited(client, quote="knowledge distillation", with_quote_text=True),
        lambda said: said["predicate"]["quote"].update(text="knowledge destruction"),
    )

    assert answers(client, home, envelope) == ("failed", "quote-mismatch")


def test_other_words_than_were_quoted_are_refused_beside_a_hash_of_them(client, home):
    envelope = cited(client, quote="knowledge distillation")
    name = str(client.verify_citation(cited(client)).citation_id)
    retraction = client.retract_citation(name, agent=Agent(name="a", version="1")).envelope

    def with_words(citation: Envelope, words: str):
        return answers(client, home, citation, "--quote", words, quote=words)

    assert with_words(envelope, "knowledge\n distillation") == ("verified", "ok")
    assert with_words(envelope, "knowledge destruction") == ("failed", "quote-mismatch")
    assert with_words(cited(client), "knowledge distillation") == ("failed", "quote-mismatch")
    forged = signed(base64.b64decode(envelope["payload"]), STRANGER)
    assert with_words(forged, "knowledge distillation") == ("undecidable", "unknown-signer")
    # It quotes nothing and cites nothing.
    assert with_words(dict(retraction), "knowledge distillation") == ("verified", "ok")


def test_a_signer_may_say_only_what_the_policy_lets_it_say(client, home):
    supports, cites = cited(client, relationship="supports"), cited(client)
    policy(home, "", SEED, more='relationships = ["cites"]')

    refused = ("failed", "relationship-not-allowed")
    assert answers(client, home, supports) == refused
    assert answers(client, home, cites) == ("verified", "ok")
    policy(home, 'relationships = ["supports"]', SEED)
    assert answers(client, home, cites) == refused


def test_a_key_that_is_not_trusted_proves_nothing(client, home):
    payload = base64.b64decode(cited(client)["payload"])

    assert answers(client, home, signed(payload, STRANGER)) == ("undecidable", "unknown-signer")
    policy(home, "", STRANGER)
    # Whom a policy names is trusted, and nobody beside.
    assert answers(client, home, signed(payload, STRANGER)) == ("verified", "ok")
    assert answers(client, home, signed(payload, SEED)) == ("undecidable", "unknown-signer")


def test_a_key_counts_once_against_a_threshold(client, home):
    payload = base64.b64decode(cited(client)["payload"])
    policy(home, "threshold = 2", SEED, SECOND)

    for seeds in ((SEED,), (SEED, SEED), (SEED, SEED, STRANGER)):
        refused = ("failed", "threshold-not-met")
        assert answers(client, home, signed(payload, *seeds)) == refused
    assert answers(client, home, signed(payload, SEED, SECOND)) == ("verified", "ok")
    assert answers(client, home, signed(payload, STRANGER, SECOND, SEED)) == ("verified", "ok")


def test_a_citation_of_another_document_is_refused(client, home):
    envelope, here, there = cited(client), home.parent / "a.md", home.parent / "b.md"
    here.write_bytes(DOCUMENT)
    there.write_bytes(ELSEWHERE)
    unbound = cited(client, citing=Citing(kind="agent_output", id="answer 7"))

    def in_document(citation: Envelope, file: Path):
        digest = sha256(file.read_bytes())
        return answers(client, home, citation, "--citing", str(file), citing_sha256=digest)

    assert in_document(envelope, here) == ("verified", "ok")
    assert in_document(envelope, there) == ("failed", "citing-mismatch")
    assert in_document(unbound, here) == ("undecidable", "citing-unbound")


def listing(home: Path) -> str:
    """What the command line says of a ledger."""
    env = {"PITH_HOME": str(home), "PITH_OFFLINE": "1", "PITH_AGENT_KEY": b64(SEED)}
    done = CliRunner().invoke(main, ["citations", "list", "--json"], env=env)
    assert (done.exit_code == 0) == ("error" not in json.loads(done.stdout))
    return str(json.loads(done.stdout).get("error", {}).get("code", "ok"))


@pytest.mark.parametrize(
    ("attack", "code"),
    [
        ("DELETE FROM entries WHERE idx = 2", "ledger-rollback"),
        ("UPDATE entries SET leaf = (SELECT leaf FROM entries WHERE idx = 1)", "store-damaged"),
    ],
)
def test_a_ledger_that_is_cut_or_altered_is_refused(client, home, attack, code):
    for _ in range(3):
        cited(client)
    assert listing(home) == "ok"
    with closing(sqlite3.connect(client.settings.ledger_path)) as database:
        names = database.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall()
        for (name,) in names:
            database.execute(f"DROP TRIGGER {name}")
        database.execute(attack)
        database.commit()

    assert listing(home) == code


def test_a_ledger_that_is_written_anew_is_refused(home, tmp_path):
    for place in (home, tmp_path / "anew"):
        key = CitationKey(SEED)
        with Client(Settings(home=place, offline=True, agent_key=key)) as client:
            for _ in range(3):
                cited(client)
    assert listing(home) == "ok"
    (home / "ledger.sqlite3").write_bytes((tmp_path / "anew" / "ledger.sqlite3").read_bytes())

    assert listing(home) == "ledger-fork"


def test_a_proof_of_another_entry_is_refused(client, home):
    first, second = cited(client), cited(client)
    client.checkpoint()
    other = client.ledger.prove(client.verify_citation(first).citation_id).dump()
    bundle = make_bundle(client, json.dumps(second).encode())
    assert answers(client, home, json.loads(bundle.dump())) == ("verified", "ok")

    swapped = CitationBundle(bundle.envelope, bundle.records, other)
    assert answers(client, home, json.loads(swapped.dump())) == ("failed", "ledger-proof")


def test_a_checkpoint_of_a_ledger_that_was_rolled_back_is_refused(client, home, tmp_path):
    cited(client)
    client.checkpoint()
    envelope = Envelope.model_validate_json(
        json.dumps(cited(client))
    )  # It names a ledger that has an entry.
    with other_home(tmp_path / "back", SEED) as back:
        with closing(Ledger.open(back.settings.ledger_path)) as ledger:
            ledger.append([envelope], CitationKey(SEED))
            proof = ledger.prove(envelope.citation_id).dump()
        records = make_bundle(client, envelope.canonical()).records
    rolled_back = CitationBundle(json.loads(envelope.canonical()), records, proof)

    assert answers(client, home, json.loads(rolled_back.dump())) == ("failed", "ledger-rollback")


def test_a_payload_that_could_be_read_in_two_ways_is_refused(client, home):
    payload = base64.b64decode(cited(client)["payload"])

    for other in (payload + b" ", payload.replace(b'":', b'": ', 1), b" " + payload):
        assert answers(client, home, signed(other, SEED)) == ("failed", "citation-not-canonical")


def test_a_receipt_is_no_citation_and_a_citation_no_receipt(client, home):
    record = real_record()
    envelope = cited(client)
    forged = copy.deepcopy(record)
    forged["receipt"]["signature_b64"] = envelope["signatures"][0]["sig"]
    payload = bytes.fromhex(record["canonical_sha256"])
    (mine,) = signed(payload, SEED)["signatures"]
    mine_named, strange = (
        {
            **signed(payload, SEED),
            "signatures": [{"keyid": keyid, "sig": record["receipt"]["signature_b64"]}],
        }
        for keyid in (mine["keyid"], "0" * 64)
    )

    assert answers(client, home, record["receipt"]) == ("failed", "malformed-citation")
    # With the id of a trusted key, and of none.
    assert answers(client, home, mine_named) == ("failed", "invalid-signature")
    assert answers(client, home, strange) == ("failed", "citation-not-canonical")
    assert examine(forged).code == "invalid-signature"
