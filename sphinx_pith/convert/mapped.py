"""A text that was made from another: without tabs, or from the literal of a docstring.

It knows for each of its characters where that stands in the other text, and whether it stands
there as it is. What was converted is written back only through characters that do.
"""

import re
import unicodedata
from dataclasses import dataclass
from typing import Self

from sphinx_pith.convert.links import Edit, Link, Region

_PIECE = re.compile(
    r"\\(?P<octal>[0-7]{1,3})|\\x(?P<x>[0-9a-fA-F]{2})|\\u(?P<u>[0-9a-fA-F]{4})"
    r"|\\U(?P<U>[0-9a-fA-F]{8})|\\N\{(?P<name>[^}]+)\}|\\(?P<letter>\r\n|[\s\S])"
    r"|(?P<line>\r\n?)|(?P<plain>[^\\\r]+)"
)
_RAW_PIECE = re.compile(r"(?P<line>\r\n?)|(?P<plain>[^\r]+)")
_LETTERS = {
    "\n": "",
    "\r": "",
    "\r\n": "",
    "\\": "\\",
    "'": "'",
    '"': '"',
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
}
TAB_WIDTH = 8
"""Of docutils, and of `inspect.cleandoc`."""


@dataclass(slots=True)
class Mapped:
    """`text[i]` comes from `places[i]`; it is the same character there if `exact[i]`."""

    text: str
    places: list[int]
    exact: bytearray

    @classmethod
    def of(cls, text: str) -> Self:
        """A text as it is."""
        return cls(text, list(range(len(text))), bytearray(b"\1" * len(text)))

    @classmethod
    def of_literal(cls, body: str, start: int, *, raw: bool) -> Self:
        """The value of a string literal.

        Args:
            body: What stands between its quotes.
            start: Where the body begins in the source.
            raw: Whether the literal has the prefix `r`.
        """
        made = cls("", [], bytearray())
        texts: list[str] = []
        for match in (_RAW_PIECE if raw else _PIECE).finditer(body):
            value, exact = _value(match)
            texts.append(value)
            place = start + match.start()
            if match.lastgroup == "plain":
                made.places.extend(range(place, place + len(value)))
            else:
                made.places.extend([place] * len(value))
            made.exact += bytes([exact]) * len(value)
        made.text = "".join(texts)
        return made

    def without_tabs(self) -> Self:
        """The same text with tabs as spaces, up to the next multiple of eight columns."""
        if "\t" not in self.text:
            return self
        made = type(self)("", [], bytearray())
        texts: list[str] = []
        column = 0
        for char, place, exact in zip(self.text, self.places, self.exact, strict=True):
            if char == "\t":
                width = TAB_WIDTH - column % TAB_WIDTH
                char, exact = " " * width, 0
            texts.append(char)
            made.places.extend([place] * len(char))
            made.exact += bytes([exact]) * len(char)
            column = 0 if char in "\n\r" else column + len(char)
        made.text = "".join(texts)
        return made

    def back(self, link: Link) -> Link:
        """The link in the other text; left, if a character of it looks different there."""
        start, end = self.places[link.start], self.places[link.end - 1] + 1
        moved = Link(start, end, link.target, link.reason, (), link.name)
        if link.reason:
            return moved
        edits = tuple(
            Edit(self.places[edit.start], self.places[edit.end - 1] + 1, edit.new)
            for edit in link.edits
        )
        same = all(self.exact[link.start : link.end]) and all(
            new.end - new.start == old.end - old.start
            for new, old in zip(edits, link.edits, strict=True)
        )
        if not same:
            return moved.left("escape")
        return Link(start, end, link.target, "", edits, link.name)

    def back_region(self, region: Region) -> Region:
        """The region in the other text."""
        return Region(self.places[region.start], self.places[region.end - 1] + 1, region.reason)


def _value(match: re.Match[str]) -> tuple[str, bool]:
    """What a piece of a literal stands for, and whether it is that itself."""
    kind = match.lastgroup or ""
    text = match[kind]
    match kind:
        case "plain":
            return text, True
        case "line":
            return "\n", True
        case "octal":
            return chr(int(text, 8)), False
        case "x" | "u" | "U":
            return chr(int(text, 16)), False
        case "name":
            return unicodedata.lookup(text), False
        case _:
            return _LETTERS.get(text, f"\\{text}"), False
