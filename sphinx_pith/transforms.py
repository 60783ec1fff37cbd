"""Citations that are no roles: `pith:` links, plain links to upgrade, and footnotes.

They are made before references are collected and footnotes are numbered.
"""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from docutils import nodes
from sphinx import addnodes
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
        references: dict[str, list[nodes.footnote_reference]] = {}
        for node in self.document.autofootnote_refs:
            if "pithtarget" in node and "refname" in node:
                references.setdefault(node["refname"], []).append(node)
        # A footnote after the last section would be part of none.
        sections = [child for child in self.document.children if isinstance(child, nodes.section)]
        end = sections[-1] if sections else self.document
        for label, places in references.items():
            note = _footnote(label, places[0])
            conditions = [only_in(place) for place in places]
            if all(conditions):
                # What stands in no output has no footnote there.
                note = addnodes.only("", note, expr=" or ".join(f"({one})" for one in conditions))
            end.append(note)
            for one in note.findall(nodes.footnote):
                self.document.note_autofootnote(one)
                self.document.note_explicit_target(one, one)


def _footnote(label: str, reference: nodes.footnote_reference) -> nodes.Element:
    target = reference["pithtarget"]
    note = nodes.footnote(auto=1, names=[label])
    note.source, note.line = reference.source, reference.line
    cite = pending(target, short_text(target), style="full", explicit=False)
    cite.source, cite.line = reference.source, reference.line
    note += nodes.paragraph("", "", cite)
    return note


def only_in(node: nodes.Node) -> str:
    """The condition of `.. only::` under which a node is in the output; empty if it always is."""
    conditions = []
    parent = node.parent
    while parent is not None:
        if isinstance(parent, addnodes.only):
            conditions.append(f"({parent['expr']})")
        parent = parent.parent
    return " and ".join(conditions)


def _name(uri: str) -> str:
    """The identifier in a `pith:` link, which may itself begin with `pith:`."""
    text = unquote(uri)
    rest = text[len(SCHEME) :]
    try:
        parse_identifier(parse_target(rest).name, context="pith")
    except IdentifierError:
        # What is no Pith Number is not called one when it is refused.
        return rest if re.search("[./,]", rest) else text
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
    image = next(iter(node.findall(nodes.image)), None)
    plain = ("", target, node["refuri"], unquote(node["refuri"]))
    explicit = image is not None or content not in plain
    cite = pending(
        target, content if explicit else short_text(target), style="title", explicit=explicit
    )
    if image is not None and len(node) == 1:
        # Alone in a link, an image need not stand in a paragraph.
        cite.children = []
        cite.append(image.deepcopy())
    elif explicit:
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
