"""The card of a citation for every reader: pointer, keyboard, finger, zoom, screen reader."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.browser import Browser, Node, Site
from tests.documents import SUFFIX, signed_record
from tests.e2e.reader_site import (
    BOX,
    DECIDED,
    GONE,
    LINK,
    RESULT,
    SHOWN,
    Reader,
    block_of,
    cite,
    evidence_of,
    page_of,
    real_evidence,
    site_of,
)

AXE = Path(__file__).parents[2] / "build" / "node" / "node_modules" / "axe-core" / "axe.min.js"
TOGGLE = ".pith-toggle"
CARD = ".pith-check"
EXPANDED = "document.querySelector('.pith-toggle').getAttribute('aria-expanded') === 'true'"
ACTIVE = "document.activeElement.className || document.activeElement.id"
COLOURS = """(({ color, backgroundColor }) => [color, backgroundColor])(
  getComputedStyle(document.querySelector('.pith-check')))"""
WHITE, DARK = "rgb(255, 255, 255)", "rgb(31, 30, 28)"
FILLER = "<p>Filler.</p>" * 80
AWAY = "#before"


@pytest.fixture
def reading(browser: Browser) -> Iterator[Callable[..., Reader]]:
    """Open a page under the strict policy."""
    opened: list[Reader] = []

    def reading(text: str = "", *, files: Any = (), **looks: Any) -> Reader:
        site = Site(site_of(text or page_of(), **dict(files)))
        opened.append(Reader(browser, site, f"{site.url}/", **looks))
        return opened[-1]

    yield reading
    for reader in opened:
        reader.close()


def pause(reader: Reader, milliseconds: int) -> None:
    """Let the page's own clock run."""
    reader.value(f"new Promise((done) => setTimeout(done, {milliseconds}))")


def test_the_pointer_shows_the_card_after_a_moment_and_hides_it_when_it_goes(reading):
    reader = reading()
    reader.point(LINK)
    assert reader.value(GONE)

    reader.until(DECIDED)
    reader.point(AWAY)

    reader.until(GONE)


def test_the_pointer_can_move_onto_the_card_and_rest_there(reading):
    reader = reading()
    reader.point(LINK)
    reader.until(DECIDED)

    reader.point(CARD)
    pause(reader, 700)

    assert reader.value(SHOWN)
    reader.point(AWAY)
    reader.until(GONE)


def test_a_pointer_that_only_passes_shows_nothing(reading):
    reader = reading()

    reader.point(LINK)
    reader.point(AWAY)
    pause(reader, 700)

    assert reader.value(GONE)


def test_escape_hides_the_card_under_a_resting_pointer(reading):
    reader = reading()
    reader.point(LINK)
    reader.until(DECIDED)

    reader.page.press("Escape")

    assert reader.value(GONE)


def test_the_keyboard_shows_the_card_on_the_link_and_leaves_it_behind(reading):
    reader = reading()
    reader.focus(AWAY)

    reader.page.press("Tab")
    reader.until(DECIDED)
    assert reader.value("document.activeElement.tagName") == "A"
    reader.page.press("Tab")

    assert reader.value(ACTIVE) == "pith-toggle"
    assert reader.value(GONE)
    assert not reader.value(EXPANDED)


@pytest.mark.parametrize("key", ["Enter", "Space"])
def test_the_keyboard_opens_the_card_enters_it_and_returns_to_the_toggle(reading, key):
    reader = reading()
    reader.focus(TOGGLE)

    reader.page.press(key)
    reader.until(DECIDED)
    assert reader.value(EXPANDED)
    reader.page.press("Tab")
    assert reader.value(ACTIVE) == "pith-check"
    reader.page.press("Escape")

    assert reader.value(GONE)
    assert reader.value(ACTIVE) == "pith-toggle"
    assert not reader.value(EXPANDED)


def test_a_card_that_was_opened_stays_until_it_is_closed_or_left(reading):
    reader = reading(page_of(cites=cite() + cite(text="again")))
    reader.click(TOGGLE)
    reader.until(DECIDED)

    reader.point("p:nth-of-type(3) a")
    pause(reader, 700)
    assert reader.value(EXPANDED)
    reader.focus("#after")

    assert reader.value(GONE)


def test_focus_shows_the_card_until_escape_though_the_pointer_goes(reading):
    reader = reading()
    reader.card()

    reader.point(LINK)
    reader.point("#after")
    pause(reader, 700)
    assert reader.value(SHOWN)
    reader.page.press("Escape")

    assert reader.value(GONE)
    assert reader.value("document.activeElement === document.querySelector('a.pith-verified')")


def test_a_click_on_the_toggle_opens_and_closes(reading):
    reader = reading()

    reader.click(TOGGLE)
    reader.until(DECIDED)
    reader.click(TOGGLE)

    reader.until(GONE)


def test_a_click_keeps_open_what_the_pointer_showed(reading):
    reader = reading()
    reader.point(LINK)
    reader.until(DECIDED)

    reader.click(TOGGLE)
    reader.point(AWAY)
    pause(reader, 700)

    assert reader.value(SHOWN)


def test_a_finger_opens_with_the_toggle_and_closes_beside_it(reading):
    reader = reading()

    reader.tap(TOGGLE)
    reader.until(DECIDED)
    assert reader.value(RESULT) == "Verified in your browser"
    reader.tap("h1")

    reader.until(GONE)


def test_a_finger_that_rests_on_the_link_shows_nothing(reading):
    reader = reading()

    reader.touch(LINK)
    pause(reader, 700)

    assert reader.value(GONE)
    reader.do("Input.dispatchTouchEvent", type="touchCancel", touchPoints=[])


@pytest.mark.parametrize(("width", "height"), [(320, 256), (320, 640), (1280, 200), (800, 900)])
@pytest.mark.parametrize("place", ["top", "middle", "bottom"])
def test_the_card_stays_inside_the_window_and_nothing_scrolls_sideways(
    reading, width, height, place
):
    long = "a word that is longer than the others " * 3
    cites = f"<p>{long}</p>{FILLER}" + cite(text=long + "end").replace("See ", long) + FILLER
    reader = reading(page_of(cites=cites), width=width, height=height)
    block = {"top": "start", "middle": "center", "bottom": "end"}[place]

    reader.value(f"document.querySelector('a.pith-verified').scrollIntoView({{block: '{block}'}})")
    reader.card()

    assert all(room >= 7 for room in reader.value(BOX))
    assert reader.value("document.documentElement.scrollWidth <= innerWidth")


def test_the_card_follows_its_citation_when_the_page_scrolls(reading):
    reader = reading(page_of(cites=FILLER + cite() + FILLER))
    reader.card()
    gap = """document.querySelector('.pith-check').getBoundingClientRect().top
      - document.querySelector('a.pith-verified').getBoundingClientRect().bottom"""
    before = reader.value(gap)

    reader.value("scrollBy(0, 50)")
    reader.value("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")

    assert reader.value(gap) == pytest.approx(before, abs=1)


def test_the_card_of_a_citation_in_a_heading_or_a_clipped_table_looks_the_same(reading):
    inside = cite().removeprefix("<p>").removesuffix("</p>")
    sizes = []
    for before, after in (
        ("<p>", "</p>"),
        ("<h2><em>", "</em></h2>"),
        ('<div class="clip"><table><tr><th>', "</th></tr></table></div>"),
    ):
        reader = reading(page_of(cites=f"{before}{inside}{after}"))
        reader.value(
            "document.querySelectorAll('.clip').forEach(({ style }) => {"
            " style.overflow = 'hidden'; style.transform = 'scale(1)'; })"
        )
        reader.card()
        sizes.append(
            reader.value(
                "(({ width, height }) => [width, height])"
                "(document.querySelector('.pith-check').getBoundingClientRect())"
            )
        )
        assert all(room >= 7 for room in reader.value(BOX))

    assert sizes[1] == pytest.approx(sizes[0], abs=1)
    assert sizes[2] == pytest.approx(sizes[0], abs=1)


@pytest.mark.parametrize(
    ("theme", "dark", "paper"),
    [
        ("", False, WHITE),
        ("", True, DARK),
        ("body auto", True, DARK),
        ("body auto", False, WHITE),
        ("body dark", False, DARK),
        ("body light", True, WHITE),
        ("html dark", False, DARK),
        ("html light", True, WHITE),
    ],
)
def test_the_card_is_dark_where_theme_or_system_ask_for_it(reading, theme, dark, paper):
    text = page_of()
    if theme:
        tag, name = theme.split()
        text = text.replace(f"<{tag}", f'<{tag} data-theme="{name}"')

    reader = reading(text, dark=dark)
    reader.card()

    assert reader.value(COLOURS)[1] == paper


@pytest.mark.parametrize(("still", "name"), [(True, "none"), (False, "pith-appear")])
def test_the_card_moves_only_for_readers_who_do_not_mind(reading, still, name):
    reader = reading(still=still)
    reader.card()

    style = "getComputedStyle(document.querySelector('.pith-check'))"
    assert reader.value(f"{style}.animationName") == name


def test_print_shows_neither_card_nor_toggle(reading):
    reader = reading()
    reader.card()

    reader.do("Emulation.setEmulatedMedia", media="print")

    for selector in (CARD, TOGGLE):
        style = f"getComputedStyle(document.querySelector('{selector}')).display"
        assert reader.value(style) == "none"
    assert reader.value("getComputedStyle(document.querySelector('a')).display") == "inline"


def test_assistive_technology_is_told_what_the_toggle_is_for_and_what_was_found(reading):
    reader = reading()
    assert Node("button", "Evidence: the survey") in reader.page.accessible()

    reader.focus(TOGGLE)
    reader.page.press("Enter")
    reader.until(DECIDED)

    told = reader.page.accessible()
    assert Node("group", "Evidence: the survey") in told
    assert reader.value("document.querySelector('[role=status]').textContent") == (
        "Verified in your browser"
    )
    order = [node.role for node in told]
    assert order.index("button") < order.index("group") < len(order) - order[::-1].index("link")


def test_the_announcement_of_a_failure_gives_the_reason(reading):
    def tamper(block: dict[str, Any]) -> None:
        block["papers"][SUFFIX]["sha256"] = "0" * 64

    reader = reading(page_of(block_of(tamper)))
    reader.card()

    announced = reader.value("document.querySelector('[role=status]').textContent")
    assert announced == "FAILED. The record is not the one that was signed."
    reader.until("document.querySelector('.pith-toggle').textContent === 'FAILED'")
    assert Node("button", "FAILED: the survey") in reader.page.accessible()


def test_the_result_is_told_by_words_and_shape_beside_its_colour(reading):
    def tamper(block: dict[str, Any]) -> None:
        block["papers"][SUFFIX]["sha256"] = "0" * 64

    other = evidence_of(signed_record())
    shapes = set()
    for block in (None, block_of(tamper), block_of(lambda block: block["keys"].clear(), other)):
        reader = reading(page_of(block))
        reader.card()
        style = "getComputedStyle(document.querySelector('.pith-result'), '::before').content"
        shapes.add(reader.value(style))

    assert len(shapes) == 3


def test_a_citation_that_comes_twice_has_one_card_that_moves(reading):
    reader = reading(page_of(cites=cite() + cite(text="again")))
    reader.card()

    reader.focus("p:nth-of-type(3) a.pith-verified")
    reader.until(DECIDED)

    assert reader.value("document.querySelectorAll('.pith-check').length") == 1
    assert reader.value("document.querySelector('.pith-check').ariaLabel") == "Evidence: again"


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("state", ["verified", "failed", "unchecked"])
def test_axe_finds_nothing_with_the_card_open(reading, dark, state):
    if not AXE.exists():
        pytest.skip("axe-core is not in build/node: npm install --prefix build/node axe-core")

    def tamper(block: dict[str, Any]) -> None:
        if state == "failed":
            block["papers"][SUFFIX]["sha256"] = "0" * 64
        elif state == "unchecked":
            block["keys"].clear()

    text = page_of(
        block_of(tamper, real_evidence()),
        before='<script src="axe.js"></script>',
    )
    reader = reading(text, files={"axe": AXE.read_text("utf-8")}, dark=dark, still=True)
    reader.card()
    reader.until(f"{RESULT} !== ''")

    found = reader.value("axe.run(document).then(({ violations }) => JSON.stringify(violations))")
    problems = [(rule["id"], rule["nodes"][0]["html"]) for rule in json.loads(found)]
    assert problems == []
