"""Standard input and output, line by line, without waiting for anybody else's threads."""

import asyncio
import os
import threading
from collections.abc import Iterator
from typing import BinaryIO

import anyio
import anyio.to_thread

from pith_agent.mcp_server.ending import Ending

PIECE = 1 << 16
AHEAD = 8
"""Lines that are read before they are asked for."""


class Lines:
    """The lines of a file, until its end or the program's.

    They are read on a thread of their own, which nobody waits for: a read cannot be interrupted.
    """

    def __init__(self, file: int, ending: Ending) -> None:
        """Begin to read the file with this number, in a running event loop."""
        self._file = file
        self._ending = ending
        self._loop = asyncio.get_running_loop()
        self._read: asyncio.Queue[bytes] = asyncio.Queue()
        self._room = threading.Semaphore(AHEAD)
        ending.listen(lambda: self._give(b""))
        threading.Thread(target=self._run, daemon=True, name="stdin").start()

    async def readline(self) -> str:
        """The next line; empty at the end, after which the program is to end too."""
        line = b"" if self._ending.begun else await self._read.get()
        if self._ending.begun or not line:
            self._ending.begin()
            return ""
        self._room.release()
        return line.decode("utf-8", "replace")

    def _run(self) -> None:
        for line in _lines(self._file):
            self._room.acquire()
            self._give(line)
        self._give(b"")

    def _give(self, line: bytes) -> None:
        if not self._loop.is_closed():
            try:
                self._loop.call_soon_threadsafe(self._read.put_nowait, line)
            except RuntimeError:  # It was closed since.
                return


def _lines(file: int) -> Iterator[bytes]:
    """Not with a buffered reader: its lock may not be held when the interpreter ends."""
    parts: list[bytes] = []
    while piece := _piece(file):
        first, *rest = piece.split(b"\n")
        parts.append(first)
        for part in rest:
            yield b"".join(parts) + b"\n"
            parts = [part]
    if last := b"".join(parts):
        yield last


def _piece(file: int) -> bytes:
    try:
        return os.read(file, PIECE)
    except OSError:  # As of a terminal that was closed.
        return b""


class WholeMessages:
    """stdout for `stdio_server`: what is written goes out when it is flushed, in one piece.

    Written and flushed apart, each message would wait for a worker thread twice.
    """

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._waiting: list[str] = []
        # Its own, so that calls which wait for a registry do not keep answers from going out.
        self._limiter = anyio.CapacityLimiter(1)

    async def write(self, text: str) -> None:
        """Keep text for the next flush."""
        self._waiting.append(text)

    async def flush(self) -> None:
        """Write out what was kept, on a worker thread.

        A host that does not read does not stop the event loop.
        """
        data = "".join(self._waiting).encode("utf-8")
        self._waiting.clear()
        await anyio.to_thread.run_sync(self._put, data, limiter=self._limiter)

    def _put(self, data: bytes) -> None:
        try:
            self._out.write(data)
            self._out.flush()
        except BrokenPipeError:  # The host is gone; the end of stdin follows.
            return
