"""The roles: each leaves a `pending_xref` of our domain; reading a document does no I/O."""

import hashlib
from functools import lru_cache
from typing import Literal, TypeAlias, get_args

from docutils import nodes
from docutils.nodes import Element, Node, system_message
from sphinx import addnodes
from sphinx.environment import BuildEnvironment
from sphinx.roles import XRefRole

from sphinx_pith.targets import parse_target, parse_targets

Style: TypeAlias = Literal["title", "narrative", "parenthetical", "numeric", "full"]

STYLES: tuple[Style, ...] = get_args(Style)


class PithRole(XRefRole):
    """A citation in one style.

    The node is Sphinx's own and not a subclass: only that may stand in a section title.
    """

    def __init__(self, style: Style | None = None) -> None:
        """Cite in `style`, or in that of `pith_cite_style` if it is `None`."""
        super().__init__(innernodeclass=nodes.inline, warn_dangling=False)
        self.style = style

    def process_link(
        self,
        env: BuildEnvironment,
        refnode: Element,
        has_explicit_title: bool,
        title: str,
        target: str,
    ) -> tuple[str, str]:
        """Shorten the text that stands in tables of contents, which are made before the title
        is known."""
        title, target = super().process_link(env, refnode, has_explicit_title, title, target)
        return (title if has_explicit_title else short_text(target)), target

    def result_nodes(
        self, document: nodes.document, env: BuildEnvironment, node: Element, is_ref: bool
    ) -> tuple[list[Node], list[system_message]]:
        """Hand the reference to the domain; `!` before the text leaves the text alone."""
        if is_ref:
            mark(node, style=self.style or env.config.pith_cite_style)
            _bare(node)
        return [node], []


class FootnoteRole(PithRole):
    """A citation in a footnote: a reference here, after the author's words if there are any;
    `Footnotes` makes the footnote."""

    def result_nodes(
        self, document: nodes.document, env: BuildEnvironment, node: Element, is_ref: bool
    ) -> tuple[list[Node], list[system_message]]:
        """The reference to a footnote that all citations of the same text on a page share."""
        if not is_ref:
            return [node], []
        target = node["reftarget"]
        # With the document: some builders put all documents on one page.
        origin = f"{env.docname}\n{target}".encode()
        label = f"pith-{hashlib.sha256(origin).hexdigest()[:16]}"
        mark_id = f"{label}-{env.new_serialno('pith')}"
        reference = nodes.footnote_reference("[#]_", refname=label, auto=1, ids=[mark_id])
        reference["pithtarget"] = target
        document.note_footnote_ref(reference)
        document.note_autofootnote_ref(reference)
        words: list[Node] = [nodes.Text(node.astext())] if node.get("refexplicit") else []
        return [*words, reference], []


class AliasRole(PithRole):
    """An existing role such as `:arxiv:`, taken over: a plain link where there is no record."""

    def __init__(self, prefix: str, url: str) -> None:
        """Put `prefix` before the target, and link to `url` followed by the target otherwise."""
        super().__init__("title")
        self.prefix = prefix
        self.url = url

    def result_nodes(
        self, document: nodes.document, env: BuildEnvironment, node: Element, is_ref: bool
    ) -> tuple[list[Node], list[system_message]]:
        """As `PithRole`, with the link to fall back to."""
        if is_ref:
            node["pithfallback"] = self.url + node["reftarget"]
            node["reftarget"] = self.prefix + node["reftarget"]
            mark(node, style="title")
            _bare(node)
        return [node], []


ALIAS_ROLES = {
    "arxiv": AliasRole("arXiv:", "https://arxiv.org/abs/"),
    "doi": AliasRole("doi:", "https://doi.org/"),
}
"""Kind of identifier → the role that takes it."""


def mark(node: Element, *, style: Style) -> None:
    """Make a `pending_xref` ours."""
    node["refdomain"], node["reftype"], node["pithstyle"] = "pith", "ref", style


def _bare(node: Element) -> None:
    """Leave out the element around an identifier that a label will replace: each page is walked
    through some fifty times, and may have many citations."""
    if not node.get("refexplicit"):
        words = nodes.Text(node.astext())
        node.clear()
        node.append(words)


def pending(target: str, text: str, *, style: Style, explicit: bool) -> addnodes.pending_xref:
    """A citation that no role has made."""
    node = addnodes.pending_xref(
        "",
        nodes.inline("", text, classes=["xref", "pith"]),
        reftarget=target,
        refexplicit=explicit,
        refwarn=False,
    )
    mark(node, style=style)
    return node


def targets_of(node: Element) -> tuple[str, ...]:
    """The papers that a citation names, each as the key of its answer."""
    if node.get("refexplicit") or node.get("pithfallback"):
        return (parse_target(node["reftarget"]).text,)
    return tuple(target.text for target in parse_targets(node["reftarget"]))


# Kept: a paper is often cited many times.
@lru_cache(maxsize=4096)
def short_text(target: str) -> str:
    """The identifiers in a target, without URLs and the words around them."""
    return ", ".join(parsed.short for parsed in parse_targets(target))
