"""A time limit over all of an answer, and sockets that keep it.

httpx's own time limits are for one read each: a peer that sends a byte now and then, even
inside the headers, stays below them for hours.
"""

import socket
from collections.abc import Callable, Iterable, Mapping
from contextvars import ContextVar
from dataclasses import dataclass
from ssl import SSLContext
from typing import Any

import httpcore

from pith_agent.errors import UnsafeRedirectError
from pith_agent.network.address import Reach, admits


@dataclass(frozen=True, slots=True)
class Deadline:
    """A moment of a clock that only goes forward."""

    clock: Callable[[], float]
    end: float

    @property
    def left(self) -> float:
        """Seconds until then; negative afterwards."""
        return self.end - self.clock()

    def share(self, of: int) -> "Deadline":
        """A deadline after one of `of` equal parts of what is left."""
        now = self.clock()
        return Deadline(self.clock, now + (self.end - now) / of)


CURRENT: ContextVar[Deadline] = ContextVar("pith_agent_deadline")
"""The deadline of the request that this thread is making."""


class GuardedBackend(httpcore.NetworkBackend):
    """Opens connections to admitted addresses only, and keeps the current deadline on them.

    A name is resolved here and the connection made to the address that was judged, so that a
    second answer of the name server cannot lead elsewhere. Resolving itself is not interrupted:
    the system's resolver has limits of its own.
    """

    def __init__(
        self,
        inner: httpcore.NetworkBackend,
        reaches: Mapping[tuple[str, int], Reach] | None,
    ) -> None:
        """`reaches` says what each (host, port) may be; `None` admits all, as for a proxy."""
        self._inner = inner
        self._reaches = reaches

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        """Connect to the first address of `host` that answers."""
        addresses = _resolve(host, port)
        if self._reaches is not None:
            reach = self._reaches.get((host, port), "public")
            addresses = [address for address in addresses if admits(reach, address)]
            if not addresses:
                raise UnsafeRedirectError(f"{host} has no address that is {reach}.")
        failure: Exception | None = None
        for place, address in enumerate(addresses):
            share = CURRENT.get().share(len(addresses) - place)
            try:
                stream = self._inner.connect_tcp(
                    address, port, _at_most(timeout, share), local_address, socket_options
                )
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
            else:
                return _GuardedStream(stream)
        raise failure or httpcore.ConnectError(f"{host} has no address.")


class _GuardedStream(httpcore.NetworkStream):
    """A connection whose every operation ends at the current deadline."""

    def __init__(self, inner: httpcore.NetworkStream) -> None:
        self._inner = inner

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._inner.read(max_bytes, _at_most(timeout, CURRENT.get()))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._inner.write(buffer, _at_most(timeout, CURRENT.get()))

    def close(self) -> None:
        self._inner.close()

    def start_tls(
        self,
        ssl_context: SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        limit = _at_most(timeout, CURRENT.get())
        return _GuardedStream(self._inner.start_tls(ssl_context, server_hostname, limit))

    def get_extra_info(self, info: str) -> Any:
        return self._inner.get_extra_info(info)


def _resolve(host: str, port: int) -> list[str]:
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError(f"{host} cannot be resolved") from error
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _at_most(timeout: float | None, deadline: Deadline) -> float:
    left = deadline.left
    if left <= 0:
        raise httpcore.ReadTimeout("the deadline has passed")
    return left if timeout is None else min(timeout, left)
