"""BibTeX → which entries name an arXiv paper.

Needs bibtexparser 2, which is loaded only when a bibliography is read.
"""

import logging
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Any

from pith_agent import (
    Identifier,
    IdentifierError,
    PithError,
    error_class,
    find_identifiers,
    parse_identifier,
)
from sphinx_pith.convert.links import Rules

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "no-arxiv-paper": "No field names an arXiv paper.",
        "conflicting-identifiers": "Two fields name different papers.",
        "duplicate-key": "The key was used before in this file.",
        "unreadable-entry": "The entry is not complete BibTeX.",
    }
)
"""Code → why an entry has no target. docs/howto/migrate-links.md lists them."""

_EXACT = ("doi", "url", "howpublished")
_LOOSE = ("journal", "journaltitle", "note", "howpublished", "number", "addendum")
_CORR = re.compile(r"abs/(?P<id>\S+)", re.I)
_TEX = re.compile(r"\\url\{(?P<url>[^}]*)\}|[{}]")


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a bibliography. It has a target if `reason` is empty."""

    key: str
    line: int
    """Where the entry begins, from 1."""
    target: str | None = None
    """For instance `arXiv:1706.03762v5`."""
    field: str = ""
    """The field that names the paper."""
    reason: str = ""


def read_entries(text: str, rules: Rules) -> list[Entry]:
    """The entries of a BibTeX file, in order.

    Raises:
        SettingsError: bibtexparser 2 is not installed.
    """
    library = _parser().parse_string(text)
    found = [_entry(entry, rules) for entry in library.entries]
    for block in library.failed_blocks:
        double = getattr(block, "ignore_error_block", None)
        key = getattr(double, "key", None) or getattr(block, "key", None) or "?"
        reason = "duplicate-key" if hasattr(block, "previous_block") else "unreadable-entry"
        found.append(Entry(str(key), (block.start_line or 0) + 1, reason=reason))
    return sorted(found, key=lambda entry: entry.line)


def targets_of(entries: list[Entry]) -> dict[str, str | None]:
    """Key → target; `None` for a key that names no paper, or is not the only one of its name."""
    targets: dict[str, str | None] = {}
    for entry in entries:
        targets[entry.key] = None if entry.key in targets else entry.target
    return targets


def _parser() -> Any:
    try:
        parser = import_module("bibtexparser")
    except ImportError as error:
        raise _not_installed() from error
    if not hasattr(parser, "parse_string"):  # Version 1 has another interface.
        raise _not_installed()
    # The report tells what cannot be read; the log would tell it again.
    logging.getLogger("bibtexparser").addHandler(logging.NullHandler())
    return parser


def _not_installed() -> PithError:
    message = "Bibliographies are read with bibtexparser 2, which is not installed."
    return error_class("invalid-setting")(message, hint="Install 'bibtexparser>=2.0.1'.")


def _entry(entry: Any, rules: Rules) -> Entry:
    values = {field.key.lower(): str(field.value) for field in entry.fields}
    named = dict(_named(values))
    papers = {arxiv.id for found in named.values() if (arxiv := found.arxiv)}
    line = (entry.start_line or 0) + 1
    if not papers:
        return Entry(entry.key, line, reason="no-arxiv-paper")
    if len(papers) > 1:
        return Entry(entry.key, line, reason="conflicting-identifiers")
    field, best = max(named.items(), key=lambda item: bool(item[1].arxiv and item[1].arxiv.version))
    return Entry(entry.key, line, rules.target(best), field)


def _named(values: Mapping[str, str]) -> Iterator[tuple[str, Identifier]]:
    """Field → the arXiv paper that it names; the most telling field first."""
    archive = values.get("archiveprefix") or values.get("eprinttype") or "arxiv"
    if archive.strip("{} ").lower() == "arxiv" and (found := _exact(values.get("eprint", ""))):
        yield "eprint", found
    for field in _EXACT:
        if found := _exact(values.get(field, "")):
            yield field, found
    for field in _LOOSE:
        if found := _loose(values.get(field, "")):
            yield field, found
    corr = _CORR.fullmatch(values.get("volume", "").strip())
    if corr and (found := _exact(corr["id"])):
        yield "volume", found


def _exact(value: str) -> Identifier | None:
    text = _TEX.sub(lambda match: match["url"] or "", value).replace("\\_", "_")
    try:
        found = parse_identifier(text)
    except IdentifierError:
        return None
    return found if found.kind in ("arxiv", "arxiv_doi") else None


def _loose(value: str) -> Identifier | None:
    """A paper named in running text, if the text says that it is arXiv's."""
    for mention in find_identifiers(value):
        arxiv = "arxiv" in value[mention.start : mention.end].lower()
        if arxiv and mention.identifier.kind in ("arxiv", "arxiv_doi"):
            return mention.identifier
    return None
