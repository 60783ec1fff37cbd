"""HTTP answers: entity tags, caching, what the reader accepts, and errors as JSON."""

import hashlib
import re
from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from pith_agent.errors import (
    AmbiguousError,
    IdentifierError,
    LookupFailedError,
    PithError,
)
from pith_agent.mirror.documents import dump
from pith_agent.protocol.display import safe_text
from pith_agent.protocol.strict_json import JsonObject

DAY = "public, max-age=86400"
"""For documents that are named by their content."""
MINUTES = "public, max-age=300"
"""For answers that a new version of a paper changes."""
NO_STORE = "no-store"

JSON = "application/json"
JSON_LD = "application/ld+json"
HTML = "text/html"

_CORS = {"Access-Control-Allow-Origin": "*", "Access-Control-Expose-Headers": "ETag"}
_NO_SNIFF = {"X-Content-Type-Options": "nosniff"}


def reply(
    request: Request,
    body: bytes,
    *,
    cache: str = DAY,
    media_type: str = JSON,
    headers: dict[str, str] | None = None,
) -> Response:
    """`body`, or 304 if the reader has it already."""
    tag = f'"{hashlib.sha256(body).hexdigest()}"'
    cors = _CORS if media_type != HTML else {}
    fields = {"ETag": tag, "Cache-Control": cache, **cors, **_NO_SNIFF, **(headers or {})}
    if _has(request.headers.get("if-none-match", ""), tag):
        return Response(status_code=304, headers=fields)
    content_type = media_type if media_type != HTML else "text/html; charset=utf-8"
    return Response(body, headers={**fields, "Content-Type": content_type})


def redirect(path: str, *, cache: str = MINUTES) -> Response:
    """302 to a path of this mirror, which was built from a validated identifier."""
    return RedirectResponse(path, status_code=302, headers={"Cache-Control": cache, **_CORS})


def preferred(accept: str, offers: tuple[str, ...]) -> str:
    """The offer that an Accept header likes best; the first one if it likes all alike, or none.

    Source: RFC 9110, section 12.5.1.
    """
    ranges = [_media_range(part) for part in accept.split(",") if part.strip()]

    def liking(offer: str) -> float:
        family = offer.partition("/")[0]
        # The most specific range that matches counts.
        for wanted in (offer, f"{family}/*", "*/*"):
            for name, weight in ranges:
                if name == wanted:
                    return weight
        return 0.0

    return max(offers, key=liking)


def refuse(request: Request, error: Exception) -> Response:
    """A deliberate error as JSON. The status follows from its class."""
    if not isinstance(error, PithError):
        raise error
    fault: JsonObject = {
        "code": error.code,
        "message": safe_text(error.message, 300),
        "hint": error.hint,
    }
    content: JsonObject = {"error": fault}
    status = HTTPStatus.INTERNAL_SERVER_ERROR
    if isinstance(error, AmbiguousError):
        status = HTTPStatus.MULTIPLE_CHOICES
        content["candidates"] = list(error.candidates)
    elif isinstance(error, LookupFailedError):
        status = HTTPStatus.NOT_FOUND
    elif isinstance(error, IdentifierError):
        status = HTTPStatus.BAD_REQUEST
    return _fault(status, content)


def refuse_request(request: Request, error: Exception) -> Response:
    """A path or method that does not exist, as JSON."""
    if not isinstance(error, HTTPException):
        raise error
    status = HTTPStatus(error.status_code)
    fault: JsonObject = {
        "code": re.sub(r"[^a-z]+", "-", status.phrase.lower()),
        "message": f"{status.phrase}.",
        "hint": "Use the addresses listed at the root of this server.",
    }
    return _fault(status, {"error": fault}, dict(error.headers or {}))


def _fault(
    status: HTTPStatus, content: JsonObject, headers: dict[str, str] | None = None
) -> Response:
    fields = {"Cache-Control": NO_STORE, **_CORS, **_NO_SNIFF, **(headers or {})}
    return Response(dump(content), status_code=status, media_type=JSON, headers=fields)


def _has(condition: str, tag: str) -> bool:
    """Whether If-None-Match names the tag; weak comparison, as RFC 9110 says for it."""
    known = [part.strip().removeprefix("W/") for part in condition.split(",")]
    return tag in known or "*" in known


def _media_range(text: str) -> tuple[str, float]:
    name, *parameters = (part.strip().lower() for part in text.split(";"))
    for parameter in parameters:
        if match := re.fullmatch(r"q=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)", parameter):
            return name, float(match[1])
    return name, 1.0
