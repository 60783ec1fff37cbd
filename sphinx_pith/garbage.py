"""Work that leaves no garbage, done without looking for it."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


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
