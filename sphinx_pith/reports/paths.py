"""Places told from the root of the repository, as services that show sources want them."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePath

from sphinx_pith.findings import BuildReport, Place

CONF = "conf.py"
"""Where a problem of the whole project is told: every project has this file."""


def rebased(report: BuildReport, base: PurePath) -> BuildReport:
    """The same report with all paths relative to `base`, which becomes its `root`.

    What lies outside `base`, such as a docstring of an installed package, keeps its absolute
    path. What concerns the whole project is placed at conf.py.
    """

    def moved(place: Place) -> Place:
        # An absolute path replaces `report.root` in the join.
        path = PurePath(report.root, place.path or CONF)
        inside = path.relative_to(base) if path.is_relative_to(base) else path
        return replace(place, path=inside.as_posix())

    return replace(
        report,
        root=base,
        gather=lambda: (replace(cited, place=moved(cited.place)) for cited in report.citations),
        findings=tuple(replace(found, place=moved(found.place)) for found in report.findings),
    )


def repository_of(root: Path) -> Path:
    """The nearest directory from `root` upwards that holds `.git`; `root` if there is none."""
    return next((folder for folder in _upwards(root) if (folder / ".git").exists()), root)


def _upwards(root: Path) -> Iterator[Path]:
    yield root
    yield from root.parents
