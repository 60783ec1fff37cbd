"""Inline markup of reStructuredText, as docutils finds it in one paragraph.

Source: the docutils reStructuredText specification, "Inline markup recognition rules".
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

Kind: TypeAlias = Literal["emphasis", "literal", "target", "substitution", "interpreted", "name"]

_SIMPLE_NAME = r"(?:(?!_)\w)+(?:[-._+:](?:(?!_)\w)+)*"
_START = re.compile(
    r"(?P<strong>\*\*)|(?P<emphasis>\*(?!\*))|(?P<literal>``)|(?P<target>_`)"
    rf"|(?P<substitution>\|(?!\|))|(?P<role>:{_SIMPLE_NAME}:)?(?P<quote>`(?!`))"
    rf"|(?<!\w)(?P<name>{_SIMPLE_NAME})__?"
)
_END = {
    "strong": re.compile(r"(?<![\s\x00])\*\*"),
    "emphasis": re.compile(r"(?<![\s\x00])\*"),
    "literal": re.compile(r"(?<!\s)``"),
    "target": re.compile(r"(?<![\s\x00])`"),
    "substitution": re.compile(r"(?<![\s\x00])\|_{0,2}"),
    "quote": re.compile(rf"(?<!(?<!\x00)[\s\x00])`(?::(?P<role>{_SIMPLE_NAME}):)?(?P<refend>__?)?"),
}
_ESCAPE = re.compile(r"\\(.)", re.S)
_CLOSER = {"'": "'", '"': '"', "(": ")", "[": "]", "{": "}", "<": ">"}
_EMBEDDED = re.compile(r"(?P<space>(?:[ \n]+|^))<(?!\s)(?P<uri>(?:[^<>]|\x00[<>])+)(?<![\s\x00])>$")
_SCHEME = re.compile(r"https?:", re.I)
_URI_RUN = re.compile(r"[-_.!~*'()\[\];/:@&=+$,%a-zA-Z0-9?#\x00]+", re.A)
_URI_BEFORE = re.compile(r"[-_.!~*'()\[\];/:@&=+$,%a-zA-Z0-9?#\x00]+\Z", re.A)
_OTHER_SCHEME = re.compile(r"[a-z][a-z0-9.+-]*:", re.I | re.A)
MAX_SCHEME = 200
"""Characters before an address in which docutils might see the scheme of another."""
_URI_LAST = re.compile(r".*[_~*/=+a-zA-Z0-9]", re.A | re.S)


@dataclass(frozen=True, slots=True)
class Token:
    """One piece of inline markup: `text[start:end]`, whose content is `text[inner:inner_end]`."""

    kind: Kind
    start: int
    inner: int
    inner_end: int
    end: int
    role: str = ""
    suffix: str = ""
    """What follows the closing quote: nothing, `_`, `__`, or a role."""


@dataclass(frozen=True, slots=True)
class Embedded:
    """`` `text <uri>`_ ``: positions count from the start of the content."""

    text_end: int
    uri: int
    uri_end: int
    """`content[uri:uri_end]` is the address, without its brackets."""


def nulled(text: str) -> str:
    """The text with each backslash of an escape as a NUL, so that it keeps its length."""
    return _ESCAPE.sub("\x00\\1", text)


def tokens(text: str) -> Iterator[Token]:
    """All markup in a text that went through `nulled`, in order. What is between is plain."""
    done = position = 0
    while match := _START.search(text, position):
        token = _token(text, match, done)
        if token is None:
            position = match.start() + 1 if match["name"] is None else match.end()
            continue
        yield token
        done = position = token.end


def plain(text: str, found: list[Token]) -> Iterator[tuple[int, int]]:
    """The stretches between tokens, names apart, since an address may hold what looks like one."""
    start = 0
    for token in found:
        if token.kind != "name":
            yield start, token.start
            start = token.end
    yield start, len(text)


def addresses(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Where standalone `http` addresses are in `text[start:end]`, as docutils ends them.

    The end is the start where docutils would read no address, or not all of it.
    """
    position = start
    while match := _SCHEME.search(text, position, end):
        run = _URI_RUN.match(text, match.start(), end)
        stop = run.end() if run else match.end()
        last = _URI_LAST.match(text, match.start(), stop)
        found = last.end() if last else match.end()
        if text[found : found + 1] == ">" or found == stop:
            found = stop
        free = _is_free(text, max(start, position), match.start())
        yield match.start(), found if free and closes_before(text, found) else match.start()
        position = max(stop, match.end())


def _is_free(text: str, start: int, position: int) -> bool:
    """Whether an address may begin here, and what touches it does not look like a scheme."""
    if position == start:
        return True
    before = _URI_BEFORE.search(text, max(start, position - MAX_SCHEME), position)
    touching = before[0] if before else ""
    return opens_after(text[position - 1]) and not _OTHER_SCHEME.search(touching)


def embedded(content: str) -> Embedded | None:
    """The address at the end of a phrase reference, if it has one."""
    match = _EMBEDDED.search(content)
    if match is None:
        return None
    return Embedded(match.start(), match.start("uri"), match.end("uri"))


def opens_after(before: str) -> bool:
    """Whether markup may start after this character."""
    if before.isascii():
        return before.isspace() or before in "-/:'\"<([{"
    return before.isspace() or unicodedata.category(before) in ("Ps", "Pi", "Pf", "Pd", "Po")


def closes_before(text: str, position: int) -> bool:
    """Whether markup may end in front of this position."""
    if position >= len(text):
        return True
    after = text[position]
    if after.isascii():
        return after.isspace() or after in "\x00'\")]}>-/:.,;!?\\"
    return after.isspace() or unicodedata.category(after) in ("Pe", "Pf", "Pi", "Pd", "Po")


def _token(text: str, start: re.Match[str], done: int) -> Token | None:
    if start.start() > done and not opens_after(text[start.start() - 1]):
        return None
    if start["name"] is not None:
        if not closes_before(text, start.end()):
            return None
        return Token("name", start.start(), start.start("name"), start.end("name"), start.end())
    if _is_quoted(text, start):
        return None
    group = start.lastgroup or ""
    for end in _END[group].finditer(text, start.end() + 1):
        if closes_before(text, end.end()):
            return _closed(group, start, end)
    return None


def _closed(group: str, start: re.Match[str], end: re.Match[str]) -> Token:
    kind: dict[str, Kind] = {
        "strong": "emphasis",
        "emphasis": "emphasis",
        "literal": "literal",
        "target": "target",
        "substitution": "substitution",
        "quote": "interpreted",
    }
    role, suffix = "", ""
    if group == "quote":
        role, suffix = (start["role"] or "").strip(":"), end[0][1:]
    return Token(kind[group], start.start(), start.end(), end.start(), end.end(), role, suffix)


def _is_quoted(text: str, start: re.Match[str]) -> bool:
    """Whether what would start markup stands between quotes, or before a space."""
    after = text[start.end() : start.end() + 1]
    if not after or after.isspace():
        return True
    return start.start() > 0 and _CLOSER.get(text[start.start() - 1]) == after
