"""The MCP App: hosts that can show HTML show the answer of `verify` as a card.

Hosts that cannot get the same answer as text and structure; the card adds nothing to it. The page
is one document without dependencies, and asks for no network.

Source: the extension `io.modelcontextprotocol/ui`, version 2026-01-26 (SEP-1865).
"""

from importlib import resources
from typing import Any

from mcp.server.apps import Apps, ResourceCsp

CARD_URI = "ui://pith-agent/verification.html"

NO_DOMAINS = ResourceCsp(
    connect_domains=[], resource_domains=[], frame_domains=[], base_uri_domains=[]
)
"""What the page may load from elsewhere: nothing. Stated, as hosts have defaults of their own."""

_CARDS = {"verify": CARD_URI}


def verification_card() -> Apps:
    """The extension to give to the server: it advertises the capability and serves the page."""
    apps = Apps()
    apps.add_html_resource(
        CARD_URI,
        card_html(),
        name="verification-card",
        title="Verification card",
        description="Shows the answer of `verify`: verdict, checks, coverage, links.",
        csp=NO_DOMAINS,
        prefers_border=False,
    )
    return apps


def card_meta(tool: str) -> dict[str, Any] | None:
    """The `_meta` that ties a tool to its card; `None` for tools without one.

    It is the same for all clients, so that the list of tools can be cached. A client that does not
    know the extension ignores it.
    """
    uri = _CARDS.get(tool)
    return {"ui": {"resourceUri": uri}} if uri else None


def card_html() -> str:
    """The page, as it is served: one document, with its style and script inside."""
    folder = resources.files("pith_agent.mcp_server")
    page = folder.joinpath("card.html").read_text("utf-8")
    for name in ("card.css", "card.js"):
        page = page.replace(f"{{{name}}}", folder.joinpath(name).read_text("utf-8"))
    return page
