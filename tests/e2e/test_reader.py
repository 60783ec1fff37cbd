"""The check in the reader's own browser: what it proves, and what it never claims."""

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from sphinx_pith.pages import evidence_block
from tests.browser import Browser, Site
from tests.documents import NUMBER, SUFFIX, TITLE, signed_record
from tests.e2e import reader_site
from tests.e2e.reader_site import (
    FINGERPRINT,
    RESULT,
    SCRIPT,
    Reader,
    alone,
    block_of,
    cite,
    evidence_of,
    page_of,
    real_evidence,
    site_of,
)

PASSED = ["passed"] * 5
OTHER_KEY = "A" * 43 + "="
IDLE = (
    "new Promise((done) => requestIdleCallback(() => requestIdleCallback(() =>"
    " requestIdleCallback(done))))"
)


@pytest.fixture
def reading(browser: Browser) -> Iterator[Callable[..., Reader]]:
    """Open a page under the strict policy; `url` is opened instead if it is given."""
    opened: list[Reader] = []

    def reading(text: str = "", *, url: str = "", files: Any = (), **looks: Any) -> Reader:
        site = None if url else Site(site_of(text or page_of(), **dict(files)))
        opened.append(Reader(browser, site, url or f"{site.url}/", **looks))
        return opened[-1]

    yield reading
    for reader in opened:
        reader.close()


def test_a_published_record_verifies_and_the_card_says_what_was_checked(reading):
    reader = reading()

    text = reader.card()

    assert reader.value(RESULT) == "Verified in your browser"
    assert reader.steps() == PASSED
    for told in (TITLE, NUMBER, "2402.13116v4", "2024-02-20", "not signed", FINGERPRINT):
        assert told in text
    assert "Xiaohan Xu" in text
    assert "nconfirmed" not in text
    assert "not confirmed" not in text


def change(name: str, value: Callable[[str], Any]) -> Callable[[dict[str, Any]], None]:
    def tamper(block: dict[str, Any]) -> None:
        paper = block["papers"][SUFFIX]
        paper[name] = value(paper[name])

    return tamper


def swap_key(block: dict[str, Any]) -> None:
    next(iter(block["keys"].values()))["public"] = OTHER_KEY


def swap_key_and_fingerprint(block: dict[str, Any]) -> None:
    other = evidence_of(signed_record())
    block["keys"] = {other.key_sha256: {"id": "test-key", "public": other.public_key_b64}}
    block["papers"][SUFFIX]["key"] = other.key_sha256


def serve_another_paper(block: dict[str, Any]) -> None:
    other = evidence_of(signed_record())
    mine = json.loads(re.sub("<[^>]*>", "", evidence_block([other])))
    block["keys"] |= mine["keys"]
    block["papers"][SUFFIX] = mine["papers"][other.suffix]


@pytest.mark.parametrize(
    ("tamper", "failed"),
    [
        (change("canonical", lambda text: text.replace('"version":4', '"version":5')), "digest"),
        (change("canonical", lambda text: f"{text} "), "digest"),
        (change("canonical", lambda text: "garbled"), "digest"),
        (change("sha256", lambda text: text[:-1] + "1"), "digest"),
        (change("number", lambda text: text.replace("2024", "2023")), "number"),
        (change("number", lambda text: f"{text[:-1]}A"), "number"),
        (serve_another_paper, "number"),
        (swap_key, "key"),
        (swap_key_and_fingerprint, "signature"),
        (change("signature", lambda text: f"x{text[1:]}"), "signature"),
        (change("signature", lambda text: text[:40]), "signature"),
        (change("signature", lambda text: "no base64!"), "signature"),
        (change("title", lambda text: text.replace("Large", "Small")), "title"),
    ],
)
def test_evidence_that_was_tampered_with_fails_and_says_where(reading, tamper, failed):
    reader = reading(page_of(block_of(tamper)))

    reader.card()

    steps = dict(
        zip(("digest", "number", "key", "signature", "title"), reader.steps(), strict=True)
    )
    assert reader.value(RESULT) == "FAILED"
    assert steps[failed] == "FAILED"
    assert "Unconfirmed, as this page says" in reader.value("document.body.innerText")


def drop(*path: str) -> Callable[[dict[str, Any]], None]:
    def tamper(block: dict[str, Any]) -> None:
        for name in path[:-1]:
            block = block[name]
        del block[path[-1]]

    return tamper


@pytest.mark.parametrize(
    "block",
    [
        "",
        '<script type="application/json" id="pith-evidence">{"papers":</script>',
        '<script type="application/json" id="pith-evidence">null</script>',
        '<script type="application/json" id="pith-evidence">[1]</script>',
        '<script type="application/json" id="pith-evidence">{"papers":7,"keys":7}</script>',
        block_of(drop("papers", SUFFIX)),
        block_of(drop("papers")),
        block_of(drop("keys")),
        block_of(lambda block: block["keys"].clear()),
        block_of(lambda block: block["papers"].update({SUFFIX: "text"})),
        *(
            block_of(drop("papers", SUFFIX, name))
            for name in ("canonical", "sha256", "signature", "key", "number")
        ),
        block_of(change("signature", lambda text: ["list"])),
        block_of(change("key", lambda text: "__proto__")),
    ],
)
def test_missing_or_garbled_evidence_is_not_checked(reading, block):
    reader = reading(page_of(block))

    reader.card()

    assert reader.value(RESULT) == "Not checked"
    assert "The build of this page verified it." in reader.card()
    assert "passed" not in reader.steps()


def test_a_link_without_a_number_is_not_checked(reading):
    reader = reading(page_of(cites=cite(suffix="ODXWRQYN")))

    assert reader.card().startswith("Not checked")


def test_a_title_that_is_missing_is_told_and_the_record_still_verifies(reading):
    reader = reading(page_of(evidence_block([real_evidence(title="")])))

    text = reader.card()

    assert reader.value(RESULT) == "Verified in your browser"
    assert "– (title not confirmed)" in text
    assert reader.steps() == [*PASSED[:4], "Not checked"]


def test_a_title_that_is_not_ascii_is_confirmed_by_its_hash_and_never_refuted(reading):
    document = signed_record(title="Ein Überblick  über Γράμματα")
    suffix = document["pith_number"].rpartition(":")[2]
    for title, steps in (
        ("Ein Überblick über Γράμματα", PASSED),
        ("Ein Uberblick über Γράμματα", [*PASSED[:4], "Not checked"]),
    ):
        block = evidence_block([evidence_of(document, title=title)])
        reader = reading(page_of(block, cites=cite(suffix)))

        text = reader.card()

        assert (reader.value(RESULT), reader.steps()) == ("Verified in your browser", steps)
        assert ("title not confirmed" in text) is (steps != PASSED)


def test_case_and_spacing_of_a_title_do_not_matter(reading):
    title = f" {TITLE.upper()}".replace(" ", "\t\n \x1c")

    reader = reading(page_of(evidence_block([real_evidence(title=title)])))
    reader.card()

    assert reader.steps() == PASSED


def test_a_page_from_a_file_is_checked_too(reading, tmp_path):
    (tmp_path / "page.html").write_text(page_of(), "utf-8")
    for name in ("pith.js", "pith.css"):
        (tmp_path / name).write_bytes((reader_site.ASSETS / name).read_bytes())

    reader = reading(url=(tmp_path / "page.html").as_uri())
    reader.card()

    assert reader.value(RESULT) == "Verified in your browser"


def test_where_the_browser_gives_no_cryptography_nothing_is_checked(reading):
    reader = reading(url=alone(evidence_block([real_evidence()])))
    assert reader.value("isSecureContext") is False

    text = reader.card()

    assert reader.value(RESULT) == "Not checked"
    assert "secure pages only" in text
    assert "The build of this page verified it. Your browser did not." in text
    assert TITLE in text
    assert "title not confirmed" in text
    assert reader.steps() == ["Not checked"] * 5


OLD = """SubtleCrypto.prototype.importKey = () =>
  Promise.reject(new DOMException("Unrecognized name.", "NotSupportedError"));"""
BROKEN = "SubtleCrypto.prototype.digest = () => { throw new Error('out of order'); };"


@pytest.mark.parametrize(
    ("browser_script", "reason", "steps"),
    [
        (OLD, "does not know Ed25519", ["passed", "passed", "passed", "Not checked", "passed"]),
        (BROKEN, "could not run the check", ["Not checked"] * 5),
    ],
)
def test_a_browser_that_cannot_check_signatures_says_so(reading, browser_script, reason, steps):
    text = page_of(before='<script src="old.js"></script>')

    reader = reading(text, files={"old": browser_script})

    assert reason in reader.card()
    assert reader.value(RESULT) == "Not checked"
    assert reader.steps() == steps


def test_such_a_browser_still_sees_what_it_can_refute(reading):
    tampered = block_of(change("canonical", lambda text: f"{text} "))
    text = page_of(tampered, before='<script src="old.js"></script>')

    reader = reading(text, files={"old": OLD})
    reader.card()

    assert reader.value(RESULT) == "FAILED"


def test_a_failure_shows_on_the_page_before_anybody_looks_and_no_other_mark_does(reading):
    other = evidence_of(signed_record())
    block = block_of(change("sha256", lambda text: "0" * 64), real_evidence(), other)
    cites = cite() + cite(other.suffix, "another") + cite()

    reader = reading(page_of(block, cites=cites))
    reader.until("document.querySelectorAll('a.pith-failed').length === 2")

    marks = reader.value("[...document.querySelectorAll('.pith-toggle')].map(t => t.textContent)")
    assert marks == ["FAILED", "", "FAILED"]
    assert len(reader.value("[...document.querySelectorAll('a.pith-verified')].map(a => 1)")) == 1
    assert "erified" not in reader.value("document.body.innerText")
    assert reader.value("[...document.querySelectorAll('[title]')].length") == 0


def test_hostile_text_stays_text_and_hides_nothing(reading):
    bad = "</script><!--<script>\u2028<img src=x onerror='window.hacked=1'>\u202e\u200bx"
    block = evidence_block([real_evidence(authors=bad, title=f"{TITLE} {bad}", key_id=bad)])
    assert block.count("<") == 2

    reader = reading(page_of(block))
    text = reader.card()

    assert "<img src=x" in text
    assert not set(text) & set("\u202e\u200b\u2028")
    assert reader.value("typeof hacked") == "undefined"
    assert reader.value("document.querySelectorAll('img').length") == 0


def test_the_card_speaks_the_language_of_the_page(reading):
    messages = {"verified": "In Ihrem Browser geprüft", "unsigned": "nicht signiert", "key": 7}

    reader = reading(page_of(evidence_block([real_evidence()], messages)))
    text = reader.card()

    assert reader.value(RESULT) == messages["verified"]
    assert "(nicht signiert)" in text
    assert "Key" in text


def test_the_page_asks_for_nothing_but_its_own_files_and_breaks_no_policy(reading):
    reader = reading()
    reader.card()
    reader.value(IDLE)

    paths = {url.rpartition("/")[2] for url in reader.page.requests if url.startswith("http")}
    assert paths == {"", "pith.css", "pith.js"}
    assert reader.page.problems == []


def test_without_scripts_a_citation_is_a_link(reading):
    reader = reading()
    reader.do("Emulation.setScriptExecutionDisabled", value=True)
    reader.page.go(f"{reader.site.url}/")

    assert reader.value("document.querySelectorAll('.pith-toggle, .pith-check').length") == 0
    assert reader.value("document.querySelector('a.pith-verified').href").endswith(SUFFIX)
    assert reader.value("document.querySelector('a.pith-verified').title").startswith("Verified")


def test_two_hundred_citations_do_not_hold_the_page_up(reading):
    papers = [evidence_of(signed_record(version=number)) for number in range(1, 101)]
    cites = "".join(cite(paper.suffix) for paper in papers for _ in range(2))
    watch = """window.checks = 0; window.longest = 0;
      const verify = SubtleCrypto.prototype.verify;
      SubtleCrypto.prototype.verify = function (...given) {
        window.checks += 1; return verify.apply(this, given); };
      new PerformanceObserver((list) => { for (const { duration } of list.getEntries())
        window.longest = Math.max(window.longest, duration); }).observe({ type: "longtask" });"""
    text = page_of(evidence_block(papers), cites=cites, before='<script src="watch.js"></script>')

    reader = reading(text, files={"watch": watch})
    reader.card()  # The first does not wait for the others.
    reader.until("checks === 100")

    assert reader.value(RESULT) == "Verified in your browser"
    assert reader.value("longest") < 500
    assert reader.value("document.querySelectorAll('.pith-toggle').length") == 200


def test_the_script_is_small_and_names_no_address():
    assert len(SCRIPT.encode("utf-8")) < 12_000
    assert not re.search(r"//[\w.]+\.\w|fetch\(|XMLHttp|eval\(|innerHTML|import\(", SCRIPT)


def test_every_message_has_a_text_and_is_used():
    block = SCRIPT[SCRIPT.index("ENGLISH = {") : SCRIPT.index("};")]
    ids = set(re.findall(r'^\s+"?([a-z0-9-]+)"?: "', block, re.M))
    asked = set(re.findall(r'(?:say|note|unchecked|label)\((?:\w+, )?"([a-z0-9-]+)"', SCRIPT))
    asked |= set(re.findall(r'\? "([a-z0-9-]+)" : "(?:[a-z0-9-]+)"', SCRIPT))

    assert asked <= ids
    assert {f"step-{name}" for name in ("digest", "number", "key", "signature", "title")} <= ids
    assert {f"fail-{name}" for name in ("digest", "number", "key", "signature", "title")} <= ids
