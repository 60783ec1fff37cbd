"""Bodies: joined, inflated, and never larger than the cap."""

import gzip
import tracemalloc
import zlib
from collections.abc import Iterator

import pytest

from pith_agent.errors import ResponseError
from pith_agent.network.body import gather

CAP = 1000
TEXT = b"a body that is told in several pieces " * 20
ZIPPED = gzip.compress(TEXT, mtime=0)


def pieces(data: bytes, size: int) -> Iterator[bytes]:
    for start in range(0, len(data), size):
        yield data[start : start + size]


@pytest.mark.parametrize("size", [1, 7, 10_000])
@pytest.mark.parametrize(
    ("encoding", "data"),
    [
        ("", TEXT),
        ("identity", TEXT),
        ("gzip", ZIPPED),
        (" X-GZip ", ZIPPED),
        ("deflate", zlib.compress(TEXT)),
    ],
)
def test_a_body_is_the_same_however_it_is_cut_and_wrapped(encoding, data, size):
    assert gather("host", pieces(data, size), encoding, CAP) == TEXT


@pytest.mark.parametrize(
    "data",
    [
        ZIPPED[:-1],
        ZIPPED + b"x",
        ZIPPED + ZIPPED,
        gzip.compress(bytes(CAP + 1), mtime=0),
        zlib.compress(TEXT),
        TEXT,
        b"",
    ],
)
@pytest.mark.parametrize("size", [1, 10_000])
def test_a_body_that_is_not_one_whole_gzip_within_the_cap_is_refused(data, size):
    with pytest.raises(ResponseError):
        gather("host", pieces(data, size), "gzip", CAP)


def test_a_body_of_just_the_cap_is_taken():
    assert len(gather("host", [gzip.compress(bytes(CAP))], "gzip", CAP)) == CAP


def test_a_bomb_costs_no_more_memory_than_the_cap():
    bomb = gzip.compress(bytes(50_000_000))
    tracemalloc.start()
    try:
        with pytest.raises(ResponseError):
            gather("host", [bomb], "gzip", len(bomb))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 1_000_000


def test_a_stream_that_never_yields_a_byte_comes_to_an_end():
    read = 0

    def endless() -> Iterator[bytes]:
        nonlocal read
        yield zlib.compress(b"")[:2]
        while read < 100 * CAP:
            read += 5
            yield b"\x00\x00\x00\xff\xff"  # An empty block that is not the last one.

    with pytest.raises(ResponseError):
        gather("host", endless(), "deflate", CAP)
    assert read <= 2 * CAP + 5
