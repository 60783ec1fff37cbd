"""stdio, for hosts of both protocol eras.

Some hosts probe `server/discover` and then send `initialize` on the same pipe. The SDK lets the
first request choose the era, so a leading discover is answered here, and the next request
chooses.
"""

import json
import sys
from typing import Self

from mcp import Client
from mcp.server import MCPServer
from mcp.server.stdio import stdio_server

from pith_agent.mcp_server.ending import Ending
from pith_agent.mcp_server.lines import Lines, WholeMessages
from pith_agent.mcp_server.messages import InFlight, Noted, Readable, json_object

DRAIN_SECONDS = 3.0
"""Time that calls under way are given at the end of stdin, or after a signal."""


class OpeningDiscover:
    """The lines of stdin, less those of a leading `server/discover`, which it answers.

    They end when all that was asked has been answered, as the SDK drops what is then under way.
    """

    def __init__(
        self, server: MCPServer, lines: Lines, out: WholeMessages, in_flight: InFlight
    ) -> None:
        self._server = server
        self._lines = lines
        self._out = out
        self._in_flight = in_flight
        self._opening = True

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        while line := await self._lines.readline():
            if line.isspace():
                continue
            request = json_object(line) if self._opening else {}
            if request.get("method") == "server/discover" and "id" in request:
                await self._answer(request["id"])
                continue
            self._opening = self._opening and "id" not in request
            self._in_flight.came(line)
            return line
        await self._in_flight.settled(DRAIN_SECONDS)
        raise StopAsyncIteration

    async def _answer(self, request_id: object) -> None:
        # A client in memory gives the answer that the SDK itself would give.
        async with Client(self._server) as client:
            found = client.session.discover_result
            result = (
                found.model_dump(by_alias=True, mode="json", exclude_none=True) if found else {}
            )
        message = {"jsonrpc": "2.0", "id": request_id, "result": result}
        await self._out.write(json.dumps(message) + "\n")
        await self._out.flush()


async def serve_stdio(server: MCPServer, ending: Ending) -> None:
    """Speak MCP on stdin and stdout until stdin ends, or the end is asked for."""
    out = WholeMessages(sys.stdout.buffer)
    # From here on stdout belongs to the protocol; a stray print may not break it.
    sys.stdout = sys.stderr
    low = server._lowlevel_server
    in_flight = InFlight()
    lines = OpeningDiscover(server, Lines(sys.stdin.fileno(), ending), out, in_flight)
    async with stdio_server(lines, out) as (read, write):  # type: ignore[arg-type]
        noted = Noted(write, in_flight)
        await low.run(Readable(read, noted), noted, low.create_initialization_options())
