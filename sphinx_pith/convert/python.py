"""Links in the docstrings of Python → the role `pith`. Nothing else of the source is changed."""

import ast
import re
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from pith_agent import error_class
from sphinx_pith.convert.links import Link, Region, Rules, in_order, overlooked
from sphinx_pith.convert.mapped import Mapped
from sphinx_pith.convert.rest import Scan, keep_named, scan
from sphinx_pith.convert.rest_lines import Line, dedented, split_lines

Documented: TypeAlias = ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef

_LINE_END = re.compile(r"\r\n|\r|\n")
_LITERAL = re.compile(
    r"""(?P<prefix>[rRuU]?)(?P<quotes>'{3}|"{3}|'|")"""
    r"""(?P<body>(?:\\[\s\S]|(?!(?P=quotes))[^\\])*)(?P=quotes)"""
)


@dataclass(frozen=True, slots=True)
class Docstring:
    """One string literal in the source, `source[start:end]`."""

    start: int
    end: int
    value: str | None
    """What Python reads; `None` for an f-string, which is no docstring but looks like one."""


def find_links(source: str, rules: Rules) -> list[Link]:
    """All links of a module, in order: those to convert, and those that stay.

    Raises:
        FileError: The source is no Python that this version can parse.
    """
    links: list[Link] = []
    regions: list[Region] = []
    scans: list[tuple[Mapped, Scan]] = []
    for docstring in docstrings(source):
        mapped = _value_of(source, docstring)
        if mapped is None:
            regions.append(Region(docstring.start, docstring.end, "unsafe-docstring"))
        else:
            scans.append((mapped, scan(_cleaned(mapped), rules, docstrings=True)))
            regions += _rest_of(docstring, mapped, scans[-1][1])
    # autodoc puts the docstrings of a module on one page, where they share reference names.
    names = {name for _, found in scans for name in found.names}
    for mapped, found in scans:
        links += [mapped.back(link) for link in keep_named(found.links, names)]
    others = overlooked(source, links, regions, rules, elsewhere="not-docstring")
    return in_order([*links, *others])


def docstrings(source: str) -> list[Docstring]:
    """The docstrings of modules, classes, functions and, as PEP 257 has them, attributes."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Of escapes that the source should not use.
        try:
            tree = ast.parse(source)
        except (SyntaxError, ValueError, RecursionError) as error:
            message = f"The source cannot be parsed: {error}."
            raise error_class("unreadable-file")(message) from error
    starts = [0, *(match.end() for match in _LINE_END.finditer(source))]
    found: list[Docstring] = []
    for node in _strings(tree):
        start = _offset(source, starts, node.lineno, node.col_offset)
        end = _offset(source, starts, node.end_lineno or 0, node.end_col_offset or 0)
        value = node.value if isinstance(node, ast.Constant) else None
        found.append(Docstring(start, end, value if isinstance(value, str) else None))
    return sorted(found, key=lambda docstring: docstring.start)


def _strings(tree: ast.Module) -> Iterator[ast.Constant | ast.JoinedStr]:
    for node in ast.walk(tree):
        if not isinstance(node, Documented):
            continue
        before: ast.stmt | None = None
        for place, statement in enumerate(node.body):
            if isinstance(statement, ast.Expr) and (
                place == 0 or (_has_attributes(node) and _assigns(before))
            ):
                value = statement.value
                is_text = isinstance(value, ast.Constant) and isinstance(value.value, str)
                if isinstance(value, ast.JoinedStr) or (
                    is_text and isinstance(value, ast.Constant)
                ):
                    yield value
            before = statement


def _has_attributes(node: Documented) -> bool:
    return isinstance(node, ast.Module | ast.ClassDef) or node.name == "__init__"


def _assigns(statement: ast.stmt | None) -> bool:
    return isinstance(statement, ast.Assign | ast.AnnAssign)


def _offset(source: str, starts: Sequence[int], line: int, column: int) -> int:
    """The position of a character that `ast` names by its line and its UTF-8 bytes before it."""
    start = starts[line - 1]
    end = starts[line] if line < len(starts) else len(source)
    return start + len(source[start:end].encode()[:column].decode())


def _value_of(source: str, docstring: Docstring) -> Mapped | None:
    """The docstring with the place of each character, or `None` if that cannot be told."""
    match = _LITERAL.fullmatch(source, docstring.start, docstring.end)
    if match is None:  # Joined of several literals, or an f-string.
        return None
    raw = match["prefix"].lower() == "r"
    mapped = Mapped.of_literal(match["body"], match.start("body"), raw=raw)
    return mapped.without_tabs() if mapped.text == docstring.value else None


def _cleaned(mapped: Mapped) -> list[Line]:
    """The lines as `inspect.cleandoc` leaves them."""
    first, *others = split_lines(mapped.text)
    return [first.cut(first.indent), *dedented(others)]


def _rest_of(docstring: Docstring, mapped: Mapped, found: Scan) -> Iterator[Region]:
    """What is no prose in a docstring, and all between, where no link was read."""
    at = docstring.start
    regions = [mapped.back_region(region) for region in found.regions]
    for region in sorted(regions, key=lambda region: region.start):
        if region.start > at:
            yield Region(at, region.start, "not-a-link")
        yield region
        at = max(at, region.end)
    yield Region(at, docstring.end, "not-a-link")
