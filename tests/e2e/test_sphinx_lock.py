"""Sphinx and its lock: nothing in it is believed, and it is written whole or not at all."""

import json
import re
from dataclasses import dataclass
from pathlib import Path

import pytest

from pith_agent import Lock, dump_lock
from pith_agent.protocol.lock import MAX_LOCK_BYTES
from tests.documents import OTHER_KEY, REAL, SUFFIX, Document, receipt, signed_record
from tests.e2e.roots.locking import told, trusting, write_lock
from tests.e2e.roots.project import Built, Project
from tests.locks import locked, tampers

SUMMARY = "WARNING: Pith: the build fails:"


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
    project = trusting(path, *targets)
    write_lock(project, Lock(papers, aliases))
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

    project = trusting(tmp_path, *targets, f"fits <pith:{three[:8]}>")
    write_lock(project, Lock(papers, aliases))
    built = project.build()

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
    """A project whose lock is never used."""
    return trusting(tmp_path_factory.mktemp("bare"), "2401.00001")


@pytest.mark.parametrize("builder", ["pithlock", "dummy"])
@pytest.mark.parametrize("damage", MALFORMED)
def test_a_file_that_is_no_lock_ends_the_build_and_is_left_as_it_is(
    bare: Project, damage: str, builder: str
) -> None:
    data = MALFORMED[damage]
    write_lock(bare, data)

    built = bare.build(builder=builder)

    assert built.status == 2
    assert "[malformed-lock]" in built.log
    assert "pith.lock: " in built.log
    assert (bare.path / "pith.lock").read_bytes() == data


def test_a_lock_that_cannot_be_read_ends_the_build(bare: Project) -> None:
    (bare.path / "directory.lock").mkdir()

    built = bare.build("-D", "pith_lock=directory.lock", builder="dummy")

    assert built.status == 2
    assert "directory.lock cannot be read" in built.log


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
    project = trusting(tmp_path_factory.mktemp("three"))
    write_lock(project, Lock({**lock.papers, suffix: bad}, lock.aliases))
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
    write_lock(three, two_papers())

    mended = three.build("-v", "-W", builder="html")
    write_lock(three, before)
    broken = three.build("-v", builder="html")

    assert (mended.status, broken.status) == (0, 1)
    for built in (mended, broken):
        # Sphinx itself adds the page with the table of contents.
        assert re.findall(r"\[ *\d+%\] (\w+)", built.info) == ["bad", "index"]
    assert broken.marked("bad.html") == ["arXiv:2401.00002 [unverified]"]
    assert len(broken.links("good.html")) == 1
