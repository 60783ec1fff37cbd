"""Streamable HTTP, without sessions: several replicas may serve one store.

Host and Origin are checked against lists, so that a web page cannot reach a server on the
reader's own machine.
"""

import hashlib
import hmac
import logging
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from types import FrameType

import uvicorn
from mcp.server import MCPServer
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings
from mcp.server.transport_security import TransportSecuritySettings
from pydantic import AnyHttpUrl
from starlette.applications import Starlette
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp

from pith_agent.client import Client
from pith_agent.errors import SettingsError, SigningKeyError
from pith_agent.listening import listen, url_of
from pith_agent.mcp_server.ending import Ending, stopped_by_signals
from pith_agent.mcp_server.server import build_server
from pith_agent.storage.private_file import read_private

LOOPBACK = ("127.0.0.1", "localhost", "::1")
MAX_REQUEST_BYTES = 4 << 20
MAX_TOKEN_BYTES = 4096
SHUTDOWN_SECONDS = 10


@dataclass(frozen=True, slots=True)
class HttpOptions:
    """Where to listen, and whom to answer."""

    host: str = "127.0.0.1"
    port: int = 8000
    allowed_hosts: tuple[str, ...] = ()
    """Values of `Host` to answer, beside loopback names; `name:*` for any port."""
    allowed_origins: tuple[str, ...] = ()
    """Values of `Origin` to answer, beside loopback ones."""
    token_file: Path | None = None
    """A file with the bearer token that callers must send, readable by its owner only."""


class TokenFromFile:
    """Accepts the one token in a file; compared by hash, in constant time."""

    def __init__(self, path: Path) -> None:
        try:
            token = read_private(path, MAX_TOKEN_BYTES).strip()
        except SigningKeyError as error:
            raise SettingsError(f"The token cannot be read: {error.message}") from error
        if len(token) < 16:
            raise SettingsError(f"The token in {path} is shorter than 16 characters.")
        self._digest = hashlib.sha256(token).digest()

    async def verify_token(self, token: str) -> AccessToken | None:
        """The access that `token` gives, or `None`."""
        given = hashlib.sha256(token.encode("utf-8", "replace")).digest()
        if not hmac.compare_digest(given, self._digest):
            return None
        return AccessToken(token=token, client_id="token-file", scopes=[])


def run_http(client: Client, options: HttpOptions) -> None:
    """Serve on HTTP until SIGTERM or SIGINT; then finish what was begun.

    Raises:
        SettingsError: The address cannot be used, or is open to others without a list of hosts.
    """
    inner = http_server(client, options).streamable_http_app(
        stateless_http=True,
        json_response=False,  # As a stream of events, so that progress reaches the caller.
        max_request_body_size=MAX_REQUEST_BYTES,
        transport_security=_security(options),
        host=options.host,
    )
    ending = Ending(client, SHUTDOWN_SECONDS - 0.5)
    config = uvicorn.Config(
        _with_cors(inner, options.allowed_origins),
        log_config=None,
        access_log=False,
        lifespan="on",
        timeout_graceful_shutdown=SHUTDOWN_SECONDS - 1,
    )
    with listen(options.host, options.port) as listener, stopped_by_signals(ending.begin):
        server = _Server(config, ending)
        sys.stderr.write(f"pith-agent serves MCP on {url_of(listener)}/mcp\n")
        sys.stderr.flush()
        server.run(sockets=[listener])
    ending.cancel()


class _Server(uvicorn.Server):
    """uvicorn, which takes the signals while it runs, and afterwards raises them once more."""

    def __init__(self, config: uvicorn.Config, ending: Ending) -> None:
        super().__init__(config)
        self._ending = ending
        ending.listen(self._stop)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        # First, as uvicorn takes a SIGINT while it ends for a demand to end at once.
        super().handle_exit(sig, frame)
        self._ending.begin()

    def _stop(self) -> None:
        self.should_exit = True


def _with_cors(app: Starlette, origins: tuple[str, ...]) -> ASGIApp:
    """The app for pages of these origins too: browsers ask first, and without the token."""
    if not origins:
        return app
    named = [origin for origin in origins if not origin.endswith(":*")]
    any_port = [re.escape(origin[:-2]) for origin in origins if origin.endswith(":*")]
    return CORSMiddleware(
        app,
        allow_origins=named,
        allow_origin_regex=rf"(?:{'|'.join(any_port)})(?::[0-9]+)?" if any_port else None,
        allow_methods=["GET", "POST", "DELETE"],
        allow_headers=["*"],
        expose_headers=["Mcp-Session-Id", "MCP-Protocol-Version", "WWW-Authenticate"],
    )


def http_server(client: Client, options: HttpOptions) -> MCPServer:
    """The server with what HTTP needs beside the tools: a health check, and a token."""
    verifier, auth = None, None
    if options.token_file is not None:
        verifier = TokenFromFile(options.token_file)
        name = f"[{options.host}]" if ":" in options.host else options.host
        url = AnyHttpUrl(f"http://{name}:{options.port}/mcp")
        # There is no authorisation server: the token is handed over by other means.
        auth = AuthSettings(issuer_url=url, resource_server_url=None)
    server = build_server(client, token_verifier=verifier, auth=auth)

    @server.custom_route("/healthz", methods=["GET"])  # type: ignore[untyped-decorator]
    async def healthz(request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    return server


def _security(options: HttpOptions) -> TransportSecuritySettings:
    if options.host not in LOOPBACK and not options.allowed_hosts:
        raise SettingsError(
            f"{options.host} is open to other machines: name the hosts to answer with --allow-host."
        )
    names = [f"[{name}]" if ":" in name else name for name in LOOPBACK]
    return TransportSecuritySettings(
        enable_dns_rebinding_protection=True,
        allowed_hosts=[*(f"{name}:*" for name in names), *names, *options.allowed_hosts],
        allowed_origins=[*(f"http://{name}:*" for name in names), *options.allowed_origins],
    )
