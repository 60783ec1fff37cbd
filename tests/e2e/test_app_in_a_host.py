"""The verification card in a host: the protocol, links, keyboard, themes, sizes."""

import json

import pytest

from tests import card_host
from tests.browser import Node
from tests.documents import REAL, SUFFIX, TITLE

KNOWN = "arXiv:2402.13116"
UNKNOWN = "1706.03762"
TAMPERED = REAL.replace(b'"version":4},"metadata"', b'"version":5},"metadata"')
SIZE = "ui/notifications/size-changed"
FITS = "document.documentElement.scrollHeight <= innerHeight"
CUT_OFF = """[document.documentElement, ...document.querySelectorAll('article, article *')]
  .filter(e => e.clientWidth && e.scrollWidth > e.clientWidth).length"""
OPEN_ALL = "document.querySelectorAll('details').forEach(d => d.open = true)"


def test_the_handshake_is_that_of_the_specification(show, verified):
    card = show(verified(KNOWN))

    first, second = card.page.evaluate("heard.slice(0, 2)")
    assert first["method"] == "ui/initialize"
    assert first["params"]["protocolVersion"] == "2026-01-26"
    assert set(first["params"]) == {"protocolVersion", "appInfo", "appCapabilities"}
    assert second == {"jsonrpc": "2.0", "method": "ui/notifications/initialized", "params": {}}


def test_a_result_that_comes_before_initialisation_is_shown(show, verified):
    card = show(verified(KNOWN), early=True)

    assert card.text("h2") == TITLE
    assert card.heard(SIZE)[-1]["height"] > 200


def test_a_host_that_passes_on_text_only_gets_the_same_card(show, verified):
    result = verified(KNOWN)
    whole = show(result).text("main")
    del result["structuredContent"]

    assert show(result).text("main") == whole


def test_a_later_result_takes_the_place_of_the_first(show, verified):
    card = show(verified(KNOWN))
    card.told("ui/notifications/tool-result", verified(UNKNOWN))

    card.until("document.querySelector('.verdict').textContent === 'Unreachable'")
    assert card.texts("h2") == [UNKNOWN]


def test_the_number_of_entries_is_shown_while_the_tool_runs(show):
    card = show(None, input={"ids": ["a", "b"], "claims": [{"id": "c"}]})

    card.until("document.getElementById('status').textContent === 'Checking 3 entries…'")


def test_a_cancelled_call_is_not_shown_as_an_answer(show):
    card = show(None)
    card.told("ui/notifications/tool-cancelled", {"reason": "user action"})

    card.until("document.getElementById('status').textContent.includes('cancelled')")
    assert card.texts("article") == []


def test_requests_of_the_host_are_answered(show, verified):
    page = show(verified(KNOWN)).page
    for number, method in ((70, "ping"), (71, "ui/resource-teardown"), (72, "tools/list")):
        page.evaluate(f"tell({{ id: {number}, method: '{method}', params: {{}} }})")
    page.until("heard.some(m => m.id === 72)")

    answers = {m["id"]: m for m in page.evaluate("heard.filter(m => m.id >= 70)")}
    assert answers[70]["result"] == answers[71]["result"] == {}
    assert answers[72]["error"]["code"] == -32601


def test_messages_that_are_not_from_the_host_are_ignored(show, verified):
    card = show(verified(KNOWN))
    forged = {
        "jsonrpc": "2.0",
        "method": "ui/notifications/tool-result",
        "params": card_host.answer(target="forged", verdict="failed", code="x"),
    }
    card.value(
        "new Promise(done => { addEventListener('message', () => setTimeout(done));"
        f" postMessage({json.dumps(forged)}, '*') }})"
    )

    assert card.text(".verdict") == "Verified"


def test_the_size_that_is_reported_is_that_of_the_content_and_follows_it(show, verified):
    card = show(verified(KNOWN))
    card.until(FITS)
    before = card.heard(SIZE)[-1]["height"]

    card.value("document.querySelector('details').open = true")
    card.page.until(f"heard.at(-1).params.height > {before + 200}")
    card.until(FITS)
    card.value("document.querySelector('details').open = false")

    card.page.until(f"heard.at(-1).params.height === {before}")


def test_a_link_is_opened_by_the_host_with_the_keyboard_too(show, verified):
    card = show(verified(KNOWN))
    card.value("document.links[0].focus()")
    card.page.press("Enter")

    assert card.heard("ui/open-link") == [{"url": f"https://pith.science/pith/{SUFFIX}"}]


@pytest.mark.parametrize("how", [{"refuses": True}, {"capabilities": {}}])
def test_an_address_is_shown_where_the_host_does_not_open_it(show, verified, how):
    card = show(verified(KNOWN), **how)
    # The link's own action is what a sandbox without pop-ups blocks, and reports as an error.
    card.value("document.links[1].addEventListener('click', e => e.preventDefault())")
    card.value("document.links[1].click()")

    card.until("document.querySelector('.address')")
    assert card.text(".address code") == "https://arxiv.org/abs/2402.13116v4"


def test_everything_that_can_be_operated_is_reached_with_tab(show, verified):
    card = show(verified(KNOWN))
    card.page.evaluate("view.focus()")
    reached = []
    for _ in range(4):
        card.page.press("Tab")
        reached.append(card.value("document.activeElement.textContent"))

    links = ["Record at pith.science", "arXiv:2402.13116v4"]
    assert reached == ["All 20 checks", "All 67 fields", *links]


def test_the_lists_are_opened_with_the_keyboard(show, verified):
    card = show(verified(KNOWN))
    card.value("document.querySelector('summary').focus()")
    card.page.press("Enter")

    card.until("document.querySelector('details').open")


def test_assistive_technology_is_told_the_verdict_before_the_title(show, verified):
    nodes = show(verified(KNOWN)).page.accessible(1)

    assert Node("article", f"Verified {TITLE}") in nodes
    assert Node("heading", TITLE) in nodes
    assert Node("image", "419 of 14,020 bytes are signed (3.0 %)") in nodes
    assert {"main", "status", "DisclosureTriangle", "link"} <= {node.role for node in nodes}


@pytest.mark.parametrize("width", [320, 800])
@pytest.mark.parametrize(("dark", "theme"), [(False, None), (True, None), (False, "dark")])
def test_every_text_can_be_read_in_light_and_dark_and_nothing_is_cut_off(
    show, verified, width, dark, theme
):
    result = verified(KNOWN, UNKNOWN)
    failed = verified(KNOWN, document=TAMPERED)["structuredContent"]["items"]
    result["structuredContent"]["items"] += failed

    card = show(result, width=width, dark=dark, context={"theme": theme} if theme else {})
    card.value(OPEN_ALL)

    light = card.value("getComputedStyle(document.body).backgroundColor") == "rgb(251, 250, 247)"
    assert light is not (dark or theme == "dark")
    assert card.value(CONTRAST) >= 4.5
    assert card.value(CUT_OFF) == 0


def test_the_host_may_change_theme_and_colours_later(show, verified):
    card = show(verified(KNOWN), context={"theme": "light"})
    variables = {
        "--color-background-primary": "rgb(1, 2, 3)",
        "--color-text-primary": "rgb(250, 250, 250)",
        "--font-sans": "url(https://example.org/x)",
    }
    change = {"theme": "dark", "styles": {"variables": variables}}
    card.told("ui/notifications/host-context-changed", change)

    card.until("getComputedStyle(document.body).backgroundColor === 'rgb(1, 2, 3)'")
    assert card.value("document.documentElement.dataset.theme") == "dark"
    assert card.value("document.documentElement.style.getPropertyValue('--font-sans')") == ""


def test_half_a_set_of_colours_is_not_taken_over(show, verified):
    variables = {"--color-background-primary": "rgb(1, 2, 3)"}
    card = show(verified(KNOWN), context={"styles": {"variables": variables}})

    assert card.value("getComputedStyle(document.body).backgroundColor") != "rgb(1, 2, 3)"


@pytest.mark.parametrize("still", [True, False])
def test_nothing_moves_for_those_who_want_no_motion(show, still):
    card = show(None, still=still)

    running = "document.getAnimations().filter(a => a.playState === 'running').length"
    assert card.value(running) == (0 if still else 1)


def test_nothing_is_asked_of_the_network(show, verified, host_site):
    requests = set(show(verified(KNOWN)).page.requests)

    assert requests <= {f"{host_site.url}/", f"{host_site.url}/card", "data:,"}


def test_opened_without_a_host_the_page_says_so(browser, host_site):
    page = browser.open(f"{host_site.url}/card")

    assert "There is no host here" in page.evaluate("document.body.innerText")
    page.close()


CONTRAST = """(() => {
  const canvas = document.createElement("canvas").getContext("2d", { willReadFrequently: true });
  const light = (colour) => {
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    return [...canvas.getImageData(0, 0, 1, 1).data].slice(0, 3)
      .map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
      .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  };
  const ground = (node) => {
    const colour = getComputedStyle(node).backgroundColor;
    return colour === "rgba(0, 0, 0, 0)" ? ground(node.parentElement) : colour;
  };
  const seen = [...document.body.querySelectorAll("*")].filter((node) => node.localName !== "script"
    && [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim()));
  return Math.min(...seen.map((node) => {
    const [a, b] = [light(getComputedStyle(node).color), light(ground(node))].sort((x, y) => y - x);
    return (a + 0.05) / (b + 0.05);
  }));
})()"""
