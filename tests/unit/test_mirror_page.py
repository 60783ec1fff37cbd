"""The mirror's page for people: what is shown as proved, and what never becomes markup."""

import base64
import hashlib
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from urllib.parse import urlsplit

import pytest

from pith_agent import examine
from pith_agent.mirror.app import create_app
from pith_agent.mirror.reply import HTML
from tests.asking import Asking
from tests.documents import TRUST, as_bytes
from tests.registry import LoopbackRegistry, suffix_of

HOSTILE = "<script>alert(1)</script><a href='https://evil.example'>x</a> \u202egnp.exe"


@pytest.fixture
def ask(registry: LoopbackRegistry) -> Iterator[Asking]:
    asking = Asking(registry.url)
    yield asking
    asking.close()


@pytest.fixture
def document(registry: LoopbackRegistry) -> dict:
    return registry.publish(title="A title", arxiv_id="hep-th/9901001", version=2)


class _Page(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value for name, value in attrs if name in ("href", "src", "action")]
        assert not [name for name, _ in attrs if name.startswith("on") or name == "style"]


def test_the_page_shows_the_proved_title_the_verdict_and_what_is_not_signed(ask, document):
    answer = ask(f"/pith/{suffix_of(document)}", Accept=HTML)

    assert "<h1>A title</h1>" in answer.text
    assert "Verified" in answer.text
    for check in examine(as_bytes(document), TRUST).checks:
        assert f"<th>{check.name}</th>" in answer.text
    assert re.search(r"<th>Authors</th><td>[^/]*</td><td><span[^>]*>not signed<", answer.text)
    assert re.search(r"<th>Title</th><td>[^/]*</td><td><span[^>]*>hash signed<", answer.text)
    assert re.search(r"<th>Version</th><td>2</td><td><span[^>]*>signed<", answer.text)
    assert "<code>graph_snapshot.claims.items (its hash is not signed)</code>" in answer.text
    assert "published for a test" not in answer.text
    assert "https://arxiv.org/abs/hep-th/9901001v2" in _Page(answer.text).links


def test_the_page_s_policy_allows_its_own_style_and_nothing_else(ask, document):
    answer = ask(f"/pith/{suffix_of(document)}", Accept=HTML)

    policy = answer.headers["content-security-policy"]
    style = re.search("<style>(.*?)</style>", answer.text, re.S)[1]
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert policy.startswith(f"default-src 'none'; style-src 'sha256-{digest}'")
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "access-control-allow-origin" not in answer.headers
    assert "prefers-color-scheme: dark" in style


def test_hostile_text_stays_text_and_its_addresses_never_become_links(registry, ask):
    document = registry.publish(
        title=f"A {HOSTILE}",
        authors=HOSTILE,
        headline=HOSTILE,
        abstract=HOSTILE,
        primary_cat=HOSTILE,
        license="https://evil.example/license",
    )
    registry.serve({**document, "links": {"html": "https://evil.example"}, HOSTILE: 1})

    answer = ask(f"/pith/{suffix_of(document)}", Accept=HTML)
    page = _Page(answer.text)

    assert "script" not in page.tags
    assert {urlsplit(link).hostname for link in page.links} == {None, "arxiv.org"}
    assert "\u202e" not in answer.text
    assert "&lt;script&gt;" in answer.text


def test_the_page_of_a_refuted_record_shows_no_title_as_proved(registry, ask, document):
    document["paper"]["title"] = document["graph_snapshot"]["paper"]["title"] = "Another title"
    registry.serve(document)

    answer = ask(f"/pith/{suffix_of(document)}", Accept=HTML)

    assert "Refuted" in answer.text
    assert "title-mismatch" in answer.text
    assert "<h1>Another title</h1>" not in answer.text
    assert not {">signed<", ">hash signed<", ">not signed<"} & set(
        re.findall(">[a-z ]+<", answer.text)
    )
    assert ">not proved<" in answer.text
    assert not [link for link in _Page(answer.text).links if "arxiv" in link]


def test_a_mirror_below_a_path_leads_to_addresses_below_it(registry, ask, document):
    below = create_app(registry.store, TRUST, base_url="https://example.org/pith-mirror/")
    registry.replace_app(below)

    answer = ask("/paper/hep-th/9901001")
    page = ask(f"/pith/{suffix_of(document)}", Accept=HTML)

    assert answer.headers["location"] == f"/pith-mirror/pith/{suffix_of(document)}"
    links = [link for link in _Page(page.text).links if not link.startswith("https://arxiv.org/")]
    assert links
    assert all(link.startswith("/pith-mirror/") for link in links)
