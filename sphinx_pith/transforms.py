"""Citations that are no roles: `pith:` links, plain links to upgrade, and footnotes.

They are made before references are collected and footnotes are numbered.
"""

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from docutils import nodes
from sphinx.transforms import SphinxTransform

from pith_agent import IdentifierError, parse_identifier
from sphinx_pith.roles import pending, short_text
from sphinx_pith.targets import parse_target

SCHEME = "pith:"


class SchemeLinks(SphinxTransform):
    """`<pith:2402.13116>` and `[text](pith:2402.13116)` become citations; so do plain links that
    begin with one of `pith_upgrade_links`."""

    default_priority = 700

    def apply(self, **kwargs: Any) -> None:
        """Replace the references of this document."""
        prefixes = tuple(self.config.pith_upgrade_links)
        # Listed first: what is replaced may not be walked on.
        for node in list(self.document.findall(nodes.reference)):
            uri = node.get("refuri", "")
            if uri[: len(SCHEME)].lower() == SCHEME:
                _replace(node, _name(uri), fallback="")
            elif prefixes and uri.startswith(prefixes) and _is_paper(uri):
                _replace(node, uri, fallback=uri)


class Footnotes(SphinxTransform):
    """The footnotes of the role `pith:cite:foot`, at the end of the document."""

    # Before docutils numbers the footnotes, at 620.
    default_priority = 600

    def apply(self, **kwargs: Any) -> None:
        """Add a footnote for each text that is cited so."""
        references = {
            node["refname"]: node
            for node in self.document.autofootnote_refs
            if "pithtarget" in node and "refname" in node
        }
        if not references:
            return
        section = next(iter(self.document.findall(nodes.section)), self.document)
        for label, reference in references.items():
            target = reference["pithtarget"]
            note = nodes.footnote(auto=1, names=[label])
            note.source, note.line = reference.source, reference.line
            cite = pending(target, short_text(target), style="full", explicit=False)
            cite.source, cite.line = reference.source, reference.line
            note += nodes.paragraph("", "", cite)
            section.append(note)
            self.document.note_autofootnote(note)
            self.document.note_explicit_target(note, note)


def _name(uri: str) -> str:
    """The identifier in a `pith:` link, which may itself begin with `pith:`."""
    text = unquote(uri)
    rest = text[len(SCHEME) :]
    try:
        parse_identifier(parse_target(rest).name, context="pith")
    except IdentifierError:
        return text
    return rest if ":" in rest or not _is_number(text) else text


def _is_number(text: str) -> bool:
    try:
        return parse_identifier(parse_target(text).name).kind.startswith("pith")
    except IdentifierError:
        return False


def _is_paper(uri: str) -> bool:
    try:
        return parse_identifier(uri).arxiv is not None
    except IdentifierError:
        return False


def _replace(node: nodes.reference, target: str, *, fallback: str) -> None:
    content = node.astext()
    explicit = content not in ("", target, node["refuri"], unquote(node["refuri"]))
    cite = pending(
        target, content if explicit else short_text(target), style="title", explicit=explicit
    )
    if explicit:
        # The author's own words, with the emphasis that they have.
        words = nodes.inline("", "", *(child.deepcopy() for child in node.children))
        words["classes"] = ["xref", "pith"]
        cite.children = []
        cite.append(words)
    if fallback:
        cite["pithfallback"] = fallback
    cite.source, cite.line = node.source, node.line
    node.replace_self(cite)


def links_of(document: nodes.document) -> Iterator[nodes.reference]:
    """The plain links that could be citations."""
    for node in document.findall(nodes.reference):
        if _is_paper(node.get("refuri", "")):
            yield node
