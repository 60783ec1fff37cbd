"""How a server ends: what was begun is finished within bounds, and then the program is over.

A thread that waits for a hung registry cannot be interrupted, and Python waits for its threads at
the end. So a watchdog ends the program where they take longer than they are given.
"""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from pith_agent.client import Client

SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Ending:
    """The end of one server over one client, asked for at most once."""

    def __init__(self, client: Client, seconds: float) -> None:
        """`seconds` is what the calls under way are given, from the moment the end is asked for."""
        self._client = client
        self._watchdog = threading.Timer(seconds, self._end)
        self._watchdog.daemon = True
        self._lock = threading.RLock()  # A signal may come while its thread has it.
        self._tell: Callable[[], None] | None = None
        self.begun = False
        """Whether the end was asked for."""

    def listen(self, tell: Callable[[], None]) -> None:
        """Call `tell`, from whatever thread, when the end is asked for."""
        self._tell = tell

    def begin(self) -> None:
        """Start to count. More than once, as when a signal follows the end of stdin, is fine."""
        with self._lock:
            if self.begun:
                return
            self.begun = True
            self._watchdog.start()
        if self._tell is not None:
            self._tell()

    def cancel(self) -> None:
        """All is done; the program ends in the ordinary way."""
        self._watchdog.cancel()

    def _end(self) -> None:
        try:
            self._client.close()  # Behind an append to the ledger, which is short.
            sys.stderr.flush()
        finally:
            os._exit(0)


@contextmanager
def stopped_by_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` for each signal to end, and let none of them end the program at once."""
    before = [(number, signal.signal(number, lambda *_: stop())) for number in SIGNALS]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)
