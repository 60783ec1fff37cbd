"""Locations as Sphinx prints them, and the places that reports name."""

from types import SimpleNamespace

import pytest

from sphinx_pith.findings import Place
from sphinx_pith.places import place_of


@pytest.mark.parametrize(
    ("location", "place"),
    [
        ("/docs/index.rst:3", Place("index.rst", 3)),
        ("/docs/index.rst", Place("index.rst")),
        ("/docs/a b/c.rst:", Place("a b/c.rst")),
        ("/src/mod.py:docstring of mod.f:3", Place("/src/mod.py", 3, "docstring of mod.f")),
        ("/docs/index.rst:7:<autosummary>:1", Place("index.rst", 7, "autosummary")),
        ("/docs/index.rst:<rst_epilog>:1", Place("index.rst", None, "rst_epilog")),
        ("", Place("")),
    ],
)
def test_a_location_is_a_place(location: str, place: Place) -> None:
    app = SimpleNamespace(confdir="/docs")

    assert place_of(app, location) == place
