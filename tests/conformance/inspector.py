"""The Inspector's command line, on both transports and in both eras of the protocol."""

import json
import secrets
import socket
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.conformance.programs import PITH_AGENT, Outcome, run_tool, serving, shipped

CALL_SECONDS = 60
WORKERS = 2

PAPER = "arXiv:2402.13116"
NUMBER = "pith:2024:ODXWRQYNXKOR3ZX6FVYSFXZLUC"
TOOLS = ["resolve", "fetch", "verify", "sign_citation", "verify_citation", "list_citations"]

OK, USAGE, AUTHORISATION, UNREACHABLE, TOOL_ERROR = 0, 1, 3, 4, 5


class UnexpectedError(Exception):
    """The Inspector ended otherwise than it should, or the server said something else."""


@dataclass(frozen=True, slots=True)
class Target:
    """A server, as the Inspector is told of it."""

    name: str
    arguments: tuple[str, ...]

    def ask(self, method: str, *options: str, status: int = OK) -> Any:
        """The result of one request, if the Inspector ends with `status`."""
        done = run_tool(
            "mcp-inspector", "--cli", *self.arguments, "--method", method, *options,
            "--quiet", "--format", "json", seconds=CALL_SECONDS,
        )  # fmt: skip
        if done.returncode != status:
            said = f"{done.stderr.strip()[:300]} {done.stdout.strip()[:500]}"
            raise UnexpectedError(f"{method} ended with {done.returncode}, not {status}: {said}")
        return json.loads(done.stdout)["result"] if done.stdout.strip() else {}

    def call(self, tool: str, **arguments: Any) -> Any:
        """The structured result of one tool; the text must hold the same."""
        options = ("--tool-name", tool, "--tool-args-json", json.dumps(arguments))
        result = self.ask("tools/call", *options)
        demand(json.loads(result["content"][0]["text"]) == result["structuredContent"], result)
        return result["structuredContent"]


def run_inspector(home: Path) -> list[Outcome]:
    """List and call everything; then make each kind of failure once."""
    subprocess.run(
        [str(PITH_AGENT), "keys", "new", "--no-passphrase", "--home", str(home)],
        check=True,
        capture_output=True,
    )
    token = home / "token"
    token.touch(mode=0o600)
    token.write_text(secrets.token_urlsafe(24), "ascii")
    stdio = ("-e", f"PITH_HOME={home}", "-e", "PITH_OFFLINE=1", str(PITH_AGENT), "mcp")
    with (
        serving("inspector", *shipped(home)) as url,
        serving("token", *shipped(home, "--token-file", str(token))) as locked,
        ThreadPoolExecutor(WORKERS) as pool,
    ):
        targets = [
            Target(f"{transport}, {era}", (*where, "--protocol-era", era))
            for transport, where in (("stdio", stdio), ("http", (url,)))
            for era in ("legacy", "modern")
        ]
        found = list(pool.map(_whole, targets))
        return [*found, *_exits(url, locked, token.read_text("ascii"))]


def demand(holds: bool, said: Any) -> None:
    """Raise unless `holds`."""
    if not holds:
        raise UnexpectedError(f"an answer that was not expected: {json.dumps(said)[:300]}")


def _whole(target: Target) -> Outcome:
    steps = (_lists, _reads, _papers, _citations)
    return _outcome(f"inspector {target.name}", lambda: sum(step(target) for step in steps))


def _lists(target: Target) -> int:
    tools = target.ask("tools/list", "--strict")["tools"]
    demand([tool["name"] for tool in tools] == TOOLS, tools)
    demand(bool(target.ask("prompts/list")["prompts"]), "no prompt")
    demand(bool(target.ask("resources/list")["resources"]), "no resource")
    demand(bool(target.ask("resources/templates/list")["resourceTemplates"]), "no template")
    return 4


def _reads(target: Target) -> int:
    (record,) = target.ask("resources/read", "--uri", f"pith://record/{NUMBER}")["contents"]
    demand(json.loads(record["text"])["items"][0]["pith_number"] == NUMBER, record)
    options = ("--prompt-name", "cite_paper", "--prompt-args", f"paper={PAPER}")
    prompt = target.ask("prompts/get", *options)
    demand(PAPER in prompt["messages"][0]["content"]["text"], prompt)
    return 2


def _papers(target: Target) -> int:
    for tool in ("resolve", "fetch", "verify"):
        (item,) = target.call(tool, ids=[PAPER])["items"]
        demand((item["verdict"], item["pith_number"]) == ("verified", NUMBER), item)
    return 3


def _citations(target: Target) -> int:
    (item,) = target.call("sign_citation", ids=[NUMBER], relationship="cites", citing_id="x")[
        "items"
    ]
    demand(item["status"] == "signed", item)
    signed = item["citation"]
    (checked,) = target.call("verify_citation", citations=[signed["envelope"]])["items"]
    demand(checked["verdict"] == "verified", checked)
    logged = target.call("list_citations", limit=100)["items"]
    demand(signed["citation_id"] in [entry["citation_id"] for entry in logged], logged)
    return 3


def _exits(url: str, locked: str, token: str) -> list[Outcome]:
    server, closed = Target("http", (url,)), Target("closed", (_closed_port(),))
    stranger = Target("token", (locked,))
    bearer = Target("token", (locked, "--header", f"Authorization: Bearer {token}"))
    nothing = ("--tool-name", "resolve", "--tool-args-json", '{"ids":[]}')
    cases: list[tuple[str, Target, tuple[str, ...], int]] = [
        ("a tool's error", server, ("tools/call", *nothing), TOOL_ERROR),
        ("an unknown method", server, ("tools/nonsense",), USAGE),
        ("no server", closed, ("tools/list",), UNREACHABLE),
        ("no token", stranger, ("tools/list",), AUTHORISATION),
        ("the token", bearer, ("tools/list",), OK),
    ]

    def ends(target: Target, request: tuple[str, ...], status: int) -> Callable[[], int]:
        return lambda: len([target.ask(*request, status=status)])

    return [
        _outcome(f"inspector exits {status}: {name}", ends(target, request, status))
        for name, target, request, status in cases
    ]


def _closed_port() -> str:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return f"http://127.0.0.1:{listener.getsockname()[1]}/mcp"


def _outcome(what: str, do: Callable[[], int]) -> Outcome:
    try:
        requests = do()
    except (UnexpectedError, subprocess.TimeoutExpired, KeyError, ValueError) as error:
        return Outcome(what, f"{type(error).__name__}: {error}", passed=False)
    return Outcome(what, f"{requests} requests", passed=True)
