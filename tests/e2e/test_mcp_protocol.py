"""What the protocol says beside tools: completions, progress, prompts, resources, cache hints."""

import sys
from typing import Any

import anyio
import pytest
from mcp import Client as McpClient
from mcp import MCPError, StdioServerParameters
from mcp.types import INTERNAL_ERROR, INVALID_PARAMS, PromptReference, ResourceTemplateReference

from pith_agent.storage.keys import new_key
from pith_agent.tools.definition import BATCH
from tests.agents import TRANSPORTS, HttpAgent, Pool, StdioAgent, asking
from tests.documents import NUMBER, SUFFIX
from tests.faults import hang
from tests.registry import LoopbackRegistry

ERAS = ("auto", "legacy")
RECORD = ResourceTemplateReference(uri="pith://record/{number}")
CITATION = ResourceTemplateReference(uri="pith://citation/{citation_id}")


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    path = tmp_path_factory.mktemp("protocol")
    new_key(path / "keys")
    return path


@pytest.fixture(scope="module")
def pool():
    servers = Pool()
    yield servers
    servers.close()


@pytest.fixture(params=TRANSPORTS)
def agent(pool, home, request):
    """A conversation with a server that has no network."""
    return pool.get(request.param, home, "--offline")


@pytest.fixture(params=[(kind, era) for kind in TRANSPORTS for era in ERAS], ids=str)
def session(pool, home, request):
    """Do something with the SDK's own client, over each transport and in each era."""
    kind, era = request.param
    target: Any = StdioServerParameters(
        command=sys.executable, args=["-m", "pith_agent", "mcp", "--offline", "--home", str(home)]
    )
    if kind == "http":
        target = pool.get("http", home, "--offline").url

    def run(do: Any) -> Any:
        async def once() -> Any:
            async with McpClient(target, mode=era) as client:
                try:
                    return await do(client)
                except MCPError as error:  # Caught here: outside it is part of a group.
                    return error

        return anyio.run(once)

    run.era = era
    return run


def error_of(reply):
    """The code and the message of an error of the protocol."""
    assert not reply.crash
    return reply.message["error"]["code"], reply.message["error"]["message"]


@pytest.mark.parametrize(
    ("ref", "name", "start", "values"),
    [
        (RECORD, "number", "ODX", [SUFFIX]),
        (RECORD, "number", NUMBER[:14], [NUMBER]),
        (RECORD, "number", "2402.1", ["2402.13116"]),
        (RECORD, "number", "arXiv:2402.1", ["arXiv:2402.13116"]),
        (RECORD, "number", "%", []),
        (PromptReference(name="cite_paper"), "paper", "2402.1", ["2402.13116"]),
        (PromptReference(name="cite_paper"), "statement", "2402.1", []),
        (PromptReference(name="related_work"), "papers", "1510.03516, 2402.1",
         ["1510.03516, 2402.13116"]),
        (CITATION, "citation_id", "nonsense", []),
    ],
)  # fmt: skip
def test_names_are_completed_from_the_store(session, ref, name, start, values):
    found = session(lambda client: client.complete(ref, {"name": name, "value": start}))

    assert found.completion.values == values
    assert (found.completion.total, found.completion.has_more) == (len(values), False)


@pytest.mark.parametrize(
    "ref",
    [
        {"type": "ref/prompt", "name": "nonsense"},
        {"type": "ref/resource", "uri": "pith://nonsense/{number}"},
    ],
)
def test_a_completion_for_what_is_not_there_is_an_error(agent, ref):
    argument = {"name": "number", "value": "2"}
    code, _ = error_of(agent.ask("completion/complete", {"ref": ref, "argument": argument}))

    assert code == INVALID_PARAMS


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("verify", {"ids": [NUMBER] * (BATCH + 1)}),
        ("verify", {"claims": [{"id": NUMBER}] * (BATCH + 1)}),
        ("verify", {"records": [{"a": 1}] * (BATCH + 1)}),
        ("fetch", {"ids": [NUMBER] * (BATCH + 1), "format": "bibtex"}),
        ("verify_citation", {"citations": ["x"] * (BATCH + 1)}),
        (
            "sign_citation",
            {
                "ids": ["nonsense"] * (BATCH + 1),
                "relationship": "cites",
                "citing_id": "x",
                "dry_run": True,
            },
        ),
    ],
)
def test_progress_is_told_of_every_list(session, tool, arguments):
    heard: list[tuple[float, float | None]] = []

    async def listen(done: float, total: float | None, message: str | None) -> None:
        heard.append((done, total))

    result = session(lambda client: client.call_tool(tool, arguments, progress_callback=listen))

    assert not result.is_error
    assert heard == [(BATCH, BATCH + 1), (BATCH + 1, BATCH + 1)]


def test_lists_may_be_kept_for_an_hour_and_what_is_read_for_a_minute(session):
    async def ask(client: McpClient) -> list[Any]:
        return [
            await client.list_tools(),
            await client.list_prompts(),
            await client.list_resource_templates(),
            await client.read_resource(f"pith://record/{NUMBER}"),
        ]

    hints = [
        (answer.get("ttlMs"), answer.get("cacheScope"))
        for answer in (
            one.model_dump(by_alias=True, mode="json", exclude_none=True) for one in session(ask)
        )
    ]

    if session.era == "auto":  # The older era knows of no such thing.
        assert hints == [(3_600_000, "public")] * 3 + [(60_000, "private")]


@pytest.mark.parametrize(
    ("prompt", "arguments"),
    [
        ("cite_paper", {"paper": NUMBER}),
        ("cite_paper", {"paper": NUMBER, "statement": "it is so"}),
        ("check_references", {"bibliography": "@misc{x}"}),
        ("related_work", {"topic": "a topic", "papers": "2402.13116"}),
    ],
)
def test_a_prompt_holds_what_it_was_given(session, prompt, arguments):
    found = session(lambda client: client.get_prompt(prompt, arguments))

    (message,) = found.messages
    assert all(text in message.content.text for text in arguments.values())


@pytest.mark.parametrize(
    ("params", "part"),
    [
        ({"name": "cite_paper"}, "needs the argument paper"),
        ({"name": "cite_paper", "arguments": {}}, "needs the argument paper"),
        ({"name": "cite_paper", "arguments": "paper"}, "an object of strings"),
        ({"name": "cite_paper", "arguments": ["paper"]}, "an object of strings"),
        ({"name": "cite_paper", "arguments": {"paper": 5}}, "an object of strings"),
        ({"name": "cite_paper", "arguments": {"paper": "x", "pages": "5"}}, "no argument 'pages'"),
        ({"name": "nonsense", "arguments": {}}, "Known: cite_paper"),
    ],
)
def test_a_prompt_that_cannot_be_given_is_refused_in_our_words(agent, params, part):
    code, message = error_of(agent.ask("prompts/get", params))

    assert code == INVALID_PARAMS
    assert part in message


@pytest.mark.parametrize("name", ["nonsense", "2402.1", "pith:ODXWRQY2"])
def test_a_record_that_cannot_be_named_is_no_resource(agent, name):
    code, message = error_of(agent.ask("resources/read", {"uri": f"pith://record/{name}"}))

    assert (code, "[" in message) == (INVALID_PARAMS, True) or code == INTERNAL_ERROR
    assert code == INVALID_PARAMS or "[offline]" in message


def test_a_record_that_no_registry_has_is_no_resource(registry, tmp_path):
    with StdioAgent(tmp_path / "h", *asking(registry.url, tmp_path)) as agent:
        code, message = error_of(agent.ask("resources/read", {"uri": "pith://record/2401.00009"}))

    assert code == INVALID_PARAMS
    assert "[not-found]" in message


def test_a_registry_that_does_not_answer_is_not_a_record_that_is_not_there(tmp_path):
    with LoopbackRegistry() as registry:
        registry.break_("/", hang)
        options = asking(registry.url, tmp_path)
        with StdioAgent(tmp_path / "h", *options, env={"PITH_TIMEOUT": "1"}) as agent:
            reply = agent.ask("resources/read", {"uri": "pith://record/2401.00009"})

    code, message = error_of(reply)
    assert code == INTERNAL_ERROR
    assert "[unreachable]" in message


def test_a_ledger_that_cannot_be_opened_is_not_a_citation_that_is_not_there(tmp_path):
    (tmp_path / "ledger.sqlite3").mkdir()
    with HttpAgent(tmp_path, "--offline") as agent:
        read = agent.ask("resources/read", {"uri": "pith://citation/pcite:00"})
        argument = {"name": "citation_id", "value": "pcite:"}
        ref = CITATION.model_dump(by_alias=True, mode="json")
        completed = agent.ask("completion/complete", {"ref": ref, "argument": argument})

    for reply in (read, completed):
        code, message = error_of(reply)
        assert code == INTERNAL_ERROR
        assert "[store-unavailable]" in message


@pytest.mark.parametrize(
    ("line", "name"),
    [
        (b'{"jsonrpc":"2.0","id":7}', 7),
        (b'{"jsonrpc":"2.0","id":"a","method":"ping","params":[1]}', "a"),
        (b'{"jsonrpc":"2.0","id":true,"method":5}', None),
        (b"hello", None),
    ],
)
def test_the_answer_to_what_is_no_request_has_its_id_if_there_is_one(pool, home, line, name):
    agent = pool.get("stdio", home, "--offline")
    agent.write(b"")  # Blank lines are passed over.
    agent.write(b" ")

    assert agent.send(line).message["id"] == name
