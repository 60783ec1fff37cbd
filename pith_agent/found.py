"""A document that was found → the answer about it."""

from pith_agent.answers import (
    Fetched,
    Resolution,
    Verification,
    fetched,
    resolution,
    verification,
    with_claim,
)
from pith_agent.errors import PithError, SettingsError
from pith_agent.finder import Finder, Found
from pith_agent.protocol.claims import PaperClaim, examine_claim


def found_resolution(target: str, found: Found) -> Resolution:
    """Which record was found."""
    return resolution(target, found.report, found.stored.fetched_from, found.stored.fetched_at)


def found_document(target: str, found: Found) -> Fetched:
    """The whole document, with what is proved of it."""
    stored = found.stored
    return fetched(target, found.report, stored.body, stored.fetched_from, stored.fetched_at)


def found_verification(target: str, found: Found) -> Verification:
    """What the checks say of it."""
    origin, time = found.stored.fetched_from, found.stored.fetched_at
    return verification(target, found.report, origin, time, fetched_now=found.fetched)


def found_claim(claim: PaperClaim, finder: Finder) -> Verification:
    """Find the record that a reference names, and compare what the reference says of it.

    Raises:
        SettingsError: The user's fault; it says nothing about the paper.
    """
    try:
        found = finder.find_claimed(claim)
    except SettingsError:
        raise
    except PithError as error:
        return Verification.without_record(claim.id, error)
    answer = found_verification(claim.id, found)
    if (record := found.report.record) is None:
        return answer
    return with_claim(answer, examine_claim(claim, record))
