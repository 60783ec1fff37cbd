"""What a build adds to the lock, where it may."""

from collections.abc import Container
from typing import TYPE_CHECKING

from sphinx.application import Sphinx
from sphinx.errors import ConfigError
from sphinx.util import logging

from pith_agent import Lock, alias_of, is_floating
from sphinx_pith.config import lock_path
from sphinx_pith.i18n import _
from sphinx_pith.lockfile import write_lock
from sphinx_pith.sources import Answered, Sources

if TYPE_CHECKING:
    from sphinx_pith.domain import PithDomain

logger = logging.getLogger(__name__)


def renew_lock(
    app: Sphinx, domain: "PithDomain", sources: Sources, answered: dict[str, Answered]
) -> None:
    """Write the lock in mode `update`: what is verified and cited is added, nothing else changes.

    With `pith_lock_prune`, what nobody cites is removed.

    Raises:
        ConfigError: The lock cannot be written; what was there is as it was.
    """
    if sources.mode != "update":
        return
    lock = with_answers(sources.lock, answered, domain.claimed())
    if app.config.pith_lock_prune:
        lock = pruned(lock, answered)
    added, removed = difference(sources.lock, lock)
    try:
        written = write_lock(lock_path(app), lock)
    except OSError as error:
        raise ConfigError(f"{lock_path(app)} cannot be written: {error.strerror}.") from error
    if written:
        words = _("Pith: %s has %d papers now; %d changed or added, %d removed.")
        logger.info(words, app.config.pith_lock, len(lock.papers), added, removed)


def with_answers(lock: Lock, answered: dict[str, Answered], claimed: Container[str]) -> Lock:
    """The lock with each paper that was verified and that it lacks; of those in `claimed`, with
    the claims."""
    for target, one in answered.items():
        record, name = one.record, one.identifier
        if record is None or name is None:
            continue
        if one.source != "lock":
            lock = lock.with_paper(record, [name], claims=target in claimed)
    return lock


def pruned(lock: Lock, answered: dict[str, Answered]) -> Lock:
    """The lock without the papers and names that nobody cites."""
    names = [one.identifier for one in answered.values() if one.identifier]
    suffixes = filter(None, (lock.suffix_of(name) for name in names))
    return lock.only(suffixes, (alias_of(name) for name in names if is_floating(name)))


def difference(old: Lock, new: Lock) -> tuple[int, int]:
    """How many papers and names were changed or added, and how many removed."""
    before = {**old.papers, **old.aliases}
    after = {**new.papers, **new.aliases}
    changed = sum(before.get(key) != value for key, value in after.items())
    return changed, len(before.keys() - after.keys())
