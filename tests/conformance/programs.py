"""The programs that are run: the tools from npm, and the servers that they ask."""

import os
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "conformance"
NODE = ROOT / "build" / "node"
PACKAGES = Path(__file__).with_name("package.json")
PITH_AGENT = Path(sys.executable).with_name("pith-agent")

INSTALL_SECONDS = 900
START_SECONDS = 60
STOP_SECONDS = 20


@dataclass(frozen=True, slots=True)
class Outcome:
    """One line of the table at the end."""

    what: str
    said: str
    passed: bool


def install() -> None:
    """Put the pinned tools under build/node, unless they are there."""
    copied = NODE / "package.json"
    done = NODE / ".installed"
    wanted = PACKAGES.read_text("utf-8")
    if done.exists() and done.read_text("utf-8") == wanted:
        return
    npm = shutil.which("npm")
    if npm is None:
        raise SystemExit("conformance: npm is needed to install the tools; it was not found.")
    NODE.mkdir(parents=True, exist_ok=True)
    copied.write_text(wanted, "utf-8")
    subprocess.run(
        [npm, "install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=NODE,
        check=True,
        timeout=INSTALL_SECONDS,
    )
    done.write_text(wanted, "utf-8")


def run_tool(name: str, *arguments: str, seconds: float) -> subprocess.CompletedProcess[str]:
    """Run a tool that npm installed, by the name of its command."""
    bins = NODE / "node_modules"
    path = os.pathsep.join([str(bins / "node" / "bin"), str(bins / ".bin"), os.environ["PATH"]])
    # A home of its own: the Inspector keeps files there.
    home = BUILD / "home"
    home.mkdir(parents=True, exist_ok=True)
    return subprocess.run(
        [str(bins / ".bin" / name), *arguments],
        env={**os.environ, "PATH": path, "HOME": str(home)},
        cwd=BUILD,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=seconds,
        check=False,
    )


@contextmanager
def serving(name: str, *command: str) -> Iterator[str]:
    """Run a server, give the URL that it says on stderr, and end it by its process id.

    All it says goes to build/conformance/NAME.log.
    """
    BUILD.mkdir(parents=True, exist_ok=True)
    process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    overdue = threading.Timer(START_SECONDS, process.kill)
    overdue.start()
    assert process.stderr is not None
    with (BUILD / f"{name}.log").open("w", encoding="utf-8") as log:
        url = ""
        for line in process.stderr:
            log.write(line)
            if found := re.search(r"http://\S+/mcp", line):
                url = found[0]
                break
        overdue.cancel()
        rest = threading.Thread(target=lambda: log.writelines(process.stderr or ()))
        rest.start()
        try:
            if not url:
                raise SystemExit(f"conformance: {name} did not start; see {log.name}.")
            yield url
        finally:
            _end(process)
            rest.join()
            process.stderr.close()


def shipped(home: Path, *options: str) -> tuple[str, ...]:
    """The command of the shipped server, on a free port, without network."""
    http = ("mcp", "--http", "--port", "0")
    return (str(PITH_AGENT), *http, "--offline", "--home", str(home), *options)


def _end(process: subprocess.Popen[str]) -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
