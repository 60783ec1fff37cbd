"""A client of an MCP server, from the standard library alone, so that it adds little of its own."""

import http.client
import json
import os
import socket
import subprocess
import time
from pathlib import Path
from typing import Any, Protocol, Self

VERSION = "2025-11-25"
HELLO = {
    "protocolVersion": VERSION,
    "capabilities": {},
    "clientInfo": {"name": "benchmark", "version": "1"},
}
START = 30.0
"""Seconds that a server may take to listen."""


class Peer(Protocol):
    """A running server."""

    def request(self, method: str, params: dict[str, Any]) -> dict[str, Any]: ...


class StdioPeer:
    """A server on a pipe. `started` is the seconds from its start to the answer of `initialize`."""

    def __init__(self, command: list[str], home: Path) -> None:
        began = time.perf_counter()
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment(home),
        )
        self._id = 0
        self.request("initialize", HELLO)
        self.started = time.perf_counter() - began
        self._send({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def request(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """The result of a call, or its error as an exception."""
        self._id += 1
        self._send({"jsonrpc": "2.0", "id": self._id, "method": method, "params": params})
        assert self.process.stdout is not None
        while line := self.process.stdout.readline():
            message = json.loads(line)
            if message.get("id") == self._id:
                return result_of(message)
        raise RuntimeError("the server ended")

    def _send(self, message: dict[str, Any]) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message).encode() + b"\n")
        self.process.stdin.flush()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.close()
        self.process.wait(timeout=START)
        self.process.stdout.close()


class HttpPeer:
    """A server on a loopback socket, over one connection that is kept."""

    def __init__(self, command: list[str], port: int, home: Path) -> None:
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment(home),
        )
        wait_for(port)
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=START)
        self._connection.connect()
        # Each request is one small packet and must not wait for the answer to the last.
        self._connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._id = 0
        self.request("initialize", HELLO)

    def request(self, method: str, params: dict[str, Any]) -> dict[str, Any]:
        """The result of a call, or its error as an exception."""
        self._id += 1
        body = json.dumps({"jsonrpc": "2.0", "id": self._id, "method": method, "params": params})
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": VERSION,
        }
        self._connection.request("POST", "/mcp", body, headers)
        response = self._connection.getresponse()
        data = response.read()
        if response.headers.get_content_type() == "text/event-stream":
            events = [line[5:] for line in data.splitlines() if line.startswith(b"data:")]
            data = next(event for event in events if json.loads(event).get("id") == self._id)
        return result_of(json.loads(data))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
        self.process.terminate()
        self.process.wait(timeout=START)


def result_of(message: dict[str, Any]) -> dict[str, Any]:
    """The result of an answer. An error raises: no failure is timed as a success."""
    if "error" in message or message["result"].get("isError"):
        raise RuntimeError(json.dumps(message)[:500])
    result: dict[str, Any] = message["result"]
    return result


def environment(home: Path) -> dict[str, str]:
    """The environment of a server: modules compiled once, as after an installation."""
    left = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**left, "PITH_HOME": str(home), "PITH_OFFLINE": "1"}


def free_port() -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for(port: int) -> None:
    """Return as soon as somebody listens."""
    end = time.monotonic() + START
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.005)
        else:
            return
    raise RuntimeError(f"nobody listens on {port}")
