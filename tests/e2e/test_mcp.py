"""The MCP server, as hosts of both protocol eras use it."""

import dataclasses
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import anyio
import pytest
from mcp import Client as McpClient
from mcp import MCPError
from mcp.client.stdio import StdioServerParameters
from mcp.server import MCPServer
from mcp.types import INVALID_PARAMS, ResourceTemplateReference

from pith_agent import Client, Settings
from pith_agent.mcp_server.server import build_server
from pith_agent.mcp_server.tools import DefinedTool
from pith_agent.storage.keys import new_key
from pith_agent.tools import TOOLS, call_tool
from pith_agent.tools.definition import BATCH

NUMBER = "pith:2024:ODXWRQYNXKOR3ZX6FVYSFXZLUC"
ERAS = ("auto", "legacy")


@pytest.fixture
def home(tmp_path):
    new_key(tmp_path / "keys")
    return tmp_path


@pytest.fixture
def offline(home):
    client = Client(Settings(home=home, offline=True))
    yield client
    client.close()


@pytest.fixture(params=ERAS)
def ask(offline, request):
    """Call one tool of a server in memory, in both eras."""

    def ask(tool: str, **arguments: Any) -> Any:
        async def once() -> Any:
            async with McpClient(build_server(offline), mode=request.param) as session:
                try:
                    return await session.call_tool(tool, arguments)
                except MCPError as error:  # Caught here: outside it is part of a group.
                    return error

        return anyio.run(once)

    return ask


def items(result: Any) -> list[dict[str, Any]]:
    assert not result.is_error, result.content[0].text
    assert json.loads(result.content[0].text) == result.structured_content
    return result.structured_content["items"]


def test_the_tools_are_listed_in_order_with_closed_schemas_and_all_annotations(offline):
    async def listed() -> Any:
        async with McpClient(build_server(offline)) as session:
            return (await session.list_tools()).tools

    tools = anyio.run(listed)

    assert [tool.name for tool in tools] == [
        "resolve", "fetch", "verify", "sign_citation", "verify_citation", "list_citations",
    ]  # fmt: skip
    for tool in tools:
        assert tool.input_schema["additionalProperties"] is False
        assert tool.output_schema is not None
        assert len(tool.description) < 2000
        hints = tool.annotations.model_dump()
        assert hints["destructive_hint"] is False
        assert hints["read_only_hint"] is (tool.name != "sign_citation")
        assert hints["idempotent_hint"] is (tool.name != "sign_citation")
        assert hints["open_world_hint"] is (tool.name != "list_citations")


def test_the_list_of_tools_takes_at_most_12_kb_of_an_agents_context(offline):
    async def listed() -> Any:
        async with McpClient(build_server(offline)) as session:
            return await session.list_tools()

    result = anyio.run(listed).model_dump(by_alias=True, mode="json", exclude_none=True)

    assert len(json.dumps(result, separators=(",", ":"), ensure_ascii=False).encode()) <= 12_000


def test_each_identifier_has_an_answer_of_its_own(ask):
    found = items(ask("resolve", ids=["arXiv:2402.13116", "1706.03762", "nonsense"]))

    assert [item["verdict"] for item in found] == ["verified", "unreachable", "invalid"]
    assert [item["code"] for item in found] == ["ok", "offline", "invalid-identifier"]
    assert found[0]["pith_number"] == NUMBER


def test_a_single_identifier_may_be_given_bare(ask):
    assert items(ask("resolve", ids="arXiv:2402.13116"))[0]["pith_number"] == NUMBER


def test_fetch_keeps_unsigned_text_apart(ask):
    (item,) = items(ask("fetch", ids=[NUMBER]))

    assert item["title"] == "A Survey on Knowledge Distillation of Large Language Models"
    assert item["untrusted"]["authors"].startswith("Can Xu")
    assert item["untrusted"]["claims"][0]["claim_id"] == "C1"
    assert "authors" not in item
    assert len(json.dumps(item)) < 4000


def test_verify_gives_checks_and_coverage(ask):
    (item,) = items(ask("verify", ids=[NUMBER]))

    assert (item["verdict"], item["code"]) == ("verified", "ok")
    assert item["checks"][2]["name"] == "canonical-hash"
    assert "paper.authors_text" in item["coverage"]["unbound"]


def test_a_citation_is_signed_logged_and_verified(ask, offline):
    (item,) = items(
        ask("sign_citation", ids=[NUMBER], relationship="supports", citing_id="x", claim_id="C1")
    )
    envelope = item["citation"]["envelope"]

    (checked,) = items(ask("verify_citation", citations=[envelope]))

    assert item["status"] == "signed"
    assert offline.ledger.get(item["citation"]["citation_id"]) is not None
    assert (checked["verdict"], checked["code"]) == ("verified", "ok")


def test_an_altered_citation_is_refused(ask):
    (item,) = items(ask("sign_citation", ids=[NUMBER], relationship="cites", citing_id="x"))
    envelope = item["citation"]["envelope"]
    envelope["payload"] = envelope["payload"].replace("A", "B", 1)

    (checked,) = items(ask("verify_citation", citations=[envelope]))

    assert checked["verdict"] == "failed"


@pytest.mark.parametrize(
    ("target", "status", "code"),
    [
        ("pith:ODXWRQYN", "refused", "short-identifier"),
        ("1706.03762", "unreachable", "offline"),
        ("nonsense", "invalid", "invalid-identifier"),
    ],
)
def test_what_is_not_verified_is_not_signed(ask, offline, target, status, code):
    (item,) = items(ask("sign_citation", ids=[target], relationship="cites", citing_id="x"))

    assert (item["status"], item["code"]) == (status, code)
    assert len(offline.ledger) == 0


def test_a_dry_run_signs_and_writes_nothing(ask, offline):
    (item,) = items(
        ask("sign_citation", ids=[NUMBER], relationship="cites", citing_id="x", dry_run=True)
    )

    assert item["status"] == "drafted"
    assert "envelope" not in item["citation"]
    assert len(offline.ledger) == 0


def test_without_a_key_the_whole_call_is_an_error_that_says_how_to_make_one(ask, home):
    (home / "keys" / "default.json").unlink()

    result = ask("sign_citation", ids=[NUMBER], relationship="cites", citing_id="x")

    assert result.is_error
    assert result.structured_content is None
    assert f"[no-signing-key] Make one with 'pith-agent keys new --home {home}'." in (
        result.content[0].text
    )


def test_a_document_that_cites_without_its_hash_is_refused_by_the_arguments_name(ask):
    result = ask(
        "sign_citation", ids=[NUMBER], relationship="cites", citing_id="x", citing_kind="document"
    )

    assert result.is_error
    assert "citing_sha256" in result.content[0].text
    assert "[invalid-arguments]" in result.content[0].text


def test_citations_of_this_machine_are_checked_by_their_ids(ask):
    (signed,) = items(ask("sign_citation", ids=[NUMBER], relationship="cites", citing_id="x"))
    name = signed["citation"]["citation_id"]

    known, unknown = items(ask("verify_citation", citations=[name, f"pcite:{'0' * 64}"]))

    assert (known["verdict"], known["citation_id"]) == ("verified", name)
    assert (unknown["verdict"], unknown["code"]) == ("undecidable", "not-found")
    assert unknown["citation_id"] == f"pcite:{'0' * 64}"


def test_a_damaged_ledger_is_the_answer_for_its_ids_and_not_for_envelopes(ask, home, offline):
    (signed,) = items(ask("sign_citation", ids=[NUMBER], relationship="cites", citing_id="x"))
    envelope = signed["citation"]["envelope"]
    offline.close()
    for path in home.glob("ledger.sqlite3*"):
        path.write_bytes(b"no ledger" * 1000)
    asked = "pcite:" + "x" * 1000

    with Client(Settings(home=home, offline=True)) as client:
        answer = call_tool(client, "verify_citation", {"citations": [asked, envelope]})

    damaged, checked = answer["items"]
    assert (damaged["verdict"], damaged["code"]) == ("undecidable", "store-damaged")
    assert damaged["citation_id"] == asked[:90]
    assert (checked["verdict"], checked["code"]) == ("verified", "ok")


def test_the_ids_of_all_citations_are_completed_and_counted(ask, offline):
    for _ in range(120):
        items(ask("sign_citation", ids=[NUMBER], relationship="cites", citing_id="x"))
    oldest = next(offline.ledger.entries()).citation_id

    async def complete(start: str) -> Any:
        ref = ResourceTemplateReference(uri="pith://citation/{citation_id}")
        async with McpClient(build_server(offline)) as session:
            argument = {"name": "citation_id", "value": start}
            return (await session.complete(ref, argument)).completion

    everything, one = anyio.run(complete, "pcite:"), anyio.run(complete, oldest)

    assert (len(everything.values), everything.total, everything.has_more) == (100, 120, True)
    assert (one.values, one.total, one.has_more) == ([oldest], 1, False)


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize(("entries", "told"), [(BATCH, []), (BATCH + 1, [BATCH, BATCH + 1])])
def test_progress_is_told_of_more_entries_than_a_batch_only(offline, era, entries, told):
    heard: list[float] = []

    async def listen(done: float, total: float | None, message: str | None) -> None:
        assert total == entries
        heard.append(done)

    async def once() -> Any:
        async with McpClient(build_server(offline), mode=era) as session:
            arguments = {"ids": [NUMBER] * entries}
            return await session.call_tool("resolve", arguments, progress_callback=listen)

    assert len(items(anyio.run(once))) == entries
    assert heard == told


def test_the_text_of_a_crash_stays_on_the_server(offline):
    def crash(client: Client, arguments: Any, progress: Any) -> Any:
        raise ZeroDivisionError("secret")

    tool = DefinedTool.over(
        offline, dataclasses.replace(TOOLS[0], run=crash), anyio.CapacityLimiter(1)
    )

    async def once() -> Any:
        async with McpClient(MCPServer("crashing", tools=[tool])) as session:
            return await session.call_tool(tool.name, {"ids": [NUMBER]})

    result = anyio.run(once)

    assert result.is_error
    assert result.structured_content is None
    assert [part.text for part in result.content] == ["Error executing tool resolve"]


@pytest.mark.parametrize(
    ("arguments", "part"),
    [
        ({"ids": []}, "1 to 100"),
        ({"ids": ["x"] * 101}, "1 to 100"),
        ({"ids": ["x"], "extra": 1}, "extra"),
        ({}, "ids"),
    ],
)
def test_arguments_that_cannot_be_used_are_named(ask, arguments, part):
    result = ask("resolve", **arguments)

    assert result.is_error
    assert part in result.content[0].text


def test_an_unknown_tool_is_an_error_of_the_protocol(ask):
    error = ask("nonsense")

    assert isinstance(error, MCPError)
    assert error.code == INVALID_PARAMS


@pytest.mark.parametrize("era", ERAS)
def test_the_server_serves_over_real_stdio(home, era):
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "pith_agent", "mcp", "--offline", "--home", str(home)],
        env=dict(os.environ),
    )

    async def once() -> Any:
        async with McpClient(server, mode=era) as session:
            return await session.call_tool("verify", {"ids": [NUMBER]})

    assert items(anyio.run(once))[0]["verdict"] == "verified"


def test_a_leading_discover_may_be_followed_by_initialize_on_one_pipe(home):
    discover = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "server/discover",
        "params": {
            "_meta": {
                "io.modelcontextprotocol/protocolVersion": "2026-07-28",
                "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "1"},
                "io.modelcontextprotocol/clientCapabilities": {},
            }
        },
    }
    initialize = {
        "jsonrpc": "2.0",
        "id": 2,
        "method": "initialize",
        "params": {
            "protocolVersion": "2025-11-25",
            "capabilities": {},
            "clientInfo": {"name": "t", "version": "1"},
        },
    }

    answers, stderr, status = speak(home, [discover, initialize])

    assert status == 0
    assert [answer["id"] for answer in answers] == [1, 2]
    assert all("result" in answer for answer in answers), stderr
    assert answers[1]["result"]["serverInfo"]["name"] == "pith-agent"


def test_the_end_of_stdin_ends_the_server_and_stdout_holds_the_protocol_only(home):
    answers, _, status = speak(home, [])

    assert (answers, status) == ([], 0)


def speak(home: Path, messages: list[dict[str, Any]]) -> tuple[list[dict[str, Any]], str, int]:
    done = subprocess.run(
        [sys.executable, "-m", "pith_agent", "mcp", "--offline", "--home", str(home)],
        input="".join(f"{json.dumps(message)}\n" for message in messages),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return [json.loads(line) for line in done.stdout.splitlines()], done.stderr, done.returncode
