"""`python -m sphinx_pith`: lock, check, verify and report on real projects."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from pith_agent import dump_lock, parse_lock
from tests import faults
from tests.documents import SUFFIX, TITLE, TRUST, signed_record
from tests.e2e.roots.project import Project
from tests.locks import locked
from tests.registry import LoopbackRegistry, suffix_of


@pytest.fixture(scope="module")
def registry() -> Iterator[LoopbackRegistry]:
    """A registry with two papers."""
    with LoopbackRegistry() as running:
        running.publish(arxiv_id="2401.00001", title="The First Paper")
        running.publish(arxiv_id="2401.00002", title="The Second Paper")
        yield running


def project_of(path: Path, registry: LoopbackRegistry, *targets: str) -> Project:
    project = Project(path)
    project.conf(pith_records=[], pith_registry=[registry.url], pith_trust_root="trust.json")
    (project.path / "trust.json").write_text(TRUST.dump())
    project.page("\n\n".join(f"On :pith:`{target}`." for target in targets))
    return project


def names(project: Project) -> list[str]:
    return sorted(parse_lock((project.path / "pith.lock").read_bytes()).aliases)


def test_a_lock_is_written_checked_grown_and_pruned(
    tmp_path: Path, registry: LoopbackRegistry
) -> None:
    project = project_of(tmp_path, registry, "2401.00001")
    docs = str(project.path)

    before = project.call("lock", "--check", docs)
    made = project.call("lock", docs)
    checked = project.call("lock", "--check", docs)
    first = names(project)
    project.page("On :pith:`2401.00002`.")
    lacking = project.call("lock", "--check", docs)
    grown = project.call("lock", docs)
    both = names(project)
    superfluous = project.call("lock", "--check", docs)
    pruned = project.call("lock", "--prune", docs)
    right = project.call("lock", "--check", docs)

    assert (before.status, before.codes) == (1, ["unlocked"])
    assert (made.status, made.log) == (0, "")
    assert (checked.status, checked.log) == (0, "")
    assert first == ["arxiv:2401.00001"]
    assert (lacking.status, set(lacking.codes)) == (1, {"unlocked", "unused"})
    assert (grown.status, both) == (0, ["arxiv:2401.00001", "arxiv:2401.00002"])
    assert (superfluous.status, superfluous.codes) == (1, ["unused"])
    assert (pruned.status, names(project)) == (0, ["arxiv:2401.00002"])
    assert (right.status, right.log) == (0, "")
    # Nothing but the lock is written beside the documents.
    assert sorted(path.name for path in project.path.iterdir()) == [
        "conf.py",
        "index.rst",
        "pith.lock",
        "records",
        "trust.json",
    ]


def test_an_upgrade_binds_a_name_to_the_newest_version(tmp_path: Path) -> None:
    with LoopbackRegistry() as registry:
        old = registry.publish(arxiv_id="2401.00001")
        project = project_of(tmp_path, registry, "2401.00001", "2401.00001v1")
        docs = str(project.path)
        assert project.call("lock", docs).status == 0
        new = registry.publish(arxiv_id="2401.00001", version=2)

        same = project.call("lock", docs)
        held = parse_lock((project.path / "pith.lock").read_bytes())
        compared = project.call("check", docs)
        raised = project.call("lock", "--upgrade", "--prune", docs)
        lock = parse_lock((project.path / "pith.lock").read_bytes())
        after = project.call("check", docs)

    assert [one.status for one in (same, compared, raised, after)] == [0, 1, 0, 0]
    assert held.aliases == {"arxiv:2401.00001": suffix_of(old)}
    assert lock.aliases == {"arxiv:2401.00001": suffix_of(new)}
    # The older version is cited by its own name.
    assert set(lock.papers) == {suffix_of(old), suffix_of(new)}


def test_a_paper_that_cannot_be_asked_for_fails_the_command_and_keeps_the_others(
    tmp_path: Path,
) -> None:
    with LoopbackRegistry() as registry:
        registry.publish(arxiv_id="2401.00001")
        limited = registry.publish(arxiv_id="2401.00002")
        registry.break_(f"/pith/{suffix_of(limited)}", faults.status(429, {"retry-after": "3600"}))
        project = project_of(tmp_path, registry, "2401.00001", "2401.00002", "2401.00003")

        made = project.call("lock", str(project.path))

    assert made.status == 1
    assert sorted(made.codes) == ["not-found", "rate-limited"]
    assert names(project) == ["arxiv:2401.00001"]


def test_options_after_the_directory_reach_sphinx(
    tmp_path: Path, registry: LoopbackRegistry
) -> None:
    project = project_of(tmp_path, registry, "2401.00001")
    docs, kept = str(project.path), str(tmp_path / "kept")

    made = project.call("lock", "--build-dir", kept, docs, "-D", "pith_lock=other.lock", "-v")
    checked = project.call("lock", "--check", docs, "-D", "pith_lock=other.lock", "-W", "-j2")
    wrong = project.call("lock", docs, "-D", "pith_mode=nonsense")
    unknown = project.call("lock", docs, "--no-such-option")

    assert (made.status, checked.status) == (0, 0)
    assert (project.path / "other.lock").exists()
    assert not (project.path / "pith.lock").exists()
    assert (tmp_path / "kept" / "doctrees" / "environment.pickle").exists()
    assert (wrong.status, unknown.status) == (2, 2)
    assert "pith_mode is 'nonsense'" in wrong.log


def test_documents_are_verified_in_the_mode_and_with_the_builder_that_are_named(
    tmp_path: Path, registry: LoopbackRegistry
) -> None:
    project = project_of(tmp_path, registry, "2401.00001")
    docs, kept = str(project.path), tmp_path / "kept"
    (project.path / "pith.lock").write_bytes(dump_lock(locked()))

    offline = project.call("verify", docs)
    asked = project.call(
        "verify", "--mode", "auto", "--builder", "text", "--build-dir", str(kept), docs
    )
    wrong = project.call("verify", "--mode", "sometimes", docs)

    assert (offline.status, offline.codes) == (1, ["unlocked"])
    assert (asked.status, asked.log) == (0, "")
    assert "The First Paper" in (kept / "text" / "index.txt").read_text().replace("\n", " ")
    assert wrong.status == 2


def test_a_lock_is_verified_without_its_project(tmp_path: Path) -> None:
    project = Project(tmp_path)
    lock, trust = project.path / "pith.lock", project.path / "trust.json"
    trust.write_text(TRUST.dump())
    lock.write_bytes(dump_lock(locked(signed_record(), signed_record(arxiv="1706.03762"))))

    trusted = project.call("verify", "--trust-root", str(trust), str(lock))
    bundled = project.call("verify", str(lock))
    lock.write_bytes(lock.read_bytes().replace(TITLE.encode(), b"Another Title", 1))
    changed = project.call("verify", "--trust-root", str(trust), str(lock))
    lock.write_bytes(b"{}")
    damaged = project.call("verify", str(lock))
    keyless = project.call("verify", "--trust-root", str(project.path / "none.json"), str(lock))

    assert [one.status for one in (trusted, bundled, changed)] == [0, 1, 1]
    assert "4 papers and names, 0 not verified." in trusted.info
    assert "arxiv:1706.03762  verified" in trusted.info
    assert len(re.findall(r"\[unknown-key\]", bundled.info)) == 4
    assert "2 not verified." in changed.info
    assert "[title-mismatch]" in changed.info
    assert (damaged.status, keyless.status) == (2, 2)
    assert "[malformed-lock]" in damaged.log


def test_reports_are_written_with_exit_code_0_whatever_they_say(
    tmp_path: Path, registry: LoopbackRegistry
) -> None:
    project = project_of(tmp_path, registry, "2401.00001", "2401.00009")
    docs = str(project.path)
    (project.path / "pith.lock").write_bytes(dump_lock(locked()))
    json_file, baseline = tmp_path / "report.json", project.path / "pith-baseline.toml"

    written = project.call("report", "--json", str(json_file), "--baseline", str(baseline), docs)
    nothing = project.call("report", docs)
    exempt = project.call("verify", docs, "-D", "pith_baseline=pith-baseline.toml")

    report = json.loads(json_file.read_text())
    assert (written.status, nothing.status, exempt.status) == (0, 2, 0)
    assert [one["code"] for one in report["findings"]] == ["unlocked"] * 2
    assert "baseline_version = 1" in baseline.read_text()


def test_a_damaged_lock_ends_every_command_with_2(
    tmp_path: Path, registry: LoopbackRegistry
) -> None:
    project = project_of(tmp_path, registry, "2401.00001")
    docs, lock = str(project.path), project.path / "pith.lock"
    lock.write_bytes(b"<<<<<<< HEAD")

    report = ["report", "--json", str(tmp_path / "report.json")]
    for command in (["lock", "--upgrade", "--prune"], ["check"], report):
        called = project.call(*command, docs)
        assert called.status == 2, command
        assert "[malformed-lock]" in called.log
    assert lock.read_bytes() == b"<<<<<<< HEAD"


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["--help"], 0, ["lock", "check", "verify", "convert", "report", "DOCS"]),
        (["lock", "--help"], 0, ["--upgrade", "--prune", "--check", "--build-dir", "DOCS"]),
        (["check", "-h"], 0, ["--format", "Exit code 1"]),
        (["verify", "-h"], 0, ["--mode", "--builder", "--trust-root", "--sarif", "DOCS|LOCK"]),
        (["report", "-h"], 0, ["--json", "--junit", "--page", "--baseline"]),
        (["lock"], 2, ["Missing argument"]),
        (["lock", "no-such-directory"], 2, ["no-such-directory"]),
        (["mend"], 2, ["No such command"]),
    ],
)
def test_help_names_every_option_and_a_wrong_call_ends_with_2(
    tmp_path: Path, arguments: list[str], status: int, said: list[str]
) -> None:
    called = Project(tmp_path).call(*arguments)

    assert called.status == status
    for words in said:
        assert words in called.info + called.log


def test_the_starter_record_can_be_locked_without_a_registry(tmp_path: Path) -> None:
    project = Project.citing(
        tmp_path, "2402.13116#C1", pith_records=[], pith_registry=["http://127.0.0.1:1"]
    )

    made = project.call("lock", str(project.path))

    assert (made.status, made.log) == (0, "")
    assert list(parse_lock((project.path / "pith.lock").read_bytes()).papers) == [SUFFIX]


def test_what_cannot_be_written_is_no_success(tmp_path: Path, registry: LoopbackRegistry) -> None:
    project = project_of(tmp_path, registry, "2401.00001")
    docs, lock = str(project.path), str(project.path / "pith.lock")
    trust = str(project.path / "trust.json")
    assert project.call("lock", docs).status == 0

    report = project.call("report", "--json", "/proc/none.json", docs)
    bib = project.call("bib", "--trust-root", trust, "-o", "/proc/none.bib", lock)

    assert (report.status, bib.status) == (2, 2)
    assert "/proc/none.bib cannot be written" in bib.log
    assert "Traceback" not in report.log + bib.log


def test_an_outage_verifies_nothing(tmp_path: Path) -> None:
    with LoopbackRegistry() as gone:
        project = project_of(tmp_path, gone, "2401.00001")

    done = project.call("verify", "--mode", "auto", str(project.path))

    assert (done.status, done.codes) == (1, ["unreachable"])


def test_what_has_changed_at_the_registry_is_told_where_it_ends_the_check(
    tmp_path: Path,
) -> None:
    with LoopbackRegistry() as registry:
        registry.publish(arxiv_id="2401.00001", title="The First Paper")
        project = project_of(tmp_path, registry, "2401.00001")
        assert project.call("lock", str(project.path)).status == 0
        registry.publish(arxiv_id="2401.00001", title="The First Paper", version=2)

        done = project.call("check", str(project.path))

    assert (done.status, done.codes) == (1, ["superseded"])


def test_a_baseline_that_is_made_again_keeps_its_exemptions_and_their_reasons(
    tmp_path: Path, registry: LoopbackRegistry
) -> None:
    project = project_of(tmp_path, registry, "2401.00001")
    project.conf(pith_mode="locked", pith_baseline="b.toml", pith_trust_root="trust.json")
    file = project.path / "b.toml"
    file.write_text(
        'baseline_version = 1\n\n[[exempt]]\ncode = "unlocked"\n'
        'target = "2401.00001"\nreason = "We asked them."\n'
    )
    docs = str(project.path)
    project.page("On :pith:`2401.00001` and :pith:`2401.00002`.")

    made = project.call("report", "--baseline", str(file), docs)

    text = file.read_text()
    assert made.status == 0
    assert text.count("[[exempt]]") == 2
    assert "We asked them." in text
    assert project.call("verify", "--mode", "locked", docs).status == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ["lock", "--check", "--prune", "DOCS"],
        ["lock", "--check", "--upgrade", "DOCS"],
        ["verify", "--json", "o.json", "LOCK"],
        ["verify", "--mode", "auto", "LOCK"],
        ["verify", "--builder", "html", "LOCK"],
        ["verify", "LOCK", "-W"],
        ["verify", "--trust-root", "none.json", "DOCS"],
    ],
    ids=" ".join,
)
def test_an_option_without_a_meaning_is_refused(
    tmp_path: Path, registry: LoopbackRegistry, arguments: list[str]
) -> None:
    project = project_of(tmp_path, registry, "2401.00001")
    lock = project.path / "pith.lock"
    lock.write_bytes(dump_lock(locked(signed_record(arxiv="2401.00001"))))
    names = {"DOCS": str(project.path), "LOCK": str(lock)}

    called = project.call(*(names.get(one, one) for one in arguments))

    assert called.status == 2
    assert "Usage:" in called.log


def test_one_record_that_is_cited_twice_is_fetched_once(
    tmp_path: Path, registry: LoopbackRegistry
) -> None:
    project = project_of(tmp_path, registry, "2401.00001", "arXiv:2401.00001")

    assert ", 1 fetched." in project.build().info


def test_two_reports_need_two_files(tmp_path: Path) -> None:
    project = Project.citing(tmp_path, "2402.13116", pith_reports={"json": "r", "sarif": "r"})

    built = project.build()

    assert built.status == 2
    assert "pith_reports names 'r' twice" in built.log
