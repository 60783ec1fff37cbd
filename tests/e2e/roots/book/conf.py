import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = "Book"
author = "The authors"
copyright = "2026, The authors"
version = release = "1.0"
language = "en"
extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_pith"]
html_theme = "alabaster"
html_copy_source = False
pith_records = ["records/*"]
pith_trust_root = "trust.json"
rst_prolog = """
.. |beta| replace:: |beta role|
.. |beta role| replace:: the paper :pith:cite:t:`1706.00001`
"""
exclude_patterns = ["included.rst"]
latex_documents = [("index", "book.tex", project, author, "manual")]
man_pages = [("index", "book", project, [author], 1)]
texinfo_documents = [("index", "book", project, author, "book", "A book.", "Misc")]
