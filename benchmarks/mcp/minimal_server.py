"""The least that the SDK needs for a server: one tool, which returns its argument.

`python minimal_server.py` speaks on stdin and stdout; with a port, on HTTP.
"""

import sys

from mcp.server import MCPServer

server = MCPServer("minimal", version="1", log_level="WARNING")


@server.tool()
def echo(text: str) -> str:
    """Return the text."""
    return text


if len(sys.argv) > 1:
    server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[1]), stateless_http=True)
else:
    server.run("stdio")
