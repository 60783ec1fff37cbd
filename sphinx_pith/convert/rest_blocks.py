"""The block structure of reStructuredText: what is prose, and what is not.

Source: the docutils reStructuredText specification, "Body elements". Where docutils would only
warn, this prefers the reading that leaves a text alone.
"""

import re
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from sphinx_pith.convert.directives import CODE, PROSE_BODY, PROSE_FIRST, TITLED
from sphinx_pith.convert.rest_lines import (
    Line,
    blank_from,
    dedented,
    filled_from,
    first_known,
    indented_until,
)

MAX_DEPTH = 100
"""Blocks in blocks. What is deeper is left alone, so that recursion ends."""

_SIMPLE_NAME = r"(?:(?!_)\w)+(?:[-._+:](?:(?!_)\w)+)*"
_BULLET = re.compile(r"[-+*•‣⁃](?: +|$)")
_ENUMERATOR = re.compile(
    r"(?:\((?:[0-9]+|[a-zA-Z]|[ivxlcdmIVXLCDM]+|#)\)|(?:[0-9]+|[a-zA-Z]|[ivxlcdmIVXLCDM]+|#)[.)])"
    r"(?: +|$)"
)
_FIELD = re.compile(r":(?![: ])(?:[^:\\]|\\.|:(?!(?:[ `]|$)))*(?<! ):(?: +|$)")
_DOCTEST = re.compile(r">>>(?: +|$)")
_LINE_BLOCK = re.compile(r"\|(?: +|$)")
_GRID = re.compile(r"\+-[-+]+-\+ *$")
_SIMPLE_TABLE = re.compile(r"=+(?: +=+)+ *$")
_EXPLICIT = re.compile(r"\.\.(?: +|$)")
_ANONYMOUS = re.compile(r"__(?: +|$)")
_RULE = re.compile(r"([!-/:-@\[-`{-~])\1* *$", re.A)
_NOTE = re.compile(rf"\.\. +\[(?:[0-9]+|#|#{_SIMPLE_NAME}|\*|{_SIMPLE_NAME})\](?: +|$)")
_TARGET = re.compile(r"\.\. +_(?! |$)")
_SUBSTITUTION = re.compile(r"\.\. +\|(?! |\|)")
_DIRECTIVE = re.compile(rf"\.\. +(?P<name>{_SIMPLE_NAME}) ?::(?: +|$)")
# A citation begins with a colon: in the place of an address it would make a literal block.
_QUOTED = re.compile(r"[!-/:-@\[-`{-~]|https?://", re.A | re.I)
_GOOGLE_ITEM = re.compile(r"\*{0,2}[\w.]+(?:, *\*{0,2}[\w.]+)*(?: *\(.*?\))?: +\S")


@dataclass(frozen=True, slots=True)
class Segment:
    """Lines that are read as one: a paragraph, a title, or what is not prose."""

    lines: tuple[Line, ...]
    kind: str = "prose"
    """`prose`, `title`, or the reason why it is neither."""


Blocks: TypeAlias = Generator[Segment, None, int]
"""Gives segments, and returns the index of the next line."""


class BlockReader:
    """Reads blocks, each kind by a method of its own.

    Args:
        directives: Further directives whose body is prose.
        docstrings: Take `name: text` with a hanging indent as one paragraph, as Google's style
            has it; docutils alone would read a term and its definition.
    """

    def __init__(self, directives: frozenset[str] = frozenset(), *, docstrings: bool = False):
        self._bodies = PROSE_BODY | directives
        self._docstrings = docstrings
        self._depth = 0

    def read(self, lines: Sequence[Line]) -> Generator[Segment, None, None]:
        """The segments of the lines, in order. Blank lines belong to none."""
        if self._depth > MAX_DEPTH:
            yield Segment(tuple(lines), "in-code")
            return
        self._depth += 1
        index = 0
        while index < len(lines):
            if lines[index].blank:
                index += 1
            elif lines[index].indent:
                end = indented_until(lines, index)
                yield from self.read(dedented(lines[index:end]))
                index = end
            else:
                index = yield from self._body(lines, index)
        self._depth -= 1

    def _body(self, lines: Sequence[Line], index: int) -> Blocks:
        """One element that begins at the margin."""
        for pattern, element in self._elements():
            if match := pattern.match(lines[index].text):
                end = yield from element(lines, index, match)
                if end > index:
                    return end
        return (yield from self._text(lines, index))

    def _elements(
        self,
    ) -> tuple[tuple[re.Pattern[str], Callable[[Sequence[Line], int, re.Match[str]], Blocks]], ...]:
        return (
            (_BULLET, self._item),
            (_ENUMERATOR, self._enumerated),
            (_FIELD, self._field),
            (_DOCTEST, self._doctest),
            (_LINE_BLOCK, self._field),
            (_GRID, self._grid),
            (_SIMPLE_TABLE, self._simple_table),
            (_EXPLICIT, self._explicit),
            (_ANONYMOUS, self._anonymous),
            (_RULE, self._rule),
        )

    def _item(self, lines: Sequence[Line], index: int, match: re.Match[str]) -> Blocks:
        if match.end() == len(lines[index].text):
            return (yield from self._field(lines, index, match))
        end = indented_until(lines, index + 1, width=match.end())
        yield from self.read([line.cut(match.end()) for line in lines[index:end]])
        return end

    def _enumerated(self, lines: Sequence[Line], index: int, match: re.Match[str]) -> Blocks:
        following = lines[index + 1] if index + 1 < len(lines) else Line("", 0)
        is_list = following.blank or following.indent or _ENUMERATOR.match(following.text)
        return (yield from self._item(lines, index, match)) if is_list else index

    def _field(self, lines: Sequence[Line], index: int, match: re.Match[str]) -> Blocks:
        end = indented_until(lines, index + 1)
        yield from self.read(first_known(lines, index, match.end(), end))
        return end

    def _doctest(self, lines: Sequence[Line], index: int, match: re.Match[str]) -> Blocks:
        end = blank_from(lines, index)
        yield Segment(tuple(lines[index:end]), "in-code")
        return end

    def _grid(self, lines: Sequence[Line], index: int, match: re.Match[str]) -> Blocks:
        end = blank_from(lines, index)
        yield Segment(tuple(lines[index:end]), "in-table")
        return end

    def _simple_table(self, lines: Sequence[Line], index: int, match: re.Match[str]) -> Blocks:
        """It ends with a border before a blank line; the first border does not count."""
        borders = (
            i + 1
            for i in range(index + 1, len(lines))
            if _SIMPLE_TABLE.match(lines[i].text) and (i + 1 == len(lines) or lines[i + 1].blank)
        )
        end = next(borders, blank_from(lines, index))
        yield Segment(tuple(lines[index:end]), "in-table")
        return end

    def _anonymous(self, lines: Sequence[Line], index: int, match: re.Match[str]) -> Blocks:
        end = min(indented_until(lines, index + 1), blank_from(lines, index))
        yield Segment(tuple(lines[index : max(end, index + 1)]), "link-target")
        return max(end, index + 1)

    def _rule(self, lines: Sequence[Line], index: int, match: re.Match[str]) -> Blocks:
        """A line over a title, or between paragraphs; a short one may be text."""
        under = lines[index + 2].text if index + 2 < len(lines) else ""
        if _RULE.match(under) and under[0] == match[1] and not lines[index + 1].blank:
            yield Segment((lines[index + 1],), "title")
            return index + 3
        alone = index + 1 == len(lines) or lines[index + 1].blank
        return index + 1 if alone and len(lines[index].text) >= 4 else index

    def _explicit(self, lines: Sequence[Line], index: int, match: re.Match[str]) -> Blocks:
        text = lines[index].text
        if note := _NOTE.match(text):
            return (yield from self._field(lines, index, note))
        if _TARGET.match(text):
            return (yield from self._anonymous(lines, index, match))
        if directive := _DIRECTIVE.match(text):
            return (yield from self._directive(lines, index, directive))
        end = max(indented_until(lines, index + 1), index + 1)
        if text == ".." and (index + 1 == len(lines) or lines[index + 1].blank):
            return index + 1  # An empty comment does not swallow what follows.
        kind = "in-substitution" if _SUBSTITUTION.match(text) else "in-comment"
        yield Segment(tuple(lines[index:end]), kind)
        return end

    def _directive(self, lines: Sequence[Line], index: int, match: re.Match[str]) -> Blocks:
        end = max(indented_until(lines, index + 1), index + 1)
        name = match["name"].lower()
        name = name if name in self._bodies else name.rpartition(":")[2]
        if name not in self._bodies | PROSE_FIRST | TITLED:
            yield Segment(tuple(lines[index:end]), "in-code" if name in CODE else "in-directive")
            return end
        block = first_known(lines, index, match.end(), end)
        first = blank_from(block, 0)
        options = next((i for i in range(first) if _FIELD.match(block[i].text)), first)
        head, rest = block[:options], block[first:]
        yield Segment(tuple(block[options:first]), "in-directive")
        if name in PROSE_FIRST:
            yield from self.read([*head, *rest])
        else:
            yield Segment(tuple(head), "title" if name in TITLED else "in-directive")
            yield from self.read(rest)
        return end

    def _text(self, lines: Sequence[Line], index: int) -> Blocks:
        following = lines[index + 1] if index + 1 < len(lines) else Line("", 0)
        if following.blank or not following.indent:
            rule = _RULE.match(following.text)
            if rule and len(following.text) >= min(4, len(lines[index].text)):
                yield Segment((lines[index],), "title")
                return index + 2
            end = next(
                (i for i in range(index, len(lines)) if lines[i].blank or lines[i].indent),
                len(lines),
            )
            yield Segment(tuple(lines[index:end]))
            return (yield from self._literal(lines, index, end))
        return (yield from self._definition(lines, index))

    def _definition(self, lines: Sequence[Line], index: int) -> Blocks:
        """A term and its indented definition."""
        end = indented_until(lines, index + 1)
        block = dedented(lines[index + 1 : end])
        if lines[index].text.endswith("::"):
            yield Segment((lines[index],))
            yield Segment(tuple(block), "in-code")
            return end
        if self._docstrings and _GOOGLE_ITEM.match(lines[index].text):
            block.insert(0, lines[index])
        else:
            yield Segment((lines[index],))
        yield from self.read(block)
        return end

    def _literal(self, lines: Sequence[Line], start: int, end: int) -> Blocks:
        """The literal block that `::` announces at the end of a paragraph, if it does."""
        if not lines[end - 1].text.endswith("::"):
            return end
        first = filled_from(lines, end)
        if first == len(lines):
            return end
        if lines[first].indent:
            last = indented_until(lines, first)
        elif first > end and _QUOTED.match(lines[first].text):
            last = blank_from(lines, first)
        else:
            return end
        yield Segment(tuple(lines[first:last]), "in-code")
        return last
