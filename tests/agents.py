"""Hosts of our own: they start `pith-agent mcp` as a program, and speak to it byte by byte.

They are not the SDK's client, since they have to send what a proper client never would.
"""

import json
import os
import queue
import re
import signal
import subprocess
import sys
import threading
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pith_agent.errors import error_class
from pith_agent.tools import TOOLS
from tests.documents import NUMBER, TRUST

ERA = "2025-11-25"
PATIENCE = 30.0
"""Seconds after which a server that says nothing is taken for dead."""

REQUIRED = {"ids": [NUMBER], "relationship": "cites", "citing_id": "x", "citations": [{}]}

INITIALIZE = {
    "protocolVersion": ERA,
    "capabilities": {},
    "clientInfo": {"name": "a host of the tests", "version": "1"},
}


_CRASH = re.compile(
    r"Traceback|\.py\b|line \d+, in|[Pp]ydantic|input_value|Python|object at 0x"
    r"|\b(?:[a-z_0-9]+\.)*[A-Z][a-z]\w*(?:Error|Exception)\b"
)
"""What only a crash would say."""

_CODE = re.compile(r"\[([a-z-]+)\] (.+)\Z", re.S)


@dataclass(frozen=True, slots=True)
class Reply:
    """What came back for one request."""

    message: dict[str, Any]
    """The whole JSON-RPC message; empty if the body was none."""
    raw: str
    """The same as it stood on the wire."""
    status: int = 200
    """Of HTTP."""

    @property
    def result(self) -> dict[str, Any]:
        return self.message["result"]

    @property
    def refused(self) -> bool:
        """Whether the tool said that nothing could be done."""
        return bool(self.message.get("result", {}).get("isError"))

    @property
    def code(self) -> str:
        """The code of a refusal, after a look that it is one of ours and has its hint."""
        assert self.refused, self.raw[:500]
        assert "structuredContent" not in self.result, "some hosts would hide the message"
        found = _CODE.search(self.text)
        assert found, f"no code in: {self.text[:500]}"
        assert error_class(found[1]).code == found[1]
        assert found[2] == error_class(found[1]).hint
        return found[1]

    @property
    def crash(self) -> str:
        """What in it only a crash would say; empty as it should be."""
        found = _CRASH.search(self.raw)
        return found[0] if found else ""

    @property
    def text(self) -> str:
        """What a model is shown by hosts that show text; the error's message if there is one."""
        if "error" in self.message:
            return str(self.message["error"]["message"])
        return "".join(part["text"] for part in self.result["content"])

    @property
    def items(self) -> list[dict[str, Any]]:
        """The items, after a look that both channels say the same."""
        assert not self.refused, self.text
        assert json.loads(self.text) == self.result["structuredContent"]
        return self.result["structuredContent"]["items"]


class Agent(ABC):
    """A running server, and the one conversation with it."""

    def __init__(
        self,
        home: Path | None,
        *options: str,
        env: Mapping[str, str] | None = None,
        inside: Sequence[str] = (),
        transport: Sequence[str] = (),
    ) -> None:
        """Start the server.

        Args:
            home: Its directory; `None` if a variable names it.
            options: More words of the command line.
            env: Variables beside those of the tests.
            inside: A command that runs the server, as one that makes a namespace for it.
            transport: The options that choose the transport.
        """
        command = [sys.executable, "-m", "pith_agent", "mcp"]
        if home is not None:
            command += ["--home", str(home)]
        self.process = subprocess.Popen(
            [*inside, *command, *transport, *options],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**_environment(), **(env or {})},
            start_new_session=True,
        )
        self._next = 0
        self.lines: queue.Queue[bytes] = queue.Queue()
        """Lines of stdout; an empty one at its end."""
        self.log: queue.Queue[bytes] = queue.Queue()
        """Lines of stderr; likewise."""
        self._readers = [
            threading.Thread(target=_drain, args=pair, daemon=True)
            for pair in ((self.process.stdout, self.lines), (self.process.stderr, self.log))
        ]
        for reader in self._readers:
            reader.start()

    def call(self, tool: str, **arguments: Any) -> Reply:
        """Call one tool."""
        return self.ask("tools/call", {"name": tool, "arguments": arguments})

    def ask(self, method: str, params: Any) -> Reply:
        """Send one request, and wait for its answer."""
        self._next += 1
        request = {"jsonrpc": "2.0", "id": self._next, "method": method, "params": params}
        return self.send(json.dumps(request).encode("ascii"))

    @abstractmethod
    def send(self, body: bytes) -> Reply:
        """Send these bytes as one message, and wait for the answer."""

    @abstractmethod
    def provoke(self, body: bytes) -> Reply | None:
        """Send what is no request; the answer, or `None` if the server passes over it."""

    def __enter__(self) -> "Agent":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def kill(self) -> None:
        """End the server at once, as an outage would."""
        if self.alive:
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait(PATIENCE)

    def close(self) -> None:
        """End the server, and let go of everything."""
        self.kill()
        for reader in self._readers:
            reader.join(PATIENCE)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            with suppress(BrokenPipeError):  # What was not yet sent has nobody to go to.
                stream.close()

    @contextmanager
    def _closed_on_failure(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self.close()
            raise

    def stderr(self) -> str:
        """What the server has logged so far."""
        return b"".join(self.log.queue).decode("utf-8", "replace")


class StdioAgent(Agent):
    """A host that speaks over standard input and output."""

    def __init__(self, home: Path | None, *options: str, opened: bool = True, **how: Any) -> None:
        """Start the server and shake hands with it, unless the first message is to be another."""
        super().__init__(home, *options, **how)
        with self._closed_on_failure():
            if opened:
                self.open()

    def open(self) -> None:
        """Shake hands."""
        assert "result" in self.ask("initialize", INITIALIZE).message
        self.post({"jsonrpc": "2.0", "method": "notifications/initialized"})

    def post(self, message: dict[str, Any]) -> None:
        """Send a message that has no answer."""
        self.write(json.dumps(message).encode("ascii"))

    def send(self, body: bytes) -> Reply:
        self.write(body)
        return self.read()

    def provoke(self, body: bytes) -> Reply | None:
        # A request behind it tells silence from slowness: lines are read in order.
        self.write(body)
        self.write(b'{"jsonrpc":"2.0","id":"behind","method":"ping"}')
        first = self.read()
        if first.message.get("id") == "behind":
            return None
        assert self.read().message["id"] == "behind"
        return first

    def write(self, body: bytes) -> None:
        """Send one line."""
        assert self.process.stdin is not None
        self.process.stdin.write(body + b"\n")
        self.process.stdin.flush()

    def read(self, patience: float = PATIENCE) -> Reply:
        """The next answer; notifications are passed over."""
        while True:
            try:
                line = self.lines.get(timeout=patience)
            except queue.Empty:
                raise AssertionError(f"the server says nothing; {self.stderr()[-2000:]}") from None
            if not line:
                self.lines.put(line)  # The end stays the end.
                raise AssertionError(f"the server ended; it logged: {self.stderr()[-2000:]}")
            message = json.loads(line)
            if "method" not in message:
                return Reply(message, line.decode("utf-8"))


class HttpAgent(Agent):
    """A host that speaks over Streamable HTTP."""

    def __init__(self, home: Path | None, *options: str, **how: Any) -> None:
        """Start the server on a free port, and wait until it listens."""
        super().__init__(home, *options, transport=("--http", "--port", "0"), **how)
        self.url = ""
        with self._closed_on_failure():
            while not self.url:
                line = self.log.get(timeout=PATIENCE)
                assert line, "the server ended before it listened"
                if b"serves MCP on " in line:
                    self.url = line.split()[-1].decode("ascii")

    def send(self, body: bytes) -> Reply:
        parts = urlsplit(self.url)
        connection = HTTPConnection(parts.hostname, parts.port, timeout=PATIENCE)
        headers = {
            "Content-Type": "application/json",
            "Accept": "application/json, text/event-stream",
            "MCP-Protocol-Version": ERA,
        }
        try:
            # A large body is refused before its end; the answer is there all the same.
            with suppress(BrokenPipeError, ConnectionResetError):
                connection.request("POST", parts.path, body, headers)
            response = connection.getresponse()
            text = response.read().decode("utf-8")
        finally:
            connection.close()
        if response.headers.get_content_type() == "text/event-stream":
            text = _event(text)
        return Reply(_message(text), text, response.status)

    def provoke(self, body: bytes) -> Reply | None:
        return self.send(body)


TRANSPORTS: dict[str, type[Agent]] = {"stdio": StdioAgent, "http": HttpAgent}


class Pool:
    """Servers that several tests share: a new one is started only if the last one ended."""

    def __init__(self) -> None:
        self._running: dict[tuple[str, Path], Agent] = {}

    def get(self, transport: str, home: Path, *options: str, **how: Any) -> Agent:
        """The server of that home on that transport; the rest is for its start."""
        found = self._running.get((transport, home))
        if found is None or not found.alive:
            if found is not None:
                found.close()
            found = TRANSPORTS[transport](home, *options, **how)
            self._running[transport, home] = found
        return found

    def close(self) -> None:
        """End all of them."""
        for agent in self._running.values():
            agent.close()


def unseen(value: Any) -> set[str]:
    """Characters in any string of a JSON value that steer a terminal or cannot be seen."""
    if isinstance(value, str):
        return {c for c in value if unicodedata.category(c).startswith("C")}
    if isinstance(value, dict):
        value = [*value, *value.values()]
    return set().union(*map(unseen, value)) if isinstance(value, list) else set()


def places(value: Any, mark: str, place: str = "") -> set[str]:
    """Where in a JSON value `mark` stands, as `items.checks.found`; a name of it as `items.*`."""
    if isinstance(value, dict):
        inside = [places(item, mark, f"{place}.{name}") for name, item in value.items()]
        names = {f"{place}.*".removeprefix(".") for name in value if mark in name}
        return names.union(*inside)
    if isinstance(value, list):
        return set().union(*(places(item, mark, place) for item in value))
    return {place.removeprefix(".")} if isinstance(value, str) and mark in value else set()


def verify_as_usual(agent: Agent, number: str = NUMBER) -> None:
    """The server is alive, and does its work."""
    assert agent.alive
    (item,) = agent.call("verify", ids=[number]).items
    assert (item["verdict"], item["code"]) == ("verified", "ok")


def needed(tool: str) -> dict[str, Any]:
    """The arguments that a tool cannot do without."""
    schema = next(one for one in TOOLS if one.name == tool).input_schema
    return {name: REQUIRED[name] for name in schema.get("required", ())}


def wrong(schema: dict[str, Any]) -> list[Any]:
    """Values that a property of this schema cannot have; a bare entry stands for a list of one."""
    nested = {"a": [{"b": {}}]}
    if "enum" in schema:
        return [5, True, ["cites"], nested, "nonsense", ""]
    if schema["type"] == "array":
        entries = schema["items"]
        if entries.get("type") == "string":
            return [5, 1.5, True, nested, [5], [None], [["x"]], [nested]]
        names = [] if "anyOf" in entries else ["x", ["x"]]
        return [5, True, *names, [5], [None], [[nested]]]
    if schema["type"] == "integer":
        return ["x", "", 1.5, [1], nested]
    if schema["type"] == "boolean":
        return ["maybe", 2, [True], nested]
    return [5, 1.5, True, ["x"], nested]


def asking(url: str, folder: Path) -> list[str]:
    """The options of a server that asks the test registry at `url` and trusts its key."""
    trust = folder / "trust.json"
    trust.write_text(TRUST.dump(), "utf-8")
    return ["--registry", url, "--trust-root", str(trust)]


def _environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PITH_")}


def _event(stream: str) -> str:
    """The last event's data: the answer, after any notifications."""
    data = [line[6:] for line in stream.splitlines() if line.startswith("data: ")]
    return data[-1] if data else ""


def _message(text: str) -> dict[str, Any]:
    try:
        message = json.loads(text)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}


def _drain(stream: Any, lines: "queue.Queue[bytes]") -> None:
    for line in stream:
        lines.put(line)
    lines.put(b"")
