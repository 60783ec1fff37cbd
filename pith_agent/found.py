"""A document that was found → the answer about it."""

from pith_agent.answers import (
    Fetched,
    Resolution,
    Verification,
    fetched,
    resolution,
    verification,
)
from pith_agent.finder import Found


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
