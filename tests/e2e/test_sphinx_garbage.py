"""What a build holds is not searched for garbage, and the process gets its collector back."""

from tests.documents import signed_record
from tests.e2e.roots.locking import trusting, write_lock
from tests.locks import locked

SPY = """
import gc

def setup(app):
    app.connect("html-page-context", lambda *_: print("frozen", gc.get_freeze_count() > 10_000))
    app.connect("build-finished", lambda *_: print("after", gc.get_freeze_count()), priority=999)
"""


def test_pages_are_written_with_what_was_verified_set_aside(tmp_path):
    project = trusting(tmp_path, "2401.00001")
    write_lock(project, locked(signed_record(arxiv="2401.00001")))
    conf = project.path / "conf.py"
    conf.write_text(conf.read_text() + SPY)

    lines = project.build("-W").info.splitlines()

    assert {line for line in lines if line.startswith("frozen")} == {"frozen True"}
    assert [line for line in lines if line.startswith("after")] == ["after 0"]


def test_what_another_program_has_set_aside_stays_so(tmp_path):
    project = trusting(tmp_path, "2401.00001")
    write_lock(project, locked(signed_record(arxiv="2401.00001")))
    conf = project.path / "conf.py"
    conf.write_text(f"{conf.read_text()}{SPY}\ngc.freeze()\nprint('own', gc.get_freeze_count())\n")

    lines = project.build("-W").info.splitlines()

    own = [int(line.split()[1]) for line in lines if line.startswith("own")]
    after = [int(line.split()[1]) for line in lines if line.startswith("after")]
    # Some of it is no longer used by the end.
    assert own[0] > after[0] > own[0] / 2


EXIT = """
import atexit, gc
from pathlib import Path

# Each function of exit runs before those that were there already.
atexit.register(lambda: print("exit", gc.get_freeze_count() > 10_000, flush=True))

class Cycle:
    def __init__(self, path):
        self.itself, self.file = self, path.open("w")
        self.file.write("whole")

def setup(app):
    app.unclosed = Cycle(Path(app.confdir) / "unclosed.txt")
"""


def test_what_is_garbage_at_exit_is_freed_and_the_rest_is_not_looked_through_again(tmp_path):
    project = trusting(tmp_path, "2401.00001")
    write_lock(project, locked(signed_record(arxiv="2401.00001")))
    conf = project.path / "conf.py"
    conf.write_text(conf.read_text() + EXIT)

    built = project.build("-W")

    assert built.status == 0
    assert [line for line in built.info.splitlines() if line.startswith("exit")] == ["exit True"]
    # A file that nobody closed, held by an object that holds itself.
    assert (project.path / "unclosed.txt").read_text() == "whole"
