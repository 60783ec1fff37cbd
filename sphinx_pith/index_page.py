"""The page of the index "Papers cited".

Sphinx writes it at every build. Its own template takes longer for it than all else that this
extension does in a build in which nothing changed, so that the page is put together here.
"""

from collections.abc import Iterable
from html import escape
from typing import Any

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.domains import IndexEntry

from sphinx_pith.garbage import uncollected
from sphinx_pith.index import PapersIndex

PAGE = f"pith-{PapersIndex.name}"


def place_index(
    app: Sphinx,
    pagename: str,
    templatename: str,
    context: dict[str, Any],
    doctree: nodes.document | None,
) -> str | None:
    """`html-page-context`: the content of the index, and the template of a plain page for it."""
    if pagename != PAGE or templatename != "domainindex.html" or app.builder.name != "html":
        return None
    context["title"] = context["indextitle"]
    context["body"] = _body(context["indextitle"], context["content"], context["pathto"])
    return "page.html"


@uncollected()
def _body(title: str, content: Iterable[tuple[str, list[IndexEntry]]], pathto: Any) -> str:
    """A table: each paper with the places that cite it, and its Pith Number."""
    pages: dict[str, str] = {}

    def link(place: IndexEntry, words: str) -> str:
        if place.docname not in pages:
            pages[place.docname] = escape(pathto(place.docname))
        return f'<a href="{pages[place.docname]}#{place.anchor}">{escape(words)}</a>'

    letters, rows = [], []
    for letter, entries in content:
        name = escape(letter)
        letters.append(f'<a href="#cap-{name}"><strong>{name}</strong></a>')
        rows.append(f'<tr class="cap" id="cap-{name}"><th colspan="2">{name}</th></tr>')
        for paper, places in _papers(entries):
            # The one place of a paper is told with the paper itself.
            links = [link(one, one.name) for one in places] or [link(paper, paper.extra)]
            rows.append(
                f'<tr><td><cite>{escape(paper.name)}</cite><div class="pith-places">'
                f"{', '.join(links)}</div></td>"
                f'<td><code class="pith-id">{escape(paper.descr)}</code></td></tr>'
            )
    return (
        f'<h1>{escape(title)}</h1>\n<div class="modindex-jumpbox">{" | ".join(letters)}</div>\n'
        '<table class="indextable pith-papers">\n' + "\n".join(rows) + "\n</table>\n"
    )


def _papers(entries: Iterable[IndexEntry]) -> list[tuple[IndexEntry, list[IndexEntry]]]:
    """Each paper of a letter, with the entries below it."""
    papers: list[tuple[IndexEntry, list[IndexEntry]]] = []
    for entry in entries:
        if entry.subtype == 2:
            papers[-1][1].append(entry)
        else:
            papers.append((entry, []))
    return papers
