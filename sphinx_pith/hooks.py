"""Small handlers of Sphinx's events."""

import os
import sys
from pathlib import Path, PurePath

from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.util import logging

from sphinx_pith.config import SIGNATURE
from sphinx_pith.domain import domain_of
from sphinx_pith.index import PapersIndex
from sphinx_pith.roles import ALIAS_ROLES

logger = logging.getLogger(__name__)


def accept_scheme(app: Sphinx, config: Config) -> None:
    """Let MyST take `<pith:…>` for a link, and not for a file of the project."""
    if "myst_parser" not in app.extensions or "myst_url_schemes" not in config:
        return
    schemes = config.myst_url_schemes
    if isinstance(schemes, dict):
        config.myst_url_schemes = {**schemes, "pith": None}
    else:
        config.myst_url_schemes = [*schemes, "pith"]


def keep_out_of_books(app: Sphinx, config: Config) -> None:
    """Let EPUB leave the manifest and the reports of the last build, which lie in its directory."""
    names = [str(name) for name in dict(config.pith_reports).values() if name != "-"]
    if config.pith_manifest is not None:
        name = PurePath(config.pith_manifest)
        names += [str(name), str(name.with_name(f"{name.stem}{SIGNATURE}"))]
    config.epub_exclude_files = [*config.epub_exclude_files, *names]


def name_index(app: Sphinx) -> None:
    """Name the index of papers in the language of the pages."""
    PapersIndex.translate()


def take_roles_over(app: Sphinx) -> None:
    """Put the roles of `pith_alias_roles` in the place of those of the same name."""
    for name, kind in app.config.pith_alias_roles.items():
        app.add_role(name, ALIAS_ROLES[kind], override=True)


def finish_manifest(app: Sphinx, error: Exception | None) -> None:
    """Write what the build cites, and sign it, if that was asked for and the build came so far."""
    if error is None and app.config.pith_manifest is not None:
        # Imported here: most builds write no manifest.
        from sphinx_pith.manifest import write_manifest  # noqa: PLC0415

        write_manifest(app)


def finish_reports(app: Sphinx, error: Exception | None) -> None:
    """Write the reports that were asked for, also of a build that failed.

    It never raises: what is wrong with a report is told, and says nothing of a citation.
    """
    report = domain_of(app.env).report if app.env is not None else None
    wanted: dict[str, str] = dict(app.config.pith_reports)
    asked = wanted.get("github") == "-"
    if report is None or not (wanted or os.environ.get("GITHUB_ACTIONS") == "true"):
        return
    # Imported here: most builds write no report.
    from sphinx_pith.baseline import BaselineError, read_baseline, write_baseline  # noqa: PLC0415
    from sphinx_pith.reports import announce, write_reports, write_text  # noqa: PLC0415

    if asked:
        del wanted["github"]
    baseline = wanted.pop("baseline", None)
    try:
        announce(report, os.environ, sys.stdout, asked=asked)
        if baseline:
            known = app.config.pith_baseline
            keep = read_baseline(Path(app.confdir), known) if known else None
            write_text(Path(app.outdir) / baseline, write_baseline(report, keep))
        write_reports(report, Path(app.outdir), wanted)
    except (OSError, BaselineError) as problem:
        app.statuscode = 1
        logger.warning("Pith: a report cannot be written: %s.", problem)
