"""Whether a citation still stands: what the ledgers on this machine have that speaks of it.

Source: docs/reference/citation.md, "Retraction", rule C10.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import NoReturn

from pith_agent.desk import SigningDesk
from pith_agent.errors import (
    CitationError,
    CitationRetractedError,
    CitationSupersededError,
    NotFoundError,
    StorageError,
)
from pith_agent.protocol.citation_check import Lookup, Lookups, one_by_one
from pith_agent.protocol.citation_report import KINDS, CitationReport, examine_citation
from pith_agent.protocol.citation_signer import Signer, with_signers
from pith_agent.protocol.display import safe_text
from pith_agent.protocol.envelope_check import signed_with, stated_type
from pith_agent.protocol.record import at
from pith_agent.protocol.report import Check
from pith_agent.protocol.retraction import RETRACTION_TYPE, Standing
from pith_agent.protocol.strict_json import JsonObject
from pith_agent.protocol.trust import keyid_of
from pith_agent.storage.ledger import Ledger
from pith_agent.storage.ledger_entry import Entry
from pith_agent.storage.ledger_export import foreign_ledgers

RULE = "citation-standing"

REASON_LENGTH = 300
"""Characters of a reason that a check quotes."""

Judge = Callable[[bytes], CitationReport]
"""Examines an envelope of a ledger, and who signed it. Cited records need not be looked up."""


def verify_statement(
    citation: JsonObject | bytes,
    known: Sequence[Signer],
    named: Iterable[bytes],
    desk: SigningDesk,
    record: Lookup,
    records: Lookups,
) -> CitationReport:
    """Check a signed statement: itself, the records behind it, who signed it, whether it stands.

    Args:
        citation: The DSSE envelope.
        known: The signers to accept, and what is known of their keys.
        named: Raw public keys to accept of which nothing is known.
        desk: Knows keys and ledger.
        record: Finds and verifies one cited record.
        records: Finds several at once.
    """
    accepted = [*(signer.public for signer in known), *named]
    now = datetime.now(UTC)

    def judge(envelope: JsonObject | bytes, record: Lookup, records: Lookups) -> CitationReport:
        report = examine_citation(envelope, accepted, record=record, records=records, now=now)
        return with_signers(report, known, desk.first_seen)

    report = judge(citation, record, records)
    own = {signer.keyid: signer.public for signer in known if signer.own}
    publics = {keyid_of(public): public for public in accepted}
    alone = partial(judge, record=_not_looked_up, records=one_by_one(_not_looked_up))
    with known_ledgers(desk) as ledgers:
        return with_standing(report, ledgers, alone, publics, own)


@contextmanager
def known_ledgers(desk: SigningDesk) -> Iterator[list[Ledger]]:
    """This machine's ledger and those that were imported, for reading."""
    with ExitStack() as stack:
        paths = sorted(foreign_ledgers(desk.settings.home).glob("*.sqlite3"))
        foreign = [stack.enter_context(closing(Ledger.reading(path))) for path in paths]
        yield [desk.ledger, *foreign]


def with_standing(
    report: CitationReport,
    ledgers: Iterable[Ledger],
    judge: Judge,
    publics: Mapping[str, bytes],
    own: Collection[str] = (),
) -> CitationReport:
    """Add rule C10 to the report on a citation or bibliography whose signature holds, decided anew.

    Args:
        report: With in `signed_by` only keys that may be believed. Without any nothing is added:
            the statement is refused already.
        ledgers: Those to look at.
        judge: Examines what they have that speaks of the citation.
        publics: Key id → raw key of each signer that is accepted.
        own: Key ids of this machine. Of these one may take the place of another.
    """
    if not report.signed_by or report.kind not in ("citation", "bibliography"):
        return report
    return report.with_checks(standing_check(report, ledgers, judge, publics, own))


def standing_check(
    report: CitationReport,
    ledgers: Iterable[Ledger],
    judge: Judge,
    publics: Mapping[str, bytes],
    own: Collection[str] = (),
) -> Check:
    """C10: no key that signed the citation has retracted it, as far as is known here.

    A retraction by another key counts for nothing. Arguments as `with_standing`.
    """
    # Who may speak of it: what others have put into a ledger is not even judged.
    speakers = [publics[keyid] for keyid in {*report.signed_by, *own} if keyid in publics]
    newer: list[str] = []
    unread: StorageError | CitationError | None = None
    for ledger in ledgers:
        try:
            entries = ledger.about(report.citation_id or "")
        except (StorageError, CitationError) as error:
            # Without it as little is known as on a machine that never had it. Others may tell.
            unread = unread or error
            continue
        for entry in entries:
            if stated_type(entry.envelope.payload_bytes) not in KINDS:
                continue
            if not any(signed_with(entry.envelope, public) for public in speakers):
                continue
            said = judge(entry.envelope.canonical())
            if any(check.status == "fail" for check in said.checks):
                continue
            if said.kind == "retraction":
                if not set(said.signed_by).isdisjoint(report.signed_by):
                    return _retracted(said)
            elif _same_signer(report.signed_by, said.signed_by, own):
                newer.append(said.citation_id or "")
    return _not_retracted(newer, unread)


def _not_retracted(newer: list[str], unread: StorageError | CitationError | None) -> Check:
    if unread is not None:
        detail = f"Whether it was retracted is not known: {unread.message}"
        return Check.warned(RULE, unread.code, detail)
    if newer:
        return Check.warned(
            RULE,
            CitationSupersededError.code,
            f"Its signer has signed another in its place: {newer[-1]}.",
            found=newer[-1],
        )
    return Check.passed(
        RULE, "Not known to be retracted: only ledgers on this machine were looked at."
    )


def stated_standing(entry: Entry, ledger: Ledger) -> Standing | None:
    """What the ledger says of one of its entries; `None` if nothing speaks against it.

    For lists: key ids are compared, and no signature is. `standing_check` proves it.

    Raises:
        StoreDamagedError, LedgerForkError: As `Ledger.about`.
    """
    keyids = {one.keyid for one in entry.envelope.signatures}
    kinds = [
        stated_type(other.envelope.payload_bytes)
        for other in ledger.about(entry.citation_id)
        if not keyids.isdisjoint(one.keyid for one in other.envelope.signatures)
    ]
    if RETRACTION_TYPE in kinds:
        return "retracted"
    return "superseded" if kinds else None


def _retracted(said: CitationReport) -> Check:
    reason = at(said.statement, "predicate.reason")
    instead = at(said.statement, "predicate.superseded_by")
    why = f" The reason given: {safe_text(str(reason), REASON_LENGTH)}" if reason else ""
    other = f" It names {instead} instead." if instead else ""
    return Check.refused(
        RULE,
        CitationRetractedError,
        f"Its signer retracted it.{other}{why}",
        found=said.citation_id,
    )


def _same_signer(old: Iterable[str], new: Iterable[str], own: Collection[str]) -> bool:
    """Whether a key signed both; keys of this machine are one signer, as after a rotation."""
    before, after, ours = set(old), set(new), set(own)
    return bool(before & after) or bool(before & ours and after & ours)


def _not_looked_up(name: str) -> NoReturn:
    raise NotFoundError(f"{name} was not looked up.")
