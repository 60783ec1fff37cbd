"""Work that leaves no garbage, done without looking for it.

A build holds what it has read and verified until it ends. Python looks through it all, again and
again, for garbage that is not there: in a build of 200 pages for a fifth of its time.
"""

import atexit
import gc
import io
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

FROZEN_BY_PYTHON = 1000
"""Python 3.12 begins with 375 frozen objects, and others with none. Whoever freezes a program that
has loaded Sphinx freezes many thousand."""


@contextmanager
def uncollected() -> Iterator[None]:
    """Keep Python from looking for garbage in the meantime.

    What a build verifies stays until it ends. Looking through it, and through all that Sphinx
    holds, takes as long as verifying it.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def set_aside(app: Sphinx, env: BuildEnvironment) -> None:
    """`env-updated`: from now on, leave out what is there from the looking, until `take_back`.

    Before Sphinx forks its writers, as Python's documentation recommends: what nobody looks through
    stays shared with them.
    """
    # If there are more, another program that runs this build has its own plan.
    if gc.isenabled() and gc.get_freeze_count() < FROZEN_BY_PYTHON:
        gc.freeze()
        app.connect("build-finished", take_back)


def take_back(app: Sphinx, error: Exception | None) -> None:
    """`build-finished`: undo `set_aside`, since the process may go on."""
    gc.unfreeze()


def look_once_at_exit() -> None:
    """When the process ends, let Python look for garbage once, and not once more at each stage.

    Garbage is freed then. What modules hold is none, and goes with the process; what Python would
    do for files among it that nobody closed is done here.
    """
    atexit.unregister(_last_look)
    atexit.register(_last_look)


def _last_look() -> None:
    gc.collect()
    for one in gc.get_objects():
        if isinstance(one, _FILES) and not one.closed:
            with suppress(OSError, ValueError):
                one.flush()
    gc.freeze()


_FILES = (io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom)
"""Those that keep what was written to them."""
