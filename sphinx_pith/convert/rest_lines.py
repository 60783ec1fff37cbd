"""Lines of reStructuredText that remember where they stand in the text."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

BREAK = re.compile("\r\n|[\n\r\x1c-\x1e\x85\u2028\u2029]")
"""Where docutils ends a line, too. It reads vertical tabs and form feeds as spaces."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line, perhaps without its indentation, and the position of its first character."""

    text: str
    at: int

    @property
    def blank(self) -> bool:
        """Whether the line holds nothing but spaces."""
        return not self.text.strip()

    @property
    def indent(self) -> int:
        """Spaces before the text."""
        return len(self.text) - len(self.text.lstrip())

    def cut(self, width: int) -> "Line":
        """The line without its first `width` characters."""
        return Line(self.text[width:], self.at + min(width, len(self.text)))


def split_lines(text: str) -> list[Line]:
    """All lines, without their ends and the spaces before these."""
    lines: list[Line] = []
    start = 0
    for match in BREAK.finditer(text):
        lines.append(Line(_spaces(text[start : match.start()]), start))
        start = match.end()
    lines.append(Line(_spaces(text[start:]), start))
    return lines


def dedented(lines: Sequence[Line]) -> list[Line]:
    """The lines without the indentation that all have, as docutils takes a block."""
    margin = min((line.indent for line in lines if not line.blank), default=0)
    return [line.cut(margin) for line in lines]


def indented_until(lines: Sequence[Line], start: int, *, width: int = 1) -> int:
    """The end of the block from `start` whose lines are blank or indented by `width`."""
    end = start
    for index in range(start, len(lines)):
        line = lines[index]
        if not line.blank:
            if line.indent < width:
                break
            end = index + 1
    return end


def blank_from(lines: Sequence[Line], start: int) -> int:
    """The next blank line, or the end."""
    return next((i for i in range(start, len(lines)) if lines[i].blank), len(lines))


def filled_from(lines: Sequence[Line], start: int) -> int:
    """The next line that is not blank, or the end."""
    return next((i for i in range(start, len(lines)) if not lines[i].blank), len(lines))


def first_known(lines: Sequence[Line], start: int, width: int, end: int) -> list[Line]:
    """A block whose first line begins after a marker; the others have a margin of their own."""
    return [lines[start].cut(width), *dedented(lines[start + 1 : end])]


def spans(lines: Sequence[Line]) -> Iterator[tuple[int, int]]:
    """Where the lines stand, from the first character of each to its last."""
    for line in lines:
        if line.text:
            yield line.at, line.at + len(line.text)


def _spaces(text: str) -> str:
    return text.replace("\x0b", " ").replace("\x0c", " ").rstrip()
