"""Pages of a build, as a reader and a browser see them."""

import html
import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit


@dataclass(frozen=True)
class Link:
    """An `a` element."""

    href: str
    text: str
    classes: tuple[str, ...]
    title: str


@dataclass
class Page:
    """One page of HTML."""

    ids: list[str] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    source: str = ""

    def said(self, start: str) -> str:
        """What the one paragraph says that begins with these words, without them."""
        (found,) = [text for text in self.paragraphs() if text.startswith(start)]
        return found.removeprefix(start).strip()

    def paragraphs(self) -> list[str]:
        """The text of each paragraph."""
        return [plain(text) for text in re.findall(r"<p[^>]*>(.*?)</p>", self.source, re.S)]

    def verified(self) -> list[Link]:
        """The verified citations."""
        return [link for link in self.links if "pith-verified" in link.classes]


class _Reader(HTMLParser):
    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page
        self._open: list[tuple[dict[str, str], list[str]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = {name: value or "" for name, value in attrs}
        if "id" in found:
            self.page.ids.append(found["id"])
        if tag == "a":
            self._open.append((found, []))

    def handle_endtag(self, tag: str) -> None:
        if tag == "a" and self._open:
            found, words = self._open.pop()
            self.page.links.append(
                Link(
                    found.get("href", ""),
                    " ".join("".join(words).split()),
                    tuple(found.get("class", "").split()),
                    found.get("title", ""),
                )
            )

    def handle_data(self, data: str) -> None:
        for _, words in self._open:
            words.append(data)


def plain(text: str) -> str:
    """Markup without tags, on one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", "", text)).split())


def read(path: Path) -> Page:
    """Read one page."""
    page = Page(source=path.read_text("utf-8", "replace"))
    reader = _Reader(page)
    reader.feed(page.source)
    reader.close()
    return page


def site(out: Path) -> dict[str, Page]:
    """All pages below a directory, by their path."""
    paths = [*out.rglob("*.html"), *out.rglob("*.xhtml")]
    return {path.relative_to(out).as_posix(): read(path) for path in sorted(paths)}


def repeated_ids(pages: dict[str, Page]) -> list[tuple[str, str]]:
    """(page, id) for each of our ids that is on a page twice."""
    return [
        (name, one)
        for name, page in pages.items()
        for one in sorted(set(page.ids))
        if one.startswith("pith") and page.ids.count(one) > 1
    ]


def dead_links(out: Path, pages: dict[str, Page]) -> list[tuple[str, str]]:
    """(page, href) for each link of the site that leads to no page, or to no id of it."""
    dead = []
    for name, page in pages.items():
        for link in page.links:
            url = urlsplit(link.href)
            if url.scheme or url.netloc or not link.href:
                continue
            path = (out / name).parent / unquote(url.path) if url.path else out / name
            path = path / "index.html" if path.is_dir() else path
            key = path.resolve().relative_to(out.resolve()).as_posix()
            if key not in pages:
                if not path.exists():
                    dead.append((name, link.href))
            elif url.fragment and unquote(url.fragment) not in pages[key].ids:
                dead.append((name, link.href))
    return dead


def read_text(page: Page) -> str:
    """All that a page says."""
    return plain(page.source.partition("<body")[2])
