"""The signature of what a build cites."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from pith_agent import Agent, Citing, Client, RecordFiles, Settings
from pith_agent.cli.main import main
from pith_agent.storage.key_file import Secret
from pith_agent.storage.keys import Keeping, find_key, new_key
from tests.documents import SUFFIX, TRUST, as_bytes
from tests.e2e.roots.library import SURVEY, pages
from tests.e2e.roots.project import Project
from tests.e2e.roots.releases import (
    MANIFEST,
    SIGN,
    SIGNATURE,
    WRITE,
    digest,
    home,
    logged,
    manifest,
    release,
    reported,
)


@pytest.fixture
def project(tmp_path: Path) -> Project:
    """Two pages that cite two papers, one of them with a claim; there is a key."""
    return release(tmp_path)


@pytest.mark.parametrize("builder", ["html", "dirhtml", "latex"])
def test_a_signed_manifest_verifies_as_a_bibliography_of_its_papers(project, builder):
    built = project.build("-W", "-j2", *SIGN, "-D", "release=2.1", builder=builder, **home(project))

    assert built.status == 0, built.log
    report = reported(project, (built.out / SIGNATURE).read_bytes())
    assert (report.verdict, report.code, report.kind) == ("verified", "ok", "bibliography")
    predicate = report.statement["predicate"]
    assert predicate["citing"] == {
        "kind": "document",
        "id": "P 2.1",
        "digest": {"sha256": digest(built)},
    }
    assert predicate["agent"]["name"] == "sphinx_pith"
    assert [one.pith_number for one in report.papers] == [
        paper["pith_number"] for paper in manifest(built)["papers"]
    ]
    assert logged(project) == 1


def test_the_command_verifies_the_signature_of_that_manifest_and_of_no_other(tmp_path):
    project = Project.citing(tmp_path, "2402.13116")
    new_key(tmp_path / "home" / "keys")
    built = project.build("-W", *SIGN, **home(project))
    options = ["citations", "verify", str(built.out / SIGNATURE), "--citing"]

    def run(path: Path) -> Any:
        env = home(project) | {"PITH_OFFLINE": "1"}
        done = CliRunner().invoke(main, [*options, str(path), "--json"], env=env)
        return done.exit_code, json.loads(done.stdout)["results"][0]["code"]

    other = tmp_path / "other.json"
    other.write_text(built.text(MANIFEST).replace(SUFFIX, SUFFIX[::-1]))
    assert run(built.out / MANIFEST) == (0, "ok")
    assert run(other) == (1, "citing-mismatch")


def test_a_build_again_signs_nothing_unless_something_has_changed(project):
    first = project.build(*SIGN, **home(project)).text(SIGNATURE)

    assert project.build("-E", *SIGN, **home(project)).text(SIGNATURE) == first
    assert logged(project) == 1

    project.page("No more.", "other.rst")
    changed = project.build(*SIGN, **home(project))
    assert changed.text(SIGNATURE) != first
    assert reported(project, (changed.out / SIGNATURE).read_bytes()).verdict == "verified"
    assert logged(project) == 2


def of_nobody(_: Project, path: Path) -> None:
    envelope = json.loads(path.read_text())
    envelope["signatures"][0]["sig"] = envelope["signatures"][0]["sig"][::-1].lstrip("=") + "=="
    path.write_text(json.dumps(envelope))


def of_another_machine(project: Project, path: Path) -> None:
    (project.work / "home").rename(project.work / "other")
    new_key(project.work / "home" / "keys")


def of_a_trusted_signer(project: Project, path: Path) -> None:
    public = find_key(project.work / "home" / "keys", "default").public
    of_another_machine(project, path)
    key = base64.b64encode(public).decode()
    trust = ["keys", "trust", "other", "--public-key", key]
    done = CliRunner().invoke(main, trust, env=home(project))
    assert done.exit_code == 0, done.output


def of_fewer_papers(project: Project, path: Path) -> None:
    said = reported(project, path.read_bytes()).statement or {}
    citing = Citing.model_validate(said["predicate"]["citing"])
    settings = Settings(home=project.work / "home", offline=True)
    files = RecordFiles([(as_bytes(SURVEY), "a file")])
    with Client(settings, trust=TRUST, records=files, persistent=False) as client:
        agent = Agent(name="test", version="1")
        signed = client.sign_bibliography([SURVEY["pith_number"]], citing=citing, agent=agent)
    path.write_text(json.dumps(signed.envelope))


def retracted(project: Project, path: Path) -> None:
    citation = reported(project, path.read_bytes()).citation_id or ""
    settings = Settings(home=project.work / "home", offline=True)
    with Client(settings, persistent=False) as client:
        client.retract_citation(citation, agent=Agent(name="test", version="1"))


def garbage(_: Project, path: Path) -> None:
    path.write_text("[]")


@pytest.mark.parametrize(
    "spoil",
    [of_nobody, of_another_machine, of_a_trusted_signer, of_fewer_papers, retracted, garbage],
)
def test_a_signature_that_does_not_hold_is_replaced(project, spoil):
    built = project.build(*SIGN, **home(project))
    spoil(project, built.out / SIGNATURE)
    spoiled = built.text(SIGNATURE)

    again = project.build("-W", *SIGN, **home(project))

    assert again.status == 0, again.log
    assert again.text(SIGNATURE) != spoiled
    assert reported(project, (again.out / SIGNATURE).read_bytes()).verdict == "verified"


def test_without_a_key_the_build_fails_and_leaves_no_signature(project):
    (project.work / "home" / "keys" / "default.json").unlink()

    built = project.build(*SIGN, **home(project))

    assert built.status == 1
    assert built.codes == ["no-signing-key"]
    assert "pith-agent keys new" in built.log
    assert manifest(built)["unverified"] == []
    assert not (built.out / SIGNATURE).exists()
    assert logged(project) == 0


def test_a_key_with_a_passphrase_is_opened_from_its_file_and_never_asked_for(project):
    (project.work / "home" / "keys" / "default.json").unlink()
    new_key(project.work / "home" / "keys", keeping=Keeping(Secret(b"long enough")))
    words = project.work / "passphrase"
    words.touch(0o600)
    words.write_text("long enough\n")

    closed = project.build(*SIGN, **home(project))
    opened = project.build(*SIGN, **home(project), PITH_PASSPHRASE_FILE=str(words))
    again = project.build(*SIGN, **home(project))

    assert (closed.status, closed.codes) == (1, ["no-passphrase"])
    assert opened.status == 0, opened.log
    # What is signed already needs no passphrase.
    assert again.status == 0, again.log
    assert logged(project) == 1


@pytest.mark.parametrize(
    ("variable", "value", "code"),
    [
        ("PITH_AGENT_KEY", "AAAA", "invalid-setting"),
        ("PITH_KEY_FILE", "nowhere.json", "no-signing-key"),
    ],
)
def test_a_key_that_cannot_be_used_fails_the_build(project, variable, value, code):
    built = project.build(*SIGN, **home(project) | {variable: value})

    assert (built.status, built.codes) == (1, [code])
    assert not (built.out / SIGNATURE).exists()


def test_a_paper_that_is_not_verified_lets_nothing_be_signed_at_any_severity(project):
    project.build(*SIGN, **home(project))
    project.page("Not :pith:`1706.00099`.", "other.rst")
    lowered = ("-D", "pith_severity.unlocked=info")

    built = project.build(*SIGN, *lowered, **home(project))

    assert (built.status, built.codes) == (1, ["not-all-verified"])
    assert "1706.00099" in built.log
    assert not (built.out / SIGNATURE).exists()
    assert logged(project) == 1


def test_documents_that_cite_nothing_are_not_signed(tmp_path):
    project = pages(tmp_path, index="Nothing.")
    new_key(tmp_path / "home" / "keys")

    built = project.build(*SIGN, **home(project))

    assert (built.status, built.codes) == (1, ["nothing-to-sign"])
    assert manifest(built)["papers"] == []
    assert not (tmp_path / "home" / "ledger.sqlite3").exists()


def test_a_build_that_fails_for_another_reason_signs_nothing(project):
    (project.path / "records" / "bad.json").write_text("{")

    built = project.build(*SIGN, **home(project))

    assert (built.status, built.codes) == (1, ["malformed-json"])
    assert not (built.out / SIGNATURE).exists()
    assert logged(project) == 0


def test_a_project_may_let_a_build_without_a_key_pass(project):
    (project.work / "home" / "keys" / "default.json").unlink()

    built = project.build("-W", *SIGN, "-D", "pith_severity.no-signing-key=info", **home(project))

    assert built.status == 0, built.log
    assert not (built.out / SIGNATURE).exists()


def test_an_older_signature_does_not_stay_beside_a_manifest_that_is_not_signed(project):
    project.build(*SIGN, **home(project))
    same = project.build(*WRITE)
    assert (same.out / SIGNATURE).exists()

    project.page("No more.", "other.rst")
    built = project.build(*WRITE)

    assert built.status == 0
    assert not (built.out / SIGNATURE).exists()


def test_a_builder_that_writes_no_pages_signs_nothing(project):
    built = project.build("-W", *SIGN, builder="dummy", **home(project))

    assert built.status == 0, built.log
    assert not (built.out / SIGNATURE).exists()
    assert logged(project) == 0


def test_a_manifest_that_cannot_be_written_fails_the_build_and_is_reported(project):
    (project.work / "html" / MANIFEST).mkdir(parents=True)

    built = project.build(*SIGN, "-D", "pith_reports.json=report.json", **home(project))

    assert (built.status, built.codes) == (1, ["store-unavailable"])
    (found,) = json.loads(built.text("report.json"))["findings"]
    assert (found["code"], found["severity"]) == ("store-unavailable", "error")
    assert sorted(path.name for path in built.out.glob("*citations*")) == [MANIFEST]
    assert logged(project) == 0


def test_a_plain_link_without_a_record_is_no_citation_of_the_manifest(project):
    project.page("A `link <https://arxiv.org/abs/1706.00099>`_.", "other.rst")
    upgrade = {"pith_upgrade_links": ["https://arxiv.org/abs/"], "pith_trust_root": "trust.json"}
    project.conf(**upgrade)

    built = project.build("-W", *SIGN, **home(project))

    assert built.status == 0, built.log
    assert manifest(built)["unverified"] == []
    assert (built.out / SIGNATURE).exists()
