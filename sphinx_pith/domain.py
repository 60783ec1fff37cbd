"""The domain: which page cites what, and how it is written once it is verified."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from typing import Any, ClassVar, NamedTuple, TypeVar

from docutils import nodes
from jinja2 import TemplateError
from sphinx import addnodes
from sphinx.builders import Builder
from sphinx.domains import Domain, Index, ObjType
from sphinx.environment import BuildEnvironment
from sphinx.util import logging
from sphinx.util.logging import get_node_location
from sphinx.util.tags import Tags

from sphinx_pith.config import ABSENT
from sphinx_pith.directives import pith_bibliography, pith_card
from sphinx_pith.findings import BuildReport
from sphinx_pith.index import PapersIndex
from sphinx_pith.listing import OPTIONS, documents, select
from sphinx_pith.nodes import UNCHECKED, Writer, marked
from sphinx_pith.pages import Evidence
from sphinx_pith.papers import Paper, papers_of, reading_order
from sphinx_pith.roles import FootnoteRole, PithRole, targets_of
from sphinx_pith.shown import ShownPages
from sphinx_pith.sources import Answered, Sources
from sphinx_pith.targets import parse_target, parse_targets
from sphinx_pith.transforms import links_of, only_in

logger = logging.getLogger(__name__)

T = TypeVar("T")

_SIMPLE_NAME = re.compile("[A-Za-z0-9]+([-_/][A-Za-z0-9]+)*")
"""A name of a document that may stand in an id, with its slashes doubled as hyphens."""


class Citation(NamedTuple):
    """One place where a document cites one paper."""

    target: str
    """As it was typed, with the claim."""
    location: str
    """File and line, as Sphinx prints them before a warning."""
    anchor: str
    """The id of the place on the page; empty for a card."""
    fallback: str
    """Where a plain link would go, if the citation was made of one."""
    claims: bool = False
    """Whether a card shows all claims of the paper."""
    only: str = ""
    """The condition of the `.. only::` that it stands in."""


class PithDomain(Domain):
    """Collects citations while documents are read, and writes them once they are verified.

    `answers` and `papers` are attributes and not in `data`: they are true for one build only, and
    the environment, which keeps `data`, outlives it.
    """

    name = "pith"
    label = "Pith"
    data_version = 4
    object_types: ClassVar[dict[str, ObjType]] = {"paper": ObjType("paper", "ref")}
    roles: ClassVar[dict[str, Any]] = {
        "ref": PithRole("title"),
        "cite": PithRole(),
        "cite:t": PithRole("narrative"),
        "cite:p": PithRole("parenthetical"),
        "cite:n": PithRole("numeric"),
        "cite:foot": FootnoteRole("full"),
    }
    indices: ClassVar[list[type[Index]]] = [PapersIndex]
    initial_data: ClassVar[dict[str, Any]] = {"cites": {}, "lists": {}, "links": {}}

    def __init__(self, env: BuildEnvironment) -> None:
        super().__init__(env)
        self.answers: dict[str, Answered] = {}
        """Target, as typed → what this build's verification said."""
        self.papers: dict[str, Paper] = {}
        """Suffix → verified paper, in the order in which they are first cited."""
        self.sources: Sources | None = None
        """The lock and the records; set when the builder is ready."""
        self.report: BuildReport | None = None
        """What this build found."""
        self.pages: ShownPages | None = None
        """What the pages of the output show; set once papers are verified."""
        self.entries: dict[str, str] = {}
        """Suffix → the first document, in reading order, whose bibliography lists it."""
        self.evidence: dict[str, Evidence] = {}
        """Suffix → what pages carry of the paper, for those that were written."""
        self.here: dict[str, list[Citation]] = {}
        """As `cites`, without those that `.. only::` leaves out of this output."""
        self.lists_here: dict[str, list[dict[str, Any]]] = {}
        """As `lists`, likewise."""
        self.placed: set[str] = set()
        """The documents with a card or a bibliography."""
        self._objects: list[tuple[str, str, str, str, str, int]] | None = None

    @property
    def cites(self) -> dict[str, list[Citation]]:
        """Document → its citations, in order."""
        cites: dict[str, list[Citation]] = self.data["cites"]
        return cites

    @property
    def lists(self) -> dict[str, list[dict[str, Any]]]:
        """Document → the options of its bibliographies, in order."""
        lists: dict[str, list[dict[str, Any]]] = self.data["lists"]
        return lists

    @property
    def links(self) -> dict[str, list[tuple[str, str]]]:
        """Document → (URI, location) of the plain links that could be citations."""
        links: dict[str, list[tuple[str, str]]] = self.data["links"]
        return links

    def claimed(self) -> set[str]:
        """The targets of which a claim, or all claims, are shown."""
        cites = (cite for found in self.cites.values() for cite in found)
        return {cite.target for cite in cites if cite.claims or "#" in cite.target}

    def settle(self, answers: Mapping[str, Answered], tags: Tags) -> None:
        """Take over what this build has verified; from then on pages can be written.

        Args:
            answers: Target → answer, of all that is cited.
            tags: Those of this output, which `.. only::` asks for.
        """
        self.answers = dict(answers)
        self._objects = None
        self.here = _here(self.cites, tags, lambda cite: cite.only)
        self.lists_here = _here(self.lists, tags, lambda options: str(options["only"]))
        # What is shown comes first: it gets the first numbers.
        ordered = [
            answers[cite.target]
            for cites in (self.here, self.cites)
            for docname in reading_order(self.env, cites)
            for cite in cites[docname]
        ]
        self.papers = papers_of(self.env.config, ordered, self.cited_by(self.here))
        cards = {name for name, found in self.cites.items() if any(not one.anchor for one in found)}
        self.placed = cards | self.lists.keys()
        self.entries = {}
        for docname in reading_order(self.env, self.lists_here):
            for options in self.lists_here[docname]:
                for suffix in self.listed(docname, options):
                    self.entries.setdefault(suffix, docname)

    def suffix(self, target: str) -> str:
        """The suffix of the paper that a target names; empty unless it is verified."""
        answer = self.answers.get(target)
        return answer.suffix if answer else ""

    def cites_papers(self) -> bool:
        """Whether a verified paper is cited in this output."""
        return any(self.suffix(cite.target) for found in self.here.values() for cite in found)

    def cited_by(self, docnames: Iterable[str]) -> list[str]:
        """The suffixes that documents cite, each once, in order."""
        targets = (cite.target for name in docnames for cite in self.here.get(name, ()))
        return list(dict.fromkeys(filter(None, map(self.suffix, targets))))

    def listed(self, docname: str, options: Mapping[str, Any]) -> list[str]:
        """The suffixes that a bibliography on a page lists, in its order."""
        citing = reading_order(self.env, self.here)
        return select(self.papers, self.cited_by(documents(docname, options, citing)), options)

    def writer(self, builder: Builder, docname: str) -> Writer:
        """What makes the nodes of a page."""
        return Writer(builder, docname, self.answers, self.papers, self.entries)

    def process_doc(self, env: BuildEnvironment, docname: str, document: nodes.document) -> None:
        """Note the citations and bibliographies of a document that was just read."""
        # Walked through once for all three: a project may have hundreds of documents.
        found = list(document.findall(_is_ours))
        if cites := list(_citations(docname, document, found)):
            self.cites[docname] = cites
        if lists := [node for node in found if isinstance(node, pith_bibliography)]:
            self.lists[docname] = [
                {name: node[name] for name in OPTIONS} | {"only": only_in(node)} for node in lists
            ]
        if env.config.pith_report_links and (links := list(links_of(document))):
            self.links[docname] = [
                (node["refuri"], get_node_location(node) or "") for node in links
            ]

    def clear_doc(self, docname: str) -> None:
        """Forget a document that is gone or will be read again."""
        for part in (self.cites, self.lists, self.links):
            part.pop(docname, None)

    def merge_domaindata(self, docnames: Set[str], otherdata: dict[str, Any]) -> None:
        """Take over what a parallel process has read."""
        for part in ("cites", "lists", "links"):
            self.data[part].update(
                (docname, found)
                for docname, found in otherdata[part].items()
                if docname in docnames
            )

    def get_objects(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        """The verified papers, for `objects.inv` and the search: where each is listed or cited."""
        # Asked for both, and the same until the build ends.
        if self._objects is None:
            self._objects = list(self._places())
        return iter(self._objects)

    def _places(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        places = {
            self.suffix(cite.target): (docname, cite.anchor)
            for docname in reversed(reading_order(self.env, self.here))
            for cite in reversed(self.here[docname])
        }
        for suffix, paper in self.papers.items():
            docname, anchor = places.get(suffix, ("", ""))
            if suffix in self.entries:
                docname, anchor = self.entries[suffix], paper.anchor
            if docname:
                yield paper.pith_number, paper.title, "paper", docname, anchor, 1

    def resolve_xref(
        self,
        env: BuildEnvironment,
        fromdocname: str,
        builder: Builder,
        typ: str,
        target: str,
        node: addnodes.pending_xref,
        contnode: nodes.Element | nodes.Text,
    ) -> Any:
        """The citation, or the text that stands in its place. It never leaves a link to nowhere."""
        if _is_definition(node):
            return contnode  # What is shown are the copies of it.
        words = contnode if node.get("refexplicit") else None
        single = words is not None or node.get("pithfallback")
        targets = (parse_target(target),) if single else parse_targets(target)
        if any(one.text not in self.answers for one in targets):
            # Another extension added the node after the documents were read.
            logger.warning("%s was not verified: it was added too late.", target, location=node)
            return marked(contnode, UNCHECKED)
        writer = self.writer(builder, fromdocname)
        fallback = node.get("pithfallback")
        if fallback and self._is_absent(targets[0].text):
            return nodes.reference("", "", contnode, internal=False, refuri=fallback)
        whole = writer.citation(node.get("pithstyle", "title"), targets, words)
        anchor = node.get("pithanchor")
        if anchor and builder.format == "html" and isinstance(whole, nodes.reference):
            whole["ids"].append(anchor)  # Two nodes less, of which each page has many.
        elif anchor:
            whole = nodes.inline("", "", nodes.target("", "", ids=[anchor]), whole)
        if isinstance(node.parent, nodes.TextElement) or isinstance(whole, nodes.reference):
            return whole
        return nodes.paragraph("", "", whole)  # Of an image that stands alone.

    def _is_absent(self, target: str) -> bool:
        """Whether nothing is known of a paper. What is refuted is no plain link again: it is
        marked."""
        one = self.answers[target]
        return not one.suffix and one.answer.code in ABSENT

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


def _citations(
    docname: str, document: nodes.document, found: list[nodes.Node]
) -> Iterator[Citation]:
    number, page = 0, _part_of_id(docname)
    has_only = any(isinstance(node, addnodes.only) for node in found)
    for node in found:
        if isinstance(node, pith_card):
            location = get_node_location(node) or ""
            only = only_in(node) if has_only else ""
            yield Citation(node["target"], location, "", "", node["claims"], only)
        elif isinstance(node, addnodes.pending_xref):
            # What another project is asked for, by intersphinx, is no citation of this one.
            if node.get("intersphinx"):
                # Intersphinx makes another element of the same class, and a text is none.
                node.children = [nodes.inline("", "", *node.children)]
                continue
            if document.substitution_defs and _is_definition(node):
                continue
            number += 1
            node["pithanchor"] = f"pith-cite-{page}-{number}"
            location = get_node_location(node) or ""
            only = only_in(node) if has_only else ""
            for target in targets_of(node):
                fallback = node.get("pithfallback", "")
                yield Citation(target, location, node["pithanchor"], fallback, False, only)


def _part_of_id(docname: str) -> str:
    """The name of a document in ids: another for each, since some builders put all on one page."""
    if _SIMPLE_NAME.fullmatch(docname):
        return docname.replace("/", "--")
    digest = hashlib.sha256(docname.encode()).hexdigest()[:8]
    return "-".join(filter(None, (nodes.make_id(docname), digest)))


def _is_ours(node: nodes.Node) -> bool:
    if isinstance(node, addnodes.pending_xref):
        return bool(node.get("refdomain") == PithDomain.name)
    return isinstance(node, pith_card | pith_bibliography | addnodes.only)


def _here(found: Mapping[str, list[T]], tags: Tags, only: Callable[[T], str]) -> dict[str, list[T]]:
    """What of each document is in an output with these tags."""
    here = {name: [one for one in ones if _holds(only(one), tags)] for name, ones in found.items()}
    return {name: ones for name, ones in here.items() if ones}


def _holds(condition: str, tags: Tags) -> bool:
    try:
        return not condition or tags.eval_condition(condition)
    except (ValueError, TemplateError):
        return True  # As Sphinx takes it, which also tells.


def _is_definition(node: nodes.Node) -> bool:
    """Whether the node only defines a substitution; where it is used, there is a copy."""
    parent = node.parent
    while parent is not None and not isinstance(parent, nodes.substitution_definition):
        parent = parent.parent
    return parent is not None
