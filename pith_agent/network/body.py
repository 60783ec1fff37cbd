"""The body of an answer, inflated within a cap.

httpx would inflate for us, but it hands out 67 MB that came as 204 kB in one piece.
"""

import zlib
from collections.abc import Iterable, Iterator

from pith_agent.errors import ResponseError

_WINDOW_BITS = {"gzip": 31, "x-gzip": 31, "deflate": 15}
"""How zlib is told which wrapping to expect (RFC 9110, section 8.4.1)."""


def gather(host: str, chunks: Iterable[bytes], encoding: str, cap: int) -> bytes:
    """Join the raw chunks of a body, and undo `encoding`, the Content-Encoding header.

    Raises:
        ResponseError: More than `cap` bytes, an encoding other than gzip and deflate, or a body
            that is not in that encoding or ends early.
    """
    encoding = encoding.strip().lower()
    if encoding not in ("", "identity"):
        chunks = _inflate(host, chunks, encoding, cap)
    found = bytearray()
    for chunk in chunks:
        found += chunk
        if len(found) > cap:
            raise ResponseError(f"{host} sends more than {cap} bytes.")
    return bytes(found)


def _inflate(host: str, chunks: Iterable[bytes], encoding: str, cap: int) -> Iterator[bytes]:
    if encoding not in _WINDOW_BITS:
        raise ResponseError(f"{host} answers in an encoding that was not asked for.")
    inflater = zlib.decompressobj(_WINDOW_BITS[encoding])
    received = 0
    for chunk in chunks:
        # A stream can go on for ever without yielding a byte.
        received += len(chunk)
        if received > 2 * cap:
            raise ResponseError(f"{host} sends more than {2 * cap} compressed bytes.")
        while chunk:
            try:
                piece = inflater.decompress(chunk, cap + 1)
            except zlib.error as error:
                raise ResponseError(f"{host} sends a body that is not {encoding}.") from error
            yield piece
            if inflater.unused_data:
                raise ResponseError(f"{host} sends more after the end of the {encoding} body.")
            chunk = inflater.unconsumed_tail
    if not inflater.eof:
        raise ResponseError(f"{host} sends a {encoding} body that ends early.")
