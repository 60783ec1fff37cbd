import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = "Places"
author = "A"
copyright = "2026, A"
version = release = "1.0"
extensions = ["sphinx.ext.autodoc", "sphinx_pith"]
html_theme = "alabaster"
pith_records = ["records/*"]
rst_prolog = """
.. |survey| replace:: the survey :pith:`2402.13116v4`
"""
exclude_patterns = ["included.rst"]
man_pages = [("index", "places", project, [author], 1)]
