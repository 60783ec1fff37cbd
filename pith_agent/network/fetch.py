"""Bytes over HTTP: one deadline, a size cap, retries, and redirects within the registry.

The only file that knows httpx. Its exceptions are translated here, once; messages name the
host and never quote the answer, which is somebody else's text.
"""

import math
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from urllib.request import getproxies, proxy_bypass

import httpx
from tenacity import RetryCallState, Retrying, retry_if_exception_type

from pith_agent.errors import (
    NotFoundError,
    PithError,
    RateLimitedError,
    ResponseError,
    SettingsError,
    UnreachableError,
)
from pith_agent.network.address import (
    BaseUrl,
    Origin,
    Reach,
    allowed_origins,
    next_url,
    require_allowed,
)
from pith_agent.network.body import gather
from pith_agent.network.deadline import CURRENT, Deadline, GuardedBackend

MAX_HOPS = 3
"""Redirects followed for one answer."""

MAX_TRIES = 4
"""Requests for one address, as long as its answers may get better by waiting."""

TRY_SECONDS = 10.0
"""Silence after which a connection is given up, if the deadline leaves that long."""

FIRST_PAUSE = 0.25
"""Seconds before the second try; each further pause is twice as long."""

MAX_PAUSE = 10**6
"""Seconds beyond which a Retry-After is not believed."""

_HEADERS = {
    "Accept": "application/json, application/ld+json;q=0.9",
    "Accept-Encoding": "identity",
    "User-Agent": "pith-agent",
}
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_GONE = frozenset({404, 410})
_BUSY = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Page:
    """One answer."""

    url: str
    """The address that answered, after redirects."""
    status: int
    """200, or 300 for an answer that names several."""
    body: bytes
    location: str | None = None
    """Where a redirect leads; `None` for all that `Fetcher.get` returns."""


class _TransientError(Exception):
    """An answer that may get better by waiting."""

    def __init__(self, error: PithError, pause: float | None = None) -> None:
        super().__init__(error)
        self.error = error
        self.pause = pause
        """Seconds that the host asks for."""


class _Transport(httpx.HTTPTransport):
    """httpx's transport, on sockets that keep our rules."""

    def __init__(self, reaches: Mapping[tuple[str, int], Reach] | None, proxy: str | None) -> None:
        super().__init__(proxy=proxy)
        # httpx has no argument for the backend; tests/unit/test_fetch.py notices if this fails.
        self._pool._network_backend = GuardedBackend(self._pool._network_backend, reaches)


class Fetcher:
    """GET, from the configured registries only. One object may serve several threads."""

    def __init__(
        self,
        bases: tuple[BaseUrl, ...],
        *,
        timeout: float,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        """Open nothing yet.

        Args:
            bases: What may be asked.
            timeout: Seconds for one answer, all tries and redirects included.
            clock: Seconds of a clock that only goes forward.
            sleep: Waits for so many seconds.

        Raises:
            SettingsError: The proxy that the environment names cannot be used.
        """
        self._timeout = timeout
        self._clock = clock
        self._sleep = sleep
        self.heard = -math.inf
        """When a host last began to answer, on `clock`."""
        self._origins = allowed_origins(bases)
        reaches = {(origin.host, origin.port): origin.reach for origin in self._origins}
        proxies = {str(o): proxy for o in self._origins if (proxy := _proxy(o)) is not None}
        self._client = httpx.Client(
            transport=_transport(reaches, None),
            mounts={origin: _transport(None, proxy) for origin, proxy in proxies.items()},
            headers=_HEADERS,
            # No cookie is kept: with one, a registry could tell its readers apart.
            cookies=CookieJar(DefaultCookiePolicy(allowed_domains=[])),
            follow_redirects=False,
            trust_env=False,
        )

    def deadline(self) -> Deadline:
        """The deadline for an answer that is asked for now."""
        return Deadline(self._clock, self._clock() + self._timeout)

    def get(self, url: str, *, cap: int, deadline: Deadline | None = None) -> Page:
        """The body at `url`, of at most `cap` bytes once it is inflated.

        Raises:
            NotFoundError: The host answers that there is nothing.
            UnreachableError: The host does not answer before the deadline.
            RateLimitedError: The host asks to wait for longer than the deadline allows.
            ResponseError: The answer cannot be used.
            UnsafeRedirectError: `url`, or a redirect, is not at a configured registry, or the
                host has an address that it should not have.
        """
        deadline = deadline or self.deadline()
        for _ in range(MAX_HOPS + 1):
            origin = require_allowed(url, self._origins)
            page = self._insist(url, origin, cap, deadline)
            if page.location is None:
                return page
            url = next_url(url, page.location)
        raise ResponseError(f"{origin.host} redirects more than {MAX_HOPS} times.")

    def close(self) -> None:
        """Close all connections."""
        self._client.close()

    def _insist(self, url: str, origin: Origin, cap: int, deadline: Deadline) -> Page:
        """Ask again while that may help and time is left."""

        def enough(state: RetryCallState) -> bool:
            return state.attempt_number >= MAX_TRIES or state.upcoming_sleep >= deadline.left

        retrying = Retrying(
            retry=retry_if_exception_type(_TransientError),
            wait=_pause,
            stop=enough,
            sleep=self._sleep,
            reraise=True,
        )
        try:
            return retrying(self._ask, url, origin, cap, deadline)
        except _TransientError as error:
            raise error.error from error.__cause__

    def _ask(self, url: str, origin: Origin, cap: int, deadline: Deadline) -> Page:
        host = origin.host
        left = deadline.left
        if left <= 0:
            raise UnreachableError.of_silence(host)
        token = CURRENT.set(deadline)
        try:
            with self._open(url, min(left, TRY_SECONDS)) as response:
                self.heard = self._clock()
                return _read(response, url, host, cap)
        except httpx.TimeoutException as error:
            raise _TransientError(UnreachableError.of_silence(host)) from error
        except httpx.ConnectError as error:
            gone = UnreachableError(f"{host} cannot be connected to: {error}.")
            raise _TransientError(gone) from error
        except httpx.RemoteProtocolError as error:
            # Not quoted: the text of this error repeats what was received.
            broken = ResponseError(f"{host} broke off its answer, or does not speak HTTP.")
            raise _TransientError(broken) from error
        except httpx.TransportError as error:
            gone = UnreachableError(f"The connection to {host} failed.")
            raise _TransientError(gone) from error
        except httpx.InvalidURL as error:
            raise ResponseError(f"{host} leads to something that is no web address.") from error
        finally:
            CURRENT.reset(token)

    def _open(self, url: str, seconds: float) -> AbstractContextManager[httpx.Response]:
        return self._client.stream("GET", url, timeout=seconds)


def _read(response: httpx.Response, url: str, host: str, cap: int) -> Page:
    status, headers = response.status_code, response.headers
    if status in (200, 300):
        length = headers.get("Content-Length", "")
        if length.isdecimal() and int(length[:20]) > cap:
            raise ResponseError(f"{host} sends more than {cap} bytes.")
        encoding = headers.get("Content-Encoding", "")
        return Page(url, status, gather(host, response.iter_raw(), encoding, cap))
    if status in _REDIRECTS and headers.get("Location"):
        return Page(url, status, b"", headers["Location"])
    if status in _GONE:
        raise NotFoundError(f"{host} has no such document.")
    if status in _BUSY:
        pause = _retry_after(headers)
        raise _TransientError(_busy(host, status, pause), pause)
    raise ResponseError(f"{host} answers with status {status}.")


def _busy(host: str, status: int, pause: float | None) -> PithError:
    wait = "" if pause is None else f", and asks to wait {pause:.0f} seconds"
    if status == 429:
        return RateLimitedError(f"{host} answers that it was asked too often{wait}.")
    return UnreachableError(f"{host} answers with status {status}{wait}.")


def _pause(state: RetryCallState) -> float:
    """Seconds before the next try: those that the host asks for, or a doubling pause."""
    doubling = FIRST_PAUSE * float(2 ** (state.attempt_number - 1))
    error = state.outcome.exception() if state.outcome else None
    asked = error.pause if isinstance(error, _TransientError) else None
    return doubling if asked is None else max(doubling, asked)


def _retry_after(headers: httpx.Headers) -> float | None:
    """Seconds to wait (RFC 9110, section 10.2.3); `None` if the header is absent or no such."""
    text = headers.get("Retry-After", "").strip()
    if text.isascii() and text.isdecimal():
        return float(min(int(text[:10]), MAX_PAUSE))
    try:
        # Two times of the same clock, the host's, so that ours need not be right.
        then = parsedate_to_datetime(text)
        pause = (then - parsedate_to_datetime(headers.get("Date", ""))).total_seconds()
    except (ValueError, TypeError):
        return None
    return min(max(pause, 0.0), float(MAX_PAUSE))


def _proxy(origin: Origin) -> str | None:
    """The proxy that the environment names for this origin; none is used on this machine."""
    if origin.reach == "loopback" or proxy_bypass(origin.host):
        return None
    proxies = getproxies()
    return proxies.get(origin.scheme) or proxies.get("all")


def _transport(reaches: Mapping[tuple[str, int], Reach] | None, proxy: str | None) -> _Transport:
    if proxy and "://" not in proxy:
        proxy = f"http://{proxy}"
    try:
        return _Transport(reaches, proxy)
    except (ValueError, ImportError, httpx.InvalidURL) as error:
        # The address is not quoted: it may hold a password.
        raise SettingsError("The proxy that the environment names cannot be used.") from error
