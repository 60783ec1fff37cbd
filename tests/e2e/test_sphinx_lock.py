"""Sphinx and its lock: nothing in it is believed, and it is written whole or not at all."""

import json
import os
import re
import shutil
import stat
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pith_agent import Lock, dump_lock, parse_lock
from pith_agent.protocol.lock import MAX_LOCK_BYTES
from tests.documents import OTHER_KEY, REAL, SUFFIX, TRUST, Document, receipt, signed_record
from tests.e2e.roots.project import Built, Project
from tests.locks import locked, tampers
from tests.registry import LoopbackRegistry, suffix_of

SUMMARY = "WARNING: Pith: the build fails:"


def read(project: Project) -> Lock:
    return parse_lock((project.path / "pith.lock").read_bytes())


def write(project: Project, lock: Lock | bytes) -> None:
    data = lock if isinstance(lock, bytes) else dump_lock(lock)
    (project.path / "pith.lock").write_bytes(data)


def told(built: Built) -> dict[str, str]:
    """Target → code of the warning on it."""
    return dict(re.findall(r"WARNING: (\S+): .*\[pith\.([a-z-]+)\]", built.log))


def with_lock(path: Path, lock: Lock | bytes, *targets: str, **conf: object) -> Project:
    """A page that cites each target on its own line, a lock, and the test's trust root."""
    project = Project(path)
    project.conf(**{"pith_trust_root": "trust.json", "pith_records": []} | conf)
    (project.path / "trust.json").write_text(TRUST.model_dump_json())
    write(project, lock)
    project.page("\n\n".join(f"On :pith:`{target}`." for target in targets))
    return project


@dataclass(frozen=True)
class Tampered:
    """One project whose lock was changed in every way, each change in a paper of its own."""

    built: Built
    changes: dict[str, tuple[str, str]]
    """arXiv id → (path in the entry, what was done to it)."""
    codes: dict[str, str]
    linked: set[str]
    """The arXiv ids that are links."""
    marked: set[str]


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Tampered:
    """Every value of an entry, changed in every way, in one build."""
    papers: dict[str, Document] = {}
    changes: dict[str, tuple[str, str]] = {}
    aliases: dict[str, str] = {}
    for place, (path, done, tamper) in enumerate(tampers(_entry("2401.00001")), 1):
        name = f"2401.{place:05}"
        entry = _entry(name)
        suffix = entry["pith_number"].rpartition(":")[2]
        papers[suffix], changes[name] = tamper(entry), (path, done)
        aliases[f"arxiv:{name}"] = suffix
    path = tmp_path_factory.mktemp("tampered")
    targets = [f"{name} <{name}>" for name in changes]
    project = with_lock(path, Lock(papers, aliases), *targets)
    built = project.build("-q")
    linked = {text for _, _, text in built.links()}
    marks = {text.removesuffix(" [unverified]") for text in built.marked()}
    return Tampered(built, changes, told(built), linked, marks)


def _entry(name: str) -> Document:
    return dict(next(iter(locked(signed_record(arxiv=name)).papers.values())))


def test_a_changed_entry_of_the_lock_fails_the_build_and_has_no_link(whole: Tampered) -> None:
    assert whole.built.status == 1
    assert SUMMARY in whole.built.log
    assert len(whole.changes) > 500
    assert whole.linked.isdisjoint(whole.codes)
    assert whole.linked | set(whole.codes) == set(whole.changes)
    assert whole.marked == set(whole.codes)


LESS = {"deleted", "renamed", "null", "empty", "number", "true", "type"}
"""What leaves a value out, or leaves something that is not read in its place."""
REMOVABLE = re.compile(
    r"(pith_number|canonical_sha256|graph_snapshot(\.claims.*)?|paper(\.title)?"
    r"|receipt\.(canonical_sha256|key_id|public_key_fingerprint|receipt_version|signature_status))"
)
"""What may lack: it is computed, only a hint, or then not shown."""


def test_an_entry_is_a_link_only_if_what_it_lacks_is_not_needed(whole: Tampered) -> None:
    for name in whole.linked:
        path, done = whole.changes[name]
        unsigned = path == "paper.authors_text"
        less = bool(REMOVABLE.fullmatch(path)) and done in LESS
        # A field that nobody reads; and another count only says that claims are left out.
        beside = done == "longer" and path in ("receipt", "paper", "graph_snapshot")
        beside |= path == "graph_snapshot.claims" and done == "longer"
        beside |= path == "graph_snapshot.claims.count"
        beside |= path == "graph_snapshot.claims.items" and done == "longer"
        assert unsigned or less or beside, (path, done)


DOCUMENTED = [
    (r"canonical_record\..*", {"digest-mismatch", "malformed-document"}),
    (r"pith_number", {"number-mismatch", "malformed-document"}),
    (r"canonical_sha256", {"digest-mismatch", "malformed-document"}),
    (r"receipt\.signature_b64", {"invalid-signature", "malformed-document"}),
    (r"receipt\.key_id", {"unknown-key"}),
    (r"paper\.title", {"title-mismatch"}),
    (r"graph_snapshot\.claims\.items\.\d\..*", {"snapshot-mismatch"}),
]


@pytest.mark.parametrize(("path", "codes"), DOCUMENTED)
def test_a_change_is_told_by_the_code_of_the_reference(
    whole: Tampered, path: str, codes: set[str]
) -> None:
    changed = {
        whole.codes.get(name)
        for name, (found, done) in whole.changes.items()
        if re.fullmatch(path, found) and done == "changed"
    }

    assert changed
    assert changed <= codes


def test_what_is_bound_to_the_wrong_paper_is_refused(tmp_path: Path) -> None:
    names = ["2401.00001", "2401.00002", "2401.00003", "2401.00004"]
    lock = locked(*(signed_record(arxiv=name) for name in names), claims=False)
    one, two, three, four = (lock.aliases[f"arxiv:{name}"] for name in names)
    digest = bytes.fromhex(str(lock.papers[four]["canonical_sha256"]))
    forged = {**lock.papers[four], "receipt": receipt(digest, OTHER_KEY) | {"key_id": "other"}}
    papers = {**lock.papers, one: lock.papers[two], two: lock.papers[one], four: forged}
    real = json.loads(REAL)
    papers[SUFFIX] = {k: real[k] for k in ("pith_number", "canonical_record", "receipt")}
    aliases = {
        **lock.aliases,
        "arxiv:1706.03762": three,
        "arxiv:2402.13116": SUFFIX,
        "pith:AAAAAAAA": three,
        f"pith:{three[:8]}": three,
    }
    targets = [*names, f"pith:2024:{one}", "1706.03762", "pith:AAAAAAAA", "2402.13116"]

    built = with_lock(tmp_path, Lock(papers, aliases), *targets, f"fits <pith:{three[:8]}>").build()

    assert built.status == 1
    assert told(built) == {
        "2401.00001": "id-mismatch",
        "2401.00002": "id-mismatch",
        f"pith:2024:{one}": "id-mismatch",
        "1706.03762": "id-mismatch",
        "pith:AAAAAAAA": "id-mismatch",
        "2401.00004": "unknown-key",
        "2402.13116": "unknown-key",  # Signed with a key that this project does not trust.
    }
    assert [text for _, _, text in built.links()] == [signed_title(), "fits"]
    assert len(built.marked()) == 7


def signed_title() -> str:
    return str(signed_record()["paper"]["title"])


LINE = json.dumps(_entry("2401.00001"))
KEY = _entry("2401.00001")["pith_number"].rpartition(":")[2]
MALFORMED = {
    "empty": b"",
    "cut": dump_lock(locked(signed_record()))[:-40],
    "byte-order mark": b"\xef\xbb\xbf" + dump_lock(Lock()),
    "NUL": dump_lock(Lock()) + b"\x00",
    "too large": b" " * (MAX_LOCK_BYTES + (1 << 20)),
    "merge conflict": b"<<<<<<< HEAD\n" + dump_lock(Lock()),
    "other version": dump_lock(Lock()).replace(b": 1,", b": 2,"),
    "unknown part": dump_lock(Lock()).replace(b'"papers"', b'"made": 1, "papers"'),
    "same paper twice": b'{"lock_version": 1, "aliases": {}, "papers": {"%s": {}, "%s": {}}}'
    % (KEY.encode(), KEY.encode()),
    "name that leads nowhere": dump_lock(Lock({}, {"arxiv:2401.00001": KEY})),
    "name in another spelling": dump_lock(Lock({KEY: {}}, {"arXiv:2401.00001": KEY})),
}


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Project:
    return with_lock(tmp_path_factory.mktemp("bare"), Lock(), "2401.00001")


@pytest.mark.parametrize("damage", MALFORMED)
def test_a_file_that_is_no_lock_ends_the_build_and_is_left_as_it_is(
    bare: Project, damage: str
) -> None:
    data = MALFORMED[damage]
    write(bare, data)

    # The builder that would write it, for one.
    built = bare.build(builder="pithlock" if len(damage) % 2 else "dummy")

    assert built.status == 2
    assert "[malformed-lock]" in built.log
    assert "pith.lock: " in built.log
    assert (bare.path / "pith.lock").read_bytes() == data


def test_a_lock_that_cannot_be_read_ends_the_build(bare: Project) -> None:
    (bare.path / "directory.lock").mkdir()

    built = bare.build("-D", "pith_lock=directory.lock", builder="dummy")

    assert built.status == 2
    assert "directory.lock cannot be read" in built.log


@pytest.fixture(scope="module")
def registry() -> Iterator[LoopbackRegistry]:
    """A registry with two papers, and the newer version of one."""
    with LoopbackRegistry() as running:
        running.publish(arxiv_id="2401.00001", title="The Locked Paper")
        running.publish(arxiv_id="2401.00002", title="The Missing Paper", claims=("One.", "Two."))
        yield running


@pytest.fixture(scope="module")
def started(tmp_path_factory: pytest.TempPathFactory, registry: LoopbackRegistry) -> Project:
    """A project that cites both papers, with the first in its lock."""
    path = tmp_path_factory.mktemp("modes")
    project = with_lock(path, Lock(), "2401.00001", pith_registry=[registry.url])
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
    assert sorted(read(halfway).aliases) == ["arxiv:2401.00001", "arxiv:2401.00002"]
    after = path.stat()
    assert (after.st_ino, after.st_mtime_ns) == (locked_now.st_ino, locked_now.st_mtime_ns)
    assert stat.S_IMODE(after.st_mode) == 0o664
    assert "The Missing Paper" in " ".join(offline.text("index.txt").replace("*", "").split())
    assert [name for name in os.listdir(halfway.path) if name.startswith(".")] == []


def test_an_entry_that_is_refuted_is_neither_mended_nor_removed_by_an_update(
    halfway: Project,
) -> None:
    lock = read(halfway)
    ((suffix, entry),) = lock.papers.items()
    bad = {**entry, "paper": {"title": "Another Title", "authors_text": ""}}
    write(halfway, Lock({suffix: bad}, lock.aliases))

    built = halfway.build(builder="pithlock")

    assert (built.status, told(built)) == (1, {"2401.00001": "title-mismatch"})
    assert read(halfway).papers[suffix] == bad
    assert "arxiv:2401.00002" in read(halfway).aliases


def test_a_lock_that_is_a_link_to_a_file_stays_one(halfway: Project, tmp_path: Path) -> None:
    path = halfway.path / "pith.lock"
    path.rename(tmp_path / "shared.lock")
    path.symlink_to(tmp_path / "shared.lock")

    assert halfway.build("-W", builder="pithlock").status == 0
    assert path.is_symlink()
    assert "arxiv:2401.00002" in read(halfway).aliases


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


def test_a_claim_is_locked_whole_and_one_that_is_not_there_or_changed_is_told(
    halfway: Project, tmp_path: Path, registry: LoopbackRegistry
) -> None:
    halfway.page("On :pith:`2401.00002`.")
    assert halfway.build("-W", builder="pithlock").status == 0
    without = read(halfway)
    halfway.page("On :pith:`2401.00002#C2` and :pith:`2401.00002`.")
    locked_without = halfway.build(builder="dummy")
    assert halfway.build("-W", builder="pithlock").status == 0
    lock = read(halfway)
    suffix = lock.aliases["arxiv:2401.00002"]
    whole = halfway.build("-W", out="whole")
    halfway.page("On :pith:`2401.00002#C7`.")
    unknown = halfway.build()
    halfway.page("On :pith:`2401.00002#C2`.")
    paper = json.dumps(lock.papers[suffix]).replace('"Two."', '"Two!"')
    write(halfway, Lock({**lock.papers, suffix: json.loads(paper)}, lock.aliases))
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


def two_papers() -> Lock:
    # Of two years, so that no label needs a letter because of the other.
    earlier = signed_record(arxiv="2401.00001", submitted_at="2023-01-01T00:00:00Z")
    return locked(earlier, signed_record(arxiv="2401.00002"))


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Three pages, of which one cites what the lock has otherwise."""
    lock = two_papers()
    suffix = lock.aliases["arxiv:2401.00002"]
    bad = {**lock.papers[suffix], "paper": {"title": "Another", "authors_text": ""}}
    project = with_lock(
        tmp_path_factory.mktemp("three"), Lock({**lock.papers, suffix: bad}, lock.aliases)
    )
    project.page(".. toctree::\n\n   good\n   bad")
    project.page("On :pith:`2401.00001`.", "good.rst")
    project.page("On :pith:`2401.00002`.", "bad.rst")
    return project


@pytest.mark.parametrize(
    "options",
    [("-j1",), ("-j2",), ("-W", "-j2"), ("-D", "suppress_warnings=pith"), ("-n", "-q")],
)
def test_problems_of_the_lock_are_told_in_every_build_though_nothing_changed(
    three: Project, options: tuple[str, ...]
) -> None:
    first = three.build(*options, builder="text")
    noop = three.build(*options, builder="text")

    for built in (first, noop):
        assert built.status == 1
        assert f"{SUMMARY} title-mismatch (1)." in built.log
        assert built.codes == ([] if "suppress_warnings=pith" in options else ["title-mismatch"])
        assert "[unverified]" in built.text("bad.txt")
    if "-q" not in options:
        assert "0 added, 0 changed, 0 removed" in noop.info


def test_only_the_pages_that_show_what_the_lock_changed_are_written_again(
    three: Project,
) -> None:
    three.build(builder="html")
    before = (three.path / "pith.lock").read_bytes()
    write(three, two_papers())

    mended = three.build("-v", "-W", builder="html")
    write(three, before)
    broken = three.build("-v", builder="html")

    assert (mended.status, broken.status) == (0, 1)
    for built in (mended, broken):
        # Sphinx itself adds the page with the table of contents.
        assert re.findall(r"\[ *\d+%\] (\w+)", built.info) == ["bad", "index"]
    assert broken.marked("bad.html") == ["arXiv:2401.00002 [unverified]"]
    assert len(broken.links("good.html")) == 1


def test_a_newer_version_is_bound_only_when_that_is_asked_for(
    halfway: Project, registry: LoopbackRegistry
) -> None:
    newer = registry.publish(arxiv_id="2401.00002", version=2, title="The Newer Paper")
    with LoopbackRegistry() as old:
        older = old.publish(arxiv_id="2401.00002", title="The Missing Paper")
        halfway.build("-W", "-D", f"pith_registry={old.url}", builder="pithlock")
    held = halfway.build("-W", builder="pithlock")
    bound = read(halfway).aliases["arxiv:2401.00002"]
    raised = halfway.build("-W", "-D", "pith_lock_upgrade=1", builder="pithlock")
    lock = read(halfway)
    pruned = halfway.build("-W", "-D", "pith_lock_prune=1", builder="pithlock")

    assert [one.status for one in (held, raised, pruned)] == [0, 0, 0]
    assert bound == suffix_of(older)
    assert lock.aliases["arxiv:2401.00002"] == suffix_of(newer)
    assert suffix_of(older) in lock.papers
    assert set(read(halfway).papers) == set(lock.papers) - {suffix_of(older)}
    assert read(halfway).aliases == lock.aliases
