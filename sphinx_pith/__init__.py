"""Cite papers from Sphinx by identifiers that are verified on every build.

    extensions = ["sphinx_pith"]

    The survey :pith:`arXiv:2402.13116v4` compares them.

A citation becomes a link only after the signed record of the paper has been checked.
"""

from sphinx.application import Sphinx
from sphinx.util.typing import ExtensionMetadata

from pith_agent import __version__
from sphinx_pith.config import VALUES, check_config
from sphinx_pith.domain import PithDomain
from sphinx_pith.resolve import verify_citations
from sphinx_pith.roles import PithRole


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the role, the domain, the settings and the one pass that verifies."""
    for value in VALUES:
        app.add_config_value(value.name, value.default, "", types=value.types)
    app.add_domain(PithDomain)
    app.add_role("pith", PithRole())
    app.connect("config-inited", check_config)
    app.connect("env-updated", verify_citations)
    return {
        "version": __version__,
        "env_version": PithDomain.data_version,
        "parallel_read_safe": True,
        "parallel_write_safe": True,
    }
