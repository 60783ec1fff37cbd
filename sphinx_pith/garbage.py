"""How often Python looks for garbage while a build runs, and when its process ends.

A build holds what it has read and verified until it ends. Python looks through it all, again and
again, for garbage that is not there: in a build of 200 pages for a fifth of its time.
"""

import atexit
import gc
import io
from contextlib import suppress
from functools import partial

from sphinx.application import Sphinx

SELDOM = 50_000
"""New objects after which Python looks through them; by itself it does after 700, or 2,000."""


def look_seldom(app: Sphinx) -> None:
    """Let Python look for garbage less often until the build ends."""
    usual = gc.get_threshold()
    # Zero is never, and if it is more, the program that runs this build has its own plan.
    if 0 < usual[0] < SELDOM:
        gc.set_threshold(SELDOM, *usual[1:])
        app.connect("build-finished", partial(_look_as_usual, usual))


def _look_as_usual(usual: tuple[int, int, int], app: Sphinx, error: Exception | None) -> None:
    gc.set_threshold(*usual)


def look_once_at_exit() -> None:
    """When the process ends, let Python look for garbage once, and not once more at each stage.

    It looks through what is young, which is what a build leaves, and frees what of it is garbage.
    The rest goes with the process; what Python would do for files among it that nobody closed is
    done here.
    """
    atexit.unregister(_last_look)
    atexit.register(_last_look)


def _last_look() -> None:
    gc.collect(1)
    # By type: there are 100,000 objects, and `isinstance` would take three times as long.
    for file in [one for one in gc.get_objects() if type(one) in _FILES]:
        with suppress(OSError, ValueError):  # It is closed, or cannot be written to.
            file.flush()
    gc.freeze()


_FILES = frozenset({io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom})
"""Those that keep what was written to them."""
