"""A documentation project whose citations are verified on every build.

It shows every form of a citation. `myst-parser` is needed for the page in Markdown only.
"""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = "Citations that are verified"
author = "The pith-agent authors"
copyright = "2026, The pith-agent authors"
version = release = "1.0"

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_pith"]
html_theme = "alabaster"

# The records that are cited, as they were fetched. Nothing else is asked: a build is offline.
pith_records = ["records/*.json", "records/*.jsonl"]

rst_prolog = """
.. |survey| replace:: the survey :pith:cite:t:`2402.13116v4`
"""

latex_documents = [("index", "citations.tex", project, author, "manual")]
man_pages = [("index", "citations", project, [author], 1)]
