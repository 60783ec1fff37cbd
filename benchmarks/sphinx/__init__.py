"""The Sphinx extension beside plain Sphinx and other ways to cite."""
