"""The modes of a build, and how a lock is written: whole or not at all."""

import json
import os
import shutil
import stat
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pith_agent import Lock, parse_lock
from tests.e2e.roots.locking import read_lock, told, trusting, write_lock
from tests.e2e.roots.project import Project
from tests.registry import LoopbackRegistry, suffix_of


@pytest.fixture(scope="module")
def registry() -> Iterator[LoopbackRegistry]:
    """A registry with two papers. No test changes it."""
    with LoopbackRegistry() as running:
        running.publish(arxiv_id="2401.00001", title="The Locked Paper")
        running.publish(arxiv_id="2401.00002", title="The Missing Paper", claims=("One.", "Two."))
        yield running


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory, registry: LoopbackRegistry) -> Project:
    """A project that cites both papers, with the first in its lock."""
    path = tmp_path_factory.mktemp("modes")
    project = trusting(path, "2401.00001", pith_registry=[registry.url])
    assert project.build("-q", "-W", builder="pithlock").status == 0
    project.page("On :pith:`2401.00001` and :pith:`2401.00002`.")
    return project


@pytest.fixture
def halfway(started: Project, tmp_path: Path, registry: LoopbackRegistry) -> Project:
    """A copy of it, for one test."""
    registry.requests.clear()
    shutil.copytree(started.path, tmp_path / "docs")
    return Project(tmp_path)


@pytest.mark.parametrize(
    ("conf", "variable", "option", "mode"),
    [
        (None, "", "", "locked"),
        ("auto", "", "", "auto"),
        (None, "auto", "", "auto"),
        ("auto", "locked", "", "locked"),
        ("locked", "auto", "", "auto"),
        ("auto", "auto", "locked", "locked"),
        ("locked", "locked", "auto", "auto"),
    ],
)
def test_the_mode_is_that_of_the_option_then_the_variable_then_conf_py(
    halfway: Project,
    registry: LoopbackRegistry,
    conf: str | None,
    variable: str,
    option: str,
    mode: str,
) -> None:
    with (halfway.path / "conf.py").open("a") as file:
        file.write(f"pith_mode = {conf!r}\n")
    before = (halfway.path / "pith.lock").read_bytes()

    options = ["-D", f"pith_mode={option}"] if option else []
    built = halfway.build(*options, builder="dummy", PITH_MODE=variable)

    assert (halfway.path / "pith.lock").read_bytes() == before
    if mode == "locked":
        assert (built.status, told(built)) == (1, {"2401.00002": "unlocked"})
        assert registry.requests == []
    else:
        assert (built.status, built.log) == (0, "")
        assert "mode auto, 1 fetched." in built.info


def test_a_mode_that_there_is_not_ends_the_build(halfway: Project) -> None:
    built = halfway.build(builder="dummy", PITH_MODE="offline")

    assert built.status == 2
    assert "PITH_MODE is 'offline'" in built.log


def test_a_project_without_a_lock_asks_and_one_with_a_lock_asks_for_what_lacks_once(
    halfway: Project, registry: LoopbackRegistry
) -> None:
    first = halfway.build("-D", "pith_mode=auto", builder="dummy")
    asked = len(registry.requests)
    again = halfway.build("-D", "pith_mode=auto", "-E", builder="dummy")
    (halfway.path / "pith.lock").unlink()
    without = halfway.build(builder="dummy")

    assert [built.status for built in (first, again, without)] == [0, 0, 0]
    assert "1 fetched" in first.info
    assert "0 fetched" in again.info
    assert asked > 0
    assert all("2401.00001" not in request for request in registry.requests[:asked])
    assert "mode auto" in without.info
    assert not (halfway.path / "pith.lock").exists()


def test_update_adds_what_is_cited_and_writes_nothing_when_nothing_changed(
    halfway: Project, registry: LoopbackRegistry
) -> None:
    path = halfway.path / "pith.lock"
    path.chmod(0o664)
    built = halfway.build("-W", builder="text", PITH_MODE="update")
    locked_now = path.stat()
    again = halfway.build("-W", "-E", builder="pithlock")
    offline = halfway.build("-W", "-E", builder="text")

    assert [one.status for one in (built, again, offline)] == [0, 0, 0]
    assert sorted(read_lock(halfway).aliases) == ["arxiv:2401.00001", "arxiv:2401.00002"]
    after = path.stat()
    assert (after.st_ino, after.st_mtime_ns) == (locked_now.st_ino, locked_now.st_mtime_ns)
    assert stat.S_IMODE(after.st_mode) == 0o664
    assert "The Missing Paper" in " ".join(offline.text("index.txt").replace("*", "").split())
    assert [name for name in os.listdir(halfway.path) if name.startswith(".")] == []


def test_an_entry_that_is_refuted_is_neither_mended_nor_removed_by_an_update(
    halfway: Project,
) -> None:
    lock = read_lock(halfway)
    ((suffix, entry),) = lock.papers.items()
    bad = {**entry, "paper": {"title": "Another Title", "authors_text": ""}}
    write_lock(halfway, Lock({suffix: bad}, lock.aliases))

    built = halfway.build(builder="pithlock")

    assert (built.status, told(built)) == (1, {"2401.00001": "title-mismatch"})
    assert read_lock(halfway).papers[suffix] == bad
    assert "arxiv:2401.00002" in read_lock(halfway).aliases


def test_a_lock_that_is_a_link_to_a_file_stays_one(halfway: Project, tmp_path: Path) -> None:
    path = halfway.path / "pith.lock"
    path.rename(tmp_path / "shared.lock")
    path.symlink_to(tmp_path / "shared.lock")

    assert halfway.build("-W", builder="pithlock").status == 0
    assert path.is_symlink()
    assert "arxiv:2401.00002" in read_lock(halfway).aliases


KILLER = """
import os, signal, sys

seen = 0

def hook(event, args):
    global seen
    if event in ("open", "os.rename", "os.chmod", "os.remove", "tempfile.mkstemp"):
        if any("pith.lock" in str(arg) for arg in args):
            seen += 1
            if seen == int(os.environ["DIE_AT"]):
                os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(hook)
"""


def test_a_build_that_is_killed_leaves_the_old_lock_or_the_new_one(
    halfway: Project, tmp_path: Path, registry: LoopbackRegistry
) -> None:
    (tmp_path / "hooks").mkdir()
    (tmp_path / "hooks" / "sitecustomize.py").write_text(KILLER)
    path = halfway.path / "pith.lock"
    old = path.read_bytes()
    python = os.pathsep.join([str(tmp_path / "hooks"), halfway.environment()["PYTHONPATH"]])
    left: list[bytes] = []
    statuses: list[int] = []
    for step in range(1, 20):
        path.write_bytes(old)
        built = halfway.build("-q", builder="pithlock", PYTHONPATH=python, DIE_AT=str(step))
        statuses.append(built.status)
        left.append(path.read_bytes())
        if built.status == 0:
            break

    new = left[-1]
    assert statuses == [-9] * (len(statuses) - 1) + [0]
    assert len(statuses) > 4
    assert set(left) == {old, new} != {old}
    assert len(parse_lock(new).papers) == 2


READ_ONLY = (
    "import ctypes, os, sys\n"
    # PR_CAPBSET_DROP: without CAP_DAC_OVERRIDE, modes bind the superuser too.
    "ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)\n"
    "os.execv(sys.argv[1], sys.argv[1:])\n"
)


@pytest.mark.skipif(sys.platform != "linux", reason="modes do not bind the superuser elsewhere")
def test_a_lock_that_cannot_be_written_is_left_as_it_was(halfway: Project) -> None:
    path = halfway.path / "pith.lock"
    old = path.read_bytes()
    halfway.path.chmod(0o555)
    try:
        built = halfway.build(builder="pithlock", before=[sys.executable, "-c", READ_ONLY])
    finally:
        halfway.path.chmod(0o755)

    assert built.status == 2
    assert "pith.lock cannot be written" in built.log
    assert path.read_bytes() == old


def test_a_newer_version_is_bound_only_when_that_is_asked_for(tmp_path: Path) -> None:
    with LoopbackRegistry() as registry:
        older = registry.publish(arxiv_id="2401.00002", title="The Older Paper")
        project = trusting(tmp_path, "2401.00002", pith_registry=[registry.url])
        assert project.build("-W", builder="pithlock").status == 0
        newer = registry.publish(arxiv_id="2401.00002", version=2, title="The Newer Paper")
        held = project.build("-W", builder="pithlock")
        bound = read_lock(project).aliases
        raised = project.build("-W", "-D", "pith_lock_upgrade=1", builder="pithlock")
        lock = read_lock(project)
        pruned = project.build("-W", "-D", "pith_lock_prune=1", builder="pithlock")

    assert [one.status for one in (held, raised, pruned)] == [0, 0, 0]
    assert bound == {"arxiv:2401.00002": suffix_of(older)}
    assert lock.aliases == {"arxiv:2401.00002": suffix_of(newer)}
    assert set(lock.papers) == {suffix_of(older), suffix_of(newer)}
    assert set(read_lock(project).papers) == {suffix_of(newer)}
    assert read_lock(project).aliases == lock.aliases


def test_a_claim_is_locked_whole_and_one_that_is_not_there_or_changed_is_told(
    halfway: Project, tmp_path: Path, registry: LoopbackRegistry
) -> None:
    halfway.page("On :pith:`2401.00002`.")
    assert halfway.build("-W", builder="pithlock").status == 0
    without = read_lock(halfway)
    halfway.page("On :pith:`2401.00002#C2` and :pith:`2401.00002`.")
    locked_without = halfway.build(builder="dummy")
    assert halfway.build("-W", builder="pithlock").status == 0
    lock = read_lock(halfway)
    suffix = lock.aliases["arxiv:2401.00002"]
    whole = halfway.build("-W", out="whole")
    halfway.page("On :pith:`2401.00002#C7`.")
    unknown = halfway.build()
    halfway.page("On :pith:`2401.00002#C2`.")
    paper = json.dumps(lock.papers[suffix]).replace('"Two."', '"Two!"')
    write_lock(halfway, Lock({**lock.papers, suffix: json.loads(paper)}, lock.aliases))
    changed = halfway.build()

    assert "graph_snapshot" not in without.papers[suffix]
    assert "graph_snapshot" in lock.papers[suffix]
    assert (locked_without.status, locked_without.codes) == (1, ["unknown-claim"])
    assert whole.status == 0
    assert "Two." in whole.text("index.html")
    assert (unknown.status, unknown.codes) == (1, ["unknown-claim"])
    assert (changed.status, told(changed)) == (1, {"2401.00002#C2": "snapshot-mismatch"})
    assert "Two!" not in changed.text("index.html")
    assert changed.links() == []
