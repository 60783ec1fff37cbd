"""The signed citations that a project keeps are verified on each build."""

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pith_agent import Agent, CitationRequest, Citing, Client, Settings
from pith_agent.passing_on import make_bundle
from pith_agent.storage.files import RecordFiles
from pith_agent.storage.keys import KeyEntry, new_key
from tests.documents import TRUST, Document, as_bytes
from tests.e2e.roots.library import ALPHA, BETA, LIBRARY, SURVEY, pages
from tests.e2e.roots.locking import trusting, write_lock
from tests.e2e.roots.project import Built, Project
from tests.locks import locked
from tests.registry import LoopbackRegistry

FILE = "signed/one.json"
KEPT = ("-D", "pith_citations=signed/*.json")


class Machine:
    """A home with a key, and the project whose citations it signs."""

    def __init__(self, path: Path, project: Project) -> None:
        self.project = project
        self.home = path / "home"
        self.key: KeyEntry = new_key(self.home / "keys")
        (project.path / "signed").mkdir()

    def client(self) -> Client:
        records = RecordFiles((as_bytes(document), "a file") for document in LIBRARY)
        settings = Settings(home=self.home, offline=True)
        return Client(settings, trust=TRUST, records=records, persistent=False)

    def cite(self, document: Document, *, bundle: bool = False, name: str = FILE) -> str:
        """Sign a citation, and keep it in the project; its id."""
        citing = Citing(kind="agent_output", id="notes")
        agent = Agent(name="test", version="1")
        request = CitationRequest(relationship="supports", citing=citing, agent=agent)
        with self.client() as client:
            (signed,) = client.sign_citation(document["pith_number"], request)
            data = json.dumps(signed.envelope).encode()
            if bundle:
                data = make_bundle(client, data).dump()
        (self.project.path / name).write_bytes(data)
        return str(signed.citation_id)

    def build(self, *options: str, **environment: str) -> Built:
        return self.project.build(*KEPT, *options, **{"PITH_HOME": str(self.home)} | environment)


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """The project cites one paper and has the records of two."""
    project = pages(tmp_path, (SURVEY, BETA), index="On :pith:`2402.13116`.")
    return Machine(tmp_path, project)


@pytest.mark.parametrize("bundle", [False, True])
def test_a_citation_that_verifies_is_silent(machine, bundle):
    machine.cite(BETA, bundle=bundle)

    built = machine.build("-W", "-j2")

    assert built.status == 0, built.log


def test_its_record_is_taken_from_the_lock(tmp_path):
    machine = Machine(tmp_path, trusting(tmp_path, "2402.13116", "1706.00001"))
    write_lock(machine.project, locked(SURVEY, BETA))
    machine.cite(BETA)

    built = machine.build("-W", "-D", "pith_mode=locked")

    assert built.status == 0, built.log


def test_several_citations_may_be_in_one_file_and_each_is_told_at_its_line(machine):
    machine.cite(BETA)
    good = (machine.project.path / FILE).read_bytes()
    alter(machine)
    bad = (machine.project.path / FILE).read_bytes()
    (machine.project.path / FILE).unlink()
    (machine.project.path / "signed" / "all.jsonl").write_bytes(good + b"\n\n" + bad + b"\n")

    built = machine.build("-D", "pith_citations=signed/*.jsonl")

    assert (built.status, built.codes) == (1, ["invalid-signature"])
    assert "signed/all.jsonl:3: WARNING" in built.log


def alter(machine: Machine) -> None:
    path = machine.project.path / FILE
    envelope = json.loads(path.read_text())
    payload = base64.b64decode(envelope["payload"]).replace(b"supports", b"refutes")
    envelope["payload"] = base64.b64encode(payload).decode()
    path.write_text(json.dumps(envelope))


def forget_the_key(machine: Machine) -> None:
    (machine.home / "keys" / "default.json").unlink()


def retract(machine: Machine) -> None:
    with machine.client() as client:
        citation = client.ledger.entries(0, 1)
        (entry,) = citation
        client.retract_citation(entry.citation_id, agent=Agent(name="test", version="1"))


def cut(machine: Machine) -> None:
    path = machine.project.path / FILE
    path.write_bytes(path.read_bytes()[:-20])


def refute_the_record(machine: Machine) -> None:
    tampered = as_bytes(BETA).replace(b"Beta rays", b"Beta waves")
    machine.project.record(tampered, "1.json")


@pytest.mark.parametrize(
    ("spoil", "codes"),
    [
        (alter, ["invalid-signature"]),
        (forget_the_key, ["unknown-signer"]),
        (retract, ["citation-retracted"]),
        (cut, ["malformed-citation"]),
        (refute_the_record, ["title-mismatch", "title-mismatch"]),
    ],
)
def test_a_citation_that_does_not_hold_fails_each_build(
    machine: Machine, spoil: Callable[[Machine], None], codes: list[str]
) -> None:
    machine.cite(BETA)
    spoil(machine)

    first, second = machine.build(), machine.build("-D", "pith_reports.json=report.json")

    assert (first.status, first.codes) == (second.status, second.codes) == (1, codes)
    told = json.loads(second.text("report.json"))["findings"]
    (found,) = [one for one in told if one["path"] == FILE]
    assert (found["code"], found["severity"]) == (codes[-1], "error")
    assert found["target"] == FILE


def test_a_record_that_is_not_at_hand_is_not_asked_for_in_locked_mode(machine, registry):
    registry.serve(as_bytes(ALPHA))
    machine.cite(ALPHA)

    built = machine.build("-D", "pith_mode=locked", "-D", f"pith_registry={registry.url}")

    assert (built.status, built.codes) == (1, ["offline"])
    assert registry.requests == []


def test_a_record_that_is_not_at_hand_is_asked_for_once_in_auto_mode(machine, registry):
    registry.serve(as_bytes(ALPHA))
    machine.cite(ALPHA)
    options = ("-W", "-D", "pith_mode=auto", "-D", f"pith_registry={registry.url}")

    built = machine.build(*options)
    asked = len(registry.requests)
    again = machine.build(*options)

    assert built.status == again.status == 0, built.log
    assert "1 fetched" in built.info
    assert asked == len(registry.requests) > 0


def test_a_signature_of_nobody_makes_the_build_ask_for_nothing(machine, registry):
    registry.serve(as_bytes(ALPHA))
    machine.cite(ALPHA)
    forget_the_key(machine)

    built = machine.build("-D", "pith_mode=auto", "-D", f"pith_registry={registry.url}")

    assert built.codes == ["unknown-signer"]
    assert registry.requests == []


def test_a_registry_without_the_record_is_told_as_such(machine, registry: LoopbackRegistry):
    machine.cite(ALPHA)

    built = machine.build("-D", "pith_mode=auto", "-D", f"pith_registry={registry.url}")

    assert (built.status, built.codes) == (1, ["not-found"])


def test_a_citation_that_was_replaced_is_a_warning(machine):
    old = machine.cite(BETA)
    citing = Citing(kind="agent_output", id="notes")
    agent = Agent(name="test", version="1")
    said = {"relationship": "refutes", "citing": citing, "agent": agent, "supersedes": old}
    with machine.client() as client:
        client.sign_citation(BETA["pith_number"], CitationRequest(**said))

    built, strict = machine.build(), machine.build("-W")

    assert (built.status, built.codes) == (0, ["citation-superseded"])
    assert strict.status == 1


def test_a_policy_of_the_project_says_whose_signatures_count(machine):
    machine.cite(BETA)
    forget_the_key(machine)
    policy = machine.project.path / "policy.toml"
    policy.write_text(f'policy_version = 1\n[[signer]]\npublic_key = "{_public(machine)}"\n')
    options = ("-D", "pith_policy=policy.toml")

    accepted = machine.build("-W", *options)
    policy.write_text(policy.read_text() + 'relationships = ["cites"]\n')
    refused = machine.build(*options)

    assert accepted.status == 0, accepted.log
    assert (refused.status, refused.codes) == (1, ["relationship-not-allowed"])


def _public(machine: Machine) -> str:
    return base64.b64encode(machine.key.public).decode()


@pytest.mark.parametrize("policy", ["nowhere.toml", "conf.py"])
def test_a_policy_that_is_none_ends_the_build(machine, policy):
    machine.cite(BETA)

    built = machine.build("-D", f"pith_policy={policy}")

    assert built.status == 2
    assert "malformed-policy" in built.log


def test_a_pattern_that_matches_no_file_fails_the_build(machine):
    built = machine.build()

    assert (built.status, built.codes) == (1, ["unreadable-file"])


def test_the_baseline_exempts_a_kept_citation(machine):
    machine.cite(BETA)
    retract(machine)
    (machine.project.path / "baseline.toml").write_text(
        "baseline_version = 1\n[[exempt]]\n"
        f'code = "citation-retracted"\ntarget = "{FILE}"\nreason = "Known."\n'
    )

    built = machine.build("-W", "-D", "pith_baseline=baseline.toml")

    assert built.status == 0, built.log


def test_a_refuted_citation_keeps_the_manifest_from_being_signed(machine):
    machine.cite(BETA)
    alter(machine)

    built = machine.build("-D", "pith_manifest=citations.json", "-D", "pith_sign=1")

    assert (built.status, built.codes) == (1, ["invalid-signature"])
    assert (built.out / "citations.json").exists()
    assert not (built.out / "citations.dsse.json").exists()
