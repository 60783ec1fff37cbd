"""A documentation project whose citations are verified on every build."""

project = "Citations that are verified"
author = "The pith-agent authors"
copyright = "2026, The pith-agent authors"
version = release = "1.0"

extensions = ["sphinx_pith"]
html_theme = "alabaster"

# The records that are cited, as they were fetched. Nothing else is asked: a build is offline.
pith_records = ["records/*.json", "records/*.jsonl"]

latex_documents = [("index", "citations.tex", project, author, "manual")]
man_pages = [("index", "citations", project, [author], 1)]
