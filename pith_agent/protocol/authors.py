"""Author names, as records and references state them. Nothing signs them.

Where a name ends and its family part begins cannot be known; the rule here is BibTeX's.

Source: docs/reference/export.md, "Authors".
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pith_agent.protocol.display import safe_text
from pith_agent.protocol.record import at
from pith_agent.protocol.tex import readable, unaccented

if TYPE_CHECKING:
    from pith_agent.protocol.strict_json import JsonObject

MAX_NAMES = 500
"""Names read from one list. Collaborations of 3,000 are stated as `others` from there on."""

MAX_LIST_LENGTH = 20_000
"""Characters read from one list."""

AUTHORS = ("paper.authors_text", "graph_snapshot.paper.authors_text")
"""Where a document states the authors. Nothing binds them."""

_BETWEEN = re.compile(r"\s*[,;]\s*(?:and\s+)?|\s+and\s+", re.I | re.A)
_ASIDE = re.compile(r"\([^()]*\)")
_SUFFIX = re.compile(r"(?:jr|sr)\.?|i{2,3}|iv", re.I | re.A)
_OTHERS = re.compile(r"(?:et\.? ?al\.?|and others|others|\.{3}|…)", re.I | re.A)
_GROUPS = frozenset({"collaboration", "collaborations", "consortium", "team"})


@dataclass(frozen=True, slots=True)
class Author:
    """One name. A group, or a single word, has no parts: all of it is `family`."""

    family: str
    """The last word, with the lower-case words before it: `van Gogh`."""
    given: str = ""
    suffix: str = ""

    @property
    def name(self) -> str:
        """As it is spoken: `Vincent van Gogh`."""
        return " ".join(filter(None, (self.given, self.family, self.suffix)))

    @property
    def sorted_name(self) -> str:
        """As it is filed: `van Gogh, Vincent`."""
        return ", ".join(filter(None, (self.family, self.given, self.suffix)))


def stated_authors(document: JsonObject) -> str:
    """The list of authors as the document has it; empty if it has none."""
    return next((text for path in AUTHORS if isinstance(text := at(document, path), str)), "")


def read_authors(text: str) -> tuple[tuple[Author, ...], bool]:
    """`A B, C D` → the names, and whether there are more of them."""
    is_long = cut = len(text) > MAX_LIST_LENGTH
    text = readable(text[:MAX_LIST_LENGTH])
    for _ in range(2):  # Affiliations, which may hold parentheses of their own.
        text = _ASIDE.sub("", text)
    names: list[str] = []
    for part in _BETWEEN.split(text):
        if _OTHERS.fullmatch(part):
            cut = True
        elif names and _SUFFIX.fullmatch(part):
            names[-1] += f", {part}"
        elif part.strip(" .()"):
            names.append(part)
    if is_long:
        names = names[:-1]  # The last one may be half a name.
    authors = map(read_author, names[:MAX_NAMES])
    return tuple(a for a in authors if a.name), cut or len(names) > MAX_NAMES


def read_author(name: str) -> Author:
    """`Vincent van Gogh`, `van Gogh, Vincent`, `Smith, Jr., John` or `ATLAS Collaboration`."""
    parts = [part.strip() for part in readable(safe_text(name)).split(",") if part.strip()]
    suffix = next((part for part in parts[1:] if _SUFFIX.fullmatch(part)), "")
    if suffix:
        parts.remove(suffix)
    if len(parts) > 1:
        return Author(parts[0], " ".join(parts[1:]), suffix)
    words = parts[0].split() if parts else []
    if len(words) < 2 or words[-1].lower() in _GROUPS:
        return Author(" ".join(words), "", suffix)
    start = len(words) - 1
    while start > 1 and words[start - 1].islower():
        start -= 1
    return Author(" ".join(words[start:]), " ".join(words[:start]), suffix)


def are_same(one: Author, other: Author) -> bool:
    """Whether two names can be one person's: `C. Xu` and `Can Xu`, `Xu Can` and `Can Xu`."""
    words, others = _words(one.name), _words(other.name)
    if sorted(words) == sorted(others):
        return True
    if _words(one.family)[-1:] != _words(other.family)[-1:]:
        return False
    pairs = zip(_words(one.given), _words(other.given), strict=False)
    return all(a.startswith(b) or b.startswith(a) for a, b in pairs)


def _words(name: str) -> list[str]:
    return re.findall(r"\w+", unaccented(name).lower())
