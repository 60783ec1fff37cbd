"""Cite papers from Sphinx by identifiers that are verified on every build.

    extensions = ["sphinx_pith"]

    The survey :pith:`arXiv:2402.13116v4` compares them.

A citation becomes a link only after the signed record of the paper has been checked.
"""

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from pith_agent import __version__
from sphinx_pith.bibliography import PlacePapers
from sphinx_pith.builders import CheckBuilder, LockBuilder
from sphinx_pith.config import VALUES
from sphinx_pith.config_checks import check_config
from sphinx_pith.directives import PithBibliography, PithCard, pith_bibliography, pith_card
from sphinx_pith.domain import PithDomain
from sphinx_pith.evidence import evidence_of
from sphinx_pith.garbage import collect_once_at_exit, collect_seldom
from sphinx_pith.hooks import (
    accept_scheme,
    finish_manifest,
    finish_reports,
    keep_out_of_books,
    name_index,
    take_roles_over,
)
from sphinx_pith.i18n import CATALOG, LOCALE
from sphinx_pith.index_page import place_index, remove_index
from sphinx_pith.pages import setup_pages
from sphinx_pith.roles import PithRole
from sphinx_pith.shown import note_shown, note_written
from sphinx_pith.transforms import Footnotes, SchemeLinks
from sphinx_pith.verify import open_sources, verify_citations


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register roles, directives, the domain, the builders, the settings and the passes."""
    for value in VALUES:
        app.add_config_value(value.name, value.default, value.rebuild, types=value.types)
    app.add_message_catalog(CATALOG, str(LOCALE))
    app.add_domain(PithDomain)
    app.add_role("pith", PithRole("title"))
    app.add_node(pith_card)
    app.add_node(pith_bibliography)
    app.add_directive("pith", PithCard)
    app.add_directive("pith-bibliography", PithBibliography)
    app.add_transform(Footnotes)
    app.add_transform(SchemeLinks)
    app.add_post_transform(PlacePapers)
    app.add_builder(LockBuilder)
    app.add_builder(CheckBuilder)
    app.connect("config-inited", accept_scheme)
    app.connect("config-inited", check_config)
    app.connect("config-inited", keep_out_of_books)
    app.connect("builder-inited", open_sources)
    app.connect("builder-inited", name_index)
    # After extlinks, whose roles these replace.
    app.connect("builder-inited", take_roles_over, priority=900)
    app.connect("env-before-read-docs", collect_seldom)
    app.connect("env-updated", verify_citations)
    app.connect("doctree-resolved", note_written)
    app.connect("html-page-context", place_index)
    app.connect("build-finished", remove_index)
    app.connect("build-finished", note_shown)
    setup_pages(app, evidence_of)
    # Before the reports, which tell what became of it.
    app.connect("build-finished", finish_manifest)
    app.connect("build-finished", finish_reports)
    collect_once_at_exit()
    return {
        "version": __version__,
        "env_version": PithDomain.data_version,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
