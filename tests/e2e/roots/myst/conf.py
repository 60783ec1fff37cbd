project = "MyST"
extensions = ["myst_parser", "sphinx_pith"]
html_theme = "alabaster"
pith_records = ["records/*"]
