"""A browser, and the verification card in a host inside it."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pith_agent import Client, Settings, TrustRoot
from pith_agent.mcp_server.app import card_html
from pith_agent.storage.files import RecordFiles
from tests.browser import Browser, Page, Site, find_chromium, html
from tests.card_host import HOST, POLICY, SHOWN, Card, asked


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """The browser, started once."""
    program = find_chromium()
    if program is None:
        pytest.skip("there is no Chromium on this machine: apt-get install chromium")
    with Browser(program) as running:
        yield running


@pytest.fixture(scope="session")
def host_site() -> Iterator[Site]:
    """The host's page at `/`, and the card at `/card` under the host's policy."""
    pages = {"/": html(HOST), "/card": html(card_html(), Content_Security_Policy=POLICY)}
    with Site(pages) as running:
        yield running


@pytest.fixture
def verified(tmp_path: Path) -> Iterator[Callable[..., Any]]:
    """Ask the real tool, offline, perhaps with a document of the test's own."""
    opened: list[Client] = []

    def verified(
        *ids: str,
        claims: list[dict[str, Any]] | None = None,
        document: bytes | None = None,
        trust: TrustRoot | None = None,
    ) -> Any:
        files = RecordFiles([(document, "records/paper.json")]) if document else None
        settings = Settings(home=tmp_path / str(len(opened)), offline=True)
        opened.append(Client(settings, trust=trust, records=files))
        return asked(opened[-1], ids, claims)

    yield verified
    for client in opened:
        client.close()


@pytest.fixture
def show(browser: Browser, host_site: Site) -> Iterator[Callable[..., Card]]:
    """Show a result in the card, and wait until it is there; `None` keeps the card waiting.

    `width`, `dark` and `still` are of the browser, the rest of the host: `context`,
    `capabilities`, `input`, `early` (the result comes before the handshake), `refuses` (links).
    """
    opened: list[Page] = []

    def show(result: Any, **how: Any) -> Card:
        looks = {name: how.pop(name) for name in ("width", "dark", "still") if name in how}
        page = browser.open(f"{host_site.url}/", **looks)
        opened.append(page)
        plan = {"capabilities": {"openLinks": {}}, "context": {}, "input": {}, "result": result}
        page.evaluate(f"start({json.dumps(plan | how)})")
        card = Card(page)
        card.heard("ui/notifications/initialized")
        if result is not None:
            card.until(SHOWN)
        return card

    yield show
    for page in opened:
        assert page.problems == []
        page.close()
