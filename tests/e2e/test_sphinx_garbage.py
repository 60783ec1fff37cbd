"""Python looks for garbage seldom while a build runs, and the process is as it was after it."""

import gc
import re

import pytest

from sphinx_pith.garbage import THRESHOLD
from tests.documents import signed_record
from tests.e2e.roots.locking import trusting, write_lock
from tests.locks import locked

SPY = """
import gc

def setup(app):
    def tell(when):
        return lambda *_: print("looks:", when, gc.get_threshold()[0])
    app.connect("html-page-context", tell("writing"))
    app.connect("build-finished", tell("after"), priority=999)
"""


def thresholds(tmp_path, head: str = "") -> dict[str, int]:
    """When pages are written, and when the build has ended: new objects to look after."""
    project = trusting(tmp_path, "2401.00001")
    write_lock(project, locked(signed_record(arxiv="2401.00001")))
    conf = project.path / "conf.py"
    conf.write_text(f"{conf.read_text()}{SPY}{head}")
    looks = re.findall(r"looks: (\w+) (\d+)", project.build("-W").info)
    return {when: int(objects) for when, objects in looks}


def test_pages_are_written_with_few_looks_for_garbage(tmp_path):
    assert thresholds(tmp_path) == {"writing": THRESHOLD, "after": gc.get_threshold()[0]}


@pytest.mark.parametrize("own", [0, THRESHOLD + 1])
def test_a_program_with_a_plan_of_its_own_keeps_it(tmp_path, own):
    assert thresholds(tmp_path, f"gc.set_threshold({own})") == {"writing": own, "after": own}


EXIT = """
import atexit, gc, io, sys, weakref
from pathlib import Path

# Each function of exit runs before those that were there already.
atexit.register(lambda: print("exit:", gc.get_freeze_count() > 10_000, flush=True))

class Cycle:
    def __init__(self, path):
        self.itself, self.file = self, path.open("w")
        self.file.write("whole")

class Gone:
    pass

gone = Gone()
dead = weakref.proxy(gone)
del gone

class Garbage:
    def __init__(self):
        self.itself = self
    def __del__(self):
        print("exit: freed", flush=True)

def setup(app):
    app.detached = io.TextIOWrapper(io.BytesIO())
    app.detached.detach()
    app.unclosed = Cycle(Path(app.confdir) / "unclosed.txt")
    app.connect("build-finished", lambda *_: Garbage() and None)
"""


def test_what_is_garbage_at_exit_is_freed_and_the_rest_is_not_looked_through_again(tmp_path):
    project = trusting(tmp_path, "2401.00001")
    write_lock(project, locked(signed_record(arxiv="2401.00001")))
    conf = project.path / "conf.py"
    conf.write_text(conf.read_text() + EXIT)

    built = project.build("-W")

    assert built.status == 0
    assert "Exception ignored" not in built.log
    assert re.findall("exit: (\\w+)", built.info) == ["freed", "True"]
    # A file that nobody closed, held by an object that holds itself.
    assert (project.path / "unclosed.txt").read_text() == "whole"
