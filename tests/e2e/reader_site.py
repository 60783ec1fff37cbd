"""Pages that cite, as a build writes them, and a reader who looks at them in a browser."""

import base64
import hashlib
import html as markup
import json
from collections.abc import Callable
from typing import Any

from pith_agent import canonical_bytes
from sphinx_pith.pages import ASSETS, Evidence, evidence_block
from tests.browser import Browser, File, Page, Site, html
from tests.documents import KEY_ID, PUBLIC_B64, REAL, SUFFIX, Document

REAL_KEY_ID = "pith-v1-2026-05"
REAL_KEY_B64 = "stVStoiQhXFxp4s2pdzPNoqVNBMojDU/fJ2db5S3CbM="
FINGERPRINT = "8d4b5ee74e4693bcd1df2446408b0d54"

STRICT = "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:"
"""A policy that allows the page its own files, and nothing inline."""

SCRIPT = (ASSETS / "pith.js").read_text("utf-8")
STYLE = (ASSETS / "pith.css").read_text("utf-8")

LINK = "a[href*='/pith/'], a[href^='#pith-']"
RESULT = "(document.querySelector('.pith-result')?.textContent ?? '')"
TEXT = "(document.querySelector('.pith-check')?.innerText ?? '')"
SHOWN = "document.querySelector('.pith-check') !== null"
DECIDED = f"{SHOWN} && document.querySelector('.pith-check ul') !== null"
GONE = "document.querySelector('.pith-check') === null"
BOX = (
    "(({ left, top, right, bottom }) => [left, top, innerWidth - right, innerHeight - bottom])"
    "(document.querySelector('.pith-check').getBoundingClientRect())"
)
"""Pixels between the card and each edge of the window."""

PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Page</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">{head}</head>
<body><main><h1>Page</h1>
<p><a href="#before" id="before">Before</a></p>
{cites}
<p><a href="#after" id="after">After</a></p></main></body></html>"""
ASSET_TAGS = '<link rel="stylesheet" href="pith.css"><script defer="defer" src="pith.js"></script>'


def evidence_of(document: Document, **changes: Any) -> Evidence:
    """The evidence of a record: the published one, or one that is signed with the test key."""
    receipt, record = document["receipt"], document["canonical_record"]
    public = REAL_KEY_B64 if receipt["key_id"] != KEY_ID else PUBLIC_B64
    suffix = document["pith_number"].rpartition(":")[2]
    source = record["source"]
    made = {
        "suffix": suffix,
        "pith_number": document["pith_number"],
        "canonical": canonical_bytes(record).decode("utf-8"),
        "sha256": document["canonical_sha256"],
        "signature_b64": receipt["signature_b64"],
        "key_id": receipt["key_id"],
        "key_sha256": hashlib.sha256(base64.b64decode(public)).hexdigest(),
        "public_key_b64": public,
        "title": document["paper"]["title"],
        "authors": document["paper"]["authors_text"],
        "arxiv": f"{source['id']}v{source['version']}",
        "url": f"https://pith.science/pith/{suffix}",
        "year": record["metadata"]["submitted_at"][:4],
    }
    return Evidence(**(made | changes))


def real_evidence(**changes: Any) -> Evidence:
    """The evidence of the published record."""
    return evidence_of(json.loads(REAL), **changes)


def block_of(change: Callable[[dict[str, Any]], None], *papers: Evidence) -> str:
    """An evidence block that `change` has tampered with."""
    whole = evidence_block(papers or [real_evidence()])
    start, end = whole.index(">") + 1, whole.rindex("<")
    block = json.loads(whole[start:end])
    change(block)
    return whole[:start] + json.dumps(block).replace("<", "\\u003c") + whole[end:]


def cite(suffix: str = SUFFIX, text: str = "the survey") -> str:
    """A paragraph with one verified citation."""
    href, title = f"https://pith.science/pith/{suffix}", f"Verified: pith:2024:{suffix}"
    link = f'<a class="pith pith-verified reference external" href="{href}" title="{title}">'
    return f"<p>See {link}{markup.escape(text)}</a> on this.</p>"


def page_of(block: str | None = None, *, cites: str = "", before: str = "") -> str:
    """A whole page; with the evidence of the published record unless another block is given."""
    block = evidence_block([real_evidence()]) if block is None else block
    return PAGE.format(head=f"{block}{before}{ASSET_TAGS}", cites=cites or cite())


def alone(block: str) -> str:
    """The same page as one `data:` address, where no file can be asked for."""
    own = f"<style>{STYLE}</style>"
    text = PAGE.format(head=f"{block}{own}", cites=cite())
    text = text.replace("</body>", f"<script>{SCRIPT}</script></body>")
    return "data:text/html;base64," + base64.b64encode(text.encode("utf-8")).decode("ascii")


def site_of(text: str, policy: str = STRICT, **files: str) -> dict[str, File]:
    """The files of a site with one page; `files` are scripts by name."""
    scripts = {"pith.js": SCRIPT, **{f"{name}.js": body for name, body in files.items()}}
    kind = {"Content-Type": "text/javascript; charset=utf-8"}
    return {
        "/": html(text, Content_Security_Policy=policy),
        "/pith.css": File(STYLE.encode("utf-8"), {"Content-Type": "text/css; charset=utf-8"}),
        **{f"/{name}": File(body.encode("utf-8"), kind) for name, body in scripts.items()},
    }


class Reader:
    """Somebody with a pointer, a keyboard and a finger, at one page."""

    def __init__(self, browser: Browser, site: Site | None, url: str, **looks: Any) -> None:
        self.site = site
        self.page: Page = browser.open(url, **looks)

    def close(self) -> None:
        """Leave; nothing may have gone wrong on the page."""
        problems = self.page.problems
        self.page.close()
        if self.site:
            self.site.__exit__(None, None, None)
        assert problems == []

    def value(self, expression: str) -> Any:
        """The value of an expression on the page."""
        return self.page.evaluate(expression)

    def until(self, expression: str) -> None:
        """Wait until it is true."""
        self.page.until(expression)

    def focus(self, selector: str = LINK) -> None:
        """Go to an element as the keyboard does."""
        self.value(f"document.querySelector({selector!r}).focus({{ focusVisible: true }})")

    def point(self, selector: str) -> None:
        """Move the pointer to the middle of an element."""
        x, y = self._middle(selector)
        self.do("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def click(self, selector: str) -> None:
        """Click on the middle of an element."""
        x, y = self._middle(selector)
        for kind in ("mousePressed", "mouseReleased"):
            self.do("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def touch(self, selector: str) -> None:
        """Put a finger on an element."""
        x, y = self._middle(selector)
        self.do("Emulation.setTouchEmulationEnabled", enabled=True)
        self.do("Input.dispatchTouchEvent", type="touchStart", touchPoints=[{"x": x, "y": y}])

    def tap(self, selector: str) -> None:
        """Touch an element, and leave it."""
        self.touch(selector)
        self.do("Input.dispatchTouchEvent", type="touchEnd", touchPoints=[])

    def card(self) -> str:
        """Look at the first citation, wait for the result, and read the card."""
        self.focus()
        self.until(DECIDED)
        text: str = self.value(TEXT)
        return text

    def steps(self) -> list[str]:
        """The result of each step."""
        told: list[str] = self.value(
            "[...document.querySelectorAll('.pith-check li b')].map((step) => step.textContent)"
        )
        return told

    def do(self, method: str, **params: Any) -> Any:
        """Something that only the browser's own protocol can do."""
        return self.page._call(method, **params)

    def _middle(self, selector: str) -> tuple[float, float]:
        x, y = self.value(
            "(({ left, top, width, height }) => [left + width / 2, top + height / 2])"
            f"(document.querySelector({selector!r}).getClientRects()[0])"
        )
        return x, y
