"""Sphinx and the network: none in locked mode, and no fault of a registry that ends badly."""

import os
import re
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from pith_agent import Lock, dump_lock
from tests import faults
from tests.documents import REAL, TITLE, signed_record
from tests.e2e.roots.locking import cite, told, trusting
from tests.e2e.roots.project import Built, Project
from tests.faults import Fault
from tests.locks import locked
from tests.registry import LoopbackRegistry, edited, suffix_of

GUARD = """
import os, sys

def probes():
    # urllib3, which Sphinx imports, binds one socket to ::1 to learn whether there is IPv6.
    frame = sys._getframe()
    while frame is not None and frame.f_code.co_name != "_has_ipv6":
        frame = frame.f_back
    return frame is not None

def hook(event, args):
    if event.startswith("socket.") or event == "urllib.Request":
        if not probes():
            os.write(2, f"GUARD: {event} {args[1:]}".encode())
            os._exit(97)

sys.addaudithook(hook)
"""


@pytest.fixture(scope="module")
def settled(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with a lock, with records, and with a citation that neither has."""
    path = tmp_path_factory.mktemp("settled")
    project = asking(path, "http://127.0.0.1:1", "2401.00001", "2401.00001#C1", "2402.13116")
    project.page("On :pith:`2401.00001`, :pith:`2401.00001#C1`.\n\n.. toctree::\n\n   other")
    project.page("Not there: :pith:`2401.00009`, :pith:`pith:AAAAAAAA`.", "other.rst")
    (project.path / "pith.lock").write_bytes(dump_lock(locked(signed_record(arxiv="2401.00001"))))
    (path / "hooks").mkdir()
    (path / "hooks" / "sitecustomize.py").write_text(GUARD)
    return project


def asking(path: Path, registry: LoopbackRegistry | str, *targets: str) -> Project:
    """A project that may ask this registry."""
    url = registry if isinstance(registry, str) else registry.url
    return trusting(path, *targets, pith_registry=[url])


def guarded(project: Project) -> dict[str, str]:
    hooks = str(project.work / "hooks")
    return {"PYTHONPATH": os.pathsep.join([hooks, project.environment()["PYTHONPATH"]])}


@pytest.mark.parametrize(
    ("builder", "options"), [("html", ("-j1",)), ("text", ("-j2", "-E")), ("dummy", ())]
)
def test_a_build_in_mode_locked_opens_no_socket(
    settled: Project, builder: str, options: tuple[str, ...]
) -> None:
    built = settled.build(*options, builder=builder, **guarded(settled))

    assert "GUARD" not in built.log
    assert (built.status, sorted(built.codes)) == (1, ["unlocked", "unlocked"])
    assert "socket" not in built.log


def test_the_commands_that_need_no_network_open_no_socket(settled: Project) -> None:
    docs, lock = str(settled.path), str(settled.path / "pith.lock")
    trust = str(settled.path / "trust.json")

    check = settled.call("lock", "--check", docs, **guarded(settled))
    verify = settled.call("verify", "--trust-root", trust, lock, **guarded(settled))

    assert "GUARD" not in check.log + verify.log
    assert (check.status, check.codes) == (1, ["unlocked", "unlocked"])
    assert verify.status == 0


def test_the_guard_sees_a_build_that_asks(settled: Project) -> None:
    built = settled.build(builder="dummy", PITH_MODE="auto", **guarded(settled))

    assert built.status == 97
    assert "GUARD: socket." in built.log


def test_a_build_in_mode_locked_needs_no_interface_at_all(settled: Project) -> None:
    alone = ["unshare", "-rn"]
    try:
        probe = subprocess.run([*alone, "true"], capture_output=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no unshare on this machine")
    if probe.returncode != 0:
        pytest.skip("this system lets no network namespace be made")

    built = settled.build("-E", builder="text", before=alone)

    assert (built.status, sorted(built.codes)) == (1, ["unlocked", "unlocked"])


@dataclass(frozen=True)
class Answer:
    """What a registry does with a paper, and what a build says of it."""

    fault: Fault | None
    code: str | None


ELSEWHERE = "http://127.0.0.2:9/pith/X.json"
ANSWERS = {
    "2401.00001": Answer(None, None),
    "2401.00002": Answer(faults.status(404), "not-found"),
    "2401.00003": Answer(faults.status(410), "not-found"),
    "2401.00004": Answer(faults.status(429, {"retry-after": "3600"}), "rate-limited"),
    "2401.00005": Answer(faults.status(500), "bad-response"),
    "2401.00006": Answer(faults.status(503, {"retry-after": "9999999999"}), "unreachable"),
    "2401.00007": Answer(faults.hang, "unreachable"),
    "2401.00008": Answer(faults.drip, "unreachable"),
    "2401.00009": Answer(faults.redirect(ELSEWHERE), "unsafe-address"),
    "2401.00010": Answer(faults.redirect("file:///etc/passwd"), "unsafe-address"),
    "2401.00011": Answer(faults.oversize(3 << 20), "bad-response"),
    "2401.00012": Answer(faults.bomb(64 << 20), "bad-response"),
    "2401.00013": Answer(faults.body(b"<html>Not JSON</html>"), "malformed-json"),
    "2401.00014": Answer(faults.body(b'{"pith_number": 1}'), "malformed-document"),
    "2401.00015": Answer(faults.truncated(), "bad-response"),
    "2401.00016": Answer(faults.changed(lambda body: body.replace(b"Sixteen", b"16")), None),
    "2401.00017": Answer(None, None),
}
NETWORK = {"unreachable", "rate-limited", "bad-response", "unsafe-address"}
DEADLINE = 30.0
"""Seconds for one paper, from `Settings.timeout`."""


@dataclass(frozen=True)
class Stormy:
    """A build against a registry that answers every paper otherwise."""

    project: Project
    registry: LoopbackRegistry
    built: Built
    seconds: float
    names: dict[str, str]
    """arXiv id → Pith Number."""


@pytest.fixture(scope="module")
def stormy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stormy]:
    """All faults at once, since each that hangs takes the time of one paper."""
    with LoopbackRegistry() as registry:
        names: dict[str, str] = {}
        for name, answer in ANSWERS.items():
            title = "The Title Sixteen" if name == "2401.00016" else f"The Paper {name}"
            document = registry.publish(arxiv_id=name, title=title)
            names[name] = document["pith_number"]
            if answer.fault is not None:
                registry.break_(f"/pith/{suffix_of(document)}", answer.fault)
        path = tmp_path_factory.mktemp("stormy")
        project = asking(path, registry, *names.values())
        began = time.monotonic()
        built = project.build(builder="text")
        yield Stormy(project, registry, built, time.monotonic() - began, names)


def expected() -> dict[str, str]:
    codes = {name: one.code for name, one in ANSWERS.items() if one.code is not None}
    return codes | {"2401.00016": "title-mismatch"}


def test_each_fault_of_a_registry_has_its_code_and_spoils_no_other_paper(
    stormy: Stormy,
) -> None:
    numbers = {number: name for name, number in stormy.names.items()}
    codes = {numbers[target]: code for target, code in told(stormy.built).items()}

    assert codes == expected()
    assert stormy.built.status == 1
    # Nobody waits longer than for one paper; Sphinx itself takes some seconds too.
    assert DEADLINE / 2 < stormy.seconds < DEADLINE + 25
    paragraphs = stormy.built.text("index.txt").split("\n\n")
    for name, number in stormy.names.items():
        (shown,) = (text for text in paragraphs if number.rpartition(":")[2] in text)
        outage = codes.get(name) in NETWORK
        mark = "[unchecked]" if outage else "[unverified]" if name in codes else None
        assert re.findall(r"\[un\w+\]", shown) == ([mark] if mark else []), name
    was_kept(stormy)


def was_kept(stormy: Stormy) -> None:
    """What was fetched is there for the next build, though the registry is out by then."""
    good = [stormy.names[name] for name in ("2401.00001", "2401.00017")]
    cite(stormy.project, *good, stormy.names["2401.00004"])
    stormy.registry.requests.clear()
    stormy.registry.break_("/", faults.status(404))

    built = stormy.project.build(builder="text", out="kept")

    assert told(built).keys() == {stormy.names["2401.00004"]}
    suffixes = [number.rpartition(":")[2] for number in good]
    assert not any(suffix in asked for asked in stormy.registry.requests for suffix in suffixes)


def test_a_registry_that_answers_for_no_paper_is_not_asked_for_all_of_them(
    tmp_path: Path, registry: LoopbackRegistry
) -> None:
    names = [registry.publish(arxiv_id=f"2401.{n:05}")["pith_number"] for n in range(1, 61)]
    project = asking(tmp_path, registry, *names[50:])
    assert project.build("-W", builder="dummy").status == 0
    cite(project, *names)
    registry.break_("/", faults.status(503))
    registry.requests.clear()

    built = project.build(builder="dummy")

    assert (built.status, set(built.codes)) == (0, {"unreachable"})
    assert len(set(registry.requests)) == 16
    # The store serves what it has, asked or not.
    assert set(told(built)) == set(names[:50])


def test_an_outage_alone_is_a_warning_and_fails_a_strict_build(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    project = asking(tmp_path, url, "2401.00001", "pith:2024:" + "A" * 26)

    plain = project.build()
    strict = project.build("-W", builder="dummy")
    failing = project.build("-D", "pith_severity.unreachable=error", builder="dummy")

    assert [one.status for one in (plain, strict, failing)] == [0, 1, 1]
    assert plain.codes == ["unreachable", "unreachable"]
    assert len(plain.marked()) == 2
    assert all(text.endswith(" [unchecked]") for text in plain.marked())


def test_a_registry_that_asks_to_wait_a_moment_is_asked_again_after_it(
    tmp_path: Path, registry: LoopbackRegistry
) -> None:
    document = registry.publish(arxiv_id="2401.00001")
    path = f"/pith/{suffix_of(document)}"
    registry.break_(path, faults.status(429, {"retry-after": "2"}), times=1)
    project = asking(tmp_path, registry, document["pith_number"])

    began = time.monotonic()
    built = project.build("-W", builder="dummy")

    assert (built.status, built.log) == (0, "")
    assert time.monotonic() - began > 2
    assert [asked for asked in registry.requests if path in asked] == [f"GET {path}.json"] * 2


def test_a_registry_cannot_give_another_paper_than_was_asked_for(
    tmp_path: Path, registry: LoopbackRegistry
) -> None:
    one = registry.publish(arxiv_id="2401.00001")
    two = registry.publish(arxiv_id="2401.00002")
    registry.break_(f"/pith/{suffix_of(one)}", faults.body(edited(two, dict)))
    project = asking(tmp_path, registry, one["pith_number"], "2401.00001", "2401.00002")

    built = project.build("-D", "pith_mode=update")

    assert (built.status, set(told(built).values())) == (1, {"id-mismatch"})
    assert len(built.links()) == 1
    assert suffix_of(one) not in (project.path / "pith.lock").read_text()


def test_a_wish_for_newer_versions_is_for_the_builder_that_may_ask(tmp_path: Path) -> None:
    project = Project.citing(tmp_path, "2402.13116", pith_lock_upgrade=True)

    built = project.build("-W", builder="dummy")

    assert (built.status, built.log) == (0, "")


def test_records_and_lock_serve_one_project_together(tmp_path: Path) -> None:
    project = Project.citing(tmp_path, "2402.13116")
    (project.path / "pith.lock").write_bytes(dump_lock(Lock()))

    built = project.build("-W")

    assert [text for _, _, text in built.links()] == [TITLE]
    assert (project.path / "records" / "2402.13116.json").read_bytes() == REAL
