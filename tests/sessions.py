"""An agent's side of MCP: our server as a process of its own, and a client that checks answers.

Nothing in here knows our code. Tools are called by the names and schemas that the server lists,
and an answer has to be the same as text and as structure, and to fit the schema of its tool.
"""

import json
import os
import re
import select
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, Self

import jsonschema
from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp import Client as McpClient
from mcp.client.stdio import StdioServerParameters
from mcp.types import CallToolResult, Tool

ERAS = {"auto": "2026-07-28", "legacy": "2025-11-25"}
"""How a client connects, and the version of the protocol that comes of it."""

PROGRAM = (sys.executable, "-m", "pith_agent")
READY_SECONDS = 60
_SERVES = re.compile(r"^pith-agent serves MCP on (http://127\.0\.0\.1:[0-9]+/mcp)$", re.M)
_COMMAND = re.compile(r"'(pith-agent [^']+)'")
_CODE = re.compile(r"\[([a-z]+(?:-[a-z]+)+)\]")

Item = dict[str, Any]


def environment(
    home: Path, *, registry: str = "", trust_root: Path | None = None
) -> dict[str, str]:
    """The variables of a server: without a registry it is offline."""
    variables = {"PITH_HOME": str(home), "PITH_TIMEOUT": "10"}
    variables |= {"PITH_REGISTRY": registry} if registry else {"PITH_OFFLINE": "1"}
    variables |= {"PITH_TRUST_ROOT": str(trust_root)} if trust_root else {}
    variables |= {"PITH_PASSPHRASE_FILE": str(_passphrase_file(home))}
    return {**os.environ, **variables}


def _passphrase_file(home: Path) -> Path:
    """A passphrase beside a home, for keys that are made where nobody can type."""
    path = home.parent / f"{home.name}-passphrase"
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text("a passphrase of the tests\n")
    return path


def run_named_command(text: str, variables: dict[str, str]) -> None:
    """Run the one command that a message names in quotes, in the server's environment.

    Raises:
        AssertionError: The message names none, or several, or the command fails.
    """
    (command,) = _COMMAND.findall(text)
    words = shlex.split(command)
    done = subprocess.run(
        [*PROGRAM, *words[1:]],
        env=variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr


class Replica:
    """One server on HTTP, in a process of its own. Several may be started before one is asked."""

    def __init__(self, variables: dict[str, str]) -> None:
        self._process = subprocess.Popen(
            [*PROGRAM, "mcp", "--http", "--port", "0"], env=variables, stderr=subprocess.PIPE
        )
        self._url = ""

    @property
    def url(self) -> str:
        """Where it serves, once it says so."""
        if not self._url:
            self._url = self._announced(time.monotonic() + READY_SECONDS)
        return self._url

    def _announced(self, end: float) -> str:
        assert self._process.stderr is not None
        said = b""
        while not (found := _SERVES.search(said.decode("utf-8"))):
            ready, _, _ = select.select([self._process.stderr], [], [], end - time.monotonic())
            more = os.read(self._process.stderr.fileno(), 4096) if ready else b""
            assert more, f"the server did not start: {said!r}"
            said += more
        return found[1]

    def stop(self) -> str:
        """Ask it to end, and return what else it wrote to stderr."""
        self._process.terminate()
        _, rest = self._process.communicate(timeout=30)
        return rest.decode("utf-8")


@contextmanager
def replicas(*servers: dict[str, str]) -> Iterator[list[Replica]]:
    """Servers on HTTP, started at the same time, one for each set of variables."""
    running: list[Replica] = []
    try:
        running += [Replica(variables) for variables in servers]
        yield running
    finally:
        said = [replica.stop() for replica in running]
    # A warning or a traceback on stderr is no answer that a client would have seen.
    assert said == [""] * len(said)


class Session:
    """A connection to one server. Threads may share it."""

    def __init__(self, server: str | StdioServerParameters, era: str = "auto") -> None:
        self._client = McpClient(server, mode=era, read_timeout_seconds=60)
        self._open = ExitStack()
        self.tools: dict[str, Tool] = {}

    def __enter__(self) -> Self:
        with ExitStack() as opening:
            self._portal: BlockingPortal = opening.enter_context(start_blocking_portal())
            opening.enter_context(self._portal.wrap_async_context_manager(self._client))
            listed = self._portal.call(self._client.list_tools)
            self.tools = {tool.name: tool for tool in listed.tools}
            self._open = opening.pop_all()
        return self

    def __exit__(self, *error: object) -> None:
        self._open.close()

    @property
    def version(self) -> str:
        """The version of the protocol that is spoken."""
        return str(self._client.protocol_version)

    def call(self, tool: str, **arguments: Any) -> Item:
        """The answer of a call that did something, for some entry at least."""
        result = self._call(tool, arguments)
        assert not result.is_error, _text(result)
        answer = result.structured_content
        assert isinstance(answer, dict)
        assert json.loads(_text(result)) == answer
        jsonschema.validate(answer, self.tools[tool].output_schema)
        return answer

    def items(self, tool: str, **arguments: Any) -> list[Item]:
        """The items of that answer."""
        found: list[Item] = self.call(tool, **arguments)["items"]
        return found

    def refusal(self, tool: str, **arguments: Any) -> tuple[str, str]:
        """Code and text of a call that did nothing."""
        result = self._call(tool, arguments)
        assert result.is_error
        assert result.structured_content is None
        (code,) = _CODE.findall(_text(result))
        return code, _text(result)

    def read(self, uri: str) -> Item:
        """A resource that is JSON."""
        (content,) = self._portal.call(self._client.read_resource, uri).contents
        found: Item = json.loads(content.text)
        return found

    def _call(self, tool: str, arguments: dict[str, Any]) -> CallToolResult:
        jsonschema.validate(arguments, self.tools[tool].input_schema)
        return self._portal.call(self._client.call_tool, tool, arguments)


@contextmanager
def connected(transport: str, era: str, variables: dict[str, str]) -> Iterator[Session]:
    """A session with a server of its own, on `stdio` or `http`."""
    if transport == "stdio":
        command, *arguments = [*PROGRAM, "mcp"]
        server = StdioServerParameters(command=command, args=arguments, env=variables)
        with Session(server, era) as session:
            yield session
        return
    with replicas(variables) as (replica,), Session(replica.url, era) as session:
        yield session


def _text(result: CallToolResult) -> str:
    (content,) = result.content
    assert content.type == "text"
    return content.text
