"""What may go wrong with an answer: each fault is a small ASGI layer around the registry."""

import asyncio
import gzip
import socket
import threading
import zlib
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

from starlette.types import Message, Receive, Scope, Send

Fault: TypeAlias = Callable[[Any, Scope, Receive, Send, threading.Event], Awaitable[None]]
Headers: TypeAlias = dict[str, str]

TICK = 0.05
"""Seconds between two looks at whether a hanging answer may end."""


def status(code: int, headers: Headers | None = None, body: bytes = b"") -> Fault:
    """An answer with that status."""

    async def fault(
        app: Any, scope: Scope, receive: Receive, send: Send, stopped: threading.Event
    ) -> None:
        await _answer(send, code, body, headers)

    return fault


def redirect(location: str, code: int = 302) -> Fault:
    """A redirect to any place."""
    return status(code, {"location": location})


def body(data: bytes, headers: Headers | None = None) -> Fault:
    """Other bytes, with status 200."""
    return status(200, headers, data)


def changed(change: Callable[[bytes], bytes], headers: Headers | None = None) -> Fault:
    """The registry's own answer, with its body changed on the way."""

    async def fault(
        app: Any, scope: Scope, receive: Receive, send: Send, stopped: threading.Event
    ) -> None:
        parts: list[bytes] = []
        first: list[Message] = []

        async def keep(message: Message) -> None:
            if message["type"] == "http.response.start":
                first.append(message)
            else:
                parts.append(message.get("body", b""))

        await app(scope, receive, keep)
        await _answer(send, first[0]["status"], change(b"".join(parts)), headers)

    return fault


def flipped(place: int) -> Fault:
    """The registry's own answer, with one bit flipped."""

    def flip(data: bytes) -> bytes:
        return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]

    return changed(flip)


def gzipped() -> Fault:
    """The registry's own answer, compressed although that was not asked for."""
    return changed(gzip.compress, {"content-encoding": "gzip"})


def deflated() -> Fault:
    """The same in the other known encoding."""
    return changed(zlib.compress, {"content-encoding": "deflate"})


def encoded(name: str) -> Fault:
    """The registry's own answer, said to be in an encoding."""
    return changed(bytes, {"content-encoding": name})


def oversize(length: int) -> Fault:
    """A body of that many bytes, whose length is not announced."""

    async def fault(
        app: Any, scope: Scope, receive: Receive, send: Send, stopped: threading.Event
    ) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        for sent in range(0, length, 65536):
            piece = b" " * min(65536, length - sent)
            await send({"type": "http.response.body", "body": piece, "more_body": True})
        await send({"type": "http.response.body"})

    return fault


def bomb(length: int) -> Fault:
    """A small body that inflates to that many bytes."""
    return body(gzip.compress(bytes(length)), {"content-encoding": "gzip"})


def truncated(missing: int = 100) -> Fault:
    """The registry's own answer without its end: fewer bytes than announced."""

    async def fault(
        app: Any, scope: Scope, receive: Receive, send: Send, stopped: threading.Event
    ) -> None:
        async def cut(message: Message) -> None:
            if message["type"] == "http.response.body":
                message = {**message, "body": message["body"][:-missing], "more_body": True}
            await send(message)

        await app(scope, receive, cut)

    return fault


async def hang(
    app: Any, scope: Scope, receive: Receive, send: Send, stopped: threading.Event
) -> None:
    """Take the request, and say nothing until the registry is healed."""
    while not stopped.is_set():
        await _tick()


async def drip(
    app: Any, scope: Scope, receive: Receive, send: Send, stopped: threading.Event
) -> None:
    """A byte now and then, so that no single read ever takes long."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    while not stopped.is_set():
        await send({"type": "http.response.body", "body": b" ", "more_body": True})
        await _tick()
    await send({"type": "http.response.body"})


async def _tick() -> None:
    try:
        await asyncio.wait_for(asyncio.Event().wait(), TICK)
    except TimeoutError:
        return


async def _answer(send: Send, code: int, data: bytes, headers: Headers | None) -> None:
    fields = {"content-length": str(len(data)), **(headers or {})}
    raw = [(name.lower().encode(), value.encode()) for name, value in fields.items()]
    await send({"type": "http.response.start", "status": code, "headers": raw})
    await send({"type": "http.response.body", "body": data})


class RawServer:
    """A server that sends bytes which no HTTP library would."""

    def __init__(self, answer: Callable[[socket.socket, threading.Event], None]) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._answer = answer
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> "RawServer":
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._thread.join(timeout=10)
        self._listener.close()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with connection:
                connection.settimeout(10)
                try:
                    connection.recv(65536)
                    self._answer(connection, self._stop)
                except OSError:
                    continue
