"""The mirror as a process: one socket, served until it is told to stop."""

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from pith_agent.listening import listen, url_of
from pith_agent.mirror.app import create_app
from pith_agent.protocol.trust import TrustRoot
from pith_agent.storage.cache import Store

DEFAULT_HOST = "127.0.0.1"
DEFAULT_PORT = 8765
GRACE_SECONDS = 5
"""Time that answers under way are given when the process is told to stop."""


def serve(
    store: Store,
    trust: TrustRoot,
    *,
    host: str = DEFAULT_HOST,
    port: int = DEFAULT_PORT,
    base_url: str = "",
    ready: Callable[[str], None] | None = None,
) -> None:
    """Serve `store` until SIGTERM or SIGINT; then end the answers under way and return.

    Args:
        store: What is served.
        trust: The keys that the HTML page judges records by.
        host: The address to listen on. Beyond this machine, put TLS in front.
        port: The port; 0 for any free one.
        base_url: Where readers find the server, if not at that address.
        ready: Called once with the base URL, when connections are taken.

    Raises:
        SettingsError: The address cannot be listened on.
    """
    with listen(host, port) as listener:
        where = base_url or url_of(listener)
        server = uvicorn.Server(configure(store, trust, where))
        if ready is not None:
            ready(where)
        with _stopped_by_signals(server):
            server.run(sockets=[listener])


def configure(store: Store, trust: TrustRoot, base_url: str) -> uvicorn.Config:
    """The server's settings: no access log, and nothing on standard output."""
    return uvicorn.Config(
        create_app(store, trust, base_url=base_url),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        lifespan="off",
        timeout_graceful_shutdown=GRACE_SECONDS,
    )


@contextmanager
def _stopped_by_signals(server: uvicorn.Server) -> Iterator[None]:
    """Let a signal end the server, and not the program around it.

    uvicorn raises the signal again once it has stopped; whoever called us has a store to close.
    """

    def stop(*_: object) -> None:
        server.should_exit = True

    signals = (signal.SIGINT, signal.SIGTERM)
    before = [(number, signal.signal(number, stop)) for number in signals]
    try:
        yield
    finally:
        for number, handler in before:
            signal.signal(number, handler)
