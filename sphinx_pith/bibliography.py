"""The post-transform that puts bibliographies and cards in their places."""

from typing import Any

from docutils import nodes
from sphinx import addnodes
from sphinx.transforms.post_transforms import SphinxPostTransform

from pith_agent import safe_text
from sphinx_pith.directives import pith_bibliography, pith_card
from sphinx_pith.domain import PithDomain, domain_of
from sphinx_pith.i18n import _
from sphinx_pith.labels import everyone
from sphinx_pith.listing import OPTIONS, unproved
from sphinx_pith.nodes import UNSIGNED, Writer, shown_title
from sphinx_pith.papers import Paper, text
from sphinx_pith.targets import parse_target


class PlacePapers(SphinxPostTransform):
    """Replace the nodes that the directives have left."""

    # Before references are resolved, at 10.
    default_priority = 5

    def run(self, **kwargs: Any) -> None:
        """Fill this page."""
        domain = domain_of(self.env)
        page = self.env.current_document.docname
        if domain.pages is None:
            raise TypeError("nothing was verified")
        builder = domain.pages.builder
        # The builders that put all documents into one have the places of each in it.
        if builder.format == "html" and builder.name != "singlehtml" and page not in domain.placed:
            return
        writer = domain.writer(builder, page)
        for place in list(self.document.findall(pith_card)):
            place.replace_self([*_name(place), _card(writer, place)])
        if builder.format == "latex":
            self._move_anchors()
        given: set[str] = set()
        for there in list(self.document.findall(pith_bibliography)):
            options = {name: there[name] for name in OPTIONS}
            there.replace_self(_list(domain, writer, self._origin(there), options, given))

    def _move_anchors(self) -> None:
        """Take the ids of citations out of captions and titles: TeX allows no anchor in the first,
        and Sphinx does not write the title of the first page."""
        first = next(self.document.findall(nodes.section), None)
        for cite in list(self.document.findall(addnodes.pending_xref)):
            above: Any = cite.parent
            while isinstance(above, nodes.Inline):
                above = above.parent  # type: ignore[attr-defined]  # It has one, as a node.
            whole = above.parent if isinstance(above, nodes.caption | nodes.title) else None
            if "pithanchor" not in cite or isinstance(whole, nodes.Admonition | None):
                continue
            anchor = cite.attributes.pop("pithanchor")
            if first is not None and whole is first:
                whole.insert(1, nodes.target("", "", ids=[anchor]))
            else:
                whole["ids"].append(anchor)

    def _origin(self, node: nodes.Element) -> str:
        """The document that a node was written in: LaTeX and others put all into one."""
        top = node
        # Sphinx leaves the parts of that one under the documents that they come from.
        while top.parent is not None:
            top = top.parent
        origin = self.env.path2doc(top["source"]) if top.get("source") else None
        return origin or self.env.current_document.docname


def _list(
    domain: PithDomain, writer: Writer, docname: str, options: dict[str, Any], given: set[str]
) -> nodes.Element:
    """A list of papers. An id is given once, where the first list of the project has it."""
    suffixes, others = domain.listed(docname, options), unproved(domain, docname, options)
    if not suffixes and not others:
        return nodes.paragraph("", _("No verified papers are cited."), classes=["pith-empty"])
    items = nodes.bullet_list(classes=["pith-bibliography", f"pith-{options['style']}"], bullet="-")
    for suffix in suffixes:
        paper = domain.papers[suffix]
        line = nodes.paragraph()
        if domain.entries.get(suffix) == docname and suffix not in given:
            given.add(suffix)
            line += nodes.target("", "", ids=[paper.anchor])
        if options["style"] == "numbered":
            line += text(f"[{paper.label.number}] ", "pith-number")
        line += entry(writer, paper)
        items += nodes.list_item("", line)
    for target in map(parse_target, others):
        name = text(parse_target(target.name).short)
        items += nodes.list_item("", nodes.paragraph("", "", writer.link(target, name)))
    note = nodes.paragraph("", _("Authors are not signed."), classes=["pith-note"])
    return nodes.container("", items, note, classes=["pith-bibliography-list"])


def entry(writer: Writer, paper: Paper) -> list[nodes.Node]:
    """Authors (year). Title. arXiv id. Pith Number."""
    work = paper.work
    names = everyone((author.name for author in work.authors), has_more=work.has_more_authors)
    parts: list[nodes.Node] = [text(names, UNSIGNED), nodes.Text(" ")] if names else []
    title = writer.to(paper, text(shown_title(paper)), numbered=True)
    parts += [nodes.Text(f"({paper.label.year}). "), title]
    if work.arxiv:
        parts.append(nodes.Text(f". arXiv:{work.arxiv}v{work.version}"))
    return [*parts, nodes.Text(". "), text(work.pith_number, "pith-id"), nodes.Text(".")]


def _name(place: pith_card) -> list[nodes.Node]:
    """The id that `:name:` gives; LaTeX takes none from a container."""
    return [nodes.target("", "", ids=place["ids"])] if place["ids"] else []


def _card(writer: Writer, place: pith_card) -> nodes.Element:
    target = parse_target(place["target"])
    card = nodes.container(classes=["pith-card"])
    paper = writer.paper(target)
    if paper is None:
        card += nodes.paragraph("", "", writer.link(target, text(target.short)))
        return card
    heading = nodes.strong("", "", writer.to(paper, text(shown_title(paper)), numbered=True))
    card += nodes.paragraph("", "", heading, classes=["pith-card-title"])
    card += _fields(paper)
    claims = [target.claim] if target.claim else []
    if place["claims"]:
        claims = [str(item["claim_id"]) for item in paper.record.claims if "claim_id" in item]
    if claims:
        words = _("Claims, extracted by a machine and not signed:")
        card += nodes.paragraph("", words, classes=["pith-note"])
        rows = nodes.bullet_list(bullet="-")
        for claim in claims:
            said = text(safe_text(paper.claim(claim) or "", 1000), "pith-claim", UNSIGNED)
            rows += nodes.list_item("", nodes.paragraph("", "", nodes.Text(f"{claim}: "), said))
        card += rows
    elif place["claims"]:
        card += nodes.paragraph("", _("No claims of it are at hand."), classes=["pith-note"])
    return card


def _fields(paper: Paper) -> nodes.field_list:
    work, metadata = paper.work, paper.record.signed.metadata
    names = everyone((author.name for author in work.authors), has_more=work.has_more_authors)
    submitted = work.submitted.isoformat() if work.submitted else ""
    rows = (
        (_("Record"), _("verified"), ""),
        (_("Pith Number"), work.pith_number, "pith-id"),
        ("arXiv", f"{work.arxiv}v{work.version}" if work.arxiv else "", ""),
        (_("Submitted"), submitted, ""),
        (_("Category"), work.category or "", ""),
        (_("Licence"), safe_text(metadata.license, 200), ""),
        (_("Authors (not signed)"), names, UNSIGNED),
    )
    fields = nodes.field_list(classes=["pith-fields"])
    for name, value, kind in rows:
        if value:
            body = nodes.paragraph("", "", text(value, *filter(None, [kind])))
            fields += nodes.field("", nodes.field_name("", name), nodes.field_body("", body))
    return fields
