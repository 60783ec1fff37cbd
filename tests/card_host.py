"""A host for the verification card: a page that speaks the host's side of the protocol.

Source: the extension `io.modelcontextprotocol/ui`, version 2026-01-26 (SEP-1865).
"""

import json
from typing import Any

import anyio
from mcp import Client as McpClient

from pith_agent import Client
from pith_agent.mcp_server.server import build_server
from tests.browser import Page

# The policy that the specification demands of a host where an app names no domains.
POLICY = (
    "default-src 'none'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline';"
    " img-src 'self' data:; media-src 'self' data:; object-src 'none'; connect-src 'none';"
    " frame-src 'none'; base-uri 'self'"
)
HOST = """<!doctype html><html lang="en"><head><title>Host</title><link rel="icon" href="data:,">
<style>body { margin: 0 } iframe { display: block; width: 100%; height: 40px; border: 0 }</style>
</head><body><iframe id="view" title="Card" sandbox="allow-scripts"></iframe><script>
const view = document.getElementById("view"), heard = [];
let plan = {};
const tell = (message) => view.contentWindow.postMessage({ jsonrpc: "2.0", ...message }, "*");
const notify = (method, params) => tell({ method, params });
const result = () => notify("ui/notifications/tool-result", plan.result);
function start(given) { plan = given; view.src = "/card"; }
window.addEventListener("message", ({ source, data }) => {
  if (source !== view.contentWindow) return;
  heard.push(data);
  const { id, method, params } = data;
  if (method === "ui/initialize") {
    if (plan.early) result();
    tell({ id, result: { protocolVersion: "2026-01-26", hostInfo: { name: "test", version: "1" },
      hostCapabilities: plan.capabilities, hostContext: plan.context } });
  } else if (method === "ui/notifications/initialized") {
    notify("ui/notifications/tool-input", { arguments: plan.input });
    if (plan.result && !plan.early) result();
  } else if (method === "ui/notifications/size-changed") {
    view.style.height = `${params.height}px`;
  } else if (method === "ui/open-link") {
    tell(plan.refuses ? { id, error: { code: -32000, message: "denied" } } : { id, result: {} });
  }
});
</script></body></html>"""
SHOWN = "document.getElementById('cards').ariaBusy === 'false'"


class Card:
    """The card, as it stands in the host's page."""

    def __init__(self, page: Page) -> None:
        """Take a page whose first frame is the card."""
        self.page = page

    def value(self, expression: str) -> Any:
        """The value of a JavaScript expression inside the card."""
        return self.page.evaluate(expression, 1)

    def until(self, expression: str) -> None:
        """Wait until the expression is true inside the card."""
        self.page.until(expression, 1)

    def text(self, selector: str) -> str:
        """The text of the first element."""
        return str(self.value(f"document.querySelector({json.dumps(selector)}).textContent"))

    def texts(self, selector: str) -> list[str]:
        """The texts of all elements, in order."""
        found = f"document.querySelectorAll({json.dumps(selector)})"
        return list(self.value(f"[...{found}].map(e => e.textContent)"))

    @property
    def links(self) -> list[str]:
        """The addresses that are linked, as they are written."""
        return list(self.value("[...document.links].map(a => a.getAttribute('href'))"))

    def heard(self, method: str) -> list[dict[str, Any]]:
        """The parameters of the messages that the host has had, once there is one."""
        same = f"m => m.method === {json.dumps(method)}"
        self.page.until(f"heard.some({same})")
        return list(self.page.evaluate(f"heard.filter({same}).map(m => m.params)"))

    def told(self, method: str, params: Any) -> None:
        """Let the host send a notification."""
        self.page.evaluate(f"notify({json.dumps(method)}, {json.dumps(params)})")


def asked(
    client: Client,
    ids: tuple[str, ...],
    claims: list[dict[str, Any]] | None = None,
    **options: Any,
) -> Any:
    """The result of `verify` on the wire; `options` are those of the MCP client."""
    arguments = {"claims": claims} if claims else {"ids": list(ids)}

    async def once() -> Any:
        async with McpClient(build_server(client), **options) as session:
            return await session.call_tool("verify", arguments)

    return anyio.run(once).model_dump(by_alias=True, mode="json", exclude_none=True)


def answer(**item: Any) -> dict[str, Any]:
    """A result with one item, made up."""
    return {"content": [], "structuredContent": {"items": [item]}}
