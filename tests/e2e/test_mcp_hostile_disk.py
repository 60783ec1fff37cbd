"""The MCP server when the registry stalls, the disk is full or read-only, and the power goes.

Nothing that was handed out is lost, what could not be done is said, and the server goes on.
"""

import json
import random
import shutil
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.client import HTTPException
from pathlib import Path
from typing import Any

import pytest

from pith_agent import Client, Settings
from pith_agent.storage.keys import new_key
from tests.agents import TRANSPORTS, Agent, StdioAgent, asking, verify_as_usual
from tests.documents import NUMBER
from tests.faults import drip, hang
from tests.registry import suffix_of

SIGNING = {"ids": [NUMBER], "relationship": "cites", "citing_id": "x"}
TIMEOUT = 1.0
"""Seconds that a registry has for one document."""
SLACK = 10.0
"""Seconds beside those, for a machine that does other things."""

SMALL_DISK = 'mount -t tmpfs -o size=1m none "$0" && exec "$@"'
READ_ONLY = 'mount --bind "$0" "$0" && mount -o remount,bind,ro "$0" && exec "$@"'


@pytest.fixture
def key(tmp_path):
    """Variables that name a key outside the home."""
    return {"PITH_KEY_FILE": str(new_key(tmp_path / "keys").path)}


@pytest.fixture(params=TRANSPORTS)
def transport(request):
    return TRANSPORTS[request.param]


def mounted(script: str, home: Path) -> list[str]:
    """A command that runs another where `script` has mounted something on `home`."""
    inside = ["unshare", "-rm", "sh", "-c", script, str(home)]
    if not shutil.which("unshare") or subprocess.run([*inside, "true"], check=False).returncode:
        pytest.skip("this machine does not let a test mount anything")
    return inside


def signed(agent: Agent) -> dict[str, Any]:
    """A citation that the server signs now."""
    (item,) = agent.call("sign_citation", **SIGNING).items
    assert item["status"] == "signed"
    return item["citation"]


def refuses_to_sign(agent: Agent) -> None:
    reply = agent.call("sign_citation", **SIGNING)
    assert reply.code == "store-unavailable"
    assert not reply.crash
    assert "envelope" not in reply.raw


def logged(agent: Agent) -> list[str]:
    """The citation ids in the ledger, in order."""
    return [item["citation_id"] for item in agent.call("list_citations", limit=100).items]


@pytest.mark.parametrize("fault", [hang, drip])
def test_a_registry_that_stalls_costs_its_own_items_and_no_more_than_the_deadline(
    transport, registry, tmp_path, fault
):
    healthy = registry.publish(arxiv_id="2401.00001")
    stalled = registry.publish(arxiv_id="2401.00002")
    registry.break_(f"/pith/{suffix_of(stalled)}", fault)
    ids = [healthy["pith_number"], stalled["pith_number"], "nonsense", "2401.00001"]

    with transport(tmp_path / "home", *asking(registry.url, tmp_path), env=within()) as agent:
        begun = time.monotonic()
        items = agent.call("verify", ids=ids).items
        took = time.monotonic() - begun
        verdicts = [item["verdict"] for item in items]
        assert verdicts == ["verified", "unreachable", "invalid", "verified"]
        assert items[1]["code"] == "unreachable"
        assert items[1]["hint"]
        assert took < TIMEOUT + SLACK
        assert agent.call("fetch", ids=ids).items[1]["verdict"] == "unreachable"

        registry.heal()
        verdict, end = "", time.monotonic() + TIMEOUT + SLACK
        while verdict != "verified" and time.monotonic() < end:
            verdict = agent.call("verify", ids=ids).items[1]["verdict"]
        assert verdict == "verified"


def test_other_calls_are_answered_while_a_registry_stalls(registry, tmp_path):
    stalled = registry.publish()
    registry.break_("/pith/", hang)
    call = {"jsonrpc": "2.0", "method": "tools/call"}

    with StdioAgent(tmp_path / "home", *asking(registry.url, tmp_path), env=within(30.0)) as agent:
        for name, ids in (("slow", [stalled["pith_number"]]), ("quick", ["nonsense"])):
            arguments = {"name": "verify", "arguments": {"ids": ids}}
            agent.post({**call, "id": name, "params": arguments})
        assert agent.read().message["id"] == "quick"

        registry.heal()
        assert agent.read().message["id"] == "slow"


def within(seconds: float = TIMEOUT) -> dict[str, str]:
    return {"PITH_TIMEOUT": str(seconds)}


class Ballast:
    """What fills the disk of a server that lives in a mount namespace of its own."""

    def __init__(self, agent: Agent, home: Path) -> None:
        self._path = Path(f"/proc/{agent.process.pid}/root{home}/ballast")

    def load(self) -> None:
        """Write until nothing more fits."""
        with suppress(OSError), self._path.open("ab", buffering=0) as file:
            while file.write(bytes(512)):
                continue

    def drop(self) -> None:
        self._path.unlink()


def test_on_a_full_disk_nothing_is_signed_and_nothing_signed_is_lost(transport, key, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    with transport(home, "--offline", env=key, inside=mounted(SMALL_DISK, home)) as agent:
        before = [signed(agent) for _ in range(3)]
        ballast = Ballast(agent, home)
        ballast.load()
        # The log of the ledger may have room left in pages that it has already.
        for _ in range(400):
            if agent.call("sign_citation", **SIGNING).refused:
                break
        refuses_to_sign(agent)
        verify_as_usual(agent)
        handed_out = logged(agent)
        ballast.drop()
        after = signed(agent)

        assert handed_out[:3] == [citation["citation_id"] for citation in before]
        assert logged(agent)[len(handed_out) :][:1] == [after["citation_id"]]
        (checked,) = agent.call("verify_citation", citations=[after["envelope"]]).items
        assert checked["verdict"] == "verified"


def test_a_disk_that_was_full_from_the_start_can_be_used_once_there_is_room(key, tmp_path):
    home = tmp_path / "home"
    home.mkdir()
    fill = SMALL_DISK.replace("&&", '&& (cat /dev/zero >"$0/ballast" 2>&- || true) &&', 1)
    with StdioAgent(home, "--offline", env=key, inside=mounted(fill, home)) as agent:
        verify_as_usual(agent)
        refuses_to_sign(agent)

        Ballast(agent, home).drop()

        assert signed(agent)["ledger_index"] == 0
        assert len(logged(agent)) == 1


def test_a_record_that_does_not_fit_on_the_disk_is_verified_all_the_same(registry, key, tmp_path):
    number = registry.publish()["pith_number"]
    home = tmp_path / "home"
    home.mkdir()
    options = asking(registry.url, tmp_path)
    with StdioAgent(home, *options, env=key, inside=mounted(SMALL_DISK, home)) as agent:
        ballast = Ballast(agent, home)
        ballast.load()
        for _ in range(2):
            assert agent.call("verify", ids=[number]).items[0]["verdict"] == "verified"

        ballast.drop()
        assert agent.call("verify", ids=[number]).items[0]["verdict"] == "verified"
        asked = len(registry.requests)
        assert agent.call("verify", ids=[number]).items[0]["verdict"] == "verified"
        assert len(registry.requests) == asked, "it is kept now"


def test_a_ledger_that_reaches_its_limit_of_bytes_refuses_and_keeps_what_it_has(key, tmp_path):
    code = "import os, resource as r, sys; r.setrlimit(r.RLIMIT_FSIZE, (200_000, 200_000));"
    inside = [sys.executable, "-c", f"{code} os.execvp(sys.argv[1], sys.argv[1:])"]
    home = tmp_path / "home"
    StdioAgent(home, "--offline").close()  # The store is made where there is no limit.
    handed_out = []
    with StdioAgent(home, "--offline", env=key, inside=inside) as agent:
        for _ in range(400):
            reply = agent.call("sign_citation", **SIGNING)
            if reply.refused:
                break
            handed_out.append(reply.items[0]["citation"])
        refuses_to_sign(agent)
        verify_as_usual(agent)

    assert handed_out
    assert every_one_is_logged(home, key, handed_out) == len(handed_out)


@pytest.mark.parametrize("used", [False, True], ids=["empty", "used before"])
def test_in_a_read_only_home_papers_are_verified_and_nothing_is_signed(
    transport, key, tmp_path, used
):
    home = tmp_path / "home"
    home.mkdir()
    if used:
        with StdioAgent(home, "--offline", env=key) as agent:
            before = signed(agent)
    with transport(home, "--offline", env=key, inside=mounted(READ_ONLY, home)) as agent:
        verify_as_usual(agent)
        refuses_to_sign(agent)
        verify_as_usual(agent)

    if used:
        assert every_one_is_logged(home, key, [before]) == 1
    else:
        assert list(home.iterdir()) == []


HOMES = {
    "a file": "a file",
    "below a device": "/dev/null/x",
    "proc": "/proc",
    "below proc": "/proc/none",
    "a long name": "a" * 300,
}


@pytest.mark.parametrize("place", HOMES.values(), ids=HOMES)
def test_a_home_that_can_be_none_does_not_hinder_verification(key, tmp_path, place):
    (tmp_path / "a file").write_bytes(b"x")
    home = {"PITH_HOME": str(tmp_path / place)}

    with StdioAgent(None, "--offline", env=key | home) as agent:
        verify_as_usual(agent)
        refuses_to_sign(agent)
        verify_as_usual(agent)


def every_one_is_logged(home: Path, key: dict[str, str], citations: list[Any]) -> int:
    """Look for each citation in the ledger, and verify it; the size of the ledger."""
    settings = Settings(home=home, offline=True, key_file=Path(key["PITH_KEY_FILE"]))
    client = Client(settings)
    try:
        for citation in citations:
            entry = client.ledger.get(citation["citation_id"])
            assert entry is not None
            assert entry.index == citation["ledger_index"]
            assert entry.envelope.model_dump(mode="json", by_alias=True) == citation["envelope"]
            assert client.verify_citation(citation["envelope"]).verdict == "verified"
        places = [entry.index for entry in client.ledger.entries(limit=100_000)]
        assert places == list(range(len(client.ledger)))
        return len(places)
    finally:
        client.close()


def test_a_server_killed_while_it_signs_has_logged_each_citation_that_it_gave(key, tmp_path):
    home, chance = tmp_path / "home", random.Random(9115)
    handed_out: list[Any] = []
    for _ in range(5):
        before = len(handed_out)
        with StdioAgent(home, "--offline", env=key) as agent:
            for place in range(40):
                call = {"jsonrpc": "2.0", "id": f"s{place}", "method": "tools/call"}
                arguments = {**SIGNING, "ids": [NUMBER, "1510.03516", "1604.02957"]}
                agent.post({**call, "params": {"name": "sign_citation", "arguments": arguments}})
            for _ in range(chance.randrange(1, 35)):
                handed_out += [item["citation"] for item in agent.read().items]
            agent.kill()
            handed_out += [item["citation"] for item in rest_of(agent)]
        assert every_one_is_logged(home, key, handed_out[before:]) >= len(handed_out)

    with StdioAgent(home, "--offline", env=key) as agent:
        size = every_one_is_logged(home, key, handed_out)
        assert signed(agent)["ledger_index"] == size
        verify_as_usual(agent)


def rest_of(agent: Agent) -> list[dict[str, Any]]:
    """The items of the answers that were on the way when the server was killed."""
    found: list[dict[str, Any]] = []
    while line := agent.lines.get(timeout=10):
        if line.endswith(b"\n"):
            found += json.loads(line)["result"]["structuredContent"]["items"]
    return found


def test_a_server_killed_while_it_signs_over_http_has_logged_what_it_gave(key, tmp_path):
    home, chance = tmp_path / "home", random.Random(2731)
    handed_out: list[Any] = []
    enough = threading.Semaphore(0)

    for _ in range(3):
        with TRANSPORTS["http"](home, "--offline", env=key) as agent:

            def sign(agent: Agent = agent) -> None:
                # Ends when the server does: a connection is refused, or an answer has no end.
                with suppress(OSError, HTTPException, KeyError):
                    while True:
                        handed_out.append(signed(agent))
                        enough.release()

            with ThreadPoolExecutor(4) as threads:
                ends = [threads.submit(sign) for _ in range(4)]
                for _ in range(chance.randrange(1, 30)):
                    assert enough.acquire(timeout=30)
                agent.kill()
            assert [end.result() for end in ends] == [None] * 4
        assert every_one_is_logged(home, key, handed_out) >= len(handed_out)

    with TRANSPORTS["http"](home, "--offline", env=key) as agent:
        assert signed(agent)["ledger_index"] == every_one_is_logged(home, key, handed_out) - 1
        verify_as_usual(agent)
