"""A real browser for the tests: headless Chromium, driven over a pipe with its own protocol.

Nothing but the standard library is used. Names other than 127.0.0.1 do not resolve in it, and each
browser has an empty profile that is thrown away. POSIX only.

    with Browser(find_chromium()) as browser, Site({"/": html("<h1>Hello</h1>")}) as site:
        page = browser.open(site.url + "/", dark=True)
        assert page.evaluate("document.querySelector('h1').textContent") == "Hello"

Source: the Chrome DevTools Protocol, version 1.3.
"""

import base64
import json
import os
import select
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self

PROGRAMS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")

FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    # All frames in one process, so that one session of the protocol reaches them. What a frame's
    # sandbox and policy forbid stays forbidden.
    "--disable-features=IsolateSandboxedIframes,IsolateOrigins,site-per-process,Translate",
    "--disable-site-isolation-trials",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--remote-debugging-pipe",
)

# The protocol is spoken on descriptors 3 and 4; a free number in between may be taken already.
_LAUNCHER = """
import fcntl, os, sys
source, sink = (fcntl.fcntl(int(n), fcntl.F_DUPFD, 10) for n in sys.argv[1:3])
os.dup2(source, 3)
os.dup2(sink, 4)
os.execv(sys.argv[3], sys.argv[3:])
"""

PATIENCE = 30.0
"""Seconds that one answer of the browser may take."""

KEYS = {"Tab": 9, "Enter": 13, "Space": 32, "Escape": 27}


class BrowserError(Exception):
    """The browser did not start, did not answer, or answered with an error."""


class File(NamedTuple):
    """What a `Site` answers with at one address."""

    body: bytes
    headers: Mapping[str, str]


class Node(NamedTuple):
    """What assistive technology is told of one element."""

    role: str
    name: str


def find_chromium() -> str | None:
    """The program that `CHROMIUM` names, or else the first that is installed, if any is."""
    names = (os.environ.get("CHROMIUM", ""), *PROGRAMS)
    return next(filter(None, map(shutil.which, names)), None)


def html(text: str, **headers: str) -> File:
    """A page for a `Site`; `Content_Security_Policy="…"` is a header."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return File(text.encode("utf-8"), {"Content-Type": "text/html; charset=utf-8", **named})


class Site:
    """Files served on 127.0.0.1. Use it as a context manager."""

    def __init__(self, files: Mapping[str, File]) -> None:
        """Start to listen; `files` are by path."""

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                file = files.get(self.path.partition("?")[0])
                self.send_response(200 if file else 404)
                for name, value in (file.headers if file else {}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(file.body if file else b"")

            def log_message(self, format: str, *args: Any) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(timeout=10)


class Browser:
    """One running Chromium. Use it as a context manager."""

    def __init__(self, program: str) -> None:
        """Start `program` with an empty profile."""
        self._profile = tempfile.TemporaryDirectory(
            prefix="pith-browser-", ignore_cleanup_errors=True
        )
        home = self._profile.name
        self._log = (Path(home) / "stderr").open("w+b")
        theirs_in, self._out = os.pipe()
        self._in, theirs_out = os.pipe()
        command = [program, *FLAGS, f"--user-data-dir={home}/profile", "about:blank"]
        self._process = subprocess.Popen(
            [sys.executable, "-c", _LAUNCHER, str(theirs_in), str(theirs_out), *command],
            pass_fds=(theirs_in, theirs_out),
            env={**os.environ, "HOME": home, "XDG_CONFIG_HOME": home, "XDG_CACHE_HOME": home},
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
        )
        os.close(theirs_in)
        os.close(theirs_out)
        self._buffer = b""
        self._next = 1
        self._pages: dict[str, Page] = {}
        self.version = self.call("Browser.getVersion")["product"]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End the program, and throw its profile away."""
        try:
            self.call("Browser.close")
            self._process.wait(timeout=10)
        except (BrowserError, OSError, subprocess.TimeoutExpired):
            self._process.kill()
            self._process.wait(timeout=10)
        os.close(self._in)
        os.close(self._out)
        self._log.close()
        self._profile.cleanup()

    def open(
        self,
        url: str,
        *,
        width: int = 800,
        height: int = 900,
        dark: bool = False,
        still: bool = False,
    ) -> "Page":
        """A new page, loaded. `still` asks for reduced motion."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = self._pages[session] = Page(self, session, target)
        page.look(width=width, height=height, dark=dark, still=still)
        page.go(url)
        return page

    def call(self, method: str, session: str | None = None, **params: Any) -> dict[str, Any]:
        """Ask the browser, and wait for its answer; what happens meanwhile goes to the pages."""
        number, self._next = self._next, self._next + 1
        message = {"id": number, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode("utf-8") + b"\0"
        while data:
            data = data[os.write(self._out, data) :]
        deadline = time.monotonic() + PATIENCE
        while True:
            answer = self._receive(deadline)
            if answer.get("id") != number:
                continue
            if "error" in answer:
                raise BrowserError(f"{method}: {answer['error'].get('message')}")
            result: dict[str, Any] = answer["result"]
            return result

    def wait(self, deadline: float) -> None:
        """Wait for the next thing that happens, until `time.monotonic()` is `deadline`."""
        self._receive(deadline)

    def forget(self, session: str) -> None:
        """Pass nothing on to a page that was closed."""
        self._pages.pop(session, None)

    def _receive(self, deadline: float) -> dict[str, Any]:
        while b"\0" not in self._buffer:
            ready, _, _ = select.select([self._in], [], [], max(0.0, deadline - time.monotonic()))
            data = os.read(self._in, 1 << 16) if ready else b""
            if not data:
                self._log.seek(0)
                said = self._log.read()[-2000:].decode("utf-8", "replace")
                raise BrowserError(f"The browser {'ended' if ready else 'is silent'}. {said}")
            self._buffer += data
        line, _, self._buffer = self._buffer.partition(b"\0")
        message: dict[str, Any] = json.loads(line)
        page = self._pages.get(message.get("sessionId", ""))
        if page and "method" in message:
            page.happened(message["method"], message["params"])
        return message


class Page:
    """One tab. `frame` is 0 for the page itself, 1 for its first frame, and so on."""

    def __init__(self, browser: Browser, session: str, target: str) -> None:
        """Listen to the tab."""
        self._browser = browser
        self._session = session
        self._target = target
        self._contexts: dict[str, str] = {}
        self._loaded = False
        self.requests: list[str] = []
        """The addresses that were asked for, `data:` included."""
        self.problems: list[str] = []
        """Uncaught errors, errors in the console, and what a policy blocked."""
        for domain in ("Page", "Runtime", "Network", "Log", "Accessibility"):
            self._call(f"{domain}.enable")

    def close(self) -> None:
        """Close the tab."""
        self._browser.call("Target.closeTarget", targetId=self._target)
        self._browser.forget(self._session)

    def go(self, url: str) -> None:
        """Load `url`, and wait until it is there."""
        self._loaded = False
        failure = self._call("Page.navigate", url=url).get("errorText")
        if failure:
            raise BrowserError(f"{url}: {failure}")
        deadline = time.monotonic() + PATIENCE
        while not self._loaded:
            self._browser.wait(deadline)

    def look(self, *, width: int, height: int, dark: bool, still: bool = False) -> None:
        """Set the size of the window in pixels, and what the user prefers."""
        self._call(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=False,
        )
        preferences = {
            "prefers-color-scheme": "dark" if dark else "light",
            "prefers-reduced-motion": "reduce" if still else "no-preference",
        }
        self._call(
            "Emulation.setEmulatedMedia",
            features=[{"name": name, "value": value} for name, value in preferences.items()],
        )

    def evaluate(self, expression: str, frame: int = 0) -> Any:
        """The value of a JavaScript expression as JSON; a promise is waited for."""
        answer = self._call(
            "Runtime.evaluate",
            expression=expression,
            uniqueContextId=self._context(frame),
            returnByValue=True,
            awaitPromise=True,
        )
        if "exceptionDetails" in answer:
            raise BrowserError(_told(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def until(self, expression: str, frame: int = 0, seconds: float = 10.0) -> None:
        """Wait until the expression is true.

        Raises:
            BrowserError: It did not become true in time.
        """
        found = self.evaluate(
            "new Promise((resolve) => {"
            f" const end = Date.now() + {int(seconds * 1000)};"
            " const look = () => {"
            f"  const value = Boolean({expression});"
            "  if (value || Date.now() > end) resolve(value); else setTimeout(look, 10);"
            " };"
            " look(); })",
            frame,
        )
        if not found:
            raise BrowserError(f"{expression!r} did not become true in {seconds:g} s.")

    def accessible(self, frame: int = 0) -> list[Node]:
        """What assistive technology is told, in reading order, without text and layout."""
        nodes = self._call("Accessibility.getFullAXTree", frameId=self._frames()[frame])["nodes"]
        told = [
            Node(node["role"]["value"], node.get("name", {}).get("value", ""))
            for node in nodes
            if not node["ignored"]
        ]
        return [node for node in told if node.role not in ("none", "generic", "InlineTextBox")]

    def press(self, key: str) -> None:
        """Press and release `Tab`, `Enter`, `Space` or `Escape`."""
        typed = {"Enter": "\r", "Space": " "}.get(key, "")
        about = {
            "key": " " if key == "Space" else key,
            "code": key,
            "windowsVirtualKeyCode": KEYS[key],
        }
        down = {"type": "keyDown", "text": typed} if typed else {"type": "rawKeyDown"}
        self._call("Input.dispatchKeyEvent", **down, **about)
        self._call("Input.dispatchKeyEvent", type="keyUp", **about)

    def screenshot(self, path: Path, *, height: int | None = None) -> None:
        """Write what is visible as PNG; with `height`, that many pixels from the top."""
        clip: dict[str, Any] = {}
        if height:
            width = self.evaluate("innerWidth")
            clip["clip"] = {"x": 0, "y": 0, "width": width, "height": height, "scale": 1}
        shot = self._call(
            "Page.captureScreenshot", format="png", captureBeyondViewport=bool(height), **clip
        )
        path.write_bytes(base64.b64decode(shot["data"]))

    def happened(self, method: str, params: dict[str, Any]) -> None:
        """Take note of an event."""
        if method == "Runtime.executionContextCreated":
            context = params["context"]
            if context["auxData"].get("isDefault"):
                self._contexts[context["auxData"]["frameId"]] = context["uniqueId"]
        elif method == "Page.loadEventFired":
            self._loaded = True
        elif method == "Network.requestWillBeSent":
            self.requests.append(params["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            self.problems.append(_told(params["exceptionDetails"]))
        elif method == "Log.entryAdded" and params["entry"]["level"] == "error":
            self.problems.append(params["entry"]["text"])
        elif method == "Runtime.consoleAPICalled" and params["type"] in ("error", "assert"):
            self.problems.append(json.dumps([item.get("value") for item in params["args"]]))

    def _context(self, frame: int) -> str:
        return self._contexts[self._frames()[frame]]

    def _frames(self) -> list[str]:
        def below(tree: dict[str, Any]) -> list[str]:
            found = [tree["frame"]["id"]]
            for child in tree.get("childFrames", ()):
                found += below(child)
            return found

        return below(self._call("Page.getFrameTree")["frameTree"])

    def _call(self, method: str, **params: Any) -> dict[str, Any]:
        return self._browser.call(method, self._session, **params)


def _told(details: dict[str, Any]) -> str:
    return str(details.get("exception", {}).get("description") or details["text"])
