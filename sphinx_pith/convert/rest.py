"""Links in reStructuredText → the role `pith`."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from sphinx_pith.convert.links import (
    CITE_ROLES,
    Edit,
    Link,
    Region,
    Rules,
    apply,
    in_order,
    judge,
    judge_keys,
    judge_name,
    overlooked,
)
from sphinx_pith.convert.mapped import Mapped
from sphinx_pith.convert.rest_blocks import BlockReader, Segment
from sphinx_pith.convert.rest_inline import Token, addresses, embedded, nulled, plain, tokens
from sphinx_pith.convert.rest_lines import Line, spans, split_lines

_MARKUP = re.compile(r"[*`|]|_(?=\s|$)")
_TITLED = re.compile(r"(?s)(?P<text>.+?)\s*(?<!\x00)<(?P<target>[^<]*)>\Z")


@dataclass(slots=True)
class Scan:
    """What was found in a text."""

    links: list[Link] = field(default_factory=list)
    regions: list[Region] = field(default_factory=list)
    names: set[str] = field(default_factory=set)
    """Reference names that the text uses, in docutils' normal form."""


def scan(lines: Sequence[Line], rules: Rules, *, docstrings: bool = False) -> Scan:
    """Find the links in lines without tabs.

    Links whose name is used are not left yet: the caller knows what else shares the names.
    """
    found = Scan()
    reader = BlockReader(rules.directives, docstrings=docstrings)
    for segment in reader.read(lines):
        if segment.kind in ("prose", "title"):
            Paragraph(segment, rules, found).scan()
        elif segment.lines:
            found.regions += (Region(*span, segment.kind) for span in spans(segment.lines))
    return found


def find_links(text: str, rules: Rules) -> list[Link]:
    """All links of a file, in order: those to convert, and those that stay."""
    mapped = Mapped.of(text).without_tabs()
    found = scan(split_lines(mapped.text), rules)
    links = [mapped.back(link) for link in keep_named(found.links, found.names)]
    regions = [mapped.back_region(region) for region in found.regions]
    return in_order([*links, *overlooked(text, links, regions, rules)])


def keep_named(links: Iterable[Link], names: set[str]) -> Iterator[Link]:
    """Leave the links whose name is used elsewhere: the reference would lose its target."""
    for link in links:
        yield link.left("named-link") if link.name in names and not link.reason else link


def normal_name(name: str) -> str:
    """docutils compares reference names in this form."""
    return " ".join(name.replace("\x00", "").lower().split())


def moved(position: int, edits: Iterable[Edit]) -> int:
    """Where an edge of an edit or of unchanged text is after the edits."""
    change = 0
    for edit in edits:
        if edit.end > position:
            break
        change += len(edit.new) - (edit.end - edit.start)
    return position + change


class Paragraph:
    """The inline markup of one paragraph or title."""

    def __init__(self, segment: Segment, rules: Rules, found: Scan) -> None:
        self._is_title = segment.kind == "title"
        self._rules = rules
        self._found = found
        self._links: list[Link] = []
        self._text = nulled("\n".join(line.text for line in segment.lines))
        self._starts: list[int] = []
        self._places: Sequence[int] = [line.at for line in segment.lines]
        length = 0
        for line in segment.lines:
            self._starts.append(length)
            length += len(line.text) + 1

    def scan(self) -> None:
        """Add what the paragraph holds to the scan."""
        found = list(tokens(self._text))
        for token in found:
            self._read(token)
        for start, end in plain(self._text, found):
            for at, stop in addresses(self._text, start, end):
                self._address(at, stop)
        links = self._links
        if not self._stays_closed(found):
            links = [link if link.reason else link.left("open-markup") for link in links]
        self._found.links += (self._placed(link) for link in links)

    def _stays_closed(self, found: Iterable[Token]) -> bool:
        """Whether the new text has its markup where the old one had it, and the new roles.

        A quote that nothing closed may find its end in one of them.
        """
        edits = sorted(
            (edit for link in self._links for edit in link.edits), key=lambda edit: edit.start
        )
        expected = {(token.start, token.end) for token in found if token.kind != "name"}
        expected |= {(link.start, link.end) for link in self._links if not link.reason}
        there = {
            (token.start, token.end)
            for token in tokens(apply(self._text, self._links))
            if token.kind != "name"
        }
        return {(moved(start, edits), moved(end, edits)) for start, end in expected} == there

    def _read(self, token: Token) -> None:
        match token.kind:
            case "literal":
                self._opaque(token, "in-code")
            case "name":
                self._found.names.add(normal_name(self._text[token.inner : token.inner_end]))
            case "interpreted" if token.role or token.suffix.startswith(":"):
                self._role(token)
            case "interpreted" if token.suffix:
                self._reference(token)
            case "interpreted":
                self._opaque(token, "in-role")
            case _:
                self._opaque(token, "nested-markup")

    def _reference(self, token: Token) -> None:
        content = self._text[token.inner : token.inner_end]
        found = embedded(content)
        uri = content[found.uri : found.uri_end] if found else ""
        if found is None or (uri.endswith("_") and "/" not in uri):
            self._found.names |= {normal_name(content), normal_name(uri.rstrip("_"))} - {""}
            return
        text = content[: found.text_end]
        target, reason = judge("".join(uri.split()), self._rules)
        if not target and not reason:
            return
        if not text.strip():
            self._whole(token, target, reason)
            return
        reason = reason or self._objection(text, uri)
        edits = (
            Edit(token.start, token.inner, ":pith:`"),
            Edit(token.inner + found.uri, token.inner + found.uri_end, target or ""),
            Edit(token.inner_end, token.end, "`"),
        )
        name = normal_name(text) if token.suffix == "_" else None
        self._add(token.start, token.end, target, reason, edits, name)

    def _objection(self, text: str, uri: str) -> str:
        """Why a text and address that docutils reads as a link would not do for a role."""
        if _MARKUP.search(text):
            return "nested-markup"
        if text.lstrip().startswith("!") or "<" in text:
            return "role-syntax"
        return "broken-address" if re.search(r"[\n\x00]", uri) else ""

    def _whole(self, token: Token, target: str | None, reason: str) -> None:
        """A link whose text is its address."""
        reason = reason or ("in-title" if self._is_title else "")
        edit = Edit(token.start, token.end, f":pith:`{target}`")
        self._add(token.start, token.end, target, reason, (edit,))

    def _role(self, token: Token) -> None:
        content = self._text[token.inner : token.inner_end]
        known = token.role if not token.suffix else ""
        if self._rules.cite_keys and known in CITE_ROLES:
            self._cite(token, content)
            return
        if known not in self._rules.roles:
            self._opaque(token, "in-role")
            return
        titled = _TITLED.match(content)
        name = titled["target"] if titled else content
        target, reason = judge_name(name.strip(), self._rules)
        if not reason and self._is_title:
            reason = "in-title"
        if not reason and re.search(r"[\n\x00]", name):
            reason = "broken-address"
        if not reason and content.startswith("!"):
            reason = "role-syntax"
        at = token.inner + (titled.start("target") if titled else 0)
        edits = (
            Edit(token.start, token.inner, ":pith:`"),
            Edit(at, at + len(name), target or ""),
        )
        self._add(token.start, token.end, target, reason, edits)

    def _cite(self, token: Token, content: str) -> None:
        keys, reason = judge_keys(content, self._rules)
        if not reason and self._is_title:
            reason = "in-title"
        role = Edit(token.start, token.inner, f":{CITE_ROLES[token.role]}:`")
        edits = [Edit(token.inner + key.start, token.inner + key.end, key.new) for key in keys]
        target = ", ".join(key.new for key in keys) or None
        self._add(token.start, token.end, target, reason, (role, *edits))

    def _address(self, start: int, stop: int) -> None:
        """An address that stands alone; `stop` is `start` if docutils reads none."""
        end = stop
        if stop == start:
            end = start + len(self._text[start:].split(maxsplit=1)[0])
        target, reason = judge(self._text[start:end].rstrip(".,;:!?'\")]"), self._rules)
        if not target and not reason:
            return
        if not reason and stop == start:
            reason = "adjacent-text"
        if not reason and self._text.startswith(">`", stop):
            reason = "broken-address"  # The end of a reference whose beginning was not found.
        if not reason and self._is_title:
            reason = "in-title"
        self._add(start, end, target, reason, (Edit(start, stop, f":pith:`{target}`"),))

    def _opaque(self, token: Token, reason: str) -> None:
        """Note where no link is looked for, so that a report can say why."""
        place, end = self._place(token.start), self._place(token.end - 1) + 1
        self._found.regions.append(Region(place, end, reason))

    def _add(
        self,
        start: int,
        end: int,
        target: str | None,
        reason: str,
        edits: tuple[Edit, ...],
        name: str | None = None,
    ) -> None:
        self._links.append(Link(start, end, target, reason, () if reason else edits, name))

    def _placed(self, link: Link) -> Link:
        """The link with positions in the whole text."""
        edits = tuple(
            Edit(self._place(edit.start), self._place(edit.end - 1) + 1, edit.new)
            for edit in link.edits
        )
        start, end = self._place(link.start), self._place(link.end - 1) + 1
        return Link(start, end, link.target, link.reason, edits, link.name)

    def _place(self, position: int) -> int:
        """The position in the whole text. Lines of a paragraph need not touch each other."""
        line = bisect_right(self._starts, position) - 1
        return self._places[line] + position - self._starts[line]
