"""The tests on each Python and Sphinx that are supported: `make matrix`. Not a part of `make test`.

    python tests/matrix.py               all rows
    python tests/matrix.py 3.12 -k html  the rows of one Python; what follows is given to pytest

Each row has an environment of its own in build/matrix. Interpreters are looked for on PATH, and
among those of pyenv.
"""

import re
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parents[1]
BUILD = HERE / "build" / "matrix"

TESTS = ["tests/unit", "tests/properties", "tests/integration", "tests/e2e"]


class Row(NamedTuple):
    """One environment."""

    python: str
    sphinx: str
    docutils: str

    @property
    def name(self) -> str:
        """As `py3.11-sphinx8.2.3`."""
        return f"py{self.python}-sphinx{self.sphinx}"


ROWS = (
    Row("3.11", "8.2.3", "0.21.2"),
    Row("3.11", "9.0.4", "0.22.4"),
    Row("3.12", "9.1.1", "0.22.4"),
    Row("3.13", "9.2.0", "0.23"),
)
"""The oldest that is supported, the newest of each Python, and the docutils that each takes."""


def main(arguments: list[str]) -> int:
    """Run the rows, tell how each ended, and give the number of those that failed."""
    chosen = arguments[0] if arguments and re.fullmatch(r"3\.[0-9]+", arguments[0]) else ""
    options = arguments[1:] if chosen else arguments
    results = []
    for row in ROWS:
        if chosen in ("", row.python):
            began = time.monotonic()
            outcome = run(row, options)
            results.append((row, outcome, time.monotonic() - began))
    for row, outcome, seconds in results:
        print(f"{row.name:24} docutils {row.docutils:8} {outcome:8} {seconds:5.0f} s")
    return sum(outcome == "failed" for _, outcome, _ in results)


def run(row: Row, options: list[str]) -> str:
    """`passed`, `failed`, or `no python` if there is no such interpreter here."""
    interpreter = find(row.python)
    if interpreter is None:
        return "no python"
    print(f"== {row.name}", flush=True)
    python = environment(row, interpreter)
    done = subprocess.run(
        [python, "-m", "pytest", "-n", "auto", "-q", *(options or TESTS)], cwd=HERE, check=False
    )
    return "passed" if done.returncode == 0 else "failed"


def environment(row: Row, interpreter: str) -> str:
    """The Python of the row's environment, which is made if it is not there."""
    folder = BUILD / row.name
    python = str(folder / "bin" / "python")
    ready = folder / ".ready"
    if ready.exists() and ready.stat().st_mtime > (HERE / "pyproject.toml").stat().st_mtime:
        return python
    subprocess.run([interpreter, "-m", "venv", "--clear", str(folder)], check=True)
    pins = folder / "constraints.txt"
    pins.write_text(constraints(row))
    install = [python, "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    # The group needs a pip that is newer than some interpreters bring.
    subprocess.run([*install, "-U", "pip"], check=True)
    what = [f"sphinx=={row.sphinx}", f"docutils=={row.docutils}", "-e", ".[sphinx]"]
    subprocess.run([*install, "-c", str(pins), "--group", "dev", *what], cwd=HERE, check=True)
    ready.touch()
    return python


def constraints(row: Row) -> str:
    """The project's pins, but for what depends on the row."""
    free = ("sphinx", "docutils", "types-docutils", "myst", "furo", "roman")
    lines = (HERE / "constraints.txt").read_text().splitlines()
    kept = [line for line in lines if not line.lower().startswith(free)]
    # The pins are those of one Python; another may need other versions of some.
    return "\n".join(kept if row.python == "3.11" else []) + "\n"


def find(version: str) -> str | None:
    """An interpreter of that version."""
    if sys.version_info[:2] == tuple(map(int, version.split("."))):
        return sys.executable
    # First: the command that pyenv puts on PATH may stand for a version that is not chosen there.
    if versions := sorted(Path.home().glob(f".pyenv/versions/{version}.*/bin/python3")):
        return str(versions[-1])
    return shutil.which(f"python{version}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
