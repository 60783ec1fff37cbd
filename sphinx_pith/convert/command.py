"""`python -m sphinx_pith convert`."""

import json
import sys
from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click

from pith_agent import PithError
from sphinx_pith.convert import bib
from sphinx_pith.convert.files import Source, find_files, read, write
from sphinx_pith.convert.links import Rules, Versions
from sphinx_pith.convert.report import FileReport, as_json, diff, summary
from sphinx_pith.convert.run import convert_files, keep_verified, targets_of
from sphinx_pith.convert.verified import statuses

CHANGES, FAULT = 1, 2
"""Exit codes: with --check, there is something to convert; a file or option cannot be used."""

_path = click.Path(path_type=Path)


@click.command(short_help="Rewrite links to arXiv papers as citations.")
@click.argument("paths", nargs=-1, type=_path)
@click.option("--write", "writes", is_flag=True, help="Change the files.")
@click.option("--check", is_flag=True, help="Exit with 1 if there is something to convert.")
@click.option("--summary", "sums", is_flag=True, help="Say what is found and left, and why.")
@click.option("--json", "json_", is_flag=True, help="Say it as JSON.")
@click.option(
    "--versions", type=click.Choice(["keep", "drop"]), default="keep", help="What becomes of vN."
)
@click.option("--roles", default="", help="Roles to take over, as arxiv,doi.")
@click.option("--directive", multiple=True, help="A directive of yours whose body is prose.")
@click.option("--bare", is_flag=True, help="In Markdown, convert addresses without brackets too.")
@click.option("--cite-keys", multiple=True, type=_path, help="Take over cite roles: a .bib file.")
@click.option("--bib", "bibs", multiple=True, type=_path, help="List the papers of a .bib file.")
@click.option("--verified-only", is_flag=True, help="Convert only what verifies, offline.")
@click.option("--records", multiple=True, help="Record files to verify with, as *.json.")
@click.option("--online", is_flag=True, help="Let --verified-only ask the registry.")
def convert(paths: tuple[Path, ...], json_: bool, bibs: tuple[Path, ...], **options: Any) -> None:
    """Rewrite links to arXiv papers in PATHS as citations.

    PATHS are .rst, .md and .py files, or folders of them. A diff is shown, and nothing is
    changed without --write.
    """
    if not paths and not bibs:
        raise click.UsageError("Give files or folders, or --bib.")
    if paths and bibs:
        raise click.UsageError("--bib lists, and goes without PATHS; --cite-keys converts.")
    if (options["records"] or options["online"]) and not options["verified_only"]:
        raise click.UsageError("--records and --online go with --verified-only.")
    try:
        rules = _rules(**options)
        code = _convert(paths, rules, json_, **options) if paths else _list(bibs, rules, json_)
    except PithError as error:
        click.echo(str(error), err=True)
        code = FAULT
    sys.exit(code)


def main(arguments: Sequence[str]) -> int:
    """Run the command, and give its exit code."""
    try:
        convert.main(list(arguments), prog_name="python -m sphinx_pith convert")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else FAULT
    return 0


def _rules(
    versions: Versions,
    roles: str,
    directive: tuple[str, ...],
    cite_keys: tuple[Path, ...],
    bare: bool,
    **_: Any,
) -> Rules:
    rules = Rules(
        versions=versions,
        roles=frozenset(filter(None, (name.strip(" :") for name in roles.split(",")))),
        directives=frozenset(directive),
        bare=bare,
    )
    entries = [entry for path in cite_keys for entry in bib.read_entries(read(path).text, rules)]
    return replace(rules, cite_keys=bib.targets_of(entries))


def _convert(
    paths: Iterable[Path],
    rules: Rules,
    json_: bool,
    *,
    writes: bool,
    check: bool,
    sums: bool,
    verified_only: bool,
    records: tuple[str, ...],
    online: bool,
    **_: Any,
) -> int:
    reports, sources = convert_files(find_files(paths), rules)
    if verified_only:
        found = statuses(targets_of(reports), records, online=online)
        keep_verified(reports, rules, found)
    if writes:
        _write(reports, sources)
    if json_:
        click.echo(json.dumps(as_json(reports), indent=2, ensure_ascii=False))
    elif sums or writes:
        click.echo("\n".join(summary(reports)))
    else:
        _show(reports)
    if any(report.error for report in reports):
        return FAULT
    return CHANGES if check and any(report.changed for report in reports) else 0


def _write(reports: Iterable[FileReport], sources: dict[str, Source]) -> None:
    for report in reports:
        if report.changed:
            try:
                write(sources[report.name], report.after)
            except PithError as error:
                report.error = error


def _show(reports: Iterable[FileReport]) -> None:
    """Diffs to stdout as bytes, so that line ends and characters stay what they are."""
    out = sys.stdout.buffer
    for report in reports:
        if report.error:
            click.echo(f"{report.name}: {report.error}", err=True)
        else:
            out.write(diff(report).encode("utf-8"))
    out.flush()


def _list(paths: Iterable[Path], rules: Rules, json_: bool) -> int:
    """Key → identifier, and why some entries have none."""
    found = [(path, bib.read_entries(read(path).text, rules)) for path in paths]
    if json_:
        files = [
            {
                "path": path.as_posix(),
                "entries": [
                    {
                        "key": entry.key,
                        "line": entry.line,
                        "target": entry.target,
                        "field": entry.field or None,
                        "reason": entry.reason or None,
                    }
                    for entry in entries
                ],
            }
            for path, entries in found
        ]
        click.echo(json.dumps({"bibliographies": files}, indent=2, ensure_ascii=False))
        return 0
    for path, entries in found:
        for entry in entries:
            what = entry.target or f"- ({entry.reason})"
            click.echo(f"{path.as_posix()}:{entry.line}: {entry.key}: {what}")
    return 0
