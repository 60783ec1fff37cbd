"""The commands: builds with the settings that a task needs, and work on files without a build."""

import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from pith_agent import (
    PithError,
    TrustRoot,
    Verification,
    export,
    parse_identifier,
    parse_lock,
    verification,
)
from sphinx_pith.config import NETWORK
from sphinx_pith.convert.command import convert

MALFORMED = 2
"""Exit code: a file or option cannot be used. 1 says that something is refuted or missing."""

MODES = click.Choice(["locked", "auto", "update"])


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
def main() -> None:
    """Prove the citations of Sphinx documents, and keep their lock.

    DOCS is the directory that holds conf.py. What follows it is given to sphinx-build, so that
    options of these commands come first.
    """


main.add_command(convert)


def of_documents(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command DOCS and the options of sphinx-build."""
    directory = click.Path(exists=True, file_okay=False, path_type=Path)
    for decorate in (
        click.argument("sphinx_options", nargs=-1, type=click.UNPROCESSED),
        click.argument("docs", type=directory),
        click.option(
            "--build-dir",
            type=click.Path(file_okay=False, path_type=Path),
            help="Keep what was read here, for the next time.  [a temporary directory]",
        ),
    ):
        command = decorate(command)
    return command


UNANSWERED: dict[str, object] = {f"pith_severity.{code}": "error" for code in sorted(NETWORK)}
"""Settings that make an outage an error; in a build it is a warning."""

_PASS_ON = {"ignore_unknown_options": True, "allow_interspersed_args": False}


@main.command(short_help="Add what is cited to pith.lock.", context_settings=_PASS_ON)
@click.option("--upgrade", is_flag=True, help="Bind names without a version to the newest.")
@click.option("--prune", is_flag=True, help="Remove what nobody cites.")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if the lock is not right.")
@of_documents
def lock(upgrade: bool, prune: bool, check: bool, **build: Any) -> None:
    """Read the documents, and add what they cite to pith.lock.

    With --check no connection is opened, and the exit code is 1 if a cited paper is missing or does
    not verify, unless pith_severity or a baseline lets it pass, or if a paper is not cited.
    """
    settings: dict[str, object]
    if check and (upgrade or prune):
        raise click.UsageError("--check writes nothing: it goes without --upgrade and --prune.")
    if check:
        settings = {"pith_mode": "locked", "pith_severity.unused": "error"}
        sys.exit(_sphinx("dummy", settings, **build))
    settings = {"pith_lock_upgrade": upgrade, "pith_lock_prune": prune}
    # What cannot be asked for is not in the lock: that is no success here.
    sys.exit(_sphinx("pithlock", settings | UNANSWERED, **build))


@main.command(short_help="Compare pith.lock with the registry.", context_settings=_PASS_ON)
@click.option("--format", "shape", type=click.Choice(["github"]), help="Print annotations too.")
@of_documents
def check(shape: str | None, **build: Any) -> None:
    """Ask the registry for every paper of pith.lock.

    Exit code 1 if a paper is newer there, withdrawn, gone, refuted, or described otherwise.
    """
    settings = {"pith_reports.github": "-"} if shape else {}
    sys.exit(_sphinx("pithcheck", settings, **build))


@main.command(short_help="Print the papers of a lock as BibTeX.")
@click.argument(
    "target", type=click.Path(exists=True, dir_okay=False, path_type=Path), metavar="LOCK"
)
@click.option("--trust-root", type=click.Path(dir_okay=False, path_type=Path), help="For the lock.")
@click.option("-o", "--output", type=click.Path(dir_okay=False, path_type=Path), help="Write here.")
def bib(target: Path, trust_root: Path | None, output: Path | None) -> None:
    """Print the papers of LOCK that verify as a bibliography for BibTeX.

    Each entry names its Pith Number, and says which of its fields are not signed. Exit code 1 if a
    paper does not verify; it is left out.
    """
    try:
        answers = [answer for _, answer in _lock_results(target, trust_root, names=False)]
    except (OSError, PithError) as error:
        click.echo(f"{target}: {error}", err=True)
        sys.exit(MALFORMED)
    records = [answer.record for answer in answers if answer.record is not None]
    text = "\n".join(export(record, "bibtex") for record in records)
    try:
        with click.open_file(str(output or "-"), "w", encoding="utf-8") as file:
            file.write(text)
    except OSError as error:
        click.echo(f"{output} cannot be written: {error.strerror}.", err=True)
        sys.exit(MALFORMED)
    for answer in answers:
        if answer.record is None:
            click.echo(f"{answer.target}: {answer.message} [{answer.code}]", err=True)
    sys.exit(0 if len(records) == len(answers) else 1)


_REPORTS = ("json", "sarif", "junit", "page", "summary", "baseline")


def with_reports(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the reports that it may write."""
    for name in reversed(_REPORTS):
        option = click.option(
            f"--{name}",
            type=click.Path(dir_okay=False, path_type=Path),
            help="Write this report.",
        )
        command = option(command)
    return command


@main.command(short_help="Verify all citations.", context_settings=_PASS_ON)
@click.option("--format", "shape", type=click.Choice(["github"]), help="Print annotations too.")
@click.option("--mode", type=MODES, help="Whether connections may be opened.")
@click.option("--builder", default="dummy", show_default=True, help="Build with this builder.")
@click.option(
    "--trust-root",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Of a LOCK; DOCS name theirs in conf.py.",
)
@with_reports
@click.option(
    "--build-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Keep what was read here, for the next time.  [a temporary directory]",
)
@click.argument("target", type=click.Path(exists=True, path_type=Path), metavar="DOCS|LOCK")
@click.argument("sphinx_options", nargs=-1, type=click.UNPROCESSED)
def verify(
    target: Path,
    shape: str | None,
    mode: str | None,
    builder: str,
    trust_root: Path | None,
    **rest: Any,
) -> None:
    """Verify the citations of DOCS by a build, or each paper and name of a LOCK without one.

    Exit code 0 if all are verified, or let pass by pith_severity or a baseline; 1 if one is not; 2
    if something cannot be read. A registry that does not answer verifies nothing.
    """
    if target.is_file():
        given = [mode, shape, rest["build_dir"], rest["sphinx_options"], _report_settings(rest)]
        if any(given) or builder != "dummy":
            raise click.UsageError("With a LOCK, only --trust-root has a meaning.")
        sys.exit(_verify_lock(target, trust_root))
    if trust_root is not None:
        raise click.UsageError("DOCS name their trust root in conf.py: pith_trust_root.")
    settings = {**_report_settings(rest), **UNANSWERED}
    if mode:
        settings["pith_mode"] = mode
    if shape:
        settings["pith_reports.github"] = "-"
    build = {"build_dir": rest["build_dir"], "sphinx_options": rest["sphinx_options"]}
    sys.exit(_sphinx(builder, settings, docs=target, **build))


@main.command(short_help="Write reports of all citations.", context_settings=_PASS_ON)
@with_reports
@of_documents
def report(docs: Path, **rest: Any) -> None:
    """Write reports of the citations of DOCS. Exit code 0 if they were written, whatever they say.

    --baseline writes the file for pith_baseline, with the problems that there are now.
    """
    settings = _report_settings(rest)
    if not settings:
        raise click.UsageError("Say which report: --json FILE, --sarif FILE, …")
    build = {"build_dir": rest["build_dir"], "sphinx_options": rest["sphinx_options"]}
    paths = [Path(str(path)) for path in settings.values()]
    before = list(map(_state, paths))
    status = _sphinx("dummy", settings, docs=docs, **build)
    # The build has said which could not be written.
    unwritten = any(state == _state(path) for path, state in zip(paths, before, strict=True))
    sys.exit(status if status > 1 else MALFORMED if unwritten else 0)


def _state(path: Path) -> tuple[int, int] | None:
    """What changes whenever a report is written; `None` if there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns


def _report_settings(rest: dict[str, Any]) -> dict[str, object]:
    chosen = {name: rest[name] for name in _REPORTS if rest[name] is not None}
    return {f"pith_reports.{name}": path.resolve() for name, path in chosen.items()}


def _sphinx(
    builder: str,
    settings: Mapping[str, object],
    *,
    docs: Path,
    build_dir: Path | None,
    sphinx_options: tuple[str, ...],
) -> int:
    """Run sphinx-build in this process, and give its exit code."""
    # Imported here: only a build needs all of Sphinx.
    from sphinx.cmd.build import build_main  # noqa: PLC0415

    with _directory(build_dir) as folder:
        options = [f"-D{name}={_text(value)}" for name, value in settings.items()]
        places = ["-d", str(folder / "doctrees"), str(docs), str(folder / builder)]
        return int(build_main(["-q", "-b", builder, *options, *sphinx_options, *places]))


def _text(value: object) -> str:
    return str(int(value)) if isinstance(value, bool) else str(value)


@contextmanager
def _directory(chosen: Path | None) -> Iterator[Path]:
    if chosen is not None:
        yield chosen
        return
    with tempfile.TemporaryDirectory(prefix="sphinx-pith-") as name:
        yield Path(name)


def _verify_lock(path: Path, trust_root: Path | None) -> int:
    try:
        results = list(_lock_results(path, trust_root))
    except (OSError, PithError) as error:
        click.echo(f"{path}: {error}", err=True)
        return MALFORMED
    for name, answer in results:
        about = f"{answer.message} [{answer.code}]" if answer.code != "ok" else answer.title or ""
        click.echo(f"{name}  {answer.verdict}  {about}")
    bad = sum(answer.verdict != "verified" for _, answer in results)
    click.echo(f"{len(results)} papers and names, {bad} not verified.")
    return 1 if bad else 0


def _lock_results(
    path: Path, trust_root: Path | None, *, names: bool = True
) -> Iterator[tuple[str, Verification]]:
    trust = TrustRoot.load(trust_root.read_bytes()) if trust_root else TrustRoot.bundled()
    found = parse_lock(path.read_bytes())
    for suffix in sorted(found.papers):
        report = found.examine(suffix, None, trust)
        yield f"pith:{suffix}", verification(suffix, report, str(path))
    for name in sorted(found.aliases) if names else ():
        asked = parse_identifier(name, context="pith")
        report = found.examine(found.aliases[name], asked, trust)
        yield name, verification(name, report, str(path))
