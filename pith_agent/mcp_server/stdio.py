"""stdio, for hosts of both protocol eras.

Some hosts probe `server/discover` and then send `initialize` on the same pipe. The SDK lets the
first request choose the era, so a leading discover is answered here, and the next request
chooses.
"""

import json
import sys
from io import TextIOWrapper
from typing import TYPE_CHECKING, BinaryIO, Self

import anyio
import anyio.to_thread
from mcp import Client
from mcp.server import MCPServer
from mcp.server.stdio import stdio_server
from mcp.shared.message import SessionMessage
from mcp.types import INVALID_REQUEST, PARSE_ERROR, ErrorData, JSONRPCError
from pydantic import ValidationError

if TYPE_CHECKING:
    from mcp.shared._stream_protocols import ReadStream, WriteStream


class WholeMessages:
    """stdout for `stdio_server`: what is written goes out when it is flushed, in one piece.

    Written and flushed apart, each message would wait for a worker thread twice.
    """

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._waiting: list[str] = []

    async def write(self, text: str) -> None:
        """Keep text for the next flush."""
        self._waiting.append(text)

    async def flush(self) -> None:
        """Write out what was kept, on a worker thread.

        A host that does not read does not stop the event loop.
        """
        data = "".join(self._waiting).encode("utf-8")
        self._waiting.clear()
        await anyio.to_thread.run_sync(self._put, data)

    def _put(self, data: bytes) -> None:
        self._out.write(data)
        self._out.flush()


class OpeningDiscover:
    """The lines of stdin, less those of a leading `server/discover`, which it answers."""

    def __init__(self, server: MCPServer, lines: anyio.AsyncFile[str], out: WholeMessages) -> None:
        self._server = server
        self._lines = lines
        self._out = out
        self._opening = True

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> str:
        while line := await self._lines.readline():
            request = _request(line) if self._opening else {}
            if request.get("method") == "server/discover" and "id" in request:
                await self._answer(request["id"])
                continue
            self._opening = self._opening and "id" not in request
            return line
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


class Readable:
    """Incoming messages, less those that cannot be read, which are answered as JSON-RPC demands.

    The SDK drops them, and the host would wait for ever.
    """

    def __init__(
        self,
        read: "ReadStream[SessionMessage | Exception]",
        write: "WriteStream[SessionMessage]",
    ) -> None:
        self._read = read
        self._write = write

    @property
    def last_context(self) -> object:
        """The sender's context, which the SDK looks for to trace requests."""
        return getattr(self._read, "last_context", None)

    async def receive(self) -> SessionMessage | Exception:
        """The next message."""
        while isinstance(item := await self._read.receive(), Exception):
            await self._write.send(SessionMessage(_unreadable(item)))
        return item

    async def aclose(self) -> None:
        """Close the stream."""
        await self._read.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> SessionMessage | Exception:
        try:
            return await self.receive()
        except anyio.EndOfStream:
            raise StopAsyncIteration from None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


async def serve_stdio(server: MCPServer) -> None:
    """Speak MCP on stdin and stdout until stdin ends."""
    source = anyio.wrap_file(TextIOWrapper(sys.stdin.buffer, "utf-8", errors="replace"))
    out = WholeMessages(sys.stdout.buffer)
    # From here on stdout belongs to the protocol; a stray print may not break it.
    sys.stdout = sys.stderr
    low = server._lowlevel_server
    lines = OpeningDiscover(server, source, out)
    async with stdio_server(lines, out) as (read, write):  # type: ignore[arg-type]
        await low.run(Readable(read, write), write, low.create_initialization_options())


def _unreadable(error: Exception) -> JSONRPCError:
    """An answer without an id, as nobody knows the id of what cannot be read."""
    no_json = isinstance(error, ValidationError) and error.errors()[0]["type"] == "json_invalid"
    code, message = (
        (PARSE_ERROR, "The line is not JSON.")
        if no_json
        else (INVALID_REQUEST, "The line is not a JSON-RPC message.")
    )
    return JSONRPCError(jsonrpc="2.0", id=None, error=ErrorData(code=code, message=message))


def _request(line: str) -> dict[str, object]:
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}
