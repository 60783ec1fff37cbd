"""How a citation looks once it has been verified, or not.

Only nodes that every builder knows are used: a class of our own in a section title would make
Sphinx's table of contents fail.
"""

from collections.abc import Mapping

from docutils import nodes
from sphinx.builders import Builder
from sphinx.errors import NoUri

from pith_agent import safe_text
from sphinx_pith.i18n import _
from sphinx_pith.papers import Paper, text
from sphinx_pith.roles import Style
from sphinx_pith.sources import Answered
from sphinx_pith.targets import Target

UNVERIFIED = "[unverified]"
UNCHECKED = "[unchecked]"
"""Marks that are read, and not only seen. They are translated where they are written."""

UNSIGNED = "pith-unsigned"
"""The class of what no signature covers."""


class Writer:
    """Makes the nodes of citations for one builder and one page."""

    def __init__(
        self,
        builder: Builder,
        docname: str,
        answers: Mapping[str, Answered],
        papers: Mapping[str, Paper],
        entries: Mapping[str, str],
    ) -> None:
        """Write from what was verified.

        Args:
            builder: Some print no URL, so that the Pith Number is added there.
            docname: The page that is written.
            answers: Target, as it was typed → answer.
            papers: Suffix → paper.
            entries: Suffix → document with the paper's entry in a bibliography.
        """
        self.builder = builder
        self.docname = docname
        self.answers = answers
        self.papers = papers
        self.entries = entries

    def paper(self, target: Target) -> Paper | None:
        """The verified paper that a target names; `None` if it lacks the claim that is named."""
        answer = self.answers.get(target.text)
        paper = self.papers.get(answer.suffix) if answer else None
        lacks = paper is not None and target.claim and paper.claim(target.claim) is None
        return None if lacks else paper

    def link(self, target: Target, content: nodes.Node, *, entry: bool = False) -> nodes.Element:
        """A link for what is verified; plain text with a visible mark for all else.

        Args:
            target: The paper.
            content: What is linked.
            entry: Link to the paper's entry in a bibliography, if there is one.
        """
        paper = self.paper(target)
        if paper is None:
            answer = self.answers.get(target.text)
            return marked(content, UNCHECKED if answer and is_unchecked(answer) else UNVERIFIED)
        return self.to(paper, content, entry=entry)

    def to(
        self, paper: Paper, content: nodes.Node, *, entry: bool = False, numbered: bool = False
    ) -> nodes.Element:
        """The link to a verified paper's page, or to its entry in a bibliography.

        Args:
            paper: The paper.
            content: What is linked.
            entry: Link to the paper's entry in a bibliography, if there is one.
            numbered: The Pith Number stands beside the link already.
        """
        classes = ["pith", "pith-verified"]
        if entry and (listed := self._entry(paper)) is not None:
            return nodes.reference("", "", content, internal=True, classes=classes, **listed)
        uri = {"refuri": paper.url, "reftitle": verified(paper)}
        link = nodes.reference("", "", content, internal=False, classes=classes, **uri)
        if numbered or self._prints_number(paper) or paper.suffix in content.astext():
            return link
        return nodes.inline("", "", link, nodes.Text(f" (pith:{paper.suffix})"))

    def _entry(self, paper: Paper) -> dict[str, str] | None:
        """Where the entry is: a page, or an anchor of this one."""
        docname = self.entries.get(paper.suffix)
        if docname is None:
            return None
        title = verified(paper)
        if docname == self.docname:
            return {"refid": paper.anchor, "reftitle": title}
        try:
            uri = self.builder.get_relative_uri(self.docname, docname)
        except NoUri:  # A manual that leaves out the page with the bibliography.
            return None
        # With `singlehtml` all pages are one, and `#document-name#id` would lead nowhere.
        uri = "" if uri.startswith("#") else uri
        return {"refuri": f"{uri}#{paper.anchor}", "reftitle": title}

    def citation(
        self, style: Style, targets: tuple[Target, ...], words: nodes.Node | None
    ) -> nodes.Element:
        """A whole citation.

        Args:
            style: How it looks.
            targets: The papers.
            words: The author's own words, which then stand in the place of any label.
        """
        if words is not None:
            return self.link(targets[0], words)
        before, between, after = _AROUND[style]
        if style == "numeric" and any(target.after for target in targets):
            between = "; "
        said: list[nodes.Node] = []
        for place, target in enumerate(targets):
            said += _words(between if place else before)
            said += _words(f"{target.before} " if target.before else "")
            said += self._one(style, target)
            said += _words(f", {target.after}" if target.after else "")
        said += _words(after)
        if len(said) == 1 and isinstance(said[0], nodes.Element):
            return said[0]
        return nodes.inline("", "", *said, classes=["pith-cite"])

    def _one(self, style: Style, target: Target) -> list[nodes.Node]:
        paper = self.paper(target)
        if paper is None:
            return [self.link(target, text(target.short))]
        said: list[nodes.Node] = []
        if target.claim:
            claim = paper.claim(target.claim) or ""
            said = [
                nodes.Text(f", {target.claim}: "),
                text(f"“{safe_text(claim, 1000)}”", "pith-claim", UNSIGNED),
            ]
        label: nodes.Node
        match style:
            case "narrative":
                label = nodes.inline("", "", text(paper.label.authors, UNSIGNED))
                label += nodes.Text(f" ({paper.label.year})")
            case "parenthetical":
                label = nodes.inline("", "", text(paper.label.authors, UNSIGNED))
                label += nodes.Text(f", {paper.label.year}")
            case "numeric":
                label = text(str(paper.label.number))
            case "full":
                return [*reference_text(self, paper), *said]
            case _:
                # On pages, the link tells the title from what stands around it.
                plain = self.builder.format == "html"
                title = shown_title(paper)
                label = nodes.Text(title) if plain else text(title, "xref", "pith")
        return [self.link(target, label, entry=style != "title"), *said]

    def _prints_number(self, paper: Paper) -> bool:
        """Whether the reader of the output can tell the paper without a number beside the link."""
        if self.builder.format == "man":
            return bool(self.builder.config.man_show_urls)
        if self.builder.format == "latex":
            # On paper a link is only text. A bibliography prints the number.
            return self._entry(paper) is not None or self.builder.config.latex_show_urls != "no"
        return self.builder.format != "text"


_AROUND: dict[Style, tuple[str, str, str]] = {
    "title": ("", ", ", ""),
    "full": ("", "; ", "."),
    "narrative": ("", ", ", ""),
    "parenthetical": ("(", "; ", ")"),
    "numeric": ("[", ", ", "]"),
}
"""Before, between and after the papers of one citation."""


def _words(words: str) -> list[nodes.Node]:
    return [nodes.Text(words)] if words else []


def reference_text(writer: Writer, paper: Paper) -> list[nodes.Node]:
    """Authors, year, title and arXiv id, as a footnote says them, without the last full stop."""
    from_arxiv = f"arXiv:{paper.work.arxiv}v{paper.work.version}" if paper.work.arxiv else ""
    parts: list[nodes.Node] = []
    if paper.work.authors:
        parts += [text(paper.label.authors, UNSIGNED), nodes.Text(" ")]
    parts += [nodes.Text(f"({paper.label.year}). ")]
    parts += [writer.to(paper, text(shown_title(paper)))]
    return [*parts, nodes.Text(f". {from_arxiv}" if from_arxiv else "")]


def verified(paper: Paper) -> str:
    """What a link says of itself when it is pointed at."""
    return _("Verified: %s") % paper.pith_number


def shown_title(paper: Paper) -> str:
    """The authenticated title; the Pith Number where there is none."""
    return (paper.record.title and paper.title) or paper.pith_number


def marked(content: nodes.Node, mark: str) -> nodes.Element:
    """Text without a link, and a mark that can be read and not only seen."""
    name = f"pith-{mark.strip('[]')}"
    words = _("[unverified]") if mark == UNVERIFIED else _("[unchecked]")
    return nodes.inline("", "", content, nodes.Text(f" {words}"), classes=["pith", name])


def is_unchecked(answer: Answered) -> bool:
    """Whether nothing is known, because nobody could be asked."""
    return answer.verdict in ("unreachable", "damaged")
