"""Garbage collection: less often while a build runs, and once when its process ends.

Source: docs/explanation/decisions/0007-garbage-in-builds.md.
"""

import atexit
import gc
import io
from contextlib import suppress
from functools import partial

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment

THRESHOLD = 50_000
"""New objects after which Python collects; by itself it does after 700, or 2,000."""


def collect_seldom(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """`env-before-read-docs`: let Python collect garbage less often until the build ends."""
    usual = gc.get_threshold()
    # Zero is never, and if it is more, the program that runs this build has its own plan.
    if 0 < usual[0] < THRESHOLD:
        gc.set_threshold(THRESHOLD, *usual[1:])
        app.connect("build-finished", partial(_restore, usual))


def _restore(usual: tuple[int, int, int], app: Sphinx, error: Exception | None) -> None:
    gc.set_threshold(*usual)


def collect_once_at_exit() -> None:
    """When the process ends, let Python collect once, and not once more at each stage.

    Young objects are those of the build. The rest goes with the process; what Python would do for
    files among it that nobody closed is done here.
    """
    atexit.unregister(_collect_and_freeze)
    atexit.register(_collect_and_freeze)


def _collect_and_freeze() -> None:
    gc.collect(1)
    # By type: there are 100,000 objects, and `isinstance` would take three times as long.
    for file in [one for one in gc.get_objects() if type(one) in _FILES]:
        with suppress(OSError, ValueError):  # It is closed, or cannot be written to.
            file.flush()
    gc.freeze()


_FILES = frozenset({io.TextIOWrapper, io.BufferedWriter, io.BufferedRandom})
"""Files that buffer what is written to them."""
