"""The messages of stdio: which are still to be answered, and what is said to unreadable ones."""

import json
from collections import deque
from typing import TYPE_CHECKING, Self

import anyio
from mcp.shared.message import SessionMessage
from mcp.types import (
    INVALID_REQUEST,
    PARSE_ERROR,
    ErrorData,
    JSONRPCError,
    JSONRPCNotification,
    JSONRPCRequest,
    JSONRPCResponse,
)
from pydantic import ValidationError

if TYPE_CHECKING:
    from mcp.shared._stream_protocols import ReadStream, WriteStream

RequestId = str | int


class InFlight:
    """The requests that were taken, and are not answered yet."""

    def __init__(self) -> None:
        self._lines: deque[str] = deque()
        self._ids: set[RequestId] = set()
        self._changed = anyio.Event()

    def came(self, line: str) -> None:
        """Take note of a line that is on its way through the SDK, which makes a message of it."""
        self._lines.append(line)

    def arrived(self) -> str:
        """The line of the message that arrives now."""
        return self._lines.popleft() if self._lines else ""

    def note(self, message: object) -> None:
        """Take note of a message that came or goes."""
        if isinstance(message, JSONRPCRequest):
            self._ids.add(message.id)
        elif isinstance(message, JSONRPCResponse | JSONRPCError) and message.id is not None:
            self._ids.discard(message.id)
        elif isinstance(message, JSONRPCNotification) and message.method.endswith("/cancelled"):
            given = (message.params or {}).get("requestId")
            if isinstance(given, str | int):
                self._ids.discard(given)  # It has no answer.
        self._changed.set()
        self._changed = anyio.Event()

    async def settled(self, seconds: float) -> None:
        """Wait until all are answered, for at most so many seconds."""
        with anyio.move_on_after(seconds):
            while self._lines or self._ids:
                await self._changed.wait()


class Readable:
    """Incoming messages, less those that cannot be read, which are answered as JSON-RPC demands.

    The SDK drops them, and the host would wait for ever.
    """

    def __init__(
        self,
        read: "ReadStream[SessionMessage | Exception]",
        write: "Noted",
    ) -> None:
        self._read = read
        self._write = write

    @property
    def last_context(self) -> object:
        """The sender's context, which the SDK looks for to trace requests."""
        return getattr(self._read, "last_context", None)

    async def receive(self) -> SessionMessage | Exception:
        """The next message."""
        while True:
            item = await self._read.receive()
            line = self._write.in_flight.arrived()
            if not isinstance(item, Exception):
                self._write.in_flight.note(item.message)
                return item
            await self._write.send(SessionMessage(_unreadable(item, line)))

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


class Noted:
    """Outgoing messages; an answer takes its request from those in flight."""

    def __init__(self, write: "WriteStream[SessionMessage]", in_flight: InFlight) -> None:
        self._write = write
        self.in_flight = in_flight

    async def send(self, item: SessionMessage) -> None:
        """Send one message."""
        await self._write.send(item)
        self.in_flight.note(item.message)

    async def aclose(self) -> None:
        """Close the stream."""
        await self._write.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()


def _unreadable(error: Exception, line: str) -> JSONRPCError:
    """An answer with the id of the line, if it has one that can be read."""
    no_json = isinstance(error, ValidationError) and error.errors()[0]["type"] == "json_invalid"
    code, message = (
        (PARSE_ERROR, "The line is not JSON.")
        if no_json
        else (INVALID_REQUEST, "The line is not a JSON-RPC message.")
    )
    given = json_object(line).get("id")
    known = given if isinstance(given, str | int) and not isinstance(given, bool) else None
    data = ErrorData(code=code, message=message)
    return JSONRPCError(jsonrpc="2.0", id=known, error=data)


def json_object(line: str) -> dict[str, object]:
    """The JSON object that a line holds; an empty one if it holds none."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return message if isinstance(message, dict) else {}
