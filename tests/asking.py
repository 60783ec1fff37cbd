"""An HTTP client that is not ours: it asks the mirror as any program would."""

import json
from http.client import HTTPConnection, HTTPResponse
from urllib.parse import urlsplit


class Answer:
    """One answer, read whole."""

    def __init__(self, response: HTTPResponse) -> None:
        self.status = response.status
        self.headers = {name.lower(): value for name, value in response.getheaders()}
        self.body = response.read()

    @property
    def json(self) -> dict:
        return json.loads(self.body)

    @property
    def text(self) -> str:
        return self.body.decode("utf-8")


class Asking:
    """One connection to a server; `asking("/path", Accept="…")` is one request."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._connection = HTTPConnection(parts.hostname, parts.port, timeout=10)

    def __call__(self, path: str, method: str = "GET", **headers: str) -> Answer:
        fields = {name.replace("_", "-"): value for name, value in headers.items()}
        self._connection.request(method, path, headers=fields)
        return Answer(self._connection.getresponse())

    def close(self) -> None:
        self._connection.close()
