"""Links in MyST Markdown → links with the scheme `pith:`."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence

from sphinx_pith.convert import rest
from sphinx_pith.convert.links import (
    ADDRESS,
    CITE_ROLES,
    Edit,
    Link,
    Region,
    Rules,
    in_order,
    judge,
    judge_keys,
    judge_name,
    overlooked,
)
from sphinx_pith.convert.mapped import Mapped
from sphinx_pith.convert.markdown_blocks import MarkdownReader
from sphinx_pith.convert.rest_blocks import Segment
from sphinx_pith.convert.rest_lines import dedented, spans, split_lines

_PIECE = re.compile(
    r"(?P<escape>\\[\s\S])|(?P<ticks>`+)|(?P<comment><!--[\s\S]*?-->)"
    r"|<(?P<auto>[a-z][a-z0-9+.-]{1,31}:[^\s<>]*)>|(?P<html></?[a-z][\w-]*(?:\s(?:[^<>\"']|\"[^\"]*\"|'[^']*')*)?/?>)",
    re.I,
)
_ROLE = re.compile(r"\{(?P<name>[\w.:+-]+)\}$")
_TITLED = re.compile(r"(?s)(?P<text>.+?)\s*<(?P<target>[^<]*)>$")
_DESTINATION = re.compile(
    r"\]\(\s*(?:<(?P<angle>https?://[^<>\n]*)>|(?=(?P<plain>https?://\S*)))", re.I
)
_MARKUP = re.compile(r"[*`<\[\x00]|!\[|(?<!\w)_|_(?!\w)|~~")


def find_links(text: str, rules: Rules) -> list[Link]:
    """All links of a file, in order: those to convert, and those that stay."""
    mapped = Mapped.of(text).without_tabs()
    links: list[Link] = []
    regions: list[Region] = []
    for segment in MarkdownReader(split_lines(mapped.text), rules.directives).read():
        if segment.kind == "rest":
            found = rest.scan(dedented(segment.lines), rules)
            links += rest.keep_named(found.links, found.names)
            regions += found.regions
        elif segment.kind in ("prose", "title"):
            paragraph = Paragraph(segment, rules)
            links += paragraph.links()
            regions += paragraph.regions
        else:
            regions += (Region(*span, segment.kind) for span in spans(segment.lines))
    links = [mapped.back(link) for link in links]
    regions = [mapped.back_region(region) for region in regions]
    return in_order([*links, *overlooked(text, links, regions, rules)])


class Paragraph:
    """The inline markup of one paragraph or title."""

    def __init__(self, segment: Segment, rules: Rules) -> None:
        self.regions: list[Region] = []
        self._is_title = segment.kind == "title"
        self._rules = rules
        self._text = "\n".join(line.text for line in segment.lines)
        self._places: Sequence[int] = [line.at for line in segment.lines]
        self._starts: list[int] = []
        length = 0
        for line in segment.lines:
            self._starts.append(length)
            length += len(line.text) + 1

    def links(self) -> Iterator[Link]:
        """What the paragraph holds."""
        masked, found = self._mask()
        yield from found
        taken: list[tuple[int, int]] = []
        for match in _DESTINATION.finditer(masked):
            place = _destination(masked, match)
            if link := self._inline(masked, match.start(), *place):
                taken.append(place)
                yield link
        for match in ADDRESS.finditer(masked):
            if not any(start <= match.start() < end for start, end in taken):
                yield from self._bare(match)

    def _mask(self) -> tuple[str, list[Link]]:
        """The text with NUL for all that is no plain text, and the links found in that."""
        masked = list(self._text)
        found: list[Link] = []
        position = 0
        while match := _PIECE.search(self._text, position):
            start, end = match.span()
            position = end
            if match["ticks"]:
                closing = self._closing(match["ticks"], end)
                if closing is None:
                    continue
                position = closing
                found += self._code(match, closing)
            elif match["auto"]:
                found += self._automatic(match)
            elif match["comment"] or match["html"]:
                self._opaque(start, end, "in-comment" if match["comment"] else "in-html")
            masked[start:position] = "\x00" * (position - start)
        return "".join(masked), found

    def _closing(self, ticks: str, start: int) -> int | None:
        """The end of a code span that was opened by these backticks."""
        for match in re.finditer("`+", self._text[start:]):
            if match[0] == ticks:
                return start + match.end()
        return None

    def _code(self, match: re.Match[str], end: int) -> Iterator[Link]:
        """A code span, which is a role if its name stands in front."""
        role = _ROLE.search(self._text, 0, match.start())
        name = role["name"] if role else ""
        content = self._text[match.end() : end - len(match["ticks"])]
        if role and self._rules.cite_keys and name in CITE_ROLES:
            yield self._cite(role, match.end(), content, end)
            return
        if role is None or name not in self._rules.roles:
            self._opaque(match.start(), end, "in-role" if role else "in-code")
            return
        titled = _TITLED.match(content)
        named = titled["target"] if titled else content
        target, reason = judge_name(named.strip(), self._rules)
        if not reason and self._is_title and not titled:
            reason = "in-title"
        if not reason and ("\n" in named or content.startswith("!")):
            reason = "broken-address" if "\n" in named else "role-syntax"
        at = match.end() + (titled.start("target") if titled else 0)
        edits = (
            self._edit(role.start("name"), role.end("name"), "pith"),
            self._edit(at, at + len(named), target or ""),
        )
        yield self._link(role.start(), end, target, reason, edits)

    def _cite(self, role: re.Match[str], at: int, content: str, end: int) -> Link:
        """A `cite` role, whose content begins at `at`."""
        keys, reason = judge_keys(content, self._rules)
        if not reason and self._is_title:
            reason = "in-title"
        edits = [self._edit(role.start("name"), role.end("name"), CITE_ROLES[role["name"]])]
        edits += (self._edit(at + key.start, at + key.end, key.new) for key in keys)
        target = ", ".join(key.new for key in keys) or None
        return self._link(role.start(), end, target, reason, tuple(edits))

    def _automatic(self, match: re.Match[str]) -> Iterator[Link]:
        target, reason = judge(match["auto"], self._rules)
        if target or reason:
            reason = reason or ("in-title" if self._is_title else "")
            edit = self._edit(match.start("auto"), match.end("auto"), f"pith:{target}")
            yield self._link(match.start(), match.end(), target, reason, (edit,))

    def _inline(self, masked: str, closing: int, start: int, end: int) -> Link | None:
        """`[text](address)`; `None` if it is none, or of another site."""
        target, reason = judge(masked[start:end], self._rules)
        opening = _opening(masked, closing)
        if opening is None or not (target or reason):
            return None
        text = masked[opening + 1 : closing]
        if opening and masked[opening - 1] == "!":
            reason = "image"
        elif not text.strip() or _MARKUP.search(text):
            reason = reason or "nested-markup"
        edit = self._edit(start, end, f"pith:{target}")
        return self._link(opening, end, target, reason, (edit,))

    def _bare(self, match: re.Match[str]) -> Iterator[Link]:
        address = match[0].rstrip(".,;:!?'*_~")
        while address.endswith((")", "]")) and not _is_balanced(address):
            address = address[:-1].rstrip(".,;:!?'*_~")
        target, reason = judge(address, self._rules)
        if not target and not reason:
            return
        start, end = match.start(), match.start() + len(address)
        if not reason and self._is_title:
            reason = "in-title"
        if not reason and not self._rules.bare:
            reason = "bare-address"
        if not reason and start and self._text[start - 1] not in " \n(":
            reason = "adjacent-text"
        edit = self._edit(start, end, f"<pith:{target}>")
        yield self._link(start, end, target, reason, (edit,))

    def _link(
        self, start: int, end: int, target: str | None, reason: str, edits: tuple[Edit, ...]
    ) -> Link:
        place, last = self._place(start), self._place(end - 1) + 1
        return Link(place, last, target, reason, () if reason else edits)

    def _opaque(self, start: int, end: int, reason: str) -> None:
        self.regions.append(Region(self._place(start), self._place(end - 1) + 1, reason))

    def _edit(self, start: int, end: int, new: str) -> Edit:
        return Edit(self._place(start), self._place(end - 1) + 1, new)

    def _place(self, position: int) -> int:
        """The position in the whole text. Lines of a paragraph need not touch each other."""
        line = bisect_right(self._starts, position) - 1
        return self._places[line] + position - self._starts[line]


def _destination(text: str, match: re.Match[str]) -> tuple[int, int]:
    """Where the address stands. It ends at the parenthesis that was not opened inside it."""
    if match["angle"]:
        return match.span("angle")
    start, end = match.span("plain")
    depth = 0
    for position in range(start, end):
        if text[position] == "(":
            depth += 1
        elif text[position] == ")":
            depth -= 1
            if depth < 0:
                return start, position
    return start, end


def _is_balanced(address: str) -> bool:
    return address.count(")") == address.count("(") and address.count("]") == address.count("[")


def _opening(text: str, closing: int) -> int | None:
    """The bracket that the one at `closing` closes. Escapes and code were masked."""
    depth = 0
    for position in range(closing, -1, -1):
        if text[position] == "]":
            depth += 1
        elif text[position] == "[":
            depth -= 1
            if depth == 0:
                return position
    return None
