"""What is asked of citations beyond their own rules: of several at once, and by agents."""

import base64
import json

import pytest
from click.testing import CliRunner

from pith_agent import Citing, Digest
from pith_agent.cli.main import main
from pith_agent.errors import ArgumentsError, DigestFormError
from pith_agent.judging import read_policy
from pith_agent.passing_on import make_bundle
from pith_agent.protocol.checkpoint import NoteKey, origin_of
from pith_agent.protocol.citation import CitationKey
from pith_agent.protocol.citation_draft import CitationRequest
from pith_agent.tools import call_tool
from tests.citing import DOCUMENT, SECOND, SEED, cited, other_home, policy, public, sha256

OWN = CitationKey(SEED).public
NO_DIGESTS = ["AB" * 32, "ab" * 31, "ab" * 32 + "\n", "\u0661" * 64, "", "sha256:" + "ab" * 32]


@pytest.fixture
def reader(tmp_path):
    """A machine that neither signed nor trusts anybody."""
    with other_home(tmp_path / "reader", b"\x07" * 32) as reader:
        yield reader


def told(reader, citations, *options):
    """(verdict, code) of each by the command line, and its exit code."""
    home = reader.settings.home
    files = [home.parent / f"{n}.json" for n, _ in enumerate(citations)]
    for file, citation in zip(files, citations, strict=True):
        file.write_text(json.dumps(citation))
    arguments = ["citations", "verify", *map(str, files), "--json", *options]
    env = {"PITH_HOME": str(home), "PITH_OFFLINE": "1"}
    done = CliRunner().invoke(main, arguments, env=env)
    said = json.loads(done.stdout)
    if "error" in said:
        return said["error"]["code"], done.exit_code
    return [(one["verdict"], one["code"]) for one in said["results"]], done.exit_code


def verdicts(reports):
    return [(report.verdict, report.code) for report in reports]


def test_the_same_is_asked_of_each_of_several_citations(client, reader, tmp_path):
    unbound = Citing(kind="agent_output", id="answer 7")
    elsewhere = Citing(kind="document", id="b.md", digest=Digest(sha256="0" * 64))
    envelopes = [cited(client), cited(client, citing=unbound), cited(client, citing=elsewhere)]
    file = tmp_path / "paper.md"
    file.write_bytes(DOCUMENT)
    expected = [
        ("verified", "ok"),
        ("undecidable", "citing-unbound"),
        ("failed", "citing-mismatch"),
    ]

    reports = reader.verify_citations(iter(envelopes), iter([OWN]), citing_sha256=sha256(DOCUMENT))

    assert verdicts(reports) == expected
    options = ("--public-key", public(SEED), "--citing", str(file))
    assert told(reader, envelopes, *options) == (expected, 1)
    assert verdicts(reader.verify_citations(envelopes)) == [("undecidable", "unknown-signer")] * 3
    said = {"citations": envelopes, "citing_sha256": sha256(DOCUMENT)}
    items = call_tool(client, "verify_citation", said)["items"]
    assert [(item["verdict"], item["code"]) for item in items] == expected


def test_a_policy_may_be_named_for_several_citations(client, reader, tmp_path):
    envelopes = [cited(client), cited(client, relationship="refutes")]
    policy(tmp_path, 'relationships = ["cites"]', SEED)
    named = tmp_path / "policy.toml"
    expected = [("verified", "ok"), ("failed", "relationship-not-allowed")]

    assert verdicts(reader.verify_citations(envelopes, policy=read_policy(named))) == expected
    assert told(reader, envelopes, "--policy", str(named)) == (expected, 1)


def test_a_ledger_key_is_named_once_for_all_bundles(client, reader):
    data = [json.dumps(cited(client)).encode() for _ in range(2)]
    bundles = [json.loads(make_bundle(client, one).dump()) for one in data]
    key = NoteKey(origin_of(OWN), OWN)
    expected = [("verified", "ok")] * 2

    assert verdicts(reader.verify_citations(bundles, [OWN], ledger_keys=iter([key]))) == expected
    options = ("--public-key", public(SEED), "--ledger-key", str(key))
    assert told(reader, bundles, *options) == (expected, 0)
    assert verdicts(reader.verify_citations(bundles, [OWN])) != expected


def test_a_proof_is_of_one_citation(client, tmp_path):
    envelopes = [cited(client) for _ in range(2)]
    proof = client.ledger.prove(client.verify_citation(envelopes[0]).citation_id).dump()
    file = tmp_path / "proof"
    file.write_bytes(proof)

    assert verdicts(client.verify_citations(envelopes[:1], proof=proof)) == [("verified", "ok")]
    with pytest.raises(ArgumentsError) as caught:
        client.verify_citations(envelopes, proof=proof)
    assert caught.value.code == "invalid-arguments"
    assert told(client, envelopes, "--proof", str(file)) == ("invalid-arguments", 2)
    with pytest.raises(ArgumentsError):
        call_tool(
            client, "verify_citation", {"citations": envelopes, "ledger_proof": proof.decode()}
        )


def test_an_agent_has_a_ledger_proof_checked(client):
    envelopes = [cited(client) for _ in range(2)]
    proof = client.ledger.prove(client.verify_citation(envelopes[0]).citation_id).dump().decode()
    bundle = json.loads(make_bundle(client, json.dumps(envelopes[0]).encode()).dump())

    def answer(citation, proof):
        said = {"citations": citation, "ledger_proof": proof}
        (item,) = call_tool(client, "verify_citation", said)["items"]
        return item["verdict"], item["code"], item["checks"][-1]["name"]

    checked = "ledger-inclusion"
    assert answer(envelopes[0], proof) == ("verified", "ok", checked)
    assert answer(envelopes[1], proof) == ("failed", "ledger-proof", checked)
    assert answer({**bundle, "proof": None}, proof) == ("verified", "ok", checked)
    # What is given counts, and not what the bundle brings.
    assert answer(bundle, "\ud800") == ("failed", "ledger-proof", checked)
    entry = client.verify_citation(envelopes[0]).citation_id
    assert answer(entry, proof) == ("verified", "ok", checked)


@pytest.mark.parametrize("typed", NO_DIGESTS)
def test_a_digest_that_is_none_is_no_answer_about_a_citation(client, typed):
    envelope = cited(client)
    for citation in (envelope, b"no envelope", {"format": "x"}):
        with pytest.raises(DigestFormError) as caught:
            client.verify_citation(citation, citing_sha256=typed)
        assert caught.value.code == "invalid-digest"
        assert caught.value.hint
    with pytest.raises(DigestFormError):
        client.verify_citations([], citing_sha256=typed)


@pytest.mark.parametrize("typed", NO_DIGESTS)
def test_nothing_is_drafted_with_a_digest_that_is_none(typed):
    citing = {"kind": "document", "id": "a.md", "digest": {"sha256": typed}}
    said = {"relationship": "cites", "citing": citing, "agent": {"name": "a", "version": "1"}}

    with pytest.raises(DigestFormError) as caught:
        CitationRequest.read(said)

    assert caught.value.code == "invalid-digest"


def test_a_ledger_that_is_not_known_here_refutes_nothing(client, reader, tmp_path):
    """A key that is unknown decides nothing; what is known not to hold is refuted."""
    envelopes = [cited(client) for _ in range(2)]
    entry = client.verify_citation(envelopes[0]).citation_id
    proof = client.ledger.prove(entry).dump()
    bundle = json.loads(make_bundle(client, json.dumps(envelopes[0]).encode()).dump())
    top, _, line = proof.rstrip(b"\n").rpartition(b" ")
    forged = base64.b64encode(base64.b64decode(line)[:4] + bytes(64))
    file = tmp_path / "proof"

    def answer(citation, proof=None, *keys):
        options = ["--public-key", public(SEED)]
        if proof is not None:
            file.write_bytes(proof)
            options += ["--proof", str(file)]
        for key in keys:
            options += ["--ledger-key", str(key)]
        (said,), code = told(reader, [citation], *options)
        asked = {"proof": proof, "ledger_keys": keys}
        (report,) = reader.verify_citations([citation], [OWN], **asked)
        assert said == (report.verdict, report.code)
        return (*said, code)

    known, other = NoteKey(origin_of(OWN), OWN), NoteKey(origin_of(OWN), CitationKey(SECOND).public)
    unknown = ("undecidable", "unknown-ledger", 3)
    assert answer(envelopes[0], proof, known) == ("verified", "ok", 0)
    assert answer(envelopes[0], proof) == unknown
    assert answer(bundle) == unknown
    assert answer(envelopes[0], proof, other) == unknown, "the name, and another key"
    wrong = ("failed", "ledger-proof", 1)
    assert answer(envelopes[1], proof) == answer(envelopes[1], proof, known) == wrong
    altered = top + b" " + forged + b"\n"
    assert answer(envelopes[0], altered, known) == ("failed", "checkpoint-signature", 1)
    assert answer(envelopes[0], altered) == unknown
