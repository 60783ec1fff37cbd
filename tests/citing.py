"""Signed citations for tests: made by a client, altered by an attacker, judged by every way in."""

import base64
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import CliRunner
from nacl.signing import SigningKey

from pith_agent import Agent, CitationRequest, Citing, Client, Digest, Settings
from pith_agent.cli.main import main
from pith_agent.protocol.canon import canonical_bytes
from pith_agent.protocol.citation import CitationKey, pae
from pith_agent.storage.signers import TrustedSigner, checked, now_text, trust_signer
from pith_agent.tools import call_tool

PAPER, OTHER = "arXiv:2402.13116", "hep-lat/0305021"
SEED, STRANGER, SECOND = (hashlib.sha256(name).digest() for name in (b"own", b"else", b"second"))
DOCUMENT, ELSEWHERE = b"As [1] shows.", b"Another text."
Envelope = dict[str, Any]


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


def public(seed: bytes) -> str:
    return b64(CitationKey(seed).public)


def cited(client: Client, paper: str = PAPER, **said: Any) -> Envelope:
    citing = Citing(kind="document", id="paper.md", digest=Digest(sha256=sha256(DOCUMENT)))
    fields = {"relationship": "cites", "citing": citing, "agent": Agent(name="a", version="1")}
    (signed,) = client.sign_citation(paper, CitationRequest(**fields | said))
    return dict(signed.envelope or {})


def payload_of(envelope: Envelope) -> dict[str, Any]:
    return dict(json.loads(base64.b64decode(envelope["payload"])))


def altered(envelope: Envelope, change: Callable[[dict[str, Any]], object]) -> Envelope:
    """The statement changed, under the signature that it had."""
    said = payload_of(envelope)
    change(said)
    return {**envelope, "payload": b64(canonical_bytes(said))}


def signed(payload: bytes, *seeds: bytes) -> Envelope:
    """Any payload, signed properly."""
    keys = [(CitationKey(seed).keyid, SigningKey(seed)) for seed in seeds]
    signatures = [{"keyid": k, "sig": b64(key.sign(pae(payload)).signature)} for k, key in keys]
    payload_type = "application/vnd.in-toto+json"
    return {"payload": b64(payload), "payloadType": payload_type, "signatures": signatures}


def resigned(envelope: Envelope, change: Callable[[dict[str, Any]], object]) -> Envelope:
    """The statement changed by its signer, who signs it again."""
    return signed(base64.b64decode(altered(envelope, change)["payload"]), SEED)


def answers(client: Client, home: Path, citation: Envelope, *options: str, **asked: Any):
    """(verdict, code) by the library, the command line and the tool, which have to agree."""
    report = client.verify_citation(citation, **asked)
    file = home.parent / "citation.json"
    file.write_text(json.dumps(citation))
    env = {"PITH_HOME": str(home), "PITH_OFFLINE": "1", "PITH_AGENT_KEY": b64(SEED)}
    done = CliRunner().invoke(main, ["citations", "verify", str(file), "--json", *options], env=env)
    (told,) = json.loads(done.stdout)["results"]
    assert (told["verdict"], told["code"]) == (report.verdict, report.code)
    assert (done.exit_code == 0) == (report.verdict == "verified")
    if asked.keys() <= {"citing_sha256"} and not {"--policy", "--proof"} & {*options}:
        said = {"citations": [citation], **asked}
        (item,) = call_tool(client, "verify_citation", said)["items"]
        assert (item["verdict"], item["code"]) == (report.verdict, report.code)
    return report.verdict, report.code


def policy(home: Path, text: str, *seeds: bytes, more: str = "") -> None:
    """Write the policy that applies at a home."""
    signers = "".join(f'[[signer]]\npublic_key = "{public(seed)}"\n{more}\n' for seed in seeds)
    (home / "policy.toml").write_text(f"policy_version = 1\n{text}\n{signers}")


def other_home(place: Path, seed: bytes) -> Client:
    return Client(Settings(home=place, offline=True, agent_key=CitationKey(seed)))


def trust(home: Path, seed: bytes, **more: object) -> None:
    fields = {"name": "second", "public": public(seed), "added_at": now_text()}
    trust_signer(home, checked(TrustedSigner, **fields | more))
