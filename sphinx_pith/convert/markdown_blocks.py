"""The block structure of MyST Markdown: what is prose, and what is not.

Source: CommonMark 0.31, "Container blocks" and "Leaf blocks", and the MyST syntax guide. Where
both readings are possible, this prefers the one that leaves a text alone.
"""

import re
from collections.abc import Iterator, Sequence

from sphinx_pith.convert.directives import CODE, PROSE_BODY, PROSE_FIRST, TITLED
from sphinx_pith.convert.rest_blocks import Segment
from sphinx_pith.convert.rest_lines import Line

_QUOTE = re.compile(r"(?: {0,3}> ?)+")
_FENCE = re.compile(r" *(?P<fence>`{3,}(?!.*`)|~{3,}|:{3,}(?= *\{|$| *$)) *(?P<info>.*)$")
_DIRECTIVE = re.compile(r"\{(?P<name>[^}\s]+)\}")
_OPTION = re.compile(r" *:[\w-]+:(?: |$)")
_ITEM = re.compile(r" *(?:[-+*>]|[0-9]{1,9}[.)]|\[\^[^\]\s]+\]:)(?: |$)")
_HEADING = re.compile(r" {0,3}#{1,6}(?: |$)")
_UNDERLINE = re.compile(r" {0,3}(?:=+|-+) *$")
_DEFINITION = re.compile(r" {0,3}\[(?!\^)(?:[^\[\]\\]|\\.)+\]:")
_HTML_VERBATIM = re.compile(r" {0,3}<(?P<name>script|pre|style|textarea)(?=[\s>]|$)", re.I)
_HTML = re.compile(r" {0,3}<(?:/?[a-z][\w-]*(?=[\s/>]|$)|[?!])", re.I)
_COMMENT = re.compile(r" {0,3}<!--")


class MarkdownReader:
    """Reads the lines of one file.

    Args:
        directives: Further directives whose body is prose.
    """

    def __init__(self, lines: Sequence[Line], directives: frozenset[str] = frozenset()) -> None:
        self._lines = [_unquoted(line) for line in lines]
        self._bodies = PROSE_BODY | PROSE_FIRST | TITLED | directives
        self._paragraph: list[Line] = []
        self._fences: list[str] = []
        self._items: list[int] = []
        self._after_blank = True

    def read(self) -> Iterator[Segment]:
        """The segments in order; `rest` is the body of an `eval-rst`."""
        index = self._front_matter()
        if index:
            yield Segment(tuple(self._lines[:index]), "in-code")
        while index < len(self._lines):
            line = self._lines[index]
            if line.blank:
                yield from self._flush()
                self._after_blank = True
                index += 1
                continue
            if self._after_blank:
                self._enter(line, [])
            end, segments = self._block(index)
            if end > index:
                yield from self._flush()
                yield from segments
                self._after_blank = True
            else:
                yield from self._prose(index)
                end = index + 1
            index = end
        yield from self._flush()

    def _front_matter(self) -> int:
        if not self._lines or self._lines[0].text != "---":
            return 0
        ends = (i for i in range(1, len(self._lines)) if self._lines[i].text in ("---", "..."))
        return next((i + 1 for i in ends), 0)

    def _flush(self, kind: str = "prose") -> Iterator[Segment]:
        if self._paragraph:
            yield Segment(tuple(self._paragraph), kind)
            self._paragraph = []

    def _prose(self, index: int) -> Iterator[Segment]:
        """A line of a paragraph, an item, a title or a table."""
        line = self._lines[index]
        # An indented line goes on with a paragraph, but not with a title or a table.
        self._after_blank = False
        following = self._lines[index + 1].text if index + 1 < len(self._lines) else ""
        if _HEADING.match(line.text) or (_UNDERLINE.match(following) and not self._paragraph):
            yield from self._flush()
            yield Segment((line,), "title")
            self._after_blank = True
        elif line.text.lstrip().startswith("|"):
            yield from self._flush()
            yield Segment((line,))
            self._after_blank = True
        elif _UNDERLINE.match(line.text):
            yield from self._flush("title")
            self._after_blank = True
        elif items := _items(line.text):
            yield from self._flush()
            self._enter(line, items)
            self._paragraph = [line]
        else:
            self._paragraph.append(line)

    def _enter(self, line: Line, items: list[int]) -> None:
        """Leave the items that the line is not indented enough for, and begin others."""
        while self._items and line.indent < self._items[-1]:
            self._items.pop()
        self._items += items

    def _block(self, index: int) -> tuple[int, list[Segment]]:
        """The end of the block that begins here, and what is in it; no end if it is prose."""
        line = self._lines[index]
        margin = self._items[-1] if self._items else 0
        if self._after_blank and line.indent >= margin + 4:
            return self._opaque(index, index + 1, "in-code")
        items = _items(line.text)
        text = line.cut(items[-1] if items else min(margin, line.indent)).text
        if items and text.startswith("    "):
            return self._opaque(index, index + 1, "in-code")
        if self._fences and text.strip() and self._closes(text, self._fences[-1]):
            self._fences.pop()
            return index + 1, []
        fence = _FENCE.match(text)
        end, segments = self._fence(index, fence) if fence else self._leaf(index, text)
        if end > index:
            self._enter(line, items)
        return end, segments

    def _leaf(self, index: int, text: str) -> tuple[int, list[Segment]]:
        if _COMMENT.match(text):
            return self._opaque(index, self._until(index, "-->"), "in-comment")
        if verbatim := _HTML_VERBATIM.match(text):
            return self._opaque(index, self._until(index, f"</{verbatim['name']}>"), "in-html")
        if _HTML.match(text):
            end = index
            while end < len(self._lines) and not self._lines[end].blank:
                end += 1
            return self._opaque(index, end, "in-html")
        if text.startswith("$$"):
            same = text.rstrip().endswith("$$") and len(text.rstrip()) > 3
            return self._opaque(
                index, index + 1 if same else self._until(index + 1, "$$"), "in-code"
            )
        if text.startswith("%"):
            return self._opaque(index, index + 1, "in-comment")
        if _DEFINITION.match(text):
            return self._opaque(index, index + 1, "link-target")
        return index, []

    def _fence(self, index: int, fence: re.Match[str]) -> tuple[int, list[Segment]]:
        directive = _DIRECTIVE.match(fence["info"])
        name = directive["name"].lower() if directive else ""
        name = name if name in self._bodies else name.rpartition(":")[2]
        if name in self._bodies:
            self._fences.append(fence["fence"])
            return self._opaque(index, self._options(index + 1), "in-directive")
        end = index + 1
        while end < len(self._lines) and not self._closes(self._lines[end].text, fence["fence"]):
            end += 1
        if name == "eval-rst":
            return end + 1, [Segment(tuple(self._lines[index + 1 : end]), "rest")]
        is_code = not directive or name in CODE
        return self._opaque(index, end + 1, "in-code" if is_code else "in-directive")

    def _options(self, index: int) -> int:
        """The end of the options of a directive: `:key: value` lines, or YAML between dashes."""
        if index < len(self._lines) and self._lines[index].text.strip() == "---":
            return self._until(index + 1, "---")
        while index < len(self._lines) and _OPTION.match(self._lines[index].text):
            index += 1
        return index

    def _closes(self, text: str, fence: str) -> bool:
        """Whether a line is as many of the fence's characters, or more, and nothing else."""
        text = text.strip()
        return len(text) >= len(fence) and not text.strip(fence[0])

    def _until(self, index: int, mark: str) -> int:
        """The line after the next that holds the mark, or the end of the file."""
        for end in range(index, len(self._lines)):
            if mark in self._lines[end].text.lower():
                return end + 1
        return len(self._lines)

    def _opaque(self, start: int, end: int, reason: str) -> tuple[int, list[Segment]]:
        return end, [Segment(tuple(self._lines[start:end]), reason)]


def _items(text: str) -> list[int]:
    """Where the content of each item begins whose marker is at the start of the line."""
    ends: list[int] = []
    while match := _ITEM.match(text, ends[-1] if ends else 0):
        if ends and match[0].startswith("    "):
            break
        spaces = len(text) - len(text[match.end() :].lstrip()) - match.end()
        ends.append(match.end() + (spaces if spaces < 4 else 0))
        if match.end() == len(text):
            break
    return ends


def _unquoted(line: Line) -> Line:
    quote = _QUOTE.match(line.text)
    return line.cut(quote.end()) if quote else line
