"""The domain: which page cites what, and what each page shows of it."""

from collections.abc import Iterator, Set
from typing import Any, ClassVar, NamedTuple

from docutils import nodes
from sphinx import addnodes
from sphinx.builders import Builder
from sphinx.domains import Domain
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.logging import get_node_location

from pith_agent import Verification
from sphinx_pith.nodes import UNCHECKED, appearance, citation, marked

logger = logging.getLogger(__name__)


class Citation(NamedTuple):
    """One place where a document cites."""

    target: str
    """As it was typed."""
    location: str
    """File and line, as Sphinx prints them before a warning."""


class PithDomain(Domain):
    """Collects citations while documents are read, and writes them once they are verified.

    `answers` is an attribute and not in `data`: answers are true for one build only, and the
    environment, which keeps `data`, outlives it.
    """

    name = "pith"
    label = "Pith"
    data_version = 1
    initial_data: ClassVar[dict[str, Any]] = {"cites": {}, "shown": {}}

    def __init__(self, env: BuildEnvironment) -> None:
        super().__init__(env)
        self.answers: dict[str, Verification] = {}
        """Target, as typed → what this build's verification said. Set by `verify_citations`."""

    @property
    def cites(self) -> dict[str, list[Citation]]:
        """Document → its citations, in order."""
        cites: dict[str, list[Citation]] = self.data["cites"]
        return cites

    @property
    def shown(self) -> dict[str, dict[str, str]]:
        """Output → document → digest of what its page shows.

        By output, because builders share one environment but not their pages.
        """
        shown: dict[str, dict[str, str]] = self.data["shown"]
        return shown

    def changed(self, output: str) -> list[str]:
        """The documents whose pages in `output` no longer show what `answers` say.

        They count as written from then on.
        """
        shown = self.shown.setdefault(output, {})
        changed: list[str] = []
        for docname, cites in self.cites.items():
            digest = appearance(self.env.config, self.answers, (cite.target for cite in cites))
            if shown.get(docname) != digest:
                shown[docname] = digest
                changed.append(docname)
        return changed

    def process_doc(self, env: BuildEnvironment, docname: str, document: nodes.document) -> None:
        """Note the citations of a document that was just read."""
        if found := list(_citations(document)):
            self.cites[docname] = found

    def clear_doc(self, docname: str) -> None:
        """Forget a document that is gone or will be read again."""
        self.cites.pop(docname, None)
        for digests in self.shown.values():
            digests.pop(docname, None)

    def merge_domaindata(self, docnames: Set[str], otherdata: dict[str, Any]) -> None:
        """Take over what a parallel process has read."""
        self.cites.update(
            (docname, cites) for docname, cites in otherdata["cites"].items() if docname in docnames
        )

    def resolve_xref(
        self,
        env: BuildEnvironment,
        fromdocname: str,
        builder: Builder,
        typ: str,
        target: str,
        node: addnodes.pending_xref,
        contnode: nodes.Element,
    ) -> Any:
        """The link, or the text that stands in its place. It never leaves a link to nowhere."""
        answer = self.answers.get(target)
        if answer is None:
            # Another extension added the node after the documents were read.
            logger.warning("%s was not verified: it was added too late.", target, location=node)
            return marked(contnode, UNCHECKED)
        return citation(answer, builder, contnode, explicit=node["refexplicit"])

    def resolve_any_xref(
        self,
        env: BuildEnvironment,
        fromdocname: str,
        builder: Builder,
        target: str,
        node: addnodes.pending_xref,
        contnode: nodes.Element,
    ) -> list[tuple[str, nodes.reference]]:
        """Nothing: `:any:` is not collected, so that its target is not verified."""
        return []


def domain_of(env: BuildEnvironment) -> PithDomain:
    """The one domain object of this build."""
    domain = env.domains["pith"]
    if not isinstance(domain, PithDomain):
        raise TypeError("another extension has replaced the domain 'pith'")
    return domain


def _citations(document: nodes.document) -> Iterator[Citation]:
    for node in document.findall(addnodes.pending_xref):
        if node.get("refdomain") == PithDomain.name and not _is_definition(node):
            yield Citation(node["reftarget"], get_node_location(node) or "")


def _is_definition(node: nodes.Node) -> bool:
    """Whether the node only defines a substitution; where it is used, there is a copy."""
    parent = node.parent
    while parent is not None and not isinstance(parent, nodes.substitution_definition):
        parent = parent.parent
    return parent is not None
