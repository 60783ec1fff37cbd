"""What a converter finds: links to papers, where they stand, and why some stay as they are.

Positions count characters of the text that was scanned, from 0.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from pith_agent import Identifier, IdentifierError, parse_identifier

Versions: TypeAlias = Literal["keep", "drop"]

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "no-paper": "The address is arXiv's, but names no paper.",
        "other-doi": "The DOI is not arXiv's own, so no signed record can be tied to it.",
        "other-page": "The link goes to another page than the abstract or the PDF.",
        "part-of-paper": "The link has a query or fragment, which the citation would lose.",
        "nested-markup": "The text of the link holds markup, or the link stands inside some.",
        "role-syntax": "The text would mean something else inside the role.",
        "in-role": "The link is in a role that was not named with --roles.",
        "named-link": "The name of the link is used in another place of the file.",
        "link-target": "The address is defined by itself and used by name.",
        "adjacent-text": "Other characters touch the link, so a role would not be read.",
        "broken-address": "The address runs over a line break or holds an escape.",
        "open-markup": "Markup that is not closed would end at the citation.",
        "in-title": "The citation would change the title of a section, or its underline.",
        "in-table": "The table is drawn by columns, which the citation would move.",
        "in-code": "It is code or literal text.",
        "in-comment": "It is a comment.",
        "in-directive": "The text of this directive is not known to be prose.",
        "in-substitution": "It is a substitution definition.",
        "in-html": "It is raw HTML.",
        "image": "It is an image.",
        "bare-address": "Without --bare an address without brackets is plain text.",
        "not-docstring": "In Python only docstrings are converted.",
        "unsafe-docstring": "The docstring is joined of several literals, or is an f-string.",
        "escape": "An escape of the string literal, or a tab, is in the link.",
        "unknown-key": "The key is not in the bibliographies that were given.",
        "no-arxiv-paper": "The bibliography names no arXiv paper for the key.",
        "not-verified": "The paper's record did not verify.",
        "not-a-link": "It stands where no link is read.",
    }
)
"""Code → why a link was left. docs/howto/migrate-links.md lists them."""

ADDRESS = re.compile(r"https?://[^\s<>\"`{}|^\x00]+", re.I)
_KEY = re.compile(r"\{[^{}]*\}|(?P<key>[^\s,{}][^,{}]*[^\s,{}]|[^\s,{}])")
CITE_ROLES: Mapping[str, str] = MappingProxyType(
    {
        "cite": "pith:cite",
        "cite:p": "pith:cite:p",
        "cite:t": "pith:cite:t",
        "footcite": "pith:cite:foot",
        "footcite:p": "pith:cite:foot",
    }
)
"""Roles of sphinxcontrib-bibtex → ours of the same style."""
_DOI_HOSTS = frozenset({"doi.org", "www.doi.org", "dx.doi.org"})
_PAPER_PATH = re.compile(r"/(?:abs|pdf)/", re.I)


@dataclass(frozen=True, slots=True)
class Rules:
    """What the user asked for."""

    versions: Versions = "keep"
    roles: frozenset[str] = frozenset()
    """Roles whose content is an identifier, such as `arxiv` and `doi`, without colons."""
    cite_keys: Mapping[str, str | None] = field(default_factory=dict)
    """Key → target, or `None` for an entry that names no arXiv paper. Empty: leave `cite`."""
    directives: frozenset[str] = frozenset()
    """Further directives whose body is prose."""
    bare: bool = False
    """Whether Markdown addresses without brackets are links; in reStructuredText they are."""
    refused: Mapping[str, str] = field(default_factory=dict)
    """Target → the code for which its record did not verify."""

    def target(self, identifier: Identifier) -> str | None:
        """What the role will name, as `arXiv:1706.03762v2`; `None` if it is no arXiv paper."""
        arxiv = identifier.arxiv
        if arxiv is None:
            return None
        return f"arXiv:{arxiv if self.versions == 'keep' else arxiv.id}"


@dataclass(frozen=True, slots=True)
class Edit:
    """Replace `text[start:end]` by `new`."""

    start: int
    end: int
    new: str


@dataclass(frozen=True, slots=True)
class Link:
    """One link to a paper. It is converted if `reason` is empty."""

    start: int
    end: int
    target: str | None = None
    reason: str = ""
    edits: tuple[Edit, ...] = ()
    name: str | None = None
    """The reference name that the link defines besides, which others may use."""

    def left(self, reason: str) -> "Link":
        """The same link, not converted."""
        return Link(self.start, self.end, self.target, reason)


@dataclass(frozen=True, slots=True)
class Region:
    """`text[start:end]` is not prose, for this reason."""

    start: int
    end: int
    reason: str


def judge(address: str, rules: Rules) -> tuple[str | None, str]:
    """The target that a URL becomes, or the reason why it stays.

    Both are empty if the URL is of another site.
    """
    try:
        url = urlsplit(address)
        host = url.hostname or ""
    except ValueError:
        return None, ""
    is_doi = host in _DOI_HOSTS
    if not is_doi and host not in ("arxiv.org", "xxx.lanl.gov") and not host.endswith(".arxiv.org"):
        return None, ""
    try:
        target = rules.target(parse_identifier(address))
    except IdentifierError:
        return None, "other-doi" if is_doi else "no-paper"
    if target is None:
        return None, "other-doi"
    if url.query or url.fragment:
        return target, "part-of-paper"
    if not is_doi and not _PAPER_PATH.match(url.path):
        return target, "other-page"
    return target, "not-verified" if target in rules.refused else ""


def judge_name(name: str, rules: Rules) -> tuple[str | None, str]:
    """The target for the content of a role such as `arxiv`, or the reason why it stays."""
    try:
        target = rules.target(parse_identifier(" ".join(name.split())))
    except IdentifierError:
        return None, "no-paper"
    if target is None:
        return None, "other-doi"
    return target, "not-verified" if target in rules.refused else ""


def judge_keys(content: str, rules: Rules) -> tuple[list[Edit], str]:
    """Each key in the content of a `cite` role → its target, or the reason why all stay.

    Between the keys are commas, and around them words in braces: the role `pith:cite` has the
    same form.
    """
    edits: list[Edit] = []
    for match in _KEY.finditer(content):
        if match["key"] is None:
            continue
        target = rules.cite_keys.get(match["key"])
        if match["key"] not in rules.cite_keys:
            return [], "unknown-key"
        if target is None:
            return [], "no-arxiv-paper"
        if target in rules.refused:
            return [], "not-verified"
        edits.append(Edit(match.start("key"), match.end("key"), target))
    return edits, "" if edits else "unknown-key"


def overlooked(
    text: str,
    links: Iterable[Link],
    regions: Iterable[Region],
    rules: Rules,
    elsewhere: str = "",
) -> Iterator[Link]:
    """Addresses of papers that no link holds, so that a report can say where they are.

    Args:
        elsewhere: The reason for what no region holds; else the address itself gives it.
    """
    known, opaque = _Sweep(links), _Sweep(regions)
    for match in ADDRESS.finditer(text):
        if known.at(match.start()):
            continue
        address = match[0].rstrip(".,;:!?'*_)]\\")
        target, reason = judge(address, rules)
        if target or reason:
            region = opaque.at(match.start())
            outside = elsewhere or reason or "not-a-link"
            where = region.reason if isinstance(region, Region) else outside
            yield Link(match.start(), match.start() + len(address), target, where)


def in_order(links: Iterable[Link]) -> list[Link]:
    """The links as they follow each other in the text."""
    return sorted(links, key=lambda link: (link.start, link.end))


class _Sweep:
    """Which span holds a position, asked with growing positions. Spans do not nest."""

    def __init__(self, spans: Iterable[Link | Region]) -> None:
        self._spans: Sequence[Link | Region] = sorted(spans, key=lambda span: span.start)
        self._next = 0

    def at(self, position: int) -> Link | Region | None:
        """The span that holds the position, if one does."""
        while self._next < len(self._spans) and self._spans[self._next].end <= position:
            self._next += 1
        span = self._spans[self._next] if self._next < len(self._spans) else None
        return span if span and span.start <= position else None


def apply(text: str, links: Iterable[Link]) -> str:
    """The text with all converted links rewritten. Edits must not overlap."""
    edits = sorted(
        (edit for link in links if not link.reason for edit in link.edits),
        key=lambda edit: (edit.start, edit.end),
    )
    parts: list[str] = []
    done = 0
    for edit in edits:
        if edit.start < done:
            raise ValueError("Two edits overlap.")
        parts += (text[done : edit.start], edit.new)
        done = edit.end
    return "".join((*parts, text[done:]))
