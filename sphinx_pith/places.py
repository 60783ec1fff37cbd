"""Places in the sources, as Sphinx prints them and as reports name them."""

import re
from functools import lru_cache
from pathlib import Path

from sphinx.application import Sphinx

from sphinx_pith.findings import Place

_LOCATION = re.compile(
    r"(?P<path>.+?)(?::(?P<within>docstring of [^:]+))?(?::(?P<line>[0-9]*))?"
    r"(?::<(?P<made>\w+)>:[0-9]+)?"
)


def place_of(app: Sphinx, location: str) -> Place:
    """`/docs/index.rst:3` or `/src/mod.py:docstring of mod.f:3` → the place.

    Of `/docs/index.rst:7:<autosummary>:1`, which is in no file, it is where the table stands.

    The path is relative to the directory of conf.py if the file lies below it.
    """
    match = _LOCATION.fullmatch(location)
    if match is None:
        return Place(_relative(str(app.confdir), location))
    line = int(match["line"]) if match["line"] else None
    within = match["within"] or match["made"] or ""
    return Place(_relative(str(app.confdir), match["path"]), line, within)


def location_of(app: Sphinx, place: str) -> str:
    """A file below the directory of conf.py, perhaps with its line, as Sphinx prints locations."""
    # Without a line, Sphinx would take the file for a document.
    return str(Path(app.confdir) / (place if ":" in place else f"{place}:1"))


# Kept: a page with many citations names its file with each.
@lru_cache(maxsize=1024)
def _relative(confdir: str, path: str) -> str:
    if not path:
        return ""
    try:
        return Path(path).relative_to(confdir).as_posix()
    except ValueError:
        return Path(path).as_posix()
