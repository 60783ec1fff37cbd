"""The index "Papers cited": each paper, and the pages that cite it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, TypeAlias

from sphinx.domains import Index, IndexEntry
from sphinx.environment import BuildEnvironment

from sphinx_pith.i18n import _
from sphinx_pith.listing import filed
from sphinx_pith.papers import reading_order

if TYPE_CHECKING:
    from sphinx_pith.domain import PithDomain

Letters: TypeAlias = list[tuple[str, list[IndexEntry]]]
"""First letter of the title → entries."""

PAGE_BUILDERS = ("html", "dirhtml")
"""The builders whose page of the index is put together in `index_page`."""


class PapersIndex(Index):
    """A page `pith-papers`, which links back to every citation."""

    name = "papers"
    localname = "Papers cited"
    shortname = "papers"

    domain: "PithDomain"

    @classmethod
    def translate(cls) -> None:
        """Take the names in the language of the pages: the builder `json` knows no lazy texts."""
        cls.localname, cls.shortname = str(_("Papers cited")), str(_("papers"))

    def generate(self, docnames: Iterable[str] | None = None) -> tuple[Letters, bool]:
        """Entries by the first letter of the title; with `docnames`, of those pages only."""
        pages = self.domain.pages
        if docnames is None and pages is not None and pages.builder.name in PAGE_BUILDERS:
            return _Later(self), False
        return self.letters(docnames), False

    def letters(self, docnames: Iterable[str] | None = None) -> Letters:
        """As `generate`, at once."""
        self._pages: dict[str, str] = {}
        wanted = None if docnames is None else set(docnames)
        places: dict[str, list[tuple[str, str]]] = defaultdict(list)
        for docname in reading_order(self.domain.env, self.domain.here):
            if wanted is not None and docname not in wanted:
                continue
            for cite in self.domain.here[docname]:
                if suffix := self.domain.suffix(cite.target):
                    places[suffix].append((docname, cite.anchor))
        letters: dict[str, list[IndexEntry]] = defaultdict(list)
        for suffix in sorted(places, key=self._title):
            title = self.domain.papers[suffix].title
            first = filed(title)[:1].upper()
            letter = first if first.isalnum() else "#"
            entries = self._entries if docnames is None else self._entries_in_print
            letters[letter] += entries(suffix, title, places[suffix])
        return sorted(letters.items())

    def _title(self, suffix: str) -> tuple[str, str]:
        return filed(self.domain.papers[suffix].title), suffix

    def _entries(
        self, suffix: str, title: str, places: list[tuple[str, str]]
    ) -> Iterable[IndexEntry]:
        number = self.domain.papers[suffix].pith_number
        if len(places) == 1:
            docname, anchor = places[0]
            yield IndexEntry(title, 0, docname, anchor, self._page(docname), "", number)
            return
        yield IndexEntry(title, 1, "", "", "", "", number)
        count = Counter(docname for docname, _anchor in places)
        seen: Counter[str] = Counter()
        for docname, anchor in places:
            seen[docname] += 1
            # No two links of the same words with different targets.
            place = f" ({seen[docname]})" if count[docname] > 1 else ""
            yield IndexEntry(f"{self._page(docname)}{place}", 2, docname, anchor, "", "", "")

    def _entries_in_print(
        self, suffix: str, title: str, places: list[tuple[str, str]]
    ) -> Iterable[IndexEntry]:
        """Each with a page: the writers of manuals leave out what has no anchor."""
        number = self.domain.papers[suffix].pith_number
        for place, (docname, anchor) in enumerate(places):
            # A card has no anchor of its own; each document has this one.
            at = anchor or ":doc"
            name, kind = (self._page(docname), 2) if place else (title, 0)
            yield IndexEntry(name, kind, docname, at, "", "", "" if place else number)

    def _page(self, docname: str) -> str:
        # Asked for each place, and `astext` walks the title.
        if docname not in self._pages:
            self._pages[docname] = page_title(self.domain.env, docname)
        return self._pages[docname]


def page_title(env: BuildEnvironment, docname: str) -> str:
    """The title of a page, without its marks; the name of its document if it has none."""
    title = env.titles.get(docname)
    return title.astext() if title is not None else docname


class _Later(list[tuple[str, list[IndexEntry]]]):
    """Entries that are made when they are looked at: Sphinx asks at every build, and for most has
    no page to write. Sphinx asks whether there are any, and `index_page` goes through them."""

    def __init__(self, index: PapersIndex) -> None:
        super().__init__()
        self._index = index

    def __bool__(self) -> bool:
        return self._index.domain.cites_papers()

    def __iter__(self) -> Iterator[tuple[str, list[IndexEntry]]]:
        return iter(self._index.letters())
