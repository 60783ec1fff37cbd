"""The page of the index "Papers cited".

Sphinx writes it at every build, and its own template is slow for it. So the page is put together
here, and left as it is where it would be the same.
"""

import hashlib
import json
from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.builders.html import StandaloneHTMLBuilder
from sphinx.domains import IndexEntry

from sphinx_pith.domain import domain_of
from sphinx_pith.index import PAGE_BUILDERS, PapersIndex, page_title
from sphinx_pith.papers import reading_order

PAGE = f"pith-{PapersIndex.name}"


def remove_index(app: Sphinx, error: Exception | None) -> None:
    """`build-finished`: remove the page where no paper is cited any more, for Sphinx then writes
    none and leaves the old one."""
    if error is not None or not isinstance(app.builder, StandaloneHTMLBuilder):
        return
    if app.builder.name in PAGE_BUILDERS and not domain_of(app.env).cites_papers():
        Path(app.builder.get_outfilename(PAGE)).unlink(missing_ok=True)


def place_index(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> str | None:
    """`html-page-context`: the content of the index, and the template of a plain page for it."""
    if app.builder.name not in PAGE_BUILDERS:
        return None
    if pagename == "genindex":  # It comes before the others.
        _leave_index(app)
    if pagename != PAGE or templatename != "domainindex.html":
        return None
    app.add_css_file("pith-cite.css")
    context["title"] = context["indextitle"]
    body = _body(context["indextitle"], context["content"], context["pathto"])
    context["body"] = f"{body}<!-- {_state(app)} -->\n"
    return "page.html"


def _leave_index(app: Sphinx) -> None:
    """Take the index from those that Sphinx is about to write, if it is what it would be."""
    builder, shown = app.builder, domain_of(app.env).pages
    if shown is None or not isinstance(builder, StandaloneHTMLBuilder):
        return
    # When all pages are written, what is around their text may have changed.
    if shown.written >= app.env.found_docs:
        return
    try:
        page = Path(builder.get_outfilename(PAGE)).read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return
    if _state(app) in page:
        builder.domain_indices = [one for one in builder.domain_indices if one[0] != PAGE]


def _state(app: Sphinx) -> str:
    """A digest of all that the page shows: 64 hex digits."""
    domain = domain_of(app.env)
    everything = domain.pages.everything if domain.pages else ""
    places = [
        [docname, page_title(app.env, docname), [(one.target, one.anchor) for one in cites]]
        for docname, cites in domain.here.items()
    ]
    order = reading_order(app.env, domain.here)
    text = json.dumps([PapersIndex.localname, everything, order, sorted(places)])
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def _body(title: str, content: Iterable[tuple[str, list[IndexEntry]]], pathto: Any) -> str:
    """For each letter a list of papers, each with its Pith Number and the places that cite it."""
    pages: dict[str, str] = {}

    def link(place: IndexEntry, name: str, words: str) -> str:
        if place.docname not in pages:
            pages[place.docname] = escape(pathto(place.docname))
        # What is heard names the page too: no two links of one name lead to different places.
        label = "" if words == name else f' aria-label="{escape(name)}"'
        return f'<a href="{pages[place.docname]}#{place.anchor}"{label}>{escape(words)}</a>'

    letters, parts = [], []
    for letter, entries in content:
        name = escape(letter)
        letters.append(f'<a href="#cap-{name}"><strong>{name}</strong></a>')
        parts.append(f'<h2 id="cap-{name}">{name}</h2>\n<ul class="pith-papers">')
        for paper, places in _papers(entries):
            # The one place of a paper is told with the paper itself.
            said = "" if places else link(paper, paper.extra, paper.extra)
            before = ""
            for place in places:
                if place.docname == before:
                    said += f" {link(place, place.name, _number(place.name))}"
                else:
                    said += (", " if said else "") + link(place, place.name, place.name)
                before = place.docname
            parts.append(
                f'<li><cite>{escape(paper.name)}</cite> <code class="pith-id">'
                f"{escape(paper.descr)}</code><br>{said}</li>"
            )
        parts.append("</ul>")
    jump = f'<div class="modindex-jumpbox">{" | ".join(letters)}</div>'
    return "\n".join([f"<h1>{escape(title)}</h1>", jump, *parts, ""])


def _number(name: str) -> str:
    """`(2)` of `A page (2)`: the page was just named."""
    return name[name.rindex("(") :]


def _papers(entries: Iterable[IndexEntry]) -> list[tuple[IndexEntry, list[IndexEntry]]]:
    """Each paper of a letter, with the entries below it."""
    papers: list[tuple[IndexEntry, list[IndexEntry]]] = []
    for entry in entries:
        if entry.subtype == 2:
            papers[-1][1].append(entry)
        else:
            papers.append((entry, []))
    return papers
