"""The end of the server: what was begun is answered, within bounds, and the exit status is 0."""

import json
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from http.client import HTTPException
from urllib.parse import urlsplit

import pytest

from pith_agent import Client, Settings
from pith_agent.mcp_server.http import SHUTDOWN_SECONDS
from pith_agent.mcp_server.stdio import DRAIN_SECONDS
from pith_agent.storage.keys import new_key
from tests.agents import INITIALIZE, HttpAgent, StdioAgent, asking
from tests.documents import NUMBER
from tests.faults import hang

SLACK = 3.0
"""Seconds beside the bounds, for a machine that does other things."""
SLOW = {"PITH_TIMEOUT": "60"}
STALLED = [f"2401.{place:05d}" for place in range(1, 50)]


def call(name, tool, **arguments):
    params = {"name": tool, "arguments": arguments}
    return {"jsonrpc": "2.0", "id": name, "method": "tools/call", "params": params}


@pytest.fixture
def asked(registry):
    """The registry takes questions and answers none; set once it has taken one."""
    taken = threading.Event()

    async def stall(*parts):
        taken.set()
        await hang(*parts)

    registry.break_("/", stall)
    yield taken
    registry.heal()


def ended(agent, seconds):
    """The exit status, once the server has ended within so many seconds."""
    begun = time.monotonic()
    status = agent.process.wait(seconds + SLACK)
    assert time.monotonic() - begun < seconds + SLACK
    for reader in agent._readers:
        reader.join(SLACK)
    assert "Warning" not in agent.stderr()
    assert "Traceback" not in agent.stderr()
    return status


@pytest.mark.parametrize("tail", ["\n", ""])
def test_what_was_asked_before_the_end_of_stdin_is_answered(tmp_path, tail):
    new_key(tmp_path / "keys")
    messages = [
        {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": INITIALIZE},
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        call(2, "verify", ids=[NUMBER] * 50),
        call(3, "sign_citation", ids=[NUMBER], relationship="cites", citing_id="x"),
        {"jsonrpc": "2.0", "id": 4, "method": "tools/list"},
    ]
    done = subprocess.run(
        [sys.executable, "-m", "pith_agent", "mcp", "--offline", "--home", str(tmp_path)],
        input="\n".join(map(json.dumps, messages)) + tail,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    answers = {answer["id"]: answer for answer in map(json.loads, done.stdout.splitlines())}
    assert (done.returncode, done.stderr) == (0, "")
    assert answers.keys() == {1, 2, 3, 4}
    (item,) = answers[3]["result"]["structuredContent"]["items"]
    client = Client(Settings(home=tmp_path, offline=True))
    assert client.ledger.get(item["citation"]["citation_id"])
    client.close()


@pytest.mark.parametrize("how", ["the end of stdin", signal.SIGTERM, signal.SIGINT])
def test_stdio_ends_within_its_grace_while_a_registry_hangs(registry, tmp_path, asked, how):
    with StdioAgent(tmp_path / "h", *asking(registry.url, tmp_path), env=SLOW) as agent:
        agent.post(call("slow", "verify", ids=STALLED[:3]))
        assert asked.wait(10)
        if isinstance(how, signal.Signals):
            agent.process.send_signal(how)
        else:
            agent.process.stdin.close()

        assert ended(agent, DRAIN_SECONDS) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stdio_that_does_nothing_ends_at_once(tmp_path, number):
    with StdioAgent(tmp_path, "--offline") as agent:
        agent.process.send_signal(number)

        assert ended(agent, 0.0) == 0


def test_a_call_under_way_is_answered_after_a_signal(registry, tmp_path, asked):
    registry.publish(arxiv_id=STALLED[0])
    with StdioAgent(tmp_path / "h", *asking(registry.url, tmp_path), env=SLOW) as agent:
        agent.post(call("slow", "verify", ids=["nonsense", STALLED[0]]))
        assert asked.wait(10)
        agent.process.send_signal(signal.SIGTERM)
        registry.heal()

        assert agent.read().message["id"] == "slow"
        assert ended(agent, DRAIN_SECONDS) == 0


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_http_that_does_nothing_ends_at_once(tmp_path, number):
    with HttpAgent(tmp_path, "--offline") as agent:
        agent.process.send_signal(number)

        assert ended(agent, 0.0) == 0


def test_http_ends_within_its_grace_while_a_registry_hangs(registry, tmp_path, asked):
    with HttpAgent(tmp_path / "h", *asking(registry.url, tmp_path), env=SLOW) as agent:

        def ask() -> None:
            with suppress(OSError, HTTPException):
                agent.call("verify", ids=STALLED[:20])

        thread = threading.Thread(target=ask)
        thread.start()
        assert asked.wait(10)
        begun = time.monotonic()
        agent.process.send_signal(signal.SIGTERM)

        assert ended(agent, SHUTDOWN_SECONDS) == 0
        assert time.monotonic() - begun < SHUTDOWN_SECONDS + 1
        thread.join(10)


def test_http_ends_although_somebody_listens_to_its_stream(tmp_path):
    with HttpAgent(tmp_path, "--offline") as agent:
        parts = urlsplit(agent.url)
        with socket.create_connection((parts.hostname, parts.port)) as listener:
            listener.sendall(
                b"GET /mcp HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: text/event-stream\r\n\r\n"
            )
            assert listener.recv(12) == b"HTTP/1.1 200"
            agent.process.send_signal(signal.SIGTERM)

            assert ended(agent, SHUTDOWN_SECONDS) == 0


def test_calls_that_wait_for_a_registry_do_not_make_the_server_deaf(registry, tmp_path, asked):
    with StdioAgent(tmp_path / "h", *asking(registry.url, tmp_path), env=SLOW) as agent:
        for name in STALLED:
            agent.post(call(name, "verify", ids=[name]))
        assert asked.wait(10)
        agent.post({"jsonrpc": "2.0", "id": "ping", "method": "ping"})

        assert agent.read(5.0).message["id"] == "ping"
