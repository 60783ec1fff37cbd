"""What a bibliography needs to know of a record, each value signed or marked as not signed.

Source: docs/reference/export.md.
"""

import re
from dataclasses import dataclass
from datetime import date

from pith_agent.protocol.arxiv import parse_arxiv
from pith_agent.protocol.authors import Author, read_authors, stated_authors
from pith_agent.protocol.display import safe_text
from pith_agent.protocol.proof import VerifiedRecord
from pith_agent.protocol.record import TITLES, at
from pith_agent.protocol.tex import readable, unaccented

NOT_AUTHENTICATED = "[title not authenticated]"
"""Printed after a title that does not hash to the signed hash, or in the place of one."""

MAX_TITLE_LENGTH = 500
"""Characters that are kept of a title which is not signed."""

MAX_KEY_PART = 30

_CATEGORY = re.compile(r"[a-z-]{2,12}(?:\.[A-Za-z-]{2,20})?", re.A)
_SMALL_WORDS = frozenset(
    {
        *("a", "an", "the", "and", "or", "of", "on", "in", "to", "for", "from", "by", "with", "at"),
        *("as", "is", "are", "can", "do", "does", "how", "what", "why", "when", "via", "towards"),
        *("toward", "into", "over", "under", "la", "le", "les", "un", "une", "sur", "der", "die"),
        *("das", "ein", "eine", "some", "its", "their", "we", "not"),
    }
)


@dataclass(frozen=True, slots=True)
class Work:
    """One version of one paper. Values are on one line and safe to show."""

    key: str
    """Citation key: `xu2024survey`, or `pith-odxwrqyn`. ASCII letters, digits and hyphens."""
    pith_number: str
    title: str
    """Raw TeX, as arXiv has it."""
    title_is_signed: bool
    authors: tuple[Author, ...]
    """Unsigned."""
    has_more_authors: bool
    year: str
    """Four digits: the year of the first submission."""
    submitted: date | None
    version: int
    arxiv: str | None
    """`2402.13116`, without the version; `None` if the source is not on arXiv."""
    category: str | None

    @property
    def readable_title(self) -> str:
        """The title for readers without TeX."""
        return readable(self.title) or self.title

    @property
    def doi(self) -> str | None:
        """The DOI of the paper. Those of single versions are not registered."""
        return f"10.48550/arXiv.{self.arxiv}" if self.arxiv else None

    @property
    def suffix(self) -> str:
        """The base32 part of the Pith Number."""
        return self.pith_number.rpartition(":")[2]

    @property
    def url(self) -> str:
        """The page of this version."""
        if self.arxiv:
            return f"https://arxiv.org/abs/{self.arxiv}v{self.version}"
        return f"https://pith.science/pith/{self.suffix}"

    @property
    def unsigned(self) -> tuple[str, ...]:
        """CSL names of the fields that nothing protects."""
        fields = (("author", bool(self.authors)), ("title", not self.title_is_signed))
        return tuple(name for name, is_unsigned in fields if is_unsigned)


def work_of(record: VerifiedRecord) -> Work:
    """Gather what a bibliography needs from a verified record."""
    source, metadata = record.signed.source, record.signed.metadata
    paper = parse_arxiv(f"{source.id}v{source.version}") if source.kind == "arxiv" else None
    authors, has_more = read_authors(stated_authors(record.document))
    title = safe_text(record.title or "")
    return Work(
        key=_key(record, authors, title),
        pith_number=record.pith_number,
        title=title or _unsigned_title(record),
        title_is_signed=bool(title),
        authors=authors,
        has_more_authors=has_more,
        year=record.signed.year,
        submitted=_date(metadata.submitted_at),
        version=source.version,
        arxiv=paper.id if paper else None,
        category=metadata.primary_cat if _CATEGORY.fullmatch(metadata.primary_cat) else None,
    )


def _unsigned_title(record: VerifiedRecord) -> str:
    shown = (at(record.document, path) for path in TITLES)
    source = record.signed.source
    name = f"{source.kind}:{source.id}".replace("arxiv:", "arXiv:")
    texts = (*(title for title in shown if isinstance(title, str)), name)
    text = next(filter(None, (safe_text(text, MAX_TITLE_LENGTH) for text in texts)), "")
    return f"{text} {NOT_AUTHENTICATED}".strip()


def _key(record: VerifiedRecord, authors: tuple[Author, ...], title: str) -> str:
    name = _ascii(authors[0].family.split(" ")[-1]) if authors else ""
    words = map(_ascii, re.split(r"[\s-]+", readable(title)))
    word = next((w for w in words if len(w) > 1 and not w.isdigit() and w not in _SMALL_WORDS), "")
    if name and word:
        return f"{name}{record.signed.year}{word}"
    return f"pith-{record.pith_number.rpartition(':')[2][:8].lower()}"


def _ascii(word: str) -> str:
    return re.sub("[^a-z0-9]", "", unaccented(word).lower())[:MAX_KEY_PART]


def _date(submitted_at: str) -> date | None:
    if not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T", submitted_at):
        return None
    try:
        return date.fromisoformat(submitted_at[:10])
    except ValueError:
        return None
