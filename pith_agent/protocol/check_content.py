"""Rules V12 to V20: what repeats the signed values, what hashes to them, and what was asked.

Each rule is one function of docs/reference/verification.md, independent of the others.
"""

from collections.abc import Iterable, Iterator
from typing import TypeAlias

from pydantic import JsonValue

from pith_agent import errors
from pith_agent.protocol.canon import snapshot_sha256
from pith_agent.protocol.case import Case
from pith_agent.protocol.identifier import Identifier
from pith_agent.protocol.record import (
    ABSTRACTS,
    CLAIMS,
    CLAIMS_HASH,
    GRAPH_COPIES,
    PAPER_COPIES,
    SOURCE_COPIES,
    TITLES,
    Copies,
    Source,
    at,
    copies_in,
    created_events,
)
from pith_agent.protocol.report import Check

_NO_ITEMS = snapshot_sha256([])
_EMPTY_LISTS = (
    ("graph_snapshot.references", "count"),
    ("graph_snapshot.author_claims", "count"),
    ("graph_snapshot.formal_canon", "evidence_count"),
)
"""Lists that are served as samples, each with the name of its length. Only where that is 0 is it
known that the list is whole."""

Copy: TypeAlias = tuple[str, JsonValue, JsonValue]
"""Path of a repetition, what it says, and the signed value."""


def check_source_copies(case: Case) -> Check:
    """V12: repetitions of the source and the schema version equal the signed values."""
    return _compare("source-copies", _copies(case, SOURCE_COPIES))


def check_paper_copies(case: Case) -> Check:
    """V13: licence, categories and time under `paper` equal the signed values."""
    return _compare("paper-copies", _copies(case, PAPER_COPIES))


def check_graph_copies(case: Case) -> Check:
    """V14: those under `graph_snapshot.paper` equal the signed values."""
    return _compare("graph-copies", _copies(case, GRAPH_COPIES))


def check_event_copies(case: Case) -> Check:
    """V15: record, digest, number and receipt in a bundle's events equal those of the bundle.

    How events are signed is unknown, so nothing else in them is checked.
    """
    return _compare("event-copies", _event_copies(case))


def check_title(case: Case) -> Check:
    """V16: every title shown hashes to the signed title hash."""
    expected = case.exhibit.view.metadata.title_canon_sha256 if case.exhibit.view else None
    shown = [(path, case.says(path)) for path in TITLES]
    return _compare_texts(case, errors.TitleMismatchError, "title", expected, shown)


def check_abstract(case: Case) -> Check:
    """V17: a whole abstract, in the document or given beside it, hashes to the signed hash."""
    expected = case.exhibit.view.metadata.abstract_canon_sha256 if case.exhibit.view else None
    shown = [(path, case.says(path)) for path in ABSTRACTS]
    shown.append(("the abstract given", case.question.abstract))
    return _compare_texts(case, errors.AbstractMismatchError, "abstract", expected, shown)


def check_snapshots(case: Case) -> Check:
    """V18: items that are in the document whole hash to the snapshot hash beside them.

    The snapshot hash is itself unsigned: this finds damage, not an attacker who changes both.
    """
    checked, name = [], "snapshot-hashes"
    for path, found, stated in _snapshots(case):
        checked.append(path)
        if found != stated:
            return Check.refused(
                name,
                errors.SnapshotMismatchError,
                f"The items of {path} do not hash to the snapshot hash beside them.",
                expected=stated,
                found=found,
            )
    has_claims = bool(case.says(CLAIMS)) and CLAIMS not in checked
    unchecked = " The claims are not among them." if has_claims else ""
    if not checked:
        return Check.skipped(name, f"No snapshot is in the document whole.{unchecked}")
    return Check.passed(name, f"Snapshots that hash as stated: {len(checked)}.{unchecked}")


def check_asked(case: Case) -> Check:
    """V19: the record is the one that was asked for; a valid receipt alone does not say so."""
    asked, source = case.question.asked, case.source
    name = "asked"
    if asked is None:
        return Check.skipped(name, "The document was not fetched for an identifier.")
    if asked.suffix:
        return _compare_number(case, asked)
    paper = asked.arxiv
    if paper is None or (source is not None and source.kind != "arxiv"):
        return Check.refused(
            name,
            errors.UnprovableAliasError,
            f"No signed field says that {asked} is this record.",
            found=str(asked),
        )
    found = _spell(source) if source else "no source"
    if source is None or paper.id != source.id or paper.version not in (None, source.version):
        return Check.refused(
            name,
            errors.IdMismatchError,
            "The record is about another paper or version than was asked for.",
            expected=f"arXiv:{paper}",
            found=found,
        )
    return Check.passed(name, f"The signed source is the paper asked for: {found}.", expected=found)


def check_seen(case: Case) -> Check:
    """V20: no newer version was verified before, and no other record of this version."""
    name, seen, source, asked = "history", case.question.seen, case.source, case.question.asked
    if seen is None or source is None:
        return Check.skipped(name, "Nothing was verified before about this paper.")
    others = seen.digests - {case.exhibit.canonical_sha256}
    if others:
        return Check.refused(
            name,
            errors.EquivocationError,
            f"Another signed record of {_spell(source)} was verified before.",
            expected=min(others),
            found=case.exhibit.canonical_sha256,
        )
    names_version = asked is not None and (
        bool(asked.suffix) or (asked.arxiv is not None and asked.arxiv.version is not None)
    )
    if source.version < seen.highest_version and not names_version and asked is not None:
        return Check.refused(
            name,
            errors.RollbackError,
            "A newer version of this paper was verified before.",
            expected=f"{source.kind}:{source.id}v{seen.highest_version}",
            found=_spell(source),
        )
    return Check.passed(name, "This agrees with what was verified before.")


def _spell(source: Source) -> str:
    return f"{source.kind}:{source.id}v{source.version}".replace("arxiv:", "arXiv:")


def _compare_number(case: Case, asked: Identifier) -> Check:
    suffix, name = case.exhibit.suffix, "asked"
    if not suffix.startswith(asked.suffix):
        return Check.refused(
            name,
            errors.IdMismatchError,
            "The record has another Pith Number than was asked for.",
            expected=asked.suffix,
            found=suffix,
        )
    view = case.exhibit.view
    if asked.year is not None and view and view.year != f"{asked.year:04d}":
        return Check.warned(
            name,
            errors.YearHintError.code,
            "The record has the number asked for, but another year than was typed.",
            expected=f"{asked.year:04d}",
            found=view.year,
        )
    return Check.passed(name, "The Pith Number is the one asked for.", expected=asked.suffix)


def _copies(case: Case, copies: tuple[Copies, ...]) -> Iterator[Copy]:
    for path, found, signed in copies_in(case.exhibit.document, copies):
        yield path, found, at(case.exhibit.canonical, signed)


def _event_copies(case: Case) -> Iterator[Copy]:
    for path, signed in _signed_in_events(case):
        if (found := case.says(path)) is not None:
            yield path, found, signed


def _signed_in_events(case: Case) -> Iterator[tuple[str, JsonValue]]:
    exhibit = case.exhibit
    for event in created_events(exhibit.document):
        yield f"{event}.subject_pith_number", exhibit.pith_number
        yield f"{event}.payload.canonical_record", exhibit.canonical
        yield f"{event}.payload.canonical_sha256", exhibit.canonical_sha256
        yield f"{event}.payload.receipt.canonical_sha256", exhibit.canonical_sha256
        receipt = exhibit.receipt
        if receipt and case.says(f"{event}.payload.receipt.key_id") in (None, receipt.key_id):
            # Ed25519 is deterministic: a key has one signature over one digest.
            yield f"{event}.payload.receipt.signature_b64", receipt.signature_b64


def _compare(name: str, copies: Iterable[Copy]) -> Check:
    """Each copy equals the signed value; lists are compared as sets are."""
    compared = 0
    for path, found, signed in copies:
        compared += 1
        if not _same(found, signed):
            return Check.refused(
                name,
                errors.DuplicateMismatchError,
                f"{path} repeats a signed value, and says something else.",
                expected=signed,
                found=found,
            )
    if not compared:
        return Check.skipped(name, "The document repeats none of these values.")
    return Check.passed(name, f"{compared} repeated values equal the signed ones.")


def _same(found: JsonValue, signed: JsonValue) -> bool:
    if isinstance(found, list) and all(isinstance(item, str) for item in found):
        found = sorted(found, key=str)
    return _equal(found, signed)


def _equal(found: JsonValue, signed: JsonValue) -> bool:
    """Whether two values are one JSON text: Python holds 1 == True == 1.0; JSON does not."""
    if isinstance(found, dict) and isinstance(signed, dict):
        return found.keys() == signed.keys() and all(_equal(found[k], signed[k]) for k in signed)
    if isinstance(found, list) and isinstance(signed, list):
        return len(found) == len(signed) and all(map(_equal, found, signed))
    return type(found) is type(signed) and found == signed


def _compare_texts(
    case: Case,
    error: type[errors.PithError],
    what: str,
    expected: str | None,
    shown: list[tuple[str, JsonValue]],
) -> Check:
    name = f"{what}-hash"
    shown = [(path, text) for path, text in shown if text]
    if expected is None or not shown:
        return Check.skipped(name, f"There is no whole {what} to hash.")
    hashes = [(path, text, _text_hash(case, text)) for path, text in shown]
    confirmed = any(found == expected for _, _, found in hashes)
    unconfirmed: Check | None = None
    for path, text, found in hashes:
        if found == expected:
            continue
        # Where one text is proved to be the signed one, another is not it, in any alphabet.
        if confirmed or not isinstance(text, str) or text.isascii():
            return Check.refused(
                name,
                error,
                f"{path} does not hash to the signed {what} hash.",
                expected=expected,
                found=found,
            )
        # How the registry hashes non-ASCII text is unknown, so a miss decides nothing.
        unconfirmed = Check.warned(
            name,
            f"{what}-unconfirmed",
            f"{path} is not ASCII and does not hash to the signed hash; that proves nothing.",
            expected=expected,
            found=found,
        )
    return unconfirmed or Check.passed(
        name, f"The {what} hashes to the signed {what} hash.", expected=expected
    )


def _text_hash(case: Case, text: JsonValue) -> str:
    if not isinstance(text, str):
        return "not a text"
    return case.exhibit.text_hash(text) or "not Unicode text"


def _snapshots(case: Case) -> Iterator[tuple[str, str, JsonValue]]:
    """(path, hash, stated hash) of each snapshot whose items are known in full."""
    stated = case.says(CLAIMS_HASH)
    if stated is not None and (found := case.exhibit.claims_sha256) is not None:
        yield CLAIMS, found, stated
    for path, count in _EMPTY_LISTS:
        section = case.says(path)
        if not isinstance(section, dict) or section.get("snapshot_sha256") is None:
            continue
        if section.get(count) == 0:
            yield path, _NO_ITEMS, section["snapshot_sha256"]
