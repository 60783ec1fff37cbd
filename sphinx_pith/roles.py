"""The role `pith`."""

from docutils import nodes
from docutils.nodes import Element, Node, system_message
from sphinx.environment import BuildEnvironment
from sphinx.roles import XRefRole

from pith_agent import IdentifierError, parse_identifier


class PithRole(XRefRole):
    """Leave a `pending_xref` of our domain; reading a document does no I/O.

    The node is Sphinx's own and not a subclass: only that may stand in a section title.
    """

    def __init__(self) -> None:
        super().__init__(innernodeclass=nodes.inline, warn_dangling=False)

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
            node["refdomain"], node["reftype"] = "pith", "ref"
        return [node], []


def short_text(target: str) -> str:
    """The identifier in a target, without the URL around it; other text as it is."""
    try:
        return str(parse_identifier(target))
    except IdentifierError:
        return target
