"""Sphinx settings of this project's own documentation.

The pages cite with our own extension, from the record in `records/`, and need no network.
"""

from pith_agent import __version__

project = "pith-agent"
author = "The pith-agent authors"
copyright = "The pith-agent authors"
version = release = __version__

extensions = ["myst_parser", "sphinx_pith"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build", "records", "reference/benchmarks/*"]
nitpicky = True

myst_heading_anchors = 3

pith_records = ["records/*.json"]

html_theme = "furo"
html_title = f"pith-agent {__version__}"
html_copy_source = False
html_theme_options = {
    "source_repository": "https://github.com/pith-agent/pith-agent/",
    "source_branch": "main",
    "source_directory": "docs/",
}
