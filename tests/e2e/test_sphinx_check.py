"""`-b pithcheck`: what the registry says otherwise since the lock was written."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from pith_agent import Lock
from tests import faults
from tests.documents import Document, signed_record
from tests.e2e.roots.locking import told, trusting, write_lock
from tests.e2e.roots.project import Project
from tests.locks import locked
from tests.registry import LoopbackRegistry, edited, suffix_of


@pytest.fixture
def followed(tmp_path: Path, registry: LoopbackRegistry) -> tuple[Project, Document]:
    """A project whose lock is what the registry serves."""
    document = registry.publish(arxiv_id="2401.00001", authors="Ada Example, Ben Example")
    project = trusting(tmp_path, "2401.00001", pith_registry=[registry.url])
    write_lock(project, locked(document, claims=False))
    return project, document


Change = Callable[[LoopbackRegistry, Document], object]


def newer(registry: LoopbackRegistry, document: Document) -> None:
    registry.publish(arxiv_id="2401.00001", version=2)


def withdrawn(registry: LoopbackRegistry, document: Document) -> None:
    registry.break_(
        f"/pith/{suffix_of(document)}",
        faults.body(edited(document, lambda one: one.update(attestation_state="withdrawn"))),
    )


def gone(registry: LoopbackRegistry, document: Document) -> None:
    registry.break_("/", faults.status(404))


def altered(registry: LoopbackRegistry, document: Document) -> None:
    changed = edited(document, lambda one: one["paper"].update(title="Another Title"))
    registry.break_(f"/pith/{suffix_of(document)}", faults.body(changed))


def forged(registry: LoopbackRegistry, document: Document) -> None:
    changed = edited(document, lambda one: one["canonical_record"]["source"].update(version=9))
    registry.break_(f"/pith/{suffix_of(document)}", faults.body(changed))


def other_authors(registry: LoopbackRegistry, document: Document) -> None:
    changed = edited(document, lambda one: one["paper"].update(authors_text="Eve Example"))
    registry.break_(f"/pith/{suffix_of(document)}", faults.body(changed))


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        (newer, {"superseded"}),
        (withdrawn, {"withdrawn"}),
        (gone, {"not-found"}),
        (altered, {"title-mismatch"}),
        (forged, {"digest-mismatch"}),
        (other_authors, {"drift"}),
    ],
)
def test_what_the_registry_says_otherwise_ends_the_check_with_1_and_leaves_the_lock(
    registry: LoopbackRegistry,
    followed: tuple[Project, Document],
    change: Change,
    codes: set[str],
) -> None:
    project, document = followed
    before = (project.path / "pith.lock").read_bytes()
    change(registry, document)

    checked = project.build("-D", "pith_reports.json=report.json", builder="pithcheck")

    findings = json.loads(checked.text("report.json"))["findings"]
    assert checked.status == 1
    assert {finding["code"] for finding in findings} == codes
    assert ", 0 differ." not in checked.info
    assert (project.path / "pith.lock").read_bytes() == before


def test_a_registry_that_serves_what_is_locked_and_one_that_is_out_end_the_check_with_0(
    registry: LoopbackRegistry, followed: tuple[Project, Document]
) -> None:
    project, _ = followed

    same = project.build("-W", builder="pithcheck")
    registry.break_("/", faults.status(429, {"retry-after": "3600"}))
    out = project.build(builder="pithcheck")
    strict = project.build("-W", builder="pithcheck")
    locked_build = project.build("-W", builder="dummy")

    assert (same.status, same.log) == (0, "")
    assert "1 papers of the lock were compared with the registry, 0 differ." in same.info
    assert (out.status, set(out.codes)) == (0, {"rate-limited"})
    assert strict.status == 1
    assert locked_build.status == 0


def test_a_lock_without_papers_is_compared_with_nothing(
    tmp_path: Path, registry: LoopbackRegistry
) -> None:
    project = trusting(tmp_path, pith_registry=[registry.url])
    project.page("Nothing is cited.")
    write_lock(project, Lock())

    checked = project.build("-W", builder="pithcheck")

    assert (checked.status, checked.log) == (0, "")
    assert registry.requests == []


def test_a_name_that_the_registry_has_forgotten_is_told_though_the_paper_is_there(
    registry: LoopbackRegistry, followed: tuple[Project, Document]
) -> None:
    project, _ = followed
    registry.break_("/api/", faults.status(404))

    checked = project.build(builder="pithcheck")

    assert (checked.status, told(checked)) == (1, {"arxiv:2401.00001": "not-found"})


def test_a_registry_that_answers_for_no_paper_is_not_asked_for_the_whole_lock(
    tmp_path: Path, registry: LoopbackRegistry
) -> None:
    papers = [signed_record(arxiv=f"2401.{number:05}") for number in range(1, 41)]
    project = trusting(tmp_path, "2401.00001", pith_registry=[registry.url])
    write_lock(project, locked(*papers, claims=False))
    registry.break_("/", faults.status(503))

    checked = project.build(builder="pithcheck")

    assert (checked.status, set(checked.codes)) == (0, {"unreachable"})
    assert len(checked.codes) == 40
    assert len(set(registry.requests)) == 16


BASELINE = """baseline_version = 1

[[exempt]]
code = "superseded"
target = "arXiv:2401.00001"
reason = "We cite the first version."
"""


def test_a_baseline_lets_what_the_registry_says_stay(followed, registry):
    project, document = followed
    newer(registry, document)
    (project.path / "b.toml").write_text(BASELINE)
    exempt = ("-D", "pith_baseline=b.toml", "-D", "pith_reports.json=r.json")

    checked = project.build("-W", *exempt, builder="pithcheck")
    built = project.build("-W", *exempt)

    (finding,) = json.loads(checked.text("r.json"))["findings"]
    assert (checked.status, finding["code"], finding["exempt"]) == (0, "superseded", True)
    # Another builder cannot know whether it is needed.
    assert json.loads(built.text("r.json"))["findings"] == []


def test_an_exemption_that_the_registry_gives_no_reason_for_is_told(followed):
    project, _document = followed
    (project.path / "b.toml").write_text(BASELINE)
    options = ("-D", "pith_baseline=b.toml", "-D", "pith_reports.json=r.json")

    checked = project.build(*options, builder="pithcheck")

    (finding,) = json.loads(checked.text("r.json"))["findings"]
    assert (checked.status, finding["code"]) == (0, "unused-exemption")


def test_the_report_of_a_check_says_what_its_exit_code_says(followed, registry):
    project, document = followed
    newer(registry, document)

    checked = project.build("-D", "pith_reports.json=r.json", builder="pithcheck")
    quiet = project.build("-D", "pith_severity.superseded=ignore", builder="pithcheck")

    assert (checked.status, json.loads(checked.text("r.json"))["failed"]) == (1, True)
    assert quiet.status == 0
