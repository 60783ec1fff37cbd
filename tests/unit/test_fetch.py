"""One fetch: what is asked for, what is refused, and how long it may take."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import pairwise

import pytest

from pith_agent.errors import (
    NotFoundError,
    RateLimitedError,
    ResponseError,
    SettingsError,
    UnreachableError,
    UnsafeRedirectError,
)
from pith_agent.network.address import parse_base
from pith_agent.network.fetch import MAX_HOPS, MAX_TRIES, Fetcher
from tests import faults
from tests.faults import RawServer
from tests.registry import LoopbackRegistry

CAP = 10_000
BODY = b'{"status": "told"}'


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def fetcher(registry: LoopbackRegistry, clock: Clock) -> Iterator[Fetcher]:
    made = Fetcher((parse_base(registry.url),), timeout=30.0, clock=clock, sleep=clock.sleep)
    yield made
    made.close()


@pytest.fixture
def ask(fetcher: Fetcher, registry: LoopbackRegistry) -> Callable[[], bytes]:
    return lambda: fetcher.get(f"{registry.url}/healthz", cap=CAP).body


def get(url: str, timeout: float) -> bytes:
    fetcher = Fetcher((parse_base(url),), timeout=timeout, sleep=lambda _: None)
    try:
        return fetcher.get(f"{url}/healthz", cap=CAP).body
    finally:
        fetcher.close()


def test_the_body_is_given_and_nothing_is_said_that_tells_readers_apart(registry, ask):
    registry.break_("/healthz", faults.body(BODY, {"set-cookie": "reader=1; Path=/"}))

    assert ask() == ask() == BODY

    for headers in registry.headers:
        assert headers["accept-encoding"] == "identity"
        assert headers["accept"].startswith("application/json")
        assert headers["user-agent"] == "pith-agent"
        assert not {"cookie", "authorization", "referer"} & set(headers)


@pytest.mark.parametrize(
    "encoded", [faults.gzipped(), faults.deflated(), faults.encoded("identity")]
)
def test_a_body_in_a_known_encoding_is_inflated(registry, fetcher, encoded):
    registry.break_("/healthz", encoded)

    assert b"ok" in fetcher.get(f"{registry.url}/healthz", cap=CAP).body


@pytest.mark.parametrize(
    "fault",
    [
        faults.encoded("br"),
        faults.encoded("zstd"),
        faults.encoded("gzip, gzip"),
        faults.encoded("gzip"),
        faults.changed(lambda data: data[:-4], {"content-encoding": "gzip"}),
        faults.oversize(CAP + 1),
        faults.body(b" " * (CAP + 1)),
        faults.bomb(CAP + 1),
        faults.bomb(50_000_000),
        faults.status(500),
        faults.status(401),
        faults.status(204),
        faults.status(304),
        faults.status(302),
        faults.redirect("/healthz"),
    ],
)
def test_an_answer_is_refused_at_once_when_it_cannot_be_used(registry, clock, ask, fault):
    registry.break_("/healthz", fault)

    with pytest.raises(ResponseError):
        ask()
    assert clock.slept == []


def test_a_compressed_body_that_ends_early_is_refused(registry, ask):
    registry.break_(
        "/healthz", faults.changed(lambda _: b"\x1f\x8b\x08\x00", {"content-encoding": "gzip"})
    )

    with pytest.raises(ResponseError):
        ask()


def test_a_body_of_just_the_cap_is_read(registry, ask):
    registry.break_("/healthz", faults.oversize(CAP))

    assert len(ask()) == CAP


@pytest.mark.parametrize("code", [404, 410])
def test_a_host_that_has_no_such_document_says_so(registry, ask, code):
    registry.break_("/healthz", faults.status(code))

    with pytest.raises(NotFoundError):
        ask()


@pytest.mark.parametrize("code", [429, 502, 503, 504])
def test_an_answer_that_may_get_better_is_asked_for_again(registry, clock, ask, code):
    registry.break_("/healthz", faults.status(code), times=2)
    registry.break_("/healthz", faults.body(BODY))

    assert ask() == BODY
    assert len(registry.requests) == 3
    assert all(first < second for first, second in pairwise(clock.slept))


@pytest.mark.parametrize(("code", "error"), [(429, RateLimitedError), (503, UnreachableError)])
def test_asking_again_has_an_end(registry, ask, code, error):
    registry.break_("/healthz", faults.status(code))

    with pytest.raises(error):
        ask()
    assert len(registry.requests) == MAX_TRIES


def test_retry_after_in_seconds_is_waited_for(registry, clock, ask):
    registry.break_("/healthz", faults.status(429, {"retry-after": "7"}), times=1)
    registry.break_("/healthz", faults.body(BODY))

    assert ask() == BODY
    assert clock.slept == [7.0]


def test_retry_after_as_a_date_is_read_by_the_host_s_own_clock(registry, clock, ask):
    host_time = datetime(2001, 1, 1, tzinfo=UTC)
    headers = {
        "date": format_datetime(host_time, usegmt=True),
        "retry-after": format_datetime(host_time + timedelta(seconds=9), usegmt=True),
    }
    registry.break_("/healthz", faults.status(503, headers), times=1)
    registry.break_("/healthz", faults.body(BODY))

    assert ask() == BODY
    assert clock.slept == [9.0]


@pytest.mark.parametrize("text", ["soon", "-1", "1e9", "٧", "Thu, 99 Foo 2020", "1.5"])
def test_a_retry_after_that_means_nothing_is_not_waited_for(registry, clock, ask, text):
    headers = {"retry-after": text.encode().decode("latin-1")}
    registry.break_("/healthz", _raw_header(headers), times=1)
    registry.break_("/healthz", faults.body(BODY))

    assert ask() == BODY
    assert sum(clock.slept) < 1


def _raw_header(headers: dict[str, str]) -> faults.Fault:
    async def fault(app, scope, receive, send, stopped):
        raw = [(name.encode(), value.encode("latin-1")) for name, value in headers.items()]
        await send({"type": "http.response.start", "status": 429, "headers": raw})
        await send({"type": "http.response.body", "body": b""})

    return fault


def test_a_wait_that_outlasts_the_deadline_is_reported_and_not_begun(registry, clock, ask):
    registry.break_("/healthz", faults.status(429, {"retry-after": "31"}))

    with pytest.raises(RateLimitedError) as error:
        ask()
    assert "31 seconds" in error.value.message
    assert clock.slept == []


def test_a_redirect_within_the_registry_is_followed(registry, fetcher):
    registry.break_("/healthz", faults.redirect("/elsewhere"))
    registry.break_("/elsewhere", faults.body(BODY))

    page = fetcher.get(f"{registry.url}/healthz", cap=CAP)

    assert (page.body, page.url) == (BODY, f"{registry.url}/elsewhere")


@pytest.mark.parametrize("hops", [MAX_HOPS, MAX_HOPS + 1])
def test_only_so_many_redirects_are_followed(registry, fetcher, hops):
    for place in range(hops):
        registry.break_(f"/{place}", faults.redirect(f"/{place + 1}"))
    registry.break_(f"/{hops}", faults.body(BODY))

    if hops > MAX_HOPS:
        with pytest.raises(ResponseError):
            fetcher.get(f"{registry.url}/0", cap=CAP)
    else:
        assert fetcher.get(f"{registry.url}/0", cap=CAP).body == BODY


@pytest.mark.parametrize(
    "location",
    [
        "https://evil.example/pith/X",
        "//evil.example/pith/X",
        "http://169.254.169.254/latest/meta-data",
        "http://localhost:1/",
        "file:///etc/passwd",
        "https://pith.science/pith/X",
        "http://reader@127.0.0.1/",
    ],
)
def test_a_redirect_to_what_is_not_configured_is_refused(registry, ask, location):
    registry.break_("/healthz", faults.redirect(location))

    with pytest.raises(UnsafeRedirectError):
        ask()
    assert len(registry.requests) == 1


def test_no_message_repeats_what_was_received(registry, ask):
    for code, headers in ((500, {}), (302, {"location": "https://evil.example/ATTACK"}), (429, {})):
        registry.break_("/healthz", faults.status(code, headers, b"ATTACK"), times=MAX_TRIES)
        with pytest.raises(UnreachableError) as error:
            ask()
        assert "ATTACK" not in str(error.value)
        registry.heal()


def test_a_host_that_nobody_listens_on_is_unreachable():
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"

    with pytest.raises(UnreachableError):
        get(url, timeout=1.0)


@pytest.mark.parametrize("fault", [faults.hang, faults.drip])
def test_a_host_that_takes_its_time_is_given_up_at_the_deadline(registry, fault):
    registry.break_("/healthz", fault)
    start = time.monotonic()

    with pytest.raises(UnreachableError):
        get(registry.url, timeout=0.5)
    assert time.monotonic() - start < 2


@pytest.mark.parametrize("start_of_answer", [b"", b"HTTP/1.1 200 OK\r\nX-Slow: "])
def test_headers_that_never_end_are_given_up_at_the_deadline(start_of_answer):
    def drip(connection: socket.socket, stop: threading.Event) -> None:
        connection.sendall(start_of_answer or b"H")
        while not stop.wait(0.05):
            connection.sendall(b"a")

    with RawServer(drip) as server:
        start = time.monotonic()
        with pytest.raises(UnreachableError):
            get(server.url, timeout=0.5)
        assert time.monotonic() - start < 2


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"ATTACK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nATTACK",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\nATTACK\r\n",
    ],
)
def test_what_is_not_http_or_ends_early_is_refused(answer):
    server = RawServer(lambda connection, _: connection.sendall(answer))
    with server, pytest.raises(UnreachableError) as error:
        get(server.url, timeout=3.0)
    assert "ATTACK" not in str(error.value)


def test_an_announced_length_beyond_the_cap_is_refused_before_the_body_comes():
    def announce(connection: socket.socket, stop: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (CAP + 1))
        stop.wait(10)

    server = RawServer(announce)
    with server, pytest.raises(ResponseError):
        get(server.url, timeout=3.0)


@pytest.mark.parametrize("location", [b"http://127.0.0.1\xff\xfe/", b"http://[::1/", b"http://:x/"])
def test_a_redirect_to_bytes_that_are_no_address_is_refused(location):
    answer = b"HTTP/1.1 302 Found\r\nLocation: %b\r\nContent-Length: 0\r\n\r\n" % location

    server = RawServer(lambda connection, _: connection.sendall(answer))
    with server, pytest.raises(UnreachableError):
        get(server.url, timeout=3.0)


def test_a_public_name_that_leads_to_this_machine_is_not_connected_to(registry, monkeypatch):
    port = int(registry.url.rpartition(":")[2])
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *rest, **more: real("127.0.0.1", *rest, **more)
    )

    with pytest.raises(UnsafeRedirectError):
        get(f"https://registry.example:{port}", timeout=2.0)
    assert registry.requests == []


def test_a_proxy_of_the_environment_is_asked_for_public_hosts_only(registry, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", registry.url)
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    registry.break_("/healthz", faults.body(BODY))

    # The test registry is no proxy and refuses to be used as one; that it was asked is enough.
    with pytest.raises(UnreachableError):
        get("https://registry.example", timeout=2.0)
    assert registry.requests
    assert registry.requests[0].startswith("CONNECT")
    assert get(registry.url, timeout=2.0) == BODY


def test_a_proxy_that_cannot_be_used_is_a_setting_to_correct(monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "gopher://user:secret@proxy.example")

    with pytest.raises(SettingsError) as error:
        get("https://registry.example", timeout=1.0)
    assert "secret" not in str(error.value)


def test_one_fetcher_serves_several_threads(registry, fetcher):
    registry.break_("/healthz", faults.body(BODY))
    bodies: list[bytes] = []

    def run() -> None:
        bodies.extend(fetcher.get(f"{registry.url}/healthz", cap=CAP).body for _ in range(5))

    threads = [threading.Thread(target=run) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=10)

    assert bodies == [BODY] * 40
