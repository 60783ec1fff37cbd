"""Our server beside a minimal one: start, list of tools, one call, a batch."""

import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.mcp.peer import HttpPeer, Peer, StdioPeer, free_port
from benchmarks.measure import Times, in_turns, machine, median, ms, p95, publish, table
from pith_agent import Client, Settings
from tests.documents import NUMBER, TRUST
from tests.registry import LoopbackRegistry

STARTS = 20
WARM_UP_STARTS = 1
CALLS = 300
WARM_UP = 10
"""Calls of each kind before those that count."""
BATCHES = 30
WARM_UP_BATCHES = 2
RECORDS = 100

MINIMAL = [sys.executable, str(Path(__file__).with_name("minimal_server.py"))]
OURS = [str(Path(sys.executable).with_name("pith-agent")), "mcp"]


def main() -> None:
    """Measure, and write the part of the page."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        numbers = fill(home)
        starts = cold_starts(home)
        calls = {"stdio": on_stdio(home), "HTTP": on_http(home)}
        batches = batch(home, numbers)
    publish("mcp", report(starts, calls, batches))


def fill(home: Path) -> list[str]:
    """Put records into the store at `home`, signed with the key of the tests."""
    root = home / "trust.json"
    root.write_text(TRUST.dump(), encoding="utf-8")
    with LoopbackRegistry() as registry:
        settings = Settings(home=home, registry=(registry.url,), trust_root=root)
        with Client(settings) as client:
            for index in range(RECORDS):
                registry.publish(
                    arxiv_id=f"2401.{index + 1:05}", title=f"Record {index} of a benchmark"
                )
            names = [f"arXiv:2401.{index + 1:05}" for index in range(RECORDS)]
            found = client.resolve(names)
    return [answer.pith_number for answer in found if answer.pith_number]


def cold_starts(home: Path) -> Times:
    """Seconds from the start of a process to the answer of `initialize`."""

    def start(command: list[str]) -> float:
        with StdioPeer(command, home) as peer:
            return peer.started

    things = {"minimal": lambda: start(MINIMAL), "ours": lambda: start(OURS)}
    in_turns(things, WARM_UP_STARTS)  # Compiles what was not compiled yet.
    return in_turns(things, STARTS)


def on_stdio(home: Path) -> Times:
    """Seconds of a call on a pipe."""
    with StdioPeer(MINIMAL, home) as minimal, StdioPeer(OURS, home) as ours:
        return one_call(minimal, ours)


def on_http(home: Path) -> Times:
    """Seconds of a call on a socket."""
    port, other = free_port(), free_port()
    command = [*OURS, "--http", "--port", str(other)]
    with (
        HttpPeer([*MINIMAL, str(port)], port, home) as minimal,
        HttpPeer(command, other, home) as ours,
    ):
        return one_call(minimal, ours)


def one_call(minimal: Peer, ours: Peer) -> Times:
    """Seconds of a call."""

    def call(peer: Peer, tool: str, **arguments: object) -> dict[str, Any]:
        return peer.request("tools/call", {"name": tool, "arguments": arguments})

    things = {
        "minimal: list": lambda: void(minimal.request("tools/list", {})),
        "ours: list": lambda: void(ours.request("tools/list", {})),
        "minimal: echo": lambda: void(call(minimal, "echo", text=NUMBER)),
        "ours: brief": lambda: void(call(ours, "verify", ids=[NUMBER], detail="brief")),
        "ours: full": lambda: void(call(ours, "verify", ids=[NUMBER])),
    }
    # Seen once: a refusal would be quicker than what is to be timed.
    (item,) = call(ours, "verify", ids=[NUMBER])["structuredContent"]["items"]
    assert item["verdict"] == "verified"
    in_turns(things, WARM_UP)
    return in_turns(things, CALLS)


def batch(home: Path, numbers: list[str]) -> Times:
    """Seconds for all records: one call on stdio, and a loop in this process."""
    root = home / "trust.json"
    settings = Settings(home=home, offline=True, trust_root=root)
    command = [*OURS, "--trust-root", str(root)]
    with Client(settings) as client, StdioPeer(command, home) as ours:

        def loop() -> None:
            assert all(client.verify(number).verdict == "verified" for number in numbers)

        def call() -> None:
            result = ours.request("tools/call", {"name": "verify", "arguments": {"ids": numbers}})
            items = result["structuredContent"]["items"]
            assert [item["verdict"] for item in items] == ["verified"] * len(numbers)

        things = {"library": loop, "ours": call}
        in_turns(things, WARM_UP_BATCHES)
        return in_turns(things, BATCHES)


def void(value: object) -> None:
    """Drop a result."""


def report(starts: Times, calls: dict[str, Times], batches: Times) -> str:
    """The part of the page."""
    over = [ours - least for least, ours in zip(starts["minimal"], starts["ours"], strict=True)]
    rows = [row("start to `initialize`, stdio", starts["minimal"], starts["ours"])]
    for transport, times in calls.items():
        rows.append(row(f"`tools/list`, {transport}", times["minimal: list"], times["ours: list"]))
        for detail in ("brief", "full"):
            name = f"`verify` of a stored record, {detail}, {transport}"
            rows.append(row(name, times["minimal: echo"], times[f"ours: {detail}"]))
    rows.append(row(f"`verify` of {RECORDS} records, stdio", batches["library"], batches["ours"]))
    head = ("", "beside", "ours", "ours, p95", "ratio")
    return (
        f"{rounds()}\n\n"
        f"{machine()}. Milliseconds; medians, unless p95 is said.\n\n{table(head, rows)}\n"
        f"Start: {ms(median(over))} ms over the minimal server, the median of {STARTS} pairs.\n"
    )


def rounds() -> str:
    """How often each thing was done."""
    return (
        f"{STARTS} starts, after {WARM_UP_STARTS} that is not counted; {CALLS} calls of each kind"
        f" on each transport, after {WARM_UP};\n{BATCHES} batches, after {WARM_UP_BATCHES}."
    )


def row(name: str, beside: list[float], ours: list[float]) -> list[str]:
    """One line of the table."""
    ratio = median(ours) / median(beside)
    return [name, ms(median(beside)), ms(median(ours)), ms(p95(ours)), f"{ratio:.2f}"]
