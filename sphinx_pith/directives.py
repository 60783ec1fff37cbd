"""`.. pith::`, a card of a paper, and `.. pith-bibliography::`, a list of the papers cited.

Both leave a node that `bibliography.PlacePapers` replaces once the papers are verified.
"""

import re
from collections.abc import Callable
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective

from sphinx_pith.targets import parse_target

SORTS = ("cited", "authors", "title", "year", "newest")
LISTS = ("numbered", "authors")


class pith_card(nodes.General, nodes.Element):  # As docutils names nodes.
    """The place of a card."""


class pith_bibliography(nodes.General, nodes.Element):
    """The place of a list of papers."""


def _one_of(*allowed: str) -> Callable[[str | None], str]:
    return lambda argument: str(directives.choice(argument or "", allowed))


def _words(argument: str | None) -> list[str]:
    return (argument or "").replace(",", " ").split()


def _years(argument: str | None) -> tuple[int, int]:
    """`2024`, or `2019-2024`."""
    match = re.fullmatch(r"([0-9]{4})(?:-([0-9]{4}))?", (argument or "").strip())
    first, last = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1990 < first <= last:
        raise ValueError("years are a year, or two in order, as in 2019-2024")
    return first, last


class PithCard(SphinxDirective):
    """A card: the title, and what is signed and not signed of the paper."""

    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict[str, Callable[[str], object]]] = {
        "claims": directives.flag,
        "name": directives.unchanged,
    }

    def run(self) -> list[nodes.Node]:
        """Leave the place of the card."""
        target = parse_target(self.arguments[0]).text
        node = pith_card("", target=target, claims="claims" in self.options)
        self.set_source_info(node)
        self.add_name(node)
        return [node]


class PithBibliography(SphinxDirective):
    """A list of the papers that this page, or the whole project, cites."""

    option_spec: ClassVar[dict[str, Callable[[str], object]]] = {
        "page": directives.flag,
        "docs": _words,
        "categories": _words,
        "years": _years,
        "sort": _one_of(*SORTS),
        "style": _one_of(*LISTS),
    }

    def run(self) -> list[nodes.Node]:
        """Leave the place of the list."""
        options = self.options
        node = pith_bibliography(
            "",
            page="page" in options,
            docs=options.get("docs", []),
            categories=options.get("categories", []),
            years=options.get("years", ()),
            sort=options.get("sort", "cited"),
            style=options.get("style", "numbered"),
        )
        self.set_source_info(node)
        return [node]
