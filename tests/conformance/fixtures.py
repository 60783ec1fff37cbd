"""The shipped server with the fixtures of the conformance suite added to it.

    python -m tests.conformance.fixtures HOME shipped|sessions

Most scenarios of the suite call tools, resources and prompts of fixed names. They are registered
here on the object that `pith-agent mcp --http` serves. Its address is said on stderr.

`shipped` serves it as `pith-agent` does: without sessions. `sessions` keeps them. Then a tool can
ask the client something while it runs, which the shipped tools never do.
"""

import sys
import warnings
from pathlib import Path

import uvicorn
from mcp.server import MCPServer

from pith_agent import Client, Settings
from pith_agent.listening import listen, url_of
from pith_agent.mcp_server.http import HttpOptions, http_server
from tests.conformance.contents import add_contents
from tests.conformance.handshake import add_handshake
from tests.conformance.rounds import add_rounds


def add_fixtures(server: MCPServer) -> None:
    """Register all that the suite asks for."""
    add_contents(server)
    add_handshake(server)
    add_rounds(server)


def main(home: str, mode: str) -> None:
    """Serve on a free port until a signal comes."""
    # Sampling and protocol logs are deprecated, and the suite of 2025-11-25 requires them.
    warnings.simplefilter("ignore")
    client = Client(Settings(home=Path(home), offline=True))
    server = http_server(client, HttpOptions(port=0))
    add_fixtures(server)
    app = server.streamable_http_app(stateless_http=mode == "shipped")
    listener = listen("127.0.0.1", 0)
    sys.stderr.write(f"serves MCP on {url_of(listener)}/mcp\n")
    sys.stderr.flush()
    config = uvicorn.Config(app, log_config=None, access_log=False, timeout_graceful_shutdown=5)
    uvicorn.Server(config).run(sockets=[listener])
    client.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
