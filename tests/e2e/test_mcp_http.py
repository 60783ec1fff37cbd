"""HTTP: who is answered, what a browser is told, and where the server listens."""

import json
import socket
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest

from tests.agents import INITIALIZE, HttpAgent

BODY = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": INITIALIZE})
TOKEN = "a token of the tests"
APP = "https://app.example"


def ask(agent, method="POST", path="/mcp", body=BODY, **headers):
    """Status and headers of one request."""
    parts = urlsplit(agent.url)
    connection = HTTPConnection(parts.hostname, parts.port, timeout=10)
    fields = {
        "Content-Type": "application/json",
        "Accept": "application/json, text/event-stream",
        **{name.replace("_", "-"): value for name, value in headers.items()},
    }
    try:
        connection.request(method, path, body, fields)
        response = connection.getresponse()
        response.read()
        return response.status, {k.lower(): v for k, v in response.getheaders()}
    finally:
        connection.close()


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """A server with nothing but its defaults."""
    with HttpAgent(tmp_path_factory.mktemp("plain"), "--offline") as running:
        yield running


@pytest.fixture(scope="module")
def guarded(tmp_path_factory):
    """A server that demands a token, and answers one page on the web."""
    folder = tmp_path_factory.mktemp("guarded")
    token = folder / "token"
    token.write_text(TOKEN, "utf-8")
    token.chmod(0o600)
    options = ["--offline", "--token-file", str(token)]
    with HttpAgent(
        folder, *options, "--allow-origin", APP, "--allow-origin", "https://dev.example:*"
    ) as running:
        yield running


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "0.0.0.0:8000", ""])
def test_another_host_is_misdirected(plain, host):
    assert ask(plain, Host=host)[0] == 421


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "localhost:1", "[::1]:80"])
def test_this_machine_is_answered_by_its_names(plain, host):
    assert ask(plain, Host=host)[0] == 200


@pytest.mark.parametrize(
    "origin", ["null", "https://evil.example", "http://localhost.evil.example"]
)
def test_a_page_of_another_origin_is_forbidden(plain, origin):
    status, headers = ask(plain, Origin=origin)

    assert status == 403
    assert "access-control-allow-origin" not in headers


def test_a_page_of_this_machine_is_answered(plain):
    assert ask(plain, Origin="http://localhost:3000")[0] == 200


def test_without_allowed_origins_no_browser_is_told_that_it_may(plain):
    wanted = {"Origin": APP, "Access_Control_Request_Method": "POST"}
    status, headers = ask(plain, "OPTIONS", body=None, **wanted)

    assert status == 403
    assert "access-control-allow-origin" not in headers


@pytest.mark.parametrize("origin", [APP, "https://dev.example:8443", "https://dev.example"])
def test_a_browser_asks_first_without_the_token_and_is_told_that_it_may(guarded, origin):
    status, headers = ask(
        guarded,
        "OPTIONS",
        body=None,
        Origin=origin,
        Access_Control_Request_Method="POST",
        Access_Control_Request_Headers="authorization,content-type,mcp-protocol-version",
    )

    assert status == 200
    assert headers["access-control-allow-origin"] == origin
    assert "POST" in headers["access-control-allow-methods"]
    allowed = headers["access-control-allow-headers"]
    assert {"authorization", "mcp-protocol-version"} <= set(allowed.split(","))


@pytest.mark.parametrize("origin", ["https://evil.example", "https://dev.example.evil.example:1"])
def test_a_browser_on_another_page_is_told_that_it_may_not(guarded, origin):
    _, headers = ask(
        guarded, "OPTIONS", body=None, Origin=origin, Access_Control_Request_Method="POST"
    )

    assert "access-control-allow-origin" not in headers


def test_a_refusal_can_be_read_by_the_page_that_is_allowed(guarded):
    status, headers = ask(guarded, Origin=APP)

    assert (status, headers["access-control-allow-origin"]) == (401, APP)


@pytest.mark.parametrize(
    ("said", "status"),
    [(f"Bearer {TOKEN}", 200), ("Bearer another token of tests", 401), (TOKEN, 401)],
)
def test_only_the_token_opens_the_server(guarded, said, status):
    assert ask(guarded, Origin=APP, Authorization=said)[0] == status


def test_a_server_on_ipv6_with_a_token_listens(tmp_path):
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6 loopback")
    token = tmp_path / "token"
    token.write_text(TOKEN, "utf-8")
    token.chmod(0o600)
    options = ("--offline", "--host", "::1", "--token-file", str(token))

    with HttpAgent(tmp_path / "home", *options) as agent:
        assert urlsplit(agent.url).hostname == "::1"
        assert ask(agent, Authorization=f"Bearer {TOKEN}")[0] == 200
        assert ask(agent)[0] == 401
